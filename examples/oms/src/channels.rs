//! The channel of each account: built from the host's tables, kept until they change, and shared by the fleet and the pages.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use shipstation_connector::{
    Credentials, Settings, ShipStation, ShipStationChannel, Timestamp,
    channel::{ChannelConnector, CheckReport, ConnectionId, shipping::AccountCarrier},
    client::{BudgetStore, CallInfo, CallObserver, Carrier, Clock, SharedWindow, ShipStationBuilder},
    connector::{EmptyOrderPolicy, OrderSettings},
    fleet::{BuildFailure, ConnectionSource, FleetConnection},
};

use crate::{
    Failure,
    database::Database,
    shop::{
        accounts::{self, Account},
        usage,
    },
};

/// What an account's client is built with beside its keys: for a simulated ShipStation, its transport.
pub(crate) type Wire = Box<dyn Fn(&str, ShipStationBuilder) -> ShipStationBuilder + Send + Sync>;

/// The channels of the host's accounts.
pub(crate) struct Channels {
    database: Database,
    clock: Arc<dyn Clock>,
    wire: Wire,
    /// Keeps the budget of each key for all processes that use it; without one, this process counts alone.
    budgets: Option<Arc<dyn BudgetStore>>,
    built: Mutex<BTreeMap<String, Built>>,
    building: tokio::sync::Mutex<()>,
    sent: Sent,
}

/// How many requests were sent for a connection in an hour, since that was last written down.
type Sent = Arc<Mutex<BTreeMap<(String, i64), i64>>>;

/// Counts the requests of a client, whoever sends them.
#[derive(Debug)]
struct Meter {
    connection: String,
    sent: Sent,
    clock: Arc<dyn Clock>,
}

impl CallObserver for Meter {
    fn sending(&self, _: &CallInfo) {
        let hour = self.clock.now().unix_seconds() / usage::HOUR;
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        *sent.entry((self.connection.clone(), hour)).or_default() += 1;
    }
}

struct Built {
    revision: i64,
    channel: Arc<ShipStationChannel>,
    client: ShipStation,
    checked: Option<(Timestamp, CheckReport)>,
    /// The carriers of the account, or why they are not known, and when they were asked for.
    carriers: Option<(Timestamp, Result<Vec<AccountCarrier>, String>)>,
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channels").finish_non_exhaustive()
    }
}

/// How long an answer about carriers is kept.
const CARRIERS_KEPT: Duration = Duration::from_secs(3_600);
const FAILURE_KEPT: Duration = Duration::from_secs(60);

/// How an account is served: changes after the import are watched, orders without anything to ship are left out, and everything else
/// is as the crate has it.
fn settings() -> Settings {
    let orders = OrderSettings::default().watch_changes(true).empty_orders(EmptyOrderPolicy::Skip);
    Settings::default().orders(orders)
}

impl Channels {
    pub(crate) fn new(database: Database, clock: Arc<dyn Clock>, wire: Wire) -> Self {
        Self {
            database,
            clock,
            wire,
            budgets: None,
            built: Mutex::default(),
            building: tokio::sync::Mutex::default(),
            sent: Sent::default(),
        }
    }

    /// The same, of one of many processes: where the database can keep the budgets, it does.
    pub(crate) fn of_many_processes(self) -> Self {
        Self { budgets: self.database.budgets(), ..self }
    }

    /// The channel of an account that is there.
    pub(crate) async fn of(&self, name: &str) -> Result<Arc<ShipStationChannel>, Failure> {
        self.find(name).await?.ok_or_else(|| format!("there is no connection {name:?}").into())
    }

