//! What the host wants done to orders in the channel.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    Timestamp,
    channel::{
        ActionId, ConnectionId, OrderAction,
        store::{
            ActionIntent, ActionQuery, ActionRow, ActionStore, ActionTransition, AddOutcome,
            BeginActionOutcome, RunToken, StoreError,
        },
    },
};

/// Actions by number, and what becomes of them. A store that keeps them elsewhere loads those of the orders that a call touches.
#[derive(Debug, Default)]
pub(in crate::stores) struct Actions {
    rows: BTreeMap<u64, ActionRow>,
    last: u64,
}

/// Rows that are to be written together, if at all.
pub(in crate::stores) type Changed = BTreeMap<u64, ActionRow>;

impl Actions {
    /// These rows.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(in crate::stores) fn of(rows: Vec<ActionRow>) -> Self {
        Self { rows: rows.into_iter().map(|row| (row.number, row)).collect(), last: 0 }
    }

    fn add(&mut self, action: &OrderAction, now: Timestamp) -> AddOutcome {
        if let Some(row) = self.rows.values().find(|row| row.action.id == action.id) {
            return row.answer_to(action);
        }
        self.last += 1;
        self.rows.insert(self.last, ActionRow::new(self.last, action.clone(), now));
        AddOutcome::Added
    }

    /// Removes what was closed before.
    pub(super) fn remove(&mut self, before: Timestamp) -> u64 {
        let all = self.rows.len();
        self.rows.retain(|_, row| !row.state.is_closed() || row.updated_at >= before);
        (all - self.rows.len()) as u64
    }

    /// Open ones are doubtful from now on.
    pub(super) fn doubt(&mut self, now: Timestamp) {
        self.rows.values_mut().filter(|row| !row.state.is_closed()).for_each(|row| row.doubt(now));
    }

    /// A row as it is once what has changed is written.
    fn row(&self, id: &ActionId, changed: &Changed) -> Result<ActionRow, StoreError> {
        let kept = self.rows.values().find(|row| row.action.id == *id);
        let row = kept.map(|row| changed.get(&row.number).unwrap_or(row).clone());
        row.ok_or_else(|| StoreError::permanent(format!("there is no action {id}")))
    }

    /// The answers, and the rows as they are from then on.
    pub(in crate::stores) fn begin(
        &self,
        intents: &[ActionIntent],
    ) -> Result<(Vec<BeginActionOutcome>, Changed), StoreError> {
        let (mut changed, mut answers) = (Changed::new(), Vec::new());
        for intent in intents {
            let mut row = self.row(&intent.id, &changed)?;
            let of_order = self.rows.values().filter(|other| other.action.order == row.action.order);
            let order: Vec<ActionRow> =
                of_order.map(|other| changed.get(&other.number).unwrap_or(other).clone()).collect();
            answers.push(row.begin(intent, &order)?);
            changed.insert(row.number, row);
        }
        Ok((answers, changed))
    }

    /// The rows as they are once these steps are taken.
    pub(in crate::stores) fn record(&self, records: &[ActionTransition]) -> Result<Changed, StoreError> {
        let mut changed = Changed::new();
        for record in records {
            let mut row = self.row(&record.id, &changed)?;
            row.step(record.clone())?;
            changed.insert(row.number, row);
        }
        Ok(changed)
    }
}

#[async_trait]
impl ActionStore for MemoryStore {
    async fn add_actions(
        &self,
        connection: &ConnectionId,
        actions: &[OrderAction],
        now: Timestamp,
    ) -> Result<Vec<AddOutcome>, StoreError> {
        Ok(self.with(connection, |kept| actions.iter().map(|action| kept.actions.add(action, now)).collect()))
    }

    async fn actions(
        &self,
        connection: &ConnectionId,
        query: &ActionQuery,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ActionRow>, StoreError> {
        Ok(self.with(connection, |kept| {
            let rows = kept.actions.rows.range(after.map_or(0, |after| after.saturating_add(1))..);
            rows.map(|(_, row)| row).filter(|row| query.takes(row)).take(limit).cloned().collect()
        }))
    }

    async fn begin_actions(
        &self,
        token: &RunToken,
        intents: &[ActionIntent],
    ) -> Result<Vec<BeginActionOutcome>, StoreError> {
        self.write(token, |kept| {
            let (answers, changed) = kept.actions.begin(intents)?;
            kept.actions.rows.extend(changed);
            Ok(answers)
        })
    }

    async fn record_actions(&self, token: &RunToken, records: &[ActionTransition]) -> Result<(), StoreError> {
        self.write(token, |kept| {
            let changed = kept.actions.record(records)?;
            kept.actions.rows.extend(changed);
            Ok(())
        })
    }
}
