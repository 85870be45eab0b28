//! Reports as JSON.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Members that name a variant.
const NAMING: [&str; 9] =
    ["status", "outcome", "reason", "matched_by", "notice", "severity", "verdict", "strategy", "trigger"];

/// The report as JSON. Proves beside that it is read back unchanged, and that what a newer version would write into it is
/// kept.
pub(crate) fn written<T: Serialize + DeserializeOwned + PartialEq + Debug>(report: &T) -> String {
    let json = serde_json::to_string(report).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), report, "{json}");
    let mut newer: Value = serde_json::from_str(&json).unwrap();
    make_newer(&mut newer);
    let read: T = serde_json::from_str(&newer.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), newer);
    json
}

/// Renames every value of an enumeration and adds a kind to every count.
fn make_newer(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let is_tally = members.values().all(Value::is_u64)
                && !["scanned_products", "still_unmapped"].iter().any(|member| members.contains_key(*member));
            if is_tally {
                members.insert("quarantined".to_owned(), 3.into());
            }
            for (name, member) in members {
                match member {
                    Value::String(variant) if NAMING.contains(&name.as_str()) => {
                        *variant = format!("newer_{variant}");
                    }
                    _ => make_newer(member),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(make_newer),
        _ => {}
    }
}
