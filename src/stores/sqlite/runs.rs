//! Leases and run history.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Transaction};

use super::{
    SqliteStore,
    convert::{Answer, instant, integer, json, nanos, parse, unsigned},
    key,
};
use crate::{
    Timestamp,
    channel::{
        ConnectionId, Operation,
        store::{Begin, NewRun, RunState, RunStore, RunSummary, RunToken, StoreError},
    },
};

/// Runs that are kept per connection and operation, beside the newest that did its work.
const HISTORY: i64 = 1_000;

#[async_trait]
impl RunStore for SqliteStore {
    async fn begin(&self, run: NewRun) -> Result<Begin, StoreError> {
        self.change(move |tx| begin(tx, &run)).await
    }

    async fn heartbeat(&self, token: &RunToken, ttl: Duration, now: Timestamp) -> Result<(), StoreError> {
        let token = token.clone();
        self.change(move |tx| {
            let renewed = tx
                .prepare_cached(
                    "UPDATE lease SET expires = ?4, length = ?5
                     WHERE connection = ?1 AND operation = ?2 AND fence = ?3 AND run IS NOT NULL",
                )?
                .execute((
                    token.connection.as_str(),
                    token.operation.name(),
                    integer(token.fence),
                    nanos(now + ttl),
                    length(ttl),
                ))?;
            if renewed == 0 { Err(StoreError::lost_lease().into()) } else { Ok(()) }
        })
        .await
    }

    async fn finish(&self, token: &RunToken, summary: RunSummary) -> Result<(), StoreError> {
        let token = token.clone();
        self.change(move |tx| finish(tx, &token, &summary)).await
    }

    async fn last_success(
        &self,
        connection: &ConnectionId,
        operation: Operation,
    ) -> Result<Option<RunSummary>, StoreError> {
        let connection = key(connection);
        self.read(move |tx| {
            let json: Option<String> = tx
                .prepare_cached(
                    "SELECT summary_json FROM run WHERE connection = ?1 AND operation = ?2 AND success = 1
                     ORDER BY seq DESC LIMIT 1",
                )?
                .query_row((connection, operation.name()), |row| row.get(0))
                .optional()?;
            json.map(|json| parse("run.summary_json", &json)).transpose()
        })
        .await
    }

    async fn recent(
        &self,
        connection: &ConnectionId,
        operation: Operation,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let connection = key(connection);
        self.read(move |tx| {
            let mut newest = tx.prepare_cached(
                "SELECT summary_json FROM run WHERE connection = ?1 AND operation = ?2
                 ORDER BY seq DESC LIMIT ?3",
            )?;
            let mut rows = newest.query((connection, operation.name(), integer(limit)))?;
            let mut summaries = Vec::new();
            while let Some(row) = rows.next()? {
                summaries.push(parse("run.summary_json", row.get_ref(0)?.as_str().unwrap_or_default())?);
            }
            Ok(summaries)
        })
        .await
    }
}

/// A row of the lease table.
struct Lease {
    fence: i64,
    holder: Option<Holder>,
}

struct Holder {
    owner: String,
    since: i64,
    expires: i64,
    length: Option<i64>,
}

fn lease(tx: &Transaction<'_>, connection: &str, operation: Operation) -> Answer<Option<Lease>> {
    let lease = tx
        .prepare_cached(
            "SELECT fence, owner, since, expires, length FROM lease WHERE connection = ?1 AND operation = ?2",
        )?
        .query_row((connection, operation.name()), |row| {
            let holder = match (row.get(1)?, row.get(2)?, row.get(3)?) {
                (Some(owner), Some(since), Some(expires)) => {
                    Some(Holder { owner, since, expires, length: row.get(4)? })
                }
                _ => None,
            };
            Ok(Lease { fence: row.get(0)?, holder })
        })
        .optional()?;
    Ok(lease)
}

