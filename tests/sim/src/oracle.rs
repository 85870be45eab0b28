//! Compares what is true with what the crate did and said: after every run, and in the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use shipstation_connector::{
    channel::{
        BlockReason, ChannelOrderId, FailReason, HoldKind, ImportReport, RetryClass, RunStatus,
        ShipmentState, SyncReport,
        report::{ImportOutcomeKind, SyncOutcomeKind},
        store::{OrderStoreExt, ShipmentStoreExt},
    },
    client::PacificTime,
    testing::simulator::{FaultKind, JournalEntry, Record},
};

use crate::{
    log::leaks,
    process::{RunLog, user_of},
    world::{Connection, OrderTruth, Truth, World},
};

/// More than any run needs, whatever fails.
const MAX_REQUESTS_OF_A_RUN: u64 = 1_500;
/// So long after a first and a second send of unknown outcome comes the next one: an effect or a read that is late by more may
/// lead to one mark more (behaviour 6.12).
const NEXT_SEND: [Duration; 2] = [Duration::from_secs(4 * 60), Duration::from_secs(64 * 60)];

/// Nothing that a person or a log sees names a buyer or a secret.
pub fn assert_clean(world: &World, who: &str, text: &str) {
    if leaks(text) {
        world.violate(format_args!("{who} shows a secret: {text}"));
    }
    if let Some(line) = crate::log::Searched::take_leak() {
        world.violate(format_args!("{who} logs a secret: {line}"));
    }
}

/// The report of an import against what the network and the database saw of it.
pub fn judge_import(world: &Arc<World>, connection: usize, log: &RunLog, report: &ImportReport) {
    let counts = &report.counts;
    world.assert(counts.add_up(), || format!("the counts do not add up: {report}"));
    judge_requests(world, log, report.run.api.requests);
    let inserted = log.inserted.load(Ordering::Relaxed);
    let is_known = !log.is_answer_lost.load(Ordering::Relaxed) && !report.run.dry_run;
    world.assert(!is_known || counts.imported() == inserted, || {
        format!("{} were imported, and the report says {}: {report}", inserted, counts.imported())
    });
    if report.run.status == RunStatus::Succeeded {
        assert_all_seen(world, connection, log, report);
    }
}

/// The report of a shipment run.
pub fn judge_sync(world: &World, _: usize, log: &RunLog, report: &SyncReport) {
    world.assert(report.counts.add_up(), || format!("the counts do not add up: {report}"));
    judge_requests(world, log, report.run.api.requests);
    let done = report.run.status == RunStatus::Succeeded;
    world.assert(!done || report.counts.of(SyncOutcomeKind::Unknown) == 0, || {
        format!("succeeded with unknown outcomes: {report}")
    });
}

fn judge_requests(world: &World, log: &RunLog, reported: u64) {
    let left = log.requests.load(Ordering::Relaxed);
    world.assert(left == reported, || format!("{left} requests left, and the report says {reported}"));
    world.assert(left <= MAX_REQUESTS_OF_A_RUN, || format!("{left} requests in one run"));
}

/// A run that says that it succeeded has everything that its answers showed or counted; and without any fault, everything that
/// was there all the time.
fn assert_all_seen(world: &Arc<World>, connection: usize, log: &RunLog, report: &ImportReport) {
    let it = &world.connections[connection];
    let is_unchanged = it.changes.load(Ordering::Relaxed) == log.changes;
    let missing = missing(world, it, Some(world.plan.start + log.began));
    if missing.is_empty() {
        return;
    }
    // A list to the end of a wrong clock's window is given up for another one.
    if report.run.warnings.iter().any(|warning| warning.contains("the window was computed again")) {
        return;
    }
    let entries = log.entries.lock().unwrap();
    let retried = report.counts.of(ImportOutcomeKind::FailedRetryable) > 0;
    world.assert(!retried, || format!("succeeded with failures: {report}"));
    let lists = entries.iter().filter(|entry| {
        entry.list.is_some()
            && entry.is("GET", "/orders")
            && entry.query_value("orderStatus") == Some("awaiting_shipment")
    });
    let mut by_filter: BTreeMap<Vec<(String, String)>, Vec<&JournalEntry>> = BTreeMap::new();
    for entry in lists {
        let shown: BTreeSet<i64> = entry.list.iter().flat_map(|list| &list.ids).flatten().copied().collect();
        let seen: Vec<&i64> = shown.intersection(&missing).collect();
        world.assert(seen.is_empty() || entry.query_value("pageSize") == Some("1"), || {
            format!("succeeded without {seen:?}, which an answer showed: {report}")
        });
        by_filter.entry(filter(entry)).or_default().push(entry);
    }
    let has_faults = log.is_disturbed.load(Ordering::Relaxed)
        || entries.iter().any(|entry| entry.fault.is_some() || entry.status != Some(200));
    // A wall clock that is wrong moves the window, which is said in the report.
    let clocks = world.plan.trouble.clocks;
    let in_window: Vec<&i64> = missing
        .iter()
        .filter(|id| {
            let created =
                it.sim.account(|account| account.order(**id).and_then(|row| row.time("createDate")));
            let from = report.window.as_ref().and_then(|window| window.from);
            created.zip(from).is_none_or(|(created, from)| created > from + Duration::from_secs(7_200))
        })
        .collect();
    world.assert(has_faults || clocks || in_window.is_empty(), || {
        format!("succeeded without {in_window:?}, which were there all the time: {report}")
    });
    // A stale answer counts what there was.
    let is_stale = |entry: &JournalEntry| matches!(entry.fault, Some(FaultKind::StaleRead(_)));
    if !is_unchanged || entries.iter().any(is_stale) {
        return;
    }
    for answers in by_filter.into_values() {
        // Where only the total was asked for, no list is read.
        let is_read = answers.iter().any(|entry| entry.query_value("pageSize") != Some("1"));
        let Some(last) = answers.last().filter(|_| is_read) else { continue };
        let there = rows_of(it, last);
        let missed = there.intersection(&missing).count();
        let total = last.list.as_ref().map_or(0, |list| list.total);
        world.assert(missed == 0 || total <= there.len() - missed || ends_ahead(it, last), || {
            format!("succeeded without {missed} orders, which an answer counted ({total}): {report}")
        });
    }
}

