//! What became of each order: counts, items, failures and sightings. Decides nothing.

use super::import::Import;
use crate::{
    channel::{
        ChannelOrder, ChannelOrderId, RunEvent,
        report::{ImportItem, ImportOutcome, SkipReason},
        shipping::ShippingResolution,
        store::{NewOrder, OrderFailure, OrderMark, SaveOutcome, Sighting, StoreError},
    },
    client::Order,
    connector::PAGE,
};

/// Successes and skips that a report names one by one.
const NAMED: usize = 200;

impl Import<'_> {
    /// Counts one answer of the store; a failure is given back, to be kept.
    pub(super) fn saved(&mut self, new: &NewOrder, outcome: SaveOutcome) -> Option<OrderFailure> {
        match outcome {
            SaveOutcome::Inserted { host_order } => {
                self.imported(new);
                let outcome = ImportOutcome::Imported { host_order, holds: new.holds.clone() };
                self.item(&new.order, outcome);
                None
            }
            SaveOutcome::AlreadyExists => {
                self.report.counts.already_imported += 1;
                self.done(&new.order, "already_imported");
                None
            }
            SaveOutcome::Failed { message, retryable } => {
                let (order, number) = (&new.order.id, &new.order.number);
                if self.is_dismissed(order) {
                    let words = format!("{message}; it stays dismissed: import it by hand again");
                    self.fail(order, number, words, false);
                } else {
                    self.fail(order, number, message.clone(), retryable);
                }
                Some(self.failure(order, number, message, retryable))
            }
        }
    }

    /// A failure of now, to be tried again after a while that grows with each one.
    pub(super) fn failure(
        &self,
        order: &ChannelOrderId,
        number: &str,
        error: String,
        retryable: bool,
    ) -> OrderFailure {
        let now = self.now();
        let again = now + super::ledger::wait(self.failed_before(order));
        OrderFailure::new(order.clone(), number, error, retryable, now, again)
    }

    fn imported(&mut self, new: &NewOrder) {
        self.see(&new.order, &new.shipping);
        if self.hears_changes() {
            self.fresh_marks.push(OrderMark::of(&new.order));
        }
        let counts = &mut self.report.counts;
        counts.imported += 1;
        counts.held += u64::from(!new.holds.is_empty());
        for hold in &new.holds {
            *counts.held_by.entry(hold.code()).or_default() += 1;
        }
        if new.order.shippable_lines().next().is_none() {
            self.empty.add(&new.order.number);
        }
    }

    /// Counts an order that could not be imported.
    pub(super) fn fail(&mut self, order: &ChannelOrderId, number: &str, error: String, retryable: bool) {
        let counts = &mut self.report.counts;
        if retryable {
            counts.failed_retryable += 1;
        } else {
            counts.failed_permanent += 1;
        }
        self.run.event(&RunEvent::ItemDone { id: order.as_str(), outcome: "failed" });
        let outcome = ImportOutcome::Failed { error, retryable };
        self.report.items.push(ImportItem::new(order.clone(), number, None, outcome));
    }

    /// Counts rows that nobody can name, as one item.
    pub(super) fn fail_unnamed(&mut self, rows: u64, error: String) {
        self.report.counts.scanned += rows;
        self.report.counts.failed_retryable += rows.saturating_sub(1);
        self.fail(&super::scan::UNNAMED.into(), "", error, true);
    }

    pub(super) fn skip(&mut self, order: &ChannelOrder, reasons: Vec<SkipReason>) {
        if let Some(SkipReason::AlreadyImported { .. }) = reasons.first() {
            self.report.counts.already_imported += 1;
            self.done(order, "already_imported");
            return;
        }
        if let Some(first) = reasons.first() {
            *self.report.counts.skipped.entry(first.code()).or_default() += 1;
        }
        self.item(order, ImportOutcome::Skipped { reasons });
    }

    fn item(&mut self, order: &ChannelOrder, outcome: ImportOutcome) {
        let word = match outcome {
            ImportOutcome::Skipped { .. } => "skipped",
            _ if self.run.control.dry_run => "would_be_imported",
            _ => "imported",
        };
        self.done(order, word);
        let item = ImportItem::new(order.id.clone(), order.number.clone(), order.store.clone(), outcome);
        if item.needs_attention() || self.report.items.len() < NAMED {
            self.report.items.push(item);
        } else {
            self.report.items_truncated += 1;
        }
    }

    fn done(&self, order: &ChannelOrder, outcome: &str) {
        self.run.event(&RunEvent::ItemDone { id: order.id.as_str(), outcome });
    }

    /// Remembers a text that no rule maps, to be noted with its order as a sample.
    pub(super) fn see(&mut self, order: &ChannelOrder, shipping: &ShippingResolution) {
        // A second look at an order that was rejected is no second sighting.
        if let ShippingResolution::Unmapped { text } = shipping
            && self.failed_before(&order.id) == 0
        {
            let sighting = Sighting::new(order.store.clone(), text.clone(), order.id.clone(), self.now());
            self.sightings.push(sighting);
        }
    }

    /// Keeps failures in the ledger, so that an order cannot age out of the window unseen.
    pub(super) async fn keep_failures(&mut self, failures: &[OrderFailure]) -> Result<(), StoreError> {
        if !failures.is_empty() && !self.run.control.dry_run {
            self.touched = true;
            self.run.channel.stores.orders.record_failures(&self.run.token, failures).await?;
        }
        if self.sightings.len() >= PAGE {
            self.flush_sightings().await;
        }
        Ok(())
    }

    /// Notes the unmapped texts. Held orders carry them too, so a failure here costs a count and no more.
    pub(super) async fn flush_sightings(&mut self) {
        let seen = std::mem::take(&mut self.sightings);
        if seen.is_empty() || self.run.control.dry_run {
            return;
        }
        let channel = self.run.channel;
        if let Err(error) = channel.stores.mappings.note_unmapped(&channel.connection, &seen).await {
            self.run.warn(format!("unmapped shipping texts could not be noted: {error}"));
        }
    }

    /// Takes note of the members of an order that could not be read: it comes without them.
    pub(super) fn note_left_out(&mut self, order: &Order) {
        let members = order.unreadable().join(" and ");
        if !members.is_empty() {
            self.left_out.add(format!("{members} of order {}", order.order_id));
        }
    }

    /// Says of many orders in one warning each what an operator should know.
    pub(super) fn say_what_was_noted(&mut self) {
        self.run.info.warnings.append(&mut self.window.warnings);
        if let Some(members) = self.left_out.words() {
            self.run.warn(format!("what could not be read was left out of the new orders: {members}"));
        }
        if let Some(orders) = self.empty.words() {
            self.run.warn(format!("new orders with nothing to ship: {orders}"));
        }
        if let Some(orders) = self.twins.found.words() {
            self.run.warn(format!(
                "orders of two stores share number and key, as when a store is connected again: {orders}; compare them before both are shipped"
            ));
        }
        if let Some(orders) = self.unshared.words() {
            self.run.warn(format!(
                "imported orders are merged with or split into ones that were never imported: {orders}; compare them in ShipStation, and ship by hand what the host does not know"
            ));
        }
        if let Some(orders) = self.merged.words() {
            self.run.warn(format!(
                "imported orders were merged in ShipStation and no longer exist there: {orders}; decide by hand what is still to be shipped"
            ));
        }
    }

    /// Whether the run ended before it had read, decided or written anything.
    pub(super) fn nothing_done(&self) -> bool {
        let counts = &self.report.counts;
        !self.touched
            && counts.scanned == counts.not_evaluated
            && self.report.scans.iter().all(|scan| !scan.complete)
    }

    /// Whether nothing failed and everything was read.
    pub(super) fn went_well(&self) -> bool {
        let counts = &self.report.counts;
        let failed = counts.failed_retryable + counts.failed_permanent;
        let users = counts.assign_failed + counts.assign_pending;
        let tags = counts.tag_failed + counts.tag_pending;
        failed + users + tags == 0
            && self.report.scans.iter().all(|scan| scan.complete && scan.unreadable == 0)
    }
}
