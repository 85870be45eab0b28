//! Flaws in keeping orders.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, ConnectionId, Lineage,
        shipping::ShippingResolution,
        store::{
            ApplyOutcome, HeldOrder, ImportRecord, NewOrder, OrderStore, OrderStoreExt, OrderWork, RecordKey,
            RunToken, SaveOutcome, StoreError, WorkKind, WorkOutcome, WorkQuery, WorkResult,
        },
    },
};

use super::{BrokenStore, Flaw, Write};

const INSERTED: SaveOutcome = SaveOutcome::Inserted { host_order: None };

fn far_future() -> Timestamp {
    Timestamp::from_unix_seconds(i64::MAX)
}

fn plain_record(id: &ChannelOrderId) -> ImportRecord {
    let order = ChannelOrder::new(id.clone(), "");
    let new = NewOrder::new(order, ShippingResolution::NoText, 0, Timestamp::UNIX_EPOCH);
    new.record(&"nobody".into(), None)
}

impl BrokenStore {
    fn folded(&self, order: &ChannelOrderId) -> ChannelOrderId {
        self.text(order.as_str()).into()
    }

    /// A host that cannot take one order of the batch.
    async fn save_but_the_refused(
        &self,
        token: &RunToken,
        batch: &[NewOrder],
    ) -> Result<Vec<SaveOutcome>, StoreError> {
        let mut outcomes = Vec::new();
        for new in batch {
            if new.order.id.as_str() != "refused" {
                outcomes.extend(self.inner.save(token, std::slice::from_ref(new)).await?);
                continue;
            }
            if self.is(Flaw::RefusedOrdersFailTheBatch) {
                return Err(StoreError::permanent("a constraint"));
            }
            if self.is(Flaw::RefusedOrdersLeaveWork) {
                self.late.lock().unwrap().extend(OrderWork::follow_ups_of(new));
            }
            outcomes.push(SaveOutcome::Failed { message: "a constraint".to_owned(), retryable: false });
        }
        Ok(outcomes)
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
            self.late.lock().unwrap().extend(OrderWork::follow_ups_of(new));
        }
        Ok(outcomes)
    }
}

