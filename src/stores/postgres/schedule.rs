//! The schedule of a fleet of many processes. What time it is, is decided by the server.

use std::{fmt, pin::pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{
    StreamExt,
    future::{BoxFuture, Either, select},
    stream::{BoxStream, poll_fn},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Mutex,
};
use tokio_postgres::{AsyncMessage, Client, Connection, Error, NoTls, Row, Socket};

use super::{
    ConnectProblem, PostgresStore, commit, connect,
    migrate::check_version,
    query::{all, execute, first, get, params, text},
};
use crate::{
    Timestamp,
    channel::{ConnectionId, Operation, store::StoreError},
    fleet::{Claim, JobEnd, JobKey, JobPlan, JobStatus, Schedule},
    setters::setters,
    stores::{
        columns::{instant, integer, json, nanos, parse, unsigned},
        failure::Answer,
    },
};

const OPERATION: &str = "job.operation";
const LAST: &str = "job.last_json";

/// A [`Schedule`] in the schema of a [`PostgresStore`], for the workers of any number of processes.
///
/// A worker looks for what others have woken every two seconds, or learns of it at once with [`listen`](Self::listen).
///
/// ```no_run
/// # use shipstation_connector::{fleet::{ConnectionSource, Fleet}, stores::{PostgresStore, postgres::PostgresSchedule}};
/// # use std::sync::Arc;
/// # fn fleet(source: Arc<dyn ConnectionSource>, store: Arc<PostgresStore>) -> Fleet {
/// Fleet::builder(source).schedule(Arc::new(PostgresSchedule::new(store))).build()
/// # }
/// ```
pub struct PostgresSchedule {
    store: Arc<PostgresStore>,
    poll_every: Duration,
    listens_at: Option<String>,
    listener: Mutex<Listening>,
}

/// The connection that listens, or the attempt to make one: it goes on where whoever waited for it left it.
#[derive(Default)]
enum Listening {
    #[default]
    Not,
    Soon(BoxFuture<'static, Result<Listener, ConnectProblem>>),
    Yes(Listener),
}

struct Listener {
    /// Dropped, the connection would end.
    client: Client,
    messages: Messages,
}

impl Listener {
    async fn begin(&mut self, channel: &str) -> Result<(), ConnectProblem> {
        let listen = format!("LISTEN \"{channel}\"");
        let mut asking = pin!(self.client.batch_execute(&listen));
        loop {
            match select(asking.as_mut(), self.messages.next()).await {
                Either::Left((answer, _)) => return Ok(answer?),
                // Somebody spoke before the answer came.
                Either::Right((Some(Ok(_)), _)) => {}
                Either::Right((Some(Err(error)), _)) => return Err(error.into()),
                Either::Right((None, _)) => {
                    return Err(ConnectProblem::Unreachable { detail: "the connection ended".to_owned() });
                }
            }
        }
    }
}

/// What the server says. Nothing else drives the connection.
type Messages = BoxStream<'static, Result<AsyncMessage, Error>>;

fn messages<T: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    mut connection: Connection<Socket, T>,
) -> Messages {
    poll_fn(move |context| connection.poll_message(context)).boxed()
}

impl PostgresSchedule {
    /// A schedule in the schema of this store.
    pub fn new(store: Arc<PostgresStore>) -> Self {
        Self { store, poll_every: Duration::from_secs(2), listens_at: None, listener: Mutex::default() }
    }

    setters! {
        /// Looks this often for what other processes have woken. By default every two seconds.
        poll_every(interval: Duration) => poll_every = interval;
        /// Learns at once of what other processes have woken, by `LISTEN` on a connection of its own to `url`: the server itself, for a
        /// pooler in transaction mode passes nothing on. TLS is used where this URL asks for it, as by the store. While it cannot be
        /// reached, looking at intervals is all.
        listen(url: impl Into<String>) => listens_at = Some(url.into());
    }
}

/// Begins to listen at `url` for what is said on `channel`.
async fn begin_listening(
    url: String,
    authorities: Option<String>,
    channel: String,
) -> Result<Listener, ConnectProblem> {
    let (config, tls) = connect::read_url(&url, authorities.as_deref())?;
    let (client, messages) = match tls {
        Some(tls) => config.connect(tls).await.map(|(client, connection)| (client, messages(connection)))?,
        None => config.connect(NoTls).await.map(|(client, connection)| (client, messages(connection)))?,
    };
    let mut listener = Listener { client, messages };
    listener.begin(&channel).await?;
    Ok(listener)
}

#[async_trait]
impl Schedule for PostgresSchedule {
    async fn plan(&self, jobs: &[JobPlan], now: Timestamp) -> Result<(), StoreError> {
        let mut client = self.store.client().await?;
        let tx = self.store.changing(&mut client).await?;
        execute(
            &tx,
            "INSERT INTO job (connection, operation, every, due, paused)
             SELECT new.connection, new.operation, new.every, server.now + new.first_wait, new.paused
             FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[])
                  AS new (connection, operation, every, first_wait, paused),
                  (SELECT now_nanos($1) AS now) AS server
             ORDER BY new.connection COLLATE \"C\", new.operation COLLATE \"C\"
             ON CONFLICT (connection, operation) DO UPDATE SET every = excluded.every, paused = excluded.paused,
                 due = CASE WHEN job.claimed_by IS NULL AND excluded.every < job.every
                            THEN least(job.due, now_nanos($1) + excluded.every) ELSE job.due END
             WHERE (job.every, job.paused) IS DISTINCT FROM (excluded.every, excluded.paused)",
            params![
                nanos(now),
                jobs.iter().map(|plan| text(plan.job.connection.as_str())).collect::<Vec<String>>(),
                jobs.iter().map(|plan| plan.job.operation.name()).collect::<Vec<&str>>(),
                jobs.iter().map(|plan| integer(plan.every.as_nanos())).collect::<Vec<i64>>(),
                jobs.iter().map(|plan| integer(plan.first_wait.as_nanos())).collect::<Vec<i64>>(),
                jobs.iter().map(|plan| plan.paused.as_deref().map(text)).collect::<Vec<Option<String>>>(),
            ],
        )
        .await?;
        commit(tx, ()).await
    }

    async fn remove(&self, connections: &[ConnectionId]) -> Result<(), StoreError> {
        if connections.is_empty() {
            return Ok(());
        }
        let connections: Vec<String> =
            connections.iter().map(|connection| text(connection.as_str())).collect();
        let mut client = self.store.client().await?;
        let tx = self.store.changing(&mut client).await?;
        execute(&tx, "DELETE FROM job WHERE connection = ANY($1)", params![connections]).await?;
        commit(tx, ()).await
    }

    async fn claim(
        &self,
        worker: &str,
        limit: usize,
        length: Duration,
        now: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut client = self.store.client().await?;
        let tx = self.store.changing(&mut client).await?;
        // What this program cannot run is left to newer ones.
        check_version(&tx).await?;
        let claim = "WITH due AS MATERIALIZED (
                         SELECT connection, operation, due AS since, server.now
                         FROM job, (SELECT now_nanos($4) AS now) AS server
                         WHERE paused IS NULL AND due <= (SELECT now_nanos($4))
                         ORDER BY due LIMIT $2 FOR UPDATE OF job SKIP LOCKED)
                     UPDATE job SET claimed_by = $1, fence = nextval('job_fence'), woken = false, due = due.now + $3
                     FROM due
                     WHERE job.connection = due.connection AND job.operation = due.operation
                     RETURNING job.connection, job.operation, job.fence, job.every, due.since, job.failures";
        let read = |row: &Row| {
            let claim =
                Claim::new(key(row)?, unsigned(get(row, 2)?), length_of(row, 3)?, instant(get(row, 4)?));
            Ok(claim.failures(unsigned(get(row, 5)?)))
        };
        let (worker, length) = (text(worker), integer(length.as_nanos()));
        let mut claims = all(&tx, claim, params![worker, integer(limit), length, nanos(now)], read).await?;
        claims.sort_by(|a, b| (a.due, &a.job).cmp(&(b.due, &b.job)));
        commit(tx, claims).await
    }

    async fn renew(&self, claims: &[Claim], length: Duration, now: Timestamp) -> Result<(), StoreError> {
        let mut client = self.store.client().await?;
        let tx = self.store.changing(&mut client).await?;
        execute(
            &tx,
            "UPDATE job SET due = (SELECT now_nanos($1)) + $2
             FROM unnest($3::text[], $4::text[], $5::bigint[]) AS claim (connection, operation, fence)
             WHERE job.connection = claim.connection COLLATE \"C\" AND job.operation = claim.operation COLLATE \"C\"
               AND job.fence = claim.fence AND job.claimed_by IS NOT NULL AND job.due > (SELECT now_nanos($1))",
            params![
                nanos(now),
                integer(length.as_nanos()),
                claims.iter().map(|claim| text(claim.job.connection.as_str())).collect::<Vec<String>>(),
                claims.iter().map(|claim| claim.job.operation.name()).collect::<Vec<&str>>(),
                claims.iter().map(|claim| integer(claim.fence)).collect::<Vec<i64>>(),
            ],
        )
        .await?;
        commit(tx, ()).await
    }

    async fn settle(&self, claim: &Claim, end: &JobEnd, now: Timestamp) -> Result<bool, StoreError> {
        let mut client = self.store.client().await?;
        let tx = self.store.changing(&mut client).await?;
        let settle = "UPDATE job SET claimed_by = NULL, failures = $5, last_json = $6::json,
                          due = (SELECT now_nanos($7)) + CASE WHEN woken THEN 0 ELSE $4 END
                      WHERE connection = $1 AND operation = $2 AND fence = $3 AND claimed_by IS NOT NULL
                        AND due > (SELECT now_nanos($7))";
        let (connection, operation) = (text(claim.job.connection.as_str()), claim.job.operation.name());
        let (fence, wait) = (integer(claim.fence), integer(end.wait.as_nanos()));
        let (failures, last) = (i64::from(end.failures), json(&end.last)?);
        let settled =
            execute(&tx, settle, params![connection, operation, fence, wait, failures, last, nanos(now)])
                .await?;
        commit(tx, settled > 0).await
    }

    async fn wake(&self, job: &JobKey, now: Timestamp) -> Result<bool, StoreError> {
        let mut client = self.store.client().await?;
        let tx = self.store.changing(&mut client).await?;
        let wake = "UPDATE job SET woken = claimed_by IS NOT NULL,
                        due = CASE WHEN claimed_by IS NULL THEN least(due, (SELECT now_nanos($3))) ELSE due END
                    WHERE connection = $1 AND operation = $2";
        let (connection, operation) = (text(job.connection.as_str()), job.operation.name());
        let woken = execute(&tx, wake, params![connection, operation, nanos(now)]).await?;
        let schema = self.store.schema.as_str();
        execute(&tx, "SELECT pg_notify($1, '')", params![schema]).await?;
        commit(tx, woken > 0).await
    }

    async fn next_due(&self, now: Timestamp) -> Result<Option<Duration>, StoreError> {
        let mut client = self.store.client().await?;
        let tx = self.store.reading(&mut client).await?;
        let next = "SELECT min(due) - now_nanos($1) FROM job WHERE paused IS NULL";
        let wait = first(&tx, next, params![nanos(now)], |row| get::<Option<i64>>(row, 0)).await?;
        Ok(wait.flatten().map(|wait| Duration::from_nanos(unsigned(wait))))
    }

    async fn jobs(&self, of: Option<&ConnectionId>) -> Result<Vec<JobStatus>, StoreError> {
        let mut client = self.store.client().await?;
        let tx = self.store.reading(&mut client).await?;
        let jobs =
            "SELECT connection, operation, every, due, paused, claimed_by, failures, last_json::text FROM job
                    WHERE $1::text IS NULL OR connection = $1 ORDER BY connection, operation";
        let read = |row: &Row| {
            let mut status = JobStatus::new(key(row)?, length_of(row, 2)?, instant(get(row, 3)?));
            (status.paused, status.claimed_by) = (get(row, 4)?, get(row, 5)?);
            status.failures = unsigned(get(row, 6)?);
            status.last = get::<Option<&str>>(row, 7)?.map(|last| parse(LAST, last)).transpose()?;
            Ok(status)
        };
        let of = of.map(|of| text(of.as_str()));
        let mut found = all(&tx, jobs, params![of], read).await?;
        found.sort_by(|a, b| a.job.cmp(&b.job));
        Ok(found)
    }

    async fn woken(&self) {
        let Some(url) = &self.listens_at else { return std::future::pending().await };
        let mut state = self.listener.lock().await;
        if let Listening::Not = &*state {
            let (url, authorities) = (url.clone(), self.store.root_certificates.clone());
            *state = Listening::Soon(Box::pin(begin_listening(url, authorities, self.store.schema.clone())));
        }
        if let Listening::Soon(attempt) = &mut *state {
            match attempt.await {
                Ok(listener) => {
                    *state = Listening::Yes(listener);
                    // Something may have been said before.
                    return;
                }
                Err(problem) => {
                    tracing::debug!(
                        "the schedule cannot listen for what others wake, and looks at intervals: {problem}"
                    );
                    *state = Listening::Not;
                }
            }
        }
        while let Listening::Yes(listener) = &mut *state {
            match listener.messages.next().await {
                Some(Ok(AsyncMessage::Notification(_))) => return,
                Some(Ok(_)) => {}
                // The next look connects again.
                Some(Err(_)) | None => *state = Listening::Not,
            }
        }
        std::future::pending::<()>().await;
    }

    fn poll_every(&self) -> Option<Duration> {
        Some(self.poll_every)
    }
}

fn key(row: &Row) -> Answer<JobKey> {
    let operation: String = get(row, 1)?;
    let operation: Operation = parse(OPERATION, &format!("\"{operation}\""))?;
    Ok(JobKey { connection: ConnectionId::new(get::<String>(row, 0)?), operation })
}

fn length_of(row: &Row, column: usize) -> Answer<Duration> {
    Ok(Duration::from_nanos(unsigned(get(row, column)?)))
}

impl fmt::Debug for PostgresSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PostgresSchedule");
        shown.field("store", &self.store).field("poll_every", &self.poll_every);
        shown.field("listens", &self.listens_at.is_some()).finish_non_exhaustive()
    }
}
