//! A webhook is a hint: the orders that it names go through the import now instead of with the next run, and what was shipped
//! elsewhere is known now. Polling still finds everything: a lost hint costs time and no order.

use crate::{
    channel::{ChannelError, Delivery, Finding, Refusal},
    client::{ErrorKind, WebhookDelivery, WebhookEvent, WebhookPages},
    connector::{ShipStationChannel, failure},
};

pub(in crate::connector) const CALL: &str = "on_webhook";

/// Reads a delivery, and refuses one that is not to be followed before a lease is taken, a run is recorded or anything is
/// asked: whoever knows the address may post to it. V1 reference, Webhooks / Delivery.
pub(in crate::connector) fn accept(
    channel: &ShipStationChannel,
    delivery: &Delivery,
) -> Result<WebhookDelivery, ChannelError> {
    let refuse = |refusal| ChannelError::of(CALL, refusal);
    let unsupported = |why| refuse(Refusal::Unsupported { why, instead: None });
    let unfit = |code, observed: String, remedy: &str| {
        let finding = Finding::error(code, Finding::DELIVERY, observed, remedy);
        refuse(Refusal::Config { findings: vec![finding] })
    };
    if channel.webhook_secret.as_ref().is_some_and(|secret| !secret.is_in(&delivery.target)) {
        let observed = "its target lacks the secret part of the address that is subscribed".to_owned();
        let remedy =
            "ignore it; if it is ShipStation's, hand over path and query, or call ensure_webhooks once";
        return Err(unfit("webhook_unverified", observed, remedy));
    }
    let posted = WebhookDelivery::parse(&delivery.body).map_err(|error| {
        let remedy = "ignore it; if ShipStation itself posts such deliveries, report it";
        unfit("webhook_unreadable", error.to_string(), remedy)
    })?;
    let is_about_orders = match posted.event() {
        WebhookEvent::OrderNotify | WebhookEvent::ItemOrderNotify => true,
        WebhookEvent::ShipNotify | WebhookEvent::ItemShipNotify | WebhookEvent::FulfillmentShipped => false,
        _ => return Err(unsupported("only deliveries about new orders and about shipments are followed")),
    };
    if !is_about_orders && !channel.settings.orders.watch_changes {
        return Err(unsupported("deliveries about shipments need orders.watch_changes"));
    }
    match channel.client.webhooks().pages(&posted) {
        Ok(pages) if matches!(pages, WebhookPages::Orders(_)) == is_about_orders => Ok(posted),
        Ok(_) => Err(unsupported("the delivery and its address are about different things")),
        Err(error) => Err(refuse(refusal(&error))),
    }
}

pub(in crate::connector) fn refusal(error: &crate::client::Error) -> Refusal {
    if error.kind() != ErrorKind::Untrusted {
        return failure::refusal(error);
    }
    let remedy = "ignore it, and find out who else knows the address that deliveries are posted to";
    let observed = "it points to an address that may not be followed, since it is not ShipStation's";
    Refusal::Config {
        findings: vec![Finding::error("webhook_untrusted", Finding::DELIVERY, observed, remedy)],
    }
}
