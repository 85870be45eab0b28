//! What is logged of a run as a whole: its span, its end, and that it did not begin.

use std::{error::Error as StdError, pin::Pin};

use tracing::{
    Instrument, Span,
    field::{Empty, display},
    instrument::Instrumented,
};

use super::ShipStationChannel;
use crate::channel::{ChannelError, Operation, Refusal, RunStatus, report::RunInfo, store::StoreError};

/// Does the work of an operation in a span, which whatever the client and the stores log meanwhile belongs to.
pub(super) fn in_span<F: Future>(
    channel: &ShipStationChannel,
    operation: Operation,
    work: F,
) -> Instrumented<Pin<Box<F>>> {
    let connection = &channel.connection;
    let span = tracing::info_span!("run", %connection, operation = operation.name(), run = Empty);
    Box::pin(work).instrument(span)
}

/// The run has its lease and its id.
pub(super) fn begins(info: &RunInfo) {
    let RunInfo { run, connection, operation, .. } = info;
    Span::current().record("run", display(run));
    tracing::info!(%connection, operation = operation.name(), %run, "run started");
}

/// How the run ended, at the level at which somebody should look.
pub(super) fn ends(info: &RunInfo, counts: &str) {
    let RunInfo { run, connection, operation, status, api, .. } = info;
    macro_rules! log {
        ($level:ident) => {
            tracing::$level!(
                %connection, operation = operation.name(), %run, %status, counts, requests = api.requests,
                retries = api.retries, faults = api.faults, "run finished"
            )
        };
    }
    match status {
        RunStatus::Failed { .. } => log!(error),
        RunStatus::Partial { .. } => log!(warn),
        _ => log!(info),
    }
}

/// The refusal of an operation that has no run yet.
pub(super) fn not_started(operation: Operation, refusal: Refusal) -> ChannelError {
    if let Refusal::Store(error) = &refusal {
        store_failed(error);
    }
    let error = ChannelError::new(operation, refusal);
    match &error.refusal {
        Refusal::AlreadyRunning { .. } => tracing::info!(%error, "run not started"),
        _ if error.is_retryable() => tracing::warn!(%error, "run not started"),
        _ => tracing::error!(%error, "run not started"),
    }
    error
}

/// A report shows what a store says; what the store's own causes say is for the log alone.
pub(super) fn store_failed(error: &StoreError) {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    tracing::error!(%error, causes = causes.join(": "), "the host's storage failed");
}
