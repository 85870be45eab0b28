//! Webhook subscriptions. The simulator keeps them, and delivers nothing.

use serde_json::json;

use super::super::{
    Account, SimWebhook,
    answer::Answer,
    request::{Call, whole_number},
};
use super::{Outcome, found, id_in_path};

#[derive(serde::Serialize)]
struct Webhooks<'a> {
    webhooks: Vec<&'a SimWebhook>,
}

pub(super) fn list(account: &Account) -> Answer {
    Answer::json(&Webhooks { webhooks: account.webhooks.values().collect() })
}

pub(super) fn subscribe(account: &mut Account, call: &Call) -> Outcome {
    let required = |name: &str| {
        let missing =
            || Answer::invalid(&format!("request.{name}"), &format!("The {name} field is required."));
        call.text(name).filter(|text| !text.is_empty()).ok_or_else(missing)
    };
    let (url, event) = (required("target_url")?, required("event")?);
    let store = call.member("store_id").and_then(whole_number);
    let id = account.add_webhook(event, url, store, call.text("friendly_name"));
    Ok(Answer::object(&[("id", json!(id))]).with_status(201).took_effect())
}

pub(super) fn unsubscribe(account: &mut Account, id: &str) -> Outcome {
    found(account.webhooks.remove(&id_in_path(id)?))?;
    Ok(Answer::empty(200).took_effect())
}