/// The query without what says how the list is read, and from where on it is read further.
fn filter(entry: &JournalEntry) -> Vec<(String, String)> {
    let is_reading = |name: &str| {
        matches!(name, "page" | "pageSize" | "sortBy" | "sortDir" | "createDateStart" | "modifyDateStart")
    };
    entry.query.iter().filter(|(name, _)| !is_reading(name)).cloned().collect()
}

fn date(entry: &JournalEntry, name: &str) -> Option<PacificTime> {
    entry.query_value(name).and_then(|text| text.parse().ok())
}

fn ends_ahead(connection: &Connection, entry: &JournalEntry) -> bool {
    let now = connection.sim.account(|account| account.now());
    date(entry, "createDateEnd").is_some_and(|end| end.earliest() > now + Duration::from_secs(2 * 3_600))
}

/// The orders that a list shows now, without faults.
fn rows_of(connection: &Connection, entry: &JournalEntry) -> BTreeSet<i64> {
    let (from, to) = (date(entry, "createDateStart"), date(entry, "createDateEnd"));
    let status = entry.query_value("orderStatus");
    connection.sim.account(|account| {
        let fits = |row: &&Record| {
            let created = row.time("createDate");
            row.text("orderStatus") == status
                && created.is_some_and(|at| from.as_ref().is_none_or(|from| at >= from.earliest()))
                && created.is_some_and(|at| to.as_ref().is_none_or(|to| at <= to.latest()))
        };
        account.visible_orders().filter(fits).filter_map(|row| row.int("orderId")).collect()
    })
}

/// The orders that are to be imported and are not; with `before`, those that were there then.
fn missing(
    world: &Arc<World>,
    connection: &Connection,
    before: Option<shipstation_connector::Timestamp>,
) -> BTreeSet<i64> {
    let eligible: Vec<i64> = connection.sim.account(|account| {
        let waiting = account.visible_orders().filter(|row| {
            row.text("orderStatus") == Some("awaiting_shipment")
                && !row.flag("externallyFulfilled")
                && before.is_none_or(|before| row.time("modifyDate").is_some_and(|at| at < before))
        });
        waiting.filter_map(|row| row.int("orderId")).collect()
    });
    let ids: Vec<ChannelOrderId> = eligible.iter().map(|id| ChannelOrderId::new(id.to_string())).collect();
    let known = now_or_never(world.open().orders.known(&connection.id, &ids));
    let truth = connection.truth.lock().unwrap();
    let is_missing = |id: &i64| {
        let key = ChannelOrderId::new(id.to_string());
        !known.contains_key(&key) && !truth.dismissed.contains(&key) && !truth.damaged.contains(id)
    };
    eligible.into_iter().filter(is_missing).collect()
}

/// The stores of the simulation never wait by themselves.
fn now_or_never<T, E: std::fmt::Debug>(call: impl Future<Output = Result<T, E>>) -> T {
    futures_util::FutureExt::now_or_never(call).unwrap().unwrap()
}

