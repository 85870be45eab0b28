//! The one error of the client. Its outside answers questions; what it shows by itself holds no value that
//! ShipStation or the host sent: no body, no query, no id, no secret.

use std::{error::Error as StdError, fmt, time::Duration};

use http::StatusCode;

use super::{error_body::ErrorBody, wire::rows::DecodeIssue};
use crate::shows::shows;

/// What went wrong, as far as the caller's next step depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client is set up wrongly, or a request was malformed before it was sent. Nothing was sent.
    Config,
    /// ShipStation refused the key and secret (401). After three refusals in a row no client of this process uses the key
    /// for an hour: the outcome is then [`NotSent`](Outcome::NotSent), as it is where the
    /// [`CredentialSource`](super::CredentialSource) has none.
    Auth,
    /// The account's plan has no API access (402).
    Plan,
    /// The key may not do this (403).
    Forbidden,
    /// The resource, or the path, does not exist (404).
    NotFound,
    /// ShipStation refused the request for what it says: 400 and its relatives, a 200 that carries a failure, or a
    /// 500 that carries an exception message on a write.
    Invalid,
    /// The key's requests for this minute are used up (429), and waiting would have taken longer than allowed.
    RateLimited,
    /// ShipStation or something before it failed (5xx), or a proxy or firewall answered in its place: with a page or with
    /// JSON that is not ShipStation's, whatever the status.
    Unavailable,
    /// No answer came in time.
    Timeout,
    /// The connection could not be made or broke.
    Transport,
    /// The caller's [`CancelSignal`](super::CancelSignal) ended a wait before the request was sent, or sent again.
    Cancelled,
    /// The answer is not what the operation promises: other JSON, HTML, a redirect, or more than the bound. With
    /// [`Outcome::NotSent`], a webhook delivery that cannot be read.
    Decode,
    /// The address in a webhook delivery is not one of ShipStation's. Nothing was sent.
    Untrusted,
}

/// Whether ShipStation executed the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Certainly not executed: it never left, the connection was refused, or the rate limit turned it away.
    NotSent,
    /// ShipStation decided, and said no.
    Answered,
    /// It may have been executed: no answer, a broken or unreadable one, one that is not ShipStation's, or a 5xx. Look
    /// before sending again.
    Unknown,
}

/// An operation that failed.
///
/// `Display` and `Debug` show the kind, the endpoint and the status only. ShipStation's own words, which may
/// quote a buyer's data, are in [`message`](Self::message) and [`body`](Self::body); `Display` says so where there are any
/// and they are the reason.
pub struct Error(Box<Inner>);

struct Inner {
    problem: Problem,
    endpoint: String,
    attempts: u32,
}

/// One failure, before it is known where and after how many attempts it happened.
pub(crate) struct Problem {
    pub(crate) kind: ErrorKind,
    pub(crate) outcome: Outcome,
    /// What the kind does not say. It holds no value that anybody sent.
    pub(crate) what: Option<String>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: ErrorBody,
    pub(crate) issue: Option<DecodeIssue>,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Problem {
    pub(crate) fn new(kind: ErrorKind, outcome: Outcome) -> Self {
        let (what, status, retry_after, issue, source) = (None, None, None, None, None);
        Self { kind, outcome, what, status, retry_after, body: ErrorBody::default(), issue, source }
    }

    /// The same with what its kind does not say.
    pub(crate) fn because(self, what: impl Into<String>) -> Self {
        Self { what: Some(what.into()), ..self }
    }

    pub(crate) fn config(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, Outcome::NotSent).because(what)
    }

    /// What this attempt did not execute an earlier one may have.
    pub(crate) fn after(mut self: Box<Self>, earlier: Outcome) -> Box<Self> {
        if self.outcome == Outcome::NotSent {
            self.outcome = earlier;
        }
        self
    }

    /// The last attempt's problem, once the caller wants no other one.
    pub(crate) fn cancelled(self) -> Self {
        Self { kind: ErrorKind::Cancelled, what: None, ..self }
    }

    pub(crate) fn at(self, endpoint: &str, attempts: u32) -> Error {
        Error(Box::new(Inner { problem: self, endpoint: endpoint.to_owned(), attempts }))
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        problem.at("", 0)
    }
}

