//! Imported orders that change afterwards: compared with how they were last seen, and added to the history once per
//! modification. Unless the settings ask for it no request is made, and only merged orders are noted, for a warning.

use std::collections::{HashMap, HashSet};

use futures_util::StreamExt;

use super::{
    context::{Context, Records},
    lineage::imported_in,
    list_tally::ListTally,
    recorder::{Recorder, failure},
    retry_wait,
    scan::Reading,
};
use crate::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, LineId, LineQuantity, ShipmentState,
        store::{
            HistoryStoreExt, ImportRecord, OrderChange, OrderChangeKind, OrderObservation, OrderSnapshot,
            ShipmentStoreExt, StoreError,
        },
    },
    client::{Order, OrderId, OrderSort, PacificTime, RowError},
    connector::{failure as client_failure, lookup, run::Stop, translate},
};

/// Imported orders with an unreadable row that one run reads by their id: one request each.
const MAX_READ_BY_ID: u32 = 50;

/// What one page showed of imported orders.
#[derive(Debug, Default)]
pub(super) struct Observations {
    seen: Vec<(OrderSnapshot, String)>,
    /// Imported orders inside other ones, with their survivor.
    merged: Vec<(ChannelOrderId, OrderSnapshot)>,
    /// The parents of orders that were split off.
    parents: HashMap<ChannelOrderId, ChannelOrderId>,
}

impl Observations {
    /// Takes note of an order, if it is or contains an imported one.
    pub(super) fn add(&mut self, order: &ChannelOrder, known: &HashMap<ChannelOrderId, ImportRecord>) {
        if known.contains_key(&order.id) {
            self.seen.push((OrderSnapshot::of(order), order.number.clone()));
        }
        let inside = imported_in(order, known);
        self.merged.extend(inside.map(|id| (id.clone(), OrderSnapshot::of(order))));
        self.parents.extend(order.lineage.parent.clone().map(|parent| (order.id.clone(), parent)));
    }
}

/// Looks for imported orders among all that were modified since the last good run.
pub(super) async fn scan(recorder: &mut Recorder<'_>, reading: &mut Reading) -> Result<(), Stop> {
    let since = reading.admission.window.changes_since.filter(|_| recorder.ctx.watches_changes());
    let Some(since) = since else { return Ok(()) };
    let before = recorder.ctx.run.meter.requests();
    let scanned = scan_modified(recorder, reading, since).await;
    recorder.report.watch_requests += recorder.ctx.run.meter.requests() - before;
    scanned
}

async fn scan_modified(
    recorder: &mut Recorder<'_>,
    reading: &mut Reading,
    since: Timestamp,
) -> Result<(), Stop> {
    const LIST: &str = "changed orders";
    let list = recorder.ctx.client().orders().list().modified_since(since).sort_by(OrderSort::ModifyDate);
    let mut pages = list.page_size(recorder.ctx.settings().page_size).pages();
    let mut tally = ListTally::default();
    while let Some(page) = pages.next().await.transpose()? {
        tally.add(&page);
        compare_all(recorder, &page.items).await?;
        unreadable(recorder, reading, LIST, &page.errors).await?;
        recorder.ctx.run.checkpoint().await?;
    }
    recorder.list_ended(&reading.admission.window, LIST, &tally, pages.end());
    Ok(())
}

/// Rows of changed orders that could not be read: those of imported ones are read by their id.
async fn unreadable(
    recorder: &mut Recorder<'_>,
    reading: &mut Reading,
    list: &str,
    errors: &[RowError],
) -> Result<(), Stop> {
    let named = errors.iter().filter_map(|row| Some((OrderId::new(row.id?), row)));
    let named: Vec<(ChannelOrderId, &RowError)> = named
        .filter(|(id, _)| !reading.decided.contains(id))
        .map(|(id, row)| (translate::order_id(id), row))
        .collect();
    let ids: Vec<ChannelOrderId> = named.iter().map(|(id, _)| id.clone()).collect();
    let records = Records::of_ids(recorder.ctx, &ids).await?;
    for (id, row) in named {
        if let Some(record) = records.known.get(&id) {
            read_unreadable(recorder, &mut reading.by_id, &records, record, row).await?;
        }
    }
    for row in errors.iter().filter(|row| row.id.is_none()) {
        recorder.failed_unnamed(1, &format!("{list}: {row}"));
    }
    Ok(())
}

