//! The control API over HTTP, for other processes. What it offers is told in the module's documentation.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    Account, ApiRequest, Backend, Fault, Handled, JournalEntry, KeyPair, RateLimit, Record, Reply, SimOrder,
    SimProduct, Simulator,
};
use crate::{Timestamp, locked::locked};

/// The first part of every path. It is none of ShipStation's.
pub(super) const PREFIX: &str = "_simulator";

/// A page for people, which asks the rest of the control API.
const PAGE: &str = include_str!("page.html");

pub(super) fn handle(backend: &Arc<Backend>, call: &ApiRequest) -> Reply {
    let state = call.query("account").map_or_else(|| backend.first_account(), |key| backend.account_of(key));
    let state = state.ok_or_else(|| Reply::message(404, "No account has this key."));
    state.and_then(|state| route(&Simulator::of(backend, state), call)).unwrap_or_else(|refusal| refusal)
}

fn route(sim: &Simulator, call: &ApiRequest) -> Handled {
    let segments: Vec<&str> = call.segments.iter().skip(1).map(String::as_str).collect();
    match (call.method.as_str(), segments.as_slice()) {
        ("GET", []) => return Ok(Reply { html: true, ..Reply::text(PAGE) }),
        ("GET", ["clock"]) => return Ok(Reply::json(&json!({ "now": sim.clock().now() }))),
        ("PUT", ["clock"]) => match body(call)? {
            ClockChange::Now(now) => sim.clock().set(now),
            ClockChange::AdvanceSeconds(seconds) => drop(sim.clock().advance(Duration::from_secs(seconds))),
        },
        ("GET", ["accounts"]) => return Ok(Reply::json(&keys(sim))),
        ("POST", ["accounts"]) => {
            let pair: Credentials = body(call)?;
            if sim.backend.account_of(&pair.api_key).is_some() {
                return Err(Reply::message(400, "An account has this key already."));
            }
            drop(sim.add_account(&pair.api_key, &pair.api_secret));
        }
        ("POST", ["keys"]) => {
            let pair: Credentials = body(call)?;
            sim.add_key(&pair.api_key, &pair.api_secret);
        }
        ("PUT", ["keys", _]) => expire_key(sim, call)?,
        ("PUT", ["limit"]) => {
            let limit = call.member("perMinute").and_then(Value::as_u64);
            let limit = limit.map(|limit| RateLimit::PerMinute(u32::try_from(limit).unwrap_or(u32::MAX)));
            sim.set_rate_limit(limit.unwrap_or(RateLimit::Unlimited));
        }
        ("GET", ["quirks"]) => return Ok(sim.account(|account| Reply::json(&account.quirks))),
        ("PUT", ["quirks"]) => {
            let quirks = body(call)?;
            sim.account(|account| account.quirks = quirks);
        }
        ("POST", ["faults"]) => {
            let fault: Fault = body(call)?;
            if !fault.is_sound() {
                return Err(Reply::message(400, "`rate` is a probability, from 0 to 1."));
            }
            sim.fault(fault);
        }
        ("GET", ["faults"]) => return Ok(Reply::json(&sim.faults())),
        ("DELETE", ["faults"]) => sim.clear_faults(),
        ("GET", ["journal"]) => return Ok(Reply::json(&sim.journal().iter().map(entry).collect::<Vec<_>>())),
        ("DELETE", ["journal"]) => sim.clear_journal(),
        ("POST", [table]) => {
            let ids = add(sim, call, table)?;
            return Ok(Reply::json(&json!({ "ids": ids })));
        }
        ("GET", ["users"]) => return Ok(sim.account(|account| Reply::json(&account.users))),
        ("GET", ["carriers"]) => return Ok(sim.account(|account| Reply::json(&account.carriers))),
        ("GET", [table]) => {
            return sim.account(|account| Ok(Reply::rows(account.table_mut(table).ok_or_else(unknown)?)));
        }
        ("GET", [table, _]) => return sim.account(|account| Ok(Reply::json(row(account, call, table)?))),
        ("PATCH", [table, _]) => sim.account(|account| change(account, call, table))?,
        _ => return Err(unknown()),
    }
    Ok(Reply::empty(204))
}

