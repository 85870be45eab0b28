//! The report of an import against what the network and the database saw of it, and against what was there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ImportReport, Operation, RunStatus, report::ImportOutcomeKind, store::OrderStoreExt,
    },
    client::PacificTime,
    testing::simulator::{FaultKind, JournalEntry, Record},
};

use super::{judge_requests, now_or_never};
use crate::{
    process::RunLog,
    world::{Connection, World},
};

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
    if report.run.status == RunStatus::Succeeded && report.run.operation == Operation::GetOrders {
        assert_all_seen(world, connection, log, report);
    }
}

/// A run that says that it succeeded has everything that its answers showed or counted; and without any fault, everything that
/// was there all the time.
fn assert_all_seen(world: &Arc<World>, connection: usize, log: &RunLog, report: &ImportReport) {
    let it = &world.connections[connection];
    let is_unchanged = it.changes.load(Ordering::Relaxed) == log.changes;
    let mut missing = missing(world, it, Some(world.plan.start + log.began));
    // An old one that an answer shows in passing is counted as outside the window.
    let from = report.window.as_ref().and_then(|window| window.from);
    missing.retain(|id| it.created_at(*id).zip(from).is_none_or(|(created, from)| created >= from));
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
            let margin = Duration::from_secs(7_200);
            it.created_at(**id).zip(from).is_none_or(|(created, from)| created > from + margin)
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
pub fn missing(world: &Arc<World>, connection: &Connection, before: Option<Timestamp>) -> BTreeSet<i64> {
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