/// An imported order whose row could not be read: a change may have to be reported to the host, so it is read
/// by its id. If that fails too it is kept among the failures, and read again by the next runs. Says whether it was read.
pub(super) async fn read_unreadable(
    recorder: &mut Recorder<'_>,
    by_id: &mut u32,
    records: &Records,
    record: &ImportRecord,
    row: &RowError,
) -> Result<bool, Stop> {
    let order = &record.order;
    if records.is_dismissed(order) {
        return Ok(true);
    }
    let mut why = row.to_string();
    let is_kept = records.failures.contains_key(order);
    let id = translate::wire_order_id(order).filter(|_| !is_kept);
    if let Some(id) = id.filter(|_| *by_id < MAX_READ_BY_ID) {
        *by_id += 1;
        recorder.ctx.run.checkpoint().await?;
        match lookup::order_once(recorder.ctx.client(), id).await {
            Ok(Some(order)) => return compare_one(recorder, &order).await,
            Ok(None) => {}
            Err(error) if client_failure::ends_the_run(&error) => return Err(error.into()),
            Err(error) => why = client_failure::describe(&error),
        }
    }
    recorder.failed(order, &record.number, &why);
    if !is_kept {
        let failure = failure(recorder.ctx, order, &record.number, &why, true, retry_wait::wait(0));
        recorder.keep_failures(&[failure]).await?;
    }
    Ok(false)
}

/// Compares one order, if it is an imported one: says whether it is.
pub(super) async fn compare_one(recorder: &mut Recorder<'_>, order: &Order) -> Result<bool, Stop> {
    let known = compare_all(recorder, std::slice::from_ref(order)).await?;
    Ok(known.contains_key(&translate::order_id(order.order_id)))
}

/// Compares the imported ones of these orders, and publishes what is different.
pub(super) async fn compare_all(
    recorder: &mut Recorder<'_>,
    orders: &[Order],
) -> Result<HashMap<ChannelOrderId, ImportRecord>, Stop> {
    let orders: Vec<ChannelOrder> =
        orders.iter().map(|order| translate::order(order, recorder.ctx.settings())).collect();
    let known = recorder.ctx.known(orders.iter()).await?;
    let mut observed = Observations::default();
    for order in &orders {
        observed.add(order, &known);
    }
    publish(recorder, observed, Vec::new(), &known).await?;
    Ok(known)
}

/// Compares what was seen with what was remembered, and adds to the history what is different, with how new orders look.
/// Orders that were shipped elsewhere wait for their [parcels](super::parcels).
pub(super) async fn publish(
    recorder: &mut Recorder<'_>,
    observed: Observations,
    new: Vec<OrderSnapshot>,
    known: &HashMap<ChannelOrderId, ImportRecord>,
) -> Result<(), StoreError> {
    let Some(history) = recorder.ctx.history() else {
        return Ok(());
    };
    let Observations { seen, merged: inside, mut parents } = observed;
    let imported =
        known.values().filter_map(|record| Some((record.order.clone(), record.lineage.parent.clone()?)));
    parents.extend(imported);
    let ids = seen.iter().map(|(snapshot, _)| &snapshot.order).chain(inside.iter().map(|(id, _)| id));
    let ids: Vec<ChannelOrderId> = ids.cloned().collect();
    let mut before = history.snapshots_by_order(recorder.ctx.connection(), &ids).await?;
    let mut news: Vec<_> = new.into_iter().map(|now| OrderObservation::new(None, now, None)).collect();
    for (now, number) in seen {
        let record = known.get(&now.order);
        let old = before.get(&now.order).or_else(|| record?.snapshot.as_ref());
        if is_news(&now, old) {
            let change = changed(recorder.ctx, &now, number, old, record, &parents).await?;
            let old = before.insert(now.order.clone(), now.clone());
            news.push(OrderObservation::new(old, now, change));
        }
    }
    for (id, survivor) in inside {
        let seen = known
            .get(&id)
            .and_then(|record| merged(record, &survivor, before.get(&id).or(record.snapshot.as_ref())));
        before.extend(seen.iter().map(|seen| (id.clone(), seen.now.clone())));
        news.extend(seen);
    }
    let (shipped, others): (Vec<_>, Vec<_>) = news.into_iter().partition(is_shipped_elsewhere);
    recorder.shipped.extend(shipped);
    record(recorder, &others).await
}

