//! What the answers to a check say beside their content: the server's clock, and who else spends the key's budget.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{
    Timestamp,
    channel::Finding,
    client::{AttemptOutcome, CallInfo, CallObserver, Clock},
    locked::locked,
    time::MINUTE,
};

/// A larger difference between the two clocks is worth a finding.
const SKEW_WORTH_REPORTING: Duration = MINUTE;
/// One request too many may be a header that lags behind.
const TOLERATED_REQUESTS: u32 = 1;

/// Observes the requests of one check.
#[derive(Debug)]
pub(super) struct ResponseProbe {
    clock: Arc<dyn Clock>,
    observed: Mutex<Observed>,
}

#[derive(Debug, Default)]
struct Observed {
    requests: u64,
    /// Attempts that were answered.
    answers: u64,
    /// The server's clock and the local one at the last answer.
    clocks: Option<(Timestamp, Timestamp)>,
    window: Option<Window>,
    /// Requests that somebody else made within one minute.
    others: u32,
}

/// One minute of the budget.
#[derive(Debug, Clone, Copy)]
struct Window {
    minute: i64,
    first_remaining: u32,
    own: u32,
}

impl ResponseProbe {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, observed: Mutex::default() }
    }

    pub(super) fn requests(&self) -> u64 {
        self.with(|observed| observed.requests)
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        self.with(|observed| {
            let clock = skew(observed.clocks).or_else(|| no_date(observed));
            clock.into_iter().chain(shared(observed.others)).collect()
        })
    }

    fn with<R>(&self, look: impl FnOnce(&mut Observed) -> R) -> R {
        look(&mut locked(&self.observed))
    }
}

impl CallObserver for ResponseProbe {
    fn sending(&self, _: &CallInfo) {
        self.with(|observed| observed.requests += 1);
    }

    fn attempt_ended(&self, _: &CallInfo, answer: &AttemptOutcome) {
        let now = self.clock.now();
        self.with(|observed| {
            observed.answers += u64::from(answer.status.is_some());
            observed.clocks = answer.date.map(|date| (date, now)).or(observed.clocks);
            if let Some(remaining) = answer.rate.remaining {
                observed.count(answer.date.unwrap_or(now).unix_seconds().div_euclid(60), remaining);
            }
        });
    }
}

impl Observed {
    fn count(&mut self, minute: i64, remaining: u32) {
        match &mut self.window {
            Some(window) if window.minute == minute => {
                window.own += 1;
                let spent = window.first_remaining.saturating_sub(remaining);
                self.others = self.others.max(spent.saturating_sub(window.own));
            }
            window => *window = Some(Window { minute, first_remaining: remaining, own: 0 }),
        }
    }
}

fn skew(clocks: Option<(Timestamp, Timestamp)>) -> Option<Finding> {
    let (theirs, ours) = clocks?;
    let (by, word) =
        if theirs > ours { (theirs.since(ours), "behind") } else { (ours.since(theirs), "ahead of") };
    let observed = || format!("the local clock is {} s {word} ShipStation's", by.as_secs());
    let remedy = "set it by a time server: windows, ages and ship dates are counted with it";
    (by > SKEW_WORTH_REPORTING).then(|| Finding::warning("clock_skew", "clock", observed(), remedy))
}

/// Answers came, and none of them had a usable date.
fn no_date(observed: &Observed) -> Option<Finding> {
    let what = "no answer carries a Date, so that the clocks cannot be compared";
    let remedy = "let it pass through what stands between here and ShipStation: until then windows and waits rest on the \
                  local clock alone";
    (observed.answers > 0 && observed.clocks.is_none())
        .then(|| Finding::warning("date_missing", "clock", what, remedy))
}

fn shared(others: u32) -> Option<Finding> {
    let observed = || {
        format!(
            "{others} more requests with this key were sent while this check ran, by other runs or other programs"
        )
    };
    let remedy = "where they are not your runs: every program with this key shares one budget; leave a larger reserve in \
                  the rate limiter, or run the others at another time";
    (others > TOLERATED_REQUESTS).then(|| Finding::info("budget_shared", "rate limit", observed(), remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn others(remaining: &[(i64, u32)]) -> u32 {
        let mut observed = Observed::default();
        for (minute, remaining) in remaining {
            observed.count(*minute, *remaining);
        }
        observed.others
    }

    #[test]
    fn only_what_others_spend_counts() {
        assert_eq!(others(&[(0, 39), (0, 38), (0, 37)]), 0);
        assert_eq!(others(&[(0, 39), (0, 30), (0, 29)]), 8);
        assert_eq!(others(&[(0, 3), (1, 39), (1, 38)]), 0, "a new minute begins anew");
        assert_eq!(others(&[(0, 39), (0, 40), (0, 39)]), 0, "nonsense is no evidence");
    }

    #[test]
    fn clock_a_minute_is_tolerated_either_way() {
        let at = Timestamp::from_unix_seconds;
        let seen = |theirs, ours| skew(Some((at(theirs), at(ours)))).map(|finding| finding.observed);
        assert_eq!(seen(1_060, 1_000), None);
        assert_eq!(seen(1_061, 1_000).unwrap(), "the local clock is 61 s behind ShipStation's");
        assert_eq!(seen(1_000, 1_090).unwrap(), "the local clock is 90 s ahead of ShipStation's");
        assert_eq!(skew(None), None);
    }
}