    /// The channel of an account, if there is such an account: built anew if its keys have changed.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<Arc<ShipStationChannel>>, Failure> {
        let Some(account) = accounts::find(&self.database, name).await? else { return Ok(None) };
        // One at a time: two channels of one account would each think that the whole budget is theirs.
        let _building = self.building.lock().await;
        let kept =
            self.with(name, |built| (built.revision == account.revision).then(|| built.channel.clone()));
        if let Some(channel) = kept.flatten() {
            return Ok(Some(channel));
        }
        let client = self.client(&account)?;
        let channel = ShipStationChannel::builder(client.clone(), name, self.database.stores())
            .settings(settings())
            .webhook_secret(&account.webhook_secret)
            .build()?;
        let channel = Arc::new(channel);
        let built = Built {
            revision: account.revision,
            channel: channel.clone(),
            client,
            checked: None,
            carriers: None,
        };
        self.built.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), built);
        Ok(Some(channel))
    }

    fn client(&self, account: &Account) -> Result<ShipStation, Failure> {
        let mut credentials = Credentials::new(account.api_key.as_str(), account.api_secret.as_str());
        if let Some(day) = &account.expires_on {
            credentials = credentials.expires_on(day.parse()?);
        }
        let window = self.budgets.clone().map(|store| SharedWindow::new(store, &credentials));
        let mut builder = ShipStation::builder(credentials).clock(self.clock.clone());
        if let Some(window) = window {
            builder = builder.rate_limiter(Arc::new(window.clock(self.clock.clone())));
        }
        let client = (self.wire)(&account.name, builder).build()?;
        let meter =
            Meter { connection: account.name.clone(), sent: self.sent.clone(), clock: self.clock.clone() };
        Ok(client.observed_by(Arc::new(meter)))
    }

    fn with<T>(&self, name: &str, look: impl FnOnce(&mut Built) -> T) -> Option<T> {
        self.built.lock().unwrap_or_else(PoisonError::into_inner).get_mut(name).map(look)
    }

    /// Writes down how many requests were sent since the last time.
    pub(crate) async fn write_usage(&self) -> Result<(), Failure> {
        let sent = std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner));
        for ((connection, hour), requests) in sent {
            usage::add(&self.database, &connection, hour, requests).await?;
        }
        Ok(())
    }

    /// When the last check was, and what it found, since the process started or the keys changed.
    pub(crate) fn checked(&self, name: &str) -> Option<(Timestamp, CheckReport)> {
        self.with(name, |built| built.checked.clone()).flatten()
    }

    pub(crate) fn keep_check(&self, report: CheckReport) {
        let (name, now) = (report.connection.as_str().to_owned(), self.clock.now());
        self.with(&name, |built| built.checked = Some((now, report)));
    }

    /// The carriers of an account: asked for once an hour at most, after a failure once a minute.
    pub(crate) async fn carriers(&self, name: &str) -> Result<Vec<AccountCarrier>, Failure> {
        self.of(name).await?;
        let now = self.clock.now();
        let kept = |built: &mut Built| {
            let length = |answer: &Result<_, _>| if answer.is_ok() { CARRIERS_KEPT } else { FAILURE_KEPT };
            let fresh = built.carriers.clone().filter(|(at, answer)| now.since(*at) < length(answer));
            // Whoever comes while the answer is under way does not ask again.
            built.carriers.get_or_insert_with(|| (now, Err("they are being asked for".to_owned())));
            (built.client.clone(), fresh)
        };
        let Some((client, kept)) = self.with(name, kept) else { return Ok(Vec::new()) };
        if let Some((_, answer)) = kept {
            return Ok(answer?);
        }
        let code = |row: Carrier| Some(AccountCarrier::new(row.code?, row.name.unwrap_or_default()));
        let answer = client.carriers().list().await;
        let answer = answer.map(|rows| rows.items.into_iter().filter_map(code).collect::<Vec<_>>());
        let answer = answer.map_err(|error| error.to_string());
        self.with(name, |built| built.carriers = Some((now, answer.clone())));
        Ok(answer?)
    }

    /// The last day of the keys, if the host knows it.
    pub(crate) fn expires_on(&self, name: &str) -> Option<String> {
        self.with(name, |built| built.client.key_expires_on().map(|day| day.to_string())).flatten()
    }
}

#[async_trait]
impl ConnectionSource for Channels {
    async fn connections(&self) -> Result<Vec<FleetConnection>, BuildFailure> {
        let connection = |account: Account| {
            let revision = u64::try_from(account.revision)?;
            let connection = FleetConnection::new(account.name).revision(revision);
            Ok(match account.paused {
                Some(why) => connection.paused(why),
                None => connection,
            })
        };
        accounts::all(&self.database).await?.into_iter().map(connection).collect()
    }

    async fn channel(&self, connection: &ConnectionId) -> Result<Arc<dyn ChannelConnector>, BuildFailure> {
        Ok(self.of(connection.as_str()).await?)
    }
}