/// Adds observations to the history.
pub(super) async fn record(recorder: &mut Recorder<'_>, news: &[OrderObservation]) -> Result<(), StoreError> {
    if let Some(history) = recorder.ctx.history().filter(|_| !news.is_empty()) {
        recorder.writes();
        let added = history.record_changes(&recorder.ctx.run.token, news, recorder.ctx.now()).await?;
        recorder.report.counts.changed += added;
        if added > 0 {
            recorder.note_missed(news.iter().filter_map(|seen| Some(seen.change.as_ref()?.modified_at)));
        }
    }
    Ok(())
}

fn is_shipped_elsewhere(seen: &OrderObservation) -> bool {
    let shipped = |what: &OrderChangeKind| matches!(what, OrderChangeKind::ShippedElsewhere { .. });
    seen.change.iter().flat_map(|change| &change.what).any(shipped)
}

/// Whether this modification was not seen before. An older one is a read that is behind, and no news.
fn is_news(snapshot: &OrderSnapshot, old: Option<&OrderSnapshot>) -> bool {
    let Some(old) = old else { return true };
    let is_older = snapshot.modified_at.zip(old.modified_at).is_some_and(|(now, then)| {
        // In the repeated hour of autumn a later modification may look like an earlier one.
        PacificTime::of(now).latest() < then
    });
    !is_older && (old.modified_at != snapshot.modified_at || old.merged_into.is_some())
}

/// What is published of an imported order that was modified, if anything of it matters to the host.
async fn changed(
    ctx: &Context<'_>,
    snapshot: &OrderSnapshot,
    number: String,
    old: Option<&OrderSnapshot>,
    record: Option<&ImportRecord>,
    parents: &HashMap<ChannelOrderId, ChannelOrderId>,
) -> Result<Option<OrderChange>, StoreError> {
    let mut what = differences(snapshot, old, record);
    let shipped = OrderChangeKind::ShippedElsewhere { parcels: None };
    if what.contains(&shipped) && has_shipment(ctx, &snapshot.order, ShipmentState::is_reported).await? {
        what.retain(|kind| *kind != shipped);
    }
    what.extend(split(snapshot, old, record, parents));
    let change = |what| OrderChange::new(snapshot.order.clone(), number, snapshot.modified_at, what);
    Ok((!what.is_empty()).then(|| change(what)))
}

/// An imported order inside another one: it can no longer be seen itself.
fn merged(
    record: &ImportRecord,
    survivor: &OrderSnapshot,
    old: Option<&OrderSnapshot>,
) -> Option<OrderObservation> {
    if old.is_some_and(|old| old.merged_into.as_ref() == Some(&survivor.order)) {
        return None;
    }
    let id = record.order.clone();
    let what = vec![OrderChangeKind::Merged { into: survivor.order.clone() }];
    let change = OrderChange::new(id.clone(), record.number.clone(), survivor.modified_at, what);
    let mut now = old.cloned().unwrap_or(OrderSnapshot { order: id, ..survivor.clone() });
    // A read of the order as it was before is older than the merge, and no news.
    now.modified_at = now.modified_at.max(survivor.modified_at);
    now.merged_into = Some(survivor.order.clone());
    Some(OrderObservation::new(old.cloned(), now, Some(change)))
}

