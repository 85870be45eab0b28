//! Many connections on a schedule: what runs when, what follows a failure, and how a worker stops.

mod scripted;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use shipstation_connector::{
    Timestamp,
    channel::{
        CancelToken, ChannelOrderId, ConnectionId, Operation, Refusal, RunEvent, RunObserver,
        report::RunStatus,
        shipping::{CarrierRule, ShippingRule},
        store::{Forgotten, Maintained, Maintenance, MappingStoreExt, RetentionPolicy, StoreError},
    },
    client::Clock,
    fleet::{Fleet, FleetBuilder, FleetConnection, JobKey, JobStatus, LastRun, MemorySchedule},
    stores::MemoryStore,
    testing::simulator::SimClock,
};

use self::scripted::{Accounts, Script};

const MINUTE: Duration = Duration::from_secs(60);
const ORDERS: Operation = Operation::GetOrders;

/// A fleet that fetches orders only, on simulated time.
fn fleet(accounts: &Arc<Accounts>) -> FleetBuilder {
    let others = [Operation::SyncShipments, Operation::ResolveHeld, Operation::LinkListings];
    let others = others.into_iter().chain([Operation::GetChanges]);
    others
        .fold(Fleet::builder(accounts.clone()), |fleet, operation| fleet.every(operation, Duration::ZERO))
        .every(ORDERS, MINUTE * 15)
        .clock(accounts.clock.clone())
        .worker("w")
        .seed(7)
}

/// Runs a fleet for so long.
async fn run_for(accounts: &Accounts, fleet: &Fleet, time: Duration) {
    accounts.stop_after(time);
    fleet.run(&accounts.stop()).await;
}

async fn job(fleet: &Fleet, connection: &str, operation: Operation) -> JobStatus {
    let jobs = fleet.status(Some(&connection.into())).await.unwrap();
    jobs.into_iter().find(|status| status.job.operation == operation).unwrap()
}

#[tokio::test]
async fn clock_each_connection_runs_at_its_interval() {
    let accounts = Accounts::new(["a", "b", "c"]);
    accounts.set([
        FleetConnection::new("a"),
        FleetConnection::new("b").every(ORDERS, MINUTE * 60),
        FleetConnection::new("c").paused("the bill is open"),
    ]);
    let fleet = fleet(&accounts).every(ORDERS, MINUTE * 10).build();
    run_for(&accounts, &fleet, MINUTE * 600).await;
    let (a, b, c) = (accounts.runs("a"), accounts.runs("b"), accounts.runs("c"));
    assert!((58..=62).contains(&a), "{a} runs in ten hours");
    assert!((9..=11).contains(&b), "{b} runs in ten hours");
    assert_eq!(c, 0);
    assert_eq!(job(&fleet, "c", ORDERS).await.paused.as_deref(), Some("the bill is open"));
    let last = job(&fleet, "a", ORDERS).await.last.unwrap();
    assert_eq!((last.ended.as_str(), last.waits.as_deref()), ("succeeded", None));
    assert_eq!(last.notices[0].code, "key_expires", "what the channel has to say is in the status");
    let kept = serde_json::to_value(&last).unwrap();
    assert_eq!(serde_json::from_value::<LastRun>(kept).unwrap(), last);
    assert!(
        accounts.gaps("a").iter().all(|gap| (MINUTE * 9..=MINUTE * 11).contains(gap)),
        "{:?}",
        accounts.gaps("a")
    );
}

#[tokio::test]
async fn clock_what_was_missed_while_the_machine_slept_is_made_up_for_once() {
    let accounts = Accounts::new(["a"]);
    let fleet = fleet(&accounts).every(ORDERS, MINUTE * 10).build();
    run_for(&accounts, &fleet, MINUTE * 30).await;
    let before = accounts.runs("a");
    accounts.clock.advance(MINUTE * 60 * 24);
    run_for(&accounts, &fleet, MINUTE * 5).await;
    assert_eq!(accounts.runs("a"), before + 1);
}

