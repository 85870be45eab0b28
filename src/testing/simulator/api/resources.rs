//! Stores, the catalog, users, customers, warehouses, webhooks, and registering an account.

use super::super::{
    Account, ApiRequest, Field, Handled, Record, Reply, account::MARKETPLACES, lists, pacific, record, set,
    shapes, whole_number,
};
use super::{Route, found};
use crate::Timestamp;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "products", |account, call| {
        let inactive = call.query_flag("showInactive");
        let rows = account.products.values().filter(|row| inactive || row.flag("active"));
        lists::PRODUCTS.reply(account, call, rows.collect())
    }),
    ("GET", "products/*", |account, call| {
        let product = call.row_in(&account.products)?;
        Ok(Reply::text(account.list_row("productId", product)?.text))
    }),
    // Replaces the product: members that are left out are cleared. The answer does not show it.
    ("PUT", "products/*", |account, call| {
        let (id, now) = (call.id()?, account.now());
        let known = found(account.products.get_mut(&id))?;
        let sent = call.row(&shapes::PRODUCT, "apiProduct")?;
        if sent.int("productId") != Some(id) {
            return Err(Reply::invalid("apiProduct.productId", "The productId does not match the address."));
        }
        *known = sent.with("createDate", known.get("createDate").clone()).with("modifyDate", now);
        Ok(Reply::done("The requested product has been updated"))
    }),
    ("GET", "stores", |account, call| {
        let (inactive, marketplace) = (call.query_flag("showInactive"), call.query_number("marketplaceId")?);
        let rows = account.stores.values().filter(|store| inactive || store.flag("active"));
        let rows =
            rows.filter(|store| marketplace.is_none() || store.int("marketplaceId") == marketplace).cloned();
        // Lists were never seen with mappings.
        Ok(Reply::json(&rows.map(|store| store.with("statusMappings", Field::Null)).collect::<Vec<_>>()))
    }),
    ("GET", "stores/marketplaces", |_, _| {
        let row = |&(id, name): &(i64, &str)| {
            let connected = id != 0;
            record!({
                "name": name, "marketplaceId": id, "canRefresh": connected, "supportsCustomMappings": connected,
                "supportsCustomStatuses": matches!(id, 22 | 36), "canConfirmShipments": connected,
            })
        };
        Ok(Reply::json(&MARKETPLACES.iter().map(row).collect::<Vec<_>>()))
    }),
    ("GET", "stores/getrefreshstatus", |account, call| {
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
    }),
    // Takes the store from the query or the body, as older and newer pages have it; without one, every store.
    ("POST", "stores/refreshstore", |account, call| {
        let store = call.query_number("storeId")?.or_else(|| call.member("storeId").and_then(whole_number));
        let now = account.now();
        let refreshed = |store: &mut Record| set!(store, "refreshDate": now, "lastRefreshAttempt": now);
        let Some(id) = store else {
            account.stores.values_mut().filter(|store| store.flag("autoRefresh")).for_each(refreshed);
            return Ok(Reply::done("A store refresh has been initiated for all stores"));
        };
        refreshed(found(account.stores.get_mut(&id))?);
        Ok(Reply::done(&format!("A store refresh has been initiated for Store ID {id}")))
    }),
    ("POST", "stores/deactivate", |account, call| activate_store(account, call, false)),
    ("POST", "stores/reactivate", |account, call| activate_store(account, call, true)),
    ("GET", "stores/*", |account, call| Ok(Reply::json(call.row_in(&account.stores)?))),
    // Replaces the store: members that are left out are cleared.
    ("PUT", "stores/*", |account, call| {
        const WRITABLE: &str =
            "storeName accountName email integrationUrl companyName phone publicEmail website statusMappings";
        let now = account.now();
        let sent = call.row(&shapes::STORE, "request")?;
        let store = found(account.stores.get_mut(&call.id()?))?;
        call.required_text("storeName")?;
        store.copy(&sent, WRITABLE);
        let (active, auto_refresh) = (call.flag("active"), call.flag("autoRefresh"));
        set!(store, "autoRefresh": auto_refresh, "active": active, "modifyDate": now);
        Ok(Reply::json(store).took_effect())
    }),
    ("GET", "users", |account, call| {
        let inactive = call.query_flag("showInactive");
        let rows = account.users.iter().filter(|user| inactive || !user.flag("inactive"));
        Ok(Reply::json(&rows.collect::<Vec<_>>()))
    }),
    ("GET", "accounts/listtags", |account, _| Ok(Reply::rows(&account.tags))),
    // Answers as if an account had been made; nothing is kept.
    ("POST", "accounts/registeraccount", |_, call| {
        if ["firstName", "lastName", "email", "password"].iter().all(|name| call.text(name).is_some()) {
            let reply = Reply::json(&record!({
                "message": "ShipStation account created.", "sellerId": 777_001, "success": true, "apiKey": "registered-key",
                "apiSecret": "registered-secret",
            }));
            return Ok(reply.took_effect());
        }
        Ok(Reply::json(&record!({
            "message": "Some required fields are missing.", "sellerId": Field::Null, "success": false,
            "apiKey": Field::Null, "apiSecret": Field::Null,
        })))
    }),
    ("GET", "customers", |account, call| {
        lists::CUSTOMERS.reply(account, call, account.customers.values().collect())
    }),
    ("GET", "customers/*", |account, call| Ok(Reply::json(call.row_in(&account.customers)?))),
    ("GET", "warehouses", |account, _| Ok(Reply::rows(&account.warehouses))),
    ("POST", "warehouses/createwarehouse", |account, call| {
        let (sent, id) = (warehouse(call)?, account.next_id("warehouseId"));
        account.keep_warehouse(id, &sent);
        Ok(Reply::json(found(account.warehouses.get(&id))?).took_effect())
    }),
    ("GET", "warehouses/*", |account, call| Ok(Reply::json(call.row_in(&account.warehouses)?))),
    ("PUT", "warehouses/*", |account, call| {
        let sent = warehouse(call)?;
        call.row_in(&account.warehouses)?;
        account.keep_warehouse(call.id()?, &sent);
        Ok(Reply::done("The requested warehouse has been updated."))
    }),
    ("DELETE", "warehouses/*", |account, call| {
        found(account.warehouses.remove(&call.id()?))?;
        Ok(Reply::done("The requested warehouse has been deleted."))
    }),
    ("GET", "webhooks", |account, _| {
        let rows: Field = account.webhooks.values().cloned().collect();
        Ok(Reply::json(&record!({ "webhooks": rows })))
    }),
    ("POST", "webhooks/subscribe", |account, call| {
        let required =
            |name: &str| call.text(name).filter(|text| !text.is_empty()).ok_or_else(|| Reply::required(name));
        let (url, event) = (required("target_url")?, required("event")?);
        let store = call.member("store_id").and_then(whole_number);
        let id = account.add_webhook(event, url, store, call.text("friendly_name").map(str::to_owned));
        Ok(Reply::json(&record!({ "id": id })).with_status(201).took_effect())
    }),
    ("DELETE", "webhooks/*", |account, call| {
        found(account.webhooks.remove(&call.id()?))?;
        Ok(Reply::empty(200).took_effect())
    }),
];

pub(super) fn activate_store(account: &mut Account, call: &ApiRequest, active: bool) -> Handled {
    found(account.stores.get_mut(&call.number("storeId")?))?.set("active", active);
    let done = if active { "reactivated" } else { "deactivated" };
    Ok(Reply::done(&format!("The requested store has been {done}.")))
}

fn warehouse(call: &ApiRequest) -> Result<Record, Reply> {
    let sent = call.row(&shapes::WAREHOUSE, "request")?;
    sent.row("originAddress").is_some().then_some(sent).ok_or_else(|| Reply::required("originAddress"))
}
