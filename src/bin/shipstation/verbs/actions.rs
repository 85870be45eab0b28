//! What is done to orders in ShipStation because the host asks, and the connection's webhooks.

use shipstation_connector::channel::{
    ChannelConnector, EnsureWebhooks, HoldOrder, ReleaseOrder, RunActions, TagOrder, UntagOrder,
};

use super::report;
use crate::{account::Account, args::ActionVerb as Verb, exit::Ended, output::Output};

pub(super) async fn act(account: &Account, out: &mut Output, verb: Verb) -> Ended {
    account.consent(match verb {
        Verb::Hold { .. } => "holding an order",
        Verb::Release { .. } => "releasing an order",
        Verb::Tag { .. } => "tagging an order",
        Verb::Untag { .. } => "taking a tag off an order",
        Verb::Actions => "working on actions",
        Verb::Webhooks { .. } => "subscribing webhooks",
    })?;
    let channel = &account.channel;
    let done = match verb {
        Verb::Hold { order, until } => {
            let request = HoldOrder::new(account.order_id(&order.0).await?, until);
            channel.hold_order(request.control(account.control())).await?
        }
        Verb::Release { order } => {
            let request = ReleaseOrder::new(account.order_id(&order.0).await?);
            channel.release_order(request.control(account.control())).await?
        }
        Verb::Tag { order, tag } => {
            let request = TagOrder::new(account.order_id(&order.0).await?, tag);
            channel.tag_order(request.control(account.control())).await?
        }
        Verb::Untag { order, tag } => {
            let request = UntagOrder::new(account.order_id(&order.0).await?, tag);
            channel.untag_order(request.control(account.control())).await?
        }
        Verb::Actions => channel.run_actions(RunActions::with(account.control())).await?,
        Verb::Webhooks { address } => {
            let request = EnsureWebhooks::new(address).control(account.control());
            let done = channel.ensure_webhooks(request).await?;
            return report(out, &done, &done.run.status);
        }
    };
    report(out, &done, &done.run.status)
}
