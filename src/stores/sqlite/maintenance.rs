//! What nobody needs any more is removed, batch by batch; and the store is put in order after a restore.

use async_trait::async_trait;
use rusqlite::Transaction;

use super::{
    SqliteStore, actions, events, history, key, orders,
    query::{all, execute, first, from_json},
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
        columns::{integer, json, nanos, parse},
        failure::Answer,
        memory::Outbox,
    },
};

const ORDER: &str = "shipstation_host_order.order_json";
const ROW: &str = "shipstation_outbox.row_json";

/// Rows that are removed in one transaction, so that a run does not wait long.
const BATCH: i64 = 500;

macro_rules! old_runs {
    ($of:literal) => {
        concat!(
            "DELETE FROM shipstation_run WHERE seq IN (
    SELECT old.seq FROM shipstation_run AS old WHERE old.began < ?1 ",
            $of,
            " AND EXISTS (SELECT 1 FROM shipstation_run AS newer
                WHERE newer.connection = old.connection AND newer.operation = old.operation AND newer.seq > old.seq)
    AND (old.success = 0 OR EXISTS (SELECT 1 FROM shipstation_run AS newer WHERE newer.connection = old.connection
                AND newer.operation = old.operation AND newer.seq > old.seq AND newer.success = 1))
    AND (old.worked = 0 OR EXISTS (SELECT 1 FROM shipstation_run AS newer WHERE newer.connection = old.connection
                AND newer.operation = old.operation AND newer.seq > old.seq AND newer.worked = 1))
    LIMIT ?2)"
        )
    };
}
const OLD_RUNS: &str = old_runs!("");
const OLD_QUICK_LOOKS: &str = old_runs!("AND old.operation = 'get_changes'");
/// Of changes that say nothing of their age, it begins now.
const UNDATED_CHANGES: &str = "UPDATE shipstation_order_change SET recorded = ?1 WHERE seq IN (
    SELECT seq FROM shipstation_order_change WHERE recorded IS NULL LIMIT ?2)";
const OLD_CHANGES: &str = "DELETE FROM shipstation_order_change WHERE seq IN (
    SELECT seq FROM shipstation_order_change WHERE recorded < ?1 LIMIT ?2)";
const OLD_EVENTS: &str = "DELETE FROM shipstation_order_event WHERE (connection, order_id, seq) IN (
    SELECT connection, order_id, seq FROM shipstation_order_event WHERE at < ?1 LIMIT ?2)";
const OLD_ACTIONS: &str = "DELETE FROM shipstation_action WHERE number IN (
    SELECT number FROM shipstation_action WHERE settled < ?1 LIMIT ?2)";

#[async_trait]
impl Maintenance for SqliteStore {
    /// The old bytes of buyers' data are overwritten in the file and in its log. Copies of the file are the host's business.
    async fn maintain(&self, policy: &RetentionPolicy, now: Timestamp) -> Result<Maintained, StoreError> {
        // One row that cannot be read keeps no buyer's data in place.
        let buyers = self.in_batches(now - policy.buyers, blank_orders).await;
        let fingerprints = self.in_batches(now - policy.fingerprints, forget_fingerprints).await;
        let shipments = self.in_batches(now - policy.shipments, reduce_shipments).await;
        let dated = self.removed(UNDATED_CHANGES, now).await;
        let changes = self.removed(OLD_CHANGES, now - policy.changes).await;
        let looks = self.removed(OLD_QUICK_LOOKS, now - policy.quick_looks).await;
        let events = self.removed(OLD_EVENTS, now - policy.events).await;
        let actions = self.removed(OLD_ACTIONS, now - policy.actions).await;
        let runs = self.removed(OLD_RUNS, now - policy.runs).await;
        // Last, so that nothing of what was removed stays in the log.
        let emptied = self.writer.run(|db| Ok(empty_log(db)?)).await;
        emptied.and(dated.map(drop))?;
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
        let (connection, order) = (key(connection), order.clone());
        let forgotten = self.change(move |tx| forget_buyer(tx, &connection, &order)).await?;
        self.writer.run(|db| Ok(empty_log(db)?)).await?;
        Ok(forgotten)
    }

    async fn after_restore(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.change(move |tx| after_restore(tx, now)).await
    }
}

impl SqliteStore {
    /// Removes what `sql` names, batch after batch.
    async fn removed(&self, sql: &'static str, before: Timestamp) -> Result<u64, StoreError> {
        self.in_batches(before, move |tx, before| execute(tx, sql, (before, BATCH))).await
    }

    /// Does it again until it has done less than a batch.
    async fn in_batches(
        &self,
        before: Timestamp,
        remove: impl Fn(&Transaction<'_>, i64) -> Answer<usize> + Copy + Send + 'static,
    ) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let removed = self.change(move |tx| remove(tx, nanos(before))).await?;
            total += removed as u64;
            if integer(removed) < BATCH {
                return Ok(total);
            }
        }
    }
}

fn reduce_shipments(tx: &Transaction<'_>, before: i64) -> Answer<usize> {
    let settled: Vec<(i64, OutboxRow)> = all(
        tx,
        "SELECT settled.rowid, settled.row_json FROM shipstation_outbox AS settled WHERE settled.settled < ?1
         AND NOT EXISTS (SELECT 1 FROM shipstation_outbox AS open
                         WHERE open.connection = settled.connection AND open.order_id = settled.order_id
                         AND (open.due_from IS NOT NULL OR open.in_flight = 1 OR open.state = 'blocked'))
         LIMIT ?2",
        (before, BATCH),
        numbered,
    )?;
    reduce(tx, settled)
}

