//! What a run of the import puts on record: what became of each order, the report with its counts and warnings, and the
//! failures and texts that the stores keep. Decides nothing about an order.

use std::time::Duration;

use super::{
    capped_list::CappedList, context::Context, policy::PolicyLog, quick_look::QuickLooks,
    reconnected::ReconnectedStores,
};
use crate::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, ImportReport, ItemOutcome, RunEventKind,
        report::{FollowUpStatus, ImportItem, ImportOutcome, ImportOutcomeKind, RunInfo},
        shipping::ShippingResolution,
        store::{NewOrder, OrderFailure, OrderObservation, OrderStoreExt, StoreError, UnmappedOccurrence},
        wording::count_of,
    },
    client::Order,
    connector::{STORE_BATCH, count},
};

/// Successes and skips that a report names one by one.
const MAX_ITEMS_LISTED: usize = 200;
/// What a report calls an order whose id is not known.
pub(super) const UNNAMED: &str = "unknown";

/// Orders that share a warning at the end of the run.
#[derive(Debug, Default)]
struct Notes {
    /// Imported orders that were merged into others, for a host that is not told of changes.
    merged: CappedList,
    /// Imported orders with relatives that the host does not have.
    unshared: CappedList,
    /// New orders with members that could not be read, and which.
    left_out: CappedList,
    /// New orders without a shippable line.
    empty: CappedList,
    /// Orders of one number and key in two stores.
    reconnected: ReconnectedStores,
}

/// The record of one run.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) report: ImportReport,
    notes: Notes,
    /// What is to be warned of about the host's policy.
    pub(super) policy: PolicyLog,
    /// Lists that were not read whole, and rows that nobody can name.
    gaps: Vec<String>,
    /// Texts that no rule maps, still to be counted in the store.
    sightings: Vec<UnmappedOccurrence>,
    /// Imported orders that were shipped elsewhere, still to be recorded with their parcels.
    shipped: Vec<OrderObservation>,
    /// The quick looks that should have seen what an import of the window finds.
    pub(super) looks: Option<QuickLooks>,
    /// Whether anything was or may have been written.
    touched: bool,
}

