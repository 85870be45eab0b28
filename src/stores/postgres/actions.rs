//! What the host wants done to orders in the channel. What becomes of it is decided as in memory, on the rows that a call touches.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tokio_postgres::{Row, Transaction};

use super::{
    PostgresStore, commit, events,
    query::{all, execute, get, params, text},
    writer,
};
use crate::{
    Timestamp,
    channel::{
        ActionId, ConnectionId, OrderAction,
        store::{
            ActionIntent, ActionQuery, ActionRow, ActionStore, ActionTransition, AddOutcome,
            BeginActionOutcome, OrderEvent, RunToken, StoreError,
        },
    },
    stores::{
        columns::{closed, integer, json, parse, unsigned},
        failure::Answer,
        memory::{ActionEffects, Actions},
    },
};

const ROW: &str = "order_action.row_json";

#[async_trait]
impl ActionStore for PostgresStore {
    async fn add_actions(
        &self,
        connection: &ConnectionId,
        actions: &[OrderAction],
        now: Timestamp,
    ) -> Result<Vec<AddOutcome>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let answers = self.add_all(&tx, connection, actions, now).await?;
        commit(tx, answers).await
    }

    async fn actions(
        &self,
        connection: &ConnectionId,
        query: &ActionQuery,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ActionRow>, StoreError> {
        let (connection, after, limit) = (connection.as_str(), integer(after.unwrap_or(0)), integer(limit));
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let rows = match query {
            ActionQuery::Open => {
                let open = "SELECT number, row_json::text FROM order_action
                            WHERE connection = $1 AND settled IS NULL AND number > $2 ORDER BY number LIMIT $3";
                all(&tx, open, params![connection, after, limit], numbered).await?
            }
            ActionQuery::OfOrder(order) => {
                let of_order = "SELECT number, row_json::text FROM order_action
                     WHERE connection = $1 AND order_id = $4 AND number > $2 ORDER BY number LIMIT $3";
                let order = text(order.as_str());
                all(&tx, of_order, params![connection, after, limit, order], numbered).await?
            }
        };
        Ok(rows)
    }

    async fn begin_actions(
        &self,
        token: &RunToken,
        intents: &[ActionIntent],
    ) -> Result<Vec<BeginActionOutcome>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.writing(&mut client, token).await?;
        // A later action that is being added is there before or after this.
        self.lock(&tx, &token.connection, "actions").await?;
        let touched = touched(&tx, &token.connection, intents.iter().map(|intent| &intent.id)).await?;
        let (answers, effects) = touched.begin(intents, &token.run)?;
        apply(&tx, token, &effects).await?;
        commit(tx, answers).await
    }

    async fn record_actions(&self, token: &RunToken, records: &[ActionTransition]) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let tx = self.writing(&mut client, token).await?;
        let touched = touched(&tx, &token.connection, records.iter().map(|record| &record.id)).await?;
        apply(&tx, token, &touched.record(records, &token.run)?).await?;
        commit(tx, ()).await
    }
}

impl PostgresStore {
    /// The host's side: adds actions in a transaction of the host's own on the same database. They are there if it commits, for the
    /// next run. The answers stand in the order given.
    ///
    /// # Errors
    /// When the database refuses. The transaction can only be rolled back then.
    pub async fn add_actions_in(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        actions: &[OrderAction],
        now: Timestamp,
    ) -> Result<Vec<AddOutcome>, StoreError> {
        writer::enter(tx, &self.schema).await?;
        let answers = self.add_all(tx, connection, actions, now).await?;
        writer::leave(tx).await?;
        Ok(answers)
    }

    async fn add_all(
        &self,
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        actions: &[OrderAction],
        now: Timestamp,
    ) -> Answer<Vec<AddOutcome>> {
        // Numbers are given in the order in which they can be read.
        self.lock(tx, connection, "actions").await?;
        let kept = rows_of(tx, connection.as_str(), actions.iter().map(|action| &action.id)).await?;
        let mut kept: BTreeMap<_, _> = kept.into_iter().map(|row| (key(&row.action.id), row)).collect();
        let (mut answers, mut happened) = (Vec::new(), Vec::new());
        for action in actions {
            if let Some(row) = kept.get(&key(&action.id)) {
                answers.push(row.answer_to(action));
                continue;
            }
            let row = ActionRow::new(0, action.clone(), now);
            let insert = "INSERT INTO order_action (connection, action, order_id, in_flight, row_json)
                          VALUES ($1, $2, $3, false, $4::text::json)";
            let order = text(action.order.as_str());
            execute(tx, insert, params![connection.as_str(), key(&action.id), order, json(&row)?]).await?;
            happened.push(OrderEvent::of_added_action(&row));
            kept.insert(key(&action.id), row);
            answers.push(AddOutcome::Added);
        }
        events::append(tx, connection.as_str(), &happened).await?;
        Ok(answers)
    }
}

fn key(id: &ActionId) -> String {
    text(id.as_str())
}

async fn rows_of(
    tx: &Transaction<'_>,
    connection: &str,
    ids: impl Iterator<Item = &ActionId>,
) -> Answer<Vec<ActionRow>> {
    let ids: Vec<String> = ids.map(key).collect();
    let find = "SELECT number, row_json::text FROM order_action WHERE connection = $1 AND action = ANY($2)";
    all(tx, find, params![connection, ids], numbered).await
}

/// These actions and the open ones of their orders, with nobody else changing them until the transaction ends.
async fn touched(
    tx: &Transaction<'_>,
    connection: &ConnectionId,
    ids: impl Iterator<Item = &ActionId>,
) -> Answer<Actions> {
    let ids: Vec<String> = ids.map(key).collect();
    let rows = "SELECT number, row_json::text FROM order_action WHERE connection = $1 AND order_id IN (
                  SELECT order_id FROM order_action WHERE connection = $1 AND action = ANY($2))
                  AND (settled IS NULL OR action = ANY($2))
                ORDER BY number FOR UPDATE OF order_action";
    Ok(Actions::of(all(tx, rows, params![connection.as_str(), ids], numbered).await?))
}

pub(super) fn numbered(row: &Row) -> Answer<ActionRow> {
    let kept: ActionRow = parse(ROW, get(row, 1)?)?;
    Ok(ActionRow { number: unsigned(get(row, 0)?), ..kept })
}

/// Writes down rows that have changed, and what happened.
async fn apply(tx: &Transaction<'_>, token: &RunToken, effects: &ActionEffects) -> Answer<()> {
    update(tx, effects.rows.values()).await?;
    events::append(tx, token.connection.as_str(), &effects.events).await
}

/// Removes what is the buyer's from the actions of an order.
pub(super) async fn forget_buyer(tx: &Transaction<'_>, connection: &str, order: &str) -> Answer<()> {
    let rows = "SELECT number, row_json::text FROM order_action WHERE connection = $1 AND order_id = $2
                ORDER BY number FOR UPDATE";
    let rows = all(tx, rows, params![connection, order], numbered).await?;
    let rows: Vec<ActionRow> = rows.into_iter().map(ActionRow::without_buyer).collect();
    update(tx, rows.iter()).await
}

/// Writes down rows that have changed.
pub(super) async fn update(tx: &Transaction<'_>, rows: impl Iterator<Item = &ActionRow>) -> Answer<()> {
    let put =
        "UPDATE order_action SET in_flight = $2, settled = $3, row_json = $4::text::json WHERE number = $1";
    for row in rows {
        let (number, in_flight) = (integer(row.number), row.state.is_in_flight());
        execute(tx, put, params![number, in_flight, closed(row), json(row)?]).await?;
    }
    Ok(())
}
