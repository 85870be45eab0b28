//! Every run is told in events: one end for each item that its report counts, and the report itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        CancelToken, ChannelConnector, GetOrders, ImportOrder, ItemOutcome, LinkListings, Operation,
        OrderSelector, ResolveHeld, RunControl, RunEvent, RunEventKind, RunObserver, RunReport, RunStatus,
        SyncShipments,
        report::{HeldOutcomeKind, LinkOutcomeKind},
        shipping::ShippingRule,
    },
};

use super::{HOUR, busy_world};
use crate::support::World;

/// Counts what it is shown, and what the report that it is shown counts.
#[derive(Debug, Default)]
struct Recorded {
    seen: Mutex<Seen>,
    stop: Option<CancelToken>,
}

#[derive(Debug, Default)]
struct Seen {
    kinds: Vec<&'static str>,
    items: BTreeMap<ItemOutcome, u64>,
    reported: BTreeMap<ItemOutcome, u64>,
    runs: Vec<(String, String, Operation)>,
}

impl RunObserver for Recorded {
    fn on_event(&self, event: &RunEvent<'_>) {
        let mut seen = self.seen.lock().unwrap();
        let run = (event.run.to_string(), event.connection.to_string(), event.operation);
        if !seen.runs.contains(&run) {
            seen.runs.push(run);
        }
        let kind = match event.kind {
            RunEventKind::Started => "started",
            RunEventKind::ItemDone { outcome, .. } => {
                *seen.items.entry(outcome).or_default() += 1;
                "item"
            }
            RunEventKind::Finished { .. } => "finished",
            RunEventKind::PageRead { .. } => {
                self.stop.iter().for_each(CancelToken::cancel);
                "other"
            }
            _ => "other",
        };
        seen.kinds.push(kind);
    }

    fn on_run_end(&self, report: RunReport<'_>) {
        let mut seen = self.seen.lock().unwrap();
        seen.kinds.push("report");
        seen.reported = counts(report).into_iter().filter(|(_, count)| *count > 0).collect();
    }
}

/// What a report counts, by outcome.
fn counts(report: RunReport<'_>) -> Vec<(ItemOutcome, u64)> {
    match report {
        RunReport::Import(report) => {
            report.counts.outcomes.iter().map(|(kind, count)| (ItemOutcome::Import(kind), count)).collect()
        }
        RunReport::Sync(report) => {
            report.counts.outcomes.iter().map(|(kind, count)| (ItemOutcome::Shipment(kind), count)).collect()
        }
        RunReport::Links(report) => {
            let counts = report.counts;
            let link = |kind, count| (ItemOutcome::Link(kind), count);
            vec![
                link(LinkOutcomeKind::Linked, counts.linked),
                link(LinkOutcomeKind::AlreadyLinked, counts.already_linked),
                link(LinkOutcomeKind::NoMatch, counts.no_match),
                link(LinkOutcomeKind::AmbiguousHost, counts.ambiguous),
                link(LinkOutcomeKind::NoSku, counts.no_sku),
                link(LinkOutcomeKind::Broken, counts.broken),
                link(LinkOutcomeKind::NotEvaluated, counts.not_evaluated),
            ]
        }
        RunReport::Held(report) => vec![
            (ItemOutcome::Held(HeldOutcomeKind::Released), report.counts.released),
            (ItemOutcome::Held(HeldOutcomeKind::StillUnmapped), report.counts.still_unmapped),
        ],
        _ => panic!("a report of another kind"),
    }
}

/// Runs an operation and says how many kinds of ends its items had.
async fn run(channel: &ShipStationChannel, operation: Operation, control: RunControl) -> usize {
    let cancel = control.cancel.clone();
    let recorded =
        Arc::new(Recorded { stop: Some(cancel).filter(CancelToken::is_cancelled), ..Recorded::default() });
    let control = control.observer(recorded.clone());
    let info = match operation {
        Operation::GetOrders => channel.get_orders(GetOrders::with(control)).await.unwrap().run,
        Operation::SyncShipments => channel.sync_shipments(SyncShipments::with(control)).await.unwrap().run,
        Operation::LinkListings => channel.link_listings(LinkListings::with(control)).await.unwrap().run,
        Operation::ResolveHeld => channel.resolve_held(ResolveHeld::with(control)).await.unwrap().run,
        _ => {
            let order = ImportOrder::new(OrderSelector::Number("S-1".into())).control(control);
            channel.import_order(order).await.unwrap().run
        }
    };
    check(&recorded, &info.run.to_string(), operation)
}

