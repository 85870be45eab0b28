//! A webhook is a hint: the orders that it names go through the import now instead of with the next run. Polling
//! stays the truth, so a lost hint costs time and no order.

use super::{ShipStationChannel, failure, trace};
use crate::{
    channel::{ChannelError, Finding, ImportReport, Operation, Refusal},
    client::{ErrorKind, WebhookDelivery, WebhookEvent, WebhookPages},
};

const CALL: &str = "on_webhook";

impl ShipStationChannel {
    /// Imports the orders that a delivery names, by the same steps and settings as [`get_orders`].
    ///
    /// Answer the delivery first, and call this afterwards. The report may be empty: ShipStation posts before the
    /// orders can be seen. At most 20 pages are read, behind everything else that waits for the rate limit; a run that
    /// leaves something out is `Partial` and says so.
    ///
    /// Deliveries for one address that come while its reading waits to begin share it and its report; those that come
    /// later share one more. That holds within this object. A delivery for another address, or in another process, is
    /// refused as already running while one is worked on; leave it to the next run. V1 reference, Webhooks / Fetching.
    ///
    /// # Errors
    /// [`Refusal::Unsupported`] for an event that is not about orders, [`Refusal::Config`] for an address that may not
    /// be followed; no lease was taken and nothing was asked then. Otherwise as for every run.
    ///
    /// [`get_orders`]: crate::channel::ChannelConnector::get_orders
    pub async fn on_webhook(&self, delivery: &WebhookDelivery) -> Result<ImportReport, ChannelError> {
        if !matches!(delivery.event(), WebhookEvent::OrderNotify | WebhookEvent::ItemOrderNotify) {
            let why = "only deliveries about new orders are imported";
            return Err(ChannelError::of(CALL, Refusal::Unsupported { why, instead: None }));
        }
        // Before a lease is taken, a run is recorded or anything is asked: whoever knows the address may post to it.
        match self.client.webhooks().pages(delivery) {
            Ok(WebhookPages::Orders(_)) => {}
            Ok(_) => {
                let why = "the delivery is about orders and its address is not";
                return Err(ChannelError::of(CALL, Refusal::Unsupported { why, instead: None }));
            }
            Err(error) => return Err(ChannelError::of(CALL, refusal(&error))),
        }
        trace::in_span(self, Operation::ImportOrder, self.import_delivery(delivery)).await
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
