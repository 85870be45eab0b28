//! The one path that every request takes: time, credentials, limit, fault, operation, journal.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{header::AUTHORIZATION, request::Parts};

use super::{
    Account, Fault, FaultKind, Journal, JournalEntry, ListFlaw, RateLimit, SimClock, SimulatorConfig,
    answer::{Answer, Delivery, Headers},
    api, control,
    fault::Target,
    history::History,
    inject::inject,
    rate_limit::{Budget, Standing},
    request::Call,
};
use crate::Timestamp;

/// Everything behind the port and the transport.
pub(super) struct Service {
    pub(super) clock: Arc<SimClock>,
    pub(super) config: SimulatorConfig,
    accounts: Mutex<Vec<Arc<Mutex<AccountState>>>>,
}

/// An account, the keys that open it, and what is arranged for it.
pub(super) struct AccountState {
    pub(super) account: Account,
    pub(super) keys: Vec<KeyPair>,
    pub(super) journal: Journal,
    faults: Vec<Fault>,
    hooks: Vec<Hook>,
    late: BTreeMap<Timestamp, Vec<Call>>,
    history: History,
    pub(super) limit: RateLimit,
}

/// A key and its secret. Each pair has a budget of its own.
pub(super) struct KeyPair {
    key: String,
    secret: String,
    /// From then on it is refused.
    expires: Option<Timestamp>,
    budget: Budget,
}

/// A change of the account that waits for its request.
struct Hook {
    target: Target,
    wait: u64,
    change: Change,
}

type Change = Box<dyn FnOnce(&mut Account) + Send>;

impl Service {
    pub(super) fn new(config: SimulatorConfig) -> Self {
        Self { clock: Arc::new(SimClock::new(config.now)), config, accounts: Mutex::default() }
    }

    /// Adds an account that this pair opens.
    pub(super) fn add_account(&self, key: &str, secret: &str) -> Arc<Mutex<AccountState>> {
        let state = Arc::new(Mutex::new(AccountState {
            account: Account::new(Arc::clone(&self.clock), self.config.quirks.clone()),
            keys: vec![KeyPair::new(key, secret)],
            journal: Journal::default(),
            faults: Vec::new(),
            hooks: Vec::new(),
            late: BTreeMap::new(),
            history: History::default(),
            limit: self.config.rate_limit,
        }));
        lock(&self.accounts).push(Arc::clone(&state));
        state
    }

    /// The account that a key opens.
    pub(super) fn account_of(&self, key: &str) -> Option<Arc<Mutex<AccountState>>> {
        lock(&self.accounts).iter().find(|state| lock(state).has_key(key)).cloned()
    }

    /// The account that the simulator began with.
    pub(super) fn first_account(&self) -> Option<Arc<Mutex<AccountState>>> {
        lock(&self.accounts).first().cloned()
    }

    /// The keys of every account.
    pub(super) fn keys(&self) -> Vec<Vec<String>> {
        let keys = |state: &AccountState| state.keys.iter().map(|pair| pair.key.clone()).collect();
        lock(&self.accounts).iter().map(|state| keys(&lock(state))).collect()
    }

    /// Takes one request through.
    pub(super) fn handle(&self, head: &Parts, body: &[u8]) -> Delivery {
        let call = Call::new(head.method.clone(), &head.uri, body);
        if call.segments.first().is_some_and(|first| first == control::PREFIX) {
            return Delivery::Answer(control::answer(self, &call).into_response(Headers::default()));
        }
        let (key, secret) = credentials(head).unwrap_or_default();
        // Strangers are noted by the first account.
        let Some(state) = self.account_of(&key).or_else(|| self.first_account()) else {
            return Delivery::Drop;
        };
        let mut state = lock(&state);
        let at = self.clock.advance(self.config.latency);
        let now = state.account.now();
        let is_valid = |pair: &KeyPair| {
            let ends = [pair.expires, state.account.quirks.key_expires];
            pair.key == key && pair.secret == secret && ends.into_iter().flatten().all(|at| at > now)
        };
        let pair = state.keys.iter().position(is_valid).or_else(|| is_open(&call).then_some(0));
        let mut entry = JournalEntry::new(at, &call, pair.is_some());
        let delivery = state.serve(&call, pair, &mut entry, &self.clock);
        state.journal.0.push(entry);
        delivery
    }
}