fn numbered(row: &rusqlite::Row<'_>) -> Answer<(i64, OutboxRow)> {
    Ok((row.get(0)?, parse(ROW, &row.get::<_, String>(1)?)?))
}

fn reduce(tx: &Transaction<'_>, settled: Vec<(i64, OutboxRow)>) -> Answer<usize> {
    let put = "UPDATE shipstation_outbox SET row_json = ?2, settled = NULL WHERE rowid = ?1";
    let reduced = settled.len();
    for (number, row) in settled {
        execute(tx, put, (number, json(&row.reduced())?))?;
    }
    Ok(reduced)
}

fn blank_orders(tx: &Transaction<'_>, before: i64) -> Answer<usize> {
    let old: Vec<(i64, String)> = all(
        tx,
        "SELECT seq, order_json FROM shipstation_host_order
         WHERE handed_over = 1 AND blanked = 0 AND imported_at < ?1 LIMIT ?2",
        (before, BATCH),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let blanked = old.len();
    for (seq, order) in old {
        blank(tx, seq, &order)?;
    }
    Ok(blanked)
}

fn blank(tx: &Transaction<'_>, seq: i64, order: &str) -> Answer<()> {
    let order: ChannelOrder = parse(ORDER, order)?;
    let put = "UPDATE shipstation_host_order SET order_json = ?2, blanked = 1 WHERE seq = ?1";
    execute(tx, put, (seq, json(&order.without_buyer())?)).map(drop)
}

fn forget_fingerprints(tx: &Transaction<'_>, before: i64) -> Answer<usize> {
    let old: Vec<(String, String)> = all(
        tx,
        "SELECT connection, order_id FROM shipstation_host_order WHERE fingerprinted = 1 AND imported_at < ?1 LIMIT ?2",
        (before, BATCH),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for (connection, order) in &old {
        orders::forget_fingerprint(tx, connection, &order.as_str().into(), ImportRecord::without_address)?;
    }
    Ok(old.len())
}

fn forget_buyer(tx: &Transaction<'_>, connection: &str, order: &ChannelOrderId) -> Answer<Forgotten> {
    let mut forgotten = Forgotten::default();
    let kept = first(
        tx,
        "SELECT seq, order_json, handed_over, blanked FROM shipstation_host_order WHERE connection = ?1 AND order_id = ?2",
        (connection, order.as_str()),
        |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, bool>(2)?, row.get(3)?))
        },
    )?;
    match kept {
        Some((_, _, false, _)) => forgotten.not_acknowledged = true,
        Some((seq, Some(body), true, false)) => blank(tx, seq, &body)?,
        _ => {}
    }
    if !forgotten.not_acknowledged {
        orders::forget_buyer(tx, connection, order)?;
        actions::forget_buyer(tx, connection, order.as_str())?;
        events::forget_buyer(tx, connection, order.as_str())?;
        history::forget_buyer(tx, connection, order)?;
    }
    let rows = "SELECT rowid, row_json FROM shipstation_outbox WHERE connection = ?1 AND order_id = ?2";
    let rows = all(tx, rows, (connection, order.as_str()), numbered)?;
    if rows.iter().all(|(_, row)| row.state.is_closed()) {
        reduce(tx, rows)?;
    } else {
        forgotten.shipments_left = rows.len() as u64;
    }
    Ok(forgotten)
}

fn after_restore(tx: &Transaction<'_>, now: Timestamp) -> Answer<u64> {
    let raise = integer(RESTORE_FENCES);
    for operation in WITH_LEASE.iter().copied() {
        let every = "INSERT INTO shipstation_lease (connection, operation, fence)
                     SELECT DISTINCT connection, ?1, 0 FROM shipstation_lease WHERE true ON CONFLICT DO NOTHING";
        execute(tx, every, [operation.name()])?;
    }
    execute(tx, "UPDATE shipstation_lease SET fence = fence + ?1", [raise])?;
    let begin = "INSERT INTO sqlite_sequence (name, seq) SELECT 'shipstation_order_change', 0
                 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'shipstation_order_change')";
    execute(tx, begin, [])?;
    execute(
        tx,
        "UPDATE sqlite_sequence SET seq = seq + ?1 WHERE name = 'shipstation_order_change'",
        [raise],
    )?;
    execute(
        tx,
        "UPDATE shipstation_work SET work_json = json_set(work_json, '$.outcome_unknown', json('true'))
         WHERE follow_up = 1 AND state = 'open'",
        [],
    )?;
    let open = "SELECT number, row_json FROM shipstation_action WHERE settled IS NULL";
    for mut row in all(tx, open, [], actions::numbered)? {
        row.doubt(now);
        actions::update(tx, &row)?;
    }
    let orders: Vec<(String, String)> = all(
        tx,
        "SELECT DISTINCT connection, order_id FROM shipstation_outbox
         WHERE due_from IS NOT NULL OR in_flight = 1 OR state = 'blocked'",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut doubted = 0;
    for (connection, order) in orders {
        let rows = "SELECT row_json FROM shipstation_outbox WHERE connection = ?1 AND order_id = ?2";
        let rows = all(tx, rows, (&connection, order), from_json(ROW))?;
        let effects = Outbox::of(rows).doubt(now);
        shipments::write(tx, &connection, &effects)?;
        doubted += effects.rows.len() as u64;
    }
    Ok(doubted)
}

/// Moves the log into the file and cuts it off, so that the old pages are not kept there.
fn empty_log(db: &rusqlite::Connection) -> Answer<()> {
    // A reader may keep the log in use; the next call tries again.
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
