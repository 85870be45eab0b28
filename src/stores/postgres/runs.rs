//! Leases and run history. What a lease means is decided by [`Lease`], and what time it is by the server.

use std::time::Duration;

use async_trait::async_trait;
use tokio_postgres::{Row, Transaction};

use super::{
    PostgresStore, commit,
    migrate::check_version,
    query::{all, execute, first, from_json, get, params},
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

const SUMMARY: &str = "run.summary_json";

#[async_trait]
impl RunStore for PostgresStore {
    async fn begin(&self, run: NewRun) -> Result<BeginOutcome, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        check_version(&tx).await?;
        let (connection, operation) = (run.connection.as_str(), run.operation.name());
        let take = |lease: &mut Lease, now| Ok(lease.begin(&NewRun { now, ..run.clone() }));
        let answer = with_lease(&tx, connection, operation, run.now, take).await?;
        if let BeginOutcome::Granted(_) = answer {
            abandon_running(&tx, connection, operation).await?;
            put_summary(&tx, connection, operation, &RunSummary::running(&run)).await?;
            prune(&tx, connection, operation).await?;
        }
        commit(tx, answer).await
    }

    async fn heartbeat(&self, token: &RunToken, ttl: Duration, now: Timestamp) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let (connection, operation) = (token.connection.as_str(), token.operation.name());
        let beat = |lease: &mut Lease, now| lease.heartbeat(token, ttl, now);
        with_lease(&tx, connection, operation, now, beat).await?;
        commit(tx, ()).await
    }

    async fn finish(&self, token: &RunToken, summary: RunSummary) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let (connection, operation) = (token.connection.as_str(), token.operation.name());
        with_lease(&tx, connection, operation, Timestamp::UNIX_EPOCH, |lease, _| lease.finish(token)).await?;
        put_summary(&tx, connection, operation, &summary).await?;
        commit(tx, ()).await
    }

    async fn last_success(
        &self,
        connection: &ConnectionId,
        operation: Operation,
    ) -> Result<Option<RunSummary>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let newest = "SELECT summary_json::text FROM run WHERE connection = $1 AND operation = $2 AND success
                      ORDER BY seq DESC LIMIT 1";
        Ok(first(&tx, newest, params![connection.as_str(), operation.name()], from_json(SUMMARY)).await?)
    }

    async fn recent(
        &self,
        connection: &ConnectionId,
        operation: Operation,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let newest = "SELECT summary_json::text FROM run WHERE connection = $1 AND operation = $2
                      ORDER BY seq DESC LIMIT $3";
        Ok(all(
            &tx,
            newest,
            params![connection.as_str(), operation.name(), integer(limit)],
            from_json(SUMMARY),
        )
        .await?)
    }

    async fn release_leases(&self, owner: &str) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let find = "SELECT connection, operation FROM lease WHERE owner = $1 ORDER BY connection, operation";
        let key = |row: &Row| Ok((get::<String>(row, 0)?, get::<String>(row, 1)?));
        let mut freed = 0;
        for (connection, operation) in all(&tx, find, params![owner], key).await? {
            let release = |lease: &mut Lease, _| Ok(lease.release(owner));
            freed +=
                u64::from(with_lease(&tx, &connection, &operation, Timestamp::UNIX_EPOCH, release).await?);
        }
        commit(tx, freed).await
    }
}

/// Takes a step of a lease, with nobody between, and keeps what it made of it.
async fn with_lease<R>(
    tx: &Transaction<'_>,
    connection: &str,
    operation: &str,
    of_host: Timestamp,
    step: impl FnOnce(&mut Lease, Timestamp) -> Result<R, StoreError>,
) -> Answer<R> {
    let make = "INSERT INTO lease (connection, operation, fence) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING";
    execute(tx, make, params![connection, operation]).await?;
    let find = "SELECT fence, run, owner, since, expires, length, now_nanos($3) FROM lease
                WHERE connection = $1 AND operation = $2 FOR UPDATE";
    let kept = first(tx, find, params![connection, operation, nanos(of_host)], |row| {
        Ok((lease(row)?, get(row, 6)?))
    })
    .await?;
    let (mut lease, now) = kept.ok_or_else(|| StoreError::retryable("the lease was removed"))?;
    let answer = step(&mut lease, instant(now))?;
    let holder = lease.holder.as_ref();
    execute(
        tx,
        "UPDATE lease SET fence = $3, run = $4, owner = $5, since = $6, expires = $7, length = $8
         WHERE connection = $1 AND operation = $2",
        params![
            connection,
            operation,
            integer(lease.fence),
            holder.map(|holder| holder.run.as_str()),
            holder.map(|holder| holder.owner.as_str()),
            holder.map(|holder| nanos(holder.since)),
            holder.map(|holder| nanos(holder.expires)),
            holder.map(|holder| integer(holder.length.as_nanos())),
        ],
    )
    .await?;
    Ok(answer)
}

fn lease(row: &Row) -> Answer<Lease> {
    let fence = unsigned(get(row, 0)?);
    let Some(run) = get::<Option<String>>(row, 1)? else { return Ok(Lease::new(fence, None)) };
    let (since, expires) = (instant(get(row, 3)?), instant(get(row, 4)?));
    let length = Duration::from_nanos(unsigned(get(row, 5)?));
    Ok(Lease::new(fence, Some(LeaseHolder::new(RunId::new(run), get(row, 2)?, since, expires, length))))
}

async fn put_summary(
    tx: &Transaction<'_>,
    connection: &str,
    operation: &str,
    summary: &RunSummary,
) -> Answer<()> {
    execute(
        tx,
        "INSERT INTO run (connection, operation, run, running, success, worked, summary_json, began)
         VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8)
         ON CONFLICT (connection, operation, run) DO UPDATE
         SET running = excluded.running, success = excluded.success, worked = excluded.worked,
             summary_json = excluded.summary_json",
        params![
            connection,
            operation,
            summary.run.as_str(),
            summary.state == RunState::Running,
            summary.is_success(),
            summary.did_its_work(),
            json(summary)?,
            nanos(summary.started),
        ],
    )
    .await
    .map(drop)
}

async fn abandon_running(tx: &Transaction<'_>, connection: &str, operation: &str) -> Answer<()> {
    let running = "SELECT summary_json::text FROM run WHERE connection = $1 AND operation = $2 AND running";
    let running = all(tx, running, params![connection, operation], from_json::<RunSummary>(SUMMARY)).await?;
    for mut summary in running {
        summary.state = RunState::Abandoned;
        put_summary(tx, connection, operation, &summary).await?;
    }
    Ok(())
}

async fn prune(tx: &Transaction<'_>, connection: &str, operation: &str) -> Answer<()> {
    execute(
        tx,
        "DELETE FROM run WHERE connection = $1 AND operation = $2
         AND seq <= (SELECT seq FROM run WHERE connection = $1 AND operation = $2 ORDER BY seq DESC LIMIT 1 OFFSET $3)
         AND seq <> coalesce((SELECT max(seq) FROM run WHERE connection = $1 AND operation = $2 AND success), 0)
         AND seq <> coalesce((SELECT max(seq) FROM run WHERE connection = $1 AND operation = $2 AND worked), 0)",
        params![connection, operation, RUNS_KEPT],
    )
    .await
    .map(drop)
}
