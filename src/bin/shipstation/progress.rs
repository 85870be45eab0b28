//! What a run is doing, for people at a terminal: one line that is overwritten, and gone in the end.

use std::{
    io::{IsTerminal, stderr},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use shipstation_connector::channel::{RunEvent, RunEventKind, RunObserver};

/// Shows what a run reads and waits for.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// `None` where nobody looks.
    pub(crate) fn new() -> Option<Self> {
        stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            Self(bar)
        })
    }
}

impl RunObserver for Progress {
    fn on_event(&self, event: &RunEvent<'_>) {
        let message = match event.kind {
            RunEventKind::Started => format!("{} of {}", event.operation, event.connection),
            RunEventKind::PageRead { what, rows, of: Some(of) } => {
                format!("reading {what}: {rows} more of {of}")
            }
            RunEventKind::PageRead { what, rows, .. } => format!("reading {what}: {rows} more"),
            RunEventKind::Waiting { until, why } => format!("waiting until {}: {why}", until.floor_second()),
            RunEventKind::Finished { .. } => return self.0.finish_and_clear(),
            _ => return,
        };
        self.0.set_message(message);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
