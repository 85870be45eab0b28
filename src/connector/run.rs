//! A run from its lease to its report: what every operation shares. Knows nothing of orders or shipments.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;

use super::{
    ShipStationChannel,
    clocks::{HostTime, MAX_CLOCK_SKEW, apart},
    events::Events,
    failure,
    meter::Meter,
    reported::Reported,
    retry_timing::Moment,
    trace,
};
use crate::{
    Timestamp,
    channel::{
        CancelToken, ChannelError, Finding, Operation, Refusal, RunControl, RunEventKind, RunId, RunStatus,
        Trigger,
        report::RunInfo,
        store::{BeginOutcome, NewRun, RunKind, RunSummary, RunToken, StoreError},
    },
    client::{self, CancelSignal, ErrorKind, Lane, ShipStation},
    locked::locked,
};

/// The counts of a run in which nothing was done.
pub(super) const NOTHING_DONE: &str = "nothing was done";

/// A run that holds its lease.
#[derive(Debug)]
pub(super) struct Run<'c> {
    pub(super) channel: &'c ShipStationChannel,
    pub(super) token: RunToken,
    pub(super) control: RunControl,
    /// The client whose requests are counted for this run and wait in its lane.
    pub(super) client: ShipStation,
    /// When it began, by ShipStation's clock as far as it was known then.
    pub(super) started: Timestamp,
    /// Counts its requests.
    pub(super) meter: Arc<Meter>,
    events: Events,
    last_beat: Mutex<HostTime>,
    /// When it began, by the host's clocks.
    began: HostTime,
}

/// Why a run ends before everything is done.
#[derive(Debug)]
pub(super) enum Stop {
    /// Somebody asked for it.
    Interrupted(String),
    /// A limit of the settings is reached: what was done by then is finished all the same.
    LimitReached(String),
    /// ShipStation failed lastingly.
    Remote(client::Error),
    /// A store failed, or the lease is lost.
    Store(StoreError),
    /// The settings name what ShipStation does not have.
    Misconfigured(Vec<Finding>),
}

impl From<client::Error> for Stop {
    fn from(error: client::Error) -> Self {
        if error.kind() == ErrorKind::Cancelled { Self::cancelled() } else { Self::Remote(error) }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Stop {
    fn cancelled() -> Self {
        Self::Interrupted("cancelled by the host".to_owned())
    }

    /// How a run that was stopped ends. The causes of a store's failure are logged, as they are in no report.
    pub(super) fn status(&self) -> RunStatus {
        match self {
            Self::Interrupted(why) | Self::LimitReached(why) => RunStatus::Partial { why: why.clone() },
            Self::Remote(error) if failure::is_about_credentials(error) => {
                RunStatus::Failed { error: failure::describe(error) }
            }
            Self::Remote(error) => RunStatus::Partial { why: failure::describe(error) },
            Self::Store(error) => {
                trace::store_failed(error);
                RunStatus::Failed { error: format!("the host's storage failed: {error}") }
            }
            Self::Misconfigured(findings) => {
                let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
                RunStatus::Failed { error: found.join("; ") }
            }
        }
    }

    /// The refusal to answer with when nothing at all was done before the stop.
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::Interrupted(message) | Self::LimitReached(message) => Refusal::Unavailable { message },
            Self::Remote(error) => failure::refusal(&error),
            Self::Store(error) => Refusal::Store(error),
            Self::Misconfigured(findings) => Refusal::Config { findings },
        }
    }
}

