//! Why a file was not opened.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use rusqlite::ErrorCode;

use super::convert::Plain;

/// The file was not opened. It has not been changed.
#[derive(Debug)]
#[non_exhaustive]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: OpenProblem,
}

/// What is wrong with a file that was to be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenProblem {
    /// It is not an SQLite database.
    #[error("it is not an SQLite database")]
    NotADatabase,
    /// It has tables named `shipstation_…` that are not of this store.
    #[error(
        "it has tables named shipstation_… that are not those of this store; give it another file, or restore this one from a backup"
    )]
    NotOurs,
    /// A newer version of this crate has written it.
    #[error(
        "its schema has version {found} and this program knows versions up to {supported}; use a newer program"
    )]
    Newer {
        /// The version of its schema.
        found: i32,
        /// The newest version that this crate knows.
        supported: i32,
    },
    /// It is damaged.
    #[error("it is damaged ({detail}); restore it from a backup")]
    Damaged {
        /// What SQLite says.
        detail: String,
    },
    /// It cannot be made or written here.
    #[error(
        "it cannot be written ({detail}); its folder must exist, and this user must be allowed to write both: a log is \
         kept beside the file"
    )]
    NotWritable {
        /// What SQLite says.
        detail: String,
    },
    /// Another process kept it locked until the busy timeout.
    #[error("still locked by another process after the busy timeout")]
    Locked,
    /// The system would not let us read or write it.
    #[error("the system does not allow it")]
    Io(#[source] io::Error),
    /// SQLite refused it for another reason.
    #[error("{detail}")]
    Refused {
        /// What SQLite says.
        detail: String,
    },
}

impl OpenError {
    pub(super) fn new(path: &Path, problem: OpenProblem) -> Self {
        Self { path: path.to_owned(), problem }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was not opened: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.problem.source()
    }
}

impl From<rusqlite::Error> for OpenProblem {
    fn from(error: rusqlite::Error) -> Self {
        let detail = Plain(&error).to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { detail },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::NotWritable { detail }
            }
            _ => Self::Refused { detail },
        }
    }
}
