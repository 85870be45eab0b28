//! What the order's present state means for its shipment.

use shipstation_connector::{
    channel::{
        BlockKind, CancelToken, ChannelConnector, FailKind, FailReason, NotificationStatus, RunControl,
        RunStatus, Shipment, ShipmentState, SyncShipments, report::SyncOutcomeKind,
    },
    connector::Preflight,
    testing::simulator::{Fault, FaultKind, Method, Quirks, RateLimit, SimulatorConfig},
};

use super::{HOUR, MARK, MINUTE, import, marked, state, sync, sync_after, sync_with};
use crate::support::World;

#[tokio::test]
async fn requests_open_orders_are_sent_with_both_flags_and_a_pacific_date() {
    let world = World::new().await;
    for status in ["awaiting_shipment", "pending_fulfillment"] {
        let order = world.add(world.order(status).status(status));
        world.ship(order, &format!(" 1Z{order} ")).await;
        let report = sync(&world).await;
        assert_eq!((report.counts.confirmed(), report.counts.marked), (1, 1), "{report}");
        let journal = world.sim.journal();
        let body = &journal.of("POST", "/orders/markasshipped").last().unwrap().body;
        assert_eq!(body["notifyCustomer"], false);
        assert_eq!(body["notifySalesChannel"], true);
        assert_eq!(body["carrierCode"], "ups");
        assert_eq!(body["trackingNumber"], format!("1Z{order}"), "without the blanks");
        assert_eq!(body["shipDate"], "2026-03-02");
    }
}

#[tokio::test]
async fn clock_the_ship_date_is_pacific_and_never_in_the_future() {
    // Twenty to eleven in the evening of the first, Pacific; it is the second in UTC.
    let config = SimulatorConfig::default()
        .rate_limit(RateLimit::Unlimited)
        .now("2026-03-02T06:40:00Z".parse().unwrap());
    let world = World::with(config).await;
    let order = world.add(world.order("1"));
    let mut shipment = super::part(&world, "late", order, 0, &[(0, 2), (1, 1)]);
    shipment.shipped_at = world.now() + super::HOUR * 30;
    world.enqueue(shipment).await;
    sync(&world).await;
    let journal = world.sim.journal();
    assert_eq!(journal.of("POST", "/orders/markasshipped").last().unwrap().body["shipDate"], "2026-03-01");
}

#[tokio::test]
async fn requests_an_order_that_already_has_our_number_is_not_marked_again() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z 999").await;
    world.sim.account(|account| account.ship_by_hand(order, "1z999", "ups"));
    let report = sync(&world).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::AlreadyThere), world.marks()), (1, 0), "{report}");
}

#[tokio::test]
async fn requests_a_label_with_our_number_counts_as_already_there() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z999").await;
    world.sim.account(|account| {
        let label = account.buy_label(order, "ups", "ups_ground").unwrap();
        account.shipments.get_mut(&label).unwrap().set("trackingNumber", "1Z999");
    });
    let report = sync(&world).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::AlreadyThere), world.marks()), (1, 0), "{report}");
}

#[tokio::test]
async fn requests_an_order_shipped_otherwise_is_a_possible_double_shipment() {
    let world = World::new().await;
    let by_hand = world.add(world.order("1"));
    let by_label = world.add(world.order("2"));
    let unsaid = world.add(world.order("3"));
    for order in [by_hand, by_label, unsaid] {
        world.ship(order, &format!("1Z{order}")).await;
    }
    let label = world.sim.account(|account| {
        account.ship_by_hand(by_hand, "OTHER-7", "fedex");
        account.set_status(unsaid, "shipped");
        let label = account.buy_label(by_label, "ups", "ups_ground").unwrap();
        account.shipments[&label].text("trackingNumber").unwrap().to_owned()
    });
    world.sim.clock().advance(MINUTE * 11);
    let report = sync(&world).await;
    assert_eq!(report.counts.failed.of(FailKind::AlreadyShipped), 3, "{report}");
    assert_eq!(world.marks(), 0);
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors);
    for (order, theirs) in [(by_hand, Some("OTHER-7".to_owned())), (by_label, Some(label)), (unsaid, None)] {
        let reason = FailReason::AlreadyShipped { theirs };
        assert_eq!(state(&world, order).await, ShipmentState::Failed { reason });
    }
    let text = report.to_string();
    assert!(
        text.contains("OTHER-7") && text.contains(&format!("ours is 1Z{by_hand}")),
        "both numbers: {text}"
    );
    assert!(text.contains("two parcels may be under way"), "{text}");
}

#[tokio::test]
async fn requests_a_voided_record_of_somebody_does_not_count() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z999").await;
    world.sim.account(|account| {
        account.ship_by_hand(order, "1Z999", "ups");
        let record = account.fulfillments_of(order)[0].int("fulfillmentId").unwrap();
        account.void_fulfillment(record);
        account.set_status(order, "awaiting_shipment");
    });
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), marked(&world, order)), (1, 1), "{report}");
}

