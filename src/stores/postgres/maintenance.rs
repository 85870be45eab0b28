//! What nobody needs any more is removed, batch by batch; and the store is put in order after a restore.

use async_trait::async_trait;
use tokio_postgres::{Row, Transaction};

use super::{
    PostgresStore, actions, commit, events, history, orders,
    query::{all, execute, first, get, params, text},
    shipments,
};
use crate::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, ConnectionId,
        store::{
            Forgotten, ImportRecord, Maintained, Maintenance, OutboxRow, RESTORE_FENCES, RetentionPolicy,
            StoreError, WITH_LEASE,
        },
    },
    stores::{
        columns::{instant, integer, json, nanos, parse},
        failure::Answer,
        memory::Outbox,
    },
};

const ORDER: &str = "host_order.order_json";
const ROW: &str = "outbox.row_json";

/// Rows that are removed in one transaction, so that a run does not wait long.
const BATCH: i64 = 500;

/// Rows that somebody else has in hand are left to the next time.
macro_rules! old_runs {
    ($of:literal) => {
        concat!(
            "DELETE FROM run WHERE seq IN (
    SELECT old.seq FROM run AS old WHERE old.began < $1 ",
            $of,
            " AND EXISTS (SELECT FROM run AS newer
                WHERE newer.connection = old.connection AND newer.operation = old.operation AND newer.seq > old.seq)
    AND (NOT old.success OR EXISTS (SELECT FROM run AS newer WHERE newer.connection = old.connection
                AND newer.operation = old.operation AND newer.seq > old.seq AND newer.success))
    AND (NOT old.worked OR EXISTS (SELECT FROM run AS newer WHERE newer.connection = old.connection
                AND newer.operation = old.operation AND newer.seq > old.seq AND newer.worked))
    ORDER BY old.began LIMIT $2 FOR UPDATE SKIP LOCKED)"
        )
    };
}
const OLD_RUNS: &str = old_runs!("");
const OLD_QUICK_LOOKS: &str = old_runs!("AND old.operation = 'get_changes'");
/// Of changes that say nothing of their age, it begins now.
const UNDATED_CHANGES: &str = "UPDATE order_change SET recorded = $1 WHERE seq IN (
    SELECT seq FROM order_change WHERE recorded IS NULL LIMIT $2 FOR UPDATE SKIP LOCKED)";
const OLD_CHANGES: &str = "DELETE FROM order_change WHERE seq IN (
    SELECT seq FROM order_change WHERE recorded < $1 ORDER BY recorded LIMIT $2 FOR UPDATE SKIP LOCKED)";
const OLD_EVENTS: &str = "DELETE FROM order_event WHERE (connection, order_id, seq) IN (
    SELECT connection, order_id, seq FROM order_event WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)";
const OLD_ACTIONS: &str = "DELETE FROM order_action WHERE number IN (
    SELECT number FROM order_action WHERE settled < $1 ORDER BY settled LIMIT $2 FOR UPDATE SKIP LOCKED)";
const OLD_SHIPMENTS: &str = "SELECT settled.connection, settled.shipment, settled.revision, settled.row_json::text FROM outbox AS settled WHERE settled.settled < $1
    AND NOT EXISTS (SELECT FROM outbox AS open WHERE open.connection = settled.connection AND open.order_id = settled.order_id
                    AND (open.due_from IS NOT NULL OR open.in_flight OR open.state = 'blocked'))
    ORDER BY settled.settled LIMIT $2 FOR UPDATE SKIP LOCKED";
const OLD_ORDERS: &str =
    "SELECT seq, order_json::text FROM host_order WHERE handed_over AND NOT blanked AND imported_at < $1
    ORDER BY imported_at LIMIT $2 FOR UPDATE SKIP LOCKED";
const OLD_FINGERPRINTS: &str =
    "SELECT connection, order_id FROM host_order WHERE fingerprinted AND imported_at < $1
    ORDER BY imported_at LIMIT $2 FOR UPDATE SKIP LOCKED";

