//! The whole cycle against a simulated ShipStation: check, link, import, hold, map, release, ship, sync, and all
//! of it again. Run it with `cargo run --example quickstart`; it needs no account and takes seconds.

#![allow(clippy::print_stdout)]

#[path = "quickstart/progress.rs"]
mod progress;
#[path = "quickstart/promises.rs"]
mod promises;
#[path = "quickstart/scenario.rs"]
mod scenario;

use std::{fmt::Display, process::ExitCode, sync::Arc};

use progress::{Bar, Log};
use promises::Witness;
use scenario::{Outcome, Scenario};
use shipstation_connector::channel::{
    ChannelConnector, CheckConnection, GetOrders, LinkListings, ResolveHeld, RunControl, RunObserver,
    SyncShipments,
    shipping::{Comparison, ShippingDefaults, ShippingRules, suggest},
    store::{MappingStore, MappingStoreExt, OrderStore},
};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("the quickstart failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Outcome<bool> {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish()
        .with(Targets::new().with_target("shipstation_connector", LevelFilter::TRACE))
        .init();
    let scenario = Scenario::start().await?;
    println!("A simulated ShipStation at {} with 1,200 orders and 300 products.", scenario.sim.url());
    println!("Its clock is simulated too: waiting for the 40 requests a minute costs no time here.");
    let mut printer = Printer::default();

    let wanted = scenario.wanted();
    let tracking = first_cycle(&scenario, &mut printer).await?;
    let first_cycle = scenario.sim.journal().len();
    second_cycle(&scenario, &mut printer).await?;

    let words = format!("{}{}", log.text(), printer.reports);
    let witness = Witness { wanted, tracking, first_cycle, words };
    let promises = promises::gather(&scenario, &witness).await?;
    heading("The promises, and the evidence from the simulator's journal and the host's store");
    for promise in &promises {
        let word = if promise.kept { "kept" } else { "BROKEN" };
        println!("  {word:<7} {:<45} {}", promise.text, promise.evidence);
    }
    println!(
        "\n  {} requests in all, over {} simulated minutes",
        scenario.sim.journal().len(),
        minutes(&scenario)
    );
    Ok(promises.iter().all(|promise| promise.kept))
}

async fn first_cycle(
    scenario: &Scenario,
    printer: &mut Printer,
) -> Outcome<std::collections::BTreeMap<String, String>> {
    let channel = &scenario.channel;
    heading("1. Check the configuration");
    printer.show(&channel.check(CheckConnection::new()).await?);

    heading("2. Link listings by SKU");
    printer.show(&channel.link_listings(LinkListings::with(with_bar(300))).await?);

    heading("3. Get orders: the last 7 days, with the tag, assigned to a user (one page will fail once)");
    scenario.disturb();
    printer.show(&channel.get_orders(GetOrders::with(with_bar(400))).await?);

    heading("4. Held orders: their shipping text is not mapped");
    show_held(scenario).await?;

    heading("5. Add the missing mapping and release them");
    scenario.map_the_missing_text().await?;
    printer.show(&channel.resolve_held(ResolveHeld::new()).await?);

    heading("6. Import again before anything is shipped");
    printer.show(&channel.get_orders(GetOrders::new()).await?);

    heading("7. Ship everything and send the tracking numbers (one answer will be lost on its way back)");
    let tracking = scenario.ship_everything().await?;
    let length = u64::try_from(tracking.len())?;
    printer.show(&channel.sync_shipments(SyncShipments::with(with_bar(length))).await?);
    Ok(tracking)
}

async fn second_cycle(scenario: &Scenario, printer: &mut Printer) -> Outcome<()> {
    scenario.wait();
    heading("8. A quarter of an hour later: all of it again");
    let channel = &scenario.channel;
    printer.show(&channel.link_listings(LinkListings::new()).await?);
    printer.show(&channel.get_orders(GetOrders::new()).await?);
    printer.show(&channel.sync_shipments(SyncShipments::new()).await?);
    Ok(())
}

async fn show_held(scenario: &Scenario) -> Outcome<()> {
    let held = scenario.store.held(&scenario.connection, None, 500).await?;
    println!("  {} orders are held, the first of them:", held.len());
    for order in held.iter().take(3) {
        let why: Vec<String> = order.holds.iter().map(ToString::to_string).collect();
        println!("    {} ({}): {}", order.number, order.order, why.join("; "));
    }
    let table = scenario.store.shipping_rules(&scenario.connection).await?;
    let rules = ShippingRules::compile(&table.rows, ShippingDefaults::none(), Comparison::Exact)?;
    for text in scenario.store.unmapped(&scenario.connection).await? {
        let store = text.store.as_ref().map(|store| format!(" of store {store}")).unwrap_or_default();
        println!("  not mapped: \"{}\"{store}, seen on {} orders", text.escaped_text(), text.count);
        for suggestion in suggest(&text.text, text.store.as_ref(), &rules).iter().take(1) {
            println!("    {suggestion}");
        }
    }
    Ok(())
}

fn with_bar(length: u64) -> RunControl {
    let bar: Arc<dyn RunObserver> = Bar::new(length);
    RunControl::new().observer(bar)
}

/// Prints reports and keeps them, to be searched for secrets at the end.
#[derive(Default)]
struct Printer {
    reports: String,
}

impl Printer {
    fn show(&mut self, report: &impl Display) {
        let text = report.to_string();
        for line in text.lines() {
            println!("  {line}");
        }
        self.reports.push_str(&text);
    }
}

fn heading(text: &str) {
    println!("\n{text}");
}

fn minutes(scenario: &Scenario) -> u64 {
    let journal = scenario.sim.journal();
    match journal.entries() {
        [first, .., last] => last.at.since(first.at).as_secs().div_ceil(60),
        _ => 0,
    }
}
