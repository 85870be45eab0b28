//! A host whose own code reaches the database with sqlx. It takes imported orders, and puts parcels into the outbox, by SQL functions
//! of the connector's schema, each in a transaction of its own making. The connector itself may run in another process.
//!
//! ```text
//! cargo run --manifest-path examples/host_in_sqlx/Cargo.toml -- postgresql://me@localhost/shop
//! ```

use std::{error::Error, process::ExitCode, sync::Arc};

use shipstation_connector::{
    Credentials, ShipStation, ShipStationChannel,
    channel::{
        ChannelConnector, ConnectionId, GetOrders, SyncShipments,
        shipping::{CarrierRule, ShippingRule},
        store::{MappingStoreExt, ShipmentStore},
    },
    stores::{PostgresStore, postgres::PostgresOptions},
    testing::simulator::{SimLine, SimOrder, Simulator, SimulatorConfig},
};
use sqlx::{PgPool, Postgres, Row, Transaction, types::Json};

/// The account, as the host's own code and the connector call it.
const SHOP: &str = "sqlx shop";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("usage: host_in_sqlx DATABASE_URL");
        return ExitCode::FAILURE;
    };
    match play(&url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn play(url: &str) -> Result<(), Box<dyn Error>> {
    let sim = Simulator::start(SimulatorConfig::default()).await?;
    let order = |number| SimOrder::new(number).shipping("Standard").line(SimLine::new("MUG-1", 2, "18.50"));
    for number in ["A-1", "A-2"] {
        sim.account(|account| account.add_order(order(number)));
    }
    let store = Arc::new(PostgresStore::connect(url, &PostgresOptions::default()).await?);
    let channel = connector(&sim, &store).await?;
    let host = PgPool::connect(url).await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS sqlx_order (channel_order text PRIMARY KEY, number text NOT NULL, sent boolean NOT NULL)")
        .execute(&host)
        .await?;

    print!("{}", channel.get_orders(GetOrders::new()).await?);
    let taken = take_orders(&host).await?;
    assert_eq!(take_orders(&host).await?, 0, "each order is handed over once");

    // A parcel whose transaction is taken back was never there.
    let mut tx = host.begin().await?;
    book_parcel(&mut tx, "A-1", "1Z000").await?;
    tx.rollback().await?;
    assert!(store.counts(&ConnectionId::new(SHOP)).await?.is_empty());
    for (number, tracking) in [("A-1", "1Z111"), ("A-2", "1Z222")] {
        let mut tx = host.begin().await?;
        book_parcel(&mut tx, number, tracking).await?;
        tx.commit().await?;
    }
    print!("{}", channel.sync_shipments(SyncShipments::new()).await?);
    let marked = sim.journal().count("POST", "/orders/markasshipped");
    println!("{taken} orders were taken and {marked} parcels reported");
    assert_eq!((taken, marked), (2, 2));
    Ok(())
}

/// The connector, which knows nothing of sqlx.
async fn connector(
    sim: &Simulator,
    store: &Arc<PostgresStore>,
) -> Result<ShipStationChannel, Box<dyn Error>> {
    let connection = ConnectionId::new(SHOP);
    store.replace_shipping_rules(&connection, 0, vec![ShippingRule::exact("Standard", "ground")]).await?;
    store.replace_carrier_rules(&connection, 0, vec![CarrierRule::new("UPS", "ups")]).await?;
    let credentials = Credentials::new(sim.api_key(), sim.api_secret());
    let client = ShipStation::builder(credentials).base_url(sim.url()).clock(sim.clock()).build()?;
    Ok(ShipStationChannel::builder(client, connection, store.stores()).build()?)
}

/// Moves new orders into the host's table: they are there and acknowledged, or neither.
async fn take_orders(host: &PgPool) -> Result<u64, sqlx::Error> {
    let mut tx = host.begin().await?;
    let orders = sqlx::query(
        "SELECT channel_order, order_data ->> 'number' FROM shipstation_connector.take_orders($1, 100)",
    )
    .bind(SHOP)
    .fetch_all(&mut *tx)
    .await?;
    let mut taken = Vec::new();
    for order in &orders {
        let (id, number): (String, String) = (order.try_get(0)?, order.try_get(1)?);
        sqlx::query("INSERT INTO sqlx_order VALUES ($1, $2, false)")
            .bind(&id)
            .bind(number)
            .execute(&mut *tx)
            .await?;
        taken.push(id);
    }
    sqlx::query("SELECT shipstation_connector.acknowledge($1, $2)")
        .bind(SHOP)
        .bind(&taken)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(orders.len() as u64)
}

/// A parcel leaves: the order is booked as sent, and its shipment is in the outbox.
async fn book_parcel(
    tx: &mut Transaction<'_, Postgres>,
    number: &str,
    tracking: &str,
) -> Result<(), sqlx::Error> {
    let book = "UPDATE sqlx_order SET sent = true WHERE number = $1 RETURNING channel_order, now()::text";
    let order = sqlx::query(book).bind(number).fetch_one(&mut **tx).await?;
    let (order, now): (String, String) = (order.try_get(0)?, order.try_get(1)?);
    let shipment = serde_json::json!({
        "id": format!("parcel of {number}"),
        "order": order,
        "shipped_at": now,
        "carrier": "UPS",
        "packages": [{ "tracking": tracking }],
    });
    sqlx::query("SELECT shipstation_connector.enqueue($1, $2)")
        .bind(SHOP)
        .bind(Json(shipment))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
