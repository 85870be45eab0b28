//! Proof that ShipStation has what it accepted, across runs, and what became of the notice to the store.

use std::time::Duration;

use shipstation_connector::{
    channel::{NotificationStatus, RunStatus, Shipment, ShipmentState, report::SyncOutcomeKind},
    connector::Confirm,
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{HOUR, MINUTE, state, states, sync, sync_after, sync_with};
use crate::support::{DAY, World};

async fn one(world: &World) -> i64 {
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    order
}

#[tokio::test]
async fn requests_what_does_not_show_yet_is_confirmed_by_a_later_run_and_never_resent() {
    let world = World::new().await;
    world.sim.account(|account| account.quirks.fulfillment_delay = HOUR * 5);
    let order = one(&world).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.unconfirmed(), report.counts.confirmed()), (1, 0), "{report}");
    for _ in 0..4 {
        let report = sync_after(&world, HOUR).await;
        assert_eq!((report.counts.unconfirmed(), world.marks()), (1, 1), "{report}");
    }
    let report = sync_after(&world, HOUR * 2).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
    assert!(matches!(state(&world, order).await, ShipmentState::Confirmed { record: Some(_), .. }));
}

#[tokio::test]
async fn requests_a_notice_that_fails_later_reaches_the_report() {
    let world = World::new().await;
    let order = one(&world).await;
    world.sim.before(Method::GET, "/fulfillments", 1, move |account| {
        account.fulfillments.values_mut().for_each(|record| record.set("marketplaceNotified", false));
    });
    let report = sync(&world).await;
    assert_eq!(report.counts.unconfirmed(), 1, "the notice is still on its way: {report}");
    world.sim.account(|account| {
        account.fulfillments.values_mut().for_each(|record| {
            record.set("notifyErrorMessage", "Store refused order of jane@example.com");
        });
    });
    let report = sync_after(&world, MINUTE * 15).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
    let text = report.to_string();
    assert!(text.contains("ShipStation could not notify the sales channel: Store refused"), "{text}");
    assert!(!text.contains("jane@"), "{text}");
    let ShipmentState::Confirmed { notification, .. } = state(&world, order).await else { panic!("{text}") };
    assert!(matches!(notification, NotificationStatus::Failed { .. }));
}

#[tokio::test]
async fn requests_a_notice_that_never_comes_is_not_waited_for_for_ever() {
    let world = World::new().await;
    let order = one(&world).await;
    world.sim.before(Method::GET, "/fulfillments", 1, move |account| {
        account.fulfillments.values_mut().for_each(|record| record.set("marketplaceNotified", false));
    });
    sync(&world).await;
    sync_after(&world, HOUR * 2).await;
    let ShipmentState::Confirmed { notification, .. } = state(&world, order).await else { panic!() };
    assert_eq!(notification, NotificationStatus::Pending);
}

#[tokio::test]
async fn requests_without_a_notice_to_the_store_none_is_waited_for() {
    let world = World::new().await;
    one(&world).await;
    let report = sync_with(&world, |settings| settings.shipments.notify_sales_channel = false).await;
    assert_eq!(report.counts.confirmed(), 1, "{report}");
}

#[tokio::test]
async fn requests_a_trusted_answer_is_not_read_back() {
    let world = World::new().await;
    one(&world).await;
    let report = sync_with(&world, |settings| settings.shipments.confirm = Confirm::TrustAnswer).await;
    assert_eq!(report.counts.confirmed(), 1, "{report}");
    assert_eq!(world.sim.journal().count("GET", "/fulfillments"), 0);
}

#[tokio::test]
async fn faults_a_confirmation_that_fails_is_repeated_and_fails_nothing() {
    let world = World::new().await;
    one(&world).await;
    world.sim.fault(Fault::on(Method::GET, "/fulfillments").always().with(FaultKind::Html { status: 503 }));
    let report = sync(&world).await;
    assert_eq!(report.counts.unconfirmed(), 1, "{report}");
    assert!(report.run.warnings.iter().any(|warning| warning.contains("could not be confirmed")), "{report}");
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
    world.sim.clear_faults();
    let report = sync_after(&world, MINUTE).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

#[tokio::test]
async fn requests_what_never_shows_is_let_go_after_a_week_and_said() {
    let world = World::new().await;
    world.sim.account(|account| account.quirks.fulfillment_delay = DAY * 30);
    one(&world).await;
    sync(&world).await;
    let report = sync_after(&world, DAY * 8).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::NeverConfirmed), report.counts.confirmed()),
        (1, 0),
        "{report}"
    );
    let text = report.to_string();
    assert!(text.contains("1 marked by an earlier run and never confirmed"), "{text}");
    assert!(text.contains("look by hand") && world.marks() == 1, "{text}");
    assert_eq!(sync(&world).await.counts.due(), 0);
}

