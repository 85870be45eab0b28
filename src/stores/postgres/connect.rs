//! Opening the store: the options, the pool, and the look at the server before anything is changed.

use std::{str::FromStr, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::{
    Config, NoTls,
    config::{Host, SslMode},
};

use super::{ConnectError, ConnectProblem, PostgresStore, migrate, writer};

/// How a [`PostgresStore`] is opened.
///
/// ```
/// use shipstation_connector::stores::postgres::PostgresOptions;
///
/// let options = PostgresOptions::default().schema("channel").pool_size(4);
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
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
    /// Whether the schema is made and brought up to date. `true` by default; otherwise one that is missing or old is refused.
    pub migrates: bool,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            schema: "shipstation_connector".to_owned(),
            pool_size: 8,
            connect_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(60),
            migrates: true,
        }
    }
}

impl PostgresOptions {
    /// Another schema.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// Another number of connections.
    #[must_use]
    pub fn pool_size(mut self, size: usize) -> Self {
        self.pool_size = size;
        self
    }

    /// Another time for a connection.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Another time for a statement.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Leaves the schema to the host's own tool: see [`PostgresStore::schema_sql`].
    #[must_use]
    pub fn without_migration(mut self) -> Self {
        self.migrates = false;
        self
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
    /// # Errors
    /// When an option or the URL is wrong, the server cannot be reached or refuses, its schema is not of this store or of a newer
    /// version, or the role may not do what is needed. Nothing has been changed then.
    pub async fn connect(url: &str, options: &PostgresOptions) -> Result<Self, ConnectError> {
        let mut config = Config::from_str(url).map_err(|_| ConnectProblem::Url)?;
        if config.get_hosts().is_empty() {
            return Err(ConnectProblem::NoHost.into());
        }
        let is_local = |host: &Host| matches!(host, Host::Unix(_));
        if config.get_ssl_mode() == SslMode::Require && !config.get_hosts().iter().all(is_local) {
            return Err(ConnectProblem::TlsRequired.into());
        }
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
        let pool = Pool::builder(Manager::from_config(config, NoTls, fast))
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
        Ok(Self { pool, schema: options.schema.clone(), enter, host: None })
    }
}
