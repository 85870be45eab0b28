//! Progress of a run, for bars and metrics. Observers receive events; they decide nothing.

use std::fmt::Debug;

use super::{Operation, RunId, RunStatus};
use crate::Timestamp;

/// Receives what happens in a run.
///
/// The calls come from the run's own task, one after another: an observer must return at once and must not
/// panic. Nothing in an event names a buyer.
///
/// ```
/// use shipstation_connector::channel::{RunEvent, RunId, RunObserver};
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// #[derive(Debug, Default)]
/// struct RowsRead(AtomicUsize);
///
/// impl RunObserver for RowsRead {
///     fn on_event(&self, _: &RunId, event: &RunEvent<'_>) {
///         if let RunEvent::PageRead { rows, .. } = event {
///             self.0.fetch_add(*rows, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let read = RowsRead::default();
/// read.on_event(&RunId::new("r1"), &RunEvent::PageRead { what: "orders", rows: 500, of: Some(812) });
/// assert_eq!(read.0.into_inner(), 500);
/// ```
pub trait RunObserver: Debug + Send + Sync {
    /// Something happened in `run`.
    fn on_event(&self, run: &RunId, event: &RunEvent<'_>);
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunEvent<'a> {
    /// The lease is granted and the run begins.
    Started {
        /// The operation.
        operation: Operation,
    },
    /// A page of a list was read.
    PageRead {
        /// Of what.
        what: &'static str,
        /// The rows on it that were not seen before.
        rows: usize,
        /// How many rows there are in all, as far as is known.
        of: Option<u64>,
    },
    /// An order, listing or shipment was dealt with.
    ItemDone {
        /// Its id.
        id: &'a str,
        /// What became of it, in one word.
        outcome: &'a str,
    },
    /// The run waits for the channel's rate limit or between attempts.
    Waiting {
        /// Until then.
        until: Timestamp,
        /// What is waited for.
        why: &'static str,
    },
    /// The run has ended.
    Finished {
        /// How it ended.
        status: &'a RunStatus,
    },
}
