//! "Why is this order not here?", asked of orders that are wrong in different ways.
//!
//! Needs no account: `cargo run --example diagnose --features simulator`
#![allow(clippy::print_stdout)] // this is what an example is for

use std::{error::Error, sync::Arc, time::Duration};

use shipstation_connector::{
    Credentials, Settings, ShipStation, ShipStationChannel,
    channel::{
        ChannelConnector, ConnectionId, DiagnoseOrder, ExplainImports, GetOrders, OrderSelector,
        shipping::ShippingRule,
        store::{MappingStoreExt, Stores},
    },
    client::TagId,
    stores::MemoryStore,
    testing::simulator::{SimLine, SimOrder, Simulator, SimulatorConfig},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Simulator::start(SimulatorConfig::default()).await?;
    let (tag, orders) = fill(&sim);
    let store = Arc::new(MemoryStore::new());
    let connection = ConnectionId::new("shop");
    store.replace_shipping_rules(&connection, 0, vec![ShippingRule::exact("Standard", "ground")]).await?;

    let client = ShipStation::builder(Credentials::new(sim.api_key(), sim.api_secret()))
        .base_url(sim.url())
        .clock(sim.clock())
        .build()?;
    let mut settings = Settings::default();
    settings.orders.tag = Some(TagId::new(tag));
    let channel =
        ShipStationChannel::builder(client, connection, Stores::all_in(store)).settings(settings).build()?;

    let report = channel.get_orders(GetOrders::new()).await?;
    println!("{report}");
    sim.account(|account| account.split_order(orders[0], &[1]));
    for number in ["1001", "1002", "1003", "1004", "1005", "1006"] {
        for answer in
            channel.diagnose_order(DiagnoseOrder::new(OrderSelector::Number(number.to_owned()))).await?
        {
            println!("{answer}");
        }
    }
    println!("{}", channel.why_nothing(ExplainImports::new()).await?);
    Ok(())
}

/// One order that is imported, and others that are not; gives the tag that import wants, and the orders.
fn fill(sim: &Simulator) -> (i64, Vec<i64>) {
    sim.account(|account| {
        let tag = account.add_tag("Dropship");
        let store = account.add_store("Main", "Shopify");
        let now = account.now();
        let order = |number: &str| {
            SimOrder::new(number)
                .store(store)
                .created(now - DAY)
                .ordered(now - DAY * 3)
                .shipping("Standard")
                .line(SimLine::new("MUG-1", 2, "18.50"))
                .line(SimLine::new("TEA-2", 1, "4.20"))
        };
        let orders = [
            order("1001").tag(tag),
            order("1002").tag(tag).status("on_hold").created(now - DAY * 12).ordered(now - DAY * 14),
            order("1003"),
            order("1004").tag(tag).shipping("Standard "),
            order("1005").tag(tag).created(now - DAY * 9),
        ];
        (tag, orders.into_iter().map(|order| account.add_order(order)).collect())
    })
}
