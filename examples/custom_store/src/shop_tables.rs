//! What the shop reads and writes, table by table, always inside a transaction of somebody else.

use rusqlite::{Params, Transaction};
use serde::{Serialize, de::DeserializeOwned};
use shipstation_connector::channel::{
    ChannelOrderId, HostOrderId, OrderFingerprint,
    shipping::ShippingResolution,
    store::{
        ApplyOutcome, HeldOrder, ImportRecord, NewOrder, OrderWork, RunToken, SaveOutcome, StoreError,
        WorkKind, WorkOutcome,
    },
};

/// Lets `?` turn everything into a failure of the store. Messages name no values.
pub(crate) struct Problem(pub(crate) StoreError);

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(_: serde_json::Error) -> Self {
        Self(StoreError::permanent("the shop keeps a value that cannot be read"))
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        let busy = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
        let failure = if busy { StoreError::retryable } else { StoreError::permanent };
        Self(failure("the shop's database failed").with_source(error))
    }
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, Problem> {
    Ok(serde_json::to_string(value)?)
}

/// The first column of every row, read as JSON.
pub(crate) fn values<T: DeserializeOwned>(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl Params,
) -> Result<Vec<T>, Problem> {
    let mut select = tx.prepare_cached(sql)?;
    let texts = select.query_map(params, |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    texts.iter().map(|text| Ok(serde_json::from_str(text)?)).collect()
}

pub(crate) fn value<T: DeserializeOwned>(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl Params,
) -> Result<Option<T>, Problem> {
    Ok(values(tx, sql, params)?.into_iter().next())
}

pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(crate) const RECORD: &str =
    "SELECT record_json FROM channel_import WHERE connection = ?1 AND channel_order = ?2";
pub(crate) const SURVIVORS: &str = "SELECT record_json FROM channel_import JOIN channel_merged
                                   ON survivor = channel_order AND channel_merged.connection = channel_import.connection
                                   WHERE channel_merged.connection = ?1 AND merged = ?2
                                   ORDER BY survivor LIMIT ?3";
pub(crate) const ALIKE: &str = "SELECT record_json FROM channel_import
                                WHERE connection = ?1 AND fingerprint = ?2 ORDER BY channel_order LIMIT ?3";
const HELD: &str =
    "SELECT held_json FROM channel_import WHERE connection = ?1 AND channel_order = ?2 AND held = 1";
pub(crate) const WORK_OF: &str =
    "SELECT work_json FROM channel_work WHERE connection = ?1 AND channel_order = ?2";
pub(crate) const WORK: &str =
    "SELECT work_json FROM channel_work WHERE connection = ?1 AND channel_order = ?2 AND kind = ?3";

/// The shop's own order. Its number in the shop is what the channel gets to know as the host's order.
fn insert_shop_order(tx: &Transaction<'_>, new: &NewOrder) -> Result<i64, Problem> {
    let method = new.shipping.method().map(|method| method.policy.to_string());
    let status = if new.holds.is_empty() { "ready" } else { "held" };
    let order = &new.order;
    tx.execute(
        "INSERT INTO shop_order (number, recipient, country, method, status) VALUES (?1, ?2, ?3, ?4, ?5)",
        (&order.number, &order.ship_to.name, &order.ship_to.country, method, status),
    )?;
    let shop_order = tx.last_insert_rowid();
    for line in order.lines.iter().filter(|line| line.is_shippable()) {
        let params = (shop_order, &line.sku, line.quantity);
        tx.execute("INSERT INTO shop_order_line (shop_order, sku, quantity) VALUES (?1, ?2, ?3)", params)?;
    }
    Ok(shop_order)
}

/// One order: the shop's own, its import record and its follow-ups, inside the transaction of the batch.
pub(crate) fn save(tx: &Transaction<'_>, token: &RunToken, new: &NewOrder) -> Result<SaveOutcome, Problem> {
    let (connection, id) = (token.connection.as_str(), new.order.id.as_str());
    // Safe to look first: the transaction holds the write lock, and the primary key stands behind it.
    if value::<ImportRecord>(tx, RECORD, (connection, id))?.is_some() {
        return Ok(SaveOutcome::AlreadyExists);
    }
    let shop_order = insert_shop_order(tx, new)?;
    let host_order = Some(HostOrderId::new(shop_order.to_string()));
    tx.execute(
        "INSERT INTO channel_import VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            connection,
            id,
            shop_order,
            !new.holds.is_empty(),
            json(&HeldOrder::of(new))?,
            json(&new.record(&token.run, host_order.clone()))?,
            new.fingerprint.as_ref().map(OrderFingerprint::as_str),
        ),
    )?;
    forget_work(tx, connection, &new.order.id, WorkKind::Import)?;
    for work in OrderWork::follow_ups_of(new) {
        put_work(tx, connection, &work)?;
    }
    for merged in &new.order.lineage.merged {
        tx.execute(
            "INSERT OR IGNORE INTO channel_merged VALUES (?1, ?2, ?3)",
            (connection, merged.as_str(), id),
        )?;
    }
    Ok(SaveOutcome::Inserted { host_order })
}

/// What becomes of an entry is decided by the crate; the shop reads and writes.
pub(crate) fn record_work(
    tx: &Transaction<'_>,
    connection: &str,
    outcome: &WorkOutcome,
) -> Result<(), Problem> {
    let kept = value(tx, WORK, (connection, outcome.order.as_str(), outcome.kind.name()))?;
    match OrderWork::step(kept, outcome) {
        Some(work) => put_work(tx, connection, &work),
        None => forget_work(tx, connection, &outcome.order, outcome.kind),
    }
}

pub(crate) fn put_work(tx: &Transaction<'_>, connection: &str, work: &OrderWork) -> Result<(), Problem> {
    let (order, next) = (work.order.as_str(), work.next_attempt.unix_millis());
    let (kind, state) = (work.kind.name(), work.state.name());
    tx.execute(
        "INSERT OR REPLACE INTO channel_work VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (connection, order, kind, work.kind.is_follow_up(), state, next, json(work)?),
    )?;
    Ok(())
}

fn forget_work(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    kind: WorkKind,
) -> Result<(), Problem> {
    let key = (connection, order.as_str(), kind.name());
    tx.execute("DELETE FROM channel_work WHERE connection = ?1 AND channel_order = ?2 AND kind = ?3", key)?;
    Ok(())
}

pub(crate) fn apply(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    text: Option<&str>,
    resolution: &ShippingResolution,
) -> Result<ApplyOutcome, Problem> {
    let key = (connection, order.as_str());
    let (held, record) = (value::<HeldOrder>(tx, HELD, key)?, value::<ImportRecord>(tx, RECORD, key)?);
    let (Some(mut held), Some(mut record)) = (held, record) else { return Ok(ApplyOutcome::NoLongerHeld) };
    let answer = held.apply_shipping(text);
    let ApplyOutcome::Applied { still_held } = answer else { return Ok(answer) };
    record.holds.clone_from(&held.holds);
    tx.execute(
        "UPDATE channel_import SET held = ?3, held_json = ?4, record_json = ?5
         WHERE connection = ?1 AND channel_order = ?2",
        (connection, order.as_str(), still_held, json(&held)?, json(&record)?),
    )?;
    tx.execute(
        "UPDATE shop_order SET method = ?3, status = iif(?4, 'held', 'ready') WHERE id =
             (SELECT shop_order FROM channel_import WHERE connection = ?1 AND channel_order = ?2)",
        (connection, order.as_str(), resolution.method().map(|method| method.policy.to_string()), still_held),
    )?;
    Ok(answer)
}
