//! What a run of the import puts on record: what became of each order, the report with its counts and warnings, and the
//! failures and texts that the stores keep. Decides nothing about an order.

use std::{collections::HashMap, time::Duration};

use super::{context::Context, notes::Notes, quick_look::QuickLooks, window::Window};
use crate::{
    Timestamp,
    channel::{
        ChannelError, ChannelOrder, ChannelOrderId, ImportReport, ItemOutcome, RunEventKind, RunStatus,
        report::{FollowUpStatus, ImportItem, ImportOutcome, ImportOutcomeKind, RunInfo},
        shipping::{DisplayText, ShippingResolution},
        store::{NewOrder, OrderFailure, OrderObservation, OrderStoreExt, StoreError, UnmappedOccurrence},
        wording::count_of,
    },
    connector::{STORE_BATCH, count, run::Stop},
};

/// Successes and skips that a report names one by one.
const MAX_ITEMS_LISTED: usize = 200;
/// What a report calls an order whose id is not known.
pub(super) const UNNAMED: &str = "unknown";

/// The record of one run, beside what every step of it reads.
#[derive(Debug)]
pub(super) struct Recorder<'r> {
    pub(super) ctx: &'r Context<'r>,
    pub(super) report: ImportReport,
    pub(super) notes: Notes,
    /// Lists that were not read whole, and rows that nobody can name.
    gaps: Vec<String>,
    /// Texts that no rule maps, still to be counted in the store.
    sightings: Vec<UnmappedOccurrence>,
    /// What imported orders are said to be split into, or to hold, and the host never had; with those orders.
    pub(super) unshared: HashMap<ChannelOrderId, ChannelOrderId>,
    /// Imported orders that were shipped elsewhere, still to be recorded with their parcels.
    pub(super) shipped: Vec<OrderObservation>,
    /// The quick looks that should have seen what an import of the window finds.
    pub(super) looks: Option<QuickLooks>,
    /// Whether anything was or may have been written.
    touched: bool,
}

impl<'r> Recorder<'r> {
    pub(super) fn new(ctx: &'r Context<'r>, info: RunInfo) -> Self {
        Self {
            ctx,
            report: ImportReport::new(info),
            notes: Notes::default(),
            gaps: Vec::new(),
            sightings: Vec::new(),
            unshared: HashMap::new(),
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
    pub(super) fn order(&mut self, order: &ChannelOrder, outcome: &ImportOutcome) {
        self.report.counts.add(outcome);
        let id = Some(order.id.as_str()).filter(|id| *id != UNNAMED);
        self.ctx.run.event(RunEventKind::ItemDone { id, outcome: ItemOutcome::Import(outcome.kind()) });
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
    pub(super) fn failed(&mut self, order: &ChannelOrderId, number: &str, error: &str) {
        self.order(&ChannelOrder::new(order.clone(), number), &ImportOutcome::failed(error));
    }

    /// Counts rows that nobody can name, as one item.
    pub(super) fn failed_unnamed(&mut self, rows: u64, error: &str) {
        self.unnamed(rows.saturating_sub(1), ImportOutcomeKind::FailedRetryable);
        self.failed(&UNNAMED.into(), "", error);
    }

    /// Counts orders that were read and not decided on.
    pub(super) fn not_evaluated(&mut self, orders: u64) {
        self.unnamed(orders, ImportOutcomeKind::NotEvaluated);
    }

    fn unnamed(&mut self, orders: u64, kind: ImportOutcomeKind) {
        self.report.counts.outcomes.add_many(kind, orders);
        for _ in 0..orders {
            self.ctx.run.event(RunEventKind::ItemDone { id: None, outcome: ItemOutcome::Import(kind) });
        }
    }

    /// How many more new orders this run may import.
    pub(super) fn room(&self, max_orders: Option<u64>) -> usize {
        let room = max_orders.map(|most| most.saturating_sub(self.report.counts.imported()));
        room.map_or(usize::MAX, |room| usize::try_from(room).unwrap_or(usize::MAX))
    }

    pub(super) fn imported(&mut self, new: &NewOrder, attempts: u32) {
        self.sighting(&new.order, &new.shipping, attempts);
        if attempts == 0 {
            self.note_missed([new.order.modified_at]);
        }
        if new.order.shippable_lines().next().is_none() {
            self.notes.empty.add(DisplayText::name(&new.order.number).unquoted());
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
    pub(super) fn sighting(&mut self, order: &ChannelOrder, shipping: &ShippingResolution, attempts: u32) {
        if let ShippingResolution::Unmapped { text } = shipping
            && attempts == 0
        {
            let sighting =
                UnmappedOccurrence::new(order.store.clone(), text.clone(), order.id.clone(), self.ctx.now());
            self.sightings.push(sighting);
        }
    }

    /// Keeps failures in the ledger, so that an order cannot age out of the window unseen.
    pub(super) async fn keep_failures(&mut self, failures: &[OrderFailure]) -> Result<(), StoreError> {
        if !failures.is_empty() && !self.ctx.run.is_dry_run() {
            self.writes();
            self.ctx.store().record_failures(&self.ctx.run.token, failures).await?;
        }
        if self.sightings.len() >= STORE_BATCH {
            self.flush_sightings().await;
        }
        Ok(())
    }

    /// Counts the unmapped texts in the store. Held orders carry them too, so a failure here costs a count and no more.
    async fn flush_sightings(&mut self) {
        let seen = std::mem::take(&mut self.sightings);
        if seen.is_empty() || self.ctx.run.is_dry_run() {
            return;
        }
        let mappings = &self.ctx.run.channel.stores.mappings;
        if let Err(error) = mappings.note_unmapped(self.ctx.connection(), &seen).await {
            self.warn(format!("unmapped shipping texts could not be noted: {error}"));
        }
    }

    /// Whether an order that was shipped elsewhere is still to be recorded.
    pub(super) fn awaits_parcels_of(&self, order: &ChannelOrderId) -> bool {
        self.shipped.iter().any(|seen| seen.now.order == *order)
    }

    /// Turns what happened into the report, or into a refusal when nothing happened at all.
    pub(super) async fn finish(
        mut self,
        window: Window,
        stop: Option<Stop>,
    ) -> Result<ImportReport, ChannelError> {
        self.flush_sightings().await;
        self.report.run.warnings.extend(window.warnings);
        self.report.run.warnings.extend(self.notes.warnings());
        let status = if !self.gaps.is_empty() {
            RunStatus::Partial { why: self.gaps.join("; ") }
        } else if self.went_well() {
            RunStatus::Succeeded
        } else {
            RunStatus::CompletedWithErrors
        };
        let has_acted = !self.nothing_done();
        self.ctx.run.end(self.report, stop, has_acted, status).await
    }

    /// Whether the run ended before it had read, decided or written anything.
    fn nothing_done(&self) -> bool {
        let counts = &self.report.counts;
        !self.touched
            && counts.scanned() == counts.of(ImportOutcomeKind::NotEvaluated)
            && self.report.scans.iter().all(|scan| !scan.complete)
    }

    /// Whether nothing failed and everything was read.
    fn went_well(&self) -> bool {
        let counts = &self.report.counts;
        let open = [&counts.users, &counts.tags]
            .map(|tally| tally.of(FollowUpStatus::Failed) + tally.of(FollowUpStatus::Pending));
        counts.failed() + open[0] + open[1] == 0
            && self.report.scans.iter().all(|scan| scan.complete && scan.unreadable == 0)
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
