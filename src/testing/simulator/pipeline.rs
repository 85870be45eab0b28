//! The one path that every request takes: time, authorisation, limit, fault, operation, journal.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{
    Account, Fault, FaultKind, Journal, JournalEntry, ListFlaw, RateLimit, SimClock, SimulatorConfig,
    answer::Answer,
    api, basic,
    history::History,
    inject::{inject, too_many},
    rate_limit::{MinuteCount, Standing},
    request::Call,
    script::Script,
};
use crate::Timestamp;

/// Everything behind the port.
#[derive(Debug)]
pub(super) struct Service {
    authorization: String,
    latency: Duration,
    clock: Arc<SimClock>,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) account: Account,
    pub(super) journal: Journal,
    pub(super) script: Script,
    late: BTreeMap<Timestamp, Vec<Call>>,
    history: History,
    limit: MinuteCount,
}

/// What the connection is to do.
#[derive(Debug)]
pub(super) enum Delivery {
    Answer(Answer, Headers),
    /// Send the head and half of the body, then close.
    CutBody(Answer, Headers),
    /// Close without a byte.
    Drop,
    /// Say nothing, ever.
    Hang,
}

/// The headers that the service itself decides on.
#[derive(Debug, Clone, Default)]
pub(super) struct Headers {
    pub(super) date: String,
    pub(super) rate: Vec<(&'static str, String)>,
}

impl Service {
    pub(super) fn new(config: &SimulatorConfig) -> Self {
        let clock = Arc::new(SimClock::new(config.now));
        let state = State {
            account: Account::new(Arc::clone(&clock), config.quirks.clone()),
            journal: Journal::default(),
            script: Script::default(),
            late: BTreeMap::new(),
            history: History::default(),
            limit: MinuteCount::new(config.rate_limit),
        };
        Self {
            authorization: basic::pair(&config.api_key, &config.api_secret),
            latency: config.latency,
            clock,
            state: Mutex::new(state),
        }
    }

    pub(super) fn clock(&self) -> &Arc<SimClock> {
        &self.clock
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one request through, and says what to do with the connection.
    pub(super) fn exchange(&self, call: &Call, authorization: Option<&str>) -> Delivery {
        let mut state = self.state();
        let at = self.clock.advance(self.latency);
        let known = authorization.is_some_and(|header| basic::holds(header, &self.authorization));
        let authorised = is_open(call) || known && !state.account.key_has_expired();
        let (delivery, entry) = state.serve(call, authorised, &self.clock);
        state.journal.push(JournalEntry { at, authorised, ..entry });
        delivery
    }
}

/// Registering an account is the one call without credentials.
fn is_open(call: &Call) -> bool {
    matches!(call.segments.as_slice(), [accounts, register] if accounts == "accounts" && register == "registeraccount")
}

impl State {
    pub(super) fn set_limit(&mut self, limit: RateLimit) {
        self.limit.set(limit);
    }

    pub(super) fn spend(&mut self, requests: u32) {
        let now = self.account.now();
        self.limit.spend(now, requests);
    }

    /// What the operation comes to, before its answer is damaged.
    fn answer(&mut self, call: &Call, fault: Option<&FaultKind>) -> Answer {
        self.remember();
        let answer = match fault {
            Some(FaultKind::StaleRead(age)) if call.method == http::Method::GET => self.stale(call, *age),
            Some(fault) if !fault.executes() => Answer::empty(200),
            Some(FaultKind::List(ListFlaw::FirstPage)) => {
                api::answer(&mut self.account, &call.clone().without_query("page"))
            }
            Some(FaultKind::AnotherOrder) => {
                let other = self.neighbour(call);
                api::answer(&mut self.account, other.as_ref().unwrap_or(call))
            }
            _ => api::answer(&mut self.account, call),
        };
        self.remember();
        answer
    }

    /// The question for the next order, or for the one before if there is none, if this is one for an order.
    fn neighbour(&self, call: &Call) -> Option<Call> {
        let [orders, id] = call.segments.as_slice() else { return None };
        let id: i64 = id.parse().ok().filter(|_| call.method == http::Method::GET && orders == "orders")?;
        let ids: Vec<i64> = self.account.visible_orders().filter_map(|order| order.int("orderId")).collect();
        let other =
            ids.iter().find(|other| **other > id).or_else(|| ids.iter().rfind(|other| **other < id))?;
        let segments = vec![orders.clone(), other.to_string()];
        Some(Call { segments, ..call.clone() })
    }

    /// The answer that was right this long ago.
    fn stale(&mut self, call: &Call, age: Duration) -> Answer {
        let then = self.account.now() - age;
        let mut past = self.history.at(then).unwrap_or_default();
        past.swap_with(&mut self.account);
        let answer = self.account.as_of(then, |account| api::answer(account, call));
        past.swap_with(&mut self.account);
        answer
    }

