//! Why the store was not opened.

use deadpool_postgres::PoolError;
use tokio_postgres::{Error, error::SqlState};

use super::convert::{cause, is_about_the_connection, is_about_tls};

/// The store was not opened. Nothing has been changed.
#[derive(Debug, thiserror::Error)]
#[error("the PostgreSQL store was not opened: {problem}")]
pub struct ConnectError {
    /// What is wrong.
    #[source]
    pub problem: ConnectProblem,
}

impl From<ConnectProblem> for ConnectError {
    fn from(problem: ConnectProblem) -> Self {
        Self { problem }
    }
}

/// What is wrong with a database that was to be used. No password is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectProblem {
    /// The URL cannot be read.
    #[error("the URL is none of PostgreSQL's; write postgresql://user:password@host:port/database")]
    Url,
    /// The URL names no host.
    #[error("the URL names no host; write postgresql://user:password@host:port/database")]
    NoHost,
    /// TLS with the server fails.
    #[error(
        "TLS with the server fails ({detail}); check that it offers TLS, that its certificate names the host of the URL, and that \
         the option root_certificates holds the authority of that certificate if the platform does not trust it"
    )]
    Tls {
        /// What went wrong.
        detail: String,
    },
    /// The option `root_certificates` cannot be read.
    #[error("the option root_certificates holds no certificate; give it PEM, with BEGIN CERTIFICATE lines")]
    RootCertificates,
    /// There is nothing that computes TLS.
    #[error(
        "the URL asks for TLS and no provider of it is installed; enable the feature rustls, or call \
         rustls::crypto::CryptoProvider::install_default() first"
    )]
    NoTlsProvider,
    /// An option is zero.
    #[error("the option {option} is zero; leave it out, or give it at least 1")]
    Zero {
        /// The option.
        option: &'static str,
    },
    /// The name of the schema is not allowed.
    #[error(
        "the schema name {name:?} is not allowed; use lower-case letters, digits and _, at most 60, and no pg_ in front"
    )]
    SchemaName {
        /// The name.
        name: String,
    },
    /// The server cannot be reached.
    #[error(
        "the server cannot be reached ({detail}); check host and port of the URL, and whether the server runs"
    )]
    Unreachable {
        /// What the system says.
        detail: String,
    },
    /// The server refuses user or password.
    #[error("the server refuses the user ({detail}); check user and password of the URL, and pg_hba.conf")]
    Credentials {
        /// What PostgreSQL says.
        detail: String,
    },
    /// There is no such database.
    #[error("{detail}; create it, or name another one in the URL")]
    NoDatabase {
        /// What PostgreSQL says.
        detail: String,
    },
    /// The server is too old.
    #[error("the server has version {found}; the store needs PostgreSQL 15 or newer")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The database has another encoding.
    #[error("the database's encoding is {found}; create it with ENCODING 'UTF8'")]
    Encoding {
        /// Its encoding.
        found: String,
    },
    /// The server only reads.
    #[error(
        "the server takes no writes (a replica, or default_transaction_read_only); name the primary in the URL"
    )]
    ReadOnly,
    /// The role may not do what is needed.
    #[error(
        "the role may not do that ({detail}); grant it CREATE on the database, or let the owner apply PostgresStore::schema_sql and \
         grant it USAGE on the schema and all rights on what is in it"
    )]
    NotAllowed {
        /// What PostgreSQL says.
        detail: String,
    },
    /// The schema holds something else.
    #[error(
        "the schema {schema} holds tables that are not those of this store; name another one in the options"
    )]
    NotOurs {
        /// The schema.
        schema: String,
    },
    /// A newer version of this crate has written it.
    #[error(
        "the schema {schema} has version {found} and this program knows versions up to {supported}; use a newer program"
    )]
    Newer {
        /// The schema.
        schema: String,
        /// Its version.
        found: i64,
        /// The newest version that this crate knows.
        supported: i64,
    },
    /// The schema is missing or old, and the options forbid to change that.
    #[error(
        "the schema {schema} is missing or old; apply PostgresStore::schema_sql, or let the options migrate"
    )]
    NotMigrated {
        /// The schema.
        schema: String,
    },
    /// The server's disk is full.
    #[error("the server's disk is full ({detail}); make room and try again")]
    DiskFull {
        /// What PostgreSQL says.
        detail: String,
    },
    /// PostgreSQL refused for another reason.
    #[error("{detail}")]
    Refused {
        /// What PostgreSQL says.
        detail: String,
    },
}

impl From<PoolError> for ConnectProblem {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(_) => Self::Unreachable { detail: "no answer in time".to_owned() },
            error => Self::Refused { detail: error.to_string() },
        }
    }
}

impl From<Error> for ConnectProblem {
    fn from(error: Error) -> Self {
        let Some(refusal) = error.as_db_error() else {
            let detail = cause(&error);
            return if is_about_tls(&error) {
                Self::Tls { detail }
            } else if is_about_the_connection(&error) || error.is_closed() {
                Self::Unreachable { detail }
            } else {
                Self::Refused { detail: format!("{error}: {detail}") }
            };
        };
        let detail = refusal.message().to_owned();
        match refusal.code() {
            code if code.code().starts_with("28") => Self::Credentials { detail },
            &SqlState::INVALID_CATALOG_NAME => Self::NoDatabase { detail },
            &SqlState::INSUFFICIENT_PRIVILEGE => Self::NotAllowed { detail },
            &SqlState::READ_ONLY_SQL_TRANSACTION => Self::ReadOnly,
            &SqlState::DISK_FULL => Self::DiskFull { detail },
            code => {
                Self::Refused { detail: format!("PostgreSQL refused: {detail} (SQLSTATE {})", code.code()) }
            }
        }
    }
}
