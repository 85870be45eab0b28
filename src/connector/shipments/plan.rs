//! What is to be done about the shipments of one order. Pure: it sees all rows of the order and decides.

use std::collections::HashMap;

use super::{
    lines::{self, LineAccount},
    parcel::{Parcel, carrier_code},
    rows::{current, is_conveyed, is_of_another_order, is_open_ended, newest_revisions, tracking_numbers},
    timing::FEWEST_ATTEMPTS,
    tracking,
};
use crate::{
    Timestamp,
    channel::{
        BlockReason, FailReason, OutboxId, Package, ShipmentState, SupersedeReason,
        shipping::CarrierRules,
        store::{ImportRecord, OrderProgress, OutboxRow, ShipmentRecord},
    },
    client::OrderId,
    connector::settings::{PartialPolicy, PrimaryTracking, ShipmentSettings},
};

/// What decisions are made with.
pub(super) struct Planner<'a> {
    pub(super) settings: &'a ShipmentSettings,
    pub(super) carriers: &'a CarrierRules,
    pub(super) now: Timestamp,
    /// The present by the clock that is behind, the host's or ShipStation's.
    pub(super) at_least: Timestamp,
}

/// What is to be done about one order.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Rows whose state changes without anything being sent.
    pub(super) records: Vec<ShipmentRecord>,
    /// Rows that wait for another row of the order, and why.
    pub(super) waits: Vec<(OutboxId, &'static str)>,
    /// Rows that are closed although nobody is told of their tracking numbers.
    pub(super) not_told: Vec<OutboxRow>,
    /// The tracking numbers that are known to have been dealt with.
    pub(super) told: Vec<String>,
    /// What an operator should know although nothing failed.
    pub(super) warnings: Vec<String>,
    /// What is to be sent.
    pub(super) parcel: Option<Parcel>,
}

/// What a row by itself asks for, before its order is looked at.
enum Alone {
    Close(ShipmentState),
    Wait(&'static str),
    Open,
}

impl Planner<'_> {
    pub(super) fn plan(
        &self,
        order: Option<OrderId>,
        record: Option<&ImportRecord>,
        progress: &OrderProgress,
    ) -> Plan {
        let mut plan = Plan::default();
        let newest = newest_revisions(&progress.rows);
        let mut open: Vec<&OutboxRow> = Vec::new();
        for row in &progress.rows {
            if row.state.is_closed() || is_open_ended(row) || is_conveyed(row) {
                continue;
            }
            match self.alone(row, &newest, progress, order) {
                Alone::Close(state) => plan.records.push(self.record(row, state)),
                Alone::Wait(why) => plan.waits.push((row.id(), why)),
                Alone::Open if is_of_another_order(row) => {}
                Alone::Open => open.push(row),
            }
        }
        let due: Vec<&OutboxRow> = open.iter().copied().filter(|row| row.state.is_due(self.now)).collect();
        let (Some(order), false) = (order, due.is_empty()) else { return plan };
        if let Some(conveyed) = progress.rows.iter().find(|row| is_conveyed(row)) {
            self.supersede(&mut plan, conveyed, &open);
        } else if let Some(row) = progress.rows.iter().find(|row| is_open_ended(row)) {
            let why = if row.state.is_in_flight() {
                "another shipment of the order is under way"
            } else {
                "whether another shipment of the order was sent is not known, and a person has to release that one first"
            };
            wait(&mut plan, &due, why);
        } else if open.iter().any(|row| self.is_postponed(row)) {
            wait(&mut plan, &due, "an earlier attempt for the order is to be repeated first");
        } else {
            self.plan_open(&mut plan, order, record, progress, &open, &due);
        }
        plan
    }

    fn is_postponed(&self, row: &OutboxRow) -> bool {
        matches!(row.state, ShipmentState::RetryWait { .. }) && !row.state.is_due(self.now)
    }

