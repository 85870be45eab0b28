//! Answers as fixtures: which members there are, of which kind, and nothing that names anybody.

use serde_json::{Map, Value, json};

use super::tap::Seen;

/// Members whose numbers say how long a list is, and nothing of the account.
const COUNTS: [&str; 3] = ["total", "page", "pages"];
/// Rows of a list that are kept.
const ROWS: usize = 3;

/// A name for the answer, and its shape.
pub(super) fn fixture(place: usize, seen: &Seen) -> (String, Value) {
    let path: String = seen
        .path
        .split('/')
        .map(|word| if is_name(word) { word } else { "id" })
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
        Value::Number(_) => json!(1),
        Value::String(text) => Value::String(other_text(text)),
        Value::Array(rows) => rows.iter().take(ROWS).map(shape).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| member(name, value)).collect(),
    }
}

fn member(name: &str, value: &Value) -> (String, Value) {
    let is_count = COUNTS.contains(&name) && value.is_u64();
    let shown = if is_name(name) { name.to_owned() } else { "member".to_owned() };
    (shown, if is_count { value.clone() } else { shape(value) })
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
    let other = |c: char| match c {
        '0'..='9' => '0',
        'T' => 'T',
        c if c.is_alphabetic() => 'x',
        '-' | ':' | '.' | ' ' | '+' => c,
        _ => '_',
    };
    text.chars().take(LONGEST).map(other).collect()
}