#[tokio::test]
async fn clock_that_is_set_back_keeps_nothing_waiting() {
    let accounts = Accounts::new(["a"]);
    let fleet = fleet(&accounts).every(ORDERS, MINUTE * 10).build();
    run_for(&accounts, &fleet, MINUTE * 30).await;
    let before = accounts.runs("a");
    accounts.clock.step_to(accounts.clock.now() - MINUTE * 60 * 24);
    run_for(&accounts, &fleet, MINUTE * 60).await;
    assert!((before + 5..=before + 7).contains(&accounts.runs("a")), "{} after {before}", accounts.runs("a"));
}

#[tokio::test]
async fn faults_a_source_that_hangs_holds_up_no_run_that_is_under_way() {
    let accounts = Accounts::new(["a"]);
    let fleet = fleet(&accounts).every(ORDERS, MINUTE * 10).build();
    run_for(&accounts, &fleet, MINUTE * 30).await;
    accounts.script("a", Script::IsLong);
    accounts.hangs_when_it_runs("a");
    let before = accounts.runs("a");
    fleet.wake(&"a".into(), ORDERS).await.unwrap();
    let stop = CancelToken::new();
    let ended = async {
        while accounts.runs("a") < before + 2 {
            tokio::task::yield_now().await;
        }
    };
    let running = std::pin::pin!(fleet.run(&stop));
    futures_util::future::select(running, Box::pin(ended)).await;
    assert!(accounts.is_hanging(), "it was asked meanwhile, the run came to its end, and the next one began");
}

#[tokio::test]
async fn faults_each_kind_of_end_has_its_wait_and_its_reason() {
    let refused = |refusal: fn() -> Refusal| Script::Refused(refusal);
    for (script, hours, runs, why) in [
        (Script::Ends(RunStatus::Failed { error: "away".into() }), 24, 20..=30, Some("it failed")),
        (Script::Ends(RunStatus::Partial { why: "stopped".into() }), 2, 12..=20, Some("goes on")),
        (refused(|| Refusal::Credentials { message: "HTTP 401".into() }), 48, 10..=13, Some("credentials")),
        (refused(|| Refusal::Unsupported { why: "", instead: None }), 48, 2..=3, Some("cannot do it")),
        (refused(|| Refusal::NotConfigured { missing: vec!["orders".into()] }), 48, 10..=13, Some("mend")),
        (Script::Panics, 24, 20..=30, Some("it failed")),
        (Script::IsNotBuilt, 48, 10..=13, Some("cannot be built")),
        (Script::Ends(RunStatus::CompletedWithErrors), 1, 5..=7, None),
    ] {
        let accounts = Accounts::new(["a", "good"]);
        accounts.script("a", script.clone());
        let fleet = fleet(&accounts).every(ORDERS, MINUTE * 10).build();
        run_for(&accounts, &fleet, MINUTE * 60 * hours).await;
        let ran = accounts.runs("a");
        assert!(runs.contains(&ran), "{script:?}: {ran} runs in {hours} hours");
        let last = job(&fleet, "a", ORDERS).await.last.unwrap();
        assert_eq!(
            last.waits.as_deref().map(|said| why.is_some_and(|why| said.contains(why))),
            why.map(|_| true),
            "{last:?}"
        );
        let good = accounts.runs("good");
        assert!(good >= 5 * usize::try_from(hours).unwrap(), "{script:?}: the other one ran {good} times");
        accounts.script("a", Script::Ends(RunStatus::Succeeded));
        let key = JobKey { connection: "a".into(), operation: ORDERS };
        assert!(fleet.wake(&key.connection, key.operation).await.unwrap());
        run_for(&accounts, &fleet, MINUTE).await;
        let healed = job(&fleet, "a", ORDERS).await;
        assert_eq!((healed.failures, healed.last.unwrap().waits), (0, None), "{script:?}");
    }
}

