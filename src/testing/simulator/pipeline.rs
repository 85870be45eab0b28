//! The one path that every request takes: time, credentials, limit, fault, operation, journal.

use std::{
    mem::swap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fastrand::Rng;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{AUTHORIZATION, DATE, HOST, ORIGIN},
    request::Parts,
};
use serde::{Deserialize, Serialize};

use super::{
    Account, ApiRequest, Fault, FaultKind, Journal, JournalEntry, ListFlaw, RateLimit, Reply, SimClock,
    SimulatorConfig, WireResponse, account::Table, api, control, fault::RATE_HEADERS, fault::inject,
};
use crate::{Timestamp, locked::locked};

/// Everything behind the port and the transport.
pub(super) struct Backend {
    pub(super) clock: Arc<SimClock>,
    pub(super) config: SimulatorConfig,
    accounts: Mutex<Vec<Arc<Mutex<AccountState>>>>,
}

/// An account, the keys that open it, and what is arranged for it.
pub(super) struct AccountState {
    pub(super) account: Account,
    pub(super) keys: Vec<KeyPair>,
    pub(super) journal: Journal,
    pub(super) limit: RateLimit,
    /// Changes of the account that wait for their request.
    pub(super) hooks: Vec<(Fault, AccountChange)>,
    pub(super) faults: Vec<Fault>,
    /// Decides about faults that are met with a probability.
    chance: Rng,
    /// What reads that lag behind show, each with the instant since which it held.
    pub(super) history: Vec<(Timestamp, Snapshot)>,
}

/// A key and its secret. Each pair has a budget of its own.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyPair {
    pub(super) key: String,
    pub(super) secret: String,
    /// From then on it is refused.
    pub(super) expires: Option<Timestamp>,
    #[serde(skip)]
    pub(super) usage: MinuteUsage,
}

pub(super) type AccountChange = Box<dyn FnOnce(&mut Account) + Send>;

/// Orders, fulfillments and shipments.
pub(super) type Snapshot = [Table; 3];

impl Backend {
    pub(super) fn new(config: SimulatorConfig) -> Self {
        Self { clock: Arc::new(SimClock::new(config.now)), config, accounts: Mutex::default() }
    }

    pub(super) fn add_account(&self, pair: KeyPair) -> Arc<Mutex<AccountState>> {
        self.keep_account(Account::new(Arc::clone(&self.clock), self.config.quirks.clone()), vec![pair])
    }

    pub(super) fn keep_account(&self, account: Account, keys: Vec<KeyPair>) -> Arc<Mutex<AccountState>> {
        let mut accounts = locked(&self.accounts);
        let seed = self.config.seed.wrapping_add(accounts.len() as u64);
        let state = Arc::new(Mutex::new(AccountState {
            account,
            keys,
            journal: Journal::default(),
            limit: self.config.rate_limit,
            hooks: Vec::new(),
            faults: Vec::new(),
            chance: Rng::with_seed(seed),
            history: Vec::new(),
        }));
        accounts.push(Arc::clone(&state));
        state
    }

    pub(super) fn accounts(&self) -> Vec<Arc<Mutex<AccountState>>> {
        locked(&self.accounts).clone()
    }

    pub(super) fn account_of(&self, key: &str) -> Option<Arc<Mutex<AccountState>>> {
        self.accounts().into_iter().find(|state| locked(state).keys.iter().any(|pair| pair.key == key))
    }

    /// The account that the simulator began with.
    pub(super) fn first_account(&self) -> Option<Arc<Mutex<AccountState>>> {
        locked(&self.accounts).first().cloned()
    }

    /// The answer, and how much real time it takes.
    pub(super) fn handle(self: &Arc<Self>, head: &Parts, body: &[u8]) -> (WireResponse, Duration) {
        let call = ApiRequest::new(head.method.clone(), &head.uri, body);
        if call.segments.first().is_some_and(|first| first == control::PREFIX) {
            let reply = if is_from_elsewhere(&head.headers) {
                Reply::message(403, "The control API serves this machine only.")
            } else {
                control::handle(self, &call)
            };
            let headers = [(DATE, HeaderValue::from_static(""))].into_iter().collect();
            return (WireResponse::Complete(reply.into_response(headers)), Duration::ZERO);
        }
        let (key, secret) = credentials(head).unwrap_or_default();
        // Requests with an unknown key are noted by the first account.
        let Some(state) = self.account_of(&key).or_else(|| self.first_account()) else {
            return (WireResponse::Refuse, Duration::ZERO);
        };
        let mut state = locked(&state);
        let at = self.clock.advance(self.config.latency);
        let now = state.account.now();
        let is_valid = |pair: &KeyPair| {
            let ends = [pair.expires, state.account.quirks.key_expires];
            pair.key == key && pair.secret == secret && ends.into_iter().flatten().all(|at| at > now)
        };
        // Registering an account is the one call without credentials.
        let is_open = call.segments == ["accounts", "registeraccount"];
        let pair = state.keys.iter().position(is_valid).or_else(|| is_open.then_some(0));
        let mut entry = JournalEntry::new(at, &call, pair.is_some());
        let response = state.serve(&call, pair, &mut entry, self.config.real_time);
        let delay = match entry.fault {
            Some(FaultKind::Slow(time)) if self.config.real_time => time,
            _ => Duration::ZERO,
        };
        state.journal.0.push(entry);
        (response, delay)
    }
}

