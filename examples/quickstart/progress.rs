//! A progress bar and a log for the quickstart: what a host hangs onto the crate's events.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use indicatif::{ProgressBar, ProgressStyle};
use shipstation_connector::channel::{RunEvent, RunEventKind, RunObserver};
use tracing_subscriber::fmt::MakeWriter;

/// Shows how far a run is. Invisible when the output is not a terminal.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(length: u64) -> Arc<Self> {
        let style = ProgressStyle::with_template("  {bar:40} {pos}/{len} {msg}");
        let bar = ProgressBar::new(length);
        Arc::new(Self(style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))))
    }
}

impl RunObserver for Bar {
    fn on_event(&self, event: &RunEvent<'_>) {
        match event.kind {
            RunEventKind::PageRead { of: Some(total), .. } if self.0.length() < Some(total) => {
                self.0.set_length(total);
            }
            RunEventKind::ItemDone { .. } => self.0.inc(1),
            RunEventKind::Waiting { until, .. } => {
                self.0.set_message(format!("(simulated) waiting until {until}"));
            }
            RunEventKind::Finished { .. } => self.0.finish_and_clear(),
            _ => {}
        }
    }
}

/// Every log line of the crate, kept in memory to be searched for secrets at the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
