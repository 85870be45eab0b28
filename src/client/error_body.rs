//! Reads the human reason out of the many shapes in which ShipStation reports a failure (V1 reference, Conventions /
//! Error body shapes), and says whether it is one of them. What follows from that is decided in `classify`.

use serde_json::Value;

const MAX_ERROR_BODY_BYTES: usize = 8 * 1024;

/// The answer of a failed request, bounded and read.
#[derive(Default)]
pub(crate) struct ErrorBody {
    pub(crate) text: Option<String>,
    pub(crate) message: Option<String>,
    /// Whether ShipStation's application itself reported an exception.
    pub(crate) exception: bool,
    pub(crate) origin: Origin,
}

/// Who can have written the body of a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Origin {
    /// Nobody: there is none.
    #[default]
    Empty,
    /// ShipStation: it has one of its shapes.
    ShipStation,
    /// ShipStation or anything before it: it is plain text.
    PlainText,
    /// Not ShipStation: a page, JSON of another shape, or bytes that are no text.
    Intermediary,
}

impl ErrorBody {
    pub(crate) fn read(body: &[u8]) -> Self {
        let json = serde_json::from_slice::<Value>(body).ok();
        let head = String::from_utf8_lossy(body.get(..MAX_ERROR_BODY_BYTES).unwrap_or(body)).into_owned();
        let text = (!head.trim().is_empty()).then_some(head);
        let message = json.as_ref().and_then(reason).or_else(|| match &json {
            Some(Value::String(_)) | None => text.as_deref().and_then(plain_words),
            Some(_) => None,
        });
        Self {
            message,
            exception: json.as_ref().is_some_and(|json| text_of(json, EXCEPTION).is_some()),
            origin: origin(body, json.as_ref()),
            text,
        }
    }

    /// The body of an answer that broke off, or was too long to be read.
    pub(crate) fn unread() -> Self {
        Self { origin: Origin::Intermediary, ..Self::default() }
    }

    /// Whether the body says that the rate limit was hit; some gateways say so under another status.
    pub(crate) fn is_throttle(&self) -> bool {
        let says_so = |message: &str| message.trim_end_matches('.').eq_ignore_ascii_case("too many requests");
        self.origin != Origin::Intermediary && self.message.as_deref().is_some_and(says_so)
    }

    /// Whether the exception is a passing failure of ShipStation's database and not a verdict on the request.
    pub(crate) fn is_passing(&self) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        ["timeout expired", "deadlock", "timed out"].iter().any(|hint| message.contains(hint))
    }
}

/// Members that only ShipStation's framework sends.
const OWN: &[&str] = &["ExceptionMessage", "ExceptionType", "ModelState", "hasErrors"];
/// Members that make a body ShipStation's if it has no member beside those of this list and the next.
const REASONS: &[&str] = &["Message", "errorMessage", "success", "approved"];
const OTHERS: &[&str] =
    &["MessageDetail", "StackTrace", "InnerException", "results", "sellerId", "apiKey", "apiSecret"];

fn origin(body: &[u8], json: Option<&Value>) -> Origin {
    match json {
        Some(Value::Object(members)) => {
            let is_in =
                |names: &[&str], name: &String| names.iter().any(|own| own.eq_ignore_ascii_case(name));
            let is_reason = |(name, value): (&String, &Value)| {
                is_in(REASONS, name) && matches!(value, Value::Null | Value::Bool(_) | Value::String(_))
            };
            let is_known = |name: &String| is_in(REASONS, name) || is_in(OTHERS, name);
            let is_own = members.keys().any(|name| is_in(OWN, name))
                || members.iter().any(is_reason) && members.keys().all(is_known);
            if is_own { Origin::ShipStation } else { Origin::Intermediary }
        }
        Some(Value::String(text)) => text_origin(text),
        Some(_) => Origin::Intermediary,
        None => std::str::from_utf8(body).map_or(Origin::Intermediary, text_origin),
    }
}