#[async_trait]
impl Maintenance for PostgresStore {
    async fn maintain(&self, policy: &RetentionPolicy, now: Timestamp) -> Result<Maintained, StoreError> {
        let now = self.not_ahead(now).await?;
        let before = |age| nanos(now - age);
        // One row that cannot be read keeps no buyer's data in place.
        let buyers = in_batches(|| self.blanked(before(policy.buyers))).await;
        let fingerprints = in_batches(|| self.without_fingerprints(before(policy.fingerprints))).await;
        let shipments = in_batches(|| self.reduced(before(policy.shipments))).await;
        let dated = in_batches(|| self.removed(UNDATED_CHANGES, nanos(now))).await;
        let changes = in_batches(|| self.removed(OLD_CHANGES, before(policy.changes))).await;
        let looks = in_batches(|| self.removed(OLD_QUICK_LOOKS, before(policy.quick_looks))).await;
        let events = in_batches(|| self.removed(OLD_EVENTS, before(policy.events))).await;
        let actions = in_batches(|| self.removed(OLD_ACTIONS, before(policy.actions))).await;
        let runs = in_batches(|| self.removed(OLD_RUNS, before(policy.runs))).await;
        dated?;
        Ok(Maintained {
            runs: runs? + looks?,
            changes: changes?,
            events: events?,
            shipments: shipments?,
            buyers: buyers?,
            fingerprints: fingerprints?,
            actions: actions?,
        })
    }

    async fn forget_buyer(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<Forgotten, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        self.lock(&tx, connection, orders::LEDGER).await?;
        self.lock(&tx, connection, "history").await?;
        let mut forgotten = Forgotten::default();
        let find = "SELECT seq, order_json::text, handed_over, blanked FROM host_order
                    WHERE connection = $1 AND order_id = $2 FOR UPDATE";
        let (connection, id) = (connection.as_str(), text(order.as_str()));
        let order_of = |row: &Row| {
            Ok((get(row, 0)?, get::<Option<String>>(row, 1)?, get::<bool>(row, 2)?, get::<bool>(row, 3)?))
        };
        match first(&tx, find, params![connection, id], order_of).await? {
            Some((_, _, false, _)) => forgotten.not_acknowledged = true,
            Some((seq, Some(body), true, false)) => blank(&tx, &[(seq, body)]).await?,
            _ => {}
        }
        if !forgotten.not_acknowledged {
            orders::forget_buyer(&tx, connection, order).await?;
            actions::forget_buyer(&tx, connection, &id).await?;
            events::forget_buyer(&tx, connection, &id).await?;
            history::forget_buyer(&tx, connection, &id).await?;
        }
        let rows = "SELECT connection, shipment, revision, row_json::text FROM outbox WHERE connection = $1 AND order_id = $2
                    ORDER BY order_id, shipment, revision FOR UPDATE";
        let rows = all(&tx, rows, params![connection, id], keyed).await?;
        if rows.iter().all(|kept| kept.row.state.is_closed()) {
            reduce(&tx, &rows).await?;
        } else {
            forgotten.shipments_left = rows.len() as u64;
        }
        commit(tx, forgotten).await
    }

    async fn after_restore(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let operations: Vec<&str> = WITH_LEASE.iter().map(|operation| operation.name()).collect();
        let every = "INSERT INTO lease (connection, operation, fence)
                     SELECT DISTINCT connection, operation.name, 0 FROM lease, unnest($1::text[]) AS operation (name)
                     ON CONFLICT DO NOTHING";
        execute(&tx, every, params![operations]).await?;
        for raise in [
            "UPDATE lease SET fence = fence + $1",
            "SELECT setval(seq, nextval(seq) + $1) FROM pg_get_serial_sequence('order_change', 'seq') AS seq",
            "SELECT setval('job_fence', nextval('job_fence') + $1)",
        ] {
            execute(&tx, raise, params![integer(RESTORE_FENCES)]).await?;
        }
        let doubt = "UPDATE work SET work_json = (work_json::jsonb || '{\"outcome_unknown\": true}')::json
                     WHERE follow_up AND state = 'open'";
        execute(&tx, doubt, params![]).await?;
        let open = "SELECT number, row_json::text FROM order_action WHERE settled IS NULL ORDER BY number FOR UPDATE";
        let mut open = all(&tx, open, params![], actions::numbered).await?;
        for row in &mut open {
            row.doubt(now);
        }
        actions::update(&tx, open.iter()).await?;
        let rows = "SELECT connection, shipment, revision, row_json::text FROM outbox WHERE (connection, order_id) IN (
                        SELECT connection, order_id FROM outbox WHERE due_from IS NOT NULL OR in_flight OR state = 'blocked')
                    ORDER BY connection, order_id, shipped_at, shipment, revision FOR UPDATE";
        let rows = all(&tx, rows, params![], keyed).await?;
        let mut doubted = 0;
        for of_one in rows.chunk_by(|a, b| a.connection == b.connection) {
            let Some(Kept { connection, .. }) = of_one.first() else { continue };
            let effects = Outbox::of(of_one.iter().map(|kept| kept.row.clone()).collect()).doubt(now);
            shipments::write(&tx, connection, &effects).await?;
            doubted += effects.rows.len() as u64;
        }
        commit(tx, doubted).await
    }
}

