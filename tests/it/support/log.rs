//! What the code under test logs, caught for one test.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing::subscriber::DefaultGuard;

/// Everything that is logged on this thread, down to traces.
#[derive(Clone, Default)]
pub(crate) struct CaughtLog(Arc<Mutex<Vec<u8>>>);

impl CaughtLog {
    /// Catches until the guard goes.
    pub(crate) fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// To be called once the code under test has run a first time: a place in the code that another test was just making
    /// known to its own subscriber may have missed this one.
    pub(crate) fn hear_every_place() {
        tracing::callsite::rebuild_interest_cache();
    }

    /// What was caught so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for CaughtLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
