//! What a run logs: whose it is, how it ended, and nothing about a buyer.

use std::{error::Error as _, sync::Arc};

use async_trait::async_trait;
use shipstation_connector::{
    ShipStationChannel,
    channel::{
        BlockKind, CancelToken, ChannelConnector, GetOrders, ImportOrder, LinkListings, Listing,
        OrderSelector, ResolveHeld, RunControl, RunStatus, SyncShipments,
        store::{StoreError, Stores},
    },
    connector::ListingSettings,
    stores::{Instrumented, NextCall, StoreAnswer, StoreCall, StoreHook},
    testing::simulator::{Fault, FaultKind, Method},
};

use crate::support::{CaughtLog, World};

const MARK: &str = "/orders/markasshipped";

/// A world with work for each operation.
async fn world_with_work() -> World {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    world.ship(order, "1Z1").await;
    world.store.put_listings(&world.connection, vec![Listing::new("L1", "MUG-1")]);
    world
}

fn channel(world: &World) -> ShipStationChannel {
    world.channel(|settings| settings.listings = Some(ListingSettings::default()))
}

/// Catches the log of what follows. Every place in the code is made known to it by a first run elsewhere.
async fn caught() -> (CaughtLog, tracing::subscriber::DefaultGuard) {
    let (log, guard) = CaughtLog::begin();
    let world = world_with_work().await;
    let _ = channel(&world).get_orders(GetOrders::new()).await;
    let _ = channel(&world).link_listings(LinkListings::new()).await;
    world.sim.fault(Fault::any().always().with(FaultKind::Html { status: 502 }));
    let _ = channel(&world).sync_shipments(SyncShipments::new()).await;
    world.sim.fault(Fault::any().always().with(FaultKind::Status { code: 401, body: String::new() }));
    let _ = channel(&world).get_orders(GetOrders::new()).await;
    CaughtLog::hear_every_place();
    (log, guard)
}

/// The lines of the log after `from` that hold all of these words.
fn lines(log: &CaughtLog, from: usize, words: &[&str]) -> Vec<String> {
    let text = log.text();
    let lines = text[from..].lines().filter(|line| words.iter().all(|word| line.contains(word)));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn faults_every_line_of_a_run_belongs_to_its_span() {
    let (log, _guard) = caught().await;
    let world = world_with_work().await;
    let channel = channel(&world);
    let order = world.sim.account(|account| account.order_by_number("A-1").unwrap().int("orderId").unwrap());
    let mut from = log.text().len();
    for operation in ["get_orders", "sync_shipments", "link_listings", "import_order", "resolve_held"] {
        let run = match operation {
            "get_orders" => channel.get_orders(GetOrders::new()).await.unwrap().run,
            "sync_shipments" => channel.sync_shipments(SyncShipments::new()).await.unwrap().run,
            "link_listings" => channel.link_listings(LinkListings::new()).await.unwrap().run,
            "resolve_held" => channel.resolve_held(ResolveHeld::new()).await.unwrap().run,
            _ => {
                let which = OrderSelector::Id(order.to_string().into());
                channel.import_order(ImportOrder::new(which)).await.unwrap().run
            }
        };
        let span = format!("run{{connection=shop operation=\"{operation}\" run={}}}", run.run);
        assert_eq!(lines(&log, from, &["run started", &span]).len(), 1, "{}", log.text());
        let requests = usize::try_from(run.api.requests).unwrap();
        let attempts = lines(&log, from, &["attempt ended", &span, "shipstation{"]);
        assert_eq!(attempts.len(), requests, "{operation}: each request is in the span");
        let ends = lines(&log, from, &["run finished", "INFO", &span, "counts=", "status=succeeded"]);
        assert_eq!(ends.len(), 1, "{operation}: {}", &log.text()[from..]);
        from = log.text().len();
    }
}

#[tokio::test]
async fn faults_the_level_says_how_a_run_ended() {
    let (log, _guard) = caught().await;
    let ended = |from, level: &str| {
        let fields = ["run finished", level, "connection=shop", "operation=", "counts="];
        lines(&log, from, &fields).len()
    };

    let world = world_with_work().await;
    let from = log.text().len();
    let cancel = CancelToken::new();
    cancel.cancel();
    let request = SyncShipments::with(RunControl::new().cancel(cancel));
    let report = channel(&world).sync_shipments(request).await.unwrap();
    assert!(matches!(report.run.status, RunStatus::Partial { .. }));
    assert_eq!(ended(from, "WARN"), 1);

    let from = log.text().len();
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::Status { code: 401, body: String::new() }));
    let report = channel(&world).sync_shipments(SyncShipments::new()).await.unwrap();
    assert!(matches!(report.run.status, RunStatus::Failed { .. }), "{report}");
    assert_eq!(ended(from, "ERROR"), 1, "{}", &log.text()[from..]);

    // Refused by ShipStation once the run had begun, and before.
    let from = log.text().len();
    world.sim.fault(Fault::any().always().with(FaultKind::Status { code: 401, body: String::new() }));
    let _ = channel(&world).get_orders(GetOrders::new()).await.unwrap_err();
    assert_eq!(ended(from, "ERROR"), 1, "{}", &log.text()[from..]);
    let from = log.text().len();
    let _ = world.channel(|_| {}).link_listings(LinkListings::new()).await.unwrap_err();
    let refused = ["not started", "ERROR", "connection=shop", "operation=\"link_listings\""];
    assert_eq!(lines(&log, from, &refused).len(), 1, "{}", &log.text()[from..]);
}

