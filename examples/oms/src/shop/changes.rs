//! What became of orders on the channel after they were imported, until an operator has seen it.

use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId,
        store::{OrderChange, OrderChangeKind},
    },
};

use crate::{
    Failure,
    database::{Database, Row, Statement},
};

/// A change that nobody has seen yet.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) id: i64,
    pub(crate) connection: ConnectionId,
    pub(crate) number: String,
    pub(crate) what: String,
    pub(crate) at: Option<Timestamp>,
}

/// As many changes as a list shows.
const PAGE: i64 = 100;

/// Tells the operator, and keeps anybody from shipping what should not be shipped.
pub(super) fn record(connection: &ConnectionId, change: &OrderChange) -> Vec<Statement> {
    let what: Vec<String> = change.what.iter().map(ToString::to_string).collect();
    let insert = Statement::new(
        "INSERT INTO oms_change (connection, channel_order, number, what, at, seen) VALUES ($1, $2, $3, $4, $5, 0)",
        [
            connection.as_str().into(),
            change.order.as_str().into(),
            change.number.as_str().into(),
            what.join("; ").into(),
            change.modified_at.map(Timestamp::unix_seconds).into(),
        ],
    );
    let effect = |kind: &OrderChangeKind| {
        use OrderChangeKind::{Cancelled, Merged, OnHold, Released, ShippedElsewhere};
        let update = match kind {
            Cancelled | ShippedElsewhere { .. } | Merged { .. } => {
                "UPDATE oms_order SET state = 'stopped'
                 WHERE connection = $1 AND channel_order = $2 AND state IN ('held', 'ready')"
            }
            OnHold => "UPDATE oms_order SET channel_hold = 1 WHERE connection = $1 AND channel_order = $2",
            Released => "UPDATE oms_order SET channel_hold = 0 WHERE connection = $1 AND channel_order = $2",
            _ => return None,
        };
        Some(Statement::new(update, [connection.as_str().into(), change.order.as_str().into()]))
    };
    [insert].into_iter().chain(change.what.iter().filter_map(effect)).collect()
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, connection, number, what, at FROM oms_change WHERE ", $rest)
    };
}

fn change(row: &Row) -> Change {
    Change {
        id: row.number(0),
        connection: ConnectionId::new(row.text(1)),
        number: row.text(2),
        what: row.text(3),
        at: Some(row.time(4)).filter(|at| *at > Timestamp::UNIX_EPOCH),
    }
}

/// What nobody has seen yet, the newest first.
pub(crate) async fn unseen(database: &Database) -> Result<Vec<Change>, Failure> {
    let query = select!("seen = 0 ORDER BY id DESC LIMIT $1");
    Ok(database.query(query, &[PAGE.into()]).await?.iter().map(change).collect())
}

/// What has changed of one order, seen or not, the newest first.
pub(crate) async fn of_order(
    database: &Database,
    connection: &ConnectionId,
    order: &ChannelOrderId,
) -> Result<Vec<Change>, Failure> {
    let query = select!("connection = $1 AND channel_order = $2 ORDER BY id DESC LIMIT $3");
    let values = [connection.as_str().into(), order.as_str().into(), PAGE.into()];
    Ok(database.query(query, &values).await?.iter().map(change).collect())
}

pub(crate) async fn count_unseen(database: &Database) -> Result<i64, Failure> {
    database.count("SELECT count(*) FROM oms_change WHERE seen = 0").await
}

/// Somebody has seen it, or everything up to it.
pub(crate) async fn mark_seen(database: &Database, id: i64, earlier_too: bool) -> Result<u64, Failure> {
    let one = "UPDATE oms_change SET seen = 1 WHERE id = $1 AND seen = 0";
    let all = "UPDATE oms_change SET seen = 1 WHERE id <= $1 AND seen = 0";
    database.execute(if earlier_too { all } else { one }, &[id.into()]).await
}
