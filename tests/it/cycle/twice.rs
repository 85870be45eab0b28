//! The scenario of the quickstart, run twice: nothing is imported twice and nothing is sent twice.

use shipstation_connector::{
    channel::{ChannelConnector, GetOrders, RunStatus, SyncShipments, report::FollowUpStatus},
    client::{TagId, UserId},
};

use crate::support::World;

#[tokio::test]
async fn requests_a_second_cycle_writes_nothing() {
    let world = World::new().await;
    let (tag, user) =
        world.sim.account(|account| (account.add_tag("Dropship"), account.add_user("Night Shift")));
    let orders: Vec<i64> = (0..40).map(|n| world.add(world.order(&format!("A-{n}")).tag(tag))).collect();
    let channel = world.channel(|settings| {
        settings.orders.tag = Some(TagId::new(tag));
        settings.orders.assign_user = Some(UserId::new(&user));
    });

    let import = channel.get_orders(GetOrders::new()).await.unwrap();
    assert_eq!(import.run.status, RunStatus::Succeeded, "{import}");
    assert_eq!(
        (import.counts.imported(), import.counts.users.of(FollowUpStatus::Done)),
        (40, 40),
        "{import}"
    );
    assert!(import.counts.add_up(), "{import}");
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let sync = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    assert_eq!(sync.counts.confirmed(), 40, "{sync}");
    assert!(sync.counts.add_up(), "{sync}");
    assert_eq!(world.marks(), 40);

    world.sim.clear_journal();
    let again = channel.get_orders(GetOrders::new()).await.unwrap();
    assert_eq!(again.counts.imported(), 0, "{again}");
    let sync = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    assert_eq!(sync.counts.due(), 0, "{sync}");
    assert_eq!(world.sim.journal().writes().count(), 0, "the second cycle changes nothing");
    let notices = world.sim.account(|account| account.notices.len());
    assert_eq!(notices, 40, "each buyer's order was told of once");
}
