//! A host with orders in tables of its own, in the same SQLite file as the store: an import writes them in the transaction that
//! remembers that they are imported, and a parcel that leaves is enqueued in the transaction that books it.
//!
//! ```text
//! cargo run -p custom_store
//! ```
#![allow(clippy::print_stdout, reason = "an example talks to a person")]

mod shop;

use std::{error::Error, sync::Arc, time::Duration};

use rusqlite::Connection;
use shipstation_connector::{
    Credentials, ShipStation, ShipStationChannel,
    channel::{
        ChannelConnector, ConnectionId, GetOrders, ResolveHeld, Shipment, SyncShipments,
        shipping::{CarrierRule, ShippingRule},
        store::MappingStoreExt,
    },
    stores::SqliteStore,
    testing::simulator::{SimLine, SimOrder, Simulator, SimulatorConfig},
};

use crate::shop::Shop;

const TABLES: &str = "
    CREATE TABLE shop_order (
        id INTEGER PRIMARY KEY, number TEXT NOT NULL, recipient TEXT, method TEXT, status TEXT NOT NULL);
    CREATE TABLE shop_order_line (
        shop_order INTEGER NOT NULL REFERENCES shop_order (id), sku TEXT, quantity INTEGER NOT NULL);";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("shop.sqlite");
    let mut tables = Connection::open(&file)?;
    tables.busy_timeout(Duration::from_secs(10))?;
    tables.execute_batch(TABLES)?;
    let store = Arc::new(SqliteStore::open(&file)?.with_order_writer(Shop));

    let sim = Simulator::start(SimulatorConfig::default()).await?;
    let order = |number: &str, text: &str| {
        SimOrder::new(number).shipping(text).line(SimLine::new("MUG-1", 2, "18.50"))
    };
    let first = sim.account(|account| {
        account.add_order(order("A-1", "Overnight"));
        account.add_order(order("A-2", "Standard"))
    });
    let connection = ConnectionId::new("shop");
    let client = ShipStation::builder(Credentials::new(sim.api_key(), sim.api_secret()))
        .base_url(sim.url())
        .clock(sim.clock())
        .build()?;
    let channel = ShipStationChannel::builder(client, connection.clone(), store.stores()).build()?;
    let mut rules = vec![ShippingRule::exact("Standard", "ground")];
    store.replace_shipping_rules(&connection, 0, rules.clone()).await?;
    store.replace_carrier_rules(&connection, 0, vec![CarrierRule::new("UPS", "ups")]).await?;

    // Both orders are the host's; one waits for a rule that says what its shipping text means.
    print!("{}", channel.get_orders(GetOrders::new()).await?);
    assert_eq!(orders(&tables)?, ["A-1 is held", "A-2 is ready, ground"]);
    rules.push(ShippingRule::exact("Overnight", "express"));
    store.replace_shipping_rules(&connection, 1, rules).await?;
    print!("{}", channel.resolve_held(ResolveHeld::new()).await?);
    assert_eq!(orders(&tables)?, ["A-1 is ready, express", "A-2 is ready, ground"]);

    // A parcel leaves: the order is booked as sent, and its shipment is in the outbox, or neither.
    let now = sim.clock().now();
    let shipment = Shipment::new("parcel 1", first.to_string(), now, "UPS", "1Z999");
    let tx = tables.transaction()?;
    tx.execute("UPDATE shop_order SET status = 'sent' WHERE number = 'A-2'", [])?;
    SqliteStore::enqueue_in(&tx, &connection, &[shipment], now)?;
    tx.commit()?;
    print!("{}", channel.sync_shipments(SyncShipments::new()).await?);
    assert_eq!(orders(&tables)?, ["A-1 is ready, express", "A-2 is sent, ground"]);
    println!("the shop has {}", orders(&tables)?.join("; "));
    Ok(())
}

/// What stands in the host's own table.
fn orders(tables: &Connection) -> rusqlite::Result<Vec<String>> {
    let all =
        "SELECT number || ' is ' || status || ifnull(', ' || method, '') FROM shop_order ORDER BY number";
    tables.prepare(all)?.query_map([], |row| row.get(0))?.collect()
}
