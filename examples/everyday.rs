//! A day of an order-management system: its own rule about new orders, quick looks, what people did in ShipStation since, holds
//! and tags, the story of one order, what is stuck, a back-fill, webhooks, and a key pair that expires.
//!
//! Needs no account: `cargo run --example everyday`
#![allow(clippy::print_stdout)] // this is what an example is for

use std::{error::Error, sync::Arc, time::Duration};

use shipstation_connector::{
    Credentials, Settings, ShipStation, ShipStationChannel,
    channel::{
        ChannelConnector, ChannelOrder, EnsureWebhooks, FindStuck, GetOrders, HoldOrder, ImportDecision,
        OrderRange, OrderSelector, OrderTimeline, ProposedImport, RunControl,
        shipping::ShippingRule,
        store::{HistoryStore, MappingStoreExt},
    },
    client::KeyPairs,
    stores::MemoryStore,
    testing::simulator::{SimLine, SimOrder, Simulator, SimulatorConfig},
};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Nobody ships a gift wrap, and large orders wait for a look at them.
fn rule(order: &ChannelOrder, _: &ProposedImport<'_>) -> ImportDecision {
    let wrapping = order.lines.iter().filter(|line| line.sku.as_deref() == Some("GIFT-WRAP"));
    let is_large = order.totals.total.is_some_and(|total| total > 500.into());
    let decision = if is_large { ImportDecision::hold("above 500") } else { ImportDecision::accept() };
    decision.not_shippable(wrapping.map(|line| line.id.clone()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Simulator::in_process(SimulatorConfig::default());
    let store = Arc::new(MemoryStore::new());
    store
        .replace_shipping_rules(&"my shop".into(), 0, vec![ShippingRule::exact("Standard", "ground")])
        .await?;
    // An account has two pairs. When the first expires, the client goes on with the second.
    sim.add_key("second-key", "second-secret");
    let pairs = KeyPairs::new(
        Credentials::new(sim.api_key(), sim.api_secret()),
        Credentials::new("second-key", "second-secret"),
    );
    let client = ShipStation::builder(pairs)
        .base_url(sim.url())
        .transport(sim.transport())
        .clock(sim.clock())
        .build()?;
    let mut settings = Settings::default();
    settings.orders.watch_changes = true;
    settings.actions.enabled = true;
    let channel = ShipStationChannel::builder(client, "my shop", store.stores())
        .settings(settings)
        .import_policy(rule)
        .webhook_secret("a-long-random-text-of-yours")
        .build()?;

    let [mug, vase] = fill(&sim);
    println!("{}", channel.get_orders(GetOrders::new()).await?);

    println!("-- people do things in ShipStation, and the first key expires");
    sim.clock().advance(MINUTE * 10);
    sim.account(|account| account.ship_by_hand(mug, "9400111", "USPS"));
    sim.expire_key(sim.api_key(), sim.clock().now());
    println!("{}", channel.get_orders(GetOrders::changes_only()).await?);
    for recorded in store.changes(channel.connection(), None, 100).await? {
        for what in recorded.change.what {
            println!("order {}: {what}", recorded.change.number);
        }
    }

    println!("\n-- the host holds an order, and asks what happened to it");
    let until = sim.clock().now() + DAY * 3;
    println!("{}", channel.hold_order(HoldOrder::new(vase.to_string(), until)).await?);
    println!("{}", channel.timeline(OrderTimeline::new(OrderSelector::Id(vase.to_string().into()))).await?);

    println!("-- days later: what has waited for too long, and what a back-fill would bring");
    sim.clock().advance(DAY * 2);
    println!("{}", channel.stuck(FindStuck::new()).await?);
    let now = sim.clock().now();
    let dry = RunControl::new().dry_run();
    let january = GetOrders::back_fill(OrderRange::new(now - DAY * 60, now - DAY * 30)).control(dry);
    println!("{}", channel.get_orders(january).await?);
    println!(
        "{}",
        channel.ensure_webhooks(EnsureWebhooks::new("https://hooks.example.com/shipstation")).await?
    );
    Ok(())
}

fn fill(sim: &Simulator) -> [i64; 2] {
    sim.account(|account| {
        let now = account.now();
        let order = |number: &str, age| SimOrder::new(number).created(now - age).shipping("Standard");
        account.add_order(order("0997", DAY * 40).line(SimLine::new("MUG-1", 1, "18.50")));
        let mug = order("1001", MINUTE * 30).line(SimLine::new("MUG-1", 2, "18.50"));
        let vase = order("1002", MINUTE * 20).line(SimLine::new("VASE-9", 1, "620.00"));
        let wrap = SimLine::new("GIFT-WRAP", 1, "4.00");
        [account.add_order(mug.line(wrap)), account.add_order(vase)]
    })
}
