//! ShipStation on a bad day: faults that come and go, stale reads, lists that lie, damaged rows, a refused key.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use shipstation_connector::testing::simulator::{Fault, FaultKind, ListFlaw, Method, Quirks};

use crate::{
    plan::{pick, stream},
    world::World,
};

/// ShipStation's habits in this world.
pub fn quirks(world: &World, connection: usize) -> Quirks {
    let mut rng = stream(world.plan.seed, "quirks", connection);
    if !world.plan.trouble.quirks {
        return Quirks::default();
    }
    let seconds = |rng: &mut Rng, of: &[u64]| Duration::from_secs(pick(rng, of));
    Quirks::default()
        .pages_zero(rng.bool())
        .bounds_exclusive(rng.bool())
        .null_rows(rng.u8(..) < 30)
        .missing_rate_headers(rng.u8(..) < 40)
        .remaining_lags(rng.bool())
        .modify_after_creation(rng.bool())
        .not_found_empty_body(rng.bool())
        .drift(rng.u8(..) < 40)
        .fulfillment_delay(seconds(&mut rng, &[0, 0, 20, 600]))
}

/// Lets faults come and go until the quiet phase.
pub async fn shipstation(world: Arc<World>, connection: usize) {
    let mut rng = stream(world.plan.seed, "shipstation", connection);
    let it = &world.connections[connection];
    loop {
        world.time.sleep(world.plan.interval.mul_f64(rng.f64() * 3.0 + 0.2)).await;
        if world.is_quiet() {
            return;
        }
        it.sim.clear_faults();
        for _ in 0..rng.usize(..4) {
            let Some(fault) = draw(&world, connection, &mut rng) else { continue };
            let fault = fault.after(rng.u64(..3));
            let fault = if rng.u8(..4) == 0 { fault.always() } else { fault.times(rng.u64(1..6)) };
            world.tell(&it.id, format_args!("{fault:?}"));
            it.sim.fault(fault);
        }
        damage(&world, connection, &mut rng);
    }
}

/// ShipStation is well again.
pub fn end(world: &World, connection: usize) {
    let it = &world.connections[connection];
    it.sim.clear_faults();
    let damaged = std::mem::take(&mut it.truth.lock().unwrap().damaged);
    it.sim.account(|account| {
        account.quirks.key_expires = None;
        for id in damaged {
            account.heal(id);
        }
    });
}

/// Refuses the key for a while, once.
pub async fn key(world: Arc<World>, connection: usize) {
    let mut rng = stream(world.plan.seed, "key", connection);
    let it = &world.connections[connection];
    world.time.sleep(world.plan.troubled.mul_f64(rng.f64() * 0.7)).await;
    if !world.has(|trouble| trouble.keys) {
        return;
    }
    let now = it.sim.account(|account| account.now());
    it.sim.account(|account| account.quirks.key_expires = Some(now));
    world.tell(&it.id, "the key is refused");
    let long = pick(&mut rng, &[3_600, 86_400, 9 * 86_400, 20 * 86_400]);
    let left = world.plan.troubled.saturating_sub(world.time.elapsed());
    world.time.sleep(Duration::from_secs(long).min(left)).await;
    it.sim.account(|account| account.quirks.key_expires = None);
    world.tell(&it.id, "the key is taken again");
}

fn draw(world: &World, connection: usize, rng: &mut Rng) -> Option<Fault> {
    let mut kinds: Vec<fn(&World, usize, &mut Rng) -> Fault> = Vec::new();
    if world.has(|trouble| trouble.failures) {
        kinds.push(failure);
    }
    if world.has(|trouble| trouble.effects) {
        kinds.push(effect);
    }
    if world.has(|trouble| trouble.lists) {
        kinds.push(list);
    }
    if world.has(|trouble| trouble.lies) {
        kinds.push(lie);
    }
    if kinds.is_empty() { None } else { Some(pick(rng, &kinds)(world, connection, rng)) }
}

fn read_of(rng: &mut Rng) -> Fault {
    let path = pick(rng, &["/orders", "/orders", "/orders", "/orders/*", "/fulfillments", "/shipments", "*"]);
    Fault::on(Method::GET, path)
}