#[tokio::test]
async fn faults_connections_come_change_and_go_while_it_runs() {
    let accounts = Accounts::new(["a"]);
    let fleet = fleet(&accounts).every(ORDERS, MINUTE * 10).build();
    run_for(&accounts, &fleet, MINUTE * 30).await;
    assert_eq!(accounts.built("a"), 1, "the channel is kept");
    accounts.set([FleetConnection::new("a").revision(2), FleetConnection::new("b")]);
    run_for(&accounts, &fleet, MINUTE * 30).await;
    assert_eq!(accounts.built("a"), 2, "and built anew when its credentials change");
    assert!(accounts.runs("b") >= 2);
    accounts.set([FleetConnection::new("b").paused("moved")]);
    let (a, b) = (accounts.runs("a"), accounts.runs("b"));
    run_for(&accounts, &fleet, MINUTE * 60).await;
    assert_eq!((accounts.runs("a"), accounts.runs("b")), (a, b));
    assert!(fleet.status(Some(&"a".into())).await.unwrap().is_empty());
    // A source that fails takes nothing away.
    accounts.set([FleetConnection::new("b")]);
    run_for(&accounts, &fleet, MINUTE * 2).await;
    accounts.fails(true);
    run_for(&accounts, &fleet, MINUTE * 60).await;
    assert!(accounts.runs("b") >= b + 5);
    assert!(
        fleet.health().trouble.iter().any(|said| said.contains("planted outage")),
        "{:?}",
        fleet.health()
    );
    accounts.fails(false);
    run_for(&accounts, &fleet, MINUTE * 2).await;
    assert!(fleet.health().trouble.is_empty());
}

#[tokio::test]
async fn requests_corrected_credentials_are_tried_at_once() {
    let accounts = Accounts::new(["a"]);
    accounts.script("a", Script::Refused(|| Refusal::Credentials { message: "HTTP 401".into() }));
    let fleet = fleet(&accounts).every(ORDERS, MINUTE * 10).build();
    run_for(&accounts, &fleet, MINUTE * 60 * 30).await;
    let before = accounts.runs("a");
    accounts.script("a", Script::Ends(RunStatus::Succeeded));
    accounts.set([FleetConnection::new("a").revision(2)]);
    run_for(&accounts, &fleet, MINUTE * 3).await;
    assert_eq!(accounts.runs("a"), before + 1);
}

#[tokio::test]
async fn faults_one_slow_account_starves_nobody() {
    let names: Vec<String> = (0..20).map(|n| format!("shop {n}")).collect();
    let accounts = Accounts::new(names.iter().map(String::as_str));
    // It stops at its deadline and goes on in its next turn, for ever.
    accounts.script("shop 0", Script::IsLong);
    let fleet = fleet(&accounts).every(ORDERS, MINUTE * 10).max_runs(2).max_run_time(MINUTE * 5).build();
    run_for(&accounts, &fleet, MINUTE * 240).await;
    for name in &names[1..] {
        assert!(accounts.runs(name) >= 20, "{name} ran {} times", accounts.runs(name));
    }
    assert!(accounts.most_at_once() <= 2);
}

#[tokio::test]
async fn faults_a_worker_that_is_told_to_stop_stops_its_runs_or_abandons_them() {
    let accounts = Accounts::new(["a", "b"]);
    let fleet = fleet(&accounts).every(ORDERS, MINUTE).grace(Duration::from_millis(50)).build();
    run_for(&accounts, &fleet, MINUTE * 2).await;
    accounts.script("a", Script::IsLong);
    accounts.script("b", Script::Hangs);
    for name in ["a", "b"] {
        fleet.wake(&name.into(), ORDERS).await.unwrap();
    }
    let before = (accounts.runs("a"), accounts.runs("b"));
    let stop = CancelToken::new();
    let stopping = async {
        while accounts.runs("a") == before.0 || accounts.runs("b") == before.1 {
            tokio::task::yield_now().await;
        }
        let health = fleet.health();
        assert!(health.running.iter().any(|(job, _)| job.connection.as_str() == "b"), "{health:?}");
        stop.cancel();
    };
    let (left, ()) = tokio::join!(fleet.run(&stop), stopping);
    assert_eq!(left, [JobKey { connection: "b".into(), operation: ORDERS }]);
    let last = job(&fleet, "a", ORDERS).await.last.unwrap();
    assert!(last.ended.contains("cancelled"), "{last:?}");
    assert!(fleet.health().running.is_empty());
    // Another worker takes the abandoned job over once its claim has ended.
    accounts.script("b", Script::Ends(RunStatus::Succeeded));
    let before = accounts.runs("b");
    run_for(&accounts, &fleet, MINUTE * 3).await;
    assert!(accounts.runs("b") > before);
}

