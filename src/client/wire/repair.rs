//! Text that JSON libraries refuse: replaced, so that one bad character costs neither its row nor others.

use std::borrow::Cow;

/// What stands for what cannot be read.
const UNKNOWN: char = char::REPLACEMENT_CHARACTER;
/// What stands for a number that is none. No member takes it for a value or for nothing.
const FITS_NOTHING: &str = "[\"\u{fffd}\",\"\u{fffd}\"]";
const NO_NUMBERS: [&str; 4] = ["NaN", "-NaN", "Infinity", "-Infinity"];

/// The document with U+FFFD in place of bytes that are not UTF-8, of raw control characters in texts, and of escapes that
/// name no character, such as one half of a surrogate pair. `None` if there is nothing of that kind.
pub(super) fn repaired(json: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(json);
    let mut changed = matches!(text, Cow::Owned(_));
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut in_text) = (&*text, false);
    while let Some(first) = rest.chars().next() {
        let (length, other) = match first {
            '"' => {
                in_text = !in_text;
                (1, None)
            }
            '\\' if in_text => escape(rest),
            _ if in_text && first < ' ' => (1, Some(Cow::Owned(UNKNOWN.to_string()))),
            _ if in_text => (first.len_utf8(), None),
            _ => match NO_NUMBERS.into_iter().find(|word| rest.starts_with(word)) {
                Some(word) => (word.len(), Some(Cow::Borrowed(FITS_NOTHING))),
                None => (first.len_utf8(), None),
            },
        };
        let (taken, left) = rest.split_at_checked(length)?;
        changed |= other.is_some();
        out.push_str(other.as_deref().unwrap_or(taken));
        rest = left;
    }
    changed.then_some(out)
}

/// The length of the escape that the text begins with, and what is to stand for it if it names no character.
fn escape(text: &str) -> (usize, Option<Cow<'static, str>>) {
    let unknown = || Some(Cow::Owned(UNKNOWN.to_string()));
    let Some(kind) = text.chars().nth(1) else { return (1, unknown()) };
    match kind {
        '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => (2, None),
        'u' => match unit(text) {
            None => (2, unknown()),
            Some(0xD800..=0xDBFF) => match text.get(6..).and_then(unit) {
                Some(0xDC00..=0xDFFF) => (12, None),
                _ => (6, unknown()),
            },
            Some(0xDC00..=0xDFFF) => (6, unknown()),
            Some(_) => (6, None),
        },
        other => (1 + other.len_utf8(), unknown()),
    }
}

/// The number in an escape such as `\u00e9`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn text(json: &[u8]) -> String {
        let Value::String(text) = serde_json::from_str(&repaired(json).unwrap()).unwrap() else {
            panic!("no text")
        };
        text
    }

    #[test]
    fn what_json_refuses_is_replaced_and_nothing_else() {
        for (json, wanted) in [
            (&br#""x\ud83d""#[..], "x\u{fffd}"),
            (br#""\ude00x""#, "\u{fffd}x"),
            (br#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (br#""\ud83dx\u00e9""#, "\u{fffd}x\u{e9}"),
            (br#""\ud83d\n""#, "\u{fffd}\n"),
            (b"\"a\nb\tc\x00d\"", "a\u{fffd}b\u{fffd}c\u{fffd}d"),
            (b"\"a\xffb\xc3\"", "a\u{fffd}b\u{fffd}"),
            (br#""it\'s \x41 \u12 \u+123""#, "it\u{fffd}s \u{fffd}41 \u{fffd}12 \u{fffd}+123"),
        ] {
            assert_eq!(text(json), wanted, "{}", String::from_utf8_lossy(json));
        }
        for json in [r#"{"a": "\\ud83d \" \u00e9 NaN", "b": -1.5e3}"#, "", "\"", "\"\u{e9}\"", "not json"] {
            assert_eq!(repaired(json.as_bytes()), None, "{json}");
        }
        let numbers = repaired(br#"{"a":NaN,"b":[-Infinity,1],"c":"NaN"}"#).unwrap();
        let value: Value = serde_json::from_str(&numbers).unwrap();
        assert_eq!((&value["b"][1], &value["c"]), (&Value::from(1), &Value::from("NaN")));
        assert!(value["a"].is_array());
    }

    proptest! {
        #[test]
        fn any_bytes_in_a_text_become_a_text(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut json = vec![b'"'];
            json.extend(bytes.iter().filter(|byte| !b"\"\\".contains(byte)));
            json.push(b'"');
            let repaired = repaired(&json);
            let json = repaired.as_deref().map_or(&*json, str::as_bytes);
            prop_assert!(serde_json::from_slice::<String>(json).is_ok());
        }

        #[test]
        fn good_json_is_left_alone(text: String) {
            let json = serde_json::to_vec(&serde_json::json!({ "a": text })).unwrap();
            prop_assert_eq!(repaired(&json), None);
        }
    }
}
