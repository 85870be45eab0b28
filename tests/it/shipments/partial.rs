//! Orders that leave in several shipments or parcels: ShipStation knows one shipment and one number.

use shipstation_connector::{
    channel::{BlockKind, Package, Shipment, ShipmentState, SupersedeReason, report::SyncOutcomeKind},
    connector::{PartialPolicy, PrimaryTracking},
};

use super::{HOUR, import, marked, part, rows, state, states, sync, sync_after, sync_with};
use crate::support::{DAY, World};

fn told(world: &World) -> Vec<String> {
    let journal = world.sim.journal();
    let entries = journal.of("POST", "/orders/markasshipped");
    entries.map(|entry| entry.body["trackingNumber"].as_str().unwrap_or("").to_owned()).collect()
}

#[tokio::test]
async fn requests_two_suppliers_on_two_days_are_one_mark_with_the_first_number() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    import(&world).await;
    world.enqueue(part(&world, "A", order, 1, &[(0, 2)])).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::WaitingPartial), world.marks()), (1, 0), "{report}");
    let report = sync_after(&world, DAY).await;
    assert_eq!(
        report.counts.of(SyncOutcomeKind::WaitingPartial),
        1,
        "waiting orders are in every report: {report}"
    );
    assert_eq!(report.oldest_waiting.map(|waited| waited >= DAY), Some(true));
    let item = &report.items[0];
    assert!(item.note.as_ref().is_some_and(|note| note.contains("missing 1 of line")), "{item}");

    world.enqueue(part(&world, "B", order, 0, &[(1, 1)])).await;
    let report = sync(&world).await;
    assert_eq!(
        (report.counts.confirmed(), report.counts.of(SyncOutcomeKind::Superseded)),
        (1, 1),
        "{report}"
    );
    assert_eq!(told(&world), ["1ZA"], "the first parcel's number");
    assert_eq!(report.unreported.len(), 1);
    assert!(report.unreported[0].note.as_ref().unwrap().contains("1ZB"), "{report}");
    let rows = rows(&world, order).await;
    let reason = SupersedeReason::ReportedWith { shipment: "B".into() };
    assert_eq!(rows[0].state, ShipmentState::Superseded { reason });
}

#[tokio::test]
async fn requests_completeness_counts_the_imported_lines_and_not_the_present_ones() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    import(&world).await;
    let first = part(&world, "A", order, 3, &[(0, 2)]);
    world.sim.account(|account| account.edit(order, |order| order.list_mut("items").unwrap().truncate(1)));
    world.enqueue(first).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::WaitingPartial), world.marks()), (1, 0), "{report}");
}

#[tokio::test]
async fn requests_more_of_one_line_does_not_stand_in_for_another() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    import(&world).await;
    world.enqueue(part(&world, "A", order, 3, &[(0, 3)])).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.blocked.of(BlockKind::UnknownLines), world.marks()), (1, 0), "{report}");
}

#[tokio::test]
async fn requests_an_order_is_held_no_longer_than_the_limit() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    import(&world).await;
    world.enqueue(part(&world, "A", order, 0, &[(0, 2)])).await;
    let limit = |settings: &mut shipstation_connector::Settings| {
        settings.shipments.partial = PartialPolicy::HoldUntilComplete { max_hold: Some(DAY * 2) };
    };
    let report = sync_with(&world, limit).await;
    assert_eq!(report.counts.of(SyncOutcomeKind::WaitingPartial), 1, "{report}");
    world.sim.clock().advance(DAY * 2);
    let report = sync_with(&world, limit).await;
    assert_eq!((report.counts.confirmed(), told(&world)), (1, vec!["1ZA".to_owned()]), "{report}");

    world.enqueue(part(&world, "B", order, 0, &[(1, 1)])).await;
    let report = sync_with(&world, limit).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::Superseded), world.marks()), (1, 1), "{report}");
    assert!(report.to_string().contains("1ZB"), "what comes too late is listed: {report}");
}

#[tokio::test]
async fn requests_ship_on_first_marks_at_once_and_lists_the_rest() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    import(&world).await;
    let first = |settings: &mut shipstation_connector::Settings| {
        settings.shipments.partial = PartialPolicy::ShipOnFirst;
    };
    world.enqueue(part(&world, "A", order, 5, &[(0, 2)])).await;
    let report = sync_with(&world, first).await;
    assert_eq!(report.counts.confirmed(), 1, "{report}");
    world.enqueue(part(&world, "B", order, 1, &[(1, 1)])).await;
    let report = sync_with(&world, first).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::Superseded), report.unreported.len()), (1, 1), "{report}");
    assert_eq!(told(&world), ["1ZA"]);
    let reason = SupersedeReason::AlreadyMarkedShipped;
    assert_eq!(rows(&world, order).await[1].state, ShipmentState::Superseded { reason });
}