fn expire_key(sim: &Simulator, call: &ApiRequest) -> Result<(), Reply> {
    // As it was sent: a key is not lower case.
    let key = call.path.rsplit('/').next().unwrap_or_default();
    let at = call.text("expires").map_or(Ok(sim.account(|account| account.now())), str::parse);
    let at = at.map_err(|_| Reply::message(400, "`expires` is not an instant."))?;
    sim.expire_key(key, at).then_some(()).ok_or_else(unknown)
}

/// The keys of every account.
fn keys(sim: &Simulator) -> Vec<Vec<String>> {
    let keys = |pairs: &[KeyPair]| pairs.iter().map(|pair| pair.key.clone()).collect();
    sim.backend.accounts().iter().map(|state| keys(&locked(state).keys)).collect()
}

fn unknown() -> Reply {
    Reply::message(404, "The simulator has nothing of this name.")
}

/// The body as one of the control API's own types.
fn body<'a, T: Deserialize<'a>>(call: &'a ApiRequest) -> Result<T, Reply> {
    serde_json::from_str(&call.text).map_err(|error| Reply::message(400, &error.to_string()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum ClockChange {
    Now(Timestamp),
    AdvanceSeconds(u64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Credentials {
    api_key: String,
    api_secret: String,
}

/// Adds what the body holds, one or several of orders and products, and gives the numbers.
fn add(sim: &Simulator, call: &ApiRequest, table: &str) -> Result<Vec<Value>, Reply> {
    if let "orders" | "products" = table {
        let rows: Vec<&RawValue> = if call.body.is_array() { body(call)? } else { vec![body(call)?] };
        let blank = || if table == "orders" { SimOrder::new("").into() } else { SimProduct::new("").into() };
        // What comes at once is one import.
        let batch = sim.account(Account::next_guid);
        let add = |json: &&RawValue| {
            let blank: Record = blank();
            let sent: BTreeMap<String, &RawValue> =
                serde_json::from_str(json.get()).map_err(|error| Reply::message(400, &error.to_string()))?;
            if let Some(name) = sent.keys().find(|name| blank.meant(name).is_none()) {
                return Err(Reply::message(400, &format!("There is no member '{name}'.")));
            }
            let row = Record::read(blank, json.get()).map_err(|error| Reply::message(400, &error))?;
            let row = if table == "orders" { row.with("importBatch", &batch) } else { row };
            let id = sim.account(|account| match table {
                "orders" => account.add_order(row),
                _ => account.add_product(row),
            });
            Ok(id.into())
        };
        return rows.iter().map(add).collect();
    }
    let name = call.required_text(if table == "carriers" { "code" } else { "name" })?;
    let id = sim.account(|account| {
        Some(match table {
            "stores" => account.add_store(name, call.text("marketplace").unwrap_or_default()).into(),
            "tags" => account.add_tag(name).into(),
            "users" => account.add_user(name).into(),
            "carriers" => account.add_carrier(name).into(),
            "warehouses" => account.add_warehouse(name).into(),
            _ => return None,
        })
    });
    Ok(vec![id.ok_or_else(unknown)?])
}

fn row<'a>(account: &'a mut Account, call: &ApiRequest, table: &str) -> Result<&'a mut Record, Reply> {
    let id = call.id().map_err(|_| unknown())?;
    account.materialize(id);
    account.table_mut(table).and_then(|rows| rows.get_mut(&id)).ok_or_else(unknown)
}

/// Changes members of a row. An order counts as modified.
fn change(account: &mut Account, call: &ApiRequest, table: &str) -> Result<(), Reply> {
    let now = account.now();
    let changes: BTreeMap<String, &RawValue> = body(call)?;
    let id = call.id().map_err(|_| unknown())?;
    let row = row(account, call, table)?;
    for (path, json) in changes {
        if row.int(&path) == Some(id) {
            return Err(Reply::message(400, &format!("'{path}' is the number of the row, which stays.")));
        }
        let value = row.read_member(&path, json).map_err(|error| Reply::message(400, &error))?;
        row.set(&path, value);
    }
    if table == "orders" {
        row.set("modifyDate", now);
    }
    Ok(())
}

fn entry(entry: &JournalEntry) -> Value {
    json!({
        "at": entry.at, "method": entry.method.as_str(), "path": entry.path, "query": entry.query, "body": entry.body,
        "status": entry.status, "executed": entry.executed, "fault": entry.fault, "authorized": entry.authorized,
        "overLimit": entry.over_limit, "total": entry.list.as_ref().map(|list| list.total),
        "ids": entry.list.as_ref().map(|list| &list.ids),
    })
}
