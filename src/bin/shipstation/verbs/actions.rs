//! What is done to orders in ShipStation because the host asks, and the connection's webhooks.

use shipstation_connector::{
    Timestamp,
    channel::{
        ActionReport, ChannelConnector, ChannelError, EnsureWebhooks, HoldOrder, OrderSelector, ReleaseOrder,
        RunActions, TagOrder, UntagOrder,
    },
};

use super::report;
use crate::{
    account::Account,
    exit::{Exit, Failure},
    output::Output,
};

fn shown(out: &mut Output, done: Result<ActionReport, ChannelError>) -> Result<Exit, Failure> {
    let done = done?;
    report(out, &done, &done.run.status)
}

pub(super) async fn hold(
    account: &Account,
    out: &mut Output,
    order: OrderSelector,
    until: Timestamp,
) -> Result<Exit, Failure> {
    account.consent("holding an order")?;
    let request = HoldOrder::new(account.order_id(&order).await?, until).control(account.control());
    shown(out, account.channel.hold_order(request).await)
}

pub(super) async fn release(
    account: &Account,
    out: &mut Output,
    order: OrderSelector,
) -> Result<Exit, Failure> {
    account.consent("releasing an order")?;
    let request = ReleaseOrder::new(account.order_id(&order).await?).control(account.control());
    shown(out, account.channel.release_order(request).await)
}

pub(super) async fn tag(
    account: &Account,
    out: &mut Output,
    order: OrderSelector,
    tag: String,
) -> Result<Exit, Failure> {
    account.consent("tagging an order")?;
    let request = TagOrder::new(account.order_id(&order).await?, tag).control(account.control());
    shown(out, account.channel.tag_order(request).await)
}

pub(super) async fn untag(
    account: &Account,
    out: &mut Output,
    order: OrderSelector,
    tag: String,
) -> Result<Exit, Failure> {
    account.consent("taking a tag off an order")?;
    let request = UntagOrder::new(account.order_id(&order).await?, tag).control(account.control());
    shown(out, account.channel.untag_order(request).await)
}

pub(super) async fn run(account: &Account, out: &mut Output) -> Result<Exit, Failure> {
    account.consent("working on actions")?;
    shown(out, account.channel.run_actions(RunActions::with(account.control())).await)
}

pub(super) async fn webhooks(account: &Account, out: &mut Output, address: String) -> Result<Exit, Failure> {
    account.consent("subscribing webhooks")?;
    let done =
        account.channel.ensure_webhooks(EnsureWebhooks::new(address).control(account.control())).await?;
    report(out, &done, &done.run.status)
}
