-- What a SqliteStore keeps: version 4 of the schema.
--
-- Every table and index of it is named shipstation_…, so that the file may hold a host's own tables as well.
-- Instants are whole nanoseconds since 1970-01-01T00:00:00Z; those before 1677 or after 2262 are held at the edge.
-- Columns named *_json hold a value of the crate as JSON; what is looked for, sorted by or counted has a column of
-- its own beside it. Flags are 0 or 1. Texts compare by their bytes.

-- The version of the schema: one row.
CREATE TABLE shipstation_schema (
    version INTEGER NOT NULL
) STRICT;

-- The lease of each operation, and the newest fence that was granted or seen. `run` is NULL while nothing runs.
-- `length` is how long the lease was granted or renewed for.
CREATE TABLE shipstation_lease (
    connection  TEXT    NOT NULL,
    operation   TEXT    NOT NULL,
    fence       INTEGER NOT NULL,
    run         TEXT,
    owner       TEXT,
    since       INTEGER,
    expires     INTEGER,
    length      INTEGER,
    PRIMARY KEY (connection, operation)
) STRICT, WITHOUT ROWID;
CREATE INDEX shipstation_lease_owner ON shipstation_lease (owner) WHERE owner IS NOT NULL;

-- The history of runs, in the order in which they began.
CREATE TABLE shipstation_run (
    seq          INTEGER PRIMARY KEY,
    connection   TEXT    NOT NULL,
    operation    TEXT    NOT NULL,
    run          TEXT    NOT NULL,
    began        INTEGER NOT NULL,
    running      INTEGER NOT NULL,
    success      INTEGER NOT NULL,
    worked       INTEGER NOT NULL,
    summary_json TEXT    NOT NULL,
    UNIQUE (connection, operation, run)
) STRICT;
CREATE INDEX shipstation_run_newest  ON shipstation_run (connection, operation, seq);
CREATE INDEX shipstation_run_success ON shipstation_run (connection, operation, seq) WHERE success = 1;
CREATE INDEX shipstation_run_worked  ON shipstation_run (connection, operation, seq) WHERE worked = 1;
CREATE INDEX shipstation_run_running ON shipstation_run (connection, operation)      WHERE running = 1;
CREATE INDEX shipstation_run_began   ON shipstation_run (began);

