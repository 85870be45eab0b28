//! Orders on their way in: imports, what is ready, what is held.

use std::io::BufRead;

use serde::Serialize;
use serde_json::json;
use shipstation_connector::{
    Timestamp,
    channel::{
        Bypass, ChannelConnector, ChannelOrderId, GetOrders, ImportOrder, OrderRange, OrderSelector,
        ResolveHeld,
        store::{HeldOrder, OrderStore},
    },
    stores::StoredOrder,
};

use super::report;
use crate::{
    account::Account,
    args::{Filter, HeldAct, Order, OrdersAct},
    exit::{Ended, Exit, Failure},
    output::{Output, joined, or_dash},
    store::{PAGE, either, every_row},
};

pub(super) async fn import(
    account: &Account,
    out: &mut Output,
    order: Option<Order>,
    bypass: &[Filter],
    changes: bool,
) -> Ended {
    let orders = &account.channel.settings().orders;
    if orders.assign_user.is_some() || orders.acknowledgement_tag.is_some() {
        account.consent("this import assigns users or tags, and so")?;
    }
    let done = if let Some(order) = order {
        let has = |filter| bypass.contains(&filter);
        let bypass = Bypass { age: has(Filter::Age), tag: has(Filter::Tag), status: has(Filter::Status) };
        let request = ImportOrder::new(order.0).bypass(bypass).control(account.control());
        account.channel.import_order(request).await?
    } else {
        let request = if changes { GetOrders::changes_only() } else { GetOrders::new() };
        account.channel.get_orders(request.control(account.control())).await?
    };
    report(out, &done, &done.run.status)
}

pub(super) async fn back_fill(account: &Account, out: &mut Output, range: OrderRange) -> Ended {
    let done = account.channel.get_orders(GetOrders::back_fill(range).control(account.control())).await?;
    report(out, &done, &done.run.status)
}

pub(super) async fn orders(
    account: &Account,
    out: &mut Output,
    act: Option<OrdersAct>,
    limit: usize,
) -> Ended {
    if let Some(OrdersAct::Ack { ids }) = act {
        let ids = if ids.is_empty() { ids_from_input()? } else { ids };
        return acknowledge(account, out, &ids).await;
    }
    let ready = either!(&account.store, store => store.take_orders(&account.id, limit).await?);
    if ready.len() == limit {
        out.note(format!("these are the first {limit}: there may be more; see --limit"));
    }
    if let Some(OrdersAct::Take) = act {
        for ready in ready {
            out.json(&json!({"order": ready.order, "shipping": ready.shipping, "record": ready.record}))?;
        }
        return Ok(Exit::Succeeded);
    }
    let ready: Vec<Ready> = ready.iter().map(Ready::of).collect();
    let head = ["ORDER", "NUMBER", "STORE", "IMPORTED", "LINES", "METHOD"];
    out.rows(&ready, &head, "no order is ready", |ready| {
        vec![
            ready.order.clone(),
            ready.number.clone(),
            or_dash(ready.store.as_ref()),
            ready.imported_at.floor_second().to_string(),
            ready.lines.to_string(),
            or_dash(ready.method.as_ref()),
        ]
    })
}

/// Nothing is acknowledged unless all of them are ready.
async fn acknowledge(account: &Account, out: &mut Output, ids: &[String]) -> Ended {
    let id = |text: &String| ChannelOrderId::new(text.strip_prefix("id:").unwrap_or(text));
    let ids: Vec<ChannelOrderId> = ids.iter().map(id).collect();
    for id in &ids {
        let Some(order) = either!(&account.store, store => store.order(&account.id, id).await?) else {
            return Err(Failure::not_found(format!(
                "imported order with the id {id}; nothing was acknowledged"
            )));
        };
        if !order.is_ready() {
            let why = format!("order {id} is held and was not handed out; nothing was acknowledged");
            return Err(Failure::usage(why));
        }
    }
    let (number, dry_run) = (ids.len(), account.dry_run);
    if !dry_run {
        either!(&account.store, store => store.acknowledge_orders(&account.id, &ids).await?);
    }
    let said = if dry_run { "would be acknowledged" } else { "acknowledged" };
    out.say(&format!("{number} {said}"), &json!({"acknowledged": ids, "dry_run": dry_run}))
}

/// What a list shows of an order that is ready: nothing of its buyer.
#[derive(Serialize)]
struct Ready {
    order: String,
    number: String,
    store: Option<String>,
    imported_at: Timestamp,
    lines: usize,
    method: Option<String>,
}

impl Ready {
    fn of(stored: &StoredOrder) -> Self {
        let order = &stored.order;
        Self {
            order: order.id.to_string(),
            number: order.number.clone(),
            store: order.store_name.clone().or_else(|| order.store.as_ref().map(ToString::to_string)),
            imported_at: stored.record.imported_at,
            lines: order.shippable_lines().count(),
            method: stored.shipping.method().map(|method| method.policy.to_string()),
        }
    }
}

fn ids_from_input() -> Result<Vec<String>, Failure> {
    let lines: Vec<String> = std::io::stdin().lock().lines().collect::<Result<_, _>>()?;
    Ok(lines.into_iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect())
}

pub(super) async fn held(account: &Account, out: &mut Output, act: Option<HeldAct>) -> Ended {
    match act {
        None => {
            let all = all_held(account).await?;
            out.rows(&all, &["ORDER", "NUMBER", "SINCE", "WHY"], "no order is held", |held| {
                let since = held.since.floor_second().to_string();
                vec![held.order.to_string(), held.number.clone(), since, joined(&held.holds, "; ")]
            })
        }
        Some(HeldAct::Resolve) => {
            let done = account.channel.resolve_held(ResolveHeld::with(account.control())).await?;
            report(out, &done, &done.run.status)
        }
        Some(HeldAct::Release { order }) => {
            let held = all_held(account).await?;
            let meant: Vec<&HeldOrder> = held.iter().filter(|held| is_named(held, &order.0)).collect();
            let [held] = meant.as_slice() else {
                return Err(if meant.is_empty() {
                    Failure::not_found("held order of this number or id; `held` lists them")
                } else {
                    let ids = joined(meant.iter().map(|held| format!("id:{}", held.order)), ", ");
                    Failure::usage(format!("several held orders have this number: {ids}"))
                });
            };
            let (number, dry_run, now) = (&held.number, account.dry_run, account.now());
            if !dry_run
                && !either!(&account.store, store => store.release_order(&account.id, &held.order, now).await?)
            {
                return Err(Failure::new(Exit::NotFound, format!("order {number} is not held any more")));
            }
            let said = if dry_run { "would be released" } else { "released" };
            out.say(&format!("order {number} {said}"), &json!({"order": held.order, "dry_run": dry_run}))
        }
    }
}

fn is_named(held: &HeldOrder, name: &OrderSelector) -> bool {
    match name {
        OrderSelector::Id(id) => held.order == *id,
        OrderSelector::Number(number) => held.number == *number,
        _ => false,
    }
}

async fn all_held(account: &Account) -> Result<Vec<HeldOrder>, Failure> {
    let orders = &account.stores.orders;
    let page = async |after: Option<ChannelOrderId>| orders.held(&account.id, after.as_ref(), PAGE).await;
    Ok(every_row(page, |held: &HeldOrder| held.order.clone()).await?)
}