#[tokio::test]
async fn requests_a_wake_up_runs_at_once_and_once_more_if_it_comes_during_a_run() {
    let accounts = Accounts::new(["a"]);
    let fleet = fleet(&accounts).every(ORDERS, MINUTE * 600).build();
    run_for(&accounts, &fleet, MINUTE * 5).await;
    assert_eq!(accounts.runs("a"), 1);
    assert!(!fleet.wake(&"nobody".into(), ORDERS).await.unwrap());
    assert!(fleet.wake(&"a".into(), ORDERS).await.unwrap());
    accounts.wakes_itself(&fleet, ORDERS);
    run_for(&accounts, &fleet, MINUTE).await;
    assert_eq!(accounts.runs("a"), 3, "woken, and woken once while it ran");
}

#[tokio::test]
async fn faults_a_worker_that_does_not_know_its_connections_yet_leaves_the_jobs_alone() {
    let accounts = Accounts::new(["a"]);
    let schedule = Arc::new(MemorySchedule::new());
    let worker = || fleet(&accounts).schedule(schedule.clone()).every(ORDERS, MINUTE * 10).build();
    run_for(&accounts, &worker(), MINUTE * 15).await;
    let runs = accounts.runs("a");
    accounts.clock.advance(MINUTE * 60);
    accounts.fails(true);
    let new = worker();
    run_for(&accounts, &new, MINUTE * 15).await;
    let left = job(&new, "a", ORDERS).await;
    assert_eq!((accounts.runs("a"), left.failures, left.claimed_by), (runs, 0, None));
    accounts.fails(false);
    run_for(&accounts, &new, MINUTE * 5).await;
    assert_eq!(accounts.runs("a"), runs + 1);
}

#[tokio::test]
async fn requests_held_orders_are_looked_at_again_once_the_rules_are_replaced() {
    let accounts = Accounts::new(["a", "b"]);
    let held = Operation::ResolveHeld;
    let fleet = fleet(&accounts).every(ORDERS, Duration::ZERO).every(held, MINUTE * 600).build();
    run_for(&accounts, &fleet, MINUTE * 5).await;
    let rules = fleet.watch_rules(Arc::new(MemoryStore::new()));
    let a = ConnectionId::new("a");
    let shipping = || vec![ShippingRule::exact("Standard", "ground")];
    let is_due = async |connection| job(&fleet, connection, held).await.due <= accounts.clock.now();
    rules.replace_carrier_rules(&a, 0, vec![CarrierRule::new("UPS", "ups")]).await.unwrap();
    rules.replace_shipping_rules(&a, 7, shipping()).await.unwrap();
    rules.replace_shipping_rules(&"nobody".into(), 0, shipping()).await.unwrap();
    assert!(!is_due("a").await && !is_due("b").await, "nothing that holds an order was replaced");
    rules.replace_shipping_rules(&a, 0, shipping()).await.unwrap();
    assert!(is_due("a").await && !is_due("b").await);
    assert_eq!(rules.shipping_rules(&a).await.unwrap().rows, shipping());
}

