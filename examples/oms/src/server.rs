//! The host's process: database, accounts, fleet and web server, from start to stop.

use std::{collections::BTreeSet, fmt, net::SocketAddr, sync::Arc, time::Duration};

use shipstation_connector::{
    channel::{CancelToken, ChannelConnector, EnsureWebhooks},
    client::{Clock, SystemClock},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

use crate::{
    Failure,
    channels::{Channels, Wire},
    database::Database,
    demo::{self, Scene, World},
    shop::{
        accounts::{self, Account},
        operators,
    },
    web, work,
};

/// How long runs and pages have to end.
const GRACE: Duration = Duration::from_secs(32);
/// How often it is looked whether every account has its webhooks.
const WEBHOOKS_INTERVAL: Duration = Duration::from_secs(600);

/// How the process is started.
#[derive(Clone)]
pub struct Options {
    /// Where the web server listens.
    pub listen: SocketAddr,
    /// A file, or an address of PostgreSQL. Without one: a file in a temporary folder that is removed in the end.
    pub database: Option<String>,
    /// Where ShipStation reaches the web server, as `https://…`. Without one there are no webhooks.
    pub public_url: Option<String>,
    /// Simulated accounts in place of those in the database.
    pub scene: Option<Scene>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address of a database may hold a password.
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("scene", &self.scene)
            .finish_non_exhaustive()
    }
}

