//! A simulator as text, so that it survives the end of its process.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Account, Backend, Fault, Field, Notice, Quirks, RateLimit, Record, Simulator, SimulatorConfig,
    account::{TABLES, Table},
    pacific,
    pipeline::{AccountState, KeyPair},
    record::{OPEN, amount},
    shapes,
};
use crate::{Timestamp, locked::locked};

#[derive(Serialize, Deserialize)]
struct Saved {
    now: Timestamp,
    accounts: Vec<SavedAccount>,
}

#[derive(Serialize, Deserialize)]
struct SavedAccount {
    keys: Vec<KeyPair>,
    /// Requests a minute; without it as many as one likes.
    limit: Option<u32>,
    faults: Vec<Fault>,
    quirks: Quirks,
    tables: BTreeMap<String, Vec<(i64, Value)>>,
    users: Vec<Value>,
    carriers: Vec<Value>,
    notices: Vec<Notice>,
    poisoned: BTreeSet<i64>,
    overwritten: BTreeMap<i64, Vec<(String, Vec<u8>)>>,
    last_ids: BTreeMap<String, i64>,
    last_guid: u64,
}

impl Simulator {
    /// The clock and every account as text: keys, rows, faults, limits and habits. The journals, hooks, deliveries that nobody has
    /// taken and orders of [`Account::generate`] that nobody has touched are not in it.
    ///
    /// ```
    /// use shipstation_connector::testing::simulator::{SimOrder, Simulator, SimulatorConfig};
    /// let sim = Simulator::in_process(SimulatorConfig::default());
    /// let id = sim.account(|account| account.add_order(SimOrder::new("1001")));
    /// let text = sim.saved();
    /// drop(sim);
    /// let again = Simulator::restored(SimulatorConfig::default(), &text)?;
    /// assert!(again.account(|account| account.order(id).is_some()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn saved(&self) -> String {
        let accounts = self.backend.accounts();
        let accounts = accounts.iter().map(|state| SavedAccount::of(&mut locked(state))).collect();
        serde_json::to_string(&Saved { now: self.clock().now(), accounts }).unwrap_or_default()
    }

    /// A simulator that goes on from where [`saved`](Self::saved) was called. Time, keys and habits are the saved ones, whatever the
    /// configuration says; an end of a hold that has passed meanwhile takes effect.
    ///
    /// # Errors
    /// When the text is none of [`saved`](Self::saved), or has no account.
    pub fn restored(config: SimulatorConfig, text: &str) -> io::Result<Self> {
        let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
        let saved: Saved = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let backend = Arc::new(Backend::new(config.now(saved.now)));
        for account in saved.accounts {
            account.restore(&backend).map_err(wrong)?;
        }
        let state = backend.first_account().ok_or_else(|| wrong("there is no account".to_owned()))?;
        Ok(Self::of(&backend, state))
    }
}

impl SavedAccount {
    fn of(state: &mut AccountState) -> Self {
        let rows = |rows: &Table| rows.iter().map(|(id, row)| (*id, packed_row(row))).collect();
        let account = &mut state.account;
        let tables = TABLES.map(|(name, table)| (name.to_owned(), rows(table(account)))).into();
        Self {
            keys: state.keys.clone(),
            limit: match state.limit {
                RateLimit::PerMinute(limit) => Some(limit),
                RateLimit::Unlimited => None,
            },
            faults: state.faults.clone(),
            quirks: account.quirks.clone(),
            tables,
            users: account.users.iter().map(packed_row).collect(),
            carriers: account.carriers.iter().map(packed_row).collect(),
            notices: account.notices.clone(),
            poisoned: account.poisoned.clone(),
            overwritten: account.overwritten.clone(),
            last_ids: account.last_ids.iter().map(|(name, id)| ((*name).to_owned(), *id)).collect(),
            last_guid: account.last_guid,
        }
    }

