//! Stores, marketplaces, and the catalog.

use super::super::{
    Account,
    account::MARKETPLACES,
    lists::{PRODUCTS, STORES, admit},
    pacific,
    record::{Field, Record, record},
    reply::Reply,
    request::{ApiRequest, whole_number},
    shapes::{PRODUCT, STORE},
};
use super::{Handled, found};
use crate::Timestamp;

pub(super) fn list(account: &Account, call: &ApiRequest) -> Handled {
    let inactive = call.query_flag("showInactive");
    let conditions = STORES.conditions(account, call)?;
    let rows = account.stores.values().filter(|store| inactive || store.flag("active"));
    // Lists were never seen with mappings.
    let rows = rows.filter(|store| admit(&conditions, store)).cloned();
    Ok(Reply::json(&rows.map(|store| store.with("statusMappings", Field::Null)).collect::<Vec<_>>()))
}

/// Replaces the store: members that are left out are cleared.
pub(super) fn update(account: &mut Account, call: &ApiRequest) -> Handled {
    const WRITABLE: &str =
        "storeName accountName email integrationUrl companyName phone publicEmail website statusMappings";
    let now = account.now();
    let sent = call.row(&STORE, "request")?;
    let store = found(account.stores.get_mut(&call.id()?))?;
    call.required_text("storeName")?;
    store.copy(&sent, WRITABLE);
    store.set("autoRefresh", call.flag("autoRefresh"));
    store.set("active", call.flag("active"));
    store.set("modifyDate", now);
    Ok(Reply::json(store).took_effect())
}

pub(super) fn activate(account: &mut Account, call: &ApiRequest, active: bool) -> Handled {
    found(account.stores.get_mut(&call.number("storeId")?))?.set("active", active);
    let done = if active { "reactivated" } else { "deactivated" };
    Ok(Reply::done(&format!("The requested store has been {done}.")))
}

/// Takes the store from the query or the body, as older and newer pages have it; without one, every store.
pub(super) fn refresh(account: &mut Account, call: &ApiRequest) -> Handled {
    let store = call.query_number("storeId")?.or_else(|| call.member("storeId").and_then(whole_number));
    let now = account.now();
    let refreshed = |store: &mut Record| {
        store.set("refreshDate", now);
        store.set("lastRefreshAttempt", now);
    };
    let Some(id) = store else {
        account.stores.values_mut().filter(|store| store.flag("autoRefresh")).for_each(refreshed);
        return Ok(Reply::done("A store refresh has been initiated for all stores"));
    };
    refreshed(found(account.stores.get_mut(&id))?);
    Ok(Reply::done(&format!("A store refresh has been initiated for Store ID {id}")))
}

pub(super) fn refresh_status(account: &Account, call: &ApiRequest) -> Handled {
    call.required_query("storeId")?;
    let id = call.query_number("storeId")?;
    let store = found(id.and_then(|id| account.stores.get(&id)))?;
    // The documentation's sample has dates in this style.
    let day = |at: Option<Timestamp>| {
        at.map(pacific::wall).map(|wall| format!("{}-{}-{}", wall.month(), wall.day(), wall.year()))
    };
    Ok(Reply::json(&record!({
        "storeId": id, "refreshStatusId": 2, "refreshStatus": "Updating orders",
        "lastRefreshAttempt": day(store.time("lastRefreshAttempt")), "refreshDate": day(store.time("refreshDate")),
    })))
}

pub(super) fn marketplaces() -> Reply {
    let row = |&(id, name): &(i64, &str)| {
        let connected = id != 0;
        record!({
            "name": name, "marketplaceId": id, "canRefresh": connected, "supportsCustomMappings": connected,
            "supportsCustomStatuses": matches!(id, 22 | 36), "canConfirmShipments": connected,
        })
    };
    Reply::json(&MARKETPLACES.iter().map(row).collect::<Vec<_>>())
}

pub(super) fn products(account: &Account, call: &ApiRequest) -> Handled {
    let inactive = call.query_flag("showInactive");
    PRODUCTS.reply(account, call, account.products.values().filter(|row| inactive || row.flag("active")))
}

pub(super) fn product(account: &Account, call: &ApiRequest) -> Handled {
    let product = found(account.products.get(&call.id()?))?;
    Ok(Reply::text(account.list_row("productId", product)?.text))
}

/// Replaces the product: members that are left out are cleared. The answer does not show it.
pub(super) fn update_product(account: &mut Account, call: &ApiRequest) -> Handled {
    let (id, now) = (call.id()?, account.now());
    let known = found(account.products.get_mut(&id))?;
    let sent = call.row(&PRODUCT, "apiProduct")?;
    if sent.int("productId") != Some(id) {
        return Err(Reply::invalid("apiProduct.productId", "The productId does not match the address."));
    }
    *known = sent.with("createDate", known.get("createDate").clone()).with("modifyDate", now);
    Ok(Reply::done("The requested product has been updated"))
}
