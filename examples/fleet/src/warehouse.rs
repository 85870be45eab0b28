//! The warehouse: whatever is ready leaves at once. Its parcels are booked and enqueued in one transaction.

use std::{collections::BTreeSet, error::Error, time::Duration};

use shipstation_connector::{
    channel::{ConnectionId, Operation, Shipment},
    client::{Clock, SystemClock},
    fleet::Fleet,
    stores::{PostgresStore, postgres::deadpool_postgres::Pool},
};

pub(crate) async fn pack(host: &Pool, store: &PostgresStore, fleet: &Fleet) {
    loop {
        match pack_some(host, store).await {
            Ok(accounts) if accounts.is_empty() => SystemClock.sleep(Duration::from_millis(500)).await,
            Ok(accounts) => {
                for account in accounts {
                    // A wake-up that is lost is made up for by the interval.
                    let _ = fleet.wake(&account, Operation::SyncShipments).await;
                }
            }
            Err(error) => {
                eprintln!("the warehouse stands still: {error}");
                SystemClock.sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn pack_some(
    host: &Pool,
    store: &PostgresStore,
) -> Result<BTreeSet<ConnectionId>, Box<dyn Error + Send + Sync>> {
    let mut host = host.get().await?;
    let tx = host.transaction().await?;
    let ready = "UPDATE shop_order SET status = 'sent' WHERE id IN (
                     SELECT id FROM shop_order WHERE status = 'ready' ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED)
                 RETURNING account, channel_order, id, (extract(epoch FROM now()))::bigint";
    let mut accounts = BTreeSet::new();
    let now = SystemClock.now();
    for row in tx.query(ready, &[]).await? {
        let account = ConnectionId::new(row.try_get::<_, String>(0)?);
        let (order, id): (String, i64) = (row.try_get(1)?, row.try_get(2)?);
        let shipment = Shipment::new(format!("parcel {id}"), order, now, "UPS", format!("1Z{id:016}"));
        store.enqueue_in(&tx, &account, &[shipment], now).await?;
        accounts.insert(account);
    }
    tx.commit().await?;
    Ok(accounts)
}
