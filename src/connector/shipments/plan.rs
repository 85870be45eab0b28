//! What is to be done about the shipments of one order. Pure: it sees all rows of the order and decides.

use std::cmp::Reverse;

use super::{
    Decision, Moment, Parcel,
    decision::superseded_by,
    lines::{self, LineAccount},
    parcel::carrier_code,
    rows, timing,
};
use crate::{
    channel::{
        BlockReason, FailReason, Package, ShipmentState, SupersedeReason,
        shipping::CarrierRules,
        store::{ImportRecord, OrderProgress, OutboxRow},
    },
    client::OrderId,
    connector::{
        settings::{PartialPolicy, PrimaryTracking, ShipmentSettings},
        tracking,
    },
};

/// One order, and what decisions about it are made with.
pub(super) struct Planner<'a> {
    pub(super) settings: &'a ShipmentSettings,
    pub(super) carriers: &'a CarrierRules,
    pub(super) now: Moment,
    /// The order as it was imported, if it was.
    pub(super) import: Option<&'a ImportRecord>,
    pub(super) progress: &'a OrderProgress,
}

/// What a row by itself asks for, before its order is looked at.
enum RowDecision {
    Close(ShipmentState),
    Wait(&'static str),
    Open,
}

impl<'a> Planner<'a> {
    /// What becomes of rows without anything being sent, and what is to be sent.
    pub(super) fn plan(&self, order: Option<OrderId>) -> (Decision, Option<Parcel>) {
        let mut decision = Decision::default();
        let all = &self.progress.rows;
        let mut open: Vec<&OutboxRow> = Vec::new();
        for row in all {
            if row.state.is_closed() || row.state.is_outcome_unknown() || row.state.is_reported() {
                continue;
            }
            match self.decide_alone(row, order) {
                RowDecision::Close(state) => decision.step(row, state),
                RowDecision::Wait(why) => decision.note(row, why),
                RowDecision::Open if rows::is_of_another_order(row) => {}
                RowDecision::Open => open.push(row),
            }
        }
        let due: Vec<&OutboxRow> =
            open.iter().copied().filter(|row| row.state.is_due(self.now.host.wall)).collect();
        let (Some(order), false) = (order, due.is_empty()) else { return (decision, None) };
        if let Some(reported) = all.iter().find(|row| row.state.is_reported()) {
            // ShipStation has no room for anything further.
            decision.step_all(open.iter().copied(), &superseded_by(self.settings.partial, reported));
            decision.list_unreported(open, &rows::tracking_numbers([reported]));
            return (decision, None);
        }
        if let Some(why) = self.why_wait(&open) {
            for row in due {
                decision.note(row, why);
            }
            return (decision, None);
        }
        let parcel = self.plan_open(&mut decision, order, open, due);
        (decision, parcel)
    }

    /// Another row of the order that has to be settled first.
    fn why_wait(&self, open: &[&OutboxRow]) -> Option<&'static str> {
        let is_postponed = |row: &&OutboxRow| {
            matches!(row.state, ShipmentState::RetryWait { .. }) && !row.state.is_due(self.now.host.wall)
        };
        match self.progress.rows.iter().find(|row| row.state.is_outcome_unknown()) {
            Some(row) if row.state.is_in_flight() => Some("another shipment of the order is under way"),
            Some(_) => Some(
                "whether another shipment of the order was sent is not known, and a person has to release that one first",
            ),
            None if open.iter().any(is_postponed) => {
                Some("an earlier attempt for the order is to be repeated first")
            }
            None => None,
        }
    }

