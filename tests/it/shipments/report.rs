//! What the report says to the person who reads it.

use std::time::Duration;

use shipstation_connector::{
    channel::{
        BlockKind, ChannelConnector, RunControl, RunStatus, SyncReport, SyncShipments,
        report::SyncOutcomeKind,
    },
    connector::Confirm,
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{HOUR, MINUTE, part, sync, sync_after, sync_with};
use crate::support::{World, written};

/// The line that counts.
fn line(report: &SyncReport) -> String {
    let text = report.to_string();
    text.lines().find_map(|line| line.strip_prefix("  shipments ")).unwrap().to_owned()
}

async fn two(world: &World) {
    for number in ["1", "2"] {
        let order = world.add(world.order(number));
        world.ship(order, &format!("1Z{order}")).await;
    }
}

#[tokio::test]
async fn requests_the_report_tells_what_this_run_marked_from_what_an_earlier_one_did() {
    let world = World::new().await;
    world.sim.account(|account| account.quirks.fulfillment_delay = HOUR);
    two(&world).await;
    assert_eq!(line(&sync(&world).await), "2 due: 2 marked shipped and not confirmed yet");
    assert_eq!(line(&sync(&world).await), "2 due: 2 marked by an earlier run and not confirmed yet");
    world.sim.account(|account| account.quirks.fulfillment_delay = Duration::ZERO);
    let order = world.add(world.order("3"));
    world.ship(order, "1Z3").await;
    let report = sync_after(&world, HOUR * 2).await;
    assert_eq!(
        line(&report),
        "3 due: 1 marked shipped and confirmed, 2 marked by an earlier run and confirmed now"
    );
    assert_eq!((report.counts.confirmed(), report.counts.of(SyncOutcomeKind::ConfirmedEarlier)), (3, 2));
    assert_eq!(line(&sync(&world).await), "none due");
}

#[tokio::test]
async fn requests_a_dry_run_says_what_would_be_done() {
    for confirm in [Confirm::ReadBack, Confirm::TrustAnswer] {
        let world = World::new().await;
        two(&world).await;
        let request = SyncShipments::with(RunControl::new().dry_run());
        let channel = world.channel(|settings| settings.shipments.confirm = confirm);
        let report = channel.sync_shipments(request).await.unwrap();
        assert!(report.counts.add_up(), "{report}");
        assert_eq!(line(&report), "2 due: 2 would be marked shipped");
        let json = written(&report);
        assert!(
            json.contains(r#""outcome":"would_be_sent""#) && !json.contains(r#""outcome":"sent""#),
            "{json}"
        );
        assert_eq!(world.sim.journal().writes().count(), 0);
        // What a dry run left undone is done by a real one.
        assert_eq!(line(&sync(&world).await), "2 due: 2 marked shipped and confirmed");
    }
}

#[tokio::test]
async fn requests_a_dry_run_does_not_claim_what_earlier_runs_sent() {
    let world = World::new().await;
    world.sim.account(|account| account.quirks.fulfillment_delay = HOUR);
    two(&world).await;
    sync(&world).await;
    let request = SyncShipments::with(RunControl::new().dry_run());
    let report = world.channel(|_| {}).sync_shipments(request).await.unwrap();
    assert_eq!(line(&report), "2 due: 2 marked by an earlier run and not confirmed yet");
}

#[tokio::test]
async fn requests_a_number_without_room_is_listed_for_what_it_is() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.enqueue(part(&world, "A", order, 5, &[(0, 2)])).await;
    world.enqueue(part(&world, "B", order, 1, &[(1, 1)])).await;
    let report = sync(&world).await;
    let text = report.to_string();
    let order = report.items[0].order.as_str();
    let wanted = format!(
        "  omitted   B (revision 1) of order {order}: tracking number not reported: 1ZB, for the order"
    );
    assert!(text.contains(&wanted), "{text}");
    assert!(text.contains("1 superseded by another shipment"), "{text}");
}

#[tokio::test]
async fn requests_what_stays_blocked_is_in_every_report() {
    let world = World::new().await;
    for n in 0..3 {
        let order = world.add(world.order(&format!("{n}")));
        let mut shipment = part(&world, &format!("s{n}"), order, 1, &[(0, 2), (1, 1)]);
        shipment.carrier = Some(if n == 2 { String::new() } else { "Bicycle".to_owned() });
        world.enqueue(shipment).await;
    }
    let report = sync(&world).await;
    assert_eq!((report.counts.blocked.of(BlockKind::UnmappedCarrier), report.counts.still_blocked), (3, 0));
    assert!(report.to_string().contains("it names no carrier"), "no rule can be made for none: {report}");
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.due(), report.counts.still_blocked), (0, 3), "{report}");
    assert!(report.to_string().contains("blocked   3 since earlier runs"), "{report}");
}

