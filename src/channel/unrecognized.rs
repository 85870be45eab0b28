//! Values of enumerations that this version does not know: kept as they were read.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Value;

/// A value that a newer version of the crate wrote and this one does not know. It is kept as JSON and written back
/// as it was read.
///
/// # Examples
/// ```
/// use shipstation_connector::channel::HoldReason;
///
/// let json = r#"{"reason":"fraud_check","score":7}"#;
/// let hold: HoldReason = serde_json::from_str(json)?;
/// assert!(matches!(hold, HoldReason::Unrecognized(_)));
/// assert_eq!(serde_json::to_string(&hold)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unrecognized(String);

impl Unrecognized {
    /// Removes the other members of an object; what is no object stays as it is.
    pub(crate) fn retain_members(&mut self, is_kept: impl Fn(&str) -> bool) {
        if let Ok(Value::Object(mut members)) = serde_json::from_str(&self.0) {
            members.retain(|name, _| is_kept(name));
            self.0 = Value::Object(members).to_string();
        }
    }

    /// The JSON that was read.
    pub fn json(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Unrecognized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_ECHOED_CHARS: usize = 80;
        f.write_str("not known to this version: ")?;
        self.0.chars().take(MAX_ECHOED_CHARS).try_for_each(|character| write!(f, "{character}"))
    }
}

impl Serialize for Unrecognized {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<Value>(&self.0).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Unrecognized {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        serde_json::to_string(&value).map(Self).map_err(de::Error::custom)
    }
}
