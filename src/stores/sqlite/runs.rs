//! Leases and run history. What a lease means is decided by [`Lease`].

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Row, Transaction};

use super::{
    SqliteStore, key,
    query::{all, execute, first, from_json},
};
use crate::{
    Timestamp,
    channel::{
        ConnectionId, Operation, RunId,
        store::{
            BeginOutcome, Lease, LeaseHolder, NewRun, RunState, RunStore, RunSummary, RunToken, StoreError,
        },
    },
    stores::{
        columns::{instant, integer, json, nanos, unsigned},
        failure::Answer,
    },
};

/// Runs that are kept per connection and operation, beside the last success and the last that did its work.
const RUNS_KEPT: i64 = 1_000;

const SUMMARY: &str = "shipstation_run.summary_json";

#[async_trait]
impl RunStore for SqliteStore {
    async fn begin(&self, run: NewRun) -> Result<BeginOutcome, StoreError> {
        self.change(move |tx| {
            let (connection, operation) = (run.connection.as_str(), run.operation.name());
            let answer = with_lease(tx, connection, operation, |lease| Ok(lease.begin(&run)))?;
            if let BeginOutcome::Granted(_) = answer {
                abandon_running(tx, connection, operation)?;
                put_summary(tx, connection, operation, &RunSummary::running(&run))?;
                prune(tx, connection, operation)?;
            }
            Ok(answer)
        })
        .await
    }

    async fn heartbeat(&self, token: &RunToken, ttl: Duration, now: Timestamp) -> Result<(), StoreError> {
        let token = token.clone();
        self.change(move |tx| {
            let (connection, operation) = (token.connection.as_str(), token.operation.name());
            with_lease(tx, connection, operation, |lease| lease.heartbeat(&token, ttl, now))
        })
        .await
    }

    async fn finish(&self, token: &RunToken, summary: RunSummary) -> Result<(), StoreError> {
        let token = token.clone();
        self.change(move |tx| {
            let (connection, operation) = (token.connection.as_str(), token.operation.name());
            with_lease(tx, connection, operation, |lease| lease.finish(&token))?;
            put_summary(tx, connection, operation, &summary)
        })
        .await
    }

    async fn last_success(
        &self,
        connection: &ConnectionId,
        operation: Operation,
    ) -> Result<Option<RunSummary>, StoreError> {
        let connection = key(connection);
        self.read(move |tx| {
            first(
                tx,
                "SELECT summary_json FROM shipstation_run WHERE connection = ?1 AND operation = ?2 AND success = 1
                 ORDER BY seq DESC LIMIT 1",
                (connection, operation.name()),
                from_json(SUMMARY),
            )
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
            all(
                tx,
                "SELECT summary_json FROM shipstation_run WHERE connection = ?1 AND operation = ?2
                 ORDER BY seq DESC LIMIT ?3",
                (connection, operation.name(), integer(limit)),
                from_json(SUMMARY),
            )
        })
        .await
    }

    async fn release_leases(&self, owner: &str) -> Result<u64, StoreError> {
        let owner = owner.to_owned();
        self.change(move |tx| {
            let find = "SELECT connection, operation FROM shipstation_lease WHERE owner = ?1";
            let leases: Vec<(String, String)> =
                all(tx, find, [&owner], |row| Ok((row.get(0)?, row.get(1)?)))?;
            leases.iter().try_fold(0, |freed, (connection, operation)| {
                let freed_too = with_lease(tx, connection, operation, |lease| Ok(lease.release(&owner)))?;
                Ok(freed + u64::from(freed_too))
            })
        })
        .await
    }
}

/// Refuses a fence lower than one that was granted or seen; remembers a higher one.
pub(super) fn admit(tx: &Transaction<'_>, token: &RunToken) -> Answer<()> {
    let (connection, operation) = (token.connection.as_str(), token.operation.name());
    let mut lease = lease(tx, connection, operation)?;
    if lease.admit(token)? {
        put_lease(tx, connection, operation, &lease)?;
    }
    Ok(())
}