    /// What closes a row, or makes it wait, whatever the rest of its order does.
    fn decide_alone(&self, row: &OutboxRow, order: Option<OrderId>) -> RowDecision {
        let (shipment, all) = (&row.shipment, &self.progress.rows);
        let revision = rows::newest_revision(all, &shipment.id);
        let mut earlier =
            all.iter().filter(|other| other.shipment.id == shipment.id && other.id() != row.id());
        let state = if order.is_none() {
            failed(FailReason::InvalidOrderId)
        } else if shipment.revision < revision {
            ShipmentState::Superseded { reason: SupersedeReason::NewerRevision { revision } }
        } else if earlier.clone().any(|row| row.state.is_reported()) {
            failed(FailReason::AmendmentNotSupported)
        } else if earlier.any(|row| row.state.is_outcome_unknown()) {
            // Closing this one now would lose the shipment if the earlier revision turns out not to have been sent.
            return RowDecision::Wait("whether its earlier revision was sent is not known yet");
        } else if shipment.voided {
            ShipmentState::Cancelled
        } else if let Some(why) = &shipment.suppressed {
            ShipmentState::Suppressed { why: why.clone() }
        } else if matches!(row.state, ShipmentState::RetryWait { .. } | ShipmentState::Pending)
            && let Some(after) = timing::tried_in_vain(self.settings, row, &self.now)
        {
            let last_error = row.last_error.clone().unwrap_or_else(|| "no answer".to_owned());
            failed(FailReason::GaveUp { after, last_error })
        } else {
            return RowDecision::Open;
        };
        RowDecision::Close(state)
    }

    fn plan_open(
        &self,
        decision: &mut Decision,
        order: OrderId,
        mut open: Vec<&'a OutboxRow>,
        mut due: Vec<&'a OutboxRow>,
    ) -> Option<Parcel> {
        let account = self.account(decision);
        open.retain(|row| !account.unfit.contains_key(&row.id()));
        due.retain(|row| !account.unfit.contains_key(&row.id()));
        if !self.counts_as_complete(&account) && !self.is_held_for_long(&open) {
            decision.step_all(due, &ShipmentState::Waiting { missing: account.missing });
            return None;
        }
        if let PartialPolicy::ShipOnFirst = self.settings.partial {
            for row in due {
                match self.parcel(order, row, &open) {
                    Ok(parcel) => return Some(parcel),
                    Err(reason) => decision.step(row, ShipmentState::Blocked { reason }),
                }
            }
            return None;
        }
        match self.parcel(order, due.last()?, &open) {
            Ok(parcel) => Some(parcel),
            Err(reason) => {
                decision.step_all(due, &ShipmentState::Blocked { reason });
                None
            }
        }
    }

    /// Compares the lines of the shipments with the order as it was imported. Rows that do not fit it are blocked.
    fn account(&self, decision: &mut Decision) -> LineAccount {
        let Some(import) = self.import else { return LineAccount::default() };
        let current = rows::current(&self.progress.rows);
        let account = lines::account(import, &current, &self.progress.cancelled);
        for row in current.into_iter().filter(|row| row.state.is_due(self.now.host.wall)) {
            if let Some(shipped) = account.unfit.get(&row.id()) {
                let (shipped, ordered) = (shipped.clone(), import.lines.clone());
                let reason = BlockReason::UnknownLines { shipped, ordered };
                decision.step(row, ShipmentState::Blocked { reason });
            }
            if row.state == ShipmentState::Pending {
                let renamed = account.renamed.iter().filter(|(id, _, _)| *id == row.id());
                decision.warnings.extend(renamed.map(|(id, given, line)| {
                    let order = &import.order;
                    format!("shipment {id} names {given:?}, which is taken for line {line} of order {order}")
                }));
            }
        }
        account
    }

    /// Whether nothing of the order is waited for.
    fn counts_as_complete(&self, account: &LineAccount) -> bool {
        account.missing.is_empty()
            || self.settings.partial == PartialPolicy::ShipOnFirst
            || rows::current(&self.progress.rows).iter().any(|row| row.shipment.lines.is_empty())
    }

    fn is_held_for_long(&self, open: &[&OutboxRow]) -> bool {
        let PartialPolicy::HoldUntilComplete { max_hold: Some(most) } = self.settings.partial else {
            return false;
        };
        // By the clock that is behind.
        let at_least = self.now.host.wall.min(self.now.server_or_host());
        open.iter().any(|row| at_least.since(row.shipment.shipped_at) >= most)
    }

