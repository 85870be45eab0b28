//! Importing 10,000 orders end to end, simulator on loopback, no rate limit: `import/floor` reads and decodes the pages
//! and puts the orders into a map, `import/ours` imports them into memory, `import/sqlite` into a file. All three in
//! turn; the middle one of the rounds' ratios counts. Bars: ours 1.3 times the floor, SQLite 1.6 times ours.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may stop at the first surprise"
)]

mod orders;

use std::{collections::HashMap, sync::Arc, time::Duration};

use orders::{ORDERS, import, simulator};
use serde::Deserialize;
use shipstation_connector::{
    channel::store::Stores,
    client::{Clock, Order, SystemClock},
    stores::{MemoryStore, SqliteStore},
    testing::simulator::Simulator,
};

const PAGE: usize = 500;
const ROUNDS: usize = 7;

/// The same pages with nothing but an HTTP client and a decoder.
async fn floor(sim: &Simulator) -> Duration {
    let began = SystemClock.now();
    let http = reqwest::Client::new();
    let mut orders = HashMap::new();
    for page in 1.. {
        let url = format!("{}/orders?orderStatus=awaiting_shipment&pageSize={PAGE}&page={page}", sim.url());
        let request = http.get(url).basic_auth(sim.api_key(), Some(sim.api_secret()));
        let body = request.send().await.unwrap().bytes().await.unwrap();
        let rows = serde_json::from_slice::<Page>(&body).unwrap().orders;
        let last = rows.len() < PAGE;
        orders.extend(rows.into_iter().map(|order| (order.order_id, order)));
        if last {
            break;
        }
    }
    let took = SystemClock.now().since(began);
    assert_eq!(orders.len(), usize::try_from(ORDERS).unwrap());
    took
}

#[derive(Deserialize)]
struct Page {
    orders: Vec<Order>,
}

/// How long each of the three took in one round.
struct Round {
    floor: Duration,
    ours: Duration,
    sqlite: Duration,
}

async fn round(sim: &Simulator) -> Round {
    let floor = floor(sim).await;
    let ours = import(sim, Stores::all_in(Arc::new(MemoryStore::new()))).await;
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("shop.sqlite")).unwrap();
    Round { floor, ours, sqlite: import(sim, Stores::all_in(Arc::new(store))).await }
}

/// The middle one of what `of` says of the rounds.
fn middle(rounds: &[Round], of: impl Fn(&Round) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::main]
async fn main() {
    // A run of the tests only asks whether it works.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { ROUNDS } else { 1 };
    let sim = simulator().await;
    let mut done = Vec::new();
    for _ in 0..rounds {
        done.push(round(&sim).await);
    }
    let millis = |of: fn(&Round) -> Duration| middle(&done, |round| of(round).as_secs_f64() * 1_000.0);
    let over_floor = middle(&done, |round| round.ours.as_secs_f64() / round.floor.as_secs_f64());
    let over_ours = middle(&done, |round| round.sqlite.as_secs_f64() / round.ours.as_secs_f64());
    println!("import/floor   {:5.0} ms", millis(|round| round.floor));
    println!("import/ours    {:5.0} ms, {over_floor:.2} x the floor (bar: 1.30)", millis(|round| round.ours));
    println!("import/sqlite  {:5.0} ms, {over_ours:.2} x ours (bar: 1.60)", millis(|round| round.sqlite));
}
