//! The task that `graphile_worker` runs: it passes its job to the fleet and ends when the fleet has settled it.

use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shipstation_connector::{Timestamp, fleet::JobKey};

use crate::{GraphileSchedule, jobs::job_of};

/// What a job holds. Which operation of which connection it is, its key says: whoever wakes it cannot make it another one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunOperation {
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
        let job =
            context.job().key().as_deref().and_then(job_of).ok_or("the job has no key of the schedule")?;
        let due = Timestamp::from_unix_seconds(context.job().run_at().timestamp());
        // One that fails is tried again after a while by the queue, as it does when this process dies.
        let settled =
            schedule.offer(job, self.failures, *context.job().id(), due).ok_or("the job is paused")?;
        settled.await.map_err(|_| "the fleet did not settle the job")
    }
}