#[async_trait]
impl OrderStore for BrokenStore {
    async fn save(&self, token: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        let token = self.token(token, Write::Save);
        let mut batch = batch.to_vec();
        for new in &mut batch {
            new.order.id = self.folded(&new.order.id);
            if self.is(Flaw::FingerprintsAreForgotten) {
                new.fingerprint = None;
            }
        }
        if batch.iter().any(|new| new.order.id.as_str() == "refused") {
            return self.save_but_the_refused(&token, &batch).await;
        }
        if self.is(Flaw::SaveIsNotAtomic) {
            return self.save_in_two_steps(&token, &batch).await;
        }
        let ids: Vec<ChannelOrderId> = batch.iter().map(|new| new.order.id.clone()).collect();
        if self.is(Flaw::SaveKeepsTheFailure) {
            let failures = self.inner.work(&token.connection, WorkQuery::Of(&ids)).await?;
            self.late.lock().unwrap().extend(failures);
        }
        let before = self.inner.known(&token.connection, &ids).await?;
        if self.is(Flaw::SaveLooksBeforeItWrites) {
            tokio::task::yield_now().await;
        }
        let mut outcomes = self.data().save(&token, &batch).await?;
        let repeats = outcomes.iter().filter(|outcome| **outcome == SaveOutcome::AlreadyExists);
        self.repeats.fetch_add(repeats.count(), Ordering::SeqCst);
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

    async fn records(
        &self,
        connection: &ConnectionId,
        keys: &[RecordKey],
        limit: usize,
    ) -> Result<Vec<Vec<ImportRecord>>, StoreError> {
        let folded = |key: &RecordKey| match key {
            RecordKey::Id(order) => RecordKey::Id(self.folded(order)),
            key => key.clone(),
        };
        let asked: Vec<RecordKey> = keys.iter().map(folded).collect();
        let limit = if self.is(Flaw::RecordsIgnoreTheLimit) { usize::MAX } else { limit };
        let mut answers = self.data().records(&self.connection(connection), &asked, limit).await?;
        let seen_late = self.newest.lock().unwrap().clone();
        for (key, records) in keys.iter().zip(&mut answers) {
            match (self.flaw, key) {
                (Flaw::KnownAnswersForAll, RecordKey::Id(id)) if records.is_empty() => {
                    records.push(plain_record(id));
                }
                (Flaw::SeenLate, _) => records.retain(|record| !seen_late.contains(&record.order)),
                (Flaw::RecordForgetsLineage, _) => {
                    for record in records {
                        record.lineage = Lineage::default();
                    }
                }
                (Flaw::MergedOrdersAreForgotten, RecordKey::MergedInto(_)) => records.clear(),
                (Flaw::RecordsNewestFirst, _) => records.reverse(),
                _ => {}
            }
        }
        match self.flaw {
            Flaw::RecordsTake100 => answers.iter_mut().skip(100).for_each(Vec::clear),
            Flaw::RecordsAnswerBackwards => answers.reverse(),
            _ => {}
        }
        Ok(answers)
    }

    async fn work(
        &self,
        connection: &ConnectionId,
        query: WorkQuery<'_>,
    ) -> Result<Vec<OrderWork>, StoreError> {
        let connection = self.connection(connection);
        let (query, limit) = match query {
            WorkQuery::DueFollowUps { now, limit } => {
                let now = if self.is(Flaw::PendingIsDueAtOnce) { far_future() } else { now };
                (WorkQuery::DueFollowUps { now, limit: usize::MAX }, limit)
            }
            WorkQuery::DueImports { now, limit } => {
                let now = if self.is(Flaw::FailuresAreAlwaysDue) { far_future() } else { now };
                (WorkQuery::DueImports { now, limit: usize::MAX }, limit)
            }
            WorkQuery::Of(orders) => {
                let asked = if self.is(Flaw::WorkTakes100) { orders.len().min(100) } else { orders.len() };
                (WorkQuery::Of(&orders[..asked]), usize::MAX)
            }
            other => (other, usize::MAX),
        };
        let mut found = self.data().work(&connection, query).await?;
        let follow_ups = matches!(query, WorkQuery::DueFollowUps { .. });
        if follow_ups != (self.is(Flaw::SaveKeepsTheFailure) || self.is(Flaw::RefusedOrdersLeaveWork)) {
            found.extend(self.late.lock().unwrap().iter().cloned());
        }
        match self.flaw {
            Flaw::FollowUpsForgetTheUser => found.iter_mut().for_each(|entry| entry.user_before = None),
            Flaw::FollowUpsComeTwice => found.extend(found.clone()),
            Flaw::FollowUpsNewestFirst => found.reverse(),
            Flaw::FailuresForgetTheFirst => {
                for entry in &mut found {
                    entry.first_seen = entry.next_attempt;
                }
            }
            Flaw::WorkKeepsTheBuyer => {
                let kept = self.late.lock().unwrap();
                for entry in &mut found {
                    let is_it = |kept: &&OrderWork| (&kept.order, kept.kind) == (&entry.order, entry.kind);
                    *entry = kept.iter().find(is_it).unwrap_or(entry).clone();
                }
            }
            Flaw::FailuresHideTheDismissed => found.retain(|entry| !entry.is_dismissed()),
            _ => {}
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn record_work(&self, token: &RunToken, outcomes: &[WorkOutcome]) -> Result<(), StoreError> {
        let mut outcomes = outcomes.to_vec();
        match self.flaw {
            Flaw::AttemptsAreNotCounted => {
                outcomes.retain(|outcome| !matches!(outcome.result, WorkResult::Attempting { .. }));
            }
            Flaw::ClearsNothing => outcomes
                .retain(|outcome| outcome.kind != WorkKind::Import || outcome.result != WorkResult::Done),
            Flaw::SettledFollowUpsLiveOn => {
                let (next_attempt, error) = (Timestamp::UNIX_EPOCH, String::new());
                let open = WorkResult::Pending { next_attempt, outcome_unknown: false, error };
                let done = outcomes.iter_mut().filter(|outcome| outcome.result == WorkResult::Done);
                done.for_each(|outcome| outcome.result = open.clone());
            }
            _ => {}
        }
        self.data().record_work(&self.token(token, Write::RecordWork), &outcomes).await
    }

    async fn reopen_work(
        &self,
        token: &RunToken,
        kind: WorkKind,
        wanted: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        if self.is(Flaw::ReopensNothing) {
            return Ok(0);
        }
        self.data().reopen_work(&self.token(token, Write::Reopen), kind, wanted, now).await
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.is(Flaw::DismissesNothing) {
            return Ok(());
        }
        self.data().dismiss(&self.connection(connection), order, now).await
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
        now: Timestamp,
    ) -> Result<ApplyOutcome, StoreError> {
        let token = self.token(token, Write::ApplyShipping);
        let mut text = text.map(str::to_owned);
        if self.is(Flaw::AppliesToAnyText) {
            let held = self.data().held(&token.connection, None, usize::MAX).await?;
            text = held.into_iter().find(|held| held.order == *order).and_then(|held| held.text);
        }
        let applied = self
            .data()
            .apply_shipping(&token, order, text.as_deref(), resolution, rules_version, now)
            .await?;
        Ok(match applied {
            ApplyOutcome::Applied { .. } if self.is(Flaw::ApplyLiftsEverything) => {
                ApplyOutcome::Applied { still_held: false }
            }
            ApplyOutcome::NoLongerHeld if self.is(Flaw::AppliesForEver) => {
                ApplyOutcome::Applied { still_held: false }
            }
            applied => applied,
        })
    }
}
