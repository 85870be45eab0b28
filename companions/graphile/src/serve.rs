//! The workers of the queue beside the fleet.

use std::time::Duration;

use graphile_worker::{WorkerOptions, WorkerRecoveryConfig};
use shipstation_connector::{
    channel::CancelToken,
    client::{Clock, SystemClock},
    fleet::{Fleet, JobKey},
};

use crate::{GraphileSchedule, handler::RunOperation};

/// How long after an error of the queue a worker is started again.
const WAIT_FOR_QUEUE: Duration = Duration::from_secs(5);
/// How long the worker waits for its jobs when it stops: longer than the fleet does.
const GRACE: Duration = Duration::from_secs(60);

impl GraphileSchedule {
    /// The options of a worker that runs the jobs of this schedule. Recovery is enabled with the queue's default intervals: the jobs of a
    /// dead worker are taken over after 5 to 7 minutes. Signals are left to the host. Tasks of the host's own may be added.
    pub fn worker_options(&self) -> WorkerOptions {
        WorkerOptions::default()
            .database(self.jobs.database.clone())
            .schema(self.jobs.schema.clone())
            .define_job::<RunOperation>()
            .add_extension(self.clone())
            .worker_recovery(WorkerRecoveryConfig::default().enabled(true))
            .listen_os_shutdown_signals(false)
            .shutdown_grace_period(GRACE)
    }

    /// Runs the fleet, which must have been built with this schedule, and a worker of the queue until `stop` is cancelled. Returns the
    /// jobs whose runs were abandoned, as [`Fleet::run`] does. It is called once.
    ///
    /// `options` changes the [options of the worker](Self::worker_options). Its `concurrency` and the `max_runs` of the fleet both bound
    /// how many runs are under way at once: set them to the same number. A worker that ends with an error, because the database was
    /// away, is started again; if it ends for another reason, `stop` is cancelled.
    pub async fn serve(
        &self,
        fleet: &Fleet,
        options: impl Fn(WorkerOptions) -> WorkerOptions,
        stop: &CancelToken,
    ) -> Vec<JobKey> {
        let serving = async {
            let abandoned = fleet.run(stop).await;
            self.close();
            abandoned
        };
        let working = async {
            while let Err(error) = work(options(self.worker_options()), stop).await
                && !stop.is_cancelled()
            {
                tracing::warn!(error, "the worker of the job queue ended and is started again");
                tokio::select! {
                    () = SystemClock.sleep(WAIT_FOR_QUEUE) => {}
                    () = stop.cancelled() => {}
                }
            }
            stop.cancel();
        };
        tokio::join!(serving, working).0
    }
}

async fn work(options: WorkerOptions, stop: &CancelToken) -> Result<(), String> {
    let stop = stop.clone();
    let options = options.shutdown_signal(async move { stop.cancelled().await });
    let worker = options.init().await.map_err(|error| error.to_string())?;
    worker.run().await.map_err(|error| error.to_string())
}
