//! Users, tags, and registering an account.

use serde_json::{Value, json};

use super::super::{Account, answer::Answer, request::Call};

pub(super) fn users(account: &Account, call: &Call) -> Answer {
    let inactive = call.query_flag("showInactive");
    Answer::json(&account.users.iter().filter(|user| inactive || user.active).collect::<Vec<_>>())
}

pub(super) fn tags(account: &Account) -> Answer {
    Answer::json(&account.tags.values().collect::<Vec<_>>())
}

/// Answers as if an account had been made; nothing is kept.
pub(super) fn register(call: &Call) -> Answer {
    let complete =
        ["firstName", "lastName", "email", "password"].iter().all(|name| call.text(name).is_some());
    let members = |message: &str, success: bool, seller: Value, key: Value, secret: Value| {
        Answer::object(&[
            ("message", json!(message)),
            ("sellerId", seller),
            ("success", json!(success)),
            ("apiKey", key),
            ("apiSecret", secret),
        ])
    };
    if complete {
        let (key, secret) = (json!("registered-key"), json!("registered-secret"));
        members("ShipStation account created.", true, json!(777_001), key, secret).took_effect()
    } else {
        members("Some required fields are missing.", false, Value::Null, Value::Null, Value::Null)
    }
}