/// What is different. An order that was imported before changes were watched is compared with its import record.
fn differences(
    now: &OrderSnapshot,
    old: Option<&OrderSnapshot>,
    record: Option<&ImportRecord>,
) -> Vec<OrderChangeKind> {
    let mut what = Vec::new();
    let state = match now.status.as_str() {
        "cancelled" => Some(OrderChangeKind::Cancelled),
        "on_hold" => Some(OrderChangeKind::OnHold),
        "shipped" => Some(OrderChangeKind::ShippedElsewhere { parcels: None }),
        _ if old.is_some_and(|old| old.status == "on_hold") => Some(OrderChangeKind::Released),
        // Without a snapshot it is not known which state it had; an open one is no change.
        _ => old.map(|_| OrderChangeKind::Unknown { status: now.status.clone() }),
    };
    what.extend(state.filter(|_| old.is_none_or(|old| old.status != now.status)));
    if old.is_some_and(|old| old.address != 0 && old.address != now.address) {
        what.push(OrderChangeKind::Address);
    }
    if other_lines(now, old, record) {
        what.push(OrderChangeKind::Lines);
    }
    what
}

/// What was split off the order since it was last seen. ShipStation lists what was split off and what was merged into it in
/// the same member: the former name it as their parent, and take some of its pieces with them.
fn split(
    now: &OrderSnapshot,
    old: Option<&OrderSnapshot>,
    record: Option<&ImportRecord>,
    parents: &HashMap<ChannelOrderId, ChannelOrderId>,
) -> Option<OrderChangeKind> {
    let before = record.map(|record| &record.lineage.merged).into_iter().chain(old.map(|old| &old.relatives));
    let before: HashSet<&ChannelOrderId> = before.flatten().collect();
    let has_fewer_pieces = match (old, record) {
        (Some(old), _) => pieces(&now.lines) < pieces(&old.lines),
        (None, Some(record)) => pieces(shipped_lines(now, record)) < pieces(&record.lines),
        (None, None) => return None,
    };
    let is_split_off = |id: &&ChannelOrderId| match parents.get(*id) {
        Some(parent) => *parent == now.order,
        None => has_fewer_pieces,
    };
    let new = now.relatives.iter().filter(|id| !before.contains(id));
    let into: Vec<ChannelOrderId> = new.filter(is_split_off).cloned().collect();
    (!into.is_empty()).then_some(OrderChangeKind::Split { into })
}

fn pieces<'l>(lines: impl IntoIterator<Item = &'l LineQuantity>) -> i64 {
    lines.into_iter().fold(0, |sum, line| sum.saturating_add(line.quantity))
}

/// The lines without those that nobody ships, as the import record has them.
fn shipped_lines<'s>(
    now: &'s OrderSnapshot,
    record: &'s ImportRecord,
) -> impl Iterator<Item = &'s LineQuantity> {
    let left_out =
        |line: &LineId| record.line_names.iter().any(|names| names.line == *line && !names.shippable);
    now.lines.iter().filter(move |line| !left_out(&line.line))
}

/// Whether it has other lines or quantities.
fn other_lines(now: &OrderSnapshot, old: Option<&OrderSnapshot>, record: Option<&ImportRecord>) -> bool {
    match (old, record) {
        (Some(old), _) => old.lines != now.lines,
        (None, Some(record)) => !shipped_lines(now, record).eq(&record.lines),
        (None, None) => false,
    }
}

/// Whether the host's own shipments may have marked it as shipped.
pub(super) async fn sent_by_us(ctx: &Context<'_>, order: &ChannelOrderId) -> Result<bool, StoreError> {
    has_shipment(ctx, order, |state| state.is_in_flight() || state.is_reported()).await
}

async fn has_shipment(
    ctx: &Context<'_>,
    order: &ChannelOrderId,
    is_in: impl Fn(&ShipmentState) -> bool,
) -> Result<bool, StoreError> {
    let progress = ctx.run.channel.stores.shipments.order_progress(ctx.connection(), order).await?;
    Ok(progress.rows.iter().any(|row| is_in(&row.state)))
}
