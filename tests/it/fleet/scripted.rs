//! Accounts whose channels do what a test says, on simulated time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        CancelToken, Capabilities, ChannelConnector, ChannelError, CheckConnection, CheckReport,
        ConnectionId, Delivery, DiagnoseOrder, Diagnosis, ExplainImports, Finding, GetOrders, ImportOrder,
        ImportOverview, ImportReport, LinkListings, LinkReport, Operation, PublishListings, Readiness,
        Refusal, ResolveHeld, ResolveReport, ResolveShipping, RunControl, RunEvent, RunEventKind, RunId,
        SyncListings, SyncReport, SyncShipments, Trigger,
        report::{RunInfo, RunStatus},
        shipping::ShippingResolution,
    },
    client::Clock,
    fleet::{BuildFailure, ConnectionSource, Fleet, FleetConnection},
    testing::simulator::SimClock,
};
use tokio::sync::Notify;

/// What a run of an account comes to.
#[derive(Debug, Clone)]
pub(super) enum Script {
    Ends(RunStatus),
    Refused(fn() -> Refusal),
    Panics,
    IsNotBuilt,
    /// It works until its deadline or until it is cancelled.
    IsLong,
    Hangs,
}

#[derive(Debug)]
pub(super) struct Accounts {
    pub(super) clock: Arc<SimClock>,
    state: Mutex<State>,
    me: Weak<Accounts>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    connections: Vec<FleetConnection>,
    scripts: BTreeMap<ConnectionId, Script>,
    runs: BTreeMap<ConnectionId, Vec<Timestamp>>,
    built: BTreeMap<ConnectionId, usize>,
    fails: bool,
    /// While this account runs, the source does not answer; and whether it was asked then.
    hangs_with: Option<ConnectionId>,
    is_hanging: bool,
    at_once: usize,
    most_at_once: usize,
    wakes: Option<(Fleet, Operation)>,
    stop: Option<(Timestamp, CancelToken)>,
}

impl Accounts {
    pub(super) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Arc<Self> {
        let accounts = Arc::new_cyclic(|me| Self {
            clock: Arc::new(SimClock::new("2026-03-02T17:00:00Z".parse().unwrap())),
            state: Mutex::default(),
            me: me.clone(),
            changed: Notify::new(),
        });
        accounts.set(names.into_iter().map(FleetConnection::new));
        accounts
    }

    fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        change(&mut self.state.lock().unwrap())
    }

    pub(super) fn set(&self, connections: impl IntoIterator<Item = FleetConnection>) {
        self.with(|state| state.connections = connections.into_iter().collect());
    }

    pub(super) fn script(&self, connection: &str, script: Script) {
        self.with(|state| state.scripts.insert(connection.into(), script));
    }

    pub(super) fn fails(&self, fails: bool) {
        self.with(|state| state.fails = fails);
    }

    pub(super) fn hangs_when_it_runs(&self, connection: &str) {
        self.with(|state| state.hangs_with = Some(connection.into()));
    }

    pub(super) fn is_hanging(&self) -> bool {
        self.with(|state| state.is_hanging)
    }

    pub(super) fn wakes_itself(&self, fleet: &Fleet, operation: Operation) {
        self.with(|state| state.wakes = Some((fleet.clone(), operation)));
    }

    /// The source sees that time is over when it is asked, which is at least once a minute.
    pub(super) fn stop_after(&self, time: Duration) {
        let until = self.clock.now() + time;
        self.with(|state| state.stop = Some((until, CancelToken::new())));
    }

    pub(super) fn stop(&self) -> CancelToken {
        self.with(|state| state.stop.as_ref().unwrap().1.clone())
    }

    pub(super) fn runs(&self, connection: &str) -> usize {
        self.with(|state| state.runs.get(&connection.into()).map_or(0, Vec::len))
    }

    pub(super) fn gaps(&self, connection: &str) -> Vec<Duration> {
        self.with(|state| {
            state.runs[&connection.into()].windows(2).map(|pair| pair[1].since(pair[0])).collect()
        })
    }

    pub(super) fn built(&self, connection: &str) -> usize {
        self.with(|state| state.built[&connection.into()])
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.with(|state| state.most_at_once)
    }
}

/// The source that the fleet is given.
#[async_trait]
impl ConnectionSource for Accounts {
    async fn connections(&self) -> Result<Vec<FleetConnection>, BuildFailure> {
        let now = self.clock.now();
        let hangs = self.with(|state| {
            state.is_hanging |= state.hangs_with.is_some() && state.at_once > 0;
            state.is_hanging
        });
        if hangs {
            std::future::pending::<()>().await;
        }
        self.with(|state| {
            if let Some((until, stop)) = &state.stop
                && now >= *until
            {
                stop.cancel();
            }
            if state.fails { Err("planted outage".into()) } else { Ok(state.connections.clone()) }
        })
    }

    async fn changed(&self) {
        self.changed.notified().await;
    }

