//! Stores and marketplaces.

use serde::Serialize;
use serde_json::json;

use super::super::{
    Account, SimStore,
    account::MARKETPLACES,
    answer::Answer,
    pacific,
    request::{Call, whole_number},
};
use super::{Outcome, found, id_in_path};
use crate::Timestamp;

pub(super) fn list(account: &Account, call: &Call) -> Outcome {
    let inactive = call.query_flag("showInactive");
    let marketplace = call.query_number("marketplaceId")?;
    let wanted = |store: &&SimStore| {
        (inactive || store.active) && marketplace.is_none_or(|id| store.marketplace_id == id)
    };
    let rows: Vec<SimStore> = account
        .stores
        .values()
        .filter(wanted)
        // Lists were never seen with mappings.
        .map(|store| SimStore { status_mappings: None, ..store.clone() })
        .collect();
    Ok(Answer::json(&rows))
}

pub(super) fn get(account: &Account, call: &Call, id: &str) -> Outcome {
    match id {
        "marketplaces" => Ok(marketplaces()),
        "getrefreshstatus" => refresh_status(account, call),
        _ => Ok(Answer::json(found(account.stores.get(&id_in_path(id)?))?)),
    }
}

/// Replaces the store: members that are left out are cleared.
pub(super) fn update(account: &mut Account, call: &Call, id: &str) -> Outcome {
    let now = account.now();
    let mappings =
        call.member("statusMappings").map(|value| serde_json::from_value(value.clone())).transpose();
    let mappings = mappings.map_err(|error| Answer::invalid("request.statusMappings", &error.to_string()))?;
    let store = found(account.stores.get_mut(&id_in_path(id)?))?;
    store.store_name = call
        .text("storeName")
        .ok_or_else(|| Answer::invalid("request.storeName", "The storeName field is required."))?;
    store.account_name = call.text("accountName");
    store.email = call.text("email");
    store.integration_url = call.text("integrationUrl");
    store.company_name = call.text("companyName");
    store.phone = call.text("phone");
    store.public_email = call.text("publicEmail");
    store.website = call.text("website");
    store.auto_refresh = call.flag("autoRefresh");
    store.active = call.flag("active");
    store.status_mappings = mappings;
    store.modify_date = now;
    Ok(Answer::json(store).took_effect())
}

pub(super) fn act(account: &mut Account, call: &Call, action: &str) -> Outcome {
    match action {
        "refreshstore" => refresh(account, call),
        "deactivate" => activate(account, call, false, "The requested store has been deactivated."),
        "reactivate" => activate(account, call, true, "The requested store has been reactivated."),
        _ => Err(super::no_such_resource(call)),
    }
}

fn activate(account: &mut Account, call: &Call, active: bool, message: &str) -> Outcome {
    found(account.stores.get_mut(&call.number("storeId")?))?.active = active;
    Ok(Answer::done(message))
}

/// Takes the store from the query or the body, as older and newer pages have it; without one, every store.
fn refresh(account: &mut Account, call: &Call) -> Outcome {
    let store = call.query_number("storeId")?.or_else(|| call.member("storeId").and_then(whole_number));
    let now = account.now();
    let refreshed = |store: &mut SimStore| {
        (store.refresh_date, store.last_refresh_attempt) = (Some(now), Some(now));
    };
    let Some(id) = store else {
        account.stores.values_mut().filter(|store| store.auto_refresh).for_each(refreshed);
        return Ok(Answer::done("A store refresh has been initiated for all stores"));
    };
    refreshed(found(account.stores.get_mut(&id))?);
    Ok(Answer::done(&format!("A store refresh has been initiated for Store ID {id}")))
}

fn refresh_status(account: &Account, call: &Call) -> Outcome {
    let id =
        call.query_number("storeId")?.ok_or_else(|| Answer::invalid("storeId", "A value is required."))?;
    let store = found(account.stores.get(&id))?;
    // The documentation's sample has dates in this style.
    let day = |at: Option<Timestamp>| {
        at.map(pacific::wall).map(|wall| format!("{}-{}-{}", wall.month(), wall.day(), wall.year()))
    };
    Ok(Answer::object(&[
        ("storeId", json!(id)),
        ("refreshStatusId", json!(2)),
        ("refreshStatus", json!("Updating orders")),
        ("lastRefreshAttempt", json!(day(store.last_refresh_attempt))),
        ("refreshDate", json!(day(store.refresh_date))),
    ]))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_excessive_bools, clippy::struct_field_names)] // ShipStation's own members
struct Marketplace {
    name: &'static str,
    marketplace_id: i64,
    can_refresh: bool,
    supports_custom_mappings: bool,
    supports_custom_statuses: bool,
    can_confirm_shipments: bool,
}

fn marketplaces() -> Answer {
    let row = |&(marketplace_id, name): &(i64, &'static str)| Marketplace {
        name,
        marketplace_id,
        can_refresh: marketplace_id != 0,
        supports_custom_mappings: marketplace_id != 0,
        supports_custom_statuses: matches!(marketplace_id, 22 | 36),
        can_confirm_shipments: marketplace_id != 0,
    };
    Answer::json(&MARKETPLACES.iter().map(row).collect::<Vec<_>>())
}
