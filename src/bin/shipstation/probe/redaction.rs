//! Answers as fixtures: which members there are, of which kind, and nothing that names anybody.

use serde_json::{Map, Value, json};
use shipstation_connector::client::{AddressVerification, BillToParty, PacificTime};

use super::tap::Seen;

/// What the probe asks for; any other part of a path is an id, or the address of a gateway.
const PATHS: [&str; 6] = ["stores", "orders", "markasshipped", "fulfillments", "shipments", "webhooks"];
/// The members that hold a word of an enumeration.
const ENUMERATIONS: [&str; 9] = [
    "orderStatus",
    "confirmation",
    "units",
    "provider",
    "contents",
    "nonDelivery",
    "billToParty",
    "addressVerified",
    "HookType",
];
/// The longest of such words.
const LONGEST_WORD: usize = 30;
/// As much of any other text is kept.
const LONGEST_TEXT: usize = 40;
/// What every date becomes, as much of it as the date has.
const DATE_AND_TIME: &str = "2026-03-02T09:00:00";
/// Rows of a list that are kept.
const ROWS: usize = 3;

/// A name for the answer, and its shape.
pub(super) fn fixture(place: usize, seen: &Seen) -> (String, Value) {
    let words = seen.path.split('/').skip_while(|word| !PATHS.contains(word));
    let path: Vec<&str> = words.map(|word| if PATHS.contains(&word) { word } else { "id" }).collect();
    let query: Vec<&str> = seen.query.iter().filter_map(|pair| pair.split('=').next()).collect();
    let headers: Map<String, Value> =
        ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset", "content-type"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), seen.headers.get(name)?.to_str().ok()?.into())))
            .collect();
    let shape = json!({
        "method": seen.method.as_str(), "path": path.join("/"), "query": query,
        "status": seen.status, "headers": headers, "body": shape(&seen.body),
    });
    (format!("{place:02}_{}.json", path.join("_")), shape)
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
    let value = match value {
        Value::String(text) if is_word_of(name, text) => value.clone(),
        _ => shape(value),
    };
    (shown.to_owned(), value)
}

/// Whether it is a word of an enumeration, documented or not.
fn is_word_of(name: &str, text: &str) -> bool {
    let is_word = (1..=LONGEST_WORD).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    // Two have documented values that are no words.
    let is_documented = match name {
        "addressVerified" => AddressVerification::LISTED.iter().any(|value| value.as_str() == text),
        "billToParty" => BillToParty::LISTED.iter().any(|value| value.as_str() == text),
        _ => false,
    };
    ENUMERATIONS.contains(&name) && (is_word || is_documented)
}

/// As ShipStation names its members: a key of another kind may be anything.
fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A text of the same kind: of one with digits, the digits become 1 and the letters x; a date becomes another one.
fn other_text(text: &str) -> String {
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return if text.is_empty() { String::new() } else { "text".to_owned() };
    }
    if let Some(date) = other_date(text) {
        return date;
    }
    let other = |c: char| match c {
        '0'..='9' => '1',
        c if c.is_alphabetic() => 'x',
        '-' | ':' | '.' | ' ' | '+' => c,
        _ => '_',
    };
    text.chars().take(LONGEST_TEXT).map(other).collect()
}

/// Of a date: the same one for all, written in the same way.
fn other_date(text: &str) -> Option<String> {
    text.parse::<PacificTime>().ok().filter(|_| text.len() <= LONGEST_TEXT)?;
    let digits_as = |digit: char, text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_digit() { digit } else { c }).collect()
    };
    let known = DATE_AND_TIME.get(..text.len().min(DATE_AND_TIME.len()))?;
    let rest = digits_as('0', text.get(known.len()..)?);
    let usual = format!("{known}{rest}").replace('T', if text.contains(' ') { " " } else { "T" });
    // Any other form, such as 8/13/2014, is a date of the year 1111.
    Some(if digits_as('0', &usual) == digits_as('0', text) { usual } else { digits_as('1', text) })
}

#[cfg(test)]
mod tests {
    use super::{other_text, shape};
    use serde_json::json;
    use shipstation_connector::client::PacificTime;

    #[test]
    fn wire_a_date_stays_a_date_in_its_form() {
        for (text, other) in [
            ("2021-01-23T09:09:08.4000000", "2026-03-02T09:00:00.0000000"),
            ("2021-01-23T09:09:08.067", "2026-03-02T09:00:00.000"),
            ("2021-01-23T09:09:08", "2026-03-02T09:00:00"),
            ("2021-01-23 09:09", "2026-03-02 09:00"),
            ("2021-01-23", "2026-03-02"),
            ("2021-01-23T09:09:08Z", "2026-03-02T09:00:00Z"),
            ("2021-01-23T09:09:08-08:00", "2026-03-02T09:00:00-00:00"),
            ("8/13/2014", "1/11/1111"),
            ("12/31/2014 11:59:59 PM", "11/11/1111 11:11:11 PM"),
        ] {
            assert_eq!(other_text(text), other);
            assert!(other.parse::<PacificTime>().is_ok(), "{other}");
        }
    }

    #[test]
    fn secrets_only_words_of_enumerations_stay() {
        let body = json!({
            "orderStatus": "awaiting_shipment", "confirmation": "video_signature", "weight": {"units": "ounces"},
            "shipTo": {"name": "Rosalind", "addressVerified": "Address validation warning", "city": "ounces"},
            "provider": "Call Rosalind", "units": "Rosalind-1", "contents": null, "billToParty": "4",
            "customField1": "shipped", "trackingNumber": "1Z 99", "orderNumber": "MKT#41(Ros)", "total": 7.25,
            "Rosalind Thornbury": "merchandise",
        });
        let kept = json!({
            "orderStatus": "awaiting_shipment", "confirmation": "video_signature", "weight": {"units": "ounces"},
            "shipTo": {"name": "text", "addressVerified": "Address validation warning", "city": "text"},
            "provider": "text", "units": "xxxxxxxx-1", "contents": null, "billToParty": "4",
            "customField1": "text", "trackingNumber": "1x 11", "orderNumber": "xxx_11_xxx_", "total": 1.5,
            "member": "text",
        });
        assert_eq!(shape(&body), kept);
    }
}