#[tokio::test]
async fn faults_records_that_do_not_show_yet_are_waited_for() {
    let quirks = Quirks::default().fulfillment_delay(MINUTE * 5);
    let world = World::with(SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks)).await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z999").await;
    world.sim.account(|account| account.ship_by_hand(order, "1Z999", "ups"));
    let report = sync(&world).await;
    assert_eq!(report.counts.of(SyncOutcomeKind::RetryWaiting), 1, "{report}");
    let report = sync_after(&world, MINUTE * 6).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::AlreadyThere), world.marks()), (1, 0), "{report}");
}

#[tokio::test]
async fn requests_cancelled_after_the_goods_left_is_an_alert() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z999").await;
    world.sim.account(|account| account.cancel(order));
    let report = sync(&world).await;
    assert_eq!(report.counts.failed.of(FailKind::OrderCancelled), 1, "{report}");
    assert_eq!(world.marks(), 0);
    assert!(report.to_string().contains("stop the parcel"), "{report}");
}

#[tokio::test]
async fn requests_an_order_on_hold_is_looked_at_in_every_run_and_sent_once_released() {
    let world = World::new().await;
    for status in ["on_hold", "awaiting_payment", "rejected_fulfillment"] {
        let order = world.add(world.order(status).status(status));
        world.ship(order, &format!("1Z{order}")).await;
        for _ in 0..2 {
            let report = sync_after(&world, MINUTE).await;
            assert_eq!(report.counts.blocked.of(BlockKind::OrderNotShippable), 1, "{report}");
            assert!(report.to_string().contains(status), "{report}");
        }
        world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
        let report = sync_after(&world, MINUTE).await;
        assert_eq!((report.counts.confirmed(), marked(&world, order)), (1, 1), "{report}");
    }
}

#[tokio::test]
async fn requests_an_order_that_a_person_shipped_without_a_number_is_told_at_once() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.account(|account| account.ship_by_hand(order, "", "fedex"));
    sync(&world).await;
    let reason = FailReason::AlreadyShipped { theirs: None };
    assert_eq!(state(&world, order).await, ShipmentState::Failed { reason });
}

#[tokio::test]
async fn requests_what_took_effect_late_is_ours_although_its_record_does_not_show_yet() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let late = FaultKind::LateEffect(HOUR * 2);
    let refused = FaultKind::Status { code: 401, body: String::new() };
    world.sim.fault(Fault::on(Method::POST, MARK).times(1).with(late));
    world.sim.fault(Fault::on(Method::POST, MARK).with(refused));
    world.sim.fault(Fault::on(Method::GET, "/fulfillments").always().with(FaultKind::StaleRead(MINUTE * 30)));
    let begun = world.now();
    sync(&world).await;
    while state(&world, order).await.name() == "unknown" {
        sync_after(&world, MINUTE * 10).await;
    }
    let effect = begun + HOUR * 2;
    assert!(world.now() < effect, "its repetition is refused before it takes effect");
    let report = sync_after(&world, (effect + MINUTE * 20).since(world.now())).await;
    assert_eq!(state(&world, order).await.name(), "retry_wait", "{report}");
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::AlreadyThere), marked(&world, order)), (1, 1), "{report}");
}

#[tokio::test]
async fn requests_a_vanished_order_is_looked_for_among_the_merged_ones() {
    let world = World::new().await;
    let (deleted, swallowed, survivor) =
        (world.add(world.order("1")), world.add(world.order("2")), world.add(world.order("3")));
    world.ship(deleted, "1Z1").await;
    world.ship(swallowed, "1Z2").await;
    world.sim.account(|account| {
        account.delete(deleted);
        account.merge_orders(survivor, &[swallowed]);
    });
    sync(&world).await;
    let report = sync_after(&world, MINUTE).await;
    sync_after(&world, HOUR).await;
    assert_eq!(world.marks(), 0);
    assert_eq!(state(&world, deleted).await, ShipmentState::Failed { reason: FailReason::OrderGone });
    let into = FailReason::MergedInto { order: survivor.to_string().into() };
    assert_eq!(state(&world, swallowed).await, ShipmentState::Failed { reason: into });
    assert!(report.to_string().contains(&survivor.to_string()), "{report}");
}

#[tokio::test]
async fn requests_an_order_merged_between_the_look_and_the_send_is_traced_as_well() {
    let world = World::new().await;
    let (swallowed, survivor) = (world.add(world.order("1")), world.add(world.order("2")));
    world.ship(swallowed, "1Z1").await;
    world.sim.before(Method::POST, "/orders/markasshipped", 1, move |account| {
        account.merge_orders(survivor, &[swallowed]);
    });
    sync(&world).await;
    let report = sync_after(&world, MINUTE * 2).await;
    assert_eq!(report.counts.failed.of(FailKind::MergedInto), 1, "{report}");
}