#[tokio::test]
async fn faults_what_waits_for_another_attempt_is_in_every_report() {
    let world = World::new().await;
    two(&world).await;
    let refusal = FaultKind::Status { code: 401, body: String::new() };
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(refusal));
    let report = sync(&world).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::RetryWaiting), report.counts.still_retry_waiting),
        (1, 0),
        "{report}"
    );
    let report = sync_after(&world, MINUTE).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::RetryWaiting), report.counts.still_retry_waiting),
        (0, 1),
        "{report}"
    );
    assert!(report.to_string().contains("retrying  1 since earlier runs"), "{report}");
    let report = sync_after(&world, HOUR).await;
    assert_eq!((report.counts.confirmed(), report.counts.still_retry_waiting), (1, 0), "{report}");
}

#[tokio::test]
async fn requests_a_dry_run_says_what_stays_blocked() {
    let world = World::new().await;
    for (carrier, status) in [("Bicycle", "awaiting_shipment"), ("UPS", "on_hold")] {
        let order = world.add(world.order(carrier).status(status));
        let mut shipment = part(&world, carrier, order, 1, &[(0, 2), (1, 1)]);
        shipment.carrier = Some(carrier.to_owned());
        world.enqueue(shipment).await;
    }
    for still_blocked in [0, 1] {
        let request = SyncShipments::with(RunControl::new().dry_run());
        let report = world.channel(|_| {}).sync_shipments(request).await.unwrap();
        assert_eq!(report.counts.still_blocked, still_blocked, "{report}");
        sync(&world).await;
    }
}

#[tokio::test]
async fn faults_a_refusal_makes_the_run_complete_with_errors() {
    let world = World::new().await;
    two(&world).await;
    let refusal = FaultKind::Status { code: 400, body: r#"{"Message":"Invalid carrierCode"}"#.to_owned() };
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(refusal));
    let report = sync(&world).await;
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
    assert_eq!(line(&report), "2 due: 1 marked shipped and confirmed, 1 blocked");
    let text = report.to_string();
    assert!(text.contains("Invalid carrierCode") && text.contains("then unblock it"), "{text}");
    assert_eq!(sync_after(&world, HOUR).await.run.status, RunStatus::Succeeded, "it is said once");
}

#[tokio::test]
async fn requests_a_part_of_an_order_that_was_never_imported_is_marked_with_a_warning() {
    use shipstation_connector::connector::PartialPolicy;
    let world = World::new().await;
    let order = world.add(world.order("1").status("on_hold"));
    world.enqueue(part(&world, "A", order, 5, &[(0, 1)])).await;
    let report = sync(&world).await;
    assert_eq!(report.run.warnings, Vec::<String>::new(), "it is not marked yet");
    world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
    let report = sync(&world).await;
    assert_eq!(report.counts.confirmed(), 1, "{report}");
    assert!(report.to_string().contains("is not known, and it is marked shipped as a whole"), "{report}");

    let other = world.add(world.order("2"));
    world.enqueue(part(&world, "B", other, 5, &[(0, 1)])).await;
    let report = sync_with(&world, |settings| settings.shipments.partial = PartialPolicy::ShipOnFirst).await;
    assert_eq!(
        (report.counts.confirmed(), report.run.warnings.len()),
        (1, 0),
        "that is the policy: {report}"
    );
}
