//! The host's parcels, and what became of telling the channel of them.

use std::collections::BTreeMap;

use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, LineQuantity, ShipmentState, SupersedeReason,
        store::{OutboxQuery, OutboxRow},
    },
};

use super::DAY;
use crate::{Failure, database::Database};

/// A parcel.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub(crate) id: String,
    pub(crate) connection: ConnectionId,
    pub(crate) external_id: ChannelOrderId,
    pub(crate) number: String,
    pub(crate) carrier: String,
    pub(crate) tracking: String,
    pub(crate) shipped_at: Timestamp,
    pub(crate) lines: Vec<LineQuantity>,
    /// Grows when it is corrected.
    pub(crate) revision: i64,
    pub(crate) state: String,
    /// Why it is in this state, where there is a reason.
    pub(crate) why: Option<String>,
    /// Whether somebody has dealt with its failure.
    pub(crate) is_dealt_with: bool,
}

/// As many parcels as are looked at in one step, or shown in one list.
const PAGE: i64 = 200;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, o.connection, o.channel_order, o.number, p.carrier, p.tracking, p.shipped_at, p.state, p.why, ",
            "p.settled, p.revision, p.lines FROM oms_parcel p JOIN oms_order o ON o.id = p.order_id WHERE ",
            $rest
        )
    };
}

fn parcel(row: &crate::database::Row) -> Parcel {
    Parcel {
        id: row.text(0),
        connection: ConnectionId::new(row.text(1)),
        external_id: ChannelOrderId::new(row.text(2)),
        number: row.text(3),
        carrier: row.text(4),
        tracking: row.text(5),
        shipped_at: row.time(6),
        state: row.text(7),
        why: row.maybe_text(8),
        is_dealt_with: row.number(9) > 1,
        revision: row.number(10),
        lines: serde_json::from_str(&row.text(11)).unwrap_or_default(),
    }
}

pub(crate) async fn of_order(database: &Database, order: i64) -> Result<Vec<Parcel>, Failure> {
    let rows = database.query(select!("p.order_id = $1 ORDER BY p.id"), &[order.into()]).await?;
    Ok(rows.iter().map(parcel).collect())
}

/// Those that the channel will never be told of and that nobody has dealt with, the newest first.
pub(crate) async fn failed(database: &Database) -> Result<Vec<Parcel>, Failure> {
    let query = select!("p.state = 'failed' AND p.settled = 1 ORDER BY p.shipped_at DESC LIMIT $1");
    Ok(database.query(query, &[PAGE.into()]).await?.iter().map(parcel).collect())
}

pub(crate) async fn count_failed(database: &Database) -> Result<i64, Failure> {
    database.count("SELECT count(*) FROM oms_parcel WHERE state = 'failed' AND settled = 1").await
}

/// The numbers of other orders whose parcels have this tracking number.
pub(crate) async fn others_with(
    database: &Database,
    tracking: &str,
    order: i64,
) -> Result<Vec<String>, Failure> {
    let query = "SELECT DISTINCT o.number FROM oms_parcel p JOIN oms_order o ON o.id = p.order_id
                 WHERE p.tracking = $1 AND o.id <> $2 LIMIT 5";
    let rows = database.query(query, &[tracking.into(), order.into()]).await?;
    Ok(rows.iter().map(|row| row.text(0)).collect())
}

/// Somebody has dealt with one that failed. Says whether there was one.
pub(crate) async fn dealt_with(database: &Database, id: &str) -> Result<bool, Failure> {
    let update = "UPDATE oms_parcel SET settled = 2 WHERE id = $1 AND state = 'failed'";
    Ok(database.execute(update, &[id.into()]).await? > 0)
}

/// How many parcels left on each day (of UTC, numbered from 1970) since one.
pub(crate) async fn shipped_by_day(database: &Database, since: i64) -> Result<BTreeMap<i64, i64>, Failure> {
    let query = "SELECT shipped_at / 86400, count(*) FROM oms_parcel WHERE shipped_at >= $1 GROUP BY shipped_at / 86400";
    let rows = database.query(query, &[(since * DAY).into()]).await?;
    Ok(rows.iter().map(|row| (row.number(0), row.number(1))).collect())
}

/// Takes over from the outbox what became of the parcels of a connection that are still open here: after each run that sends shipments.
/// What a crash leaves undone is done after the next one.
pub(crate) async fn settle(database: &Database, connection: &ConnectionId) -> Result<(), Failure> {
    let (shipments, mut after) = (database.stores().shipments, String::new());
    loop {
        let query = select!("o.connection = $1 AND p.settled = 0 AND p.id > $2 ORDER BY p.id LIMIT $3");
        let values = [connection.as_str().into(), after.as_str().into(), PAGE.into()];
        let open: Vec<Parcel> = database.query(query, &values).await?.iter().map(parcel).collect();
        let Some(last) = open.last() else { return Ok(()) };
        after.clone_from(&last.id);
        for parcel in &open {
            let of_order = OutboxQuery::OfOrder(parcel.external_id.clone());
            let rows = shipments.rows(connection, &of_order, None, 100).await?.rows;
            let is_it = |row: &&OutboxRow| {
                row.shipment.id.as_str() == parcel.id && i64::from(row.shipment.revision) == parcel.revision
            };
            let Some(row) = rows.iter().find(is_it) else { continue };
            let why = why(row);
            if (row.state.name(), &why) == (parcel.state.as_str(), &parcel.why) {
                continue;
            }
            let update = "UPDATE oms_parcel SET state = $1, why = $2, settled = $3
                          WHERE id = $4 AND revision = $5 AND settled = 0";
            let (state, settled) = (row.state.name(), i64::from(row.state.is_closed()));
            let id = parcel.id.as_str();
            let values = [state.into(), why.into(), settled.into(), id.into(), parcel.revision.into()];
            database.execute(update, &values).await?;
        }
    }
}

/// Why it is in its state, where there is a reason.
fn why(row: &OutboxRow) -> Option<String> {
    match &row.state {
        ShipmentState::Blocked { reason } => Some(reason.to_string()),
        ShipmentState::Failed { reason } => Some(reason.to_string()),
        ShipmentState::Superseded { reason: SupersedeReason::NewerRevision { .. } } => {
            Some("it was corrected".to_owned())
        }
        // An order of ShipStation's carries one number.
        ShipmentState::Superseded { .. } => {
            Some("the order went out with another parcel's number".to_owned())
        }
        ShipmentState::Suppressed { why } => Some(why.clone()),
        _ => row.last_error.clone(),
    }
}
