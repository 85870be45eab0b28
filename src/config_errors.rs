//! What is wrong in a configuration file: a key that is none is refused with the one that was meant, a value with where it stands.

use std::fmt::Display;

use serde_json::Value;

use crate::named_enum::nearest_name;

/// So much of a key from outside is shown.
const MAX_SHOWN: usize = 200;

/// Refuses a key that the defaults do not have. A part without keys by default has keys of the host's.
pub(crate) fn refuse_unknown_keys(given: &Value, known: &Value, path: &str) -> Result<(), String> {
    let (Value::Object(given), Value::Object(known)) = (given, known) else { return Ok(()) };
    for (key, value) in given.iter().filter(|_| !known.is_empty()) {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let Some(known_value) = known.get(key) else {
            let keys = || known.keys().map(String::as_str);
            let meant = match nearest_name(key, keys()) {
                Some(name) => format!("did you mean {name}?"),
                None => format!("there are {}", keys().collect::<Vec<_>>().join(", ")),
            };
            let shown: String = path.chars().take(MAX_SHOWN).collect();
            return Err(format!("{} is not a setting: {meant}", shown.escape_debug()));
        };
        refuse_unknown_keys(value, known_value, &path)?;
    }
    Ok(())
}

/// What is wrong with the value at `path`. A number is shown also where `serde_json` does not tell it, as with its feature
/// `arbitrary_precision`.
pub(crate) fn wrong_value(given: &Value, path: &impl Display, error: &impl Display) -> String {
    let text = format!("{path}: {error}");
    match given.pointer(&format!("/{}", path.to_string().replace('.', "/"))) {
        Some(Value::Number(number)) if !text.contains(&number.to_string()) => format!("{text}: {number}"),
        _ => text,
    }
}
