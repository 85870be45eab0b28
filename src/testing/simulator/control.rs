//! The control API over HTTP, for other processes. What it offers is told in the module's documentation.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    Fault, FaultKind, JournalEntry, RateLimit, SimOrder, SimProduct,
    account::Table,
    answer::Answer,
    pipeline::{AccountState, KeyPair, Service, lock},
    record::{Field, Record},
    request::Call,
    shapes::{ORDER, PRODUCT},
};
use crate::Timestamp;

/// The first part of every path. It is none of ShipStation's.
pub(super) const PREFIX: &str = "_simulator";

type Outcome = Result<Answer, Answer>;

/// Carries out one request.
pub(super) fn answer(service: &Service, call: &Call) -> Answer {
    let segments: Vec<&str> = call.segments.iter().skip(1).map(String::as_str).collect();
    let outcome = match (call.method.as_str(), segments.as_slice()) {
        ("GET", ["clock"]) => Ok(Answer::json(&json!({ "now": service.clock.now() }))),
        ("PUT", ["clock"]) => set_clock(service, call),
        ("GET", ["accounts"]) => Ok(Answer::json(&service.keys())),
        ("POST", ["accounts"]) => add_account(service, call),
        (method, segments) => {
            let state = match call.query("account") {
                Some(key) => service.account_of(key),
                None => service.first_account(),
            };
            let state = state.ok_or_else(|| Answer::message(404, "No account has this key."));
            state.and_then(|state| in_account(&mut lock(&state), call, method, segments))
        }
    };
    outcome.unwrap_or_else(|refusal| refusal)
}

fn done() -> Answer {
    Answer::empty(204)
}

/// The body as one of the control API's own types.
fn body<'a, T: Deserialize<'a>>(call: &'a Call) -> Result<T, Answer> {
    serde_json::from_str(&call.text).map_err(|error| Answer::message(400, &error.to_string()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum ClockChange {
    Now(Timestamp),
    AdvanceSeconds(u64),
}

fn set_clock(service: &Service, call: &Call) -> Outcome {
    match body(call)? {
        ClockChange::Now(now) => service.clock.set(now),
        ClockChange::AdvanceSeconds(seconds) => {
            service.clock.advance(std::time::Duration::from_secs(seconds));
        }
    }
    Ok(done())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Pair {
    api_key: String,
    api_secret: String,
}

fn add_account(service: &Service, call: &Call) -> Outcome {
    let pair: Pair = body(call)?;
    if service.account_of(&pair.api_key).is_some() {
        return Err(Answer::message(400, "An account has this key already."));
    }
    service.add_account(&pair.api_key, &pair.api_secret);
    Ok(done())
}

fn in_account(state: &mut AccountState, call: &Call, method: &str, segments: &[&str]) -> Outcome {
    match (method, segments) {
        ("POST", ["keys"]) => {
            let pair: Pair = body(call)?;
            state.keys.push(KeyPair::new(&pair.api_key, &pair.api_secret));
            Ok(done())
        }
        ("PUT", ["keys", _]) => expire_key(state, call),
        ("PUT", ["limit"]) => {
            let limit = call.member("perMinute").and_then(Value::as_u64);
            let limit = limit.map(|limit| RateLimit::PerMinute(u32::try_from(limit).unwrap_or(u32::MAX)));
            state.limit = limit.unwrap_or(RateLimit::Unlimited);
            Ok(done())
        }
        ("GET", ["quirks"]) => Ok(Answer::json(&state.account.quirks)),
        ("PUT", ["quirks"]) => {
            state.account.quirks = body(call)?;
            Ok(done())
        }
        ("POST", ["faults"]) => {
            state.add_fault(body::<FaultRule>(call)?.fault()?);
            Ok(done())
        }
        ("DELETE", ["faults"]) => {
            state.clear_faults();
            Ok(done())
        }
        ("GET", ["journal"]) => Ok(Answer::json(&state.journal.iter().map(entry).collect::<Vec<_>>())),
        ("DELETE", ["journal"]) => {
            state.journal = super::Journal::default();
            Ok(done())
        }
        ("POST", [table]) => add(state, call, table),
        ("GET", [table, id]) => Ok(Answer::json(row(state, table, id)?)),
        ("PATCH", [table, id]) => change(state, call, table, id),
        _ => Err(unknown()),
    }
}

fn unknown() -> Answer {
    Answer::message(404, "The simulator has nothing of this name.")
}

fn expire_key(state: &mut AccountState, call: &Call) -> Outcome {
    // As it was sent: a key is not lower case.
    let key = call.path.rsplit('/').next().unwrap_or_default();
    let at = match call.text("expires") {
        Some(text) => text.parse().map_err(|_| Answer::message(400, "`expires` is no instant."))?,
        None => state.account.now(),
    };
    if state.expire_key(key, at) { Ok(done()) } else { Err(unknown()) }
}

/// Adds what the body holds, one or several, and answers the numbers.
fn add(state: &mut AccountState, call: &Call, table: &str) -> Outcome {
    if matches!(table, "orders" | "products") {
        let rows: Vec<&RawValue> = if call.body.is_array() { body(call)? } else { vec![body(call)?] };
        let add = |json: &&RawValue| {
            add_row(state, table, json.get()).map_err(|error| Answer::message(400, &error))
        };
        let ids: Vec<i64> = rows.iter().map(add).collect::<Result<_, _>>()?;
        return Ok(Answer::json(&json!({ "ids": ids })));
    }
    let name = call.required_text(if table == "carriers" { "code" } else { "name" })?;
    let id: Field = state.change(|account| match table {
        "stores" => account.add_store(name, &call.text("marketplace").unwrap_or_default()).into(),
        "tags" => account.add_tag(name).into(),
        "users" => account.add_user(name).into(),
        "carriers" => account.add_carrier(name).into(),
        "warehouses" => account.add_warehouse(name).into(),
        _ => Field::Null,
    });
    if id == Field::Null { Err(unknown()) } else { Ok(Answer::object([("ids", vec![id].into())])) }
}

fn add_row(state: &mut AccountState, table: &str, json: &str) -> Result<i64, String> {
    let (shape, blank): (_, Record) = match table {
        "orders" => (&ORDER, SimOrder::new("").into()),
        _ => (&PRODUCT, SimProduct::new("").into()),
    };
    let row = blank.updated(Record::read(shape, json)?);
    Ok(state
        .change(|account| if table == "orders" { account.add_order(row) } else { account.add_product(row) }))
}

fn rows<'a>(state: &'a mut AccountState, table: &str) -> Result<&'a mut Table, Answer> {
    let account = &mut state.account;
    Ok(match table {
        "orders" => &mut account.orders,
        "products" => &mut account.products,
        "stores" => &mut account.stores,
        "tags" => &mut account.tags,
        "shipments" => &mut account.shipments,
        "fulfillments" => &mut account.fulfillments,
        "customers" => &mut account.customers,
        "warehouses" => &mut account.warehouses,
        "webhooks" => &mut account.webhooks,
        _ => return Err(unknown()),
    })
}

fn row<'a>(state: &'a mut AccountState, table: &str, id: &str) -> Result<&'a mut Record, Answer> {
    state.settle();
    let id: i64 = id.parse().map_err(|_| unknown())?;
    if table == "orders" {
        state.account.materialize(id);
    }
    rows(state, table)?.get_mut(&id).ok_or_else(unknown)
}

