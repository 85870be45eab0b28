//! Flaws in keeping orders.

use std::collections::HashMap;

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, Lineage, OrderFingerprint,
        shipping::ShippingResolution,
        store::{
            Applied, FailureRecord, FollowUp, FollowUpKind, FollowUpOutcome, FollowUpResult, HeldOrder,
            ImportRecord, NewOrder, OrderFailure, OrderStore, RunToken, SaveOutcome, StoreError,
        },
    },
};

use super::{BrokenStore, Flaw, Write};

const INSERTED: SaveOutcome = SaveOutcome::Inserted { host_order: None };

fn far_future() -> Timestamp {
    Timestamp::from_unix_seconds(i64::MAX)
}

impl BrokenStore {
    fn folded(&self, order: &ChannelOrderId) -> ChannelOrderId {
        self.text(order.as_str()).into()
    }

    /// Orders first, and what is to be done about them in a second step.
    async fn save_in_two_steps(
        &self,
        token: &RunToken,
        batch: &[NewOrder],
    ) -> Result<Vec<SaveOutcome>, StoreError> {
        let bare: Vec<NewOrder> = batch
            .iter()
            .cloned()
            .map(|mut new| {
                new.follow_ups.clear();
                new
            })
            .collect();
        let outcomes = self.inner.save(token, &bare).await?;
        tokio::task::yield_now().await;
        let inserted = batch.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == INSERTED);
        for (new, _) in inserted {
            let open = |follow_up: &_| {
                FollowUp::open(new.order.id.clone(), Clone::clone(follow_up), new.imported_at)
            };
            self.late.lock().unwrap().extend(new.follow_ups.iter().map(open));
        }
        Ok(outcomes)
    }
}

