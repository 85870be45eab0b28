//! One page of orders on its way into the host: judge, resolve, link, save. Nothing remote is changed here. What
//! became of each order is counted in `tally`.

use std::collections::{HashMap, HashSet};

use super::{
    changes::{self, Sights},
    duplicates::{self, Twins},
    eligibility::{Judge, Verdict},
    lines,
    roll::Roll,
    window::Window,
};
use crate::{
    Timestamp,
    channel::{
        Bypass, ChannelOrder, ChannelOrderId, HoldReason, ImportReport, OrderFingerprint, UserKey,
        report::SkipReason,
        shipping::{DisplayText, ShippingResolution},
        store::{
            FailureRecord, FollowUpKind, ImportRecord, NewFollowUp, NewOrder, OrderFailure, OrderMark,
            SaveOutcome, Sighting, StoreError,
        },
    },
    client::{Order, OrderId},
    connector::{
        PAGE, count,
        mapping::Mapper,
        run::{Run, Stop},
        settings::{LineagePolicy, UnmappedPolicy},
        translate,
    },
};

/// An import under way.
#[derive(Debug)]
pub(super) struct Import<'c> {
    pub(super) run: Run<'c>,
    pub(super) mapper: Mapper,
    pub(super) window: Window,
    pub(super) bypass: Bypass,
    /// Whether a person named the orders.
    pub(super) by_hand: bool,
    pub(super) report: ImportReport,
    /// Orders that this run has dealt with before it reads the window.
    pub(super) decided: HashSet<OrderId>,
    /// The orders in hand that were inside imported ones, with those.
    pub(super) swallowed: HashMap<ChannelOrderId, Vec<ImportRecord>>,
    /// What is kept of earlier failures of the orders in hand.
    pub(super) failures: HashMap<ChannelOrderId, FailureRecord>,
    /// Orders with an open assignment, and the user they show once the window has been read.
    pub(super) awaiting: HashMap<ChannelOrderId, Seen>,
    pub(super) since: Since,
    /// How many imported orders with an unreadable row were read by their id.
    pub(super) read_by_id: u32,
    /// Lists that were not read whole, and rows that nobody can name.
    pub(super) gaps: Vec<String>,
    /// How new orders looked, for a sink of changes.
    pub(super) fresh_marks: Vec<OrderMark>,
    /// Imported orders that were merged into others, for a host without such a sink.
    pub(super) merged: Roll,
    /// Imported orders with relatives that the host does not have.
    pub(super) unshared: Roll,
    /// New orders with members that could not be read, and which.
    pub(super) left_out: Roll,
    /// New orders without a shippable line.
    pub(super) empty: Roll,
    /// Orders of one number and key in two stores.
    pub(super) twins: Twins,
    /// Whether `max_orders` ended the reading.
    pub(super) full: bool,
    /// Whether anything was or may have been written.
    pub(super) touched: bool,
    pub(super) sightings: Vec<Sighting>,
}

/// What depends on when the last good run was.
#[derive(Debug, Default)]
pub(super) struct Since {
    /// Since when changes of imported orders are looked for, if they are.
    pub(super) changes: Option<Timestamp>,
    /// Whether ShipStation's clock has been compared with the one that the window was computed with.
    pub(super) clock_checked: bool,
    /// Whether orders have not been watched for as long as a window can catch up: nothing is waited for any longer.
    pub(super) past_catch_up: bool,
}

/// What the window showed of an order whose user is still to be assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// The order was not in it.
    No,
    /// It had this user.
    User(Option<UserKey>),
}

/// An order that is to be imported, with what it was made from.
pub(super) struct Candidate {
    pub(super) order: ChannelOrder,
    pub(super) holds: Vec<HoldReason>,
    pub(super) fingerprint: Option<OrderFingerprint>,
    shipping: ShippingResolution,
}

impl<'c> Import<'c> {
    pub(super) fn new(run: Run<'c>, mapper: Mapper, window: Window, bypass: Bypass) -> Self {
        let report = ImportReport::new(run.info.clone());
        Self {
            run,
            mapper,
            window,
            bypass,
            by_hand: false,
            report,
            decided: HashSet::new(),
            swallowed: HashMap::new(),
            failures: HashMap::new(),
            awaiting: HashMap::new(),
            since: Since::default(),
            read_by_id: 0,
            gaps: Vec::new(),
            fresh_marks: Vec::new(),
            merged: Roll::default(),
            unshared: Roll::default(),
            left_out: Roll::default(),
            empty: Roll::default(),
            twins: Twins::default(),
            full: false,
            touched: false,
            sightings: Vec::new(),
        }
    }