/// In the end everything has come right.
pub fn judge_end(world: &Arc<World>) {
    for (number, connection) in world.connections.iter().enumerate() {
        judge_orders(world, number, connection);
        judge_shipments(world, connection);
        let truth = connection.truth.lock().unwrap();
        let trouble = &world.plan.trouble;
        let is_alone = world.plan.workers == 1
            && !(trouble.kills || trouble.clocks || trouble.delays || trouble.doubles || trouble.stalls);
        world.assert(!is_alone || truth.throttled == 0, || {
            format!("{} requests over the limit", truth.throttled)
        });
    }
}

fn judge_orders(world: &Arc<World>, number: usize, connection: &Connection) {
    let mut missing = missing(world, connection, None);
    // The merchant made it eligible when it was too old, which every report counts as outside the window.
    missing.retain(|id| {
        let created =
            connection.sim.account(|account| account.order(*id).and_then(|row| row.time("createDate")));
        let is_old = created.is_none_or(|at| at + Duration::from_secs(7 * 86_400) < world.time.now());
        let is_touched = connection.truth.lock().unwrap().orders.get(id).is_none_or(|order| order.touched);
        !(is_old && is_touched)
    });
    world.assert(missing.is_empty(), || format!("lost in the end: {missing:?}"));
    let stores = world.open();
    let truth = connection.truth.lock().unwrap();
    let ids: Vec<ChannelOrderId> =
        truth.orders.keys().map(|id| ChannelOrderId::new(id.to_string())).collect();
    let known = now_or_never(stores.orders.known(&connection.id, &ids));
    world.assert(truth.inserted == known.len() as u64, || {
        format!("{} orders were inserted {} times", known.len(), truth.inserted)
    });
    for held in now_or_never(stores.orders.held(&connection.id, None, 1_000)) {
        let text = held.holds.iter().find(|hold| hold.kind() == HoldKind::UnmappedShipping);
        world.assert(text.is_none(), || format!("order {} is still held: {text:?}", held.order));
    }
    let Some(user) = user_of(world, number) else { return };
    for (id, order) in truth.orders.iter().filter(|(_, order)| !order.touched) {
        let is_known = known.contains_key(&ChannelOrderId::new(id.to_string()));
        let assigned = connection.sim.account(|account| {
            account.order(*id).is_some_and(|row| row.text("userId") == Some(user.as_str()))
        });
        world.assert(!is_known || assigned || order.marked > 0, || {
            format!("order {id} was imported and its user never assigned")
        });
    }
}

fn judge_shipments(world: &Arc<World>, connection: &Connection) {
    let stores = world.open();
    let truth = connection.truth.lock().unwrap();
    for (id, order) in &truth.orders {
        let allowed = allowed_marks(&truth, order);
        world.assert(order.marked <= allowed, || {
            format!("order {id} was marked {} times, and {allowed} are allowed", order.marked)
        });
        world.stats.repeated_marks.fetch_add(u64::from(order.marked.saturating_sub(1)), Ordering::Relaxed);
        let key = ChannelOrderId::new(id.to_string());
        let rows = now_or_never(stores.shipments.order_progress(&connection.id, &key)).rows;
        world.assert(!order.enqueued || !rows.is_empty(), || format!("the shipment of order {id} is lost"));
        for row in &rows {
            // What is due is done within twelve hours once everything is well.
            if row.enqueued_at + Duration::from_secs(12 * 3_600) > world.time.now() {
                continue;
            }
            let is_fine = match &row.state {
                ShipmentState::Confirmed { .. } => order.marked > 0 || order.touched,
                ShipmentState::Blocked { reason } => match reason {
                    BlockReason::OutcomeUnknown { .. } => {
                        order.marked > 0 || truth.late + truth.stale > NEXT_SEND[0]
                    }
                    BlockReason::Refused { .. } | BlockReason::RefusedCarrier { .. } => truth.refusals,
                    _ => order.touched,
                },
                // Trouble that lasts longer than anything is tried.
                ShipmentState::Failed { reason: FailReason::GaveUp { .. } } => {
                    world.plan.troubled >= Duration::from_secs(7 * 86_400)
                }
                ShipmentState::Failed { .. } => order.touched || order.marked > 0,
                // Somebody shipped it, and lists with nulls never prove by whom.
                ShipmentState::RetryWait { class: RetryClass::Unreadable, .. } => {
                    order.touched && connection.sim.account(|account| account.quirks.null_rows)
                }
                ShipmentState::Superseded { .. } | ShipmentState::Cancelled => order.touched,
                _ => false,
            };
            world.assert(is_fine, || format!("order {id}, marked {} times: {row:?}", order.marked));
        }
    }
}

/// One, and one more for each gap between sends that an effect or a read was later than.
fn allowed_marks(truth: &Truth, order: &OrderTruth) -> u32 {
    let lag = truth.late + truth.stale + order.late;
    1 + NEXT_SEND.iter().filter(|gap| lag >= **gap).count() as u32
}
