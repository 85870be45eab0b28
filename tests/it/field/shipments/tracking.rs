//! Tracking numbers as hosts and people write them.

use shipstation_connector::channel::{BlockKind, Package, Shipment, report::SyncOutcomeKind};
use shipstation_connector::testing::simulator::FaultKind;

use super::{HOUR, MINUTE, import, last_mark, name, one, sync, sync_after};
use crate::support::World;

fn shipment(world: &World, order: i64, numbers: &[&str]) -> Shipment {
    let packages = numbers.iter().map(|number| Package::new(*number)).collect();
    Shipment::new("A", order.to_string(), world.now(), "UPS", "unused").packages(packages)
}

#[tokio::test]
async fn requests_a_placeholder_displaces_no_number() {
    for placeholder in ["N/A", "TBD", "none", "0", "-", "n.a.", "Unknown", "null", "\u{200b}"] {
        let world = World::new().await;
        let order = world.add(world.order("1"));
        world.enqueue(shipment(&world, order, &[placeholder, "\u{200b}1Z\u{200d}9\n"])).await;
        let report = sync(&world).await;
        assert_eq!(report.counts.confirmed(), 1, "{placeholder}: {report}");
        assert_eq!(last_mark(&world)["trackingNumber"], "1Z9", "{placeholder}");
        assert!(report.unreported.is_empty(), "{report}");
    }
}

#[tokio::test]
async fn requests_a_placeholder_alone_is_no_number() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.enqueue(shipment(&world, order, &["N/A"])).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.blocked.of(BlockKind::NoTracking), world.marks()), (1, 0), "{report}");
}

#[tokio::test]
async fn requests_a_number_with_its_routing_is_the_number() {
    let plain = "9400111899560000000001";
    for theirs in
        [format!("42094105{plain}"), format!("420941051234{plain}"), "9400 1118 9956 0000 0000 01".to_owned()]
    {
        for (ours, theirs) in [(plain, theirs.as_str()), (theirs.as_str(), plain)] {
            let world = World::new().await;
            let order = world.add(world.order("1"));
            world.enqueue(shipment(&world, order, &[ours])).await;
            world.sim.account(|account| account.ship_by_hand(order, theirs, "ups"));
            let report = sync(&world).await;
            assert_eq!(
                (report.counts.of(SyncOutcomeKind::AlreadyThere), world.marks()),
                (1, 0),
                "{ours} {theirs}: {report}"
            );
        }
    }
}

#[tokio::test]
async fn requests_two_spellings_of_a_number_are_one_parcel() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    import(&world).await;
    world
        .enqueue(shipment(&world, order, &["9400111899560000000001", "420941059400111899560000000001"]))
        .await;
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), report.unreported.len()), (1, 0), "{report}");
}

#[tokio::test]
async fn faults_a_number_that_is_cut_off_is_never_a_conflict() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.enqueue(shipment(&world, order, &["9400111899560000000001"])).await;
    world.sim.account(|account| account.ship_by_hand(order, "9400111899560000", "ups"));
    world.sim.clock().advance(HOUR);
    for _ in 0..3 {
        let report = sync_after(&world, HOUR).await;
        assert_eq!((name(&world, order).await, world.marks()), ("retry_wait", 0), "{report}");
    }
    world.sim.account(|account| {
        account.fulfillments.values_mut().for_each(|row| row.set("trackingNumber", "9400111899560000000001"));
    });
    let report = sync_after(&world, HOUR * 7).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::AlreadyThere), world.marks()), (1, 0), "{report}");
}

#[tokio::test]
async fn faults_a_number_that_is_cut_off_leads_to_no_second_mark() {
    let world = World::new().await;
    let order = one(&world, FaultKind::DropAfterEffect).await;
    world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
    sync(&world).await;
    world.sim.account(|account| {
        account.set_status(order, "awaiting_shipment");
        account.fulfillments.values_mut().for_each(|row| row.set("trackingNumber", "1Z1"));
    });
    for _ in 0..4 {
        sync_after(&world, MINUTE * 5).await;
    }
    assert_eq!((name(&world, order).await, world.marks()), ("confirmed", 1));
}
