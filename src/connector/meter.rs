//! What the requests of one run cost, and what their answers show of ShipStation's time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{ShipStationChannel, clocks::HostTime, events::Events};
use crate::{
    Timestamp,
    channel::{RunEventKind, report::ApiUse},
    client::{AttemptOutcome, CallInfo, CallObserver, Clock, ErrorKind, Wait, WaitReason},
    locked::locked,
};

/// Counts the requests of one run, and passes its waits on to the host's observer.
#[derive(Debug)]
pub(super) struct Meter {
    used: Mutex<ApiUse>,
    /// The server's clock at its last answer, and when that came.
    date: Mutex<Option<(Timestamp, HostTime)>>,
    clock: Arc<dyn Clock>,
    events: Events,
}

impl Meter {
    pub(super) fn new(channel: &ShipStationChannel, events: Events) -> Self {
        let clock = channel.client.clock().clone();
        Self { used: Mutex::default(), date: Mutex::default(), clock, events }
    }

    pub(super) fn requests(&self) -> u64 {
        locked(&self.used).requests
    }

    /// Takes the time of an answer. It counts whole seconds, so that an earlier answer may be more exact.
    fn observe(&self, date: Timestamp) {
        const MAX_DATE_LAG: Duration = Duration::from_secs(2);
        let mut known = locked(&self.date);
        let by_then = known.map(|(date, came)| date + came.elapsed(&*self.clock));
        if by_then.is_none_or(|by_then| date > by_then || by_then.since(date) > MAX_DATE_LAG) {
            *known = Some((date, HostTime::now(&*self.clock)));
        }
    }

    /// ShipStation's time, if an answer to this run has shown it.
    pub(super) fn observed_time(&self) -> Option<Timestamp> {
        let (date, came) = (*locked(&self.date))?;
        Some(date + came.elapsed(&*self.clock))
    }

    pub(super) fn read(&self) -> ApiUse {
        *locked(&self.used)
    }
}

impl CallObserver for Meter {
    fn sending(&self, _call: &CallInfo) {
        locked(&self.used).requests += 1;
    }

    fn waiting(&self, _call: &CallInfo, wait: &Wait) {
        locked(&self.used).waited += wait.until.since(self.clock.now());
        let why = match wait.why {
            WaitReason::RateLimit => "the minute's requests are used up",
            WaitReason::Throttled => "ShipStation asked to wait",
            _ => "the last attempt failed",
        };
        self.events.send(RunEventKind::Waiting { until: wait.until, why });
    }

    fn attempt_ended(&self, _call: &CallInfo, answer: &AttemptOutcome) {
        if let Some(date) = answer.date {
            self.observe(date);
        }
        let mut used = locked(&self.used);
        used.rate_remaining = answer.rate.remaining.or(used.rate_remaining);
        used.retries += u64::from(answer.attempt > 1);
        used.throttled += u64::from(answer.failure == Some(ErrorKind::RateLimited));
        used.faults += u64::from(is_fault(answer));
    }
}

/// Whether ShipStation did not answer, or failed; a refusal is no fault.
fn is_fault(answer: &AttemptOutcome) -> bool {
    use ErrorKind::{Decode, Timeout, Transport, Unavailable};
    let failed = answer.status.is_some_and(|status| status >= 500);
    let no_answer = matches!(answer.failure, Some(Unavailable | Timeout | Transport | Decode));
    no_answer || failed && answer.failure.is_some_and(|failure| failure != ErrorKind::RateLimited)
}
