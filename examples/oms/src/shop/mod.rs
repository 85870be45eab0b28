//! The host's own tables, and what stands in them: its orders and parcels, its accounts of ShipStation, its operators.

pub(crate) mod accounts;
pub(crate) mod changes;
pub(crate) mod decisions;
pub(crate) mod operators;
pub(crate) mod orders;
pub(crate) mod parcels;
pub(crate) mod usage;
mod writer;

pub(crate) use self::writer::Writer;

/// A day, in seconds.
pub(crate) const DAY: i64 = 86_400;

/// The tables, for a database whose columns of numbers that it counts itself are declared so.
pub(crate) fn tables(id: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS oms_account (
             name text PRIMARY KEY, api_key text NOT NULL, api_secret text NOT NULL, expires_on text,
             webhook_secret text NOT NULL, revision bigint NOT NULL, paused text);
         CREATE TABLE IF NOT EXISTS oms_order (
             id {id}, connection text NOT NULL, channel_order text NOT NULL, number text NOT NULL,
             placed_at bigint NOT NULL, imported_at bigint NOT NULL, state text NOT NULL, method text, store text,
             lines text NOT NULL, ship_to text NOT NULL, total text, channel_hold bigint NOT NULL,
             UNIQUE (connection, channel_order));
         CREATE INDEX IF NOT EXISTS oms_order_number ON oms_order (number);
         CREATE INDEX IF NOT EXISTS oms_order_state ON oms_order (state, id);
         CREATE INDEX IF NOT EXISTS oms_order_placed ON oms_order (placed_at);
         CREATE TABLE IF NOT EXISTS oms_parcel (
             id text PRIMARY KEY, order_id bigint NOT NULL, carrier text NOT NULL, tracking text NOT NULL,
             shipped_at bigint NOT NULL, lines text NOT NULL, revision bigint NOT NULL, state text NOT NULL,
             why text, settled bigint NOT NULL);
         CREATE INDEX IF NOT EXISTS oms_parcel_order ON oms_parcel (order_id);
         CREATE INDEX IF NOT EXISTS oms_parcel_tracking ON oms_parcel (tracking);
         CREATE INDEX IF NOT EXISTS oms_parcel_settled ON oms_parcel (settled, id);
         CREATE TABLE IF NOT EXISTS oms_change (
             id {id}, connection text NOT NULL, channel_order text NOT NULL, number text NOT NULL, what text NOT NULL,
             at bigint, seen bigint NOT NULL);
         CREATE INDEX IF NOT EXISTS oms_change_seen ON oms_change (seen, id);
         CREATE INDEX IF NOT EXISTS oms_change_order ON oms_change (connection, channel_order);
         CREATE TABLE IF NOT EXISTS oms_decision (
             id {id}, at bigint NOT NULL, operator text NOT NULL, what text NOT NULL);
         CREATE TABLE IF NOT EXISTS oms_usage (
             connection text NOT NULL, hour bigint NOT NULL, requests bigint NOT NULL, PRIMARY KEY (connection, hour));
         CREATE TABLE IF NOT EXISTS oms_operator (name text PRIMARY KEY, password text NOT NULL);
         CREATE TABLE IF NOT EXISTS oms_session (
             token text PRIMARY KEY, operator text NOT NULL, expires bigint NOT NULL, said text);"
    )
}
