//! Sync shipments: recover, plan, preflight, send, confirm. This file strings the steps together and keeps the
//! account of what became of every row.

mod confirm;
mod evidence;
mod lines;
mod open_orders;
mod parcel;
mod plan;
mod preflight;
mod pull;
mod readings;
mod recover;
mod rows;
mod send;
mod tally;
mod timing;
mod tracking;

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

pub(super) use self::readings::Readings;
use self::{
    parcel::{Parcel, carrier_code},
    plan::{Plan, Planner},
    preflight::Survivors,
    send::MOST_FAILURES,
    tally::Entry,
    timing::{Event, FRESH, Moment},
};
use super::{
    PAGE, ShipStationChannel,
    run::{Run, Stop},
    settings::ShipmentSettings,
    store_pages::Bookmark,
    trace, translate,
};
use crate::{
    Timestamp,
    channel::{
        BlockReason, ChannelError, ChannelOrderId, Finding, Operation, OutboxId, Refusal, RunEvent,
        RunStatus, ShipmentState, SyncReport, SyncShipments,
        shipping::CarrierRules,
        store::{ImportRecord, OutboxRow, ShipmentRecord},
    },
    client::Lane,
};

/// Rows that are planned and looked at together: the more, the fewer times open orders are listed.
const CHUNK: usize = 1_000;

impl ShipStationChannel {
    pub(super) async fn send_shipments(&self, request: SyncShipments) -> Result<SyncReport, ChannelError> {
        let operation = Operation::SyncShipments;
        let carriers =
            self.carrier_rules().await.map_err(|refusal| trace::not_started(operation, refusal))?;
        let mut run = Run::begin(self, operation, Lane::Tracking, request.control).await?;
        run.info.settings = describe(&self.settings.shipments);
        let mut sync = Sync::new(run, carriers);
        let stop = sync.everything().await.err();
        sync.finish(stop).await
    }

    async fn carrier_rules(&self) -> Result<CarrierRules, Refusal> {
        let table = self.stores.mappings.carrier_rules(&self.connection).await?;
        CarrierRules::compile(&table.rows).map_err(|errors| {
            let remedy = "change one of the rules; nothing is sent until they agree";
            let finding = Finding::error("carrier_rules", "carrier rules", errors.to_string(), remedy);
            Refusal::Config { findings: vec![finding] }
        })
    }
}

fn describe(settings: &ShipmentSettings) -> BTreeMap<&'static str, String> {
    let mut shown = BTreeMap::from([
        ("notify_sales_channel", settings.notify_sales_channel.to_string()),
        ("notify_customer", settings.notify_customer.to_string()),
        ("partial", format!("{:?}", settings.partial)),
        ("primary_tracking", settings.primary_tracking.to_string()),
        ("preflight", settings.preflight.to_string()),
        ("confirm", settings.confirm.to_string()),
        ("require_tracking", settings.require_tracking.to_string()),
    ]);
    shown.extend(settings.unmapped_carrier.as_ref().map(|code| ("unmapped_carrier", code.clone())));
    shown
}

/// A synchronisation under way.
#[derive(Debug)]
struct Sync<'c> {
    run: Run<'c>,
    carriers: CarrierRules,
    report: SyncReport,
    account: BTreeMap<OutboxId, Entry>,
    /// Orders that were merged away, with their survivors; read once, when the first one is missed.
    survivors: Option<Survivors>,
    /// Orders that the run has decided about. Their rows may come up again on a later page of what is due.
    planned: HashSet<ChannelOrderId>,
    /// Rows that could not be looked for; not tried again in this run.
    not_seen: HashSet<OutboxId>,
    /// Sends that failed in a row without an answer.
    failures_in_a_row: u32,
    /// Orders in a row that could not be looked at.
    unread_in_a_row: u32,
    did_something: bool,
    /// Whether something was to be read and could not be, which a warning says.
    not_all_read: bool,
    warned_of_clock: bool,
}

impl<'c> Sync<'c> {
    fn new(run: Run<'c>, carriers: CarrierRules) -> Self {
        let report = SyncReport::new(run.info.clone());
        Self {
            run,
            carriers,
            report,
            account: BTreeMap::new(),
            survivors: None,
            planned: HashSet::new(),
            not_seen: HashSet::new(),
            failures_in_a_row: 0,
            unread_in_a_row: 0,
            did_something: false,
            not_all_read: false,
            warned_of_clock: false,
        }
    }

