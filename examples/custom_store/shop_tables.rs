//! What the shop reads and writes, table by table, always inside a transaction of somebody else.

use rusqlite::{Params, Transaction};
use serde::{Serialize, de::DeserializeOwned};
use shipstation_connector::channel::{
    ChannelOrderId, HoldReason, HostOrderId, OrderFingerprint,
    shipping::ShippingResolution,
    store::{
        Applied, FailureRecord, FollowUp, FollowUpOutcome, FollowUpResult, HeldOrder, ImportRecord, NewOrder,
        OrderFailure, RunToken, SaveOutcome, StoreError,
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
                                   WHERE channel_merged.connection = ?1 AND merged = ?2 ORDER BY survivor";
pub(crate) const ALIKE: &str = "SELECT record_json FROM channel_import
                                WHERE connection = ?1 AND fingerprint = ?2 ORDER BY channel_order LIMIT ?3";
const HELD: &str =
    "SELECT held_json FROM channel_import WHERE connection = ?1 AND channel_order = ?2 AND held = 1";
const TASK: &str = "SELECT task_json FROM channel_task
                    WHERE connection = ?1 AND channel_order = ?2 AND kind = ?3 AND state = 'open'";
pub(crate) const FAILURE: &str =
    "SELECT failure_json FROM channel_failure WHERE connection = ?1 AND channel_order = ?2";

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
    for follow_up in &new.follow_ups {
        let task = FollowUp::open(new.order.id.clone(), follow_up.clone(), new.imported_at);
        let at = new.imported_at.unix_millis();
        tx.execute(
            "INSERT INTO channel_task VALUES (?1, ?2, ?3, 'open', ?4, ?4, NULL, ?5) ON CONFLICT DO NOTHING",
            (connection, id, json(&task.kind)?, at, json(&task)?),
        )?;
    }
    for merged in &new.order.lineage.merged {
        tx.execute(
            "INSERT OR IGNORE INTO channel_merged VALUES (?1, ?2, ?3)",
            (connection, merged.as_str(), id),
        )?;
    }
    forget_failure(tx, connection, &new.order.id)?;
    Ok(SaveOutcome::Inserted { host_order })
}

pub(crate) fn forget_failure(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
) -> Result<(), Problem> {
    tx.execute(
        "DELETE FROM channel_failure WHERE connection = ?1 AND channel_order = ?2",
        (connection, order.as_str()),
    )?;
    Ok(())
}

pub(crate) fn settle(
    tx: &Transaction<'_>,
    connection: &str,
    outcome: &FollowUpOutcome,
) -> Result<(), Problem> {
    let kind = json(&outcome.kind)?;
    let key = (connection, outcome.order.as_str(), &kind);
    let Some(mut task) = value::<FollowUp>(tx, TASK, key)? else { return Ok(()) };
    let (mut state, mut not_before, mut tried) = ("open", None, None);
    match &outcome.result {
        FollowUpResult::Attempting { wanted } => task.attempt(wanted),
        FollowUpResult::Pending { next_attempt, outcome_unknown, .. } => {
            task.outcome_unknown = *outcome_unknown;
            not_before = Some(next_attempt.unix_millis());
        }
        FollowUpResult::Failed { wanted, .. } => (state, tried) = ("failed", Some(wanted)),
        _ => state = "closed",
    }
    tx.execute(
        "UPDATE channel_task SET state = ?4, not_before = ifnull(?5, not_before), wanted = ?6, task_json = ?7
         WHERE connection = ?1 AND channel_order = ?2 AND kind = ?3",
        (connection, outcome.order.as_str(), kind, state, not_before, tried, json(&task)?),
    )?;
    Ok(())
}

pub(crate) fn record_failure(
    tx: &Transaction<'_>,
    connection: &str,
    failure: OrderFailure,
) -> Result<(), Problem> {
    let id = failure.order.clone();
    let record = match value::<FailureRecord>(tx, FAILURE, (connection, id.as_str()))? {
        Some(known) => known.again(failure),
        None => FailureRecord::first(failure),
    };
    put_failure(tx, connection, &id, &record)
}

pub(crate) fn put_failure(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    record: &FailureRecord,
) -> Result<(), Problem> {
    let next = record.last.next_attempt.unix_millis();
    tx.execute(
        "INSERT OR REPLACE INTO channel_failure VALUES (?1, ?2, ?3, ?4, ?5)",
        (connection, order.as_str(), record.dismissed, next, json(record)?),
    )?;
    Ok(())
}

pub(crate) fn apply(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    text: Option<&str>,
    resolution: &ShippingResolution,
) -> Result<Applied, Problem> {
    let key = (connection, order.as_str());
    let (held, record) = (value::<HeldOrder>(tx, HELD, key)?, value::<ImportRecord>(tx, RECORD, key)?);
    let (Some(mut held), Some(mut record)) = (held, record) else { return Ok(Applied::NoLongerHeld) };
    if !held.holds.iter().any(HoldReason::is_about_shipping) {
        return Ok(Applied::NoLongerHeld);
    }
    if held.text.as_deref() != text {
        return Ok(Applied::Stale);
    }
    held.holds.retain(|hold| !hold.is_about_shipping());
    record.holds.clone_from(&held.holds);
    let still_held = !held.holds.is_empty();
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
    Ok(Applied::Applied { still_held })
}