/// Takes a step of a lease and keeps what it made of it.
fn with_lease<R>(
    tx: &Transaction<'_>,
    connection: &str,
    operation: &str,
    step: impl FnOnce(&mut Lease) -> Result<R, StoreError>,
) -> Answer<R> {
    let mut lease = lease(tx, connection, operation)?;
    let answer = step(&mut lease)?;
    put_lease(tx, connection, operation, &lease)?;
    Ok(answer)
}

fn lease(tx: &Transaction<'_>, connection: &str, operation: &str) -> Answer<Lease> {
    let kept = first(
        tx,
        "SELECT fence, run, owner, since, expires, length FROM shipstation_lease WHERE connection = ?1 AND operation = ?2",
        (connection, operation),
        |row| Ok(Lease::new(unsigned(row.get(0)?), holder(row)?)),
    )?;
    Ok(kept.unwrap_or_default())
}

fn holder(row: &Row<'_>) -> Answer<Option<LeaseHolder>> {
    let Some(run) = row.get::<_, Option<String>>(1)? else { return Ok(None) };
    let (since, expires) = (instant(row.get(3)?), instant(row.get(4)?));
    let length = row.get::<_, Option<i64>>(5)?.map(|nanos| Duration::from_nanos(unsigned(nanos)));
    let length = length.unwrap_or_else(|| expires.since(since));
    Ok(Some(LeaseHolder::new(RunId::new(run), row.get(2)?, since, expires, length)))
}

fn put_lease(tx: &Transaction<'_>, connection: &str, operation: &str, lease: &Lease) -> Answer<()> {
    let holder = lease.holder.as_ref();
    execute(
        tx,
        "INSERT INTO shipstation_lease (connection, operation, fence, run, owner, since, expires, length)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT DO UPDATE SET fence = excluded.fence, run = excluded.run, owner = excluded.owner,
                                   since = excluded.since, expires = excluded.expires, length = excluded.length",
        (
            connection,
            operation,
            integer(lease.fence),
            holder.map(|holder| holder.run.as_str()),
            holder.map(|holder| &holder.owner),
            holder.map(|holder| nanos(holder.since)),
            holder.map(|holder| nanos(holder.expires)),
            holder.map(|holder| integer(holder.length.as_nanos())),
        ),
    )?;
    Ok(())
}

fn put_summary(tx: &Transaction<'_>, connection: &str, operation: &str, summary: &RunSummary) -> Answer<()> {
    let running = summary.state == RunState::Running;
    execute(
        tx,
        "INSERT INTO shipstation_run (connection, operation, run, running, success, worked, summary_json, began)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (connection, operation, run) DO UPDATE
         SET running = excluded.running, success = excluded.success, worked = excluded.worked,
             summary_json = excluded.summary_json",
        (
            connection,
            operation,
            summary.run.as_str(),
            running,
            summary.is_success(),
            summary.did_its_work(),
            json(summary)?,
            nanos(summary.started),
        ),
    )?;
    Ok(())
}

fn abandon_running(tx: &Transaction<'_>, connection: &str, operation: &str) -> Answer<()> {
    let running =
        "SELECT summary_json FROM shipstation_run WHERE connection = ?1 AND operation = ?2 AND running = 1";
    for mut summary in all(tx, running, (connection, operation), from_json::<RunSummary>(SUMMARY))? {
        summary.state = RunState::Abandoned;
        put_summary(tx, connection, operation, &summary)?;
    }
    Ok(())
}

fn prune(tx: &Transaction<'_>, connection: &str, operation: &str) -> Answer<()> {
    execute(
        tx,
        "DELETE FROM shipstation_run WHERE connection = ?1 AND operation = ?2
         AND seq <= (SELECT seq FROM shipstation_run WHERE connection = ?1 AND operation = ?2 ORDER BY seq DESC LIMIT 1 OFFSET ?3)
         AND seq <> ifnull((SELECT max(seq) FROM shipstation_run WHERE connection = ?1 AND operation = ?2 AND success = 1), 0)
         AND seq <> ifnull((SELECT max(seq) FROM shipstation_run WHERE connection = ?1 AND operation = ?2 AND worked = 1), 0)",
        (connection, operation, RUNS_KEPT),
    )?;
    Ok(())
}