/// A run store that cannot be asked for the last success, or not even begin a run, for a reason of its own.
#[derive(Debug)]
struct Down {
    begins: bool,
}

#[async_trait]
impl StoreHook for Down {
    async fn around(&self, call: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
        match call.method {
            "begin" if self.begins => next.await,
            "begin" | "last_success" | "recent" => {
                let cause = std::io::Error::other("no route to the database");
                Err(StoreError::retryable("runs cannot be read").with_source(cause))
            }
            _ => next.await,
        }
    }
}

#[tokio::test]
async fn faults_the_cause_of_a_stores_failure_is_in_the_log_and_not_in_the_error() {
    let (log, _guard) = caught().await;
    for begins in [false, true] {
        let world = world_with_work().await;
        let runs = Arc::new(Instrumented::new(world.store.clone(), Arc::new(Down { begins })));
        let stores = Stores::all_in(world.store.clone()).with_runs(runs);
        let from = log.text().len();
        let error = world.channel_on(stores, |_| {}).get_orders(GetOrders::new()).await.unwrap_err();
        assert!(!error.to_string().contains("no route"), "{error}");
        let failed = ["ERROR", "runs cannot be read", "no route to the database", "connection=shop"];
        assert_eq!(lines(&log, from, &failed).len(), 1, "{}", &log.text()[from..]);
        let ended = if begins { ["run finished", "ERROR"] } else { ["run not started", "WARN"] };
        assert_eq!(lines(&log, from, &ended).len(), 1, "{}", &log.text()[from..]);
        let cause = error.refusal.source().map(ToString::to_string);
        assert_eq!(cause.as_deref(), Some("no route to the database"), "it is in the chain of the error");
    }
}

#[tokio::test]
async fn secrets_neither_key_nor_buyer_is_in_the_log_of_a_run() {
    let (log, _guard) = caught().await;
    let world = world_with_work().await;
    let body = r#"{"Message":"Value '12 Rose Lane' of Zebulon Quackenbush is invalid"}"#.to_owned();
    world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::Status { code: 400, body }));
    let report = channel(&world).sync_shipments(SyncShipments::new()).await.unwrap();
    let _ = channel(&world).get_orders(GetOrders::new()).await.unwrap();
    assert_eq!(report.counts.blocked.of(BlockKind::Refused), 1, "{report}");
    let text = log.text();
    for secret in ["Rose Lane", "Quackenbush", world.sim.api_key(), world.sim.api_secret()] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[tokio::test]
async fn requests_a_report_counts_what_was_repeated_and_what_failed() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    world.sim.fault(Fault::any().times(2).with(FaultKind::Html { status: 502 }));
    world.sim.fault(Fault::any().with(FaultKind::Throttle { reset: Some(1) }));
    world.sim.fault(Fault::any().with(FaultKind::DropBefore));
    let report = world.channel(|_| {}).get_orders(GetOrders::new()).await.unwrap();
    assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
    let api = report.run.api;
    assert_eq!((api.faults, api.throttled, api.retries), (3, 1, 4), "{report}");
    assert_eq!(api.requests, u64::try_from(world.sim.journal().len()).unwrap());
    assert!(report.to_string().contains(", 4 repeated, 1 throttled, 3 failed"), "{report}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["run"]["api"]["faults"], 3);

    let world = World::new().await;
    let report = world.channel(|_| {}).get_orders(GetOrders::new()).await.unwrap();
    let api = report.run.api;
    assert_eq!((api.faults, api.throttled, api.retries), (0, 0, 0), "{report}");
}
