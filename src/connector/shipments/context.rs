//! What every step of a run works with, and what it reads of the outbox. Nothing in here changes while the run goes on.

use std::collections::BTreeMap;

use super::{
    Event, Moment, Stop, rows,
    timing::{LookTimes, MAX_UNKNOWN_OUTCOMES},
};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, OutboxId, ShipmentState, SupersedeReason,
        shipping::CarrierRules,
        store::{OrderProgress, OutboxQuery, OutboxRow, ShipmentStore, ShipmentStoreExt},
    },
    connector::{STORE_BATCH, run::Run, settings::ShipmentSettings, store_pages::Bookmark},
};

pub(super) struct Context<'c> {
    pub(super) run: Run<'c>,
    pub(super) carriers: CarrierRules,
}

/// How the steps of a run get at it.
pub(super) type Ctx<'c> = &'c Context<'c>;

impl<'c> Context<'c> {
    pub(super) fn settings(&self) -> &'c ShipmentSettings {
        &self.run.channel.settings.shipments
    }

    /// When what is of unknown outcome is looked for.
    pub(super) fn times(&self) -> LookTimes {
        let &ShipmentSettings { lookup_interval, resend_after, give_up_after, .. } = self.settings();
        LookTimes { lookup_interval, resend_after, give_up_after, max_requests: MAX_UNKNOWN_OUTCOMES }
    }

    /// What happened to a row at these times, as far as this process knows.
    pub(super) fn event(&self, row: &OutboxId, host: Timestamp, server: Option<Timestamp>) -> Event {
        self.run.channel.readings.event(row, host, server, &self.run.moment())
    }

    /// Remembers that this process did something to a row at `moment`.
    pub(super) fn remember(&self, row: &OutboxId, moment: &Moment) {
        self.run.channel.readings.note(row, moment);
    }

    pub(super) fn store(&self) -> (&'c dyn ShipmentStore, &'c ConnectionId) {
        (&*self.run.channel.stores.shipments, &self.run.channel.connection)
    }

    /// The rows that the query takes and that are wanted.
    pub(super) async fn rows<F>(&self, query: &OutboxQuery, is_wanted: F) -> Result<Vec<OutboxRow>, Stop>
    where
        F: Fn(&OutboxRow) -> bool,
    {
        let (store, connection) = self.store();
        let (mut wanted, mut bookmark) = (Vec::new(), Bookmark::at_the_start());
        loop {
            let rows = store.rows(connection, query, bookmark.after(), STORE_BATCH).await?.rows;
            let Some(last) = rows.last() else { return Ok(wanted) };
            bookmark.pass(&last.cursor())?;
            wanted.extend(rows.into_iter().filter(&is_wanted));
        }
    }

    /// What takes the place of a row: the newest revision of its shipment, if that is newer, whatever order it names.
    pub(super) async fn superseded_by_revision(
        &self,
        row: &OutboxRow,
    ) -> Result<Option<ShipmentState>, Stop> {
        let revisions = self.rows(&OutboxQuery::OfShipment(row.shipment.id.clone()), |_| true).await?;
        let reason = |revision| SupersedeReason::NewerRevision { revision };
        Ok(row.newer_revision(&revisions).map(|newest| ShipmentState::Superseded { reason: reason(newest) }))
    }

    pub(super) async fn order_progress(&self, order: &ChannelOrderId) -> Result<OrderProgress, Stop> {
        let (store, connection) = self.store();
        Ok(store.order_progress(connection, order).await?)
    }

    /// Every tracking number that would prove the row: those of the order's rows, corrected ones included, and none if the row
    /// has none. Which of them was sent depends on what the rows said then.
    pub(super) async fn all_tracking(&self, row: &OutboxRow) -> Result<Vec<String>, Stop> {
        let progress = self.order_progress(&row.shipment.order).await?;
        let of_order = progress.rows.iter().filter(|row| !rows::is_of_another_order(row));
        let mut numbers = rows::tracking_numbers(of_order);
        if !numbers.is_empty() && rows::tracking_numbers([row]).is_empty() {
            numbers.push(String::new());
        }
        Ok(numbers)
    }

    pub(super) async fn counts(&self) -> Result<BTreeMap<String, u64>, Stop> {
        let (store, connection) = self.store();
        Ok(store.counts(connection).await?)
    }
}
