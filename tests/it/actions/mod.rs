//! Actions on orders against the simulator: what they cost, what they survive, and what they never undo.
// The helpers below check every report themselves.
#![allow(unused_must_use)]

mod asking;
mod clock;
mod faults;
mod order;
mod requests;

use std::time::Duration;

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ActionId, ActionKind, ActionReport, ChannelConnector, ChannelOrderId, GetOrders, HoldOrder,
        OrderAction, ReleaseOrder, RunActions, TagOrder, UntagOrder,
        report::ActionOutcomeKind,
        store::{ActionQuery, ActionRow, ActionStore, AddOutcome},
    },
};

use crate::support::{DAY, World};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const HOLD: &str = "/orders/holduntil";
const RELEASE: &str = "/orders/restorefromhold";

/// A process in which actions are enabled.
fn process(world: &World) -> ShipStationChannel {
    world.channel_on(world.store.stores(), |settings| settings.actions.enabled = true)
}

/// An imported order.
async fn imported(world: &World, number: &str) -> i64 {
    let order = world.add(world.order(number));
    process(world).get_orders(GetOrders::new()).await.unwrap();
    order
}

/// The requests from here on are those of the test.
async fn world_with_order() -> (World, i64) {
    let world = World::new().await;
    let order = imported(&world, "1").await;
    world.sim.clear_journal();
    (world, order)
}

fn checked(report: ActionReport) -> ActionReport {
    assert!(report.counts.add_up(), "{report}");
    report
}

fn hold_kind(world: &World) -> ActionKind {
    ActionKind::Hold { until: world.now() + 3 * DAY }
}

async fn hold(world: &World, order: i64) -> ActionReport {
    let request = HoldOrder::new(order.to_string(), world.now() + 3 * DAY);
    checked(process(world).hold_order(request).await.unwrap())
}

async fn release(world: &World, order: i64) -> ActionReport {
    checked(process(world).release_order(ReleaseOrder::new(order.to_string())).await.unwrap())
}

async fn tag(world: &World, order: i64, tag: i64) -> ActionReport {
    checked(process(world).tag_order(TagOrder::new(order.to_string(), tag.to_string())).await.unwrap())
}

async fn untag(world: &World, order: i64, tag: i64) -> ActionReport {
    checked(process(world).untag_order(UntagOrder::new(order.to_string(), tag.to_string())).await.unwrap())
}

async fn run(world: &World) -> ActionReport {
    checked(process(world).run_actions(RunActions::new()).await.unwrap())
}

async fn run_after(world: &World, wait: Duration) -> ActionReport {
    world.sim.clock().advance(wait);
    run(world).await
}

/// Puts an action into the store alone.
async fn add(world: &World, id: &str, order: i64, kind: ActionKind) {
    let action = OrderAction::new(id, order.to_string(), kind);
    let added = world.store.add_actions(&world.connection, &[action], world.now()).await.unwrap();
    assert_eq!(added, [AddOutcome::Added]);
}

async fn rows(world: &World, order: i64) -> Vec<ActionRow> {
    let query = ActionQuery::OfOrder(ChannelOrderId::new(order.to_string()));
    world.store.actions(&world.connection, &query, None, 100).await.unwrap()
}

/// The states of an order's actions, closed ones with their reason.
async fn states(world: &World, order: i64) -> Vec<&'static str> {
    use shipstation_connector::channel::ActionState;
    let name = |row: &ActionRow| match &row.state {
        ActionState::Closed { reason } => reason.name(),
        state => state.name(),
    };
    rows(world, order).await.iter().map(name).collect()
}

/// The requests that were to change something.
fn writes(world: &World) -> usize {
    world.sim.journal().writes().count()
}

/// Those that did.
fn effects(world: &World) -> usize {
    world.sim.journal().writes().filter(|entry| entry.executed).count()
}

fn status(world: &World, order: i64) -> String {
    world.sim.account(|account| account.order(order).unwrap().text("orderStatus").unwrap().to_owned())
}

fn tags(world: &World, order: i64) -> Vec<i64> {
    world.sim.account(|account| account.order(order).unwrap().ids("tagIds"))
}

fn only(report: &ActionReport) -> ActionOutcomeKind {
    assert_eq!(report.items.len(), 1, "{report}");
    report.items[0].outcome.kind()
}

fn id(text: &str) -> ActionId {
    ActionId::new(text)
}
