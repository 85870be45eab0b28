//! Flaws in keeping the outbox.

use std::collections::BTreeMap;

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ConnectionId, NotificationStatus, Shipment, ShipmentState,
        store::{
            BeginSendOutcome, EnqueueOutcome, OutboxCursor, OutboxPage, OutboxQuery, OutboxRow, RunToken,
            SendIntent, ShipmentStore, ShipmentStoreExt, ShipmentTransition, StoreError,
        },
    },
};

use super::{BrokenStore, Flaw, Write};

#[async_trait]
impl ShipmentStore for BrokenStore {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        shipments: &[Shipment],
        now: Timestamp,
    ) -> Result<Vec<EnqueueOutcome>, StoreError> {
        let connection = self.connection(connection);
        let mut shipments = shipments.to_vec();
        for shipment in &mut shipments {
            shipment.id = self.text(shipment.id.as_str()).into();
            match self.flaw {
                Flaw::PackagesAreCutToOne => shipment.packages.truncate(1),
                Flaw::RevisionsAreIgnored => shipment.revision = 1,
                _ => {}
            }
        }
        let mut seen = Vec::new();
        for shipment in &shipments {
            let before = self.data().order_progress(&connection, &shipment.order).await?.rows;
            seen.push(before.iter().any(|row| row.id() == shipment.outbox_id()));
        }
        if self.is(Flaw::EnqueueLooksBeforeItWrites) {
            tokio::task::yield_now().await;
        }
        let mut answers = self.data().enqueue(&connection, &shipments, now).await?;
        match self.flaw {
            Flaw::DuplicatesAreNew => answers.fill(EnqueueOutcome::New),
            Flaw::EnqueueLooksBeforeItWrites => {
                let unseen = answers.iter_mut().zip(seen).filter(|(_, seen)| !seen);
                unseen.for_each(|(answer, _)| *answer = EnqueueOutcome::New);
            }
            Flaw::EnqueueAnswersBackwards => answers.reverse(),
            _ => {}
        }
        Ok(answers)
    }

    async fn rows(
        &self,
        connection: &ConnectionId,
        query: &OutboxQuery,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<OutboxPage, StoreError> {
        let connection = self.connection(connection);
        let due = matches!(query, OutboxQuery::Due { .. });
        if due && self.is(Flaw::DuePagesByNumber) {
            let all = self.data().rows(&connection, query, None, usize::MAX).await?.rows;
            return Ok(OutboxPage::new(self.page_by_number(all, after.is_none(), limit)));
        }
        if self.is(Flaw::CursorForgetsTheRevision) {
            let mut page = self.data().rows(&connection, query, None, usize::MAX).await?;
            let key = |cursor: &OutboxCursor| (cursor.shipped_at, cursor.id.shipment.clone());
            page.rows.retain(|row| after.is_none_or(|after| key(&row.cursor()) > key(after)));
            page.rows.truncate(limit);
            return Ok(page);
        }
        let mut page = self.data().rows(&connection, query, after, limit).await?;
        let rows = &mut page.rows;
        match (self.flaw, query) {
            (Flaw::DueInOrderOfId, OutboxQuery::Due { .. }) => rows.sort_by_key(OutboxRow::id),
            (Flaw::DueForgetsRetries, OutboxQuery::Due { .. }) => {
                rows.retain(|row| row.state.name() != "retry_wait");
            }
            (Flaw::UnfinishedForgetsSent, OutboxQuery::InFlight) => {
                rows.retain(|row| row.state.name() != "sent");
            }
            (Flaw::BlockedForgetsWhatIsDue, OutboxQuery::Blocked) => {
                rows.retain(|row| !row.state.is_due(Timestamp::UNIX_EPOCH));
            }
            (Flaw::ProgressHidesClosedRows, OutboxQuery::OfOrder(_)) => {
                rows.retain(|row| !row.state.is_closed());
            }
            (Flaw::AttemptsOutliveABlock, _) => {
                let blocked = rows.iter_mut().filter(|row| row.state.name() == "blocked");
                blocked.for_each(|row| row.attempts *= 3);
            }
            (Flaw::UnknownOutcomesAreForgotten, _) => {
                for row in rows {
                    row.unknown_outcomes = 0;
                }
            }
            (Flaw::StatesForgetDetails, _) => {
                for row in rows {
                    if let ShipmentState::Confirmed { notification, .. } = &mut row.state {
                        *notification = NotificationStatus::Unknown;
                    }
                }
            }
            _ => {}
        }
        Ok(page)
    }

    async fn begin_send(
        &self,
        token: &RunToken,
        intents: &[SendIntent],
    ) -> Result<Vec<BeginSendOutcome>, StoreError> {
        let token = self.token(token, Write::BeginSendOutcome);
        let mut intents = intents.to_vec();
        if self.is(Flaw::AttemptIsNotKept) {
            for intent in &mut intents {
                intent.attempt = 1;
            }
        }
        if self.is(Flaw::SlicesCommitOneByOne) {
            let mut answers = Vec::new();
            for intent in intents {
                answers.extend(self.data().begin_send(&token, &[intent]).await?);
            }
            return Ok(answers);
        }
        let mut granted = false;
        if self.is(Flaw::BeginSendLooksBeforeItWrites) {
            let now = intents[0].now;
            let due = self.data().due(&token.connection, now, None, usize::MAX).await?;
            granted = due.iter().any(|row| row.id() == intents[0].id);
            tokio::task::yield_now().await;
        }
        let mut is_due = false;
        if let Some(intent) = intents.first().filter(|_| self.is(Flaw::CorrectionsAreSent)) {
            let due = self.data().due(&token.connection, intent.now, None, usize::MAX).await?;
            is_due = due.iter().any(|row| row.id() == intent.id);
        }
        let mut answers = match self.data().begin_send(&token, &intents).await {
            Err(error) if self.is(Flaw::UnknownRowsAreIgnored) && !error.is_lost_lease() => {
                vec![BeginSendOutcome::NotDue; intents.len()]
            }
            answers => answers?,
        };
        for answer in &mut answers {
            match *answer {
                BeginSendOutcome::OrderBusy if self.is(Flaw::OrdersAreNeverBusy) => {
                    *answer = BeginSendOutcome::Granted;
                }
                BeginSendOutcome::NotDue if self.is(Flaw::NotDueIsGranted) => {
                    *answer = BeginSendOutcome::Granted;
                }
                BeginSendOutcome::NotDue if is_due && self.is(Flaw::CorrectionsAreSent) => {
                    *answer = BeginSendOutcome::Granted;
                }
                _ if granted => *answer = BeginSendOutcome::Granted,
                _ => {}
            }
        }
        if self.is(Flaw::SlicesAnswerBackwards) {
            answers.reverse();
        }
        Ok(answers)
    }

    async fn record(&self, token: &RunToken, records: &[ShipmentTransition]) -> Result<(), StoreError> {
        let token = self.token(token, Write::Record);
        let mut records = records.to_vec();
        if self.is(Flaw::AttemptsAlwaysCount) {
            for record in &mut records {
                record.counts_attempt = true;
            }
        }
        if self.is(Flaw::RecordsCommitOneByOne) {
            for record in records {
                self.data().record(&token, &[record]).await?;
            }
            return Ok(());
        }
        if self.is(Flaw::RepeatsAreRefused) {
            let mut recorded = self.recorded.lock().unwrap();
            for record in &records {
                let step = (record.id.clone(), record.state.clone());
                if recorded.contains(&step) {
                    return Err(StoreError::permanent("recorded before"));
                }
                recorded.push(step);
            }
        }
        match self.data().record(&token, &records).await {
            Err(error) if self.is(Flaw::IllegalStepsAreSwallowed) && !error.is_lost_lease() => Ok(()),
            answer => answer,
        }
    }

    async fn unblock(&self, connection: &ConnectionId, key: &str, now: Timestamp) -> Result<u64, StoreError> {
        let connection = self.connection(connection);
        if self.is(Flaw::UnblocksEverything) {
            self.data().unblock(&connection, "no_tracking", now).await?;
        }
        self.data().unblock(&connection, key, now).await
    }

    async fn counts(&self, connection: &ConnectionId) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut counts = self.data().counts(&self.connection(connection)).await?;
        if self.is(Flaw::CountsOnlyOpenRows) {
            counts.remove("cancelled");
        }
        Ok(counts)
    }
}
