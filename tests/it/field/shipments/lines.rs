//! Lines of a shipment that the imported order does not have.

use shipstation_connector::{
    channel::{BlockKind, BlockReason, LineQuantity, Shipment, ShipmentState, report::SyncOutcomeKind},
    testing::simulator::{SimLine, SimOrder},
};

use super::{import, name, state, sync};
use crate::support::World;

fn shipment(world: &World, id: &str, order: i64, lines: &[(&str, i64)]) -> Shipment {
    let lines =
        lines.iter().map(|(line, quantity)| LineQuantity { line: (*line).into(), quantity: *quantity });
    Shipment::new(id, order.to_string(), world.now(), "UPS", format!("1Z{id}")).lines(lines.collect())
}

fn line_ids(world: &World, order: i64) -> Vec<String> {
    world.sim.account(|account| {
        account
            .order(order)
            .unwrap()
            .rows("items")
            .map(|item| item.int("orderItemId").unwrap().to_string())
            .collect()
    })
}

#[tokio::test]
async fn requests_lines_that_the_order_does_not_have_are_blocked_with_both_sides_named() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    import(&world).await;
    let ids = line_ids(&world, order);
    world.enqueue(shipment(&world, "A", order, &[(&ids[0], 2), ("KIT-PART", 1)])).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.blocked.of(BlockKind::UnknownLines), world.marks()), (1, 0), "{report}");
    let text = report.to_string();
    assert!(text.contains("1 of line KIT-PART") && text.contains(&format!("1 of line {}", ids[1])), "{text}");
    assert_eq!(report.run.status, shipstation_connector::channel::RunStatus::CompletedWithErrors);
    let report = sync(&world).await;
    assert_eq!(report.counts.blocked.of(BlockKind::UnknownLines), 1, "it is said in every run: {report}");
    world.enqueue(shipment(&world, "A", order, &[(&ids[0], 2), (&ids[1], 1)]).revision(2)).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

#[tokio::test]
async fn requests_more_than_was_ordered_is_blocked_also_over_several_shipments() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    import(&world).await;
    let ids = line_ids(&world, order);
    world.enqueue(shipment(&world, "A", order, &[(&ids[0], 2)])).await;
    world.enqueue(shipment(&world, "B", order, &[(&ids[0], 1), (&ids[1], 1)])).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.blocked.of(BlockKind::UnknownLines), world.marks()), (2, 0), "{report}");
    // The host takes one of them back.
    world.enqueue(shipment(&world, "A", order, &[]).revision(2).voided()).await;
    world.enqueue(shipment(&world, "C", order, &[(&ids[0], 1)])).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

#[tokio::test]
async fn requests_a_store_key_or_a_sku_is_accepted_where_it_is_unambiguous() {
    let world = World::new().await;
    let order = world.add(
        world.order("1").line(SimLine::new("TEA-2", 1, "4.20")), // The second line of this SKU.
    );
    world.sim.account(|account| {
        account.edit(order, |order| {
            for (item, key) in order.rows_mut("items").zip(["k-1", "k-2", "k-3"]) {
                item.set("lineItemKey", key);
            }
        })
    });
    import(&world).await;
    world.enqueue(shipment(&world, "A", order, &[("MUG-1", 2), ("k-2", 1), ("TEA-2", 1)])).await;
    let report = sync(&world).await;
    assert_eq!(report.counts.blocked.of(BlockKind::UnknownLines), 1, "which tea is not said: {report}");
    world.enqueue(shipment(&world, "A", order, &[("MUG-1", 2), ("k-2", 1), ("k-3", 1)]).revision(2)).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
    assert!(report.run.warnings.iter().any(|warning| warning.contains("\"MUG-1\"")), "it is said: {report}");
}

#[tokio::test]
async fn requests_a_discount_is_waited_for_by_nobody_whatever_its_flag_says() {
    let world = World::new().await;
    let discount = SimLine::new("SPRING", 1, "-5.00");
    let order = world.add(world.order("1").line(discount).line(SimLine::new("GIFT", 0, "0.00")));
    import(&world).await;
    let ids = line_ids(&world, order);
    world.enqueue(shipment(&world, "A", order, &[(&ids[0], 2), (&ids[1], 1), (&ids[2], 1)])).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

/// An order whose three lines have no number of their own, or one number.
fn numberless(world: &World, number: &str) -> i64 {
    let order =
        SimOrder::new("1").status("awaiting_shipment").created(world.ago(super::HOUR)).shipping("Standard");
    let lines = ["A", "B", "C"].map(|sku| SimLine::new(sku, 1, "1.00"));
    let order = world.add(lines.into_iter().fold(order, SimOrder::line));
    let ids = line_ids(world, order);
    let items = ids.iter().zip(["A", "B", "C"]).map(|(_, sku)| {
        format!(r#"{{"orderItemId":{number},"sku":"{sku}","name":"{sku}","quantity":1,"unitPrice":1.00,"adjustment":false}}"#)
    });
    let items = format!("[{}]", items.collect::<Vec<_>>().join(","));
    world.sim.account(|account| account.overwrite(order, "items", items));
    order
}

#[tokio::test]
async fn requests_lines_that_share_a_number_are_told_apart() {
    for number in ["0", "7", "null"] {
        let world = World::new().await;
        let order = numberless(&world, number);
        import(&world).await;
        world.enqueue(shipment(&world, "first", order, &[("A", 1)])).await;
        let report = sync(&world).await;
        assert_eq!(
            (report.counts.of(SyncOutcomeKind::WaitingPartial), world.marks()),
            (1, 0),
            "{number}: {report}"
        );
        world.enqueue(shipment(&world, "rest", order, &[("B", 1), ("C", 1)])).await;
        let report = sync(&world).await;
        assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{number}: {report}");
    }
}

#[tokio::test]
async fn requests_the_block_names_the_lines() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    import(&world).await;
    world.enqueue(shipment(&world, "A", order, &[("nothing", 3)])).await;
    sync(&world).await;
    let ShipmentState::Blocked { reason: BlockReason::UnknownLines { shipped, ordered } } =
        state(&world, order).await
    else {
        panic!("{}", name(&world, order).await)
    };
    assert_eq!((shipped.len(), ordered.len()), (1, 2));
}
