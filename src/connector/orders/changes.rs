//! Imported orders that change afterwards: compared with how they were last seen, and told to the host's sink once
//! per modification. Without a sink no request is made, and only merged orders are noted, for a warning.

use std::collections::HashMap;

use futures_util::StreamExt;

use super::{complete::ListTally, eligibility::imported_in, import::Import};
use crate::{
    channel::{
        ChannelOrder, ChannelOrderId, ShipmentState,
        store::{ImportRecord, OrderChange, OrderChangeKind, OrderMark, StoreError},
    },
    client::{Order, OrderId, OrderStatus, RowError},
    connector::{PAGE, count, failure, look, run::Stop, translate},
};

/// The states that imported orders go to and that the import itself seldom reads.
const ELSEWHERE: [OrderStatus; 3] = [OrderStatus::Cancelled, OrderStatus::OnHold, OrderStatus::Shipped];

/// Imported orders with an unreadable row that one run reads by their id: one request each.
const MOST_BY_ID: u32 = 50;

/// What one page showed of imported orders.
#[derive(Debug, Default)]
pub(super) struct Sights {
    seen: Vec<(OrderMark, String)>,
    /// Imported orders inside other ones, with their survivor.
    swallowed: Vec<(ChannelOrderId, OrderMark)>,
}

impl Sights {
    /// Takes note of an order, if it is or contains an imported one.
    pub(super) fn note(&mut self, order: &ChannelOrder, known: &HashMap<ChannelOrderId, ImportRecord>) {
        if known.contains_key(&order.id) {
            self.seen.push((OrderMark::of(order), order.number.clone()));
        }
        let inside = imported_in(order, known);
        self.swallowed.extend(inside.map(|id| (id.clone(), OrderMark::of(order))));
    }
}

/// Looks for imported orders among those that have left the imported states since the last good run.
pub(super) async fn elsewhere(import: &mut Import<'_>) -> Result<(), Stop> {
    let Some(since) = import.since.changes.filter(|_| import.hears_changes()) else { return Ok(()) };
    let settings = &import.run.channel.settings.orders;
    for status in ELSEWHERE.into_iter().filter(|status| !settings.statuses.contains(status)) {
        let name = format!("changed orders that are {status}");
        let list = import.run.client.orders().list().status(status).modified_since(since);
        let mut pages = list.page_size(settings.page_size).pages();
        let mut tally = ListTally::default();
        while let Some(page) = pages.next().await {
            let page = page?;
            tally.add(&page);
            let orders: Vec<ChannelOrder> =
                page.items.iter().map(|order| translate::order(order, settings)).collect();
            let known = import.known(orders.iter()).await?;
            let mut sights = Sights::default();
            for order in &orders {
                sights.note(order, &known);
            }
            tell(import, sights, &known).await?;
            unreadable(import, &name, &page.errors).await?;
            import.run.go_on().await?;
        }
        import.list_ended(&name, &tally, pages.end());
    }
    Ok(())
}

/// Rows of changed orders that could not be read: those of imported ones are read by their id.
async fn unreadable(import: &mut Import<'_>, list: &str, errors: &[RowError]) -> Result<(), Stop> {
    let named = errors.iter().filter_map(|row| Some((OrderId::new(row.id?), row)));
    let named: Vec<(ChannelOrderId, &RowError)> = named
        .filter(|(id, _)| !import.decided.contains(id))
        .map(|(id, row)| (translate::order_id(id), row))
        .collect();
    let ids: Vec<ChannelOrderId> = named.iter().map(|(id, _)| id.clone()).collect();
    import.failures = import.failures_of(&ids).await?;
    let channel = import.run.channel;
    let known = channel.stores.orders.known(&channel.connection, &ids).await?;
    for (id, row) in named {
        if let Some(record) = known.get(&id) {
            unread(import, record, row).await?;
        }
    }
    for row in errors.iter().filter(|row| row.id.is_none()) {
        import.fail_unnamed(1, format!("{list}: {row}"));
    }
    Ok(())
}

