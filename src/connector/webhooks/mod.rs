//! Webhooks: the subscriptions are kept in order, and what they bring is checked before anything else.

mod delivery;
mod secret;
mod subscriptions;

pub(super) use self::{
    delivery::{CALL, accept, refusal},
    secret::WebhookSecret,
};
