//! Those who change ShipStation and the host from outside: marketplaces, the merchant, a person at the screens, the warehouse.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fastrand::Rng;
use shipstation_connector::{
    channel::{
        ActionKind, ActionState, ChannelOrderId, LineQuantity, Listing, OrderAction, Shipment,
        shipping::{CarrierRule, ShippingRule},
        store::{ActionQuery, MappingStoreExt, OrderStoreExt, ShipmentStoreExt, Stores},
    },
    testing::simulator::{Record, SimAddress, SimLine, SimOrder, SimProduct},
};

use crate::{
    executor::yield_now,
    plan::{pick, stream},
    world::{PLANTED, Parent, World},
};

/// Texts that are mapped from the start, and one that a person maps later.
const MAPPED: [&str; 2] = ["Standard", "Standard (3-5 days)"];
const UNMAPPED: &str = "Express Überraschung";

/// What ShipStation has, one of them twice.
const PRODUCTS: [&str; 4] = ["SKU-0", "SKU-1", "SKU-2", "SKU-2"];
/// What the host sells, one of which ShipStation does not have.
const LISTINGS: [&str; 4] = ["SKU-0", "SKU-1", "SKU-2", "SKU-3"];
/// What ShipStation has twice.
pub const TWICE: &str = "SKU-2";
/// Longer than most runs last.
const BETWEEN_ROTATIONS: Duration = Duration::from_secs(4 * 3_600);
/// What is linked in the end.
pub const LINKED: [&str; 2] = ["SKU-0", "SKU-1"];

/// A connection as it is before anything happens.
pub async fn set_up(world: Arc<World>, connection: usize) {
    let it = &world.connections[connection];
    let tag = it.sim.account(|account| {
        account.add_user("Packing");
        for sku in PRODUCTS {
            account.add_product(SimProduct::new(sku));
        }
        account.add_tag("Imported")
    });
    let listings = LISTINGS.map(|sku| Listing::new(format!("listing-{sku}"), sku)).to_vec();
    world.put_listings(&it.id, listings);
    it.truth.lock().unwrap().tag = Some(tag);
    let store = world.open();
    let rules = MAPPED.map(|text| ShippingRule::exact(text, "ground")).to_vec();
    store.mappings.replace_shipping_rules(&it.id, 0, rules).await.unwrap();
    let carriers = vec![CarrierRule::new("UPS", "ups")];
    store.mappings.replace_carrier_rules(&it.id, 0, carriers).await.unwrap();
}

/// Brings orders, some of them days after they were placed.
pub async fn marketplace(world: Arc<World>, connection: usize) {
    let mut rng = stream(world.plan.seed, "marketplace", connection);
    let orders = world.plan.orders.div_ceil(world.plan.connections);
    let mut arrivals: Vec<Duration> =
        (0..orders).map(|_| world.plan.troubled.mul_f64(rng.f64() * rng.f64())).collect();
    arrivals.sort_unstable();
    for (number, arrival) in arrivals.into_iter().enumerate() {
        world.time.sleep(arrival.saturating_sub(world.time.elapsed())).await;
        let it = &world.connections[connection];
        pay(&world, connection);
        let order = order(&world, &mut rng, &format!("R-{connection}-{number}"));
        let id = it.sim.account(|account| account.add_order(order));
        it.truth.lock().unwrap().orders.entry(id).or_default();
        it.changes.fetch_add(1, Ordering::Relaxed);
        world.tell(&it.id, format_args!("order {id} comes"));
    }
}

/// Buyers pay what they have not paid yet: an order may be older than the window by then.
pub fn pay(world: &World, connection: usize) {
    let it = &world.connections[connection];
    let mut truth = it.truth.lock().unwrap();
    it.sim.account(|account| {
        let is_unpaid = |row: &&Record| row.text("orderStatus") == Some("awaiting_payment");
        let unpaid: Vec<i64> =
            account.visible_orders().filter(is_unpaid).filter_map(|row| row.int("orderId")).collect();
        for id in unpaid {
            account.set_status(id, "awaiting_shipment");
            let now = account.now();
            if let Some(order) = account.order_mut(id) {
                order.set("paymentDate", now);
            }
            truth.orders.entry(id).or_default().hidden = true;
        }
    });
    it.changes.fetch_add(1, Ordering::Relaxed);
}