fn failure(_: &World, _: usize, rng: &mut Rng) -> Fault {
    let kinds = [
        FaultKind::Throttle { reset: Some(rng.u64(0..70)) },
        FaultKind::ServerError,
        FaultKind::Exception { message: "Timeout expired.".to_owned() },
        FaultKind::DropBefore,
        FaultKind::Hang,
        FaultKind::Truncate,
        FaultKind::CutBody,
        FaultKind::StallBody,
        FaultKind::EmptyBody,
        FaultKind::Html { status: pick(rng, &[200, 400, 403, 502, 504]) },
        FaultKind::Status { code: 200, body: r#"{"status":"ok"}"#.to_owned() },
    ];
    let kind = pick(rng, &kinds);
    if rng.bool() { read_of(rng).with(kind) } else { Fault::any().with(kind) }
}

fn effect(_: &World, _: usize, rng: &mut Rng) -> Fault {
    let kinds = [
        FaultKind::ErrorAfterEffect,
        FaultKind::DropAfterEffect,
        FaultKind::HangAfterEffect,
        FaultKind::HtmlAfterEffect { status: pick(rng, &[200, 502, 504]) },
        FaultKind::LateEffect(Duration::from_secs(pick(rng, &[25, 90, 230, 600, 3_600]))),
        FaultKind::StatusAfterEffect {
            code: 400,
            body: r#"{"Message":"The order has already been shipped."}"#.to_owned(),
        },
    ];
    let path = pick(rng, &["/orders/markasshipped", "/orders/markasshipped", "/orders/*"]);
    Fault::on(Method::POST, path).with(pick(rng, &kinds))
}

fn list(world: &World, connection: usize, rng: &mut Rng) -> Fault {
    let orders: Vec<i64> =
        world.connections[connection].truth.lock().unwrap().orders.keys().copied().collect();
    let one = if orders.is_empty() { 1 } else { pick(rng, &orders) };
    let flaws = [
        FaultKind::List(ListFlaw::NoRows),
        FaultKind::List(ListFlaw::Missing(rng.usize(1..4))),
        FaultKind::List(ListFlaw::NullRows),
        FaultKind::List(ListFlaw::NullRow(one)),
        FaultKind::List(ListFlaw::Reversed),
        FaultKind::List(ListFlaw::LastIn2099),
        FaultKind::List(ListFlaw::FirstPage),
        FaultKind::List(ListFlaw::Total(rng.usize(50..2_000))),
        FaultKind::AnotherOrder,
    ];
    read_of(rng).with(pick(rng, &flaws))
}

fn lie(_: &World, _: usize, rng: &mut Rng) -> Fault {
    let empty = r#"{"orders":[],"total":0,"page":1,"pages":0}"#.to_owned();
    match rng.u8(..3) {
        0 => Fault::on(Method::GET, "/orders").with(FaultKind::List(ListFlaw::Total(rng.usize(..6)))),
        1 => Fault::on(Method::GET, "/orders").with(FaultKind::Status { code: 200, body: empty }),
        _ => {
            let age = Duration::from_secs(pick(rng, &[20, 45, 90, 180, 1_800]));
            read_of(rng).with(FaultKind::StaleRead(age))
        }
    }
}

/// Damages a member of a row, now and then.
fn damage(world: &World, connection: usize, rng: &mut Rng) {
    let it = &world.connections[connection];
    let mut truth = it.truth.lock().unwrap();
    if !world.has(|trouble| trouble.damage) || truth.orders.is_empty() || rng.bool() {
        return;
    }
    let orders: Vec<i64> = truth.orders.keys().copied().collect();
    let members: [(&str, &[u8]); 8] = [
        ("customerNotes", b"\"caf\xe9\""),
        ("weight", br#""12 oz""#),
        ("giftMessage", b"\"\x01\""),
        ("orderStatus", br#"{"id":3}"#),
        ("orderNumber", b"[]"),
        ("items", br#""none""#),
        ("createDate", br#""yesterday""#),
        ("externallyFulfilled", br#""maybe""#),
    ];
    let (order, (member, bytes)) = (pick(rng, &orders), pick(rng, &members));
    truth.damaged.insert(order);
    drop(truth);
    it.sim.account(|account| account.overwrite(order, member, bytes));
    world.tell(&it.id, format_args!("order {order}: {member} is damaged"));
}