impl Recorder {
    pub(super) fn new(info: RunInfo) -> Self {
        Self {
            report: ImportReport::new(info),
            notes: Notes::default(),
            policy: PolicyLog::default(),
            gaps: Vec::new(),
            sightings: Vec::new(),
            shipped: Vec::new(),
            looks: None,
            touched: false,
        }
    }

    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.report.run.warnings.push(warning.into());
    }

    /// Says how many dates were written down under a wrong clock, if any.
    pub(super) fn warn_of_misdated(&mut self, entries: usize, noun: &str) {
        if entries > 0 {
            let entries = count_of(count(entries), noun);
            self.warn(format!(
                "{entries} had a date further ahead than the longest wait, from a clock that was wrong: taken as due"
            ));
        }
    }

    /// Takes note that not everything was read.
    pub(super) fn gap(&mut self, what: impl Into<String>) {
        self.gaps.push(what.into());
    }

    /// Takes note of a write that is about to begin: also one that fails may have taken effect.
    pub(super) fn writes(&mut self) {
        self.touched = true;
    }

    /// Counts what became of an order, and names it in the report.
    pub(super) fn order(&mut self, ctx: &Context<'_>, order: &ChannelOrder, outcome: &ImportOutcome) {
        self.report.counts.add(outcome);
        let id = Some(order.id.as_str()).filter(|id| *id != UNNAMED);
        ctx.run.event(RunEventKind::ItemDone { id, outcome: ItemOutcome::Import(outcome.kind()) });
        if let ImportOutcome::AlreadyImported = outcome {
            return;
        }
        let (id, number, store) = (order.id.clone(), order.number.clone(), order.store.clone());
        let item = ImportItem::new(id, number, store, outcome.clone());
        if item.needs_attention() || self.report.items.len() < MAX_ITEMS_LISTED {
            self.report.items.push(item);
        } else {
            self.report.items_truncated += 1;
        }
    }

    /// Counts an order that could not be imported and will be tried again.
    pub(super) fn failed(&mut self, ctx: &Context<'_>, order: &ChannelOrderId, number: &str, error: &str) {
        self.order(ctx, &ChannelOrder::new(order.clone(), number), &ImportOutcome::failed(error));
    }

    /// Counts rows that nobody can name, as one item.
    pub(super) fn failed_unnamed(&mut self, ctx: &Context<'_>, rows: u64, error: &str) {
        self.unnamed(ctx, rows.saturating_sub(1), ImportOutcomeKind::FailedRetryable);
        self.failed(ctx, &UNNAMED.into(), "", error);
    }

    /// Counts orders that were read and not decided on.
    pub(super) fn not_evaluated(&mut self, ctx: &Context<'_>, orders: u64) {
        self.unnamed(ctx, orders, ImportOutcomeKind::NotEvaluated);
    }

    /// Counts orders that are not named.
    fn unnamed(&mut self, ctx: &Context<'_>, orders: u64, kind: ImportOutcomeKind) {
        self.report.counts.outcomes.add_many(kind, orders);
        for _ in 0..orders {
            ctx.run.event(RunEventKind::ItemDone { id: None, outcome: ItemOutcome::Import(kind) });
        }
    }

    /// How many more new orders this run may import.
    pub(super) fn room(&self, max_orders: Option<u64>) -> usize {
        let room = max_orders.map(|most| most.saturating_sub(self.report.counts.imported()));
        room.map_or(usize::MAX, |room| usize::try_from(room).unwrap_or(usize::MAX))
    }

    /// Takes note of a new order.
    pub(super) fn imported(&mut self, ctx: &Context<'_>, new: &NewOrder, attempts: u32) {
        self.sighting(ctx, &new.order, &new.shipping, attempts);
        if attempts == 0 {
            self.note_missed([new.order.modified_at]);
        }
        if new.order.shippable_lines().next().is_none() {
            self.notes.empty.add(&new.order.number);
        }
    }

    /// Counts the modifications, found by an import of the window, that an earlier quick look should have shown.
    pub(super) fn note_missed(&mut self, modified: impl IntoIterator<Item = Option<Timestamp>>) {
        let looks = self.looks;
        let missed =
            modified.into_iter().filter(|modified| looks.is_some_and(|looks| looks.cover(*modified)));
        self.report.counts.missed_by_changes += count(missed.count());
    }

    /// Remembers a text that no rule maps, to be counted with its order as a sample: once, however often the order is
    /// tried.
    pub(super) fn sighting(
        &mut self,
        ctx: &Context<'_>,
        order: &ChannelOrder,
        shipping: &ShippingResolution,
        attempts: u32,
    ) {
        if let ShippingResolution::Unmapped { text } = shipping
            && attempts == 0
        {
            let sighting =
                UnmappedOccurrence::new(order.store.clone(), text.clone(), order.id.clone(), ctx.now());
            self.sightings.push(sighting);
        }
    }

    /// Keeps failures in the ledger, so that an order cannot age out of the window unseen.
    pub(super) async fn keep_failures(
        &mut self,
        ctx: &Context<'_>,
        failures: &[OrderFailure],
    ) -> Result<(), StoreError> {
        if !failures.is_empty() && !ctx.is_dry_run() {
            self.writes();
            ctx.store().record_failures(&ctx.run.token, failures).await?;
        }
        if self.sightings.len() >= STORE_BATCH {
            self.flush_sightings(ctx).await;
        }
        Ok(())
    }

    /// Counts the unmapped texts in the store. Held orders carry them too, so a failure here costs a count and no more.
    pub(super) async fn flush_sightings(&mut self, ctx: &Context<'_>) {
        let seen = std::mem::take(&mut self.sightings);
        if seen.is_empty() || ctx.is_dry_run() {
            return;
        }
        let mappings = &ctx.run.channel.stores.mappings;
        if let Err(error) = mappings.note_unmapped(ctx.connection(), &seen).await {
            self.warn(format!("unmapped shipping texts could not be noted: {error}"));
        }
    }

    /// Takes note of orders that were shipped elsewhere, until their parcels are read.
    pub(super) fn await_parcels(&mut self, shipped: Vec<OrderObservation>) {
        self.shipped.extend(shipped);
    }

    /// Whether that is still to be recorded of an order.
    pub(super) fn awaits_parcels_of(&self, order: &ChannelOrderId) -> bool {
        self.shipped.iter().any(|seen| seen.now.order == *order)
    }

    /// Whether that is still to be recorded of any order.
    pub(super) fn awaits_parcels(&self) -> bool {
        !self.shipped.is_empty()
    }

    /// The orders that were shipped elsewhere and are not recorded yet.
    pub(super) fn take_shipped(&mut self) -> Vec<OrderObservation> {
        std::mem::take(&mut self.shipped)
    }

    /// Whether the run ended before it had read, decided or written anything.
    pub(super) fn nothing_done(&self) -> bool {
        let counts = &self.report.counts;
        !self.touched
            && counts.scanned() == counts.of(ImportOutcomeKind::NotEvaluated)
            && self.report.scans.iter().all(|scan| !scan.complete)
    }

    /// Whether nothing failed and everything was read.
    pub(super) fn went_well(&self) -> bool {
        let counts = &self.report.counts;
        let open = [&counts.users, &counts.tags]
            .map(|tally| tally.of(FollowUpStatus::Failed) + tally.of(FollowUpStatus::Pending));
        counts.failed() + open[0] + open[1] == 0
            && self.report.scans.iter().all(|scan| scan.complete && scan.unreadable == 0)
    }

    /// What was not read, if anything.
    pub(super) fn gaps(&self) -> Option<String> {
        (!self.gaps.is_empty()).then(|| self.gaps.join("; "))
    }
}