fn order(world: &World, rng: &mut Rng, number: &str) -> SimOrder {
    let address = SimAddress::sample().set("name", PLANTED).set("street1", PLANTED).set("phone", PLANTED);
    let text = if world.plan.trouble.person && rng.u8(..) < 40 { UNMAPPED } else { pick(rng, &MAPPED) };
    let placed = Duration::from_secs(pick(rng, &[0, 0, 3_600, 3 * 86_400, 9 * 86_400]));
    let is_unpaid = rng.u8(..) < 16;
    let mut order = SimOrder::new(number)
        .status(if is_unpaid { "awaiting_payment" } else { "awaiting_shipment" })
        .created(world.time.now())
        .ordered(world.time.now() - placed)
        .paid(world.time.now())
        .shipping(text)
        .ship_to(address.clone())
        .set("billTo", address)
        .set("customerEmail", format!("{PLANTED}@example.net"))
        .set("customerNotes", PLANTED);
    for line in 0..rng.usize(1..3) {
        order = order.line(SimLine::new(format!("SKU-{line}"), rng.i64(1..4), "4.20"));
    }
    if is_unpaid {
        order = order.unpaid();
    }
    if rng.u8(..) < 10 { order.externally_fulfilled("FBA") } else { order }
}

/// Changes orders now and then.
pub async fn merchant(world: Arc<World>, connection: usize) {
    let mut rng = stream(world.plan.seed, "merchant", connection);
    loop {
        world.time.sleep(world.plan.interval.mul_f64(rng.f64() * 4.0 + 0.2)).await;
        if world.is_quiet() {
            return;
        }
        change(&world, connection, &mut rng);
    }
}

/// Revokes one pair of keys and makes another, again and again: there is always one that the host has had for a while.
pub async fn rotation(world: Arc<World>, connection: usize) {
    let mut rng = stream(world.plan.seed, "rotation", connection);
    let mut wait = world.plan.troubled.mul_f64(rng.f64() * 0.9);
    loop {
        world.time.sleep(wait).await;
        if world.is_quiet() {
            return;
        }
        let it = &world.connections[connection];
        it.rotate(world.time.now(), world.time.elapsed());
        world.tell(&it.id, "the merchant exchanges a pair of keys");
        wait = BETWEEN_ROTATIONS.max(world.plan.interval.mul_f64(rng.f64() * 40.0));
    }
}

/// Takes the first order out of the list that a run is reading, so that every later one moves up.
pub fn take_the_first(world: &World, connection: usize, rng: &mut Rng) {
    let it = &world.connections[connection];
    let hold = rng.bool();
    let taken = it.sim.account(|account| {
        let is_waiting = |row: &&Record| row.text("orderStatus") == Some("awaiting_shipment");
        let first = account.visible_orders().find(is_waiting).and_then(|row| row.int("orderId"))?;
        let taken =
            if hold { account.hold(first) } else { account.ship_by_hand(first, "ANOTHER-NUMBER", "fedex") };
        taken.then_some(first)
    });
    let Some(order) = taken else { return };
    world.tell(&it.id, format_args!("order {order}: the merchant takes it while a run reads"));
    it.truth.lock().unwrap().orders.entry(order).or_default().touched = true;
    it.changes.fetch_add(1, Ordering::Relaxed);
}

