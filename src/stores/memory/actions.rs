//! What the host wants done to orders in the channel.

use std::collections::BTreeMap;

use super::{Connection, Writer, after};
use crate::{
    Timestamp,
    channel::{
        ActionId, ChannelOrderId, OrderAction, RunId,
        store::{
            ActionIntent, ActionQuery, ActionRow, ActionTransition, AddOutcome, BeginActionOutcome,
            OrderEvent, StoreError,
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
type Changed = BTreeMap<u64, ActionRow>;

/// What a call makes of the actions.
#[derive(Debug, Default)]
pub(in crate::stores) struct ActionEffects {
    /// The rows as they are from then on.
    pub(in crate::stores) rows: Changed,
    /// What happened to their orders.
    pub(in crate::stores) events: Vec<OrderEvent>,
}

impl ActionEffects {
    fn add(&mut self, before: &ActionRow, after: ActionRow, run: &RunId) {
        self.events.extend(OrderEvent::of_action(before, &after, Some(run)));
        self.rows.insert(after.number, after);
    }
}

impl Actions {
    /// These rows.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(in crate::stores) fn of(rows: Vec<ActionRow>) -> Self {
        Self { rows: rows.into_iter().map(|row| (row.number, row)).collect(), last: 0 }
    }

    /// Removes what was closed before.
    pub(super) fn remove(&mut self, before: Timestamp) -> u64 {
        let all = self.rows.len();
        self.rows.retain(|_, row| !row.state.is_closed() || row.updated_at >= before);
        (all - self.rows.len()) as u64
    }

    /// Removes what is the buyer's from the actions of an order.
    pub(super) fn forget_buyer(&mut self, order: &ChannelOrderId) {
        for row in self.rows.values_mut().filter(|row| row.action.order == *order) {
            *row = row.clone().without_buyer();
        }
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

    /// The answers, and what they make of the rows.
    pub(in crate::stores) fn begin(
        &self,
        intents: &[ActionIntent],
        run: &RunId,
    ) -> Result<(Vec<BeginActionOutcome>, ActionEffects), StoreError> {
        let (mut effects, mut answers) = (ActionEffects::default(), Vec::new());
        for intent in intents {
            let before = self.row(&intent.id, &effects.rows)?;
            let mut row = before.clone();
            let of_order = self.rows.values().filter(|other| other.action.order == row.action.order);
            let order: Vec<ActionRow> =
                of_order.map(|other| effects.rows.get(&other.number).unwrap_or(other).clone()).collect();
            answers.push(row.begin(intent, &order)?);
            effects.add(&before, row, run);
        }
        Ok((answers, effects))
    }

    /// What these steps make of the rows.
    pub(in crate::stores) fn record(
        &self,
        records: &[ActionTransition],
        run: &RunId,
    ) -> Result<ActionEffects, StoreError> {
        let mut effects = ActionEffects::default();
        for record in records {
            let before = self.row(&record.id, &effects.rows)?;
            let mut row = before.clone();
            row.step(record.clone())?;
            effects.add(&before, row, run);
        }
        Ok(effects)
    }
}

impl Connection {
    fn apply_actions(&mut self, effects: ActionEffects) {
        self.actions.rows.extend(effects.rows);
        self.history.append(effects.events);
    }

    pub(super) fn add_actions(&mut self, actions: &[OrderAction], now: Timestamp) -> Vec<AddOutcome> {
        let Actions { rows, last } = &mut self.actions;
        let add = |action: &OrderAction| {
            if let Some(row) = rows.values().find(|row| row.action.id == action.id) {
                return row.answer_to(action);
            }
            *last += 1;
            let row = ActionRow::new(*last, action.clone(), now);
            self.history.append([OrderEvent::of_added_action(&row)]);
            rows.insert(*last, row);
            AddOutcome::Added
        };
        actions.iter().map(add).collect()
    }

    pub(super) fn actions(&self, query: &ActionQuery, place: Option<u64>, limit: usize) -> Vec<ActionRow> {
        let rows = after(&self.actions.rows, place.as_ref());
        rows.filter(|row| query.takes(row)).take(limit).cloned().collect()
    }

    pub(super) fn begin_actions(
        &mut self,
        by: &Writer<'_>,
        intents: &[ActionIntent],
    ) -> Result<Vec<BeginActionOutcome>, StoreError> {
        let (answers, effects) = self.actions.begin(intents, by.run)?;
        self.apply_actions(effects);
        Ok(answers)
    }

    pub(super) fn record_actions(
        &mut self,
        by: &Writer<'_>,
        records: &[ActionTransition],
    ) -> Result<(), StoreError> {
        let effects = self.actions.record(records, by.run)?;
        self.apply_actions(effects);
        Ok(())
    }
}