fn check(recorded: &Recorded, run: &str, operation: Operation) -> usize {
    let seen = recorded.seen.lock().unwrap();
    assert_eq!(seen.items, seen.reported, "{operation}: one end for each item");
    assert_eq!(seen.runs, [(run.to_owned(), "shop".to_owned(), operation)]);
    assert_eq!(seen.kinds.first(), Some(&"started"), "{operation}");
    assert_eq!(seen.kinds[seen.kinds.len() - 2..], ["finished", "report"], "{operation}");
    seen.items.len()
}

#[tokio::test]
async fn faults_each_item_that_a_report_counts_ends_in_one_event() {
    let (world, channel) = busy_world().await;
    let real = RunControl::new;
    // New, held, failed for now and for good, skipped.
    assert_eq!(run(&channel, Operation::GetOrders, real().dry_run()).await, 3);
    assert_eq!(run(&channel, Operation::GetOrders, real()).await, 5);
    world.sim.clock().advance(HOUR * 24);
    assert_eq!(run(&channel, Operation::GetOrders, real()).await, 4);
    assert_eq!(run(&channel, Operation::ImportOrder, real()).await, 1);
    assert_eq!(run(&channel, Operation::SyncShipments, real().dry_run()).await, 2);
    // Sent or confirmed, and blocked.
    assert_eq!(run(&channel, Operation::SyncShipments, real()).await, 2);
    world.sim.clock().advance(HOUR);
    run(&channel, Operation::SyncShipments, real()).await;
    assert_eq!(run(&channel, Operation::LinkListings, real()).await, 4);
    world.rules(vec![ShippingRule::exact("Standard", "ground")]).await;
    assert_eq!(run(&channel, Operation::ResolveHeld, real()).await, 1);
    world.rules(vec![ShippingRule::exact("Rocket", "air")]).await;
    assert_eq!(run(&channel, Operation::ResolveHeld, real()).await, 1);
}

#[tokio::test]
async fn faults_what_a_stopped_run_does_not_get_to_ends_in_an_event_too() {
    let (world, channel) = busy_world().await;
    let limited = world.channel(|settings| settings.orders.max_orders = Some(3));
    assert_eq!(
        run(&limited, Operation::GetOrders, RunControl::new()).await,
        2,
        "imported, and not evaluated"
    );
    for operation in [Operation::SyncShipments, Operation::LinkListings] {
        let (stop, recorded) = (CancelToken::new(), Recorded::default());
        let recorded = Arc::new(Recorded { stop: Some(stop.clone()), ..recorded });
        let control = RunControl::new().cancel(stop).observer(recorded.clone());
        let info = match operation {
            Operation::SyncShipments => {
                channel.sync_shipments(SyncShipments::with(control)).await.unwrap().run
            }
            _ => channel.link_listings(LinkListings::with(control)).await.unwrap().run,
        };
        assert!(check(&recorded, &info.run.to_string(), operation) > 0);
    }
}

/// Panics at everything, with something that nobody may read.
#[derive(Debug)]
struct Panics;

impl RunObserver for Panics {
    fn on_event(&self, event: &RunEvent<'_>) {
        panic!("planted-secret-5512 at {:?}", event.kind);
    }

    fn on_run_end(&self, _: RunReport<'_>) {
        panic!("planted-secret-5512");
    }
}

#[tokio::test]
async fn faults_an_observer_that_panics_breaks_nothing_and_is_warned_of_once() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let channel = world.channel(|_| {});
    let control = || RunControl::new().observer(Arc::new(Panics));
    let report = channel.get_orders(GetOrders::with(control())).await.unwrap();
    assert_eq!((report.counts.imported(), &report.run.status), (1, &RunStatus::Succeeded), "{report}");
    let warnings = report.run.warnings.iter().filter(|warning| warning.contains("observer panicked"));
    assert_eq!(warnings.count(), 1, "{report}");
    assert!(!report.to_string().contains("planted"));
    world.ship(order, "1Z1").await;
    let report = channel.sync_shipments(SyncShipments::with(control())).await.unwrap();
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}