/// An imported order whose row could not be read: a change may have to be reported to the host, so it is read
/// by its id. If that fails too it is kept among the failures, and read again by the next runs. Says whether it was read.
pub(super) async fn unread(
    import: &mut Import<'_>,
    record: &ImportRecord,
    row: &RowError,
) -> Result<bool, Stop> {
    if import.is_dismissed(&record.order) {
        return Ok(true);
    }
    let mut why = row.to_string();
    let id = translate::wire_order_id(&record.order);
    let is_kept = import.failures.contains_key(&record.order);
    if let Some(id) = id.filter(|_| !is_kept && import.read_by_id < MOST_BY_ID) {
        import.read_by_id += 1;
        import.run.go_on().await?;
        match look::once(&import.run.client, id).await {
            Ok(Some(order)) => return look_at(import, &order).await,
            Ok(None) => {}
            Err(error) if failure::ends_the_run(&error) => return Err(error.into()),
            Err(error) => why = failure::describe(&error),
        }
    }
    import.report.counts.scanned += 1;
    import.fail(&record.order, &record.number, why.clone(), true);
    if !is_kept {
        let failure = import.failure(&record.order, &record.number, why, true);
        import.keep_failures(&[failure]).await?;
    }
    Ok(false)
}

/// Tells what is different about one order, if it is an imported one: says whether it is.
pub(super) async fn look_at(import: &mut Import<'_>, order: &Order) -> Result<bool, Stop> {
    let order = translate::order(order, &import.run.channel.settings.orders);
    let known = import.known(std::iter::once(&order)).await?;
    let mut sights = Sights::default();
    sights.note(&order, &known);
    tell(import, sights, &known).await?;
    Ok(known.contains_key(&order.id))
}

/// What is to be told, and what is to be remembered.
#[derive(Debug, Default)]
struct News {
    changes: Vec<OrderChange>,
    marks: Vec<OrderMark>,
}

/// Compares what was seen with the marks, and tells the sink what is different.
pub(super) async fn tell(
    import: &mut Import<'_>,
    sights: Sights,
    known: &HashMap<ChannelOrderId, ImportRecord>,
) -> Result<(), StoreError> {
    let mut news = News { marks: std::mem::take(&mut import.fresh_marks), ..News::default() };
    if !import.hears_changes() {
        return Ok(());
    }
    let channel = import.run.channel;
    let Some(sink) = &channel.changes else { return Ok(()) };
    let seen = sights.seen.iter().map(|(mark, _)| mark.order.clone());
    let ids: Vec<ChannelOrderId> = seen.chain(sights.swallowed.iter().map(|(id, _)| id.clone())).collect();
    let mut before = HashMap::new();
    for chunk in ids.chunks(PAGE) {
        before.extend(sink.marks(&channel.connection, chunk).await?);
    }
    for (mark, number) in sights.seen {
        compare(import, &mut news, mark, number, &before, known).await?;
    }
    for (id, survivor) in sights.swallowed {
        merged(&mut news, id, &survivor, &before, known);
    }
    if news.changes.is_empty() && news.marks.is_empty() {
        return Ok(());
    }
    import.touched = true;
    sink.record(&import.run.token, &news.changes, &news.marks).await?;
    import.report.counts.changed += count(news.changes.len());
    Ok(())
}

/// An imported order that was seen: nothing is said of a modification that was seen before.
async fn compare(
    import: &Import<'_>,
    news: &mut News,
    mark: OrderMark,
    number: String,
    before: &HashMap<ChannelOrderId, OrderMark>,
    known: &HashMap<ChannelOrderId, ImportRecord>,
) -> Result<(), StoreError> {
    let old = before.get(&mark.order);
    if old.is_some_and(|old| old.modified_at == mark.modified_at && old.merged_into.is_none()) {
        return Ok(());
    }
    let mut what = different(&mark, old, known.get(&mark.order));
    if what.contains(&OrderChangeKind::ShippedElsewhere) && sent_by_us(import, &mark.order).await? {
        what.retain(|kind| *kind != OrderChangeKind::ShippedElsewhere);
    }
    if !what.is_empty() {
        news.changes.push(OrderChange::new(mark.order.clone(), number, mark.modified_at, what));
    }
    news.marks.push(mark);
    Ok(())
}