impl<'c> Run<'c> {
    /// Takes the lease: the run, and the head of its report.
    pub(super) async fn begin(
        channel: &'c ShipStationChannel,
        operation: Operation,
        lane: Lane,
        control: RunControl,
    ) -> Result<(Self, RunInfo), ChannelError> {
        let refuse = |refusal| trace::not_started(operation, refusal);
        let now = channel.now();
        let start = HostTime::now(&**channel.client.clock());
        let drawn = channel.client.draw(|random| random.u32(..));
        let run = RunId::new(format!("{operation}-{}-{drawn:08x}", now.unix_millis()));
        let mut new = NewRun::new(
            channel.connection.clone(),
            operation,
            run,
            &channel.owner,
            channel.settings.lease,
            now,
        );
        new.dry_run = control.dry_run;
        new.trigger = control.trigger.clone();
        new.kind = kind_of(operation, &control.trigger);
        let info = RunInfo::begun(
            new.run.clone(),
            new.connection.clone(),
            operation,
            control.trigger.clone(),
            control.dry_run,
            channel.server_time(),
        );
        let begun = channel.stores.runs.begin(new).await.map_err(|error| refuse(error.into()))?;
        let token = match begun {
            BeginOutcome::Granted(token) => token,
            BeginOutcome::AlreadyRunning { since, owner } => {
                return Err(refuse(Refusal::AlreadyRunning { since, owner }));
            }
        };
        let events = Events::of(&info, control.observer.clone());
        let meter = Arc::new(Meter::new(channel, events.clone()));
        let client = stopping_with(&channel.client, &control).on_lane(lane).observed_by(meter.clone());
        let (started, last_beat) = (info.started, Mutex::new(start));
        let run = Self { channel, token, control, client, started, meter, events, last_beat, began: start };
        trace::begins(&info);
        run.event(RunEventKind::Started);
        Ok((run, info))
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.control.dry_run
    }

    pub(super) fn now(&self) -> Timestamp {
        self.channel.now()
    }

    /// The present moment, by every clock at hand.
    pub(super) fn moment(&self) -> Moment {
        Moment::now(&self.client)
    }

    /// A random share of a whole.
    pub(super) fn share(&self) -> f64 {
        self.client.draw(fastrand::Rng::f64)
    }

    /// The present instant by ShipStation's clock, from the answers to this run or earlier ones; by the host's
    /// clock as long as none has.
    pub(super) fn server_time(&self) -> Timestamp {
        self.meter.observed_time().unwrap_or_else(|| self.channel.server_time())
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed(&**self.client.clock())
    }

    pub(super) fn event(&self, event: RunEventKind<'_>) {
        self.events.send(event);
    }

    /// When half of the time up to the deadline has passed, if there is a deadline.
    pub(super) fn half_time(&self) -> Option<Timestamp> {
        let begun = self.began.wall;
        self.control.deadline.map(|deadline| begun + deadline.since(begun) / 2)
    }

    /// Says so when the run must not start anything new.
    pub(super) fn check_may_start(&self) -> Result<(), Stop> {
        check_may_start(&self.control, self.now())
    }

    /// Keeps the lease, and says so when the run must not start anything new.
    pub(super) async fn checkpoint(&self) -> Result<(), Stop> {
        self.check_may_start()?;
        self.keep_lease().await?;
        Ok(())
    }

    /// Renews the lease when a tenth of it is over: for finishing what was begun, whoever wants the run to stop.
    pub(super) async fn keep_lease(&self) -> Result<(), StoreError> {
        let now = HostTime::now(&**self.client.clock());
        let lease = self.channel.settings.lease;
        if now.since(self.last_beat()) >= lease / 10 {
            self.channel.stores.runs.heartbeat(&self.token, lease, now.wall).await?;
            *locked(&self.last_beat) = now;
        }
        Ok(())
    }

    fn last_beat(&self) -> HostTime {
        *locked(&self.last_beat)
    }

    /// The client for what changes something: it leaves in the first half of the lease and is given up within another
    /// half, before the lease can go to another run, which would take silence for a crash.
    pub(super) fn writer(&self) -> ShipStation {
        let lease = self.channel.settings.lease;
        // The last heartbeat by what the wall clock shows now: it may have been set since.
        let now = HostTime::now(&**self.client.clock());
        let last_beat = now.wall - now.since(self.last_beat());
        self.client
            .send_before(last_beat + lease_for_leaving(lease))
            .with_timeout(write_timeout(self.client.timeout(), lease))
    }

    /// Ends the run: with this status unless it was stopped, and with a refusal if it was stopped before it had done anything.
    pub(super) async fn end<R: Reported>(
        &self,
        mut report: R,
        stop: Option<Stop>,
        has_acted: bool,
        status: RunStatus,
    ) -> Result<R, ChannelError> {
        let status = match stop {
            Some(stop @ (Stop::Remote(_) | Stop::Store(_))) if !has_acted => {
                return Err(self.refuse(report.info(), stop).await);
            }
            Some(stop) => stop.status(),
            None => status,
        };
        Ok(self.report(report, status).await)
    }

