//! Ship-from locations.

use super::super::{Account, SimAddress, answer::Answer, request::Call};
use super::{Outcome, found, id_in_path};

pub(super) fn list(account: &Account) -> Answer {
    Answer::json(&account.warehouses.values().collect::<Vec<_>>())
}

pub(super) fn get(account: &Account, id: &str) -> Outcome {
    Ok(Answer::json(found(account.warehouses.get(&id_in_path(id)?))?))
}

pub(super) fn create(account: &mut Account, call: &Call) -> Outcome {
    let name = call.text("warehouseName").unwrap_or_default();
    let (origin, back) = (origin(call)?, address(call, "returnAddress")?);
    let id = account.insert_warehouse(name, origin, back, call.flag("isDefault"));
    Ok(Answer::json(found(account.warehouses.get(&id))?).took_effect())
}

pub(super) fn update(account: &mut Account, call: &Call, id: &str) -> Outcome {
    let (origin, back) = (origin(call)?, address(call, "returnAddress")?);
    let id = id_in_path(id)?;
    found(account.warehouses.get(&id))?;
    if call.flag("isDefault") {
        account.warehouses.values_mut().for_each(|other| other.is_default = false);
    }
    let warehouse = found(account.warehouses.get_mut(&id))?;
    warehouse.warehouse_name = call.text("warehouseName").unwrap_or_default();
    warehouse.return_address = back.unwrap_or_else(|| SimAddress { residential: None, ..origin.clone() });
    warehouse.origin_address = origin;
    warehouse.is_default |= call.flag("isDefault");
    Ok(Answer::done("The requested warehouse has been updated."))
}

pub(super) fn delete(account: &mut Account, id: &str) -> Outcome {
    found(account.warehouses.remove(&id_in_path(id)?))?;
    Ok(Answer::done("The requested warehouse has been deleted."))
}

fn origin(call: &Call) -> Result<SimAddress, Answer> {
    let missing = || Answer::invalid("request.originAddress", "The originAddress field is required.");
    address(call, "originAddress")?.ok_or_else(missing)
}

fn address(call: &Call, name: &str) -> Result<Option<SimAddress>, Answer> {
    let Some(value) = call.member(name) else { return Ok(None) };
    let invalid = |error: serde_json::Error| Answer::invalid(&format!("request.{name}"), &error.to_string());
    serde_json::from_value(value.clone()).map(Some).map_err(invalid)
}