impl Error {
    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.problem.kind
    }

    /// Whether the request was executed. For anything that changes ShipStation this decides the next step.
    pub fn outcome(&self) -> Outcome {
        self.0.problem.outcome
    }

    /// Whether the same request may succeed later without a change. It does not say that repeating is *safe*:
    /// see [`outcome`](Self::outcome) for that.
    pub fn is_retryable(&self) -> bool {
        use ErrorKind::{Cancelled, RateLimited, Timeout, Transport, Unavailable};
        matches!(self.kind(), Cancelled | RateLimited | Timeout | Transport | Unavailable)
    }

    /// The HTTP status, if an answer began.
    pub fn status(&self) -> Option<u16> {
        self.0.problem.status.map(|status| status.as_u16())
    }

    /// How long ShipStation asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.problem.retry_after
    }

    /// ShipStation's reason in its own words: the exception's message, else the message, else the model errors, else the
    /// body's text without its markup. It may quote what was sent, so treat it as the buyer's data.
    pub fn message(&self) -> Option<&str> {
        self.0.problem.body.message.as_deref()
    }

    /// The beginning of the answer's body, at most 8 KiB. It may hold personal data and server internals.
    pub fn body(&self) -> Option<&str> {
        self.0.problem.body.text.as_deref()
    }

    /// The operation, as a path with its variable parts left out: `orders/{orderId}`. Empty if no request was made.
    pub fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    /// How often the request was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The place in the answer that does not fit its model, such as `items[0].quantity`; of a raw call, the list indexes
    /// alone.
    pub fn path(&self) -> Option<&str> {
        self.0.problem.issue.as_ref().map(|issue| issue.path.as_str())
    }

    /// Whether something before ShipStation refused the request, as far as the status shows it.
    pub(crate) fn is_from_intermediary(&self) -> bool {
        self.kind() == ErrorKind::Unavailable && self.status().is_some_and(|status| status < 500)
    }

    /// Whether a success came whose body began as JSON but cannot be read as such, or was too long: a smaller page may
    /// do better.
    pub(crate) fn is_broken_page(&self) -> bool {
        let problem = &self.0.problem;
        let success = problem.status.is_some_and(|status| status.is_success());
        self.kind() == ErrorKind::Decode
            && success
            && problem.issue.as_ref().is_none_or(|issue| {
                issue.is_syntax() && self.body().is_some_and(|body| body.trim_start().starts_with('{'))
            })
    }

    fn remedy(&self) -> Option<&'static str> {
        match self.kind() {
            ErrorKind::Auth => {
                Some("check the API key and API secret in ShipStation under Settings, Account, API Settings")
            }
            ErrorKind::Plan => Some("choose a ShipStation plan that includes API access"),
            ErrorKind::RateLimited => {
                Some("the key's budget per minute is used up; use a key of your own or try later")
            }
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Transport | ErrorKind::Cancelled
                if self.outcome() == Outcome::Unknown =>
            {
                Some("it may have been executed")
            }
            ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Invalid if self.message().is_some() => {
                Some("the reason it gives is in `Error::message()`")
            }
            _ => None,
        }
    }

    /// What the kind does not say.
    pub(crate) fn what(&self) -> Option<&str> {
        self.0.problem.what.as_deref()
    }

    pub(crate) fn summary(&self) -> &'static str {
        match self.kind() {
            ErrorKind::Config => "the client is not set up correctly",
            ErrorKind::Auth if self.status().is_none() => "there are no usable credentials",
            ErrorKind::Auth => "ShipStation refused the credentials",
            ErrorKind::Plan => "the ShipStation plan has no API access",
            ErrorKind::Forbidden => "ShipStation does not allow this key to do that",
            ErrorKind::NotFound => "ShipStation does not know the resource",
            ErrorKind::Invalid => "ShipStation refused the request as invalid",
            ErrorKind::RateLimited => "ShipStation's rate limit was reached",
            ErrorKind::Unavailable if self.is_from_intermediary() => {
                "a proxy or firewall answered in ShipStation's place"
            }
            ErrorKind::Unavailable => "ShipStation failed to handle the request",
            ErrorKind::Timeout => "ShipStation did not answer in time",
            ErrorKind::Transport if self.outcome() == Outcome::NotSent => "ShipStation could not be reached",
            ErrorKind::Transport => "the connection to ShipStation broke",
            ErrorKind::Cancelled => "the request was cancelled while it waited",
            ErrorKind::Decode if self.outcome() == Outcome::NotSent => "the webhook delivery cannot be read",
            ErrorKind::Decode => "ShipStation's answer is not what was expected",
            ErrorKind::Untrusted => "the address in the webhook delivery may not be followed",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.summary())?;
        match (self.endpoint(), self.status()) {
            ("", _) => {}
            (endpoint, None) => write!(f, " ({endpoint})")?,
            (endpoint, Some(status)) => write!(f, " ({endpoint}, HTTP {status})")?,
        }
        if let Some(issue) = &self.0.problem.issue {
            match issue.path.as_str() {
                "" => write!(f, ": {}", issue.reason)?,
                path => write!(f, ": at {path}, {}", issue.reason)?,
            }
        }
        match (&self.0.problem.what, self.remedy()) {
            (Some(what), _) => write!(f, ": {what}"),
            (None, Some(remedy)) => write!(f, ": {remedy}"),
            (None, None) => Ok(()),
        }
    }
}

shows! {
    |it: Error| kind = it.kind(), outcome = it.outcome(), status = it.status(), endpoint = it.endpoint(),
    attempts = it.attempts(), what = it.0.problem.what, issue = it.0.problem.issue
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.problem.source.as_deref().map(|source| source as _)
    }
}
