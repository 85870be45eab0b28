//! Answers as fixtures: which members there are, of which kind, and nothing that names anybody.

use serde_json::{Map, Value, json};
use shipstation_connector::client::PacificTime;

use super::tap::Seen;

/// What the probe asks for; any other part of a path is an id, or the address of a gateway.
const PATHS: [&str; 5] = ["stores", "orders", "fulfillments", "shipments", "webhooks"];
/// Rows of a list that are kept.
const ROWS: usize = 3;

/// A name for the answer, and its shape.
pub(super) fn fixture(place: usize, seen: &Seen) -> (String, Value) {
    let path: String = seen
        .path
        .split('/')
        .map(|word| if PATHS.contains(&word) { word } else { "id" })
        .collect::<Vec<_>>()
        .join("_");
    let query: Vec<&str> = seen.query.iter().filter_map(|pair| pair.split('=').next()).collect();
    let headers: Map<String, Value> =
        ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset", "content-type"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), seen.headers.get(name)?.to_str().ok()?.into())))
            .collect();
    let shape = json!({"query": query, "status": seen.status, "headers": headers, "body": shape(&seen.body)});
    (format!("{place:02}_{path}.json"), shape)
}

/// The same structure with other values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) if number.is_f64() => json!(1.5),
        // Whether it is 0 tells a count of pages that says nothing.
        Value::Number(number) => json!(u8::from(number.as_i64() != Some(0))),
        Value::String(text) => Value::String(other_text(text)),
        Value::Array(rows) => rows.iter().take(ROWS).map(shape).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| member(name, value)).collect(),
    }
}

fn member(name: &str, value: &Value) -> (String, Value) {
    let shown = if is_name(name) { name } else { "member" };
    (shown.to_owned(), shape(value))
}

/// As ShipStation names its members: a key of another kind may be anything.
fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A text of the same kind: of one with digits, such as a date, the digits become 0 and the letters x.
fn other_text(text: &str) -> String {
    const LONGEST: usize = 40;
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return if text.is_empty() { String::new() } else { "text".to_owned() };
    }
    let is_date = text.parse::<PacificTime>().is_ok();
    let other = |c: char| match c {
        '0'..='9' => '0',
        'T' if is_date => 'T',
        c if c.is_alphabetic() => 'x',
        '-' | ':' | '.' | ' ' | '+' => c,
        _ => '_',
    };
    text.chars().take(LONGEST).map(other).collect()
}
