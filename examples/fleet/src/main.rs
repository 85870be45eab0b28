//! A worker for many ShipStation accounts: started once or a hundred times on as many machines, it shares the work of the accounts in
//! a table of the host's with every other one. Killed, the others take its work over.
//!
//! ```text
//! cargo run -p fleet -- postgresql://me@localhost/shop
//! ```
//!
//! The host's tables are made where they are missing. An account is a row: `INSERT INTO account (name, api_key, api_secret) VALUES …`.
//! `--since SECONDS --speed N` lets time pass N times as fast since that Unix time, for a demonstration on a simulator that does the same.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to a person")]

mod accounts;
mod clock;
mod shop;
mod warehouse;

use std::{error::Error, process::ExitCode, sync::Arc, time::Duration};

use shipstation_connector::{
    channel::{CancelToken, Operation, store::RetentionPolicy},
    fleet::Fleet,
    stores::postgres::{PostgresOptions, PostgresSchedule, PostgresStore},
};

use crate::{accounts::Accounts, clock::FastClock, shop::Shop};

const USAGE: &str = "usage: fleet DATABASE_URL [--since SECONDS --speed N]";

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (url, clock) = match words.as_slice() {
        [url] => (url, Some(FastClock::usual())),
        [url, "--since", since, "--speed", speed] => (url, FastClock::read(since, speed)),
        _ => (&"", None),
    };
    let Some(clock) = clock else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    match work(url, Arc::new(clock)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn work(url: &str, clock: Arc<FastClock>) -> Result<(), Box<dyn Error>> {
    let store = PostgresStore::connect(url, &PostgresOptions::default()).await?.with_order_writer(Shop);
    let store = Arc::new(store);
    let host = store.pool().clone();
    shop::create(&host).await?;
    let accounts = Arc::new(Accounts::new(host.clone(), store.clone(), clock.clone()));
    let fleet = Fleet::builder(accounts)
        .maintenance(store.clone(), RetentionPolicy::default())
        .schedule(Arc::new(PostgresSchedule::new(store.clone()).listen(url)))
        .clock(clock)
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
    let left = fleet.run(&stop).await;
    for job in left {
        println!("abandoned: {job}");
    }
    Ok(())
}