    /// The present instant by ShipStation's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.run.server_time()
    }

    /// Imports what is new among these orders.
    pub(super) async fn page(&mut self, orders: Vec<Order>) -> Result<(), Stop> {
        self.report.counts.scanned += count(orders.len());
        let mut undecided = orders.len();
        let result = self.judge_and_save(orders, &mut undecided).await;
        self.report.counts.not_evaluated += count(undecided);
        result
    }

    async fn judge_and_save(&mut self, orders: Vec<Order>, undecided: &mut usize) -> Result<(), Stop> {
        let orders: Vec<(Order, ChannelOrder)> = orders
            .into_iter()
            .map(|wire| {
                let order = translate::order(&wire, &self.run.channel.settings.orders);
                (wire, order)
            })
            .collect();
        let known = self.known(orders.iter().map(|(_, order)| order)).await?;
        let new = orders.iter().map(|(_, order)| &order.id).filter(|id| !known.contains_key(*id));
        let new: Vec<ChannelOrderId> = new.cloned().collect();
        self.swallowed = self.swallowed_of(&new).await?;
        self.failures = self.failures_of(&new).await?;
        let mut candidates = Vec::new();
        let mut rejected = Vec::new();
        let mut sights = Sights::default();
        for (wire, order) in orders {
            self.remember_user(&order);
            self.twins.note(&order);
            if self.hears_changes() {
                sights.note(&order, &known);
            } else {
                self.note_merges(&order, &known);
            }
            self.note_goods(&order, &known, &new);
            let verdict = self.judge(&wire, &order, &known);
            match self.admit(order, verdict, &mut rejected) {
                None => *undecided -= 1,
                Some(candidate) => {
                    self.note_left_out(&wire);
                    candidates.push(candidate);
                }
            }
        }
        self.keep_failures(&rejected).await?;
        // An order that fails takes no room: the next one has its turn.
        while !candidates.is_empty() && self.room() > 0 {
            let rest = candidates.split_off(candidates.len().min(self.room()));
            lines::link(self, &mut candidates).await?;
            duplicates::hold(self, &mut candidates).await?;
            self.save(candidates, undecided).await?;
            candidates = rest;
        }
        changes::tell(self, sights, &known).await?;
        if *undecided > 0 {
            self.full = true;
            return Err(Stop::Interrupted("max_orders is reached; the next run goes on".to_owned()));
        }
        Ok(())
    }

    /// Keeps the user that an order with an open assignment shows: it saves a look at each of them later.
    fn remember_user(&mut self, order: &ChannelOrder) {
        if let Some(seen) = self.awaiting.get_mut(&order.id) {
            *seen = Seen::User(order.assigned_user.clone());
        }
    }

    /// How many more new orders this run may import.
    fn room(&self) -> usize {
        match self.run.channel.settings.orders.max_orders {
            Some(most) => {
                usize::try_from(most.saturating_sub(self.report.counts.imported)).unwrap_or(usize::MAX)
            }
            None => usize::MAX,
        }
    }

    pub(super) async fn known(
        &self,
        orders: impl Iterator<Item = &ChannelOrder>,
    ) -> Result<HashMap<ChannelOrderId, ImportRecord>, StoreError> {
        let with_relatives = orders.flat_map(|order| {
            std::iter::once(&order.id).chain(&order.lineage.parent).chain(&order.lineage.merged)
        });
        let ids: Vec<ChannelOrderId> = with_relatives.cloned().collect();
        let channel = self.run.channel;
        let mut known = HashMap::new();
        for chunk in ids.chunks(PAGE) {
            known.extend(channel.stores.orders.known(&channel.connection, chunk).await?);
        }
        Ok(known)
    }

    /// Those of these orders that were inside an imported one; nobody asks where relatives are imported like any other.
    async fn swallowed_of(
        &self,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, Vec<ImportRecord>>, StoreError> {
        let channel = self.run.channel;
        let mut swallowed = HashMap::new();
        if channel.settings.orders.lineage == LineagePolicy::Import {
            return Ok(swallowed);
        }
        for chunk in orders.chunks(PAGE) {
            swallowed.extend(channel.stores.orders.swallowed(&channel.connection, chunk).await?);
        }
        Ok(swallowed)
    }

    /// What is kept of earlier failures of these orders.
    pub(super) async fn failures_of(
        &self,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, FailureRecord>, StoreError> {
        let channel = self.run.channel;
        let mut failures = HashMap::new();
        for chunk in orders.chunks(PAGE) {
            failures.extend(channel.stores.orders.failures(&channel.connection, chunk).await?);
        }
        Ok(failures)
    }

    /// How often the order in hand has failed before.
    pub(super) fn failed_before(&self, order: &ChannelOrderId) -> u32 {
        self.failures.get(order).map_or(0, |failure| failure.attempts)
    }

    /// Whether a person has dismissed the order in hand: nobody tries it again but a person.
    pub(super) fn is_dismissed(&self, order: &ChannelOrderId) -> bool {
        self.failures.get(order).is_some_and(|failure| failure.dismissed)
    }

    /// Whether the next attempt of the order in hand is still to come.
    pub(super) fn is_put_off(&self, order: &ChannelOrderId) -> bool {
        self.failures.get(order).is_some_and(|failure| failure.last.next_attempt > self.now())
    }

    fn judge(
        &self,
        wire: &Order,
        order: &ChannelOrder,
        known: &HashMap<ChannelOrderId, ImportRecord>,
    ) -> Verdict {
        let channel = self.run.channel;
        let judge = Judge {
            settings: &channel.settings.orders,
            window: &self.window,
            known,
            swallowed: &self.swallowed,
            failures: &self.failures,
            is_own: &*channel.is_own,
            bypass: self.bypass,
            by_hand: self.by_hand,
        };
        judge.judge(wire, order)
    }

    /// A candidate, or `None` once the order is skipped or rejected and counted.
    fn admit(
        &mut self,
        order: ChannelOrder,
        verdict: Verdict,
        rejected: &mut Vec<OrderFailure>,
    ) -> Option<Candidate> {
        let Verdict { mut skips, mut holds } = verdict;
        if matches!(skips.first(), Some(SkipReason::AlreadyImported { .. })) {
            self.skip(&order, skips);
            return None;
        }
        let shipping = self.mapper.resolve(&translate::shipping_request(&order));
        if shipping.method().is_none() && self.rejects_unmapped() {
            if skips.is_empty() {
                self.see(&order, &shipping);
                rejected.push(self.rejection(&order));
            }
            skips.push(SkipReason::UnmappedShipping { text: order.shipping_text.clone() });
        }
        if !skips.is_empty() {
            self.skip(&order, skips);
            return None;
        }
        holds.extend(match &shipping {
            ShippingResolution::Unmapped { text } => {
                Some(HoldReason::UnmappedShipping { text: text.clone() })
            }
            ShippingResolution::NoText => Some(HoldReason::NoShippingText),
            _ => None,
        });
        Some(Candidate { order, holds, fingerprint: None, shipping })
    }

    fn rejects_unmapped(&self) -> bool {
        self.run.channel.settings.shipping.unmapped == UnmappedPolicy::Reject
    }

    fn rejection(&self, order: &ChannelOrder) -> OrderFailure {
        let now = self.now();
        let error = match &order.shipping_text {
            Some(text) => format!("shipping text {} is not mapped", DisplayText::new(text)),
            None => "it has no shipping text".to_owned(),
        };
        let again = now + super::ledger::wait_for_a_rule(self.failed_before(&order.id));
        OrderFailure::new(order.id.clone(), order.number.clone(), error, true, now, again)
    }

    async fn save(&mut self, candidates: Vec<Candidate>, undecided: &mut usize) -> Result<(), Stop> {
        if candidates.is_empty() {
            return Ok(());
        }
        let batch: Vec<NewOrder> =
            candidates.into_iter().map(|candidate| self.new_order(candidate)).collect();
        let outcomes = if self.run.control.dry_run {
            batch.iter().map(|_| SaveOutcome::Inserted { host_order: None }).collect()
        } else {
            // Also a save that fails may have taken effect.
            self.touched = true;
            self.run.channel.stores.orders.save(&self.run.token, &batch).await?
        };
        if outcomes.len() != batch.len() {
            let error = format!("the order store answered for {} of {} orders", outcomes.len(), batch.len());
            return Err(StoreError::permanent(error).into());
        }
        let mut failures = Vec::new();
        for (new, outcome) in batch.iter().zip(outcomes) {
            failures.extend(self.saved(new, outcome));
            *undecided -= 1;
        }
        self.keep_failures(&failures).await?;
        Ok(())
    }

    fn new_order(&self, candidate: Candidate) -> NewOrder {
        let mut new = NewOrder::new(candidate.order, candidate.shipping, self.mapper.version, self.now());
        new.follow_ups = self.follow_ups(new.order.assigned_user.as_ref());
        new.holds = candidate.holds;
        new.fingerprint = candidate.fingerprint;
        new
    }

    fn follow_ups(&self, user_before: Option<&UserKey>) -> Vec<NewFollowUp> {
        let settings = &self.run.channel.settings.orders;
        let shows = |user: &crate::client::UserId| {
            user_before.is_some_and(|before| before.as_str().eq_ignore_ascii_case(user.as_str()))
        };
        let assign =
            settings.assign_user.as_ref().filter(|user| !shows(user)).map(|_| FollowUpKind::AssignUser);
        let tag = settings.acknowledgement_tag.map(|_| FollowUpKind::AddTag);
        let kinds = assign.into_iter().chain(tag);
        kinds.map(|kind| NewFollowUp::new(kind, user_before.cloned())).collect()
    }
}
