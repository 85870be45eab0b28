//! Who works with a connection: a thread that owns it and does one job after the other, or each caller in turn. Nothing here
//! knows what the jobs are.
//!
//! An own thread, and not the runtime's pool of blocking threads: a connection with its prepared statements
//! belongs to one thread at a time anyway, jobs keep their order, and the store works on any runtime.

use std::{
    io,
    sync::{Mutex, mpsc},
    thread,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::channel::store::StoreError;

pub(super) type Job = Box<dyn FnOnce(&mut Connection) + Send>;

#[derive(Debug)]
pub(super) enum Worker {
    /// Jobs go to a thread. It ends, and closes the connection, once the last job is done after the worker was dropped.
    Thread { jobs: mpsc::Sender<Job>, closed: oneshot::Receiver<()> },
    /// Jobs are done on the thread of the caller, who is blocked meanwhile.
    Inline(Mutex<Connection>),
}

impl Worker {
    pub(super) fn start(name: &str, mut connection: Connection) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (closing, closed) = oneshot::channel();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            for job in queue {
                job(&mut connection);
            }
            drop(connection);
            // Nobody may be waiting for it.
            let _ = closing.send(());
        })?;
        Ok(Self::Thread { jobs, closed })
    }

    /// Waits until the last job is done and the connection is closed.
    pub(super) async fn close(self) {
        if let Self::Thread { jobs, closed } = self {
            drop(jobs);
            // An error means that the thread has died, and its connection with it.
            let _ = closed.await;
        }
    }

    /// Does `work` with the connection and waits for its answer.
    ///
    /// When the future is dropped, a job that has begun goes on to its end and one that has not begun is left
    /// out: the whole effect or none.
    pub(super) async fn run<R, W>(&self, work: W) -> Result<R, StoreError>
    where
        R: Send + 'static,
        W: FnOnce(&mut Connection) -> Result<R, StoreError> + Send + 'static,
    {
        let jobs = match self {
            Self::Thread { jobs, .. } => jobs,
            Self::Inline(connection) => return work(&mut *connection.lock().map_err(|_| gone())?),
        };
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            if !answer.is_closed() {
                // Nobody may be listening any more: the effect stands all the same.
                let _ = answer.send(work(connection));
            }
        });
        jobs.send(job).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

fn gone() -> StoreError {
    StoreError::permanent("the thread of the SQLite store has ended; open the store again")
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Barrier},
        task::{Context, Waker},
    };

    use super::*;

    #[tokio::test]
    async fn a_dropped_job_that_has_not_begun_has_no_effect() {
        let worker = Worker::start("test", Connection::open_in_memory().unwrap()).unwrap();
        let gate = Arc::new(Barrier::new(2));
        let held = gate.clone();
        let mut first = Box::pin(worker.run(move |_| {
            held.wait();
            Ok(())
        }));
        let mut second = Box::pin(worker.run(|connection| {
            connection.execute_batch("CREATE TABLE effect (x)").unwrap();
            Ok(())
        }));
        let mut context = Context::from_waker(Waker::noop());
        assert!(first.as_mut().poll(&mut context).is_pending());
        assert!(second.as_mut().poll(&mut context).is_pending());
        drop(second);
        gate.wait();
        first.await.unwrap();
        let tables = worker.run(|connection| {
            Ok(connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
                .unwrap())
        });
        assert_eq!(tables.await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_thread_that_died_is_an_error_and_no_panic() {
        let worker = Worker::start("test", Connection::open_in_memory().unwrap()).unwrap();
        let died = worker.run(|_| -> Result<(), StoreError> { panic!("on purpose") }).await;
        assert!(!died.unwrap_err().is_retryable());
    }
}