impl PostgresStore {
    /// The host's time, unless it is ahead of the server's.
    async fn not_ahead(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let time = |row: &Row| Ok(instant(get(row, 0)?));
        let server = first(&tx, "SELECT now_nanos($1)", params![nanos(now)], time).await?;
        Ok(server.map_or(now, |server| server.min(now)))
    }

    /// Removes a batch of rows.
    async fn removed(&self, sql: &str, before: i64) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let removed = execute(&tx, sql, params![before, BATCH]).await?;
        commit(tx, removed).await
    }

    async fn reduced(&self, before: i64) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let old = all(&tx, OLD_SHIPMENTS, params![before, BATCH], keyed).await?;
        reduce(&tx, &old).await?;
        commit(tx, old.len() as u64).await
    }

    async fn blanked(&self, before: i64) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let body = |row: &Row| Ok((get(row, 0)?, get(row, 1)?));
        let old: Vec<(i64, String)> = all(&tx, OLD_ORDERS, params![before, BATCH], body).await?;
        blank(&tx, &old).await?;
        commit(tx, old.len() as u64).await
    }

    async fn without_fingerprints(&self, before: i64) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let key = |row: &Row| Ok((get(row, 0)?, get(row, 1)?));
        let old: Vec<(String, String)> = all(&tx, OLD_FINGERPRINTS, params![before, BATCH], key).await?;
        for (connection, order) in &old {
            let order = order.as_str().into();
            orders::forget_fingerprint(&tx, connection, &order, ImportRecord::without_address).await?;
        }
        commit(tx, old.len() as u64).await
    }
}

/// Removes batch after batch, until one is not whole; says how many rows.
async fn in_batches<F: Future<Output = Result<u64, StoreError>>>(
    remove: impl Fn() -> F,
) -> Result<u64, StoreError> {
    let mut total = 0;
    loop {
        let removed = remove().await?;
        total += removed;
        if integer(removed) < BATCH {
            return Ok(total);
        }
    }
}

/// A row of the outbox with its key.
struct Kept {
    connection: String,
    shipment: String,
    revision: i64,
    row: OutboxRow,
}

fn keyed(row: &Row) -> Answer<Kept> {
    let (connection, shipment, revision) = (get(row, 0)?, get(row, 1)?, get(row, 2)?);
    Ok(Kept { connection, shipment, revision, row: parse(ROW, get(row, 3)?)? })
}

/// Keeps of settled rows what stays.
async fn reduce(tx: &Transaction<'_>, settled: &[Kept]) -> Answer<()> {
    execute(
        tx,
        "UPDATE outbox SET row_json = new.row::json, settled = NULL
         FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) AS new (connection, shipment, revision, row)
         WHERE outbox.connection = new.connection COLLATE \"C\" AND outbox.shipment = new.shipment COLLATE \"C\"
           AND outbox.revision = new.revision",
        params![
            settled.iter().map(|kept| kept.connection.as_str()).collect::<Vec<&str>>(),
            settled.iter().map(|kept| kept.shipment.as_str()).collect::<Vec<&str>>(),
            settled.iter().map(|kept| kept.revision).collect::<Vec<i64>>(),
            settled.iter().map(|kept| json(&kept.row.reduced())).collect::<Result<Vec<String>, _>>()?,
        ],
    )
    .await
    .map(drop)
}

/// Keeps of orders what is not their buyers'.
async fn blank(tx: &Transaction<'_>, orders: &[(i64, String)]) -> Answer<()> {
    let (mut numbers, mut bodies) = (Vec::new(), Vec::new());
    for (seq, body) in orders {
        let order: ChannelOrder = parse(ORDER, body)?;
        numbers.push(*seq);
        bodies.push(json(&order.without_buyer())?);
    }
    let put = "UPDATE host_order SET order_json = new.body::json, blanked = true
               FROM unnest($1::bigint[], $2::text[]) AS new (seq, body) WHERE host_order.seq = new.seq";
    execute(tx, put, params![numbers, bodies]).await.map(drop)
}