#[async_trait]
impl OrderStore for BrokenStore {
    async fn known(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, ImportRecord>, StoreError> {
        let connection = self.connection(connection);
        let mut asked: Vec<ChannelOrderId> = orders.iter().map(|order| self.folded(order)).collect();
        if self.is(Flaw::KnownTakes100) {
            asked.truncate(100);
        }
        let mut known = self.data().known(&connection, &asked).await?;
        if self.is(Flaw::SeenLate) {
            let newest = self.newest.lock().unwrap();
            known.retain(|order, _| !newest.contains(order));
        }
        if self.is(Flaw::KnownAnswersForAll)
            && let Some(record) = known.values().next().cloned()
        {
            for order in &asked {
                known.entry(order.clone()).or_insert_with(|| record.clone());
            }
        }
        if self.is(Flaw::RecordForgetsLineage) {
            for record in known.values_mut() {
                record.lineage = Lineage::default();
            }
        }
        Ok(known)
    }

    async fn swallowed(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, Vec<ImportRecord>>, StoreError> {
        if self.is(Flaw::SwallowedIsForgotten) {
            return Ok(HashMap::new());
        }
        let asked = if self.is(Flaw::SwallowedTakes100) { 100 } else { usize::MAX };
        let orders = &orders[..orders.len().min(asked)];
        self.data().swallowed(&self.connection(connection), orders).await
    }

    async fn look_alikes(
        &self,
        connection: &ConnectionId,
        fingerprints: &[OrderFingerprint],
        limit: usize,
    ) -> Result<HashMap<OrderFingerprint, Vec<ImportRecord>>, StoreError> {
        let asked = if self.is(Flaw::LookAlikesTake100) { 100 } else { usize::MAX };
        let fingerprints = &fingerprints[..fingerprints.len().min(asked)];
        let limit = if self.is(Flaw::LookAlikesIgnoreTheLimit) { usize::MAX } else { limit };
        let mut found = self.data().look_alikes(&self.connection(connection), fingerprints, limit).await?;
        if self.is(Flaw::LookAlikesNewestFirst) {
            for alike in found.values_mut() {
                alike.reverse();
            }
        }
        Ok(found)
    }

    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        let token = self.token(token, Write::Save);
        let mut batch = batch.to_vec();
        for new in &mut batch {
            new.order.id = self.folded(&new.order.id);
            if self.is(Flaw::FingerprintsAreForgotten) {
                new.fingerprint = None;
            }
        }
        if self.is(Flaw::SaveIsNotAtomic) {
            return self.save_in_two_steps(&token, &batch).await;
        }
        let ids: Vec<ChannelOrderId> = batch.iter().map(|new| new.order.id.clone()).collect();
        if self.is(Flaw::SaveKeepsTheFailure) {
            let failures = self.inner.failures(&token.connection, &ids).await?;
            self.kept_failures.lock().unwrap().extend(failures);
        }
        let before = self.inner.known(&token.connection, &ids).await?;
        if self.is(Flaw::SaveLooksBeforeItWrites) {
            tokio::task::yield_now().await;
        }
        let mut outcomes = self.data().save(&token, &batch).await?;
        match self.flaw {
            Flaw::SaveAlwaysSaysInserted => outcomes.fill(INSERTED),
            Flaw::SaveAnswersBackwards => outcomes.reverse(),
            Flaw::SaveLooksBeforeItWrites => {
                let unseen = ids.iter().zip(&mut outcomes).filter(|(id, _)| !before.contains_key(*id));
                unseen.for_each(|(_, outcome)| *outcome = INSERTED);
            }
            Flaw::SeenLate => *self.newest.lock().unwrap() = ids,
            _ => {}
        }
        Ok(outcomes)
    }

    async fn open_follow_ups(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FollowUp>, StoreError> {
        let connection = self.connection(connection);
        let now = if self.is(Flaw::PendingIsDueAtOnce) { far_future() } else { now };
        let mut open = self.data().open_follow_ups(&connection, now, usize::MAX).await?;
        open.extend(self.late.lock().unwrap().iter().cloned());
        match self.flaw {
            Flaw::FollowUpsForgetTheUser => open.iter_mut().for_each(|open| open.user_before = None),
            Flaw::FollowUpsComeTwice => open.extend(open.clone()),
            Flaw::FollowUpsNewestFirst => open.reverse(),
            _ => {}
        }
        open.truncate(limit);
        Ok(open)
    }

    async fn settle_follow_ups(
        &self,
        token: &RunToken,
        outcomes: &[FollowUpOutcome],
    ) -> Result<(), StoreError> {
        let mut outcomes = outcomes.to_vec();
        if self.is(Flaw::AttemptsAreNotCounted) {
            outcomes.retain(|outcome| !matches!(outcome.result, FollowUpResult::Attempting { .. }));
        }
        if self.is(Flaw::SettledFollowUpsLiveOn) {
            let (next_attempt, error) = (Timestamp::UNIX_EPOCH, String::new());
            let open = FollowUpResult::Pending { next_attempt, outcome_unknown: false, error };
            let done = outcomes.iter_mut().filter(|outcome| outcome.result == FollowUpResult::Done);
            done.for_each(|outcome| outcome.result = open.clone());
        }
        self.data().settle_follow_ups(&self.token(token, Write::Settle), &outcomes).await
    }

    async fn reopen_follow_ups(
        &self,
        token: &RunToken,
        kind: FollowUpKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        if self.is(Flaw::ReopensNothing) {
            return Ok(0);
        }
        self.data().reopen_follow_ups(&self.token(token, Write::Reopen), kind, wanted, now).await
    }

    async fn record_failures(&self, token: &RunToken, failures: &[OrderFailure]) -> Result<(), StoreError> {
        self.data().record_failures(&self.token(token, Write::RecordFailures), failures).await
    }

    async fn due_failures(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FailureRecord>, StoreError> {
        let now = if self.is(Flaw::FailuresAreAlwaysDue) { far_future() } else { now };
        self.data().due_failures(&self.connection(connection), now, limit).await
    }

    async fn failures(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<HashMap<ChannelOrderId, FailureRecord>, StoreError> {
        let asked = if self.is(Flaw::FailuresTake100) { 100 } else { usize::MAX };
        let orders = &orders[..orders.len().min(asked)];
        let mut failures = self.data().failures(&self.connection(connection), orders).await?;
        match self.flaw {
            Flaw::FailuresForgetTheFirst => {
                for failure in failures.values_mut() {
                    *failure = FailureRecord::first(failure.last.clone());
                }
            }
            Flaw::FailuresHideTheDismissed => failures.retain(|_, failure| !failure.dismissed),
            Flaw::SaveKeepsTheFailure => failures.extend(self.kept_failures.lock().unwrap().clone()),
            _ => {}
        }
        Ok(failures)
    }

    async fn clear_failures(&self, token: &RunToken, orders: &[ChannelOrderId]) -> Result<(), StoreError> {
        if self.is(Flaw::ClearsNothing) {
            return Ok(());
        }
        self.data().clear_failures(&self.token(token, Write::ClearFailures), orders).await
    }

    async fn dismiss_failure(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<(), StoreError> {
        if self.is(Flaw::DismissesNothing) {
            return Ok(());
        }
        self.data().dismiss_failure(&self.connection(connection), order).await
    }

    async fn held(
        &self,
        connection: &ConnectionId,
        after: Option<&ChannelOrderId>,
        limit: usize,
    ) -> Result<Vec<HeldOrder>, StoreError> {
        let connection = self.connection(connection);
        if self.is(Flaw::HeldPagesByNumber) {
            let all = self.data().held(&connection, None, usize::MAX).await?;
            return Ok(self.page_by_number(all, after.is_none(), limit));
        }
        let after = after.filter(|_| !self.is(Flaw::HeldIgnoresAfter));
        let mut held = self.data().held(&connection, after, limit).await?;
        if self.is(Flaw::HeldForgetsTheCountry) {
            for held in &mut held {
                held.country = None;
            }
        }
        Ok(held)
    }

    async fn apply_shipping(
        &self,
        token: &RunToken,
        order: &ChannelOrderId,
        text: Option<&str>,
        resolution: &ShippingResolution,
        rules_version: u64,
    ) -> Result<Applied, StoreError> {
        let token = self.token(token, Write::ApplyShipping);
        let mut text = text.map(str::to_owned);
        if self.is(Flaw::AppliesToAnyText) {
            let held = self.data().held(&token.connection, None, usize::MAX).await?;
            text = held.into_iter().find(|held| held.order == *order).and_then(|held| held.text);
        }
        let applied =
            self.data().apply_shipping(&token, order, text.as_deref(), resolution, rules_version).await?;
        Ok(match applied {
            Applied::Applied { .. } if self.is(Flaw::ApplyLiftsEverything) => {
                Applied::Applied { still_held: false }
            }
            Applied::NoLongerHeld if self.is(Flaw::AppliesForEver) => Applied::Applied { still_held: false },
            applied => applied,
        })
    }
}
