//! What was asked of the simulator, in order: the evidence that tests count.

use std::ops::Deref;

use http::Method;
use serde_json::Value;

use super::{ApiRequest, FaultKind};
use crate::Timestamp;

/// One request, and what became of it. The `Authorization` header is never kept.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JournalEntry {
    /// Simulated time of arrival.
    pub at: Timestamp,
    /// `GET`, `POST`, …
    pub method: Method,
    /// The path as it was sent.
    pub path: String,
    /// The decoded query, in order.
    pub query: Vec<(String, String)>,
    /// The JSON body; null without one.
    pub body: Value,
    /// The status that was answered; `None` when the connection was closed or left hanging instead.
    pub status: Option<u16>,
    /// Whether a write took effect, or was taken to take effect later.
    pub executed: bool,
    /// The scripted fault that it ran into.
    pub fault: Option<FaultKind>,
    /// Whether key and secret were right.
    pub authorized: bool,
    /// Whether the rate limit itself turned it away.
    pub over_limit: bool,
    /// What a list showed, if it was answered whole.
    pub list: Option<ShownList>,
}

/// What one page of a list showed: the evidence of what a caller may know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShownList {
    /// The numbers of the rows, `None` where a row was null.
    pub ids: Vec<Option<i64>>,
    /// The total in the answer.
    pub total: usize,
}

impl JournalEntry {
    pub(super) fn new(at: Timestamp, call: &ApiRequest, authorized: bool) -> Self {
        Self {
            at,
            method: call.method.clone(),
            path: call.path.clone(),
            query: call.query.clone(),
            body: call.body.clone(),
            status: None,
            executed: false,
            fault: None,
            authorized,
            over_limit: false,
            list: None,
        }
    }

    /// The first value of a query parameter, whatever its case.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether this is a request with that method and path; case and a final slash of the path do not count.
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method.as_str().eq_ignore_ascii_case(method)
            && self.path.trim_matches('/').eq_ignore_ascii_case(path.trim_matches('/'))
    }
}

/// The requests so far, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Journal(pub(super) Vec<JournalEntry>);

impl Journal {
    /// Every entry.
    pub fn entries(&self) -> &[JournalEntry] {
        &self.0
    }

    /// The requests with this method and path.
    pub fn of<'a>(&'a self, method: &'a str, path: &'a str) -> impl Iterator<Item = &'a JournalEntry> {
        self.0.iter().filter(move |entry| entry.is(method, path))
    }

    /// How many requests had this method and path, answered or not.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.of(method, path).count()
    }

    /// The requests that were not `GET`.
    pub fn writes(&self) -> impl Iterator<Item = &JournalEntry> {
        self.0.iter().filter(|entry| entry.method != Method::GET)
    }

    /// The requests turned away by the limit itself; scripted 429s are not among them.
    pub fn throttled(&self) -> impl Iterator<Item = &JournalEntry> {
        self.0.iter().filter(|entry| entry.over_limit)
    }

    /// The requests with a wrong key or secret.
    pub fn unauthorized(&self) -> impl Iterator<Item = &JournalEntry> {
        self.0.iter().filter(|entry| !entry.authorized)
    }

    /// The entries from this index on; none when it lies beyond the end.
    pub fn since(&self, index: usize) -> &[JournalEntry] {
        self.0.get(index..).unwrap_or_default()
    }
}

/// Length and iteration are those of the [entries](Journal::entries).
impl Deref for Journal {
    type Target = [JournalEntry];

    fn deref(&self) -> &[JournalEntry] {
        &self.0
    }
}

impl<'a> IntoIterator for &'a Journal {
    type Item = &'a JournalEntry;
    type IntoIter = std::slice::Iter<'a, JournalEntry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
