//! The host's orders: `held` until nothing holds them here, `on_hold` in the channel, `ready` to be shipped, `shipped`, or `stopped`
//! because the channel ended them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shipstation_connector::{
    Timestamp,
    channel::{
        Address, ChannelOrderId, ConnectionId, HostOrderId, LineId, LineQuantity, Shipment,
        shipping::ShippingResolution, store::NewOrder,
    },
    stores::{Failure as Refused, ReleasedOrder},
};

use super::{
    DAY,
    parcels::{self, Parcel},
};
use crate::{
    Failure,
    database::{Database, Row, Statement, Value},
};

/// An order of the host's, with its buyer's address.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) connection: ConnectionId,
    /// The channel's id of it.
    pub(crate) external_id: ChannelOrderId,
    pub(crate) number: String,
    pub(crate) placed_at: Timestamp,
    pub(crate) imported_at: Timestamp,
    pub(crate) state: String,
    /// How it is shipped, by the host's own words.
    pub(crate) method: Option<String>,
    pub(crate) store: Option<String>,
    pub(crate) lines: Vec<Line>,
    pub(crate) ship_to: String,
    pub(crate) total: Option<String>,
    /// The state of a parcel of which the channel does not know yet.
    pub(crate) untold: Option<String>,
}

/// What is to be packed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: LineId,
    pub(crate) sku: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) quantity: i64,
}

/// As many orders as a page of a list has.
pub(crate) const PAGE: i64 = 50;

/// The state that an order shows: a hold of the channel's keeps it from being ready, whatever else is resolved meanwhile.
macro_rules! state {
    () => {
        "CASE WHEN state = 'ready' AND channel_hold = 1 THEN 'on_hold' ELSE state END"
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, connection, channel_order, number, placed_at, imported_at, ",
            state!(),
            ", method, store, lines, ship_to, total, (SELECT min(p.state) FROM oms_parcel p WHERE p.order_id = oms_order.id ",
            "AND (p.settled = 0 OR p.settled = 1 AND p.state = 'failed')) FROM oms_order ",
            $rest
        )
    };
}

fn order(row: &Row) -> Order {
    Order {
        id: row.number(0),
        connection: ConnectionId::new(row.text(1)),
        external_id: ChannelOrderId::new(row.text(2)),
        number: row.text(3),
        placed_at: row.time(4),
        imported_at: row.time(5),
        state: row.text(6),
        method: row.maybe_text(7),
        store: row.maybe_text(8),
        lines: serde_json::from_str(&row.text(9)).unwrap_or_default(),
        ship_to: row.text(10),
        total: row.maybe_text(11),
        untold: row.maybe_text(12),
    }
}

/// Makes an imported order one of the host's.
pub(super) fn insert(connection: &ConnectionId, new: &NewOrder) -> Result<Statement, Refused> {
    let from = &new.order;
    let lines = from.lines.iter().filter(|line| line.is_shippable()).map(|line| Line {
        id: line.id.clone(),
        sku: line.sku.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
    });
    let lines = serde_json::to_string(&lines.collect::<Vec<_>>())
        .map_err(|_| Refused::refused("the lines cannot be written"))?;
    let placed = from.ordered_at.or(from.created_at).unwrap_or(new.imported_at);
    let store = from.store_name.clone().or_else(|| from.store.as_ref().map(ToString::to_string));
    let state = if new.holds.is_empty() { "ready" } else { "held" };
    Ok(Statement::new(
        "INSERT INTO oms_order (connection, channel_order, number, placed_at, imported_at, state, method, store, lines,
                                ship_to, total, channel_hold)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0) RETURNING id",
        [
            connection.as_str().into(),
            from.id.as_str().into(),
            from.number.as_str().into(),
            placed.unix_seconds().into(),
            new.imported_at.unix_seconds().into(),
            state.into(),
            method(&new.shipping).into(),
            store.into(),
            lines.into(),
            label(&from.ship_to).into(),
            from.totals.total.map(|total| total.to_string()).into(),
        ],
    ))
}

