//! Reads the human reason out of the many shapes in which ShipStation reports a failure (V1 reference, Conventions /
//! Error body shapes). It decides nothing.

use serde_json::Value;

const BOUND: usize = 8 * 1024;

/// The answer of a failed request, bounded and read.
#[derive(Default)]
pub(crate) struct ErrorBody {
    text: Option<String>,
    message: Option<String>,
    exception: bool,
}

impl ErrorBody {
    pub(crate) fn read(body: &[u8]) -> Self {
        let json = serde_json::from_slice::<Value>(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).ok();
        let head = String::from_utf8_lossy(body.get(..BOUND).unwrap_or(body)).into_owned();
        let text = (!head.trim().is_empty()).then_some(head);
        let message = json.as_ref().and_then(reason).or_else(|| match &json {
            Some(Value::String(_)) | None => text.as_deref().and_then(plain_words),
            Some(_) => None,
        });
        Self {
            message,
            exception: json.as_ref().is_some_and(|json| text_of(json, EXCEPTION).is_some()),
            text,
        }
    }

    pub(crate) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Whether ShipStation's application itself reported an exception.
    pub(crate) fn is_exception(&self) -> bool {
        self.exception
    }

    /// Whether the body says that the rate limit was hit; some gateways say so under another status.
    pub(crate) fn is_throttle(&self) -> bool {
        self.message()
            .is_some_and(|message| message.trim_end_matches('.').eq_ignore_ascii_case("too many requests"))
    }

    /// Whether the exception is a passing failure of ShipStation's database and not a verdict on the request.
    pub(crate) fn is_passing(&self) -> bool {
        let message = self.message().unwrap_or_default().to_ascii_lowercase();
        ["timeout expired", "deadlock", "timed out"].iter().any(|hint| message.contains(hint))
    }
}

const EXCEPTION: &[&str] = &["ExceptionMessage", "exceptionMessage"];
const MESSAGE: &[&str] = &["Message", "message", "MessageDetail", "errorMessage", "error"];

fn reason(json: &Value) -> Option<String> {
    if let Value::String(text) = json {
        return plain_words(text);
    }
    let inner = json.get("InnerException").and_then(reason);
    let exception = text_of(json, EXCEPTION).map(|own| match inner {
        Some(inner) => format!("{own} {inner}"),
        None => own.to_owned(),
    });
    exception.or_else(|| {
        let message = text_of(json, MESSAGE);
        let model = json.get("ModelState").or_else(|| json.get("modelState")).and_then(model_errors);
        match (message, model) {
            (Some(message), Some(model)) => Some(format!("{message} {model}")),
            (Some(message), None) => Some(message.to_owned()),
            (None, model) => model,
        }
    })
}

fn text_of<'a>(json: &'a Value, members: &[&str]) -> Option<&'a str> {
    members
        .iter()
        .find_map(|member| json.get(member)?.as_str())
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// `path: message; …` of an ASP.NET model state.
fn model_errors(state: &Value) -> Option<String> {
    let lines = state.as_object()?.iter().flat_map(|(path, messages)| {
        let messages = messages.as_array().map_or_else(|| std::slice::from_ref(messages), Vec::as_slice);
        messages.iter().filter_map(Value::as_str).map(move |message| format!("{path}: {message}"))
    });
    let lines = lines.collect::<Vec<_>>().join("; ");
    (!lines.is_empty()).then_some(lines)
}

/// The words of a text or an HTML page, on one line, at most 300 characters.
fn plain_words(text: &str) -> Option<String> {
    let mut words = String::new();
    let mut in_tag = false;
    for letter in text.chars() {
        match letter {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                words.push(' ');
            }
            _ if in_tag => {}
            letter => words.push(letter),
        }
    }
    let words: Vec<&str> = words.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(300).collect();
    (!line.is_empty()).then_some(line)
}