-- One small row for every order that was ever imported; nothing of a buyer. It stays for ever: it is what keeps
-- an order from being imported twice. `fingerprint` is what an order is recognized by when it comes under another id,
-- NULL where the settings did not look for that.
CREATE TABLE shipstation_import_record (
    connection  TEXT NOT NULL,
    order_id    TEXT NOT NULL,
    fingerprint TEXT,
    record_json TEXT NOT NULL,
    PRIMARY KEY (connection, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX shipstation_import_record_fingerprint ON shipstation_import_record (connection, fingerprint, order_id)
    WHERE fingerprint IS NOT NULL;

-- The orders that were inside another one, the survivor, when that one was imported.
CREATE TABLE shipstation_merged_order (
    connection TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    survivor   TEXT NOT NULL,
    PRIMARY KEY (connection, order_id, survivor)
) STRICT, WITHOUT ROWID;

-- The imported orders themselves, in the order in which they came. `order_json` holds the buyer's data, until
-- `blanked`; it is NULL where the host's own tables have the order. `fingerprinted` repeats whether its record has a fingerprint. `handed_over` is set once the host has acknowledged the order. `held_json` says why it waits, and is NULL
-- once it is ready.
CREATE TABLE shipstation_host_order (
    seq           INTEGER PRIMARY KEY,
    connection    TEXT    NOT NULL,
    order_id      TEXT    NOT NULL,
    imported_at   INTEGER NOT NULL,
    handed_over   INTEGER NOT NULL DEFAULT 0,
    blanked       INTEGER NOT NULL DEFAULT 0,
    fingerprinted INTEGER NOT NULL DEFAULT 0,
    held_json     TEXT,
    rules_version INTEGER NOT NULL,
    shipping_json TEXT    NOT NULL,
    order_json    TEXT,
    UNIQUE (connection, order_id)
) STRICT;
CREATE INDEX shipstation_host_order_held     ON shipstation_host_order (connection, order_id)    WHERE held_json IS NOT NULL;
CREATE INDEX shipstation_host_order_to_take  ON shipstation_host_order (connection, seq)         WHERE held_json IS NULL AND handed_over = 0;
CREATE INDEX shipstation_host_order_to_blank ON shipstation_host_order (imported_at)             WHERE handed_over = 1 AND blanked = 0;
CREATE INDEX shipstation_host_order_to_forget ON shipstation_host_order (imported_at)            WHERE fingerprinted = 1;

-- The ledger: what is still to be done about orders. `state` is the name of what `work_json` says in full; `wanted` is the
-- value that failed.
CREATE TABLE shipstation_work (
    connection   TEXT    NOT NULL,
    order_id     TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    follow_up    INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    next_attempt INTEGER NOT NULL,
    wanted       TEXT,
    work_json    TEXT    NOT NULL,
    PRIMARY KEY (connection, order_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX shipstation_work_due    ON shipstation_work (connection, follow_up, next_attempt, order_id, kind) WHERE state = 'open';
CREATE INDEX shipstation_work_failed ON shipstation_work (connection, kind, wanted)                            WHERE state = 'failed';

-- The outbox of shipments. The columns beside `row_json` repeat what is looked for. `due_from` is the instant from
-- which the row is due, NULL while it is not due by itself; `settled` is the one at which it was settled, NULL while it is open and
-- once it was reduced to its key.
CREATE TABLE shipstation_outbox (
    connection  TEXT    NOT NULL,
    shipment    TEXT    NOT NULL,
    revision    INTEGER NOT NULL,
    order_id    TEXT    NOT NULL,
    shipped_at  INTEGER NOT NULL,
    state       TEXT    NOT NULL,
    due_from    INTEGER,
    in_flight   INTEGER NOT NULL,
    unblock_key TEXT,
    settled     INTEGER,
    row_json    TEXT    NOT NULL,
    PRIMARY KEY (connection, shipment, revision)
) STRICT;
CREATE INDEX shipstation_outbox_due       ON shipstation_outbox (connection, shipped_at, shipment, revision, due_from) WHERE due_from IS NOT NULL;
CREATE INDEX shipstation_outbox_in_flight ON shipstation_outbox (connection, shipped_at, shipment, revision)           WHERE in_flight = 1;
CREATE INDEX shipstation_outbox_blocked   ON shipstation_outbox (connection, shipped_at, shipment, revision)           WHERE state = 'blocked';
CREATE INDEX shipstation_outbox_key       ON shipstation_outbox (connection, unblock_key)                              WHERE unblock_key IS NOT NULL;
CREATE INDEX shipstation_outbox_order     ON shipstation_outbox (connection, order_id, shipped_at, shipment, revision);
CREATE INDEX shipstation_outbox_state     ON shipstation_outbox (connection, state);
CREATE INDEX shipstation_outbox_settled   ON shipstation_outbox (settled)                                              WHERE settled IS NOT NULL;
-- The store's own word that no two shipments of one order are under way at once.
CREATE UNIQUE INDEX shipstation_outbox_one_in_flight ON shipstation_outbox (connection, order_id) WHERE in_flight = 1;

-- Quantities of an order's lines that the host will never ship.
CREATE TABLE shipstation_cancelled_line (
    connection TEXT    NOT NULL,
    order_id   TEXT    NOT NULL,
    line       TEXT    NOT NULL,
    quantity   INTEGER NOT NULL,
    PRIMARY KEY (connection, order_id, line)
) STRICT, WITHOUT ROWID;

-- What the host sells.
CREATE TABLE shipstation_listing (
    connection TEXT NOT NULL,
    listing    TEXT NOT NULL,
    sku        TEXT,
    PRIMARY KEY (connection, listing)
) STRICT, WITHOUT ROWID;

-- Which of the channel's products each listing is linked to.
CREATE TABLE shipstation_link (
    connection TEXT    NOT NULL,
    listing    TEXT    NOT NULL,
    product    TEXT    NOT NULL,
    sku        TEXT    NOT NULL,
    linked_at  INTEGER NOT NULL,
    broken     INTEGER NOT NULL,
    PRIMARY KEY (connection, listing),
    UNIQUE (connection, product)
) STRICT, WITHOUT ROWID;
CREATE INDEX shipstation_link_sku ON shipstation_link (connection, sku, linked_at) WHERE broken = 0;

-- The two tables of rules, each as a whole.
CREATE TABLE shipstation_rule_table (
    connection TEXT    NOT NULL,
    name       TEXT    NOT NULL CHECK (name IN ('shipping', 'carrier')),
    version    INTEGER NOT NULL,
    rules_json TEXT    NOT NULL,
    PRIMARY KEY (connection, name)
) STRICT, WITHOUT ROWID;

-- Shipping texts that no rule mapped. `store` is empty and `has_store` 0 for an order without a store.
CREATE TABLE shipstation_unmapped_text (
    connection TEXT    NOT NULL,
    has_store  INTEGER NOT NULL,
    store      TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    count      INTEGER NOT NULL,
    seen_json  TEXT    NOT NULL,
    PRIMARY KEY (connection, has_store, store, text)
) STRICT, WITHOUT ROWID;
CREATE INDEX shipstation_unmapped_text_often ON shipstation_unmapped_text (connection, count DESC, text, has_store, store);

-- What each imported order looked like when it was last seen; nothing of a buyer.
CREATE TABLE shipstation_order_snapshot (
    connection    TEXT NOT NULL,
    order_id      TEXT NOT NULL,
    snapshot_json TEXT NOT NULL,
    PRIMARY KEY (connection, order_id)
) STRICT, WITHOUT ROWID;

-- The changes that imported orders underwent, in the order in which they were noticed; when the run began that noticed them.
CREATE TABLE shipstation_order_change (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    connection  TEXT    NOT NULL,
    order_id    TEXT    NOT NULL,
    recorded    INTEGER,
    change_json TEXT    NOT NULL
) STRICT;
CREATE INDEX shipstation_order_change_newest ON shipstation_order_change (connection, seq);
CREATE INDEX shipstation_order_change_order  ON shipstation_order_change (connection, order_id);
CREATE INDEX shipstation_order_change_old    ON shipstation_order_change (recorded);

-- What happened to each order, step by step, numbered for each; nothing of a buyer.
CREATE TABLE shipstation_order_event (
    connection TEXT    NOT NULL,
    order_id   TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    event_json TEXT    NOT NULL,
    PRIMARY KEY (connection, order_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX shipstation_order_event_old ON shipstation_order_event (at);
-- What the host wants done to orders in the channel. `settled` is the instant at which an action was closed, NULL while it is open.
CREATE TABLE shipstation_action (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    order_id   TEXT    NOT NULL,
    in_flight  INTEGER NOT NULL,
    settled    INTEGER,
    row_json   TEXT    NOT NULL,
    UNIQUE (connection, action)
) STRICT;
CREATE INDEX shipstation_action_open    ON shipstation_action (connection, number) WHERE settled IS NULL;
CREATE INDEX shipstation_action_order   ON shipstation_action (connection, order_id, number);
CREATE INDEX shipstation_action_settled ON shipstation_action (settled)            WHERE settled IS NOT NULL;
-- The store's own word that no two actions of one order are under way at once.
CREATE UNIQUE INDEX shipstation_action_one_in_flight ON shipstation_action (connection, order_id) WHERE in_flight = 1;