fn text_origin(text: &str) -> Origin {
    let text = text.trim().to_ascii_lowercase();
    let is_page = ["<!doctype", "<html", "<head", "<body", "<?xml"].iter().any(|tag| text.contains(tag));
    match text.chars().next() {
        None => Origin::Empty,
        // What begins like JSON and is none was cut off.
        Some('<' | '{' | '[') => Origin::Intermediary,
        Some(_) if is_page => Origin::Intermediary,
        Some(_) => Origin::PlainText,
    }
}

const EXCEPTION: &[&str] = &["ExceptionMessage"];
const MESSAGE: &[&str] =
    &["Message", "MessageDetail", "errorMessage", "error_description", "detail", "title", "error"];

fn reason(json: &Value) -> Option<String> {
    if let Value::String(text) = json {
        return plain_words(text);
    }
    let inner = member(json, "InnerException").and_then(reason);
    let exception = text_of(json, EXCEPTION).map(|own| match inner {
        Some(inner) => format!("{own} {inner}"),
        None => own.to_owned(),
    });
    exception.or_else(|| {
        let message = text_of(json, MESSAGE).map(str::to_owned);
        let message = message.or_else(|| reason(member(json, "error").filter(|error| error.is_object())?));
        let details = member(json, "ModelState").or_else(|| member(json, "errors")).and_then(details);
        match (message, details) {
            (Some(message), Some(details)) => Some(format!("{message} {details}")),
            (message, details) => message.or(details),
        }
    })
}

/// A member of an object, whatever the case of its name.
fn member<'a>(json: &'a Value, name: &str) -> Option<&'a Value> {
    let mut members = json.as_object()?.iter();
    members.find_map(|(member, value)| member.eq_ignore_ascii_case(name).then_some(value))
}

fn text_of<'a>(json: &'a Value, members: &[&str]) -> Option<&'a str> {
    let texts = members.iter().filter_map(|name| member(json, name)?.as_str());
    texts.map(str::trim).find(|text| !text.is_empty())
}

/// `path: message; …` of an ASP.NET model state, or the reasons in a list of errors.
fn details(errors: &Value) -> Option<String> {
    let lines: Vec<String> = match errors {
        Value::Object(paths) => paths
            .iter()
            .flat_map(|(path, messages)| lines(messages).map(move |message| format!("{path}: {message}")))
            .collect(),
        list => lines(list).collect(),
    };
    (!lines.is_empty()).then(|| lines.join("; "))
}

fn lines(messages: &Value) -> impl Iterator<Item = String> {
    messages
        .as_array()
        .map_or_else(|| std::slice::from_ref(messages), Vec::as_slice)
        .iter()
        .filter_map(reason)
}

/// What a page shows to nobody, or to the vendor only.
const HIDDEN: &[&str] = &["style", "script", "stacktrace", "exceptiontype"];