/// Edits, holds, releases, cancels, splits, merges or ships an order by hand.
fn change(world: &World, connection: usize, rng: &mut Rng) {
    let it = &world.connections[connection];
    let orders: Vec<i64> = it.truth.lock().unwrap().orders.keys().copied().collect();
    if orders.is_empty() {
        return;
    }
    let (order, other) = (pick(rng, &orders), pick(rng, &orders));
    let what = rng.u8(..8);
    let is_open = it.sim.account(|account| {
        let mut visible = account.visible_orders().filter(|row| row.int("orderId") == Some(order));
        visible.any(|row| matches!(row.text("orderStatus"), Some("awaiting_shipment" | "on_hold")))
    });
    if !is_open {
        return;
    }
    let lines = it.sim.account(|account| account.order(order).map_or(0, |row| row.rows("items").count()));
    let (done, new) = it.sim.account(|account| match what {
        0 => (account.cancel(order), None),
        1 => (account.hold(order), None),
        2 => (account.set_status(order, "awaiting_shipment"), None),
        3 => (account.ship_by_hand(order, "ANOTHER-NUMBER", "fedex"), None),
        4 => (true, account.split_order(order, &[0])),
        5 if order != other => (account.merge_orders(order, &[other]), None),
        _ => (account.edit(order, |row| row.set("internalNotes", PLANTED)), None),
    });
    if !done {
        return;
    }
    world.tell(&it.id, format_args!("order {order}: the merchant does {what} ({other})"));
    if what < 6 {
        let mut truth = it.truth.lock().unwrap();
        for id in [Some(order), new, Some(other).filter(|_| what == 5)].into_iter().flatten() {
            let touched = truth.orders.entry(id).or_default();
            touched.touched = true;
            touched.merged |= what == 5;
        }
        if let Some(new) = new {
            let parent = Parent { id: order, lines, split_at: world.time.now() };
            truth.orders.entry(new).or_default().parent = Some(parent);
        }
    }
    it.changes.fetch_add(1, Ordering::Relaxed);
}

/// Maps the usual texts, and the unusual one or not.
pub async fn map(world: &World, connection: usize, all: bool) {
    let it = &world.connections[connection];
    let mappings = world.open().mappings;
    let rules = mappings.shipping_rules(&it.id).await.unwrap();
    let texts = MAPPED.into_iter().chain(all.then_some(UNMAPPED));
    let new = texts.map(|text| ShippingRule::exact(text, "ground")).collect();
    let _ = mappings.replace_shipping_rules(&it.id, rules.version, new).await.unwrap();
    world.tell(&it.id, "the mappings are replaced");
}

/// Maps what was not mapped, dismisses failures, corrects and takes back shipments.
pub async fn person(world: Arc<World>, connection: usize) {
    let mut rng = stream(world.plan.seed, "person", connection);
    let it = &world.connections[connection];
    let store = world.open();
    loop {
        world.time.sleep(world.plan.interval.mul_f64(rng.f64() * 12.0 + 1.0)).await;
        if world.is_quiet() {
            return;
        }
        if rng.u8(..) < 60 {
            map(&world, connection, rng.bool()).await;
        }
        let orders: Vec<i64> = it.truth.lock().unwrap().orders.keys().copied().collect();
        if orders.is_empty() {
            continue;
        }
        let order = pick(&mut rng, &orders);
        let id = ChannelOrderId::new(order.to_string());
        if rng.u8(..) < 30 {
            let failures = store.orders.failures(&it.id, std::slice::from_ref(&id)).await.unwrap();
            if failures.contains_key(&id) && store.orders.dismiss(&it.id, &id, world.time.now()).await.is_ok()
            {
                world.tell(&it.id, format_args!("order {order}: the failure is dismissed"));
                it.truth.lock().unwrap().dismissed.insert(id.clone());
            }
        }
        let is_enqueued = it.truth.lock().unwrap().orders[&order].enqueued;
        if is_enqueued && rng.u8(..) < 60 {
            let shipment = shipment(&world, order, &format!("1ZC{order}")).revision(2);
            let shipment = if rng.bool() { shipment.voided() } else { shipment };
            let answer = store.shipments.enqueue_one(&it.id, shipment, world.time.now()).await.unwrap();
            world.tell(&it.id, format_args!("order {order}: a second revision: {answer:?}"));
            it.truth.lock().unwrap().orders.entry(order).or_default().touched = true;
        }
    }
}

