//! Stores and marketplaces.

use super::super::{
    Account,
    account::MARKETPLACES,
    answer::Answer,
    lists::{Filter, List, Test},
    pacific,
    record::{Field, Record},
    request::{Call, whole_number},
    shapes::STORE,
};
use super::{Outcome, found, id_in_path};
use crate::Timestamp;

static STORES: List = List {
    name: "stores",
    id: "storeId",
    filters: &[Filter { query: "marketplaceId", test: Test::Number, members: &["marketplaceId"] }],
    sorts: &[],
    default_sort: None,
    rounds_down: false,
};

pub(super) fn list(account: &Account, call: &Call) -> Outcome {
    let inactive = call.query_flag("showInactive");
    let conditions = STORES.conditions(account, call)?;
    let rows = account.stores.values().filter(|store| inactive || store.flag("active"));
    let rows = rows.filter(|store| conditions.iter().all(|condition| condition.admits(store)));
    // Lists were never seen with mappings.
    let rows = rows.map(|store| store.clone().with("statusMappings", Field::Null));
    Ok(Answer::json(&rows.collect::<Vec<_>>()))
}

pub(super) fn get(account: &Account, call: &Call, id: &str) -> Outcome {
    match id {
        "marketplaces" => Ok(marketplaces()),
        "getrefreshstatus" => refresh_status(account, call),
        _ => super::row(&account.stores, id),
    }
}

/// Replaces the store: members that are left out are cleared.
pub(super) fn update(account: &mut Account, call: &Call, id: &str) -> Outcome {
    const WRITABLE: &str =
        "storeName accountName email integrationUrl companyName phone publicEmail website statusMappings";
    let now = account.now();
    let sent = Record::read(&STORE, &call.text).map_err(|error| Answer::invalid("request", &error))?;
    let store = found(account.stores.get_mut(&id_in_path(id)?))?;
    call.required_text("storeName")?;
    store.copy(&sent, WRITABLE);
    store.set("autoRefresh", call.flag("autoRefresh"));
    store.set("active", call.flag("active"));
    store.set("modifyDate", now);
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
    found(account.stores.get_mut(&call.number("storeId")?))?.set("active", active);
    Ok(Answer::done(message))
}

/// Takes the store from the query or the body, as older and newer pages have it; without one, every store.
fn refresh(account: &mut Account, call: &Call) -> Outcome {
    let store = call.query_number("storeId")?.or_else(|| call.member("storeId").and_then(whole_number));
    let now = account.now();
    let refreshed = |store: &mut Record| {
        store.set("refreshDate", now);
        store.set("lastRefreshAttempt", now);
    };
    let Some(id) = store else {
        account.stores.values_mut().filter(|store| store.flag("autoRefresh")).for_each(refreshed);
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
    Ok(Answer::object([
        ("storeId", id.into()),
        ("refreshStatusId", 2.into()),
        ("refreshStatus", "Updating orders".into()),
        ("lastRefreshAttempt", day(store.time("lastRefreshAttempt")).into()),
        ("refreshDate", day(store.time("refreshDate")).into()),
    ]))
}

fn marketplaces() -> Answer {
    let row = |&(id, name): &(i64, &'static str)| {
        let connected = id != 0;
        Record::of([
            ("name", name.into()),
            ("marketplaceId", id.into()),
            ("canRefresh", connected.into()),
            ("supportsCustomMappings", connected.into()),
            ("supportsCustomStatuses", matches!(id, 22 | 36).into()),
            ("canConfirmShipments", connected.into()),
        ])
    };
    Answer::json(&MARKETPLACES.iter().map(row).collect::<Vec<_>>())
}
