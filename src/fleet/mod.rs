//! Many connections on a schedule: who is served, when each operation runs, what follows when a run fails.
//!
//! A [`Fleet`] asks a [`ConnectionSource`] which connections there are, keeps when each of their operations is due in a
//! [`Schedule`], and runs what is due, a bounded number at once. The schedule is in memory for one process; the one of PostgreSQL
//! is shared by any number of them. Nothing rests on it: what is started twice is refused once by the lease of the run.
//!
//! ```
//! use async_trait::async_trait;
//! use shipstation_connector::{
//!     channel::{CancelToken, ChannelConnector, ConnectionId, Operation},
//!     fleet::{BuildFailure, ConnectionSource, Fleet, FleetConnection},
//! };
//! use std::{sync::Arc, time::Duration};
//!
//! /// Where the host has its accounts.
//! #[derive(Debug)]
//! struct Accounts;
//!
//! #[async_trait]
//! impl ConnectionSource for Accounts {
//!     async fn connections(&self) -> Result<Vec<FleetConnection>, BuildFailure> {
//!         Ok(vec![FleetConnection::new("loom shop")])
//!     }
//!
//!     async fn channel(&self, connection: &ConnectionId) -> Result<Arc<dyn ChannelConnector>, BuildFailure> {
//!         Err(format!("the host builds a ShipStationChannel for {connection} here").into())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let fleet = Fleet::builder(Arc::new(Accounts))
//!     .every(Operation::GetOrders, Duration::from_secs(900))
//!     .max_runs(4)
//!     .build();
//! let stop = CancelToken::new();
//! # stop.cancel();
//! // Until somebody cancels the token.
//! let left = fleet.run(&stop).await;
//! assert!(left.is_empty(), "what did not end within the grace of a shutdown");
//! # }
//! ```

mod builder;
mod connections;
mod memory;
mod next_run;
mod rules;
mod runs;
mod schedule;
mod worker;

use std::sync::{Arc, Mutex};

pub use self::{
    builder::FleetBuilder,
    connections::{BuildFailure, ConnectionSource, FleetConnection},
    memory::MemorySchedule,
    runs::WorkerHealth,
    schedule::{Claim, JobEnd, JobKey, JobPlan, JobStatus, LastRun, Schedule},
};
use self::{connections::Connections, runs::Runs};
use crate::{
    channel::{ConnectionId, Operation, store::StoreError},
    clock::{Clock, HostTime},
};

/// A worker that serves many connections. Clones are the same worker.
#[derive(Debug, Clone)]
pub struct Fleet(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    connections: Connections,
    schedule: Arc<dyn Schedule>,
    clock: Arc<dyn Clock>,
    /// The latest moment that was seen.
    latest: Mutex<HostTime>,
    options: builder::Options,
    /// Held while the connections are asked for and planned.
    refreshing: tokio::sync::Mutex<()>,
    runs: Runs,
    woken: tokio::sync::Notify,
}

impl Fleet {
    /// A fleet of the connections of this source.
    pub fn builder(source: Arc<dyn ConnectionSource>) -> FleetBuilder {
        FleetBuilder::new(source)
    }

    /// Makes an operation of a connection due at once: after a webhook, when a shipment was enqueued, or when a person asks. While
    /// it runs it is run once more afterwards. Says whether the schedule has it.
    ///
    /// # Errors
    /// When the schedule cannot be written.
    pub async fn wake(&self, connection: &ConnectionId, operation: Operation) -> Result<bool, StoreError> {
        let job = JobKey { connection: connection.clone(), operation };
        let is_known = self.0.schedule.wake(&job, self.0.now()).await?;
        self.0.woken.notify_one();
        Ok(is_known)
    }

    /// The operations of one connection, or of all: when each ran last and runs next, and why it waits.
    ///
    /// # Errors
    /// When the schedule cannot be read.
    pub async fn status(&self, of: Option<&ConnectionId>) -> Result<Vec<JobStatus>, StoreError> {
        self.0.schedule.jobs(of).await
    }

    /// How this worker is.
    pub fn health(&self) -> WorkerHealth {
        self.0.runs.health(&self.0.options.worker)
    }
}