#[tokio::test]
async fn requests_ship_on_first_closes_later_shipments_alike_whenever_they_come() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    import(&world).await;
    let first = |settings: &mut shipstation_connector::Settings| {
        settings.shipments.partial = PartialPolicy::ShipOnFirst;
    };
    world.enqueue(part(&world, "A", order, 50, &[(0, 1)])).await;
    world.enqueue(part(&world, "B", order, 26, &[(0, 1)])).await;
    sync_with(&world, first).await;
    world.sim.clock().advance(DAY * 3);
    world.enqueue(part(&world, "C", order, 1, &[(1, 1)])).await;
    let report = sync_with(&world, first).await;
    assert_eq!((told(&world), report.counts.due()), (vec!["1ZA".to_owned()], 1), "{report}");
    let states: Vec<ShipmentState> = rows(&world, order).await.into_iter().map(|row| row.state).collect();
    let later = ShipmentState::Superseded { reason: SupersedeReason::AlreadyMarkedShipped };
    assert_eq!(states[1..], [later.clone(), later]);
}

#[tokio::test]
async fn requests_ship_on_first_goes_on_with_the_next_shipment_if_the_first_is_blocked() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    let mut unknown = part(&world, "A", order, 5, &[(0, 2)]);
    unknown.carrier = Some("Bicycle".to_owned());
    world.enqueue(unknown).await;
    world.enqueue(part(&world, "B", order, 1, &[(1, 1)])).await;
    let report = sync_with(&world, |settings| settings.shipments.partial = PartialPolicy::ShipOnFirst).await;
    assert_eq!(
        (report.counts.confirmed(), report.counts.of(SyncOutcomeKind::Superseded)),
        (1, 1),
        "{report}"
    );
    assert_eq!(told(&world), ["1ZB"]);
    assert!(report.unreported[0].note.as_ref().unwrap().contains("1ZA"), "{report}");
}

#[tokio::test]
async fn requests_several_packages_carry_the_chosen_number_and_list_the_others() {
    let cases = [
        (PrimaryTracking::FirstPackage, "P1"),
        (PrimaryTracking::MostItems, "P2"),
        (PrimaryTracking::Last, "P3"),
    ];
    for (choice, number) in cases {
        let world = World::new().await;
        let order = world.add(world.order("1"));
        let packages = vec![
            Package::new("P1").quantity(1),
            Package::new("P2").quantity(5),
            Package::new(" p1 "),
            Package::new("  "),
            Package::new("P3"),
        ];
        let shipment = Shipment::new("A", order.to_string(), world.now(), "UPS", "unused").packages(packages);
        world.enqueue(shipment).await;
        let report = sync_with(&world, |settings| settings.shipments.primary_tracking = choice).await;
        assert_eq!(told(&world), [number]);
        assert_eq!(report.unreported.len(), 2, "each other number once: {report}");
        assert_eq!(report.counts.confirmed(), 1, "{report}");
    }
}

#[tokio::test]
async fn requests_a_suppressed_shipment_is_not_told_but_counts_as_shipped() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    import(&world).await;
    world.enqueue(part(&world, "A", order, 5, &[(0, 2)]).suppressed("told by the supplier")).await;
    world.enqueue(part(&world, "B", order, 1, &[(1, 1)])).await;
    let report = sync(&world).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::Suppressed), report.counts.confirmed()),
        (1, 1),
        "{report}"
    );
    assert_eq!(told(&world), ["1ZB"]);
    assert_eq!(states(&world, order).await, ["suppressed", "confirmed"]);
}

#[tokio::test]
async fn requests_an_order_that_was_never_imported_is_complete_with_what_is_there() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.enqueue(part(&world, "A", order, 5, &[(0, 1)])).await;
    sync(&world).await;
    assert_eq!(state(&world, order).await.name(), "confirmed");
}

#[tokio::test]
async fn requests_an_attempt_to_be_repeated_keeps_its_order_together() {
    use shipstation_connector::testing::simulator::{Fault, FaultKind, Method};
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.enqueue(part(&world, "A", order, 5, &[(0, 2)])).await;
    world.enqueue(part(&world, "B", order, 1, &[(1, 1)])).await;
    let path = format!("/orders/{order}");
    world.sim.fault(Fault::on(Method::GET, &path).times(4).with(FaultKind::Html { status: 503 }));
    let report = sync(&world).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::RetryWaiting), world.marks()), (2, 0), "{report}");
    let report = sync(&world).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::RetryWaiting), world.marks()),
        (1, 0),
        "the one that is due waits: {report}"
    );
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.confirmed(), marked(&world, order)), (1, 1), "{report}");
    assert_eq!(told(&world), ["1ZA"]);
}
