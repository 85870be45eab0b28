//! The task that `graphile_worker` runs: it passes its job to the fleet and ends when the fleet has settled it.

use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shipstation_connector::{Timestamp, fleet::JobKey};

use crate::GraphileSchedule;

/// What a job holds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunOperation {
    #[serde(flatten)]
    pub(crate) job: JobKey,
    /// How often in a row it failed.
    #[serde(default)]
    pub(crate) failures: u32,
}

impl RunOperation {
    pub(crate) fn payload(job: &JobKey, failures: u32) -> Value {
        json!({ "connection": job.connection.as_str(), "operation": job.operation.name(), "failures": failures })
    }
}

impl TaskHandler for RunOperation {
    const IDENTIFIER: &'static str = "shipstation_run";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let schedule = context.get_ext::<GraphileSchedule>().ok_or("the worker has no schedule")?;
        let due = Timestamp::from_unix_seconds(context.job().run_at().timestamp());
        match schedule.offer(self, *context.job().id(), due) {
            // The queue tries it again after a while, as it does when this process dies.
            Some(settled) => settled.await.map_err(|_| "the fleet did not settle the job"),
            None => Ok(()),
        }
    }
}