/// The running process.
pub struct Running {
    /// Where the web server listens.
    pub address: SocketAddr,
    /// The name and the password of the operator, if nobody could sign in before. Only their hash is kept.
    pub operator: Option<(String, String)>,
    stop: CancelToken,
    /// The web server and the fleet, which end by themselves.
    ends: [JoinHandle<()>; 2],
    helpers: Vec<JoinHandle<()>>,
    /// Removed in the end.
    _folder: Option<TempDir>,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Running {
    /// Starts everything: when it returns, the pages are served.
    ///
    /// # Errors
    /// When the database or the port cannot be opened.
    pub async fn start(options: Options) -> Result<Self, Failure> {
        let (place, folder) = if let Some(place) = options.database {
            (place, None)
        } else {
            let folder = tempfile::tempdir()?;
            (folder.path().join("oms.sqlite").to_string_lossy().into_owned(), Some(folder))
        };
        let database = Database::open(&place).await?;
        let operator = first_operator(&database).await?;
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let mut helpers = Vec::new();
        let (mut clock, mut wire, mut public_url): (Arc<dyn Clock>, Wire, _) =
            (Arc::new(SystemClock), Box::new(|_, builder| builder), options.public_url);
        if let Some(scene) = options.scene {
            let world = World::make(scene, &database).await?;
            (clock, wire) = (world.clock(), world.wire());
            public_url = Some(demo::PUBLIC_URL.to_owned());
            let accounts = world.accounts();
            helpers.push(tokio::spawn(async move { said(demo::deliver(accounts, address).await) }));
        }
        let channels = Arc::new(Channels::new(database.clone(), clock.clone(), wire).of_many_processes());
        let fleet = work::fleet(&database, &channels, clock.clone());
        helpers.push(tokio::spawn(work::write_usage(channels.clone(), clock.clone())));
        helpers.push(tokio::spawn(work::check_all(database.clone(), channels.clone(), clock.clone())));
        if let Some(url) = public_url {
            helpers.push(tokio::spawn(subscribe(database.clone(), channels.clone(), clock.clone(), url)));
        }
        let stop = CancelToken::new();
        let pages = web::router(web::App::new(database, channels, fleet.clone(), clock));
        let (stopped, stopping) = (stop.clone(), stop.clone());
        let serve =
            axum::serve(listener, pages).with_graceful_shutdown(async move { stopped.cancelled().await });
        let ends = [
            tokio::spawn(async move { said(serve.await.map_err(Failure::from)) }),
            tokio::spawn(async move {
                for job in fleet.run(&stopping).await {
                    tracing::warn!("abandoned: {job}");
                }
            }),
        ];
        Ok(Self { address, operator, stop, ends, helpers, _folder: folder })
    }

    /// Lets runs and pages that are under way end, for half a minute at most, and stops.
    pub async fn stop(self) {
        self.stop.cancel();
        let [server, fleet] = self.ends;
        let (server_stop, fleet_stop) = (server.abort_handle(), fleet.abort_handle());
        // A visitor who does not end a request keeps nobody waiting. A task that panicked has ended too.
        let both = async { (server.await.is_ok(), fleet.await.is_ok()) };
        if tokio::time::timeout(GRACE, both).await.is_err() {
            server_stop.abort();
            fleet_stop.abort();
        }
        for helper in self.helpers {
            helper.abort();
        }
    }
}

fn said(ended: Result<(), Failure>) {
    if let Err(error) = ended {
        tracing::error!("{error}");
    }
}

/// Makes an operator where nobody can sign in yet. There is no password that others know.
async fn first_operator(database: &Database) -> Result<Option<(String, String)>, Failure> {
    if operators::is_any(database).await? {
        return Ok(None);
    }
    let (name, password) = ("operator".to_owned(), new_password()?);
    Ok(operators::put_first(database, &name, &password).await?.then_some((name, password)))
}

fn new_password() -> Result<String, Failure> {
    Ok(operators::secret()?.chars().take(20).collect())
}

/// Lets an operator sign in, or gives it a new password, which is answered and not kept.
///
/// # Errors
/// When the database cannot be written.
pub async fn add_operator(database: &str, name: &str) -> Result<String, Failure> {
    let password = new_password()?;
    operators::put(&Database::open(database).await?, name, &password).await?;
    Ok(password)
}

/// Lets an operator sign in no more, and signs it out. Says whether there was one of this name.
///
/// # Errors
/// When the database cannot be written.
pub async fn remove_operator(database: &str, name: &str) -> Result<bool, Failure> {
    operators::remove(&Database::open(database).await?, name).await
}

/// Adds an account of ShipStation, or gives it new keys, which a running process uses from its next look at the accounts on.
///
/// # Errors
/// When the day is none, or the database cannot be written.
pub async fn add_account(
    database: &str,
    name: &str,
    keys: (String, String),
    expires_on: Option<String>,
) -> Result<(), Failure> {
    if let Some(day) = &expires_on {
        day.parse::<shipstation_connector::client::PacificDate>()?;
    }
    let account = Account {
        name: name.to_owned(),
        api_key: keys.0,
        api_secret: keys.1,
        expires_on,
        webhook_secret: operators::secret()?,
        revision: 1,
        paused: None,
    };
    accounts::put(&Database::open(database).await?, &account).await
}

/// Has ShipStation tell the web server what is new, in every account, also in those that are added later.
async fn subscribe(database: Database, channels: Arc<Channels>, clock: Arc<dyn Clock>, public_url: String) {
    let mut subscribed = BTreeSet::new();
    loop {
        for account in accounts::all(&database).await.unwrap_or_default() {
            if account.paused.is_some() || subscribed.contains(&(account.name.clone(), account.revision)) {
                continue;
            }
            match subscribe_one(&channels, &account.name, &public_url).await {
                Ok(()) => drop(subscribed.insert((account.name, account.revision))),
                Err(error) => tracing::warn!("connection {} has no webhooks: {error}", account.name),
            }
        }
        clock.sleep(WEBHOOKS_INTERVAL).await;
    }
}

async fn subscribe_one(channels: &Channels, name: &str, public_url: &str) -> Result<(), Failure> {
    let mut address = Url::parse(public_url)?;
    let mut path = address.path_segments_mut().map_err(|()| "the public address has no path")?;
    path.pop_if_empty().extend(["hooks", name]);
    drop(path);
    let channel = channels.of(name).await?;
    let _report = channel.ensure_webhooks(EnsureWebhooks::new(address)).await?;
    Ok(())
}