    fn restore(self, backend: &Backend) -> Result<(), String> {
        if self.keys.is_empty() {
            return Err("an account has no key".to_owned());
        }
        let mut account = Account::new(Arc::clone(&backend.clock), self.quirks);
        for (name, rows) in self.tables {
            let table = account.table_mut(&name).ok_or_else(|| format!("there is no table {name}"))?;
            table.clear();
            for (id, row) in rows {
                table.insert(id, unpacked_row(&row)?);
            }
        }
        account.users = self.users.iter().map(unpacked_row).collect::<Result<_, _>>()?;
        account.carriers = self.carriers.iter().map(unpacked_row).collect::<Result<_, _>>()?;
        (account.notices, account.poisoned) = (self.notices, self.poisoned);
        (account.overwritten, account.last_guid) = (self.overwritten, self.last_guid);
        for (name, last) in &mut account.last_ids {
            *last = self.last_ids.get(*name).copied().unwrap_or_default().max(*last);
        }
        let held: Vec<_> = account.visible_orders().filter_map(held_until).collect();
        for (id, until) in held {
            account.schedule_release(id, until);
        }
        let state = backend.keep_account(account, self.keys);
        let mut state = locked(&state);
        state.limit = self.limit.map_or(RateLimit::Unlimited, RateLimit::PerMinute);
        state.faults = self.faults;
        Ok(())
    }
}

fn held_until(order: &Record) -> Option<(i64, Timestamp)> {
    let until = order.text("holdUntilDate").filter(|_| order.is_text("orderStatus", "on_hold"))?;
    Some((order.int("orderId")?, pacific::instant(pacific::parse(until)?)))
}

fn packed_row(row: &Record) -> Value {
    let shape = shapes::ALL.iter().find(|(_, shape)| std::ptr::eq(*shape, row.shape));
    let members: Vec<_> = row.set.iter().map(|(name, value)| (name, packed(value))).collect();
    json!({ "row": shape.map(|(name, _)| name), "members": members })
}

/// A value from which its kind can be told.
fn packed(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Flag(flag) => (*flag).into(),
        Field::Int(number) => (*number).into(),
        Field::Text(text) => text.as_ref().into(),
        Field::Amount(amount) => json!({ "amount": amount.to_string() }),
        Field::Time(at) => json!({ "time": at }),
        Field::List(list) => list.iter().map(packed).collect(),
        Field::Row(row) => packed_row(row),
    }
}

fn unpacked_row(value: &Value) -> Result<Record, String> {
    let wrong = || "a row cannot be read".to_owned();
    let shape = match value.get("row").ok_or_else(wrong)? {
        Value::String(name) => shapes::ALL.iter().find(|(own, _)| own == name).ok_or_else(wrong)?.1,
        _ => &OPEN,
    };
    let members = value.get("members").and_then(Value::as_array).ok_or_else(wrong)?;
    let member = |pair: &Value| {
        let name = pair.get(0).and_then(Value::as_str).ok_or_else(wrong)?;
        let known = shape.member(name).map(|member| member.name.into());
        Ok((known.unwrap_or_else(|| name.to_owned().into()), unpacked(pair.get(1).ok_or_else(wrong)?)?))
    };
    Ok(Record { shape, set: members.iter().map(member).collect::<Result<_, String>>()? })
}

fn unpacked(value: &Value) -> Result<Field, String> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    Ok(match value {
        Value::Null => Field::Null,
        Value::Bool(flag) => Field::Flag(*flag),
        Value::Number(number) => Field::Int(number.as_i64().ok_or_else(|| format!("{number} is not whole"))?),
        Value::String(text) => text.into(),
        Value::Array(list) => Field::List(list.iter().map(unpacked).collect::<Result<_, _>>()?),
        Value::Object(_) => match (text("amount").and_then(amount), text("time")) {
            (Some(amount), _) => Field::Amount(amount),
            (_, Some(at)) => Field::Time(at.parse().map_err(|_| format!("{at} is no instant"))?),
            _ => Field::Row(unpacked_row(value)?),
        },
    })
}
