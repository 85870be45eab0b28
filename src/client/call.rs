//! The one path that every request takes: wait for the limiter, send, classify, wait and repeat if that is safe.
//! What an answer means is decided in `classify`; what it holds, by the caller.

use std::{borrow::Cow, pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::{
    TryFutureExt as _, TryStreamExt as _,
    future::{Either, select},
};
use http::{Method, Response, StatusCode, header};
use tracing::Instrument as _;

use super::{
    AttemptOutcome, CallInfo, CallObserver, Error, ShipStation, TransportBody, TransportError,
    TransportErrorKind, Wait, WaitReason,
    classify::{classify, transport_problem},
    endpoints::{Endpoint, Idempotency},
    error::{ErrorKind, Outcome, Problem},
    key::{Key, KeyInUse},
    rate_limit::RateHeaders,
};
use crate::{clock::HostTime, shows::shows};

/// One call, ready to be sent as often as its class allows.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path with its variable parts left out; what errors, logs and observers show.
    pub(crate) endpoint: Cow<'static, str>,
    pub(crate) path: String,
    pub(crate) query: Vec<(Cow<'static, str>, String)>,
    pub(crate) body: Option<Bytes>,
    /// Whether its body cannot be written as JSON, so that it cannot be sent.
    is_unwritable: bool,
    pub(crate) class: Idempotency,
    pub(crate) timeout: Option<Duration>,
    /// Fewer attempts than the policy allows.
    pub(crate) attempts: Option<u32>,
    pub(crate) without_credentials: bool,
}

shows! {
    /// Neither query nor body: both may name a buyer.
    |it: Call| method, endpoint
}

impl Call {
    pub(crate) fn to(endpoint: &Endpoint) -> Self {
        Self::new(endpoint.method.clone(), endpoint.path.into(), endpoint.path, endpoint.class)
    }

    pub(crate) fn new(method: Method, endpoint: Cow<'static, str>, path: &str, class: Idempotency) -> Self {
        Self {
            method,
            endpoint,
            path: path.to_owned(),
            query: Vec::new(),
            body: None,
            is_unwritable: false,
            class,
            timeout: None,
            attempts: None,
            without_credentials: false,
        }
    }

    /// Puts the id into the path's `{…}`.
    pub(crate) fn id(mut self, id: impl std::fmt::Display) -> Self {
        if let (Some(open), Some(close)) = (self.path.find('{'), self.path.find('}')) {
            self.path.replace_range(open..=close, &id.to_string());
        }
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers pass ids and texts by value")]
    pub(crate) fn query(mut self, name: impl Into<Cow<'static, str>>, value: impl ToString) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Sets a parameter, replacing an earlier value; `None` takes it out.
    pub(crate) fn set(&mut self, name: &'static str, value: Option<String>) {
        let place = self.query.iter().position(|(present, _)| present == name);
        match (place.and_then(|place| self.query.get_mut(place)), value) {
            (Some((_, old)), Some(value)) => *old = value,
            (None, Some(value)) => self.query.push((name.into(), value)),
            (_, None) => self.query.retain(|(present, _)| present != name),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(mut self, body: &impl serde::Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(json) => self.body = Some(json.into()),
            Err(_) => self.is_unwritable = true,
        }
        self
    }

    fn info(&self) -> CallInfo {
        CallInfo { method: self.method.clone(), endpoint: self.endpoint.to_string() }
    }
}

/// A successful answer, not yet decoded.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) endpoint: Cow<'static, str>,
    pub(crate) status: http::StatusCode,
    pub(crate) body: Bytes,
    pub(crate) attempts: u32,
}

/// What an attempt came to.
pub(crate) struct Attempt {
    pub(crate) result: Result<(http::StatusCode, Bytes), Box<Problem>>,
    pub(crate) status: Option<http::StatusCode>,
    pub(crate) rate: RateHeaders,
}

impl Attempt {
    fn unanswered(problem: Box<Problem>) -> Self {
        Self { result: Err(problem), status: None, rate: RateHeaders::default() }
    }
}

impl ShipStation {
    /// Sends the call until it succeeds or may not be repeated.
    pub(crate) async fn call(&self, call: &Call) -> Result<Answer, Error> {
        if call.is_unwritable {
            return Err(Problem::config("the body cannot be written as JSON").at(&call.endpoint, 0));
        }
        let span = tracing::debug_span!("shipstation", method = %call.method, endpoint = %call.endpoint, lane = ?self.lane);
        self.repeat(call).instrument(span).await
    }

    async fn repeat(&self, call: &Call) -> Result<Answer, Error> {
        let info = call.info();
        let policy = &self.inner.retry;
        let repeatable = call.class == Idempotency::Repeatable;
        let class = if self.writes_once && repeatable { Idempotency::Once } else { call.class };
        let allowed =
            call.attempts.map_or(policy.max_attempts, |attempts| attempts.min(policy.max_attempts)).max(1);
        let (mut attempts, mut counted, mut began) = (0, 0, None);
        let mut earlier = Outcome::NotSent;
        let mut has_tried_other_key = false;
        loop {
            let turn = self.acquire(&info, !call.without_credentials).await;
            let (permit, key) =
                turn.map_err(|problem| problem.after(earlier).at(&call.endpoint, attempts))?;
            permit.spend();
            let began = *began.get_or_insert_with(|| HostTime::now(&*self.inner.clock));
            attempts += 1;
            let attempt = self.attempt(call, key.as_ref(), &info, attempts).await;
            let problem = match attempt.result {
                Ok((status, body)) => {
                    self.inner.budget.reward();
                    return Ok(Answer { endpoint: call.endpoint.clone(), status, body, attempts });
                }
                Err(problem) => problem.after(earlier),
            };
            if problem.status == Some(StatusCode::UNAUTHORIZED)
                && let Some(refused) = key.filter(|_| !has_tried_other_key)
                && self.has_other_key(&refused).await
                // A page is nobody's refusal: what must happen once may have happened.
                && (problem.kind == ErrorKind::Auth || may_repeat(class, &problem))
            {
                has_tried_other_key = true;
                continue;
            }
            earlier = problem.outcome;
            let (wait, why) = if attempt.rate.throttled {
                (self.jittered_wait(&attempt.rate), WaitReason::Throttled)
            } else {
                counted += 1;
                if counted >= allowed || !may_repeat(class, &problem) || !self.inner.budget.take() {
                    return Err(problem.at(&call.endpoint, attempts));
                }
                let backoff = policy.backoff(counted, self.draw(fastrand::Rng::f64));
                (backoff.max(problem.retry_after.unwrap_or_default()), WaitReason::Backoff)
            };
            let now = HostTime::now(&*self.inner.clock);
            let until = now.wall + wait;
            if now.since(began).saturating_add(wait) > policy.max_elapsed || self.is_late(until) {
                return Err(problem.at(&call.endpoint, attempts));
            }
            tracing::debug!(kind = ?problem.kind, attempts, wait_ms = wait.as_millis(), "retrying after backoff");
            self.observe(|observer| observer.waiting(&info, &Wait { until, why }));
            if self.unless_stopped(self.inner.clock.sleep(wait)).await.is_none() {
                return Err(problem.cancelled().at(&call.endpoint, attempts));
            }
        }
    }

    async fn attempt(&self, call: &Call, key: Option<&KeyInUse>, info: &CallInfo, number: u32) -> Attempt {
        self.observe(|observer| observer.sending(info));
        let attempt = self.send_once(call, key.map(|key| &*key.key)).await;
        let status = attempt.status.map(|status| status.as_u16());
        let failure = attempt.result.as_ref().err().map(|problem| problem.kind);
        tracing::debug!(status, attempt = number, ?failure, "attempt ended");
        let answer =
            AttemptOutcome { status, rate: attempt.rate, date: attempt.rate.date, attempt: number, failure };
        self.observe(|observer| observer.attempt_ended(info, &answer));
        attempt
    }

    async fn send_once(&self, call: &Call, key: Option<&Key>) -> Attempt {
        let request = match self.inner.request(call, key.map(|key| &key.authorization)) {
            Ok(request) => request,
            Err(problem) => return Attempt::unanswered(problem),
        };
        let mut timer = self.inner.clock.timer(call.timeout.unwrap_or_else(|| self.timeout()));
        let sending = self.inner.transport.send(request).map_err(transport_problem);
        let response = match within(&mut timer, sending).await {
            Ok(response) => response,
            Err(problem) => return Attempt::unanswered(problem),
        };
        let status = response.status();
        let mut rate = RateHeaders::read(status, response.headers(), self.inner.clock.now());
        // At once: the `Date` in it shows where the server's minute is, and a long body would make it look old.
        self.inner.limiter.observe(&rate);
        self.inner.server_clock.observe(rate.date, &*self.inner.clock);
        let body = within(&mut timer, read_bounded(response, self.inner.body_limit)).await;
        let was_throttled = rate.throttled;
        let mut result = classify(call, status, body, &mut rate);
        if let Some(key) = key {
            key.learn(&mut result, &*self.inner.clock);
        }
        if rate.throttled && !was_throttled {
            self.inner.limiter.observe(&RateHeaders { date: None, ..rate });
        }
        Attempt { result, status: Some(status), rate }
    }

    /// The wait after a 429, spread so that those who were turned away together do not come back together.
    fn jittered_wait(&self, rate: &RateHeaders) -> Duration {
        rate.wait().saturating_add(Duration::from_secs(2).mul_f64(self.draw(fastrand::Rng::f64)))
    }

    fn observe(&self, notify: impl FnOnce(&dyn CallObserver)) {
        if let Some(observer) = &self.observer {
            notify(&**observer);
        }
    }
}

/// Whether repeating is both promising and safe.
fn may_repeat(class: Idempotency, problem: &Problem) -> bool {
    let passing = matches!(problem.kind, ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Transport);
    let safe = class != Idempotency::Once || problem.outcome == Outcome::NotSent;
    passing && safe
}

/// What the work comes to, unless the timer ends first.
async fn within<T>(
    timer: impl Future<Output = ()> + Unpin,
    work: impl Future<Output = Result<T, Box<Problem>>>,
) -> Result<T, Box<Problem>> {
    match select(pin!(work), timer).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(broken(TransportErrorKind::Timeout, "the time for the attempt is over")),
    }
}

fn broken(kind: TransportErrorKind, why: &str) -> Box<Problem> {
    transport_problem(TransportError::new(kind, why))
}

/// What is reserved at once for an announced body: a header is no proof of its length.
const MAX_RESERVED_BYTES: usize = 4 * 1024 * 1024;
/// Pieces without a byte, of which an answer without end may consist.
const MAX_EMPTY_CHUNKS: usize = 1_000;

async fn read_bounded(response: Response<TransportBody>, bound: usize) -> Result<Bytes, Box<Problem>> {
    let too_long = || {
        let problem = Problem::new(ErrorKind::Decode, Outcome::Unknown);
        problem.because("the body is longer than the client's bound").into()
    };
    let length = response.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let announced = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    if announced > bound {
        return Err(too_long());
    }
    let mut body = Vec::with_capacity(announced.min(MAX_RESERVED_BYTES));
    let mut chunks = response.into_body();
    let mut empty = 0;
    while let Some(chunk) = chunks.try_next().await.map_err(transport_problem)? {
        empty += usize::from(chunk.is_empty());
        if empty > MAX_EMPTY_CHUNKS {
            return Err(broken(TransportErrorKind::Interrupted, "the body goes on without a byte"));
        }
        if body.len() + chunk.len() > bound {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(without_bom(body.into()))
}

/// The mark that some servers put before JSON is not JSON.
fn without_bom(body: Bytes) -> Bytes {
    if body.starts_with(b"\xef\xbb\xbf") { body.slice(3..) } else { body }
}