/// Notes for the warnings at the end.
impl Recorder {
    /// An order that was read: another store may have shown it before.
    pub(super) fn note_read(&mut self, order: &ChannelOrder) {
        self.notes.reconnected.note(order);
    }

    /// An imported order that contains others now.
    pub(super) fn note_merged(&mut self, order: &ChannelOrderId, into: &ChannelOrderId) {
        self.notes.merged.add(format!("{order} into {into}"));
    }

    /// An imported order with a relative that the host does not have.
    pub(super) fn note_unshared(&mut self, order: &ChannelOrderId, relative: &ChannelOrderId) {
        self.notes.unshared.add(format!("{order} may hold the goods of {relative}"));
    }

    /// The members of a new order that could not be read: it comes without them.
    pub(super) fn note_left_out(&mut self, order: &Order) {
        let members = order.unreadable().join(" and ");
        if !members.is_empty() {
            self.notes.left_out.add(format!("{members} of order {}", order.order_id));
        }
    }

    /// Turns the notes into warnings, one for many orders each.
    pub(super) fn warn_of_notes(&mut self) {
        let notes = std::mem::take(&mut self.notes);
        let warnings = [
            notes.left_out.summary().map(|members| {
                format!("what could not be read was left out of the new orders: {members}")
            }),
            notes.empty.summary().map(|orders| format!("new orders with nothing to ship: {orders}")),
            notes.reconnected.found.summary().map(|orders| format!(
                "orders of two stores share number and key, as when a store is connected again: {orders}; compare them before both are shipped"
            )),
            notes.unshared.summary().map(|orders| format!(
                "imported orders are merged with or split into ones that were never imported: {orders}; compare them in ShipStation, and ship by hand what the host does not know"
            )),
            notes.merged.summary().map(|orders| format!(
                "imported orders were merged in ShipStation and no longer exist there: {orders}; decide by hand what is still to be shipped"
            )),
        ];
        self.report.run.warnings.extend(warnings.into_iter().flatten().chain(self.policy.warnings()));
    }
}

/// A failure of now, to be tried again after `wait`.
pub(super) fn failure(
    ctx: &Context<'_>,
    order: &ChannelOrderId,
    number: &str,
    error: &str,
    retryable: bool,
    wait: Duration,
) -> OrderFailure {
    let now = ctx.now();
    OrderFailure::new(order.clone(), number, error, retryable, now, now + wait)
}