/// Changes members of a row. An order counts as modified.
fn change(state: &mut AccountState, call: &Call, table: &str, id: &str) -> Outcome {
    let now = state.account.now();
    let changes: std::collections::BTreeMap<String, &RawValue> = body(call)?;
    let row = row(state, table, id)?;
    for (path, json) in changes {
        let value = row.read_member(&path, json).map_err(|error| Answer::message(400, &error))?;
        row.set(&path, value);
    }
    if table == "orders" {
        row.set("modifyDate", now);
    }
    state.remember();
    Ok(done())
}

/// A fault as the control API takes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FaultRule {
    method: Option<String>,
    path: Option<String>,
    order_id: Option<i64>,
    #[serde(default)]
    after: u64,
    times: Option<u64>,
    #[serde(default)]
    always: bool,
    kind: FaultKind,
}

impl FaultRule {
    fn fault(self) -> Result<Fault, Answer> {
        let method = self.method.map(|method| method.to_ascii_uppercase().parse::<Method>()).transpose();
        let method = method.map_err(|_| Answer::message(400, "`method` is no method of HTTP."))?;
        let fault = Fault::at(method, self.path.as_deref().unwrap_or("*")).after(self.after).with(self.kind);
        let fault = fault.times(self.times.unwrap_or(1));
        let fault = self.order_id.into_iter().fold(fault, Fault::for_order);
        Ok(if self.always { fault.always() } else { fault })
    }
}

fn entry(entry: &JournalEntry) -> Value {
    json!({
        "at": entry.at,
        "method": entry.method.as_str(),
        "path": entry.path,
        "query": entry.query,
        "body": entry.body,
        "status": entry.status,
        "executed": entry.executed,
        "fault": entry.fault,
        "authorized": entry.authorized,
        "overLimit": entry.over_limit,
        "total": entry.list.as_ref().map(|list| list.total),
        "ids": entry.list.as_ref().map(|list| &list.ids),
    })
}