/// Whether a page from elsewhere asks, by a name of its own for this machine or across origins.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let host_of =
        |text: &str| url::Url::parse(text).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    let is_local = |host: url::Host| match host {
        url::Host::Ipv4(ip) => ip.is_loopback(),
        url::Host::Ipv6(ip) => ip.is_loopback(),
        url::Host::Domain(name) => name == "localhost",
    };
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = header(HOST).map(|host| format!("http://{host}/"));
    let named = host.into_iter().chain(header(ORIGIN).map(str::to_owned));
    named.into_iter().any(|text| !host_of(&text).is_some_and(is_local))
}

fn credentials(head: &Parts) -> Option<(String, String)> {
    let (scheme, pair) = head.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let pair = String::from_utf8(STANDARD.decode(pair.trim()).ok()?).ok()?;
    let (key, secret) = pair.split_once(':').filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    Some((key.to_owned(), secret.to_owned()))
}

impl KeyPair {
    pub(super) fn new(key: &str, secret: &str) -> Self {
        Self { key: key.to_owned(), secret: secret.to_owned(), ..Self::default() }
    }
}

/// Requests of one pair of keys in the present minute; the limit is a fixed window, aligned with the clock minute.
#[derive(Debug, Clone, Default)]
pub(super) struct MinuteUsage {
    minute: i64,
    used: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateStatus {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Seconds until the next minute, 1 to 60.
    pub(super) reset: u64,
    pub(super) over: bool,
}

impl MinuteUsage {
    /// Spends requests of the present minute without a call, as another user of the key would.
    pub(super) fn spend(&mut self, now: Timestamp, requests: u32) {
        let minute = now.unix_seconds().div_euclid(60);
        if minute != self.minute {
            (self.minute, self.used) = (minute, 0);
        }
        self.used = self.used.saturating_add(requests);
    }

    pub(super) fn count(&mut self, limit: RateLimit, now: Timestamp) -> Option<RateStatus> {
        let RateLimit::PerMinute(limit) = limit else { return None };
        self.spend(now, 0);
        let over = self.used >= limit;
        self.used += u32::from(!over);
        let second = now.unix_seconds().rem_euclid(60).unsigned_abs();
        Some(RateStatus { limit, remaining: limit.saturating_sub(self.used), reset: 60 - second, over })
    }
}

impl AccountState {
    fn serve(
        &mut self,
        call: &ApiRequest,
        pair: Option<usize>,
        entry: &mut JournalEntry,
        is_real_time: bool,
    ) -> WireResponse {
        self.run_scheduled();
        if !entry.authorized {
            return Reply::turned_away(401, "Invalid API credentials").send(self.headers(None), entry);
        }
        let now = self.account.now();
        let pair = pair.and_then(|place| self.keys.get_mut(place));
        let rate = pair.and_then(|pair| pair.usage.count(self.limit, now));
        entry.over_limit = rate.is_some_and(|rate| rate.over);
        if entry.over_limit {
            return Reply::too_many().send(self.headers(rate), entry);
        }
        let chance = &mut self.chance;
        for (_, change) in self.hooks.extract_if(.., |(rule, _)| rule.applies(call, chance)) {
            change(&mut self.account);
        }
        let mut meets = |fault: &mut Fault| fault.applies(call, &mut self.chance).then(|| fault.kind.clone());
        let fault = self.faults.iter_mut().find_map(&mut meets);
        entry.fault.clone_from(&fault);
        if let Some(FaultKind::Slow(time)) = fault
            && !is_real_time
        {
            self.account.clock.advance(time);
        }
        self.remember(self.account.now());
        let reply = self.carry_out(call, fault.as_ref());
        self.remember(self.account.now());
        entry.executed = reply.effect || self.postpone(call, fault.as_ref());
        inject(reply, self.headers(rate), entry)
    }

