//! The fleet of `shipstation-connector` on the job queue [`graphile_worker`].
//!
//! [`GraphileSchedule`] is a [`Schedule`](shipstation_connector::fleet::Schedule) whose jobs are jobs of `graphile_worker`: one with a
//! key for each operation of each connection, which is planned anew when it ends. The queue decides when a job runs and in which
//! process, and gives the jobs of a dead worker to another one. Everything else stays with the
//! [`Fleet`](shipstation_connector::fleet::Fleet): which connections there are, how often each operation runs, how long it waits
//! after a failure.
//!
//! ```no_run
//! use shipstation_connector::{channel::CancelToken, fleet::{ConnectionSource, Fleet}};
//! use shipstation_graphile::{GraphileSchedule, graphile_worker::tokio_postgres::TokioPostgresDatabase};
//! use std::{error::Error, sync::Arc};
//!
//! # async fn work(accounts: Arc<dyn ConnectionSource>, url: &str) -> Result<(), Box<dyn Error>> {
//! let database = TokioPostgresDatabase::from_url(url, 20)?;
//! let schedule = GraphileSchedule::open(database, "graphile_worker").await?;
//! let fleet = Fleet::builder(accounts).schedule(Arc::new(schedule.clone())).max_runs(16).build();
//! let stop = CancelToken::new();
//! // Until somebody cancels the token.
//! schedule.serve(&fleet, |options| options.concurrency(16), &stop).await;
//! # Ok(()) }
//! ```

mod handler;
mod jobs;
mod schedule;
mod serve;

pub use graphile_worker;

pub use self::schedule::GraphileSchedule;