/// The state behind a lock, also after a panic elsewhere.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Key and secret in the Basic header.
fn credentials(head: &Parts) -> Option<(String, String)> {
    let (scheme, pair) = head.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let pair = String::from_utf8(STANDARD.decode(pair.trim()).ok()?).ok()?;
    let (key, secret) = pair.split_once(':').filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    Some((key.to_owned(), secret.to_owned()))
}

/// Registering an account is the one call without credentials.
fn is_open(call: &Call) -> bool {
    call.segments == ["accounts", "registeraccount"]
}

impl KeyPair {
    pub(super) fn new(key: &str, secret: &str) -> Self {
        Self { key: key.to_owned(), secret: secret.to_owned(), expires: None, budget: Budget::default() }
    }
}

impl AccountState {
    /// Looks at the account or changes it.
    pub(super) fn change<R>(&mut self, f: impl FnOnce(&mut Account) -> R) -> R {
        self.settle();
        let result = f(&mut self.account);
        self.remember();
        result
    }

    /// Refuses a key from an instant on. False when there is no such key.
    pub(super) fn expire_key(&mut self, key: &str, at: Timestamp) -> bool {
        let pair = self.keys.iter_mut().find(|pair| pair.key == key);
        pair.map(|pair| pair.expires = Some(at)).is_some()
    }

    fn has_key(&self, key: &str) -> bool {
        self.keys.iter().any(|pair| pair.key == key)
    }

    /// Spends requests of the first pair's present minute.
    pub(super) fn spend(&mut self, requests: u32) {
        let now = self.account.now();
        if let Some(pair) = self.keys.first_mut() {
            pair.budget.spend(now, requests);
        }
    }

    pub(super) fn add_fault(&mut self, fault: Fault) {
        self.faults.push(fault);
        self.remember();
    }

    pub(super) fn clear_faults(&mut self) {
        self.faults.clear();
        self.history = History::default();
    }

    /// Arranges a change for just before the `nth` matching request from now, the first being 1.
    pub(super) fn add_hook(&mut self, target: Target, nth: u64, change: Change) {
        self.hooks.push(Hook { target, wait: nth.max(1), change });
    }

    fn serve(
        &mut self,
        call: &Call,
        pair: Option<usize>,
        entry: &mut JournalEntry,
        clock: &SimClock,
    ) -> Delivery {
        self.settle();
        if !entry.authorized {
            return self.early(Answer::lower_message(401, "Invalid API credentials"), None, entry);
        }
        let now = self.account.now();
        let pair = pair.and_then(|place| self.keys.get_mut(place));
        let standing = pair.and_then(|pair| pair.budget.count(self.limit, now));
        if standing.is_some_and(|standing| standing.over) {
            entry.over_limit = true;
            return self.early(Answer::too_many(), standing, entry);
        }
        self.run_hooks(call);
        entry.fault =
            self.faults.iter_mut().find_map(|fault| fault.strikes(call).then(|| fault.kind.clone()));
        if let Some(FaultKind::Slow(time)) = entry.fault {
            clock.advance(time);
        }
        let answer = self.answer(call, entry.fault.as_ref());
        entry.executed = answer.effect || self.postpone(call, entry.fault.as_ref());
        let headers = self.headers(standing);
        match &entry.fault {
            Some(fault) => inject(&fault.clone(), answer, headers, entry),
            None => answer.deliver(headers, entry),
        }
    }

    /// An answer that comes before any operation.
    fn early(&self, answer: Answer, standing: Option<Standing>, entry: &mut JournalEntry) -> Delivery {
        answer.deliver(self.headers(standing), entry)
    }