    pub(super) fn add_fault(&mut self, fault: Fault) {
        self.script.add_fault(fault);
        self.remember();
    }

    pub(super) fn clear_faults(&mut self) {
        self.script.clear_faults();
        self.history.forget();
    }

    /// Keeps the present state, if a stale read may ask for it.
    pub(super) fn remember(&mut self) {
        self.remember_since(self.account.now());
    }

    fn remember_since(&mut self, since: Timestamp) {
        if self.script.has_stale_reads() {
            self.history.remember(since, &self.account);
        }
    }

    /// Carries out everything whose time has come.
    pub(super) fn settle(&mut self) {
        let now = self.account.now();
        while let Some(entry) = self.late.first_entry().filter(|entry| *entry.key() <= now) {
            let (at, calls) = entry.remove_entry();
            for call in calls {
                // Nobody waits for the answer.
                let _ = self.account.as_of(at, |account| api::answer(account, &call));
                self.remember_since(at);
            }
        }
        self.account.settle();
    }

    /// Keeps a write whose effect is to come later, and says whether this is one.
    fn postpone(&mut self, call: &Call, fault: Option<&FaultKind>) -> bool {
        let Some(FaultKind::LateEffect(delay)) = fault else { return false };
        if call.method == http::Method::GET {
            return false;
        }
        self.late.entry(self.account.now() + *delay).or_default().push(call.clone());
        true
    }

    fn serve(&mut self, call: &Call, authorised: bool, clock: &SimClock) -> (Delivery, JournalEntry) {
        self.settle();
        let mut entry = blank_entry(call);
        if !authorised {
            let answer = Answer::lower_message(401, "Invalid API credentials");
            entry.status = Some(answer.status);
            return (Delivery::Answer(answer, self.headers(None)), entry);
        }
        let standing = self.limit.count(self.account.now());
        if standing.is_some_and(|standing| standing.over) {
            entry.over_limit = true;
            entry.status = Some(429);
            return (Delivery::Answer(too_many(), self.headers(standing)), entry);
        }
        self.script.run_hooks(call, &mut self.account);
        entry.fault = self.script.fault(call);
        if let Some(FaultKind::Slow(time)) = entry.fault {
            clock.advance(time);
        }
        let answer = self.answer(call, entry.fault.as_ref());
        entry.executed = answer.effect || self.postpone(call, entry.fault.as_ref());
        let headers = self.headers(standing);
        let delivery = match &entry.fault {
            Some(fault) => inject(fault, answer, headers),
            None => Delivery::Answer(answer, headers),
        };
        if let Delivery::Answer(Answer { page: Some(page), .. }, _) = &delivery {
            entry.list = Some(page.shown());
        }
        entry.status = match &delivery {
            Delivery::Answer(answer, _) | Delivery::CutBody(answer, _) => Some(answer.status),
            Delivery::Drop | Delivery::Hang => None,
        };
        (delivery, entry)
    }

    fn headers(&self, standing: Option<Standing>) -> Headers {
        let date = httpdate::fmt_http_date(SystemTime::from(self.account.now()));
        let date = if self.account.quirks.blank_date { String::new() } else { date };
        Headers { date, rate: standing.map(|standing| self.rate_headers(standing)).unwrap_or_default() }
    }

    fn rate_headers(&self, standing: Standing) -> Vec<(&'static str, String)> {
        let quirks = &self.account.quirks;
        if quirks.missing_rate_headers && !standing.over {
            return Vec::new();
        }
        if quirks.absurd_rate_headers {
            let epoch = self.account.now().unix_seconds().to_string();
            return named(String::new(), "-1".to_owned(), epoch);
        }
        let lag = u32::from(quirks.remaining_lags && !standing.over);
        let remaining = (standing.remaining + lag).min(standing.limit);
        named(standing.limit.to_string(), remaining.to_string(), standing.reset.to_string())
    }
}

fn named(limit: String, remaining: String, reset: String) -> Vec<(&'static str, String)> {
    vec![("x-rate-limit-limit", limit), ("x-rate-limit-remaining", remaining), ("x-rate-limit-reset", reset)]
}

fn blank_entry(call: &Call) -> JournalEntry {
    JournalEntry {
        at: Timestamp::UNIX_EPOCH,
        method: call.method.clone(),
        path: call.path.clone(),
        query: call.query.clone(),
        body: call.body.clone(),
        status: None,
        executed: false,
        fault: None,
        authorised: true,
        over_limit: false,
        list: None,
    }
}
