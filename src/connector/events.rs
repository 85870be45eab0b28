//! The events of one run on their way to the host's observer, which may panic without breaking anything.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::channel::{
    ConnectionId, Operation, RunEvent, RunEventKind, RunId, RunObserver, RunReport, report::RunInfo,
};

/// Where the events of a run go. Clones share what they know of the observer.
#[derive(Debug, Clone)]
pub(super) struct Events {
    run: RunId,
    connection: ConnectionId,
    operation: Operation,
    observer: Option<Arc<dyn RunObserver>>,
    has_panicked: Arc<AtomicBool>,
}

impl Events {
    pub(super) fn of(info: &RunInfo, observer: Option<Arc<dyn RunObserver>>) -> Self {
        let (run, connection) = (info.run.clone(), info.connection.clone());
        Self { run, connection, operation: info.operation, observer, has_panicked: Arc::default() }
    }

    pub(super) fn send(&self, kind: RunEventKind<'_>) {
        let event = RunEvent::new(&self.run, &self.connection, self.operation, kind);
        self.call(|observer| observer.on_event(&event));
    }

    pub(super) fn report(&self, report: RunReport<'_>) {
        self.call(|observer| observer.on_run_end(report));
    }

    /// What the panic says is dropped: it may hold anything.
    fn call(&self, call: impl FnOnce(&dyn RunObserver)) {
        let Some(observer) = self.observer.as_deref() else { return };
        if catch_unwind(AssertUnwindSafe(|| call(observer))).is_err()
            && !self.has_panicked.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(run = %self.run, "the run's observer panicked");
        }
    }

    /// What the report is to say of an observer that panicked.
    pub(super) fn warning(&self) -> Option<String> {
        let has_panicked = self.has_panicked.load(Ordering::Relaxed);
        has_panicked.then(|| "the run's observer panicked: it missed an event or more".to_owned())
    }
}