    /// The order is marked as shipped: ShipStation has no room for anything further.
    fn supersede(&self, plan: &mut Plan, conveyed: &OutboxRow, open: &[&OutboxRow]) {
        let state = spoken_for(self.settings.partial, conveyed);
        plan.records.extend(open.iter().map(|row| self.record(row, state.clone())));
        plan.not_told = open.iter().map(|row| (*row).clone()).collect();
        plan.told = tracking_numbers([conveyed]);
    }

    /// What closes a row, or makes it wait, whatever the rest of its order does.
    fn alone(
        &self,
        row: &OutboxRow,
        newest: &HashMap<&str, u32>,
        progress: &OrderProgress,
        order: Option<OrderId>,
    ) -> Alone {
        let shipment = &row.shipment;
        let newest = newest.get(shipment.id.as_str()).copied().unwrap_or(shipment.revision);
        if order.is_none() {
            return Alone::Close(failed(FailReason::InvalidOrderId));
        }
        if shipment.revision < newest {
            let reason = SupersedeReason::NewerRevision { revision: newest };
            return Alone::Close(ShipmentState::Superseded { reason });
        }
        let mut earlier =
            progress.rows.iter().filter(|other| other.shipment.id == shipment.id && other.id() != row.id());
        if earlier.clone().any(is_conveyed) {
            return Alone::Close(failed(FailReason::AmendmentNotSupported));
        }
        if earlier.any(is_open_ended) {
            // Closing this one now would lose the shipment if the earlier revision turns out not to have been sent.
            return Alone::Wait("whether its earlier revision was sent is not known yet");
        }
        if shipment.voided {
            return Alone::Close(ShipmentState::Cancelled);
        }
        if let Some(why) = &shipment.suppressed {
            return Alone::Close(ShipmentState::Suppressed { why: why.clone() });
        }
        self.gave_up(row).map_or(Alone::Open, Alone::Close)
    }

    fn gave_up(&self, row: &OutboxRow) -> Option<ShipmentState> {
        let after = self.at_least.since(row.enqueued_at);
        let over = row.attempts >= FEWEST_ATTEMPTS
            && after >= self.settings.give_up_after
            && matches!(row.state, ShipmentState::RetryWait { .. } | ShipmentState::Pending);
        over.then(|| {
            let last_error = row.last_error.clone().unwrap_or_else(|| "no answer".to_owned());
            failed(FailReason::GaveUp { after, last_error })
        })
    }

    fn plan_open(
        &self,
        plan: &mut Plan,
        order: OrderId,
        record: Option<&ImportRecord>,
        progress: &OrderProgress,
        open: &[&OutboxRow],
        due: &[&OutboxRow],
    ) {
        let account = self.account(plan, record, progress);
        let fits = |row: &&&OutboxRow| !account.unfit.contains_key(&row.id());
        let (open, due): (Vec<_>, Vec<_>) =
            (open.iter().filter(fits).copied().collect(), due.iter().filter(fits).copied().collect());
        if !self.counts_as_complete(&account, progress) && !self.is_time(&open) {
            let state = ShipmentState::Waiting { missing: account.missing };
            plan.records.extend(due.iter().map(|row| self.record(row, state.clone())));
            return;
        }
        let senders: Vec<&OutboxRow> = match self.settings.partial {
            PartialPolicy::ShipOnFirst => due.clone(),
            PartialPolicy::HoldUntilComplete { .. } => due.last().copied().into_iter().collect(),
        };
        for sender in senders {
            let reason = match self.parcel(order, record, sender, &open, progress) {
                Ok(parcel) => {
                    plan.parcel = Some(parcel);
                    return;
                }
                Err(reason) => reason,
            };
            let state = ShipmentState::Blocked { reason };
            match self.settings.partial {
                PartialPolicy::ShipOnFirst => plan.records.push(self.record(sender, state)),
                PartialPolicy::HoldUntilComplete { .. } => {
                    plan.records.extend(due.iter().map(|row| self.record(row, state.clone())));
                }
            }
        }
    }

