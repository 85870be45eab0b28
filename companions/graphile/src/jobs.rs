//! The jobs in the schema of `graphile_worker`: written by its public functions, read from its public view. The clock is the server's.

use std::{collections::BTreeMap, time::Duration};

use graphile_worker::{Database, DbError, DbExecutor, DbRow, DbValue, Schema, TaskHandler};
use serde_json::{Value, json};
use shipstation_connector::{
    Timestamp,
    channel::store::StoreError,
    fleet::{Claim, JobEnd, JobKey, JobPlan, JobStatus},
};

use crate::handler::RunOperation;

/// So many jobs are written in one transaction.
const CHUNK: usize = 500;
/// A plan that changes no job that is there, not even one that runs.
pub(crate) const IF_MISSING: &str = "unsafe_dedupe";
/// A plan that moves the job that is there.
pub(crate) const REPLACE: &str = "replace";
/// A plan that keeps the time of the job that is there, if it does not run.
const KEEP_TIME: &str = "preserve_run_at";

/// Where the jobs are.
#[derive(Debug, Clone)]
pub(crate) struct Jobs {
    pub(crate) database: Database,
    pub(crate) schema: Schema,
    /// How many times faster the fleet's clock runs than the server's.
    pub(crate) speed: u32,
}

/// At most one job has a key. One that runs loses it when it is planned again or removed.
fn key_of(job: &JobKey) -> String {
    format!("shipstation:{}:{}", job.operation.name(), job.connection)
}

/// The job that has a key.
pub(crate) fn job_of(key: &str) -> Option<JobKey> {
    let (operation, connection) = key.strip_prefix("shipstation:")?.split_once(':')?;
    Some(JobKey { connection: connection.into(), operation: serde_json::from_value(json!(operation)).ok()? })
}

fn failure(error: DbError) -> StoreError {
    StoreError::retryable("the job queue cannot be reached or refuses").with_source(error)
}

impl Jobs {
    /// Plans jobs, each due after its first wait.
    pub(crate) async fn plan(&self, plans: &[&JobPlan], mode: &str) -> Result<(), StoreError> {
        let add = self.add_job("new.payload", "new.wait", "new.key", mode);
        let sql = format!(
            "SELECT count({add}) AS jobs FROM json_to_recordset($1::json) AS new (key text, payload json, wait bigint)"
        );
        let new = |plan: &&JobPlan| json!({ "key": key_of(&plan.job), "payload": RunOperation::payload(&plan.job, 0), "wait": self.millis(plan.first_wait) });
        for plans in plans.chunks(CHUNK) {
            self.count(&sql, vec![DbValue::Json(plans.iter().map(new).collect::<Value>())]).await?;
        }
        Ok(())
    }

    /// Removes jobs. What runs ends, and is not planned again.
    pub(crate) async fn remove(&self, jobs: &[JobKey]) -> Result<(), StoreError> {
        let remove = self.schema.function("remove_job");
        let sql = format!("SELECT count({remove}(key)) AS jobs FROM unnest($1::text[]) AS key");
        for jobs in jobs.chunks(CHUNK) {
            let keys = jobs.iter().map(key_of).collect();
            self.count(&sql, vec![DbValue::TextArray(keys)]).await?;
        }
        Ok(())
    }

    /// Makes a job due at once: says whether it is there. If it runs, another one begins beside it.
    pub(crate) async fn wake(&self, job: &JobKey) -> Result<bool, StoreError> {
        let add = self.add_job("$2::json", "0", "key", REPLACE);
        let sql = format!("SELECT count({add}) AS jobs FROM {} WHERE key = $1::text", self.view());
        let payload = DbValue::Json(RunOperation::payload(job, 0));
        Ok(self.count(&sql, vec![DbValue::Text(key_of(job)), payload]).await? > 0)
    }

    /// Plans the next run of a job that ends, unless it was removed or woken meanwhile: then it has no key any more.
    pub(crate) async fn plan_next(&self, claim: &Claim, end: &JobEnd) -> Result<(), StoreError> {
        // If it is woken at this very moment, the wake-up's time is kept.
        let add = self.add_job("$3::json", "$4::bigint", "key", KEEP_TIME);
        let sql = format!(
            "SELECT count({add}) AS jobs FROM {} WHERE key = $1::text AND id = $2::bigint",
            self.view()
        );
        let id = DbValue::I64(i64::try_from(claim.fence).unwrap_or(i64::MAX));
        let payload = DbValue::Json(RunOperation::payload(&claim.job, end.failures));
        let wait = DbValue::I64(self.millis(end.wait));
        self.count(&sql, vec![DbValue::Text(key_of(&claim.job)), id, payload, wait]).await?;
        Ok(())
    }

    /// The planned jobs as the queue has them.
    pub(crate) async fn statuses(&self, plans: &[JobPlan]) -> Result<Vec<JobStatus>, StoreError> {
        let sql = format!(
            "SELECT key, extract(epoch FROM run_at)::bigint AS due, locked_by FROM {} WHERE key = ANY($1::text[])",
            self.view()
        );
        let keys = DbValue::TextArray(plans.iter().map(|plan| key_of(&plan.job)).collect());
        let rows = self.database.fetch_all(&sql, vec![keys].into()).await.map_err(failure)?;
        let read = |row: &DbRow| Ok((row.try_get("key")?, (row.try_get("due")?, row.try_get("locked_by")?)));
        let found: Result<BTreeMap<String, (i64, Option<String>)>, _> = rows.iter().map(read).collect();
        let mut found = found.map_err(failure)?;
        let status = |plan: &JobPlan| {
            let (due, locked_by) = found.remove(&key_of(&plan.job)).unwrap_or_default();
            let mut status = JobStatus::new(plan.job.clone(), plan.every, Timestamp::from_unix_seconds(due));
            (status.paused, status.claimed_by) = (plan.paused.clone(), locked_by);
            status
        };
        Ok(plans.iter().map(status).collect())
    }

    /// A call of the queue's function. Its own attempts have no end: they are for what the fleet could not settle.
    fn add_job(&self, payload: &str, wait: &str, key: &str, mode: &str) -> String {
        format!(
            "{add_job}('{task}', payload => {payload}, run_at => now() + {wait} * interval '1 ms', max_attempts => {most}, \
             job_key => {key}, job_key_mode => '{mode}')",
            add_job = self.schema.function("add_job"),
            task = RunOperation::IDENTIFIER,
            most = i16::MAX,
        )
    }

    fn view(&self) -> String {
        self.schema.identifier("jobs")
    }

    fn millis(&self, wait: Duration) -> i64 {
        i64::try_from((wait / self.speed.max(1)).as_millis()).unwrap_or(i64::MAX)
    }

    async fn count(&self, sql: &str, params: Vec<DbValue>) -> Result<i64, StoreError> {
        let row = self.database.fetch_one(sql, params.into()).await.map_err(failure)?;
        row.try_get("jobs").map_err(failure)
    }
}
