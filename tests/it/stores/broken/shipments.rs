//! Flaws in keeping the outbox.

use std::collections::BTreeMap;

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, Marketplace, OutboxId, Shipment, ShipmentState,
        store::{
            BeginSend, Enqueued, OrderProgress, OutboxCursor, OutboxRow, RunToken, SendIntent,
            ShipmentRecord, ShipmentStore, StoreError,
        },
    },
};

use super::{BrokenStore, Flaw, Write};

#[async_trait]
impl ShipmentStore for BrokenStore {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        mut shipment: Shipment,
        now: Timestamp,
    ) -> Result<Enqueued, StoreError> {
        let connection = self.connection(connection);
        shipment.id = self.text(shipment.id.as_str()).into();
        match self.flaw {
            Flaw::PackagesAreCutToOne => shipment.packages.truncate(1),
            Flaw::RevisionsAreIgnored => shipment.revision = 1,
            _ => {}
        }
        let before = self.data().order_progress(&connection, &shipment.order).await?.rows;
        let mut new = self.is(Flaw::DuplicatesAreNew);
        if self.is(Flaw::EnqueueLooksBeforeItWrites) {
            new = !before.iter().any(|row| row.id() == shipment.outbox_id());
            tokio::task::yield_now().await;
        }
        let answer = self.data().enqueue(&connection, shipment, now).await?;
        Ok(if new { Enqueued::Enqueued } else { answer })
    }

    async fn due(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let connection = self.connection(connection);
        if self.is(Flaw::DuePagesByNumber) {
            let all = self.data().due(&connection, now, None, usize::MAX).await?;
            return Ok(self.page_by_number(all, after.is_none(), limit));
        }
        let mut due = self.data().due(&connection, now, after, limit).await?;
        match self.flaw {
            Flaw::DueInOrderOfId => due.sort_by_key(OutboxRow::id),
            Flaw::DueForgetsRetries => due.retain(|row| row.state.name() != "retry_wait"),
            _ => {}
        }
        Ok(due)
    }

    async fn begin_send(
        &self,
        token: &RunToken,
        id: &OutboxId,
        mut intent: SendIntent,
    ) -> Result<BeginSend, StoreError> {
        let token = self.token(token, Write::BeginSend);
        if self.is(Flaw::HashIsCutTo32Bits) {
            intent.payload_hash &= u64::from(u32::MAX);
        }
        let mut granted = false;
        if self.is(Flaw::BeginSendLooksBeforeItWrites) {
            let due = self.data().due(&token.connection, intent.now, None, usize::MAX).await?;
            granted = due.iter().any(|row| row.id() == *id);
            tokio::task::yield_now().await;
        }
        match self.data().begin_send(&token, id, intent).await {
            Ok(BeginSend::OrderBusy) if self.is(Flaw::OrdersAreNeverBusy) => Ok(BeginSend::Granted),
            Ok(BeginSend::NotDue) if self.is(Flaw::NotDueIsGranted) => Ok(BeginSend::Granted),
            Ok(_) if granted => Ok(BeginSend::Granted),
            Err(_) if self.is(Flaw::UnknownRowsAreIgnored) => Ok(BeginSend::NotDue),
            answer => answer,
        }
    }

    async fn record(&self, token: &RunToken, records: &[ShipmentRecord]) -> Result<(), StoreError> {
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

    async fn unfinished(
        &self,
        connection: &ConnectionId,
        after: Option<&OutboxCursor>,
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let mut rows = self.data().unfinished(&self.connection(connection), after, limit).await?;
        if self.is(Flaw::UnfinishedForgetsSent) {
            rows.retain(|row| row.state.name() != "sent");
        }
        Ok(rows)
    }

    async fn unblock(&self, connection: &ConnectionId, key: &str) -> Result<u64, StoreError> {
        let connection = self.connection(connection);
        if self.is(Flaw::UnblocksEverything) {
            self.data().unblock(&connection, "no_tracking").await?;
        }
        self.data().unblock(&connection, key).await
    }

    async fn counts(&self, connection: &ConnectionId) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut counts = self.data().counts(&self.connection(connection)).await?;
        if self.is(Flaw::CountsOnlyOpenRows) {
            counts.remove("cancelled");
        }
        Ok(counts)
    }

    async fn order_progress(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<OrderProgress, StoreError> {
        let mut progress = self.data().order_progress(&self.connection(connection), order).await?;
        if self.is(Flaw::ProgressHidesClosedRows) {
            progress.rows.retain(|row| !row.state.is_closed());
        }
        if self.is(Flaw::AttemptsOutliveABlock) {
            for row in progress.rows.iter_mut().filter(|row| row.state.name() == "blocked") {
                row.attempts *= 3;
            }
        }
        if self.is(Flaw::UnknownOutcomesAreForgotten) {
            progress.rows.iter_mut().for_each(|row| row.unknown_outcomes = 0);
        }
        if self.is(Flaw::StatesForgetDetails) {
            for row in &mut progress.rows {
                if let ShipmentState::Confirmed { marketplace, .. } = &mut row.state {
                    *marketplace = Marketplace::Unknown;
                }
            }
        }
        Ok(progress)
    }
}
