-- What a SqliteStore keeps: version 1 of the schema.
--
-- Instants are whole nanoseconds since 1970-01-01T00:00:00Z; those before 1677 or after 2262 are held at the edge.
-- Columns named *_json hold a value of the crate as JSON; what is looked for, sorted by or counted has a column of
-- its own beside it. Flags are 0 or 1. Texts compare by their bytes.

-- The lease of each operation, and the newest fence that was granted or seen. `run` is NULL while nothing runs.
CREATE TABLE lease (
    connection  TEXT    NOT NULL,
    operation   TEXT    NOT NULL,
    fence       INTEGER NOT NULL,
    run         TEXT,
    owner       TEXT,
    since       INTEGER,
    expires     INTEGER,
    PRIMARY KEY (connection, operation)
) STRICT, WITHOUT ROWID;

-- The history of runs, in the order in which they began.
CREATE TABLE run (
    seq          INTEGER PRIMARY KEY,
    connection   TEXT    NOT NULL,
    operation    TEXT    NOT NULL,
    run          TEXT    NOT NULL,
    running      INTEGER NOT NULL,
    success      INTEGER NOT NULL,
    summary_json TEXT    NOT NULL,
    UNIQUE (connection, operation, run)
) STRICT;
CREATE INDEX run_newest  ON run (connection, operation, seq);
CREATE INDEX run_success ON run (connection, operation, seq) WHERE success = 1;
CREATE INDEX run_running ON run (connection, operation)      WHERE running = 1;

-- One small row for every order that was ever imported; nothing of a buyer. It stays for ever: it is what keeps
-- an order from being imported twice.
CREATE TABLE import_record (
    connection  TEXT NOT NULL,
    order_id    TEXT NOT NULL,
    record_json TEXT NOT NULL,
    PRIMARY KEY (connection, order_id)
) STRICT, WITHOUT ROWID;

-- The imported orders themselves, in the order in which they came. `order_json` holds the buyer's data, until
-- `blanked`. `handed_over` is set once the host has acknowledged the order.
CREATE TABLE host_order (
    seq           INTEGER PRIMARY KEY,
    connection    TEXT    NOT NULL,
    order_id      TEXT    NOT NULL,
    imported_at   INTEGER NOT NULL,
    held          INTEGER NOT NULL,
    handed_over   INTEGER NOT NULL DEFAULT 0,
    blanked       INTEGER NOT NULL DEFAULT 0,
    marketplace   TEXT,
    country       TEXT,
    shipping_text TEXT,
    shipping_json TEXT    NOT NULL,
    rules_version INTEGER NOT NULL,
    order_json    TEXT    NOT NULL,
    UNIQUE (connection, order_id)
) STRICT;
CREATE INDEX host_order_held     ON host_order (connection, order_id)    WHERE held = 1;
CREATE INDEX host_order_to_take  ON host_order (connection, seq)         WHERE held = 0 AND handed_over = 0;
CREATE INDEX host_order_to_blank ON host_order (connection, imported_at) WHERE blanked = 0;

