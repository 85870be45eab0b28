//! A request as the account's operations see it: path parts, query, body.

use http::Method;
use serde_json::Value;

use super::{answer::Answer, pacific};

/// One request, taken apart. Path and query names match without regard to case, as on the live service.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    /// The path as it was sent.
    pub(super) path: String,
    /// Its parts in lower case; empty ones are left out, so a double slash does no harm.
    pub(super) segments: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    /// The body as JSON; null when there is none or it is not JSON.
    pub(super) body: Value,
    /// The body as it was sent.
    pub(super) text: String,
}

impl Call {
    pub(super) fn new(method: Method, uri: &http::Uri, body: &[u8]) -> Self {
        let path = uri.path().to_owned();
        let segments = path.split('/').filter(|part| !part.is_empty()).map(str::to_ascii_lowercase).collect();
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let query = query.into_owned().collect();
        let text = String::from_utf8_lossy(body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { method, path, segments, query, body, text }
    }

    /// The same request without this query value.
    pub(super) fn without_query(mut self, name: &str) -> Self {
        self.query.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self
    }

    /// A query value; an empty one counts as absent.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let mut matching = self.query.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        matching.next().map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A whole number in the query.
    pub(super) fn query_number(&self, name: &str) -> Result<Option<i64>, Answer> {
        let Some(text) = self.query(name) else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| Answer::invalid(name, &not_valid(text)))
    }

    /// `true`, `True`, `1`; everything else is false.
    pub(super) fn query_flag(&self, name: &str) -> bool {
        self.query(name).is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
    }

    /// One end of a date range in the query.
    pub(super) fn query_bound(&self, name: &str) -> Result<Option<pacific::Bound>, Answer> {
        let Some(text) = self.query(name) else { return Ok(None) };
        let wall = pacific::parse(text).ok_or_else(|| Answer::invalid(name, &not_valid(text)))?;
        Ok(Some(pacific::Bound::new(wall)))
    }

    /// A member of the body, found without regard to case as the live service does; null counts as absent.
    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        let members = self.body.as_object()?;
        let (_, value) = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value).filter(|value| !value.is_null())
    }

    /// A text in the body.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.member(name)?.as_str().map(str::to_owned)
    }

    /// A whole number in the body, also in quotes.
    pub(super) fn number(&self, name: &str) -> Result<i64, Answer> {
        self.member(name).and_then(whole_number).ok_or_else(|| Answer::required(name))
    }

    /// A text in the body that must be there.
    pub(super) fn required_text(&self, name: &str) -> Result<String, Answer> {
        self.text(name).ok_or_else(|| Answer::required(name))
    }

    /// Refuses a body that lacks one of these members.
    pub(super) fn require(&self, names: &[&str]) -> Result<(), Answer> {
        let missing = names.iter().find(|name| self.member(name).is_none());
        missing.map_or(Ok(()), |name| Err(Answer::required(name)))
    }

    /// A flag in the body.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.member(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// A JSON number, or one in quotes as Json.NET takes it.
pub(super) fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn not_valid(text: &str) -> String {
    format!("The value '{text}' is not valid.")
}