    /// What is sent with this row, or what a person must change first.
    fn parcel(&self, order: OrderId, sender: &OutboxRow, open: &[&OutboxRow]) -> Result<Parcel, BlockReason> {
        let (primary, package) = self.primary(sender, open);
        let refusal = match &primary.state {
            ShipmentState::Blocked { reason } => Some(reason),
            _ => None,
        };
        if let Some(reason @ BlockReason::Refused { .. }) = refusal {
            return Err(reason.clone());
        }
        let tracking = package.and_then(tracking);
        if tracking.is_none() && self.settings.require_tracking {
            return Err(BlockReason::NoTracking);
        }
        let carrier_code = carrier_code(self.carriers, self.settings, &primary.shipment)?;
        if let Some(reason @ BlockReason::RefusedCarrier { code, .. }) = refusal
            && *code == carrier_code
        {
            return Err(reason.clone());
        }
        Ok(Parcel {
            row: sender.clone(),
            order,
            carrier_code,
            tracking,
            shipped_at: primary.shipment.shipped_at,
            covers: open.iter().filter(|row| row.id() != sender.id()).map(|row| (*row).clone()).collect(),
            all_tracking: rows::tracking_numbers(rows::current(&self.progress.rows)),
            imported_from: self.import.and_then(|import| import.store.as_ref()).map(ToString::to_string),
            imported_number: self.import.map(|import| import.number.clone()),
            is_uncounted: self.import.is_none()
                && !sender.shipment.lines.is_empty()
                && self.settings.partial != PartialPolicy::ShipOnFirst,
            was_tried: self.progress.rows.iter().any(|row| row.attempts > 0),
            may_be_ours: rows::unknown_outcomes(&self.progress.rows) > 0,
        })
    }

    /// The parcel whose tracking number the order will carry, over all its shipments.
    fn primary<'r>(
        &self,
        sender: &'r OutboxRow,
        open: &[&'r OutboxRow],
    ) -> (&'r OutboxRow, Option<&'r Package>) {
        let rows = match self.settings.partial {
            PartialPolicy::ShipOnFirst => &[sender],
            PartialPolicy::HoldUntilComplete { .. } => open,
        };
        let packages =
            rows.iter().flat_map(|row| row.shipment.packages.iter().map(|package| (*row, package)));
        let mut packages = packages.filter(|(_, package)| tracking(package).is_some());
        let primary = match self.settings.primary_tracking {
            PrimaryTracking::FirstPackage => packages.next(),
            PrimaryTracking::Last => packages.next_back(),
            // The first one of those that have the most.
            PrimaryTracking::MostItems => {
                packages.min_by_key(|(_, package)| Reverse(package.quantity.unwrap_or(0)))
            }
        };
        primary.map_or((sender, None), |(row, package)| (row, Some(package)))
    }
}

fn failed(reason: FailReason) -> ShipmentState {
    ShipmentState::Failed { reason }
}

fn tracking(package: &Package) -> Option<String> {
    tracking::number(package.tracking.as_deref()?)
}

#[cfg(test)]
mod tests {
    use super::{super::RowOutcome, *};
    use crate::{
        Timestamp,
        channel::{LineQuantity, RunId, Shipment},
        connector::clocks::HostTime,
    };

    fn lines(quantities: &[(&str, i64)]) -> Vec<LineQuantity> {
        let line =
            |(line, quantity): &(&str, i64)| LineQuantity { line: (*line).into(), quantity: *quantity };
        quantities.iter().map(line).collect()
    }

    fn imported(quantities: &[(&str, i64)]) -> ImportRecord {
        let record = ImportRecord::new("7".into(), "1001", Timestamp::UNIX_EPOCH, RunId::new("run"));
        ImportRecord { lines: lines(quantities), ..record }
    }

    fn shipped(quantities: &[(&str, i64)]) -> OrderProgress {
        let shipment = Shipment::new("A", "7", Timestamp::UNIX_EPOCH, "UPS", "1Z").lines(lines(quantities));
        OrderProgress::new(vec![OutboxRow::new(shipment, Timestamp::UNIX_EPOCH)])
    }

    fn state_of(record: &ImportRecord, progress: &OrderProgress) -> Option<ShipmentState> {
        let (settings, carriers) = (ShipmentSettings::default(), CarrierRules::default());
        let host = HostTime { wall: Timestamp::UNIX_EPOCH, monotonic: None };
        let now = Moment { host, server: None };
        let import = Some(record);
        let planner = Planner { settings: &settings, carriers: &carriers, now, import, progress };
        let (decision, _) = planner.plan(Some(OrderId::new(7)));
        decision.outcomes.into_iter().find_map(|(_, outcome)| match outcome {
            RowOutcome::Step { state, .. } => Some(state),
            _ => None,
        })
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