-- What remains to be done on the channel for an imported order. `wanted` is the value that failed.
CREATE TABLE follow_up (
    connection      TEXT    NOT NULL,
    order_id        TEXT    NOT NULL,
    kind            TEXT    NOT NULL CHECK (kind IN ('assign_user', 'add_tag')),
    state           TEXT    NOT NULL CHECK (state IN ('open', 'failed', 'closed')),
    user_before     TEXT,
    attempts        INTEGER NOT NULL DEFAULT 0,
    outcome_unknown INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL,
    not_before      INTEGER NOT NULL,
    wanted          TEXT,
    last_error      TEXT,
    PRIMARY KEY (connection, order_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX follow_up_open   ON follow_up (connection, created_at, order_id, kind, not_before) WHERE state = 'open';
CREATE INDEX follow_up_failed ON follow_up (connection, kind, wanted)                           WHERE state = 'failed';

-- Orders that could not be imported.
CREATE TABLE order_failure (
    connection   TEXT    NOT NULL,
    order_id     TEXT    NOT NULL,
    number       TEXT    NOT NULL,
    error        TEXT    NOT NULL,
    retryable    INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    next_attempt INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 1,
    first_seen   INTEGER NOT NULL,
    dismissed    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (connection, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_failure_due ON order_failure (connection, first_seen, order_id, next_attempt) WHERE dismissed = 0;

-- The outbox of shipments. `state` is the name of what `state_json` says in full. `due_from` is the instant from
-- which the row is due, NULL while it is not due by itself.
CREATE TABLE outbox (
    connection    TEXT    NOT NULL,
    shipment      TEXT    NOT NULL,
    revision      INTEGER NOT NULL,
    order_id      TEXT    NOT NULL,
    shipped_at    INTEGER NOT NULL,
    state         TEXT    NOT NULL,
    due_from      INTEGER,
    in_flight     INTEGER NOT NULL,
    unblock_key   TEXT,
    attempts      INTEGER NOT NULL,
    last_error    TEXT,
    enqueued_at   INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    state_json    TEXT    NOT NULL,
    shipment_json TEXT    NOT NULL,
    PRIMARY KEY (connection, shipment, revision)
) STRICT;
CREATE INDEX outbox_due       ON outbox (connection, shipped_at, shipment, revision, due_from) WHERE due_from IS NOT NULL;
CREATE INDEX outbox_in_flight ON outbox (connection, shipped_at, shipment, revision)           WHERE in_flight = 1;
CREATE INDEX outbox_blocked   ON outbox (connection, unblock_key)                              WHERE unblock_key IS NOT NULL;
CREATE INDEX outbox_order     ON outbox (connection, order_id, shipped_at, shipment, revision);
CREATE INDEX outbox_state     ON outbox (connection, state);
-- The store's own word that no two shipments of one order are under way at once.
CREATE UNIQUE INDEX outbox_one_in_flight ON outbox (connection, order_id) WHERE in_flight = 1;

-- Quantities of an order's lines that the host will never ship.
CREATE TABLE cancelled_line (
    connection TEXT    NOT NULL,
    order_id   TEXT    NOT NULL,
    line       TEXT    NOT NULL,
    quantity   INTEGER NOT NULL,
    PRIMARY KEY (connection, order_id, line)
) STRICT, WITHOUT ROWID;

-- What the host sells.
CREATE TABLE listing (
    connection TEXT NOT NULL,
    listing    TEXT NOT NULL,
    sku        TEXT,
    PRIMARY KEY (connection, listing)
) STRICT, WITHOUT ROWID;

-- Which of the channel's products each listing is linked to.
CREATE TABLE link (
    connection TEXT    NOT NULL,
    listing    TEXT    NOT NULL,
    product    TEXT    NOT NULL,
    sku        TEXT    NOT NULL,
    linked_at  INTEGER NOT NULL,
    broken     INTEGER NOT NULL,
    PRIMARY KEY (connection, listing),
    UNIQUE (connection, product)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_sku ON link (connection, sku, linked_at) WHERE broken = 0;

-- The two tables of rules, each as a whole.
CREATE TABLE rule_table (
    connection TEXT    NOT NULL,
    name       TEXT    NOT NULL CHECK (name IN ('shipping', 'carrier')),
    version    INTEGER NOT NULL,
    rules_json TEXT    NOT NULL,
    PRIMARY KEY (connection, name)
) STRICT, WITHOUT ROWID;

-- Shipping texts that no rule mapped. `store` is empty and `has_store` 0 for an order without a store.
CREATE TABLE unmapped_text (
    connection TEXT    NOT NULL,
    has_store  INTEGER NOT NULL,
    store      TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    count      INTEGER NOT NULL,
    seen_json  TEXT    NOT NULL,
    PRIMARY KEY (connection, has_store, store, text)
) STRICT, WITHOUT ROWID;
CREATE INDEX unmapped_text_often ON unmapped_text (connection, count DESC, text, has_store, store);
