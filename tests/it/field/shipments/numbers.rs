//! A shipment that names the number of another order.

use shipstation_connector::{
    channel::{BlockKind, BlockReason, Shipment, ShipmentState, store::ShipmentStore},
    connector::Preflight,
};

use super::{fulfillments, import, name, state, sync, sync_with};
use crate::support::World;

fn shipment(world: &World, order: i64, number: &str) -> Shipment {
    Shipment::new("A", order.to_string(), world.now(), "UPS", "1ZA").order_number(number)
}

#[tokio::test]
async fn requests_the_number_of_another_order_is_blocked() {
    for imported in [true, false] {
        for preflight in [Preflight::Bulk, Preflight::Single, Preflight::OnRetryOnly] {
            let world = World::new().await;
            let (order, _other) = (world.add(world.order("A-1")), world.add(world.order("B-2")));
            if imported {
                import(&world).await;
            }
            world.enqueue(shipment(&world, order, "B-2")).await;
            let report = sync_with(&world, |settings| settings.shipments.preflight = preflight).await;
            assert_eq!(
                (report.counts.blocked.of(BlockKind::OrderMismatch), world.marks()),
                (1, 0),
                "{report}"
            );
            let text = report.to_string();
            assert!(text.contains("\"B-2\"") && text.contains("\"A-1\""), "{text}");
        }
    }
}

#[tokio::test]
async fn requests_a_new_revision_with_the_right_number_or_none_goes() {
    for number in [Some("A-1"), None] {
        let world = World::new().await;
        let order = world.add(world.order("A-1"));
        import(&world).await;
        world.enqueue(shipment(&world, order, "B-2")).await;
        sync(&world).await;
        let mut corrected = shipment(&world, order, "").revision(2);
        corrected.order_number = number.map(str::to_owned);
        world.enqueue(corrected).await;
        let report = sync(&world).await;
        assert_eq!((report.counts.confirmed(), fulfillments(&world, order)), (1, 1), "{report}");
    }
}

#[tokio::test]
async fn requests_a_new_revision_for_the_order_that_was_meant_closes_the_wrong_one() {
    let world = World::new().await;
    let (wrong, meant) = (world.add(world.order("A-1")), world.add(world.order("B-2")));
    import(&world).await;
    world.enqueue(shipment(&world, wrong, "B-2")).await;
    sync(&world).await;
    world.enqueue(shipment(&world, meant, "B-2").revision(2)).await;
    let report = sync(&world).await;
    let states = world.store.counts(&world.connection).await.unwrap();
    assert_eq!((report.counts.confirmed(), states.get("superseded")), (1, Some(&1)), "{report}");
    assert_eq!((fulfillments(&world, wrong), fulfillments(&world, meant)), (0, 1));
}

#[tokio::test]
async fn requests_a_number_is_compared_as_people_write_it() {
    for number in ["A-1", " a-1 ", "#A-1", "# A-1", ""] {
        let world = World::new().await;
        let order = world.add(world.order("A-1"));
        import(&world).await;
        world.enqueue(shipment(&world, order, number)).await;
        let report = sync(&world).await;
        assert_eq!(report.counts.confirmed(), 1, "{number:?}: {report}");
    }
}

#[tokio::test]
async fn requests_the_present_number_is_as_good_as_the_one_at_import() {
    for number in ["A-1", "A-1-renamed"] {
        let world = World::new().await;
        let order = world.add(world.order("A-1"));
        import(&world).await;
        world.sim.account(|account| account.edit(order, |order| order.set("orderNumber", "A-1-renamed")));
        world.enqueue(shipment(&world, order, number)).await;
        let report = sync(&world).await;
        assert_eq!(report.counts.confirmed(), 1, "{number:?}: {report}");
    }
}

#[tokio::test]
async fn requests_a_stranger_neither_counts_nor_is_spoken_for() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    import(&world).await;
    world.enqueue(shipment(&world, order, "B-2")).await;
    world.enqueue(Shipment::new("own", order.to_string(), world.now(), "UPS", "1Zown")).await;
    sync(&world).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
    assert_eq!(super::last_mark(&world)["trackingNumber"], "1Zown");
    assert_eq!(
        world.store.unblock(&world.connection, "order_mismatch", world.now()).await.unwrap(),
        1,
        "it is not closed"
    );
}

#[tokio::test]
async fn requests_a_person_may_release_it_after_the_order_was_renamed() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    import(&world).await;
    world.enqueue(shipment(&world, order, "B-2")).await;
    sync(&world).await;
    let blocked = state(&world, order).await;
    assert!(matches!(blocked, ShipmentState::Blocked { reason: BlockReason::OrderMismatch { .. } }));
    world.sim.account(|account| account.edit(order, |order| order.set("orderNumber", "B-2")));
    world.store.unblock(&world.connection, "order_mismatch", world.now()).await.unwrap();
    sync(&world).await;
    assert_eq!(name(&world, order).await, "confirmed");
}
