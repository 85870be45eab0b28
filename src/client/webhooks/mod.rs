//! Webhooks: subscribing, and fetching what a delivery points to. V1 reference, Endpoints / Webhooks and Webhooks.

mod delivery;

pub use self::delivery::{WebhookDelivery, WebhookEvent, WebhookPages, WebhookResource};
use super::{
    Error, Rows, SellerId, ShipStation, StoreId, WebhookId, Webhooks,
    call::Call,
    endpoints,
    wire::{Envelope, model, rows},
};
use crate::{setters::setters, shows::shows};

impl Webhooks {
    /// Lists the account's subscriptions.
    pub async fn list(&self) -> Result<Rows<WebhookSubscription>, Error> {
        let answer = self.0.call(&Call::to(&endpoints::LIST_WEBHOOKS)).await?;
        let envelope = rows::envelope(&answer.body, self.0.drift_counter());
        envelope.map(Envelope::whole).map_err(|issue| answer.undecodable(issue))
    }

    /// Asks for deliveries of an event to an address, which should be https and hold a secret token. It happens once.
    pub fn subscribe(&self, target_url: impl Into<String>, event: WebhookEvent) -> Subscribe {
        let body = Body { target_url: target_url.into(), event, store_id: None, friendly_name: None };
        Subscribe { client: self.0.clone(), body }
    }

    /// Ends a subscription. Repeatable; a repetition may find that it is gone.
    pub async fn unsubscribe(&self, webhook: WebhookId) -> Result<(), Error> {
        let answer = self.0.call(&Call::to(&endpoints::UNSUBSCRIBE).id(webhook)).await?;
        if answer.is_empty() { Ok(()) } else { self.0.action(&answer).map(drop) }
    }
}

/// A subscription to be made; see [`Webhooks::subscribe`].
#[derive(Debug)]
#[must_use = "nothing is sent until send() is awaited"]
pub struct Subscribe {
    client: ShipStation,
    body: Body,
}

#[derive(serde::Serialize)]
struct Body {
    target_url: String,
    event: WebhookEvent,
    store_id: Option<StoreId>,
    friendly_name: Option<String>,
}

shows! {
    /// The target address holds a secret.
    |it: Body| event, store_id
}

impl Subscribe {
    setters! {
        #![must_use]
        /// Only events of this store. A delivery does not say which subscription it belongs to.
        store(store: StoreId) => body.store_id = Some(store);
        /// The name that ShipStation's pages show.
        friendly_name(name: impl Into<String>) => body.friendly_name = Some(name.into());
    }

    /// Subscribes.
    ///
    /// # Errors
    /// After [`Outcome::Unknown`](super::Outcome::Unknown) list the subscriptions before subscribing again.
    pub async fn send(self) -> Result<WebhookId, Error> {
        let answer = self.client.granted(&Call::to(&endpoints::SUBSCRIBE).json(&self.body)).await?;
        let created: WebhookCreated = self.client.decode(&answer)?;
        created.id.or(created.web_hook_id).ok_or_else(|| answer.lacks("id"))
    }
}

model! {
    /// The answer to a subscription, in both forms that have been documented.
    struct WebhookCreated {
        id: Option<WebhookId> = "id",
        web_hook_id: Option<WebhookId> = "WebHookID",
        hook_type: Option<WebhookEvent> = "HookType",
        @personal url: Option<String> = "Url",
        name: Option<String> = "Name",
    }

    /// A subscription.
    pub struct WebhookSubscription {
        web_hook_id: WebhookId = "WebHookID",
        /// Whether it is a hook of the label API.
        is_label_api_hook: Option<bool> = "IsLabelAPIHook",
        seller_id: Option<SellerId> = "SellerID",
        /// The store; absent for all.
        store_id: Option<StoreId> = "StoreID",
        hook_type: Option<WebhookEvent> = "HookType",
        /// The form of deliveries: `Json`.
        message_format: Option<String> = "MessageFormat",
        /// The address that deliveries go to.
        @personal url: Option<String> = "Url",
        /// The name that ShipStation's pages show.
        name: Option<String> = "Name",
        /// Null in every recording.
        bulk_copy_batch_id: Option<serde_json::Value> = "BulkCopyBatchID",
        /// Null in every recording.
        bulk_copy_record_id: Option<serde_json::Value> = "BulkCopyRecordID",
        /// Whether deliveries are made.
        active: Option<bool> = "Active",
        /// Headers that deliveries are to carry, probably; null in every recording. They may hold a secret.
        @personal serialized_headers: Option<serde_json::Value> = "SerializedHeaders",
        /// Empty in every recording.
        webhook_logs: Vec<serde_json::Value> = "WebhookLogs",
        /// Null in every recording.
        seller: Option<serde_json::Value> = "Seller",
        /// Null in every recording.
        store: Option<serde_json::Value> = "Store",
    }
}
