//! Users, tags, customers, warehouses, webhooks, and registering an account.

use super::super::{
    Account,
    answer::Answer,
    lists::{Filter, List, Test},
    record::{Field, Record},
    request::{Call, whole_number},
    shapes::WAREHOUSE,
};
use super::{Outcome, found, id_in_path};

static CUSTOMERS: List = List {
    name: "customers",
    id: "customerId",
    filters: &[
        Filter { query: "stateCode", test: Test::Text, members: &["state"] },
        Filter { query: "countryCode", test: Test::Text, members: &["countryCode"] },
        Filter {
            query: "marketplaceId",
            test: Test::Number,
            members: &["marketplaceUsernames.*.marketplaceId"],
        },
        Filter { query: "tagId", test: Test::Number, members: &["tags.*.tagId"] },
    ],
    sorts: &["name", "createDate", "modifyDate"],
    default_sort: None,
    rounds_down: false,
};

pub(super) fn customers(account: &Account, call: &Call) -> Outcome {
    CUSTOMERS.answer(account, call, account.customers.values())
}

pub(super) fn users(account: &Account, call: &Call) -> Answer {
    let inactive = call.query_flag("showInactive");
    Answer::json(&account.users.iter().filter(|user| inactive || !user.flag("inactive")).collect::<Vec<_>>())
}

/// Answers as if an account had been made; nothing is kept.
pub(super) fn register(call: &Call) -> Answer {
    let complete =
        ["firstName", "lastName", "email", "password"].iter().all(|name| call.text(name).is_some());
    let members = |message: &str, success: bool, seller: Field, key: Field, secret: Field| {
        Answer::object([
            ("message", message.into()),
            ("sellerId", seller),
            ("success", success.into()),
            ("apiKey", key),
            ("apiSecret", secret),
        ])
    };
    if complete {
        let (key, secret) = ("registered-key".into(), "registered-secret".into());
        members("ShipStation account created.", true, 777_001.into(), key, secret).took_effect()
    } else {
        members("Some required fields are missing.", false, Field::Null, Field::Null, Field::Null)
    }
}

pub(super) fn create_warehouse(account: &mut Account, call: &Call) -> Outcome {
    let (origin, back) = addresses(call)?;
    let name = call.text("warehouseName").unwrap_or_default();
    let id = account.insert_warehouse(name, origin, back, call.flag("isDefault"));
    Ok(Answer::json(found(account.warehouses.get(&id))?).took_effect())
}

pub(super) fn update_warehouse(account: &mut Account, call: &Call, id: &str) -> Outcome {
    let (origin, back) = addresses(call)?;
    let id = id_in_path(id)?;
    found(account.warehouses.get(&id))?;
    if call.flag("isDefault") {
        for (other, warehouse) in &mut account.warehouses {
            warehouse.set("isDefault", *other == id);
        }
    }
    let warehouse = found(account.warehouses.get_mut(&id))?;
    warehouse.set("warehouseName", call.text("warehouseName").unwrap_or_default());
    warehouse.set("returnAddress", back.unwrap_or_else(|| origin.clone().with("residential", Field::Null)));
    warehouse.set("originAddress", origin);
    Ok(Answer::done("The requested warehouse has been updated."))
}

pub(super) fn delete_warehouse(account: &mut Account, id: &str) -> Outcome {
    found(account.warehouses.remove(&id_in_path(id)?))?;
    Ok(Answer::done("The requested warehouse has been deleted."))
}

/// Where parcels leave, and where they come back if that is elsewhere.
fn addresses(call: &Call) -> Result<(Record, Option<Record>), Answer> {
    let sent = Record::read(&WAREHOUSE, &call.text).map_err(|error| Answer::invalid("request", &error))?;
    let origin = sent.row("originAddress").ok_or_else(|| Answer::required("originAddress"))?;
    Ok((origin.clone(), sent.row("returnAddress").cloned()))
}

pub(super) fn webhooks(account: &Account) -> Answer {
    Answer::object([("webhooks", account.webhooks.values().cloned().collect())])
}

pub(super) fn subscribe(account: &mut Account, call: &Call) -> Outcome {
    let required =
        |name: &str| call.text(name).filter(|text| !text.is_empty()).ok_or_else(|| Answer::required(name));
    let (url, event) = (required("target_url")?, required("event")?);
    let store = call.member("store_id").and_then(whole_number);
    let id = account.add_webhook(event, url, store, call.text("friendly_name"));
    Ok(Answer::object([("id", id.into())]).with_status(201).took_effect())
}

pub(super) fn unsubscribe(account: &mut Account, id: &str) -> Outcome {
    found(account.webhooks.remove(&id_in_path(id)?))?;
    Ok(Answer::empty(200).took_effect())
}