    fn settings(&self) -> &'c ShipmentSettings {
        &self.run.channel.settings.shipments
    }

    /// How long the row waits after another failed attempt.
    fn backoff(&self, row: &OutboxRow) -> Duration {
        let share = self.run.client.draw(fastrand::Rng::f64);
        timing::backoff(self.settings().backoff, row.attempts, share)
    }

    /// The present moment, by every clock at hand.
    fn moment(&self) -> Moment {
        let client = &self.run.client;
        let (server, monotonic) = (client.server_time(), client.clock().monotonic());
        Moment { host: self.run.now(), server, monotonic }
    }

    /// What happened to a row at these times, as far as this process knows.
    fn event(&self, row: &OutboxId, host: Timestamp, server: Option<Timestamp>) -> Event {
        self.run.channel.readings.event(row, host, server, &self.moment())
    }

    /// A time in a row lies so far ahead that no wait explains it.
    fn warn_of_clock(&mut self, row: &OutboxId) {
        if !std::mem::replace(&mut self.warned_of_clock, true) {
            self.run.warn(format!(
                "the host's clock was wrong when shipment {row} was last tried: its wait ends too far ahead, and is taken as over"
            ));
        }
    }

    /// The rows that ShipStation may have been told of and that `are_wanted`.
    async fn unfinished(&self, are_wanted: impl Fn(&OutboxRow) -> bool) -> Result<Vec<OutboxRow>, Stop> {
        let channel = self.run.channel;
        let (mut wanted, mut bookmark) = (Vec::new(), Bookmark::at_the_start());
        loop {
            let rows =
                channel.stores.shipments.unfinished(&channel.connection, bookmark.after(), PAGE).await?;
            let Some(last) = rows.last() else { return Ok(wanted) };
            bookmark.pass(&last.cursor())?;
            wanted.extend(rows.into_iter().filter(&are_wanted));
        }
    }

    /// The steps of a run, in their order. Every step reads what it needs from the store, so that a run that
    /// finds another one's remains simply goes on.
    async fn everything(&mut self) -> Result<(), Stop> {
        self.pull().await?;
        self.release_mapped().await?;
        self.recover().await?;
        self.send_due().await?;
        self.look_for_unknown().await?;
        self.confirm().await?;
        self.count_the_rest().await
    }

    /// Rows that were blocked on a carrier which a rule names by now are due again.
    async fn release_mapped(&mut self) -> Result<(), Stop> {
        if self.run.control.dry_run || !self.outbox_counts().await?.contains_key("blocked") {
            return Ok(());
        }
        let channel = self.run.channel;
        let store = &channel.stores.shipments;
        let mut released = 0;
        for rule in self.carriers.rules() {
            released += store.unblock(&channel.connection, &rule.carrier).await?;
        }
        if !self.settings().require_tracking {
            released += store.unblock(&channel.connection, "no_tracking").await?;
        }
        self.did_something |= released > 0;
        self.release_corrected().await
    }

    /// Rows that ShipStation refused for a carrier code are due again once the rules give another one.
    async fn release_corrected(&mut self) -> Result<(), Stop> {
        let channel = self.run.channel;
        let (mut records, mut bookmark) = (Vec::new(), Bookmark::at_the_start());
        loop {
            let rows = channel.stores.shipments.blocked(&channel.connection, bookmark.after(), PAGE).await?;
            let Some(last) = rows.last() else { break };
            bookmark.pass(&last.cursor())?;
            let corrected = rows.iter().filter(|row| self.has_another_code(row));
            records.extend(
                corrected.map(|row| ShipmentRecord::new(row.id(), ShipmentState::Pending, self.run.now())),
            );
        }
        self.step(records).await
    }

    fn has_another_code(&self, row: &OutboxRow) -> bool {
        let ShipmentState::Blocked { reason: BlockReason::RefusedCarrier { code, .. } } = &row.state else {
            return false;
        };
        carrier_code(&self.carriers, self.settings(), &row.shipment).is_ok_and(|other| other != *code)
    }

    /// Rows that stay blocked on a person's act, or wait for another attempt, are in every report, although nothing was
    /// done about them.
    async fn count_the_rest(&mut self) -> Result<(), Stop> {
        let counts = self.outbox_counts().await?;
        self.report.counts.still_blocked = self.not_in_account(&counts, "blocked");
        self.report.counts.still_retry_waiting = self.not_in_account(&counts, "retry_wait");
        Ok(())
    }

    /// How many rows of the outbox are in each state.
    async fn outbox_counts(&self) -> Result<BTreeMap<String, u64>, Stop> {
        let channel = self.run.channel;
        Ok(channel.stores.shipments.counts(&channel.connection).await?)
    }

    async fn send_due(&mut self) -> Result<(), Stop> {
        let channel = self.run.channel;
        let due_at = self.run.now();
        let mut bookmark = Bookmark::at_the_start();
        loop {
            self.run.checkpoint().await?;
            let rows =
                channel.stores.shipments.due(&channel.connection, due_at, bookmark.after(), CHUNK).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            bookmark.pass(&last.cursor())?;
            let planned_at = self.moment();
            let parcels = self.plan(&rows).await?;
            let mut open = self.open_orders(&parcels).await?;
            for parcel in parcels {
                self.run.checkpoint().await?;
                let parcel = if self.moment().since(&planned_at) < FRESH {
                    Some(parcel)
                } else {
                    self.plan_again(&parcel).await?
                };
                if let Some(mut parcel) = parcel
                    && self.clear(&mut parcel, &mut open).await?
                {
                    self.send(parcel).await?;
                }
            }
        }
    }

    /// Decides about every row of the chunk; what is left is to be sent.
    async fn plan(&mut self, rows: &[OutboxRow]) -> Result<Vec<Parcel>, Stop> {
        let mut orders: Vec<ChannelOrderId> = Vec::new();
        for row in rows {
            self.look_at(row);
            if matches!(row.state, ShipmentState::RetryWait { until, .. } if until > self.run.now()) {
                self.warn_of_clock(&row.id());
            }
            if self.planned.insert(row.shipment.order.clone()) {
                orders.push(row.shipment.order.clone());
            }
        }
        let mut parcels = Vec::new();
        for orders in orders.chunks(PAGE) {
            parcels.extend(self.plan_orders(orders).await?);
        }
        Ok(parcels)
    }

    /// The host may have corrected or voided a shipment while it waited for its turn.
    async fn plan_again(&mut self, parcel: &Parcel) -> Result<Option<Parcel>, Stop> {
        let order = std::slice::from_ref(&parcel.row.shipment.order);
        Ok(self.plan_orders(order).await?.pop())
    }

    async fn plan_orders(&mut self, orders: &[ChannelOrderId]) -> Result<Vec<Parcel>, Stop> {
        let channel = self.run.channel;
        let records = channel.stores.orders.known(&channel.connection, orders).await?;
        let mut parcels = Vec::new();
        for order in orders {
            let plan = self.plan_order(order, records.get(order)).await?;
            self.note_not_conveyed(&plan.not_told, &plan.told);
            plan.warnings.into_iter().for_each(|warning| self.run.warn(warning));
            for (row, why) in plan.waits {
                self.decide(&row, Some(why.to_owned()));
            }
            self.step(plan.records).await?;
            parcels.extend(plan.parcel);
        }
        Ok(parcels)
    }

    async fn plan_order(
        &mut self,
        order: &ChannelOrderId,
        record: Option<&ImportRecord>,
    ) -> Result<Plan, Stop> {
        let channel = self.run.channel;
        let moment = self.moment();
        let (now, at_least) = (moment.host, moment.host.min(moment.server_or_host()));
        let progress = channel.stores.shipments.order_progress(&channel.connection, order).await?;
        let planner = Planner { settings: self.settings(), carriers: &self.carriers, now, at_least };
        let plan = planner.plan(translate::wire_order_id(order), record, &progress);
        // Rows of a later page are planned with their order now, and so are rows that are not due by themselves.
        let touched = |row: &&OutboxRow| {
            let id = row.id();
            row.state.is_due(now) || plan.records.iter().any(|record| record.id == id)
        };
        progress.rows.iter().filter(touched).for_each(|row| self.look_at(row));
        Ok(plan)
    }

    /// Records steps, in the store and in the account.
    async fn step(&mut self, records: Vec<ShipmentRecord>) -> Result<(), Stop> {
        if !self.run.control.dry_run && !records.is_empty() {
            self.run.channel.stores.shipments.record(&self.run.token, &records).await?;
            self.did_something = true;
        }
        for record in records {
            self.run
                .event(&RunEvent::ItemDone { id: record.id.shipment.as_str(), outcome: record.state.name() });
            if let Some(entry) = self.account.get_mut(&record.id) {
                entry.state = record.state;
                entry.decided = true;
                entry.note = record.error;
            }
        }
        Ok(())
    }

    async fn finish(mut self, stop: Option<Stop>) -> Result<SyncReport, ChannelError> {
        let stop = match stop {
            Some(stop @ (Stop::Remote(_) | Stop::Store(_))) if !self.did_something => {
                return Err(self.run.refuse(Operation::SyncShipments, stop).await);
            }
            stop => stop,
        };
        self.tally();
        let status = match stop {
            Some(stop) => stop.status(),
            None if self.not_all_read || self.has_errors() => RunStatus::CompletedWithErrors,
            None => RunStatus::Succeeded,
        };
        let mut report = self.report;
        let headline = report.headline();
        report.run = self.run.finish(status, headline).await;
        Ok(report)
    }
}
