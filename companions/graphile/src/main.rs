//! The worker of `examples/fleet` on `graphile_worker`: the host's accounts, orders and warehouse are the same, the schedule is another.
//!
//! ```text
//! cargo run -- postgresql://me@localhost/shop
//! ```
//!
//! `--since SECONDS --speed N` lets time pass N times as fast since that Unix time, for a demonstration on a simulator that does the same.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to a person")]

#[path = "../../../examples/fleet/src/accounts.rs"]
mod accounts;
#[path = "../../../examples/fleet/src/clock.rs"]
mod clock;
#[path = "../../../examples/fleet/src/shop.rs"]
mod shop;
#[path = "../../../examples/fleet/src/warehouse.rs"]
mod warehouse;

use std::{error::Error, process::ExitCode, sync::Arc, time::Duration};

use shipstation_connector::{
    channel::{CancelToken, Operation, store::RetentionPolicy},
    fleet::Fleet,
    stores::postgres::{PostgresOptions, PostgresStore},
};
use shipstation_graphile::{
    GraphileSchedule,
    graphile_worker::{WorkerRecoveryConfig, tokio_postgres::TokioPostgresDatabase},
};

use crate::{accounts::Accounts, clock::FastClock, shop::Shop};

const USAGE: &str = "usage: worker DATABASE_URL [--since SECONDS --speed N]";
/// How many runs are under way at once, at most.
const RUNS: usize = 16;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (url, time) = match words.as_slice() {
        [url] => (url, Some((FastClock::usual(), 1))),
        [url, "--since", since, "--speed", speed] => {
            (url, FastClock::read(since, speed).zip(speed.parse().ok()))
        }
        _ => (&"", None),
    };
    let Some((clock, speed)) = time else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    match work(url, Arc::new(clock), speed).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn work(url: &str, clock: Arc<FastClock>, speed: u32) -> Result<(), Box<dyn Error>> {
    let store = PostgresStore::connect(url, &PostgresOptions::default()).await?.with_order_writer(Shop);
    let store = Arc::new(store);
    let host = shop::connect(url).await?;
    let accounts = Arc::new(Accounts::new(host.clone(), store.clone(), clock.clone()));
    let queue = TokioPostgresDatabase::from_url(url, 20)?;
    let schedule = GraphileSchedule::open(queue, "graphile_worker").await?.speed(speed);
    let fleet = Fleet::builder(accounts)
        .maintenance(store.clone(), RetentionPolicy::default())
        .schedule(Arc::new(schedule.clone()))
        .clock(clock)
        .max_runs(RUNS)
        .every(Operation::LinkListings, Duration::ZERO)
        .build();
    let stop = CancelToken::new();
    let (stopping, packing) = (stop.clone(), fleet.clone());
    tokio::spawn(async move {
        // Without signals the worker runs until it is killed, which it survives.
        if tokio::signal::ctrl_c().await.is_ok() {
            stopping.cancel();
        }
    });
    tokio::spawn(async move { warehouse::pack(&host, &store, &packing).await });
    let abandoned =
        schedule.serve(&fleet, |options| options.concurrency(RUNS).worker_recovery(recovery(speed)), &stop);
    for job in abandoned.await {
        println!("abandoned: {job}");
    }
    Ok(())
}

/// The queue's own intervals, where time passes so many times as fast.
fn recovery(speed: u32) -> WorkerRecoveryConfig {
    let usual = WorkerRecoveryConfig::default();
    WorkerRecoveryConfig {
        heartbeat_interval: usual.heartbeat_interval / speed,
        sweep_interval: usual.sweep_interval / speed,
        sweep_threshold: usual.sweep_threshold / speed,
        recovery_delay: usual.recovery_delay / speed,
        enabled: true,
        ..usual
    }
}