    /// Compares the lines of the shipments with the order as it was imported. Rows that do not fit it are blocked.
    fn account(
        &self,
        plan: &mut Plan,
        record: Option<&ImportRecord>,
        progress: &OrderProgress,
    ) -> LineAccount {
        let Some(record) = record else { return LineAccount::default() };
        let current = current(&progress.rows);
        let account = lines::account(record, &current, &progress.cancelled);
        let is_due = |row: &&&OutboxRow| row.state.is_due(self.now);
        for row in current.iter().filter(is_due) {
            if let Some(shipped) = account.unfit.get(&row.id()) {
                let (shipped, ordered) = (shipped.clone(), record.lines.clone());
                let state = ShipmentState::Blocked { reason: BlockReason::UnknownLines { shipped, ordered } };
                plan.records.push(self.record(row, state));
            }
            let renamed = account.renamed.iter().filter(|(id, _, _)| *id == row.id());
            if row.state == ShipmentState::Pending {
                plan.warnings.extend(renamed.map(|(id, given, line)| {
                    format!(
                        "shipment {id} names {given:?}, which is taken for line {line} of order {}",
                        record.order
                    )
                }));
            }
        }
        account
    }

    /// Whether nothing of the order is waited for.
    fn counts_as_complete(&self, account: &LineAccount, progress: &OrderProgress) -> bool {
        account.missing.is_empty()
            || self.settings.partial == PartialPolicy::ShipOnFirst
            || current(&progress.rows).iter().any(|row| row.shipment.lines.is_empty())
    }

    /// Whether the order has been held for long enough.
    fn is_time(&self, open: &[&OutboxRow]) -> bool {
        let PartialPolicy::HoldUntilComplete { max_hold: Some(most) } = self.settings.partial else {
            return false;
        };
        open.iter().any(|row| self.at_least.since(row.shipment.shipped_at) >= most)
    }

    fn parcel(
        &self,
        order: OrderId,
        record: Option<&ImportRecord>,
        sender: &OutboxRow,
        open: &[&OutboxRow],
        progress: &OrderProgress,
    ) -> Result<Parcel, BlockReason> {
        let (speaker, package) = self.primary(sender, open);
        if let ShipmentState::Blocked { reason: reason @ BlockReason::Refused { .. } } = &speaker.state {
            return Err(reason.clone());
        }
        let tracking = package.and_then(tracking);
        if tracking.is_none() && self.settings.require_tracking {
            return Err(BlockReason::NoTracking);
        }
        let shipment = &speaker.shipment;
        let carrier_code = carrier_code(self.carriers, self.settings, shipment)?;
        if let ShipmentState::Blocked { reason: reason @ BlockReason::RefusedCarrier { code, .. } } =
            &speaker.state
            && *code == carrier_code
        {
            return Err(reason.clone());
        }
        Ok(Parcel {
            row: sender.clone(),
            order,
            carrier_code,
            tracking,
            shipped_at: shipment.shipped_at,
            order_created_at: None,
            speaks_for: open.iter().filter(|row| row.id() != sender.id()).map(|row| (*row).clone()).collect(),
            all_tracking: tracking_numbers(current(&progress.rows)),
            imported_from: record.and_then(|record| record.store.as_ref()).map(ToString::to_string),
            imported_number: record.map(|record| record.number.clone()),
            is_uncounted: record.is_none()
                && !sender.shipment.lines.is_empty()
                && self.settings.partial != PartialPolicy::ShipOnFirst,
        })
    }