fn method(shipping: &ShippingResolution) -> Option<String> {
    shipping.method().map(|method| method.policy.to_string())
}

/// The lines of an address label.
fn label(to: &Address) -> String {
    let place = [&to.city, &to.state, &to.postal_code].into_iter().flatten();
    let place = place.map(String::as_str).collect::<Vec<_>>().join(" ");
    let lines = [&to.name, &to.company, &to.street1, &to.street2, &to.street3, &Some(place), &to.country];
    let lines = lines.into_iter().flatten().map(|line| line.trim()).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// Nothing holds the order any more.
pub(super) fn release(released: &ReleasedOrder) -> Result<Statement, Refused> {
    let id = released.record.host_order.as_ref().map(HostOrderId::as_str);
    let id: i64 =
        id.and_then(|id| id.parse().ok()).ok_or_else(|| Refused::refused("no order of the host's"))?;
    Ok(Statement::new(
        "UPDATE oms_order SET state = 'ready', method = $1 WHERE id = $2 AND state = 'held'",
        [method(&released.shipping).into(), id.into()],
    ))
}

/// The orders with a number, in whichever connections.
pub(crate) async fn by_number(database: &Database, number: &str) -> Result<Vec<Order>, Failure> {
    let rows = database.query(select!("WHERE number = $1 ORDER BY id LIMIT 20"), &[number.into()]).await?;
    Ok(rows.iter().map(order).collect())
}

pub(crate) async fn by_id(database: &Database, id: i64) -> Result<Option<Order>, Failure> {
    let rows = database.query(select!("WHERE id = $1"), &[id.into()]).await?;
    Ok(rows.first().map(order))
}

/// The order that a channel's order became.
pub(crate) async fn imported_as(
    database: &Database,
    connection: &ConnectionId,
    external_id: &ChannelOrderId,
) -> Result<Option<Order>, Failure> {
    let query = select!("WHERE connection = $1 AND channel_order = $2");
    let rows = database.query(query, &[connection.as_str().into(), external_id.as_str().into()]).await?;
    Ok(rows.first().map(order))
}

/// What is kept of an order that shows this state: its own state, and whether the channel holds it.
fn kept(state: &str) -> (Value, Value) {
    match state {
        "on_hold" => ("ready".into(), 1.into()),
        state => (state.into(), 0.into()),
    }
}

/// A page of the orders in a state, those that wait longest first: behind this one.
pub(crate) async fn oldest(database: &Database, state: &str, after: i64) -> Result<Vec<Order>, Failure> {
    let query = select!(
        "WHERE state = $1 AND (state <> 'ready' OR channel_hold = $2) AND id > $3 ORDER BY id LIMIT $4"
    );
    let (state, hold) = kept(state);
    let rows = database.query(query, &[state, hold, after.into(), PAGE.into()]).await?;
    Ok(rows.iter().map(order).collect())
}

/// A page of the orders in a state, the newest first: before this one.
pub(crate) async fn newest(database: &Database, state: &str, before: i64) -> Result<Vec<Order>, Failure> {
    let query = select!(
        "WHERE state = $1 AND (state <> 'ready' OR channel_hold = $2) AND id < $3 ORDER BY id DESC LIMIT $4"
    );
    let (state, hold) = kept(state);
    let rows = database.query(query, &[state, hold, before.into(), PAGE.into()]).await?;
    Ok(rows.iter().map(order).collect())
}

/// How many orders there are in each state.
pub(crate) async fn counts(database: &Database) -> Result<BTreeMap<String, i64>, Failure> {
    let rows =
        database.query(concat!("SELECT ", state!(), ", count(*) FROM oms_order GROUP BY 1"), &[]).await?;
    Ok(rows.iter().map(|row| (row.text(0), row.number(1))).collect())
}

pub(crate) async fn count_held(database: &Database) -> Result<i64, Failure> {
    database.count("SELECT count(*) FROM oms_order WHERE state = 'held'").await
}

/// How many orders were placed on each day (of UTC, numbered from 1970) since one.
pub(crate) async fn placed_by_day(database: &Database, since: i64) -> Result<BTreeMap<i64, i64>, Failure> {
    let query =
        "SELECT placed_at / 86400, count(*) FROM oms_order WHERE placed_at >= $1 GROUP BY placed_at / 86400";
    let rows = database.query(query, &[(since * DAY).into()]).await?;
    Ok(rows.iter().map(|row| (row.number(0), row.number(1))).collect())
}

/// The lines with what has not left yet.
pub(crate) fn left_to_ship(order: &Order, parcels: &[Parcel]) -> Vec<LineQuantity> {
    let gone = |line: &Line| -> i64 {
        let of_line =
            parcels.iter().flat_map(|parcel| &parcel.lines).filter(|shipped| shipped.line == line.id);
        of_line.map(|shipped| shipped.quantity).sum()
    };
    let left = order
        .lines
        .iter()
        .map(|line| LineQuantity { line: line.id.clone(), quantity: line.quantity - gone(line) });
    left.filter(|line| line.quantity > 0).collect()
}

/// Ships these lines of a ready order: its parcel is booked and in the outbox, or neither. Says whether it was ready, and all of them
/// still here.
pub(crate) async fn ship(
    database: &Database,
    order: &Order,
    (carrier, tracking): (&str, &str),
    lines: Vec<LineQuantity>,
    now: Timestamp,
) -> Result<bool, Failure> {
    let earlier = parcels::of_order(database, order.id).await?;
    let left = left_to_ship(order, &earlier);
    let is_left = |line: &LineQuantity| {
        left.iter().any(|kept| kept.line == line.line && (1..=kept.quantity).contains(&line.quantity))
    };
    if lines.is_empty() || !lines.iter().all(is_left) {
        return Ok(false);
    }
    let is_rest = lines == left;
    let id = format!("parcel-{}-{}", order.id, earlier.len() + 1);
    let kept = serde_json::to_string(&lines)?;
    let shipment = Shipment::new(id.as_str(), order.external_id.as_str(), now, carrier, tracking)
        .order_number(order.number.as_str())
        // Without lines it is everything that is left.
        .lines(if is_rest && earlier.is_empty() { Vec::new() } else { lines });
    let booking = vec![
        Statement::new(
            "UPDATE oms_order SET state = $1 WHERE id = $2 AND state = 'ready' AND channel_hold = 0",
            [if is_rest { "shipped" } else { "ready" }.into(), order.id.into()],
        ),
        Statement::new(
            "INSERT INTO oms_parcel (id, order_id, carrier, tracking, shipped_at, lines, revision, state, settled)
             VALUES ($1, $2, $3, $4, $5, $6, 1, 'pending', 0) ON CONFLICT (id) DO NOTHING",
            [
                id.into(),
                order.id.into(),
                carrier.into(),
                tracking.into(),
                now.unix_seconds().into(),
                kept.into(),
            ],
        ),
    ];
    database.ship(&order.connection, booking, shipment, now).await
}

/// Corrects a parcel of which the channel does not know yet. Says whether it could be corrected.
pub(crate) async fn correct(
    database: &Database,
    order: &Order,
    parcel: &Parcel,
    (carrier, tracking): (&str, &str),
    now: Timestamp,
) -> Result<bool, Failure> {
    let revision = parcel.revision + 1;
    let is_whole = left_to_ship(order, std::slice::from_ref(parcel)).is_empty();
    let shipment =
        Shipment::new(parcel.id.as_str(), order.external_id.as_str(), parcel.shipped_at, carrier, tracking)
            .order_number(order.number.as_str())
            .lines(if is_whole { Vec::new() } else { parcel.lines.clone() })
            .revision(revision.try_into()?);
    let booking = vec![Statement::new(
        "UPDATE oms_parcel SET carrier = $1, tracking = $2, revision = $3, state = 'pending', why = NULL
         WHERE id = $4 AND revision = $5 AND settled = 0",
        [carrier.into(), tracking.into(), revision.into(), parcel.id.as_str().into(), parcel.revision.into()],
    )];
    database.ship(&order.connection, booking, shipment, now).await
}
