//! Serves a simulated ShipStation account on a loopback port, for any client to try things on.
//!
//! ```text
//! cargo run --example simulator --features simulator -- --port 8080 --seconds 60
//! ```
//!
//! Without `--seconds` it runs until it is interrupted. The simulated clock follows the machine's.
#![allow(clippy::print_stdout)] // an example talks to whoever runs it

use std::{process::ExitCode, time::Duration};

use shipstation_connector::{
    Timestamp,
    client::{Clock as _, SystemClock},
    testing::simulator::{Account, SimLine, SimOrder, SimProduct, Simulator, SimulatorConfig},
};

const USAGE: &str = "usage: simulator [--port PORT] [--seconds SECONDS]";

#[derive(Default)]
struct Arguments {
    port: u16,
    seconds: Option<u64>,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            let value = words.next()?;
            match word.as_str() {
                "--port" => arguments.port = value.parse().ok()?,
                "--seconds" => arguments.seconds = Some(value.parse().ok()?),
                _ => return None,
            }
        }
        Some(arguments)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(arguments) = Arguments::read(std::env::args().skip(1)) else {
        println!("{USAGE}");
        return ExitCode::FAILURE;
    };
    let config = SimulatorConfig::default().now(SystemClock.now()).port(arguments.port);
    let sim = match Simulator::start(config).await {
        Ok(sim) => sim,
        Err(error) => {
            println!("The port cannot be opened: {error}");
            return ExitCode::FAILURE;
        }
    };
    sim.account(fill);
    println!("ShipStation V1, simulated: {}", sim.url());
    println!("key {}, secret {} (synthetic)", sim.api_key(), sim.api_secret());
    println!("Two stores, six orders, three products, one tag, one user; 40 requests a minute. Try:");
    let (key, secret, url) = (sim.api_key(), sim.api_secret(), sim.url());
    println!("  curl -u {key}:{secret} '{url}orders?orderStatus=awaiting_shipment'");
    println!("The control API (clock, orders, faults, journal, keys): {url}_simulator/, such as");
    println!("  curl '{url}_simulator/journal'");
    follow_the_clock(&sim, arguments.seconds).await;
    println!("{} requests were served.", sim.journal().len());
    ExitCode::SUCCESS
}

/// Keeps simulated time in step with the machine's until the time is up.
async fn follow_the_clock(sim: &Simulator, seconds: Option<u64>) {
    let end = seconds.map(|seconds| SystemClock.now() + Duration::from_secs(seconds));
    loop {
        let now: Timestamp = SystemClock.now();
        sim.clock().set(now);
        if end.is_some_and(|end| now >= end) {
            return;
        }
        SystemClock.sleep(Duration::from_millis(200)).await;
    }
}

/// A small shop: orders of several ages and states, and the products they are of.
fn fill(account: &mut Account) {
    const DAY: Duration = Duration::from_secs(24 * 3_600);
    let store = account.add_store("Sample shop", "Shopify");
    let rush = account.add_tag("Rush");
    account.add_user("Ops Desk");
    for (sku, price) in [("MUG-BLUE", "18.50"), ("MUG-BLUE-XL", "24.00"), ("SCARF", "64.00")] {
        account.add_product(SimProduct::new(sku).price(price));
    }
    let now = account.now();
    let order = |number: &str, days: u32| SimOrder::new(number).store(store).created(now - DAY * days);
    let mug = || SimLine::new("MUG-BLUE", 2, "18.50");
    account.add_order(order("1001", 0).shipping("Standard").line(mug()));
    account.add_order(order("1002", 1).shipping("Express").tag(rush).line(SimLine::new("SCARF", 1, "64.00")));
    account.add_order(order("1003", 2).line(mug()).line(SimLine::adjustment("WELCOME10", "-3.70")));
    account.add_order(order("1004", 3).status("on_hold").shipping("Standard").line(mug()));
    account.add_order(order("1005", 30).shipping("Standard").line(mug()));
    let shipped = account.add_order(order("1006", 4).shipping("Standard").line(mug()));
    account.ship_by_hand(shipped, "1Z0000000000000017", "ups");
}