/// An imported order inside another one: it can no longer be seen itself.
fn merged(
    news: &mut News,
    id: ChannelOrderId,
    survivor: &OrderMark,
    before: &HashMap<ChannelOrderId, OrderMark>,
    known: &HashMap<ChannelOrderId, ImportRecord>,
) {
    let old = before.get(&id);
    let Some(record) = known.get(&id) else { return };
    if old.is_some_and(|old| old.merged_into.as_ref() == Some(&survivor.order)) {
        return;
    }
    let what = vec![OrderChangeKind::Merged { into: survivor.order.clone() }];
    news.changes.push(OrderChange::new(id.clone(), record.number.clone(), survivor.modified_at, what));
    let mut mark = old.cloned().unwrap_or(OrderMark { order: id, ..survivor.clone() });
    mark.merged_into = Some(survivor.order.clone());
    news.marks.push(mark);
}

/// What is different. An order that was imported before there was a sink is compared with its import record.
fn different(
    now: &OrderMark,
    old: Option<&OrderMark>,
    record: Option<&ImportRecord>,
) -> Vec<OrderChangeKind> {
    let mut what = Vec::new();
    let state = match now.status.as_str() {
        "cancelled" => Some(OrderChangeKind::Cancelled),
        "on_hold" => Some(OrderChangeKind::OnHold),
        "shipped" => Some(OrderChangeKind::ShippedElsewhere),
        // Without a mark it is not known which state it had; an open one is no news.
        _ => old.map(|_| OrderChangeKind::Unknown { status: now.status.clone() }),
    };
    what.extend(state.filter(|_| old.is_none_or(|old| old.status != now.status)));
    if old.is_some_and(|old| old.address != now.address) {
        what.push(OrderChangeKind::Address);
    }
    let lines = old.map(|old| &old.lines).or_else(|| record.map(|record| &record.lines));
    if lines.is_some_and(|lines| *lines != now.lines) {
        what.push(OrderChangeKind::Lines);
    }
    what
}

/// Whether the host's own shipments may have marked it as shipped.
async fn sent_by_us(import: &Import<'_>, order: &ChannelOrderId) -> Result<bool, StoreError> {
    let channel = import.run.channel;
    let progress = channel.stores.shipments.order_progress(&channel.connection, order).await?;
    let sent =
        |state: &ShipmentState| state.is_in_flight() || matches!(state, ShipmentState::Confirmed { .. });
    Ok(progress.rows.iter().any(|row| sent(&row.state)))
}

impl Import<'_> {
    /// Notes the imported orders that this one has swallowed since it was imported itself.
    pub(super) fn note_merges(
        &mut self,
        order: &ChannelOrder,
        known: &HashMap<ChannelOrderId, ImportRecord>,
    ) {
        let before = known.get(&order.id).map(|record| &record.lineage.merged);
        for id in imported_in(order, known).filter(|id| before.is_none_or(|merged| !merged.contains(id))) {
            self.merged.add(format!("{id} into {}", order.id));
        }
    }

    /// Notes what an imported order has swallowed since then, or was split into, and what the host neither has nor is
    /// given now: ShipStation lists both in the same member.
    pub(super) fn note_goods(
        &mut self,
        order: &ChannelOrder,
        known: &HashMap<ChannelOrderId, ImportRecord>,
        new: &[ChannelOrderId],
    ) {
        let Some(record) = known.get(&order.id) else { return };
        let missing = |id: &&ChannelOrderId| {
            !record.lineage.merged.contains(id) && !known.contains_key(*id) && !new.contains(id)
        };
        for id in order.lineage.merged.iter().filter(missing) {
            self.unshared.add(format!("{} may hold the goods of {id}", order.id));
        }
    }

    /// Whether somebody wants to hear of changes in this run.
    pub(super) fn hears_changes(&self) -> bool {
        self.run.channel.changes.is_some() && !self.run.control.dry_run
    }
}
