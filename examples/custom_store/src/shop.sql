-- The shop's own tables, as any shop might have them.
CREATE TABLE IF NOT EXISTS shop_order (
    id        INTEGER PRIMARY KEY,
    number    TEXT NOT NULL,
    recipient TEXT,
    country   TEXT,
    method    TEXT,
    status    TEXT NOT NULL CHECK (status IN ('ready', 'held'))
);
CREATE TABLE IF NOT EXISTS shop_order_line (
    shop_order INTEGER NOT NULL REFERENCES shop_order (id),
    sku        TEXT,
    quantity   INTEGER NOT NULL
);

-- What the shop keeps for the channel. Instants are milliseconds since 1970, UTC.
CREATE TABLE IF NOT EXISTS channel_import (
    connection    TEXT    NOT NULL,
    channel_order TEXT    NOT NULL,
    shop_order    INTEGER NOT NULL REFERENCES shop_order (id),
    held          INTEGER NOT NULL,
    held_json     TEXT    NOT NULL,
    record_json   TEXT    NOT NULL,
    fingerprint   TEXT,
    PRIMARY KEY (connection, channel_order)
);
CREATE INDEX IF NOT EXISTS channel_import_fingerprint ON channel_import (connection, fingerprint);
CREATE TABLE IF NOT EXISTS channel_merged (
    connection TEXT NOT NULL,
    merged     TEXT NOT NULL,
    survivor   TEXT NOT NULL,
    PRIMARY KEY (connection, merged, survivor)
);
CREATE TABLE IF NOT EXISTS channel_work (
    connection    TEXT    NOT NULL,
    channel_order TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    follow_up     INTEGER NOT NULL,
    state         TEXT    NOT NULL,
    next_attempt  INTEGER NOT NULL,
    work_json     TEXT    NOT NULL,
    PRIMARY KEY (connection, channel_order, kind)
);
CREATE INDEX IF NOT EXISTS channel_work_due ON channel_work (connection, follow_up, next_attempt) WHERE state = 'open';
CREATE TABLE IF NOT EXISTS channel_fence (
    connection TEXT    NOT NULL,
    operation  TEXT    NOT NULL,
    fence      INTEGER NOT NULL,
    PRIMARY KEY (connection, operation)
);
