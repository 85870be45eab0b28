//! What the host wants done to orders in the channel. What becomes of it is decided as in memory, on the rows that a call touches.

use async_trait::async_trait;
use rusqlite::{Row, Transaction};

use super::{
    SqliteStore, events, key,
    query::{all, execute, first},
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

const ROW: &str = "shipstation_action.row_json";

#[async_trait]
impl ActionStore for SqliteStore {
    async fn add_actions(
        &self,
        connection: &ConnectionId,
        actions: &[OrderAction],
        now: Timestamp,
    ) -> Result<Vec<AddOutcome>, StoreError> {
        let (connection, actions) = (connection.clone(), actions.to_vec());
        self.change(move |tx| add_all(tx, &connection, &actions, now)).await
    }

    async fn actions(
        &self,
        connection: &ConnectionId,
        query: &ActionQuery,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<ActionRow>, StoreError> {
        let (connection, query, after, limit) =
            (key(connection), query.clone(), integer(after.unwrap_or(0)), integer(limit));
        self.read(move |tx| match query {
            ActionQuery::Open => {
                let open = "SELECT number, row_json FROM shipstation_action
                            WHERE connection = ?1 AND settled IS NULL AND number > ?2 ORDER BY number LIMIT ?3";
                all(tx, open, (&connection, after, limit), numbered)
            }
            ActionQuery::OfOrder(order) => {
                let of_order =
                    "SELECT number, row_json FROM shipstation_action
                     WHERE connection = ?1 AND order_id = ?2 AND number > ?3 ORDER BY number LIMIT ?4";
                all(tx, of_order, (&connection, order.as_str(), after, limit), numbered)
            }
        })
        .await
    }

    async fn begin_actions(
        &self,
        token: &RunToken,
        intents: &[ActionIntent],
    ) -> Result<Vec<BeginActionOutcome>, StoreError> {
        let intents = intents.to_vec();
        self.write(token, move |tx, token| {
            let touched = touched(tx, token.connection.as_str(), intents.iter().map(|intent| &intent.id))?;
            let (answers, effects) = touched.begin(&intents, &token.run)?;
            apply(tx, token, &effects)?;
            Ok(answers)
        })
        .await
    }

    async fn record_actions(&self, token: &RunToken, records: &[ActionTransition]) -> Result<(), StoreError> {
        let records = records.to_vec();
        self.write(token, move |tx, token| {
            let touched = touched(tx, token.connection.as_str(), records.iter().map(|record| &record.id))?;
            apply(tx, token, &touched.record(&records, &token.run)?)
        })
        .await
    }
}

impl SqliteStore {
    /// The host's side: adds actions in a transaction of the host's own on the store's file. They are there if it commits, for the
    /// next run. The answers stand in the order given.
    ///
    /// # Errors
    /// When the file refuses.
    pub fn add_actions_in(
        tx: &Transaction<'_>,
        connection: &ConnectionId,
        actions: &[OrderAction],
        now: Timestamp,
    ) -> Result<Vec<AddOutcome>, StoreError> {
        Ok(add_all(tx, connection, actions, now)?)
    }
}

fn add_all(
    tx: &Transaction<'_>,
    connection: &ConnectionId,
    actions: &[OrderAction],
    now: Timestamp,
) -> Answer<Vec<AddOutcome>> {
    let insert = "INSERT INTO shipstation_action (connection, action, order_id, in_flight, row_json) VALUES (?1, ?2, ?3, 0, ?4)";
    let add = |action: &OrderAction| {
        if let Some(row) = find(tx, connection.as_str(), &action.id)? {
            return Ok(row.answer_to(action));
        }
        let row = ActionRow::new(0, action.clone(), now);
        execute(tx, insert, (connection.as_str(), action.id.as_str(), action.order.as_str(), json(&row)?))?;
        events::append(tx, connection.as_str(), &OrderEvent::of_added_action(&row))?;
        Ok(AddOutcome::Added)
    };
    actions.iter().map(add).collect()
}

fn find(tx: &Transaction<'_>, connection: &str, id: &ActionId) -> Answer<Option<ActionRow>> {
    let find = "SELECT number, row_json FROM shipstation_action WHERE connection = ?1 AND action = ?2";
    first(tx, find, (connection, id.as_str()), numbered)
}

/// The open rows of the orders of these actions, and the actions themselves.
fn touched<'i>(
    tx: &Transaction<'_>,
    connection: &str,
    ids: impl Iterator<Item = &'i ActionId>,
) -> Answer<Actions> {
    let mut rows = Vec::new();
    for id in ids {
        let Some(row) = find(tx, connection, id)? else { continue };
        let open = "SELECT number, row_json FROM shipstation_action
                    WHERE connection = ?1 AND order_id = ?2 AND settled IS NULL";
        rows.extend(all(tx, open, (connection, row.action.order.as_str()), numbered)?);
        rows.push(row);
    }
    Ok(Actions::of(rows))
}

pub(super) fn numbered(row: &Row<'_>) -> Answer<ActionRow> {
    let kept: ActionRow = parse(ROW, &row.get::<_, String>(1)?)?;
    Ok(ActionRow { number: unsigned(row.get(0)?), ..kept })
}

/// Writes down rows that have changed, and what happened.
fn apply(tx: &Transaction<'_>, token: &RunToken, effects: &ActionEffects) -> Answer<()> {
    effects.rows.values().try_for_each(|row| update(tx, row))?;
    effects.events.iter().try_for_each(|event| events::append(tx, token.connection.as_str(), event))
}

/// Removes what is the buyer's from the actions of an order.
pub(super) fn forget_buyer(tx: &Transaction<'_>, connection: &str, order: &str) -> Answer<()> {
    let rows = "SELECT number, row_json FROM shipstation_action WHERE connection = ?1 AND order_id = ?2";
    all(tx, rows, (connection, order), numbered)?
        .into_iter()
        .try_for_each(|row| update(tx, &row.without_buyer()))
}

/// Writes down a row that has changed.
pub(super) fn update(tx: &Transaction<'_>, row: &ActionRow) -> Answer<()> {
    let put = "UPDATE shipstation_action SET in_flight = ?2, settled = ?3, row_json = ?4 WHERE number = ?1";
    execute(tx, put, (integer(row.number), row.state.is_in_flight(), closed(row), json(row)?)).map(drop)
}
