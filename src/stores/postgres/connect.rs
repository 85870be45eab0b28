//! Opening the store: the options, the pool, and the look at the server before anything is changed.

use std::{str::FromStr, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::{
    Config, NoTls,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{ConnectError, ConnectProblem, PostgresStore, migrate, tls, writer};
use crate::{setters::setters, shows::shows};

/// How a [`PostgresStore`] is opened.
///
/// ```
/// use shipstation_connector::stores::postgres::PostgresOptions;
///
/// let options = PostgresOptions::default().schema("channel").pool_size(4);
/// # let _ = options;
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// The schema that everything lies in: lower-case letters, digits and `_`. `shipstation_connector` by default.
    pub schema: String,
    /// The most connections that are open at once. 8 by default.
    pub pool_size: usize,
    /// How long a connection is waited for, new or from the pool. 30 seconds by default.
    pub connect_timeout: Duration,
    /// How long one statement may take on the server, and a transaction wait for the next one. 60 seconds by default.
    pub statement_timeout: Duration,
    /// The authorities, as PEM, that vouch for the server's certificate: TLS is used then. By default those that the platform trusts, where
    /// the URL asks for TLS.
    pub root_certificates: Option<String>,
    /// Whether the schema is made and brought up to date. `true` by default; otherwise one that is missing or old is refused.
    pub migrates: bool,
}

shows! {
    |it: PostgresOptions|
    schema, pool_size, connect_timeout, statement_timeout, root_certificates = it.root_certificates.is_some(), migrates
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            schema: "shipstation_connector".to_owned(),
            pool_size: 8,
            connect_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(60),
            root_certificates: None,
            migrates: true,
        }
    }
}

impl PostgresOptions {
    setters! {
        /// Another schema.
        schema(schema: impl Into<String>) => schema = schema.into();
        /// Another number of connections.
        pool_size(size: usize) => pool_size = size;
        /// Another time for a connection.
        connect_timeout(timeout: Duration) => connect_timeout = timeout;
        /// Another time for a statement.
        statement_timeout(timeout: Duration) => statement_timeout = timeout;
        /// Other authorities than those of the platform, as PEM: a bundle of a provider, or one's own.
        root_certificates(pem: impl Into<String>) => root_certificates = Some(pem.into());
        /// Leaves the schema to the host's own tool: see [`PostgresStore::schema_sql`].
        without_migration() => migrates = false;
    }

    fn check(&self) -> Result<(), ConnectProblem> {
        migrate::check_name(&self.schema)?;
        let zero = [
            ("pool_size", self.pool_size == 0),
            ("connect_timeout", self.connect_timeout.is_zero()),
            ("statement_timeout", self.statement_timeout.as_millis() == 0),
        ];
        match zero.into_iter().find(|(_, is_zero)| *is_zero) {
            Some((option, _)) => Err(ConnectProblem::Zero { option }),
            None => Ok(()),
        }
    }
}

impl PostgresStore {
    /// Connects to the database of `url` (`postgresql://user:password@host:port/database`, or `key=value` pairs) and opens the
    /// store there.
    ///
    /// TLS is used where the URL says `sslmode=require` (or `verify-ca`, `verify-full`, which mean the same here), or where the options
    /// name authorities and the URL does not say `sslmode=disable`: the server's
    /// certificate has to be valid for the host of the URL, and vouched for by an authority that is trusted. Otherwise it is not
    /// used, nor on a socket of this machine.
    ///
    /// # Errors
    /// When an option or the URL is wrong, the server cannot be reached or refuses, its schema is not of this store or of a newer
    /// version, or the role may not do what is needed. Nothing has been changed then.
    pub async fn connect(url: &str, options: &PostgresOptions) -> Result<Self, ConnectError> {
        let (mut config, tls) = read_url(url, options.root_certificates.as_deref())?;
        if config.get_application_name().is_none() {
            config.application_name("shipstation-connector");
        }
        config.connect_timeout(options.connect_timeout);
        // A server that is gone without a word is noticed.
        config.keepalives_idle(options.statement_timeout);
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(options.statement_timeout);
        }
        let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match tls {
            Some(tls) => Manager::from_config(config, tls, fast),
            None => Manager::from_config(config, NoTls, fast),
        };
        let pool = Pool::builder(manager)
            .max_size(options.pool_size)
            .wait_timeout(Some(options.connect_timeout))
            .create_timeout(Some(options.connect_timeout))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| ConnectProblem::Refused { detail: error.to_string() })?;
        Self::open(pool, options).await
    }

    /// Opens the store on connections that the host makes: with TLS of its choice, or shared with its own work.
    ///
    /// # Errors
    /// As [`PostgresStore::connect`].
    pub async fn open(pool: Pool, options: &PostgresOptions) -> Result<Self, ConnectError> {
        options.check()?;
        let mut client = pool.get().await.map_err(ConnectProblem::from)?;
        migrate::open(&mut client, options).await?;
        drop(client);
        // A process that stands still inside a transaction must not keep its locks for ever.
        let enter = format!(
            "{}; SET LOCAL statement_timeout TO {millis}; SET LOCAL idle_in_transaction_session_timeout TO {millis}",
            writer::enter_sql(&options.schema),
            millis = options.statement_timeout.as_millis()
        );
        let (schema, root_certificates) = (options.schema.clone(), options.root_certificates.clone());
        Ok(Self { pool, schema, enter, host: None, root_certificates })
    }
}

/// What a URL says, and what speaks TLS if it asks for that.
pub(super) fn read_url(
    url: &str,
    authorities: Option<&str>,
) -> Result<(Config, Option<MakeRustlsConnect>), ConnectProblem> {
    // libpq's names for what `require` means here.
    let url =
        url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
    let mut config = Config::from_str(&url).map_err(|_| ConnectProblem::Url)?;
    if config.get_hosts().is_empty() {
        return Err(ConnectProblem::NoHost);
    }
    let is_local = |host: &Host| matches!(host, Host::Unix(_));
    if config.get_hosts().iter().all(is_local) {
        config.ssl_mode(SslMode::Disable);
    } else if authorities.is_some() && config.get_ssl_mode() == SslMode::Prefer {
        // Whoever names authorities wants TLS.
        config.ssl_mode(SslMode::Require);
    }
    let tls = (config.get_ssl_mode() == SslMode::Require).then(|| tls::connector(authorities)).transpose()?;
    Ok((config, tls))
}