#[tokio::test]
async fn clock_a_shipstation_clock_that_is_behind_hides_no_record() {
    let world = World::new().await;
    world.sim.account(|account| account.quirks.clock_skew = -1200);
    one(&world).await;
    let report = sync(&world).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

#[tokio::test]
async fn requests_confirmations_come_a_page_for_many() {
    let world = World::new().await;
    for n in 0..60 {
        let order = world.add(world.order(&format!("{n}")));
        world.ship(order, &format!("1Z{order}")).await;
    }
    let report = sync(&world).await;
    assert_eq!(report.counts.confirmed(), 60, "{report}");
    assert_eq!(world.sim.journal().count("GET", "/fulfillments"), 1);
}

#[tokio::test]
async fn requests_a_straggler_does_not_have_the_records_of_days_read_again() {
    let world = World::new().await;
    world.sim.account(|account| account.quirks.fulfillment_delay = DAY * 2);
    let straggler = one(&world).await;
    sync(&world).await;
    world.sim.account(|account| account.quirks.fulfillment_delay = Duration::ZERO);
    for n in 0..600 {
        let order = world.add(world.order(&format!("by hand {n}")));
        world.sim.account(|account| account.ship_by_hand(order, "T", "ups"));
    }
    world.sim.clock().advance(DAY);
    let fresh = world.add(world.order("fresh"));
    world.ship(fresh, "1Z2").await;
    world.sim.clear_journal();
    let report = sync(&world).await;
    assert_eq!(
        (report.counts.confirmed(), report.counts.of(SyncOutcomeKind::SentEarlier)),
        (1, 1),
        "{report}"
    );
    // The look and the mark of the fresh one, one page for its proof, and two questions about the straggler.
    assert_eq!(world.sim.journal().len(), 5, "{report}");
    world.sim.clear_journal();
    sync(&world).await;
    assert_eq!(world.sim.journal().len(), 2, "nothing but the straggler is asked for");
    let report = sync_after(&world, DAY * 2).await;
    assert_eq!(report.counts.of(SyncOutcomeKind::ConfirmedEarlier), 1, "{report}");
    assert_eq!(state(&world, straggler).await.name(), "confirmed");
}

#[tokio::test]
async fn requests_stragglers_are_asked_for_a_few_at_a_time() {
    let world = World::new().await;
    world.sim.account(|account| account.quirks.fulfillment_delay = HOUR * 3);
    for n in 0..20 {
        let order = world.add(world.order(&format!("{n}")));
        world.ship(order, &format!("1Z{order}")).await;
    }
    sync(&world).await;
    world.sim.clock().advance(HOUR * 2);
    world.sim.clear_journal();
    let report = sync(&world).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::SentEarlier), world.sim.journal().len()),
        (20, 10),
        "{report}"
    );
    world.sim.clock().advance(HOUR * 2);
    for _ in 0..4 {
        let report = sync(&world).await;
        assert_eq!(report.counts.of(SyncOutcomeKind::ConfirmedEarlier), 5, "{report}");
    }
}

#[tokio::test]
async fn requests_a_shipment_without_a_number_is_confirmed_beside_one_that_has_one() {
    let world = World::new().await;
    world.sim.account(|account| account.quirks.fulfillment_delay = MINUTE * 5);
    let order = world.add(world.order("1"));
    world.ship(order, "").await;
    let allow = |settings: &mut shipstation_connector::Settings| settings.shipments.require_tracking = false;
    sync_with(&world, allow).await;
    world.enqueue(Shipment::new("other", order.to_string(), world.now(), "UPS", "1ZB")).await;
    world.sim.clock().advance(MINUTE * 10);
    let report = sync_with(&world, allow).await;
    assert_eq!(
        (states(&world, order).await, world.marks()),
        (vec!["superseded", "confirmed"], 1),
        "{report}"
    );
}
