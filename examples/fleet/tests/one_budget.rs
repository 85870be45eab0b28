//! Ten processes with one key and clocks that are hours apart: they use its budget up, none is turned away, and what is urgent goes
//! first in all of them. Time passes twenty times as fast.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "../src/clock.rs"]
#[allow(dead_code, reason = "shared with the worker")]
mod clock;
mod support;

use std::{
    collections::BTreeMap,
    env,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use clock::FastClock;
use shipstation_connector::{
    Credentials, ShipStation, Timestamp,
    client::{Clock, Lane, SharedWindow, SystemClock},
    stores::postgres::{PostgresOptions, PostgresStore},
};
use support::FastTime;

const SPEED: u32 = 20;
const PROCESSES: u64 = 10;
const MINUTES: u32 = 8;
const MINUTE: Duration = Duration::from_secs(60);
const ME: &str = "requests_ten_processes_use_one_budget_up_and_none_is_turned_away";

/// A clock that is set wrongly.
#[derive(Debug)]
struct Skewed {
    clock: FastClock,
    ahead: Duration,
}

#[async_trait]
impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        self.clock.now() + self.ahead
    }

    fn monotonic(&self) -> Option<Duration> {
        self.clock.monotonic()
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    /// The database has no less time for an answer than it would have elsewhere.
    async fn timer(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

/// One of the processes: asks as often as it may. The first two have fifteen urgent requests at once, the others three of the last lane.
async fn ask_for_ever(number: u64, url: &str, base: &str, since: &str) {
    let clock = FastClock::read(since, &SPEED.to_string()).unwrap();
    let clock = Arc::new(Skewed { clock, ahead: MINUTE * 61 * u32::try_from(number).unwrap() });
    let options = PostgresOptions::default().pool_size(2);
    let store = Arc::new(PostgresStore::connect(url, &options).await.unwrap());
    let credentials = Credentials::new("shared-key", "secret");
    let window = SharedWindow::new(store, &credentials).clock(clock.clone());
    let client = ShipStation::builder(credentials)
        .base_url(base)
        .clock(clock)
        .rate_limiter(Arc::new(window))
        .build()
        .unwrap();
    let (lane, at_once) = if number < 2 { (Lane::Tracking, 15) } else { (Lane::Bulk, 3) };
    for _ in 0..at_once {
        let client = client.on_lane(lane);
        tokio::spawn(async move {
            loop {
                // What is asked for tells the lanes apart in the journal.
                let answer = match lane {
                    Lane::Tracking => client.accounts().list_tags().await.map(drop),
                    _ => client.carriers().list().await.map(drop),
                };
                if answer.is_err() {
                    std::process::exit(1);
                }
            }
        });
    }
    std::future::pending::<()>().await;
}

fn process(number: u64, url: &str, base: &str, since: Timestamp) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([ME, "--exact"]).stdin(Stdio::null()).stdout(Stdio::null());
    let number = number.to_string();
    let since = since.unix_seconds().to_string();
    command.envs([
        ("BUDGET_PROCESS", &*number),
        ("BUDGET_URL", url),
        ("BUDGET_BASE", base),
        ("BUDGET_SINCE", &since),
    ]);
    command.spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_ten_processes_use_one_budget_up_and_none_is_turned_away() {
    let variable = |name: &str| env::var(name).unwrap();
    if let Ok(number) = env::var("BUDGET_PROCESS") {
        let (url, base, since) = (variable("BUDGET_URL"), variable("BUDGET_BASE"), variable("BUDGET_SINCE"));
        return ask_for_ever(number.parse().unwrap(), &url, &base, &since).await;
    }
    let time = FastTime::begin(SPEED);
    let sim = time.simulator().await;
    let account = sim.add_account("shared-key", "secret");
    let url = time.database(MINUTE * 7 + Duration::from_secs(23)).await;
    let mut processes: Vec<Child> = (0..PROCESSES).map(|n| process(n, &url, sim.url(), time.since)).collect();
    SystemClock.sleep(MINUTE * (MINUTES + 2) / SPEED).await;
    for process in &mut processes {
        assert!(process.try_wait().unwrap().is_none(), "a process has ended");
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let (mut minutes, mut urgent, mut turned_away) = (BTreeMap::<i64, u32>::new(), 0, 0);
    for entry in account.journal().entries() {
        *minutes.entry(entry.at.unix_seconds().div_euclid(60)).or_default() += 1;
        urgent += u32::from(entry.path.contains("listtags"));
        turned_away += u32::from(entry.over_limit);
    }
    let all: u32 = minutes.values().sum();
    println!("{minutes:?}: {urgent} urgent of {all}, {turned_away} turned away");
    assert_eq!(turned_away, 0);
    // They begin and end in the middle of one. What they used before an answer has told them where it ends may all belong to the
    // second, so that this one may be used in part only.
    let whole: Vec<u32> = minutes.values().copied().skip(2).take(minutes.len().saturating_sub(3)).collect();
    let minutes = u32::try_from(whole.len()).unwrap();
    assert!(minutes >= MINUTES - 2, "{whole:?}");
    let used = f64::from(whole.iter().sum::<u32>()) / f64::from(minutes * 38);
    println!("{used:.3} of limit less reserve in {minutes} minutes");
    assert!(used >= 0.97, "{used:.3} of limit less reserve: {whole:?}");
    // Thirty of the 38 wait when a minute begins; the rest is for whoever asks while those are under way.
    assert!(urgent * 2 >= all, "{urgent} urgent of {all}");
}