    /// What the operation comes to, before a fault changes its answer.
    fn carry_out(&mut self, call: &ApiRequest, fault: Option<&FaultKind>) -> Reply {
        match fault {
            Some(FaultKind::StaleRead(age)) if call.method == Method::GET => self.stale(call, *age),
            Some(fault) if !fault.executes() => Reply::empty(200),
            Some(FaultKind::List(ListFlaw::FirstPage)) => {
                let mut call = call.clone();
                call.query.retain(|(key, _)| !key.eq_ignore_ascii_case("page"));
                api::handle(&mut self.account, &call)
            }
            Some(FaultKind::AnotherOrder) => {
                let other = self.neighbor(call);
                api::handle(&mut self.account, other.as_ref().unwrap_or(call))
            }
            _ => api::handle(&mut self.account, call),
        }
    }

    /// The question for the next order, or for the one before if there is none, if this is one for an order.
    fn neighbor(&self, call: &ApiRequest) -> Option<ApiRequest> {
        let [orders, id] = call.segments.as_slice() else { return None };
        let id: i64 = id.parse().ok().filter(|_| call.method == Method::GET && orders == "orders")?;
        let ids: Vec<i64> = self.account.visible_orders().filter_map(|order| order.int("orderId")).collect();
        let other =
            ids.iter().find(|other| **other > id).or_else(|| ids.iter().rfind(|other| **other < id))?;
        Some(ApiRequest { segments: vec![orders.clone(), other.to_string()], ..call.clone() })
    }

    /// The answer that was right this long ago, or else when the oldest state was kept.
    fn stale(&mut self, call: &ApiRequest, age: Duration) -> Reply {
        let then = self.account.now() - age;
        let held = self.history.iter().rev().find(|(since, _)| *since <= then);
        let held = held.or_else(|| self.history.first());
        let mut shown = held.map(|(_, shown)| shown.clone()).unwrap_or_default();
        self.swap_shown(&mut shown);
        let reply = self.account.as_of(then, |account| api::handle(account, call));
        self.swap_shown(&mut shown);
        reply
    }

    fn swap_shown(&mut self, [orders, fulfillments, shipments]: &mut Snapshot) {
        swap(&mut self.account.orders, orders);
        swap(&mut self.account.fulfillments, fulfillments);
        swap(&mut self.account.shipments, shipments);
    }

    /// Keeps the state that holds since an instant, if a stale read may ask for it and it is another than the one kept last.
    pub(super) fn remember(&mut self, since: Timestamp) {
        if !self.faults.iter().any(|fault| matches!(fault.kind, FaultKind::StaleRead(_))) {
            return;
        }
        let account = &self.account;
        let shown = [&account.orders, &account.fulfillments, &account.shipments].map(Table::clone);
        if self.history.last().is_none_or(|(_, last)| *last != shown) {
            self.history.push((since, shown));
        }
    }

    /// Carries out everything whose time has come.
    pub(super) fn run_scheduled(&mut self) {
        while let Some(at) = self.account.run_scheduled() {
            self.remember(at);
        }
    }

    /// Keeps a write whose effect is to come later, and says whether this is one.
    fn postpone(&mut self, call: &ApiRequest, fault: Option<&FaultKind>) -> bool {
        let Some(FaultKind::LateEffect(delay)) = fault.filter(|_| call.method != Method::GET) else {
            return false;
        };
        let (at, call) = (self.account.now() + *delay, call.clone());
        // Nobody waits for the answer.
        self.account.schedule(at, Box::new(move |account, _| drop(api::handle(account, &call))));
        true
    }

    fn headers(&self, rate: Option<RateStatus>) -> HeaderMap {
        let (quirks, now) = (&self.account.quirks, self.account.now());
        let date =
            if quirks.blank_date { String::new() } else { httpdate::fmt_http_date(SystemTime::from(now)) };
        let rate = rate.filter(|rate| rate.over || !quirks.missing_rate_headers).map(|rate| {
            if quirks.absurd_rate_headers {
                return [String::new(), "-1".to_owned(), now.unix_seconds().to_string()];
            }
            let lag = u32::from(quirks.remaining_lags && !rate.over);
            let remaining = (rate.remaining + lag).min(rate.limit);
            [rate.limit.to_string(), remaining.to_string(), rate.reset.to_string()]
        });
        let headers = [("date", date)]
            .into_iter()
            .chain(rate.into_iter().flat_map(|rate| RATE_HEADERS.into_iter().zip(rate)));
        let parsed =
            |(name, value): (_, String)| Some((HeaderName::from_static(name), value.try_into().ok()?));
        headers.filter_map(parsed).collect()
    }
}