    async fn channel(&self, connection: &ConnectionId) -> Result<Arc<dyn ChannelConnector>, BuildFailure> {
        let script = self.with(|state| {
            *state.built.entry(connection.clone()).or_default() += 1;
            state.scripts.get(connection).cloned()
        });
        if matches!(script, Some(Script::IsNotBuilt)) {
            let now = self.clock.now();
            self.with(|state| state.runs.entry(connection.clone()).or_default().push(now));
            return Err("there is no such key".into());
        }
        Ok(Arc::new(Scripted { id: connection.clone(), accounts: self.me.upgrade().unwrap() }))
    }
}

#[derive(Debug)]
struct Scripted {
    id: ConnectionId,
    accounts: Arc<Accounts>,
}

impl Scripted {
    async fn run(&self, operation: Operation, control: &RunControl) -> Result<RunInfo, ChannelError> {
        let clock = &self.accounts.clock;
        let started = clock.now();
        if let Some(observer) = &control.observer {
            let run = RunId::new("r");
            observer.on_event(&RunEvent::new(&run, &self.id, operation, RunEventKind::Started));
        }
        let (script, wakes) = self.accounts.with(|state| {
            state.runs.entry(self.id.clone()).or_default().push(started);
            state.at_once += 1;
            state.most_at_once = state.most_at_once.max(state.at_once);
            (state.scripts.get(&self.id).cloned(), state.wakes.take())
        });
        if let Some((fleet, operation)) = wakes {
            fleet.wake(&self.id, operation).await.unwrap();
        }
        if self.accounts.with(|state| state.hangs_with.as_ref() == Some(&self.id)) {
            self.accounts.changed.notify_one();
        }
        let ended = match script {
            None | Some(Script::IsNotBuilt) => Ok(RunStatus::Succeeded),
            Some(Script::Ends(status)) => Ok(status),
            Some(Script::Refused(refusal)) => Err(ChannelError::new(operation, refusal())),
            Some(Script::IsLong) => Ok(self.work(control).await),
            Some(Script::Hangs) => std::future::pending().await,
            Some(Script::Panics) => {
                self.accounts.with(|state| state.at_once -= 1);
                panic!("planted")
            }
        };
        self.accounts.with(|state| state.at_once -= 1);
        let mut info =
            RunInfo::begun("run".into(), self.id.clone(), operation, Trigger::Schedule, false, started);
        info.status = ended?;
        Ok(info)
    }

    async fn work(&self, control: &RunControl) -> RunStatus {
        loop {
            if control.cancel.is_cancelled() {
                return RunStatus::Partial { why: "cancelled".to_owned() };
            }
            if control.deadline.is_some_and(|deadline| self.accounts.clock.now() >= deadline) {
                return RunStatus::Partial { why: "its deadline".to_owned() };
            }
            self.accounts.clock.sleep(Duration::from_secs(10)).await;
        }
    }
}

fn unsupported<T>(operation: &'static str) -> Result<T, ChannelError> {
    Err(ChannelError::of(operation, Refusal::Unsupported { why: "it is scripted", instead: None }))
}

#[async_trait]
impl ChannelConnector for Scripted {
    fn capabilities(&self) -> Capabilities {
        Capabilities::none("scripted", "it does what a test says")
    }

    fn readiness(&self, _: Operation) -> Readiness {
        Readiness::Ready
    }

    fn notices(&self) -> Vec<Finding> {
        vec![Finding::warning(
            "key_expires",
            "credentials",
            "the API key expires in 9 days",
            "make a new one",
        )]
    }

    async fn check(&self, _: CheckConnection) -> Result<CheckReport, ChannelError> {
        unsupported("check")
    }

    async fn link_listings(&self, _: LinkListings) -> Result<LinkReport, ChannelError> {
        unsupported("link_listings")
    }

    async fn sync_listings(&self, _: SyncListings) -> Result<LinkReport, ChannelError> {
        unsupported("sync_listings")
    }

    async fn publish_listings(&self, _: PublishListings) -> Result<LinkReport, ChannelError> {
        unsupported("publish_listings")
    }

    async fn get_orders(&self, request: GetOrders) -> Result<ImportReport, ChannelError> {
        Ok(ImportReport::new(self.run(Operation::GetOrders, &request.control).await?))
    }

    async fn import_order(&self, _: ImportOrder) -> Result<ImportReport, ChannelError> {
        unsupported("import_order")
    }

    async fn on_webhook(&self, _: Delivery) -> Result<ImportReport, ChannelError> {
        unsupported("on_webhook")
    }

    async fn diagnose_order(&self, _: DiagnoseOrder) -> Result<Vec<Diagnosis>, ChannelError> {
        unsupported("diagnose_order")
    }

    async fn why_nothing(&self, _: ExplainImports) -> Result<ImportOverview, ChannelError> {
        unsupported("why_nothing")
    }

    async fn resolve_shipping(&self, _: ResolveShipping) -> Result<ShippingResolution, ChannelError> {
        unsupported("resolve_shipping")
    }

    async fn resolve_held(&self, _: ResolveHeld) -> Result<ResolveReport, ChannelError> {
        unsupported("resolve_held")
    }

    async fn sync_shipments(&self, _: SyncShipments) -> Result<SyncReport, ChannelError> {
        unsupported("sync_shipments")
    }
}
