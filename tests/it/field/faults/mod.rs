//! Random schedules of everything that was met in the field: the promises hold in all of them.
//!
//! A failure names its seed and what was drawn. `SHIPSTATION_SEED=n` runs one seed alone, `SHIPSTATION_SEEDS=n` more or fewer of
//! them, from 0 on.

mod imports;
mod shipments;
mod truth;
mod variations;

use std::{fmt, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use shipstation_connector::testing::simulator::{SimAddress, SimOrder};

use crate::support::{CaughtLog, World};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// One word for everything that is personal: where it turns up, something leaked.
const PLANTED: &str = "Quillfeather";

/// Runs a schedule for each seed, and fails once all have run.
async fn for_seeds(default: u64, schedule: impl AsyncFn(u64)) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let count = number("SHIPSTATION_SEEDS").unwrap_or(default);
    let mut failed = Vec::new();
    for seed in number("SHIPSTATION_SEED").map_or(0..count, |seed| seed..seed + 1) {
        if AssertUnwindSafe(schedule(seed)).catch_unwind().await.is_err() {
            failed.push(seed);
        }
    }
    assert!(failed.is_empty(), "{} seeds fail: {failed:?}", failed.len());
}

/// What was drawn so far, printed when the schedule fails.
#[derive(Debug)]
struct Story {
    seed: u64,
    lines: Vec<String>,
}

impl Story {
    fn new(seed: u64) -> Self {
        Self { seed, lines: Vec::new() }
    }

    fn tell(&mut self, line: impl fmt::Debug) {
        self.lines.push(format!("{line:?}"));
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("seed {}:\n  {}", self.seed, self.lines.join("\n  "));
        }
    }
}

/// An order whose buyer must not be named anywhere.
fn personal(world: &World, number: &str) -> SimOrder {
    let address = SimAddress::sample().set("name", PLANTED).set("street1", PLANTED).set("phone", PLANTED);
    world
        .order(number)
        .ship_to(address.clone())
        .set("billTo", address)
        .set("customerEmail", format!("{PLANTED}@example.net"))
        .set("customerUsername", PLANTED)
        .set("customerNotes", PLANTED)
}

/// Nothing that was reported or logged names a buyer or a secret.
fn assert_clean(world: &World, texts: &[String], log: &CaughtLog) {
    for text in texts.iter().chain([&log.text()]) {
        for secret in [PLANTED, world.sim.api_secret()] {
            let place = text.find(secret).map(|at| text[..at].chars().rev().take(200).collect::<String>());
            let place = place.map(|place| place.chars().rev().collect::<String>());
            assert_eq!(place, None, "{secret} leaked");
        }
    }
}