/// The words of a text or of an HTML or XML page, on one line, at most 300 characters.
fn plain_words(text: &str) -> Option<String> {
    let mut words = String::new();
    let mut rest = text;
    while let Some((shown, tagged)) = rest.split_once('<') {
        words.push_str(shown);
        if let Some(behind) = after_tag(tagged) {
            words.push(' ');
            rest = behind;
        } else {
            words.push('<');
            rest = tagged;
        }
    }
    words.push_str(rest);
    for (entity, letter) in
        [("&nbsp;", " "), ("&quot;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
    {
        words = words.replace(entity, letter);
    }
    let words: Vec<&str> = words.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(300).collect();
    (!line.is_empty()).then_some(line)
}

/// What follows a tag, a comment, or an element that shows nothing. The text begins behind a `<`, which may also be a
/// mere sign.
fn after_tag(tagged: &str) -> Option<&str> {
    let behind = |text: &'_ str, mark: &str| text.find(mark).map(|at| at + mark.len());
    if tagged.starts_with("!--") {
        return tagged.get(behind(tagged, "-->")?..);
    }
    if !tagged.starts_with(|letter: char| letter.is_ascii_alphabetic() || "/!?".contains(letter)) {
        return None;
    }
    let name = tagged.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
    let content = tagged.get(behind(tagged, ">")?..)?;
    if !HIDDEN.iter().any(|hidden| hidden.eq_ignore_ascii_case(name)) {
        return Some(content);
    }
    let close = content.get(behind(content, "</").unwrap_or(content.len())..)?;
    close.get(behind(close, ">").unwrap_or(close.len())..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_every_shape_give_their_reason() {
        for (body, want) in [
            (r#"{"message":"a","Message":"a"}"#, "a"),
            (
                r#"{"MESSAGE":"Bad.","modelstate":{"x":["no","never"],"y":"nor that"}}"#,
                "Bad. x: no; x: never; y: nor that",
            ),
            (
                r#"{"exceptionmessage":"Deep.","InnerException":{"ExceptionMessage":"Deeper."}}"#,
                "Deep. Deeper.",
            ),
            (r#"{"error":{"message":"nested"}}"#, "nested"),
            (r#"{"error":"short","error_description":"long"}"#, "long"),
            (r#"{"title":"Bad Request","status":400,"detail":"no such field"}"#, "no such field"),
            (r#"{"request_id":"r","errors":[{"error_code":"x","message":"one"},"two"]}"#, "one; two"),
            (r#"{"Message":null,"message":" "}"#, ""),
            (r#""quoted words""#, "quoted words"),
            ("Weight must be < 70 and > 0", "Weight must be < 70 and > 0"),
            (
                "<!DOCTYPE html><html><head><title>502 Bad Gateway</title><style>a > b { x: y }</style>\
                 <script type=\"a\">if (1 < 2) {}</script></head><body><!-- <b>not</b> this --><h1>Don&#39;t\n panic</h1>",
                "502 Bad Gateway Don't panic",
            ),
            (
                "<Error><Message>An error has occurred.</Message><ExceptionMessage>Late.</ExceptionMessage>\
                 <ExceptionType>System.Exception</ExceptionType><StackTrace>   at SS.OpenApi.X()</StackTrace></Error>",
                "An error has occurred. Late.",
            ),
            ("<style", "<style"),
            ("<style>a", ""),
            ("<!--", "<!--"),
            ("", ""),
        ] {
            assert_eq!(ErrorBody::read(body.as_bytes()).message.unwrap_or_default(), want, "{body}");
        }
    }

    #[test]
    fn a_body_that_is_no_shape_of_shipstations_is_an_intermediarys() {
        use Origin::{Empty, Intermediary, PlainText, ShipStation};
        for (body, want) in [
            ("", Empty),
            (" \r\n", Empty),
            ("\"\"", Empty),
            ("401 Unauthorized", PlainText),
            ("\"quoted words\"", PlainText),
            ("Weight must be < 70", PlainText),
            (r#"{"Message":"no"}"#, ShipStation),
            (r#"{"message":null}"#, ShipStation),
            (r#"{"MESSAGE":"no","modelstate":{"x":["y"]}}"#, ShipStation),
            (r#"{"Message":"a","MessageDetail":"b"}"#, ShipStation),
            (r#"{"ExceptionMessage":"a","TraceId":"b"}"#, ShipStation),
            (r#"{"success":false,"message":"no"}"#, ShipStation),
            (r#"{"success":false,"errors":[],"messages":[]}"#, Intermediary),
            (r#"{"message":{"code":7}}"#, Intermediary),
            (r#"{"code":1020,"message":"Access denied"}"#, Intermediary),
            (r#"{"title":"Bad Request","status":400}"#, Intermediary),
            (r#"{"error":"blocked"}"#, Intermediary),
            (r#"{"Message":"The req"#, Intermediary),
            ("{}", Intermediary),
            ("[]", Intermediary),
            ("null", Intermediary),
            ("7", Intermediary),
            ("\n<!DOCTYPE html><html>", Intermediary),
            ("<Error><Message>a</Message></Error>", Intermediary),
            ("blocked: <html><body>", Intermediary),
        ] {
            assert_eq!(ErrorBody::read(body.as_bytes()).origin, want, "{body}");
        }
        assert_eq!(ErrorBody::read(b"\x1f\x8b\x08\xff").origin, Intermediary);
    }

    proptest::proptest! {
        #[test]
        fn no_body_panics(body in r#"[<>!/a-z"{}:é -]{0,60}"#) {
            let _ = ErrorBody::read(body.as_bytes());
        }
    }
}