#[tokio::test]
async fn wire_status_and_health_are_data() {
    let accounts = Accounts::new(["a"]);
    let fleet = fleet(&accounts).build();
    run_for(&accounts, &fleet, MINUTE * 5).await;
    let status = fleet.status(None).await.unwrap();
    let json = serde_json::to_value(&status).unwrap();
    let of_orders =
        json.as_array().unwrap().iter().find(|job| job["job"]["operation"] == "get_orders").unwrap();
    assert_eq!((&of_orders["every"], &of_orders["last"]["ended"]), (&"PT15M".into(), &"succeeded".into()));
    assert_eq!(serde_json::from_value::<Vec<JobStatus>>(json).unwrap(), status);
    let health = serde_json::to_value(fleet.health()).unwrap();
    assert_eq!((&health["worker"], &health["running"]), (&"w".into(), &serde_json::json!([])));
    let clock: &SimClock = &accounts.clock;
    assert!(Clock::now(clock) > "2026-01-01T00:00:00Z".parse().unwrap());
}

/// Counts how often it is maintained; the second time it fails, and then it panics.
#[derive(Debug, Default)]
struct Kept {
    rounds: AtomicUsize,
    latest: Mutex<Option<Timestamp>>,
}

#[async_trait::async_trait]
impl Maintenance for Kept {
    async fn maintain(&self, policy: &RetentionPolicy, now: Timestamp) -> Result<Maintained, StoreError> {
        assert_eq!(*policy, RetentionPolicy::default().runs(MINUTE));
        *self.latest.lock().unwrap() = Some(now);
        match self.rounds.fetch_add(1, Relaxed) {
            1 => Err(StoreError::retryable("away")),
            2 => panic!("a store of the host's own"),
            _ => Ok(Maintained::default()),
        }
    }

    async fn forget_buyer(&self, _: &ConnectionId, _: &ChannelOrderId) -> Result<Forgotten, StoreError> {
        unreachable!("the fleet forgets nobody")
    }

    async fn after_restore(&self, _: Timestamp) -> Result<u64, StoreError> {
        unreachable!("a person says so")
    }
}

#[tokio::test]
async fn clock_the_store_is_maintained_at_its_interval_whatever_becomes_of_it() {
    let (accounts, kept) = (Accounts::new(["a"]), Arc::new(Kept::default()));
    let policy = RetentionPolicy::default().runs(MINUTE);
    let fleet = fleet(&accounts).every(ORDERS, MINUTE * 10).maintenance(kept.clone(), policy);
    let fleet = fleet.maintain_every(MINUTE * 60).build();
    run_for(&accounts, &fleet, MINUTE * 6).await;
    assert_eq!(kept.rounds.load(Relaxed), 1, "within five minutes");
    run_for(&accounts, &fleet, MINUTE * 61).await;
    let trouble = fleet.health().trouble;
    assert!(trouble.iter().any(|words| words.starts_with("maintenance: ")), "{trouble:?}");
    run_for(&accounts, &fleet, MINUTE * 60 * 4).await;
    assert!((5..=9).contains(&kept.rounds.load(Relaxed)), "{}", kept.rounds.load(Relaxed));
    assert!(fleet.health().trouble.is_empty(), "{:?}", fleet.health());
    assert!(accounts.runs("a") >= 28, "{}", accounts.runs("a"));
    let latest = kept.latest.lock().unwrap().unwrap();
    assert!(accounts.clock.now().since(latest) < MINUTE * 70);
}

/// Writes down whose runs it is told of.
#[derive(Debug, Default)]
struct Connections(Mutex<Vec<String>>);

impl RunObserver for Connections {
    fn on_event(&self, event: &RunEvent<'_>) {
        self.0.lock().unwrap().push(event.connection.to_string());
    }
}

#[tokio::test]
async fn requests_one_observer_is_shown_every_run_of_every_connection() {
    let accounts = Accounts::new(["a", "b"]);
    let seen = Arc::new(Connections::default());
    let fleet = fleet(&accounts).every(ORDERS, MINUTE * 10).observer(seen.clone()).build();
    run_for(&accounts, &fleet, MINUTE * 60).await;
    let seen = seen.0.lock().unwrap();
    for connection in ["a", "b"] {
        let told = seen.iter().filter(|one| *one == connection).count();
        assert_eq!((told, told > 3), (accounts.runs(connection), true));
    }
}