    /// Ends the run, and completes its report.
    pub(super) async fn report<R: Reported>(&self, mut report: R, status: RunStatus) -> R {
        let (events, headline) = (self.events.clone(), report.as_run_report().headline());
        self.finish(report.info(), status, &headline).await;
        events.report(report.as_run_report());
        report
    }

    /// Ends the run: keeps its summary, frees the lease, and completes the head of its report. A run whose end could not
    /// be recorded counts for nobody as one that did its work, so its report does not say so either.
    pub(super) async fn finish(&self, info: &mut RunInfo, status: RunStatus, counts: &str) {
        let finished = self.server_time();
        let started = finished - self.elapsed();
        if apart(started, info.started) > MAX_CLOCK_SKEW {
            info.started = started;
        }
        info.finished = finished.max(info.started);
        info.status = status;
        info.api = self.meter.read();
        let (run, status) = (info.run.clone(), info.status.clone());
        let summary = RunSummary::ended(run, info.started, info.finished, info.dry_run, status, counts)
            .of_kind(info.operation, kind_of(info.operation, &info.trigger));
        if let Err(error) = self.channel.stores.runs.finish(&self.token, summary).await {
            trace::store_failed(&error);
            // What was done is done and recorded item by item; only the summary is missing.
            let why = format!("the end of the run could not be recorded: {error}");
            if info.status.read_everything() {
                info.status = RunStatus::Partial { why };
            } else {
                info.warnings.push(why);
            }
        }
        self.event(RunEventKind::Finished { info });
        info.warnings.extend(self.events.warning());
        trace::ends(info, counts);
    }

    /// Ends a run in which nothing was done.
    pub(super) async fn refuse(&self, info: &mut RunInfo, stop: Stop) -> ChannelError {
        let operation = info.operation;
        self.finish(info, stop.status(), NOTHING_DONE).await;
        ChannelError::new(operation, stop.refusal())
    }
}

/// What kind of run of its operation it is.
fn kind_of(operation: Operation, trigger: &Trigger) -> RunKind {
    match (operation, trigger) {
        (Operation::ImportOrder, Trigger::Webhook) => RunKind::Webhook,
        (Operation::ImportOrder, _) => RunKind::SingleOrder,
        (Operation::GetChanges, _) => RunKind::QuickLook,
        (Operation::BackFill, _) => RunKind::BackFill,
        _ => RunKind::Full,
    }
}

/// Says so when nothing new must be started.
pub(super) fn check_may_start(control: &RunControl, now: Timestamp) -> Result<(), Stop> {
    if control.cancel.is_cancelled() {
        return Err(Stop::cancelled());
    }
    if control.deadline.is_some_and(|deadline| deadline <= now) {
        return Err(Stop::Interrupted("the deadline has passed".to_owned()));
    }
    Ok(())
}

/// The client for a question that is no run. It is not begun once it is cancelled or its deadline has passed.
pub(super) fn client_for(
    question: &'static str,
    channel: &ShipStationChannel,
    control: &RunControl,
) -> Result<ShipStation, ChannelError> {
    let refuse = |stop: Stop| ChannelError::of(question, stop.refusal());
    check_may_start(control, channel.now()).map_err(refuse)?;
    Ok(stopping_with(&channel.client, control))
}

/// The client, whose waits end when the host cancels the run.
pub(super) fn stopping_with(client: &ShipStation, control: &RunControl) -> ShipStation {
    client.cancel_on(Arc::new(Cancellation(control.cancel.clone())))
}

#[derive(Debug)]
struct Cancellation(CancelToken);

#[async_trait]
impl CancelSignal for Cancellation {
    async fn cancelled(&self) {
        self.0.cancelled().await;
    }
}

/// How long one attempt of a write may take: no longer than is left of the lease when it leaves at the last moment.
fn write_timeout(timeout: Duration, lease: Duration) -> Duration {
    timeout.min(lease.saturating_sub(lease_for_leaving(lease)))
}

/// The part of the lease in which writes may leave.
fn lease_for_leaving(lease: Duration) -> Duration {
    lease / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_given_up_before_the_lease_goes() {
        let lease = Duration::from_secs(180);
        for timeout in [10, 100, 600].map(Duration::from_secs) {
            assert!(lease_for_leaving(lease) + write_timeout(timeout, lease) <= lease);
        }
        assert_eq!(write_timeout(Duration::from_secs(10), lease), Duration::from_secs(10));
    }
}
