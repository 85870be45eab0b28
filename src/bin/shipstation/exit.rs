//! How the program ends: a code for scripts, a sentence for people.

use std::process::ExitCode;

use shipstation_connector::channel::{ChannelError, Refusal, RunStatus, store::StoreError};

/// What the program's exit codes mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It was done, or there was nothing to do.
    Succeeded = 0,
    /// The machine: an output that cannot be written, a program that cannot be set up.
    Internal = 1,
    /// What was asked for, or a setting, is wrong.
    Usage = 2,
    /// It was done, and some items failed, or a check has found errors.
    WithErrors = 3,
    /// It stopped early, also by Ctrl-C; the next run goes on.
    Partial = 4,
    /// It could not be done: ShipStation or the storage did not answer.
    Failed = 5,
    /// ShipStation refused the key.
    Credentials = 6,
    /// Another run of the same kind is under way.
    AlreadyRunning = 7,
    /// The order, connection or text that was named is not there.
    NotFound = 8,
}

impl Exit {
    /// How a run has ended.
    pub(crate) fn of(status: &RunStatus) -> Self {
        match status {
            RunStatus::Succeeded => Self::Succeeded,
            RunStatus::CompletedWithErrors => Self::WithErrors,
            RunStatus::Partial { .. } => Self::Partial,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// How a verb ends.
pub(crate) type Ended = Result<Exit, Failure>;

/// Why nothing could be done.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(Exit::NotFound, format!("there is no {what}"))
    }
}

impl From<ChannelError> for Failure {
    fn from(error: ChannelError) -> Self {
        let exit = match &error.refusal {
            Refusal::AlreadyRunning { .. } => Exit::AlreadyRunning,
            Refusal::Credentials { .. } => Exit::Credentials,
            Refusal::NotFound { .. } => Exit::NotFound,
            Refusal::Unavailable { .. } | Refusal::Store(_) => Exit::Failed,
            _ => Exit::Usage,
        };
        Self::new(exit, format!("{} was not started: {}", error.operation, said(&error.refusal)))
    }
}

/// The refusal, and how an order is named by its id here.
pub(crate) fn said(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotConfigured { .. } => {
            format!("{refusal} for the connection (in the file: [connections.NAME.settings.…])")
        }
        Refusal::Ambiguous { .. } => format!("{refusal}, such as id:2184550001"),
        _ => refusal.to_string(),
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Exit::Failed, format!("the storage failed: {error}"))
    }
}

impl From<shipstation_connector::client::Error> for Failure {
    fn from(error: shipstation_connector::client::Error) -> Self {
        use shipstation_connector::client::ErrorKind as Kind;
        let exit = match error.kind() {
            Kind::Auth | Kind::Plan | Kind::Forbidden => Exit::Credentials,
            Kind::NotFound => Exit::NotFound,
            Kind::Config => Exit::Usage,
            Kind::Cancelled => Exit::Partial,
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Internal, error.to_string())
    }
}