#[tokio::test]
async fn requests_an_order_that_moved_to_another_store_is_sent_with_a_warning() {
    let world = World::new().await;
    let (old, new) =
        world.sim.account(|account| (account.add_store("Old", "Shopify"), account.add_store("New", "Etsy")));
    let order = world.add(world.order("1").store(old));
    import(&world).await;
    world.sim.account(|account| account.edit(order, |order| order.set("advancedOptions.storeId", new)));
    world.ship(order, "1Z1").await;
    let report = sync(&world).await;
    assert_eq!(report.counts.confirmed(), 1, "{report}");
    assert!(report.run.warnings.iter().any(|warning| warning.contains(&new.to_string())), "{report}");
}

#[tokio::test]
async fn requests_on_retry_only_looks_at_nothing_before_the_first_attempt() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let report = sync_with(&world, |settings| settings.shipments.preflight = Preflight::OnRetryOnly).await;
    assert_eq!(report.counts.confirmed(), 1, "{report}");
    assert_eq!(world.sim.journal().len(), 2, "the mark and its confirmation");
    assert!(matches!(
        state(&world, order).await,
        ShipmentState::Confirmed { notification: NotificationStatus::Notified, .. }
    ));
}

#[tokio::test]
async fn requests_one_order_number_in_two_stores_is_two_orders() {
    let world = World::new().await;
    let stores =
        world.sim.account(|account| [account.add_store("A", "Shopify"), account.add_store("B", "Etsy")]);
    let orders = stores.map(|store| world.add(world.order("1001").store(store)));
    import(&world).await;
    for order in orders {
        world.ship(order, &format!("1Z{order}")).await;
    }
    world.sim.account(|account| account.ship_by_hand(orders[1], "OTHER", "ups"));
    let report = sync(&world).await;
    assert_eq!((marked(&world, orders[0]), marked(&world, orders[1])), (1, 0), "{report}");
    assert_eq!(state(&world, orders[0]).await.name(), "confirmed");
    assert_eq!(state(&world, orders[1]).await.name(), "failed");
}

#[tokio::test]
async fn requests_an_order_id_in_another_spelling_is_none() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    for (n, id) in [
        format!("0{order}"),
        format!("+{order}"),
        format!(" {order}"),
        "0".into(),
        "-7".into(),
        String::new(),
    ]
    .into_iter()
    .enumerate()
    {
        world
            .enqueue(shipstation_connector::channel::Shipment::new(
                format!("x{n}"),
                id,
                world.now(),
                "UPS",
                "T",
            ))
            .await;
    }
    let report = sync(&world).await;
    assert_eq!(report.counts.failed.of(FailKind::InvalidOrderId), 6, "{report}");
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

#[tokio::test]
async fn faults_another_shipment_of_an_order_that_was_tried_is_a_retry_too() {
    for (id, revision) in [("other", 1), ("ship", 2)] {
        let world = World::new().await;
        let order = world.add(world.order("1"));
        let shipment =
            |id: &str, tracking: &str| Shipment::new(id, order.to_string(), world.now(), "UPS", tracking);
        world.enqueue(shipment("ship", "1ZA")).await;
        world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::LateEffect(MINUTE * 10)));
        let only_retries = |settings: &mut shipstation_connector::Settings| {
            settings.shipments.preflight = Preflight::OnRetryOnly;
        };
        for _ in 0..2 {
            sync_with(&world, only_retries).await;
            world.sim.clock().advance(MINUTE * 2);
        }
        // The run is stopped when the second look has found nothing, before it sends anything again.
        let cancel = CancelToken::new();
        let control = RunControl::new().cancel(cancel.clone());
        world.sim.before(Method::GET, "/fulfillments", 1, move |_| cancel.cancel());
        world.sim.clock().advance(MINUTE);
        let channel = world.channel(only_retries);
        channel.sync_shipments(SyncShipments::with(control)).await.unwrap();
        assert_eq!(super::states(&world, order).await, ["pending"]);
        world.sim.clock().advance(MINUTE * 20);
        world.enqueue(shipment(id, "1ZB").revision(revision)).await;
        let report = sync_with(&world, only_retries).await;
        assert_eq!(world.marks(), 1, "the first mark took effect late: {report}");
    }
}

#[tokio::test]
async fn secrets_what_people_write_in_the_place_of_a_number_is_shown_nowhere() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.account(|account| account.ship_by_hand(order, "handed to Jane Doe, 12 Rose Lane", "ups"));
    let report = sync_after(&world, HOUR).await;
    assert_eq!(report.counts.failed.of(FailKind::AlreadyShipped), 1, "{report}");
    let kept = serde_json::to_string(&super::rows(&world, order).await).unwrap();
    for text in [report.to_string(), serde_json::to_string(&report).unwrap(), kept] {
        assert!(text.contains("***") && !text.contains("Jane") && !text.contains("Rose"), "{text}");
    }
}