    /// Carries out the changes that were waiting for this request.
    fn run_hooks(&mut self, call: &Call) {
        for hook in self.hooks.iter_mut().filter(|hook| hook.target.matches(call)) {
            hook.wait -= 1;
        }
        for hook in self.hooks.extract_if(.., |hook| hook.wait == 0) {
            (hook.change)(&mut self.account);
        }
    }

    /// What the operation comes to, before a fault changes its answer.
    fn answer(&mut self, call: &Call, fault: Option<&FaultKind>) -> Answer {
        self.remember();
        let answer = match fault {
            Some(FaultKind::StaleRead(age)) if call.method == http::Method::GET => self.stale(call, *age),
            Some(fault) if !fault.executes() => Answer::empty(200),
            Some(FaultKind::List(ListFlaw::FirstPage)) => {
                api::answer(&mut self.account, &call.clone().without_query("page"))
            }
            Some(FaultKind::AnotherOrder) => {
                let other = self.neighbor(call);
                api::answer(&mut self.account, other.as_ref().unwrap_or(call))
            }
            _ => api::answer(&mut self.account, call),
        };
        self.remember();
        answer
    }

    /// The question for the next order, or for the one before if there is none, if this is one for an order.
    fn neighbor(&self, call: &Call) -> Option<Call> {
        let [orders, id] = call.segments.as_slice() else { return None };
        let id: i64 = id.parse().ok().filter(|_| call.method == http::Method::GET && orders == "orders")?;
        let ids: Vec<i64> = self.account.visible_orders().filter_map(|order| order.int("orderId")).collect();
        let other =
            ids.iter().find(|other| **other > id).or_else(|| ids.iter().rfind(|other| **other < id))?;
        Some(Call { segments: vec![orders.clone(), other.to_string()], ..call.clone() })
    }

    /// The answer that was right this long ago.
    fn stale(&mut self, call: &Call, age: Duration) -> Answer {
        let then = self.account.now() - age;
        let mut past = self.history.at(then);
        self.account.swap_shown(&mut past);
        let answer = self.account.as_of(then, |account| api::answer(account, call));
        self.account.swap_shown(&mut past);
        answer
    }

    /// Keeps the present state, if a stale read may ask for it.
    pub(super) fn remember(&mut self) {
        self.remember_since(self.account.now());
    }

    fn remember_since(&mut self, since: Timestamp) {
        if self.faults.iter().any(|fault| matches!(fault.kind, FaultKind::StaleRead(_))) {
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

    fn headers(&self, standing: Option<Standing>) -> Headers {
        let quirks = &self.account.quirks;
        let now = self.account.now();
        let date =
            if quirks.blank_date { String::new() } else { httpdate::fmt_http_date(SystemTime::from(now)) };
        let standing = standing.filter(|standing| standing.over || !quirks.missing_rate_headers);
        let rate = standing.map(|standing| {
            if quirks.absurd_rate_headers {
                return [String::new(), "-1".to_owned(), now.unix_seconds().to_string()];
            }
            let lag = u32::from(quirks.remaining_lags && !standing.over);
            let remaining = (standing.remaining + lag).min(standing.limit);
            [standing.limit.to_string(), remaining.to_string(), standing.reset.to_string()]
        });
        Headers { date, rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_documented_credentials_in_the_basic_scheme_only() {
        let read = |value: &str| {
            let (head, ()) =
                http::Request::get("/").header(AUTHORIZATION, value).body(()).unwrap().into_parts();
            credentials(&head)
        };
        let documented = Some(("ShipStation".to_owned(), "Rocks".to_owned()));
        assert_eq!(read("Basic U2hpcFN0YXRpb246Um9ja3M="), documented);
        assert_eq!(read("basic U2hpcFN0YXRpb246Um9ja3M="), documented);
        assert_eq!(read("Bearer U2hpcFN0YXRpb246Um9ja3M="), None);
        assert_eq!(read("Basic ?"), None);
    }
}
