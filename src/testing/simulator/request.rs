//! A request as the account's operations see it: path parts, query, body.

use http::Method;
use jiff::civil::DateTime;
use serde_json::Value;

use super::{Record, Reply, Shape, account::Table, pacific};

/// One request, taken apart. Path and query names match without regard to case, as on the live service.
#[derive(Debug, Clone)]
pub(super) struct ApiRequest {
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

impl ApiRequest {
    pub(super) fn new(method: Method, uri: &http::Uri, body: &[u8]) -> Self {
        let path = uri.path().to_owned();
        let segments = path.split('/').filter(|part| !part.is_empty()).map(str::to_ascii_lowercase).collect();
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let query = query.into_owned().collect();
        let text = String::from_utf8_lossy(body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { method, path, segments, query, body, text }
    }

    /// The number at the end of the path; anything else is an unknown resource.
    pub(super) fn id(&self) -> Result<i64, Reply> {
        let id = self.segments.last().and_then(|last| last.parse().ok());
        id.ok_or_else(Reply::unknown_resource)
    }

    /// The orders that are named by number, in the path or the body.
    pub(super) fn order_ids(&self) -> impl Iterator<Item = i64> {
        let several = self.member("orderIds").and_then(Value::as_array).into_iter().flatten();
        self.id()
            .into_iter()
            .chain(self.member("orderId").into_iter().chain(several).filter_map(whole_number))
    }

    pub(super) fn row_in<'a>(&self, rows: &'a Table) -> Result<&'a Record, Reply> {
        rows.get(&self.id()?).ok_or_else(|| Reply::empty(404))
    }

    /// A query value; an empty one counts as absent.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let (_, value) = self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    pub(super) fn required_query(&self, name: &str) -> Result<&str, Reply> {
        self.query(name).ok_or_else(|| Reply::invalid(name, "A value is required."))
    }

    pub(super) fn query_number(&self, name: &str) -> Result<Option<i64>, Reply> {
        self.parsed_query(name, |text| text.trim().parse().ok())
    }

    pub(super) fn query_bound(&self, name: &str) -> Result<Option<DateTime>, Reply> {
        self.parsed_query(name, pacific::parse)
    }

    fn parsed_query<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Reply> {
        let refused = |text| Reply::invalid(name, &format!("The value '{text}' is not valid."));
        self.query(name).map(|text| parse(text).ok_or_else(|| refused(text))).transpose()
    }

    /// `true`, `True`, `1`; everything else is false.
    pub(super) fn query_flag(&self, name: &str) -> bool {
        self.query(name).is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
    }

    /// A member of the body, found without regard to case as the live service does; null counts as absent.
    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        let (_, value) = self.body.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.member(name)?.as_str()
    }

    /// A whole number in the body, also in quotes.
    pub(super) fn number(&self, name: &str) -> Result<i64, Reply> {
        self.member(name).and_then(whole_number).ok_or_else(|| Reply::required(name))
    }

    pub(super) fn required_text(&self, name: &str) -> Result<&str, Reply> {
        self.text(name).ok_or_else(|| Reply::required(name))
    }

    /// Refuses a body that lacks one of these members.
    pub(super) fn require(&self, names: &[&str]) -> Result<(), Reply> {
        let missing = names.iter().find(|name| self.member(name).is_none());
        missing.map_or(Ok(()), |name| Err(Reply::required(name)))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.member(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The body as a row; `parameter` is what a refusal calls it.
    pub(super) fn row(&self, shape: &'static Shape, parameter: &str) -> Result<Record, Reply> {
        Record::new(shape).read(&self.text).map_err(|error| Reply::invalid(parameter, &error))
    }
}

/// A JSON number, or one in quotes as Json.NET takes it.
pub(super) fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}