/// Has imported orders held, released and tagged.
pub async fn dispatcher(world: Arc<World>, connection: usize) {
    let mut rng = stream(world.plan.seed, "dispatcher", connection);
    let it = &world.connections[connection];
    let store = world.open();
    let tag = it.sim.account(|account| account.add_tag("Rush"));
    for number in 0.. {
        world.time.sleep(world.plan.interval.mul_f64(rng.f64() * 2.0 + 0.1)).await;
        if world.is_quiet() {
            return;
        }
        if world.has(|trouble| trouble.merchant) {
            change_what_is_unclear(&world, connection, &store, &mut rng).await;
        }
        let orders: Vec<i64> = it.truth.lock().unwrap().orders.keys().copied().collect();
        let Some(order) = (!orders.is_empty()).then(|| pick(&mut rng, &orders)) else { continue };
        let id = ChannelOrderId::new(order.to_string());
        let (what, days) = (rng.u8(..6), rng.u64(1..4));
        if store.orders.known(&it.id, std::slice::from_ref(&id)).await.unwrap().is_empty() {
            continue;
        }
        let until = world.time.now() + Duration::from_secs(days * 86_400);
        let kind = match what {
            0 | 1 => ActionKind::Hold { until },
            2 | 3 => ActionKind::Release,
            4 => ActionKind::AddTag { tag: tag.to_string().into() },
            _ => ActionKind::RemoveTag { tag: tag.to_string().into() },
        };
        world.tell(&it.id, format_args!("order {order}: the host wants: {kind}"));
        it.truth.lock().unwrap().orders.entry(order).or_default().touched |= what < 4;
        let action = OrderAction::new(format!("act-{connection}-{number}"), id, kind);
        let actions = store.actions.as_ref().unwrap();
        actions.add_actions(&it.id, &[action], world.time.now()).await.unwrap();
    }
}

/// The merchant changes orders of which nobody knows whether they are as the host asked.
async fn change_what_is_unclear(world: &World, connection: usize, store: &Stores, rng: &mut Rng) {
    let it = &world.connections[connection];
    let actions = store.actions.as_ref().unwrap();
    for row in actions.actions(&it.id, &ActionQuery::Open, None, 1_000).await.unwrap() {
        let order: i64 = row.action.order.as_str().parse().unwrap();
        let changes = matches!(row.state, ActionState::Unknown { .. }) && rng.u8(..) < 192;
        if changes && it.sim.account(|account| account.edit(order, |row| row.set("internalNotes", PLANTED))) {
            world.tell(&it.id, format_args!("order {order}: the merchant changes what is unclear"));
            it.changes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Ships what the host has and nothing holds.
pub async fn warehouse(world: Arc<World>, connection: usize) {
    let mut rng = stream(world.plan.seed, "warehouse", connection);
    let it = &world.connections[connection];
    let store = world.open();
    loop {
        world.rest(Duration::from_secs(2 * 3_600), rng.f64() * 2.0 + 0.2).await;
        let open: Vec<(i64, ChannelOrderId)> = {
            let truth = it.truth.lock().unwrap();
            let open = truth.orders.iter().filter(|(_, order)| order.parcels < order.parcels_in_all.max(1));
            open.map(|(id, _)| (*id, ChannelOrderId::new(id.to_string()))).collect()
        };
        let ids: Vec<ChannelOrderId> = open.iter().map(|(_, id)| id.clone()).collect();
        let known = store.orders.known(&it.id, &ids).await.unwrap();
        for (order, id) in open {
            let Some(record) = known.get(&id).filter(|record| record.holds.is_empty()) else { continue };
            if !world.is_quiet() && rng.u8(..) < 100 {
                continue;
            }
            let parcel = it.truth.lock().unwrap().orders[&order].parcels;
            let is_divided = world.plan.host.ships_parts && record.lines.len() > 1;
            let shipment = if is_divided {
                part(&world, order, parcel, &record.lines)
            } else {
                shipment(&world, order, &format!("1Z{order}"))
            };
            let _ = store.shipments.enqueue_one(&it.id, shipment, world.time.now()).await.unwrap();
            it.truth.lock().unwrap().ship(order, if is_divided { 2 } else { 1 });
            world.tell(&it.id, format_args!("order {order}: shipped by the host"));
            yield_now().await;
        }
    }
}

/// The first line of an order, or the rest.
fn part(world: &World, order: i64, parcel: u32, lines: &[LineQuantity]) -> Shipment {
    let lines = if parcel == 0 { &lines[..1] } else { &lines[1..] };
    let (id, tracking) = (format!("ship-{order}-{parcel}"), format!("1Z{order}P{parcel}"));
    Shipment::new(id, order.to_string(), world.time.now(), "UPS", tracking).lines(lines.to_vec())
}

fn shipment(world: &World, order: i64, tracking: &str) -> Shipment {
    Shipment::new(format!("ship-{order}"), order.to_string(), world.time.now(), "UPS", tracking)
}