fn begin(tx: &Transaction<'_>, run: &NewRun) -> Answer<Begin> {
    let connection = run.connection.as_str();
    let lease = lease(tx, connection, run.operation)?;
    let fence = lease.as_ref().map_or(0, |lease| lease.fence).saturating_add(1);
    if let Some(holder) = lease.and_then(|lease| lease.holder)
        && holder.expires > nanos(run.now)
    {
        shorten(tx, run, &holder)?;
        return Ok(Begin::AlreadyRunning { since: instant(holder.since), owner: holder.owner });
    }
    abandon_running(tx, connection, run.operation)?;
    tx.prepare_cached(
        "INSERT INTO lease (connection, operation, fence, run, owner, since, expires, length)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT DO UPDATE SET fence = excluded.fence, run = excluded.run, owner = excluded.owner,
                                   since = excluded.since, expires = excluded.expires, length = excluded.length",
    )?
    .execute((
        connection,
        run.operation.name(),
        fence,
        run.run.as_str(),
        &run.owner,
        nanos(run.now),
        nanos(run.now + run.ttl),
        length(run.ttl),
    ))?;
    put_summary(tx, connection, run.operation, &RunSummary::running(run))?;
    prune(tx, connection, run.operation)?;
    Ok(Begin::Granted(RunToken::new(run.connection.clone(), run.operation, run.run.clone(), unsigned(fence))))
}

/// Ends a lease one length from now if it would last longer: it was written by a clock that is ahead.
fn shorten(tx: &Transaction<'_>, run: &NewRun, holder: &Holder) -> Answer<()> {
    let latest = nanos(run.now).saturating_add(holder.length.unwrap_or_else(|| length(run.ttl)));
    if holder.expires > latest {
        tx.prepare_cached("UPDATE lease SET expires = ?3 WHERE connection = ?1 AND operation = ?2")?
            .execute((run.connection.as_str(), run.operation.name(), latest))?;
    }
    Ok(())
}

fn length(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_nanos()).unwrap_or(i64::MAX)
}

fn finish(tx: &Transaction<'_>, token: &RunToken, summary: &RunSummary) -> Answer<()> {
    let connection = token.connection.as_str();
    let newest = tx
        .prepare_cached(
            "UPDATE lease SET run = NULL, owner = NULL, since = NULL, expires = NULL
             WHERE connection = ?1 AND operation = ?2 AND fence = ?3",
        )?
        .execute((connection, token.operation.name(), integer(token.fence)))?;
    if newest == 0 {
        return Err(StoreError::lost_lease().into());
    }
    put_summary(tx, connection, token.operation, summary)
}

fn put_summary(
    tx: &Transaction<'_>,
    connection: &str,
    operation: Operation,
    summary: &RunSummary,
) -> Answer<()> {
    tx.prepare_cached(
        "INSERT INTO run (connection, operation, run, running, success, summary_json) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (connection, operation, run) DO UPDATE
         SET running = excluded.running, success = excluded.success, summary_json = excluded.summary_json",
    )?
    .execute((
        connection,
        operation.name(),
        summary.run.as_str(),
        summary.state == RunState::Running,
        summary.is_success(),
        json(summary)?,
    ))?;
    Ok(())
}

fn abandon_running(tx: &Transaction<'_>, connection: &str, operation: Operation) -> Answer<()> {
    let mut running = tx.prepare_cached(
        "SELECT summary_json FROM run WHERE connection = ?1 AND operation = ?2 AND running = 1",
    )?;
    let summaries = running
        .query_map((connection, operation.name()), |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    for summary in summaries {
        let mut summary: RunSummary = parse("run.summary_json", &summary)?;
        summary.state = RunState::Abandoned;
        put_summary(tx, connection, operation, &summary)?;
    }
    Ok(())
}

fn prune(tx: &Transaction<'_>, connection: &str, operation: Operation) -> Answer<()> {
    tx.prepare_cached(
        "DELETE FROM run WHERE connection = ?1 AND operation = ?2
         AND seq <= (SELECT seq FROM run WHERE connection = ?1 AND operation = ?2 ORDER BY seq DESC LIMIT 1 OFFSET ?3)
         AND seq <> ifnull((SELECT max(seq) FROM run WHERE connection = ?1 AND operation = ?2 AND success = 1), 0)",
    )?
    .execute((connection, operation.name(), HISTORY))?;
    Ok(())
}