    /// The parcel whose tracking number the order will carry, over all its shipments.
    fn primary<'r>(
        &self,
        sender: &'r OutboxRow,
        open: &[&'r OutboxRow],
    ) -> (&'r OutboxRow, Option<&'r Package>) {
        let rows = match self.settings.partial {
            PartialPolicy::ShipOnFirst => std::slice::from_ref(&sender).to_vec(),
            PartialPolicy::HoldUntilComplete { .. } => open.to_vec(),
        };
        let mut packages: Vec<(&OutboxRow, &Package)> = rows
            .iter()
            .flat_map(|row| row.shipment.packages.iter().map(|package| (*row, package)))
            .filter(|(_, package)| tracking(package).is_some())
            .collect();
        match self.settings.primary_tracking {
            PrimaryTracking::FirstPackage => {}
            PrimaryTracking::Last => packages.reverse(),
            PrimaryTracking::MostItems => {
                packages.sort_by_key(|(_, package)| std::cmp::Reverse(package.quantity.unwrap_or(0)));
            }
        }
        packages.first().map_or((sender, None), |(row, package)| (*row, Some(*package)))
    }

    fn record(&self, row: &OutboxRow, state: ShipmentState) -> ShipmentRecord {
        ShipmentRecord::new(row.id(), state, self.now)
    }
}

fn failed(reason: FailReason) -> ShipmentState {
    ShipmentState::Failed { reason }
}

/// The end of a shipment whose order is marked shipped with another one.
pub(super) fn spoken_for(partial: PartialPolicy, by: &OutboxRow) -> ShipmentState {
    let reason = match partial {
        PartialPolicy::ShipOnFirst => SupersedeReason::AlreadyMarkedShipped,
        PartialPolicy::HoldUntilComplete { .. } => {
            SupersedeReason::ConveyedWith { shipment: by.shipment.id.clone() }
        }
    };
    ShipmentState::Superseded { reason }
}

fn wait(plan: &mut Plan, rows: &[&OutboxRow], why: &'static str) {
    plan.waits.extend(rows.iter().map(|row| (row.id(), why)));
}

/// The tracking number of a package, if it has one.
fn tracking(package: &Package) -> Option<String> {
    tracking::number(package.tracking.as_deref()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{LineQuantity, Lineage, RunId, Shipment};

    fn lines(quantities: &[(&str, i64)]) -> Vec<LineQuantity> {
        let line =
            |(line, quantity): &(&str, i64)| LineQuantity { line: (*line).into(), quantity: *quantity };
        quantities.iter().map(line).collect()
    }

    fn imported(quantities: &[(&str, i64)]) -> ImportRecord {
        ImportRecord {
            order: "7".into(),
            number: "1001".to_owned(),
            store: None,
            host_order: None,
            imported_at: Timestamp::UNIX_EPOCH,
            run: RunId::new("run"),
            modified_at: None,
            holds: Vec::new(),
            lines: lines(quantities),
            line_names: Vec::new(),
            lineage: Lineage::default(),
            fingerprint: None,
        }
    }

    fn shipped(quantities: &[(&str, i64)]) -> OrderProgress {
        let shipment = Shipment::new("A", "7", Timestamp::UNIX_EPOCH, "UPS", "1Z").lines(lines(quantities));
        OrderProgress::new(vec![OutboxRow::new(shipment, Timestamp::UNIX_EPOCH)])
    }

    fn state_of(record: &ImportRecord, progress: &OrderProgress) -> Option<ShipmentState> {
        let (settings, carriers) = (ShipmentSettings::default(), CarrierRules::default());
        let now = Timestamp::UNIX_EPOCH;
        let planner = Planner { settings: &settings, carriers: &carriers, now, at_least: now };
        let plan = planner.plan(Some(OrderId::new(7)), Some(record), progress);
        plan.records.first().map(|record| record.state.clone())
    }

    #[test]
    fn quantities_that_will_never_ship_do_not_keep_an_order_waiting() {
        let record = imported(&[("a", 2), ("b", 3)]);
        let mut progress = shipped(&[("a", 2), ("b", 1)]);
        let missing = lines(&[("b", 2)]);
        assert_eq!(state_of(&record, &progress), Some(ShipmentState::Waiting { missing }));
        progress.cancelled = lines(&[("b", 2)]);
        let blocked = state_of(&record, &progress);
        assert!(matches!(blocked, Some(ShipmentState::Blocked { .. })), "complete, but for its carrier");
    }
}
