//! A webhook is a hint: the orders that it names go through the import now instead of with the next run. Polling
//! still finds every order: a lost hint costs time and no order.

use super::failure;
use crate::{
    channel::{ChannelError, Delivery, Finding, Refusal},
    client::{ErrorKind, ShipStation, WebhookDelivery, WebhookEvent, WebhookPages},
};

pub(super) const CALL: &str = "on_webhook";

/// Reads a delivery, and refuses one that is not to be followed before a lease is taken, a run is recorded or anything is
/// asked: whoever knows the address may post to it. V1 reference, Webhooks / Delivery.
pub(super) fn accept(client: &ShipStation, delivery: &Delivery) -> Result<WebhookDelivery, ChannelError> {
    let refuse = |refusal| ChannelError::of(CALL, refusal);
    let unsupported = |why| refuse(Refusal::Unsupported { why, instead: None });
    let posted = WebhookDelivery::parse(&delivery.body).map_err(|error| {
        let remedy = "ignore it; if ShipStation itself posts such deliveries, report it";
        let finding = Finding::error("webhook_unreadable", Finding::DELIVERY, error.to_string(), remedy);
        refuse(Refusal::Config { findings: vec![finding] })
    })?;
    if !matches!(posted.event(), WebhookEvent::OrderNotify | WebhookEvent::ItemOrderNotify) {
        return Err(unsupported("only deliveries about new orders are imported"));
    }
    match client.webhooks().pages(&posted) {
        Ok(WebhookPages::Orders(_)) => Ok(posted),
        Ok(_) => Err(unsupported("the delivery is about orders and its address is not")),
        Err(error) => Err(refuse(refusal(&error))),
    }
}

/// Why a delivery was not followed.
pub(super) fn refusal(error: &crate::client::Error) -> Refusal {
    if error.kind() != ErrorKind::Untrusted {
        return failure::refusal(error);
    }
    let remedy = "ignore it, and find out who else knows the address that deliveries are posted to";
    let observed = "it points to an address that may not be followed, since it is not ShipStation's";
    Refusal::Config {
        findings: vec![Finding::error("webhook_untrusted", Finding::DELIVERY, observed, remedy)],
    }
}
