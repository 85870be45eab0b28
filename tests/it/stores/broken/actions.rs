//! Flaws in keeping what the host wants done.

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        ConnectionId, OrderAction,
        store::{
            ActionIntent, ActionQuery, ActionRow, ActionStore, ActionTransition, AddOutcome,
            BeginActionOutcome, RunToken, StoreError,
        },
    },
};

use super::{BrokenStore, Flaw, Write};

#[async_trait]
impl ActionStore for BrokenStore {
    async fn add_actions(
        &self,
        connection: &ConnectionId,
        actions: &[OrderAction],
        now: Timestamp,
    ) -> Result<Vec<AddOutcome>, StoreError> {
        let connection = self.connection(connection);
        let mut actions = actions.to_vec();
        for action in &mut actions {
            action.id = self.text(action.id.as_str()).into();
            if self.is(Flaw::OrdersOfActionsAreFolded) {
                action.order = action.order.as_str().to_ascii_uppercase().into();
            }
        }
        let known = self.inner.actions(&connection, &ActionQuery::Open, None, usize::MAX).await?;
        let seen = |action: &OrderAction| known.iter().any(|row| row.action.id == action.id);
        let seen: Vec<bool> = actions.iter().map(seen).collect();
        if self.is(Flaw::AddLooksBeforeItWrites) {
            tokio::task::yield_now().await;
        }
        if self.is(Flaw::ActionsAreAddedBackwards) {
            actions.reverse();
        }
        let mut answers = self.inner.add_actions(&connection, &actions, now).await?;
        for (answer, seen) in answers.iter_mut().zip(seen) {
            if self.is(Flaw::AddLooksBeforeItWrites) && !seen {
                *answer = AddOutcome::Added;
            }
            if self.is(Flaw::ConflictsAreDuplicates) && *answer == AddOutcome::Conflict {
                *answer = AddOutcome::Duplicate;
            }
        }
        Ok(answers)
    }

    async fn actions(
        &self,
        connection: &ConnectionId,
        query: &ActionQuery,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ActionRow>, StoreError> {
        let mut rows = self.inner.actions(&self.connection(connection), query, after, limit).await?;
        if self.is(Flaw::UnknownActionsAreNotOpen) && *query == ActionQuery::Open {
            rows.retain(|row| row.state.name() != "unknown");
        }
        for row in &mut rows {
            match self.flaw {
                Flaw::ModifiedAtIsForgotten => row.modified_at = None,
                Flaw::UnknownActionsAreForgotten => row.unknown_outcomes = 0,
                _ => {}
            }
        }
        Ok(rows)
    }

    async fn begin_actions(
        &self,
        token: &RunToken,
        intents: &[ActionIntent],
    ) -> Result<Vec<BeginActionOutcome>, StoreError> {
        let token = self.token(token, Write::BeginAction);
        if self.is(Flaw::ActionsBeginOneByOne) {
            let mut answers = Vec::new();
            for intent in intents {
                answers.extend(self.inner.begin_actions(&token, std::slice::from_ref(intent)).await?);
            }
            return Ok(answers);
        }
        let mut answers = match self.inner.begin_actions(&token, intents).await {
            Err(error) if self.is(Flaw::UnknownActionsAreIgnored) && !error.is_lost_lease() => {
                vec![BeginActionOutcome::NotDue; intents.len()]
            }
            answers => answers?,
        };
        for answer in &mut answers {
            match (self.flaw, *answer) {
                (Flaw::EarlierActionsAreIgnored, BeginActionOutcome::OrderBusy)
                | (Flaw::LaterActionsAreIgnored, BeginActionOutcome::Superseded)
                | (Flaw::ActionsAreAlwaysDue, BeginActionOutcome::NotDue) => {
                    *answer = BeginActionOutcome::Granted;
                }
                _ => {}
            }
        }
        Ok(answers)
    }

    async fn record_actions(&self, token: &RunToken, records: &[ActionTransition]) -> Result<(), StoreError> {
        let token = self.token(token, Write::RecordAction);
        match self.inner.record_actions(&token, records).await {
            Err(error) if self.is(Flaw::IllegalStepsAreSwallowed) && !error.is_lost_lease() => Ok(()),
            answer => answer,
        }
    }
}
