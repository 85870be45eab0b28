-- What a PostgresStore keeps: version 1 of the schema. Everything lies in one schema of its own, which is the search path here.
--
-- Instants are whole nanoseconds since 1970-01-01T00:00:00Z; those before 1677 or after 2262 are held at the edge.
-- Columns named *_json hold a value of the crate; what is looked for, sorted by or counted has a column of its own beside it.
-- Texts compare by their bytes, whatever the collation of the database.

-- The time by which leases are judged: the server's, whatever the host says. A test on simulated time replaces this function by
-- one that gives the host's.
CREATE FUNCTION now_nanos(of_host bigint) RETURNS bigint LANGUAGE sql VOLATILE
    AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint $$;

-- The lease of each operation, and the newest fence that was granted or seen. `run` is NULL while nothing runs.
-- `length` is how long the lease was granted or renewed for.
CREATE TABLE lease (
    connection text COLLATE "C" NOT NULL,
    operation  text COLLATE "C" NOT NULL,
    fence      bigint           NOT NULL,
    run        text COLLATE "C",
    owner      text COLLATE "C",
    since      bigint,
    expires    bigint,
    length     bigint,
    PRIMARY KEY (connection, operation)
);
CREATE INDEX lease_owner ON lease (owner) WHERE owner IS NOT NULL;

-- Refuses a fence lower than one that was granted or seen, and remembers a higher one. Until the transaction ends no newer lease
-- is granted.
CREATE FUNCTION admit(of_connection text, of_operation text, of_fence bigint) RETURNS boolean LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
DECLARE
    newest bigint;
BEGIN
    SELECT fence INTO newest FROM lease WHERE connection = of_connection AND operation = of_operation FOR SHARE;
    IF newest >= of_fence THEN
        RETURN newest = of_fence;
    END IF;
    INSERT INTO lease AS kept (connection, operation, fence) VALUES (of_connection, of_operation, of_fence)
        ON CONFLICT (connection, operation) DO UPDATE SET fence = excluded.fence WHERE kept.fence <= excluded.fence;
    RETURN FOUND;
END $$;

-- The schedule of a fleet: when each operation of each connection is due; of a claimed one, when the claim ends. `every` is in
-- nanoseconds. `fence` tells a claim from earlier ones; `woken` is set while somebody works on it. `last_json` says how it ran last.
CREATE TABLE job (
    connection text COLLATE "C" NOT NULL,
    operation  text COLLATE "C" NOT NULL,
    every      bigint           NOT NULL,
    due        bigint           NOT NULL,
    paused     text,
    claimed_by text,
    fence      bigint           NOT NULL DEFAULT 0,
    woken      boolean          NOT NULL DEFAULT false,
    failures   bigint           NOT NULL DEFAULT 0,
    last_json  json,
    PRIMARY KEY (connection, operation)
);
CREATE INDEX job_due ON job (due) WHERE paused IS NULL;
CREATE SEQUENCE job_fence;

-- What the processes that use one key of ShipStation keep together of its rate limit, by a hash of the key. It begins anew when the
-- server has crashed, which costs less than a write to disk for every request.
CREATE UNLOGGED TABLE budget (
    key         text COLLATE "C" PRIMARY KEY,
    version     bigint           NOT NULL,
    budget_json json             NOT NULL
);

-- The history of runs, in the order in which they began.
CREATE TABLE run (
    seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection   text COLLATE "C" NOT NULL,
    operation    text COLLATE "C" NOT NULL,
    run          text COLLATE "C" NOT NULL,
    began        bigint           NOT NULL,
    running      boolean          NOT NULL,
    success      boolean          NOT NULL,
    worked       boolean          NOT NULL,
    summary_json json             NOT NULL,
    UNIQUE (connection, operation, run)
);
CREATE INDEX run_newest  ON run (connection, operation, seq);
CREATE INDEX run_success ON run (connection, operation, seq) WHERE success;
CREATE INDEX run_worked  ON run (connection, operation, seq) WHERE worked;
CREATE INDEX run_running ON run (connection, operation)      WHERE running;
CREATE INDEX run_began   ON run (began);

-- One small row for every order that was ever imported; nothing of a buyer. It stays for ever: it is what keeps
-- an order from being imported twice. `fingerprint` is what an order is recognized by when it comes under another id.
CREATE TABLE import_record (
    connection  text COLLATE "C" NOT NULL,
    order_id    text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C",
    record_json json             NOT NULL,
    PRIMARY KEY (connection, order_id)
);
CREATE INDEX import_record_fingerprint ON import_record (connection, fingerprint, order_id) WHERE fingerprint IS NOT NULL;

-- The orders that were inside another one, the survivor, when that one was imported.
CREATE TABLE merged_order (
    connection text COLLATE "C" NOT NULL,
    order_id   text COLLATE "C" NOT NULL,
    survivor   text COLLATE "C" NOT NULL,
    PRIMARY KEY (connection, order_id, survivor)
);

-- The imported orders themselves, in the order in which they came. `order_json` holds the buyer's data, until `blanked`; it is NULL where the host's
-- own tables have the order. `fingerprinted` repeats whether its record has a fingerprint. `handed_over` is set once the host has acknowledged the order. `held_json` says why it waits, and is NULL once it is ready.
CREATE TABLE host_order (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection    text COLLATE "C" NOT NULL,
    order_id      text COLLATE "C" NOT NULL,
    imported_at   bigint           NOT NULL,
    handed_over   boolean          NOT NULL DEFAULT false,
    blanked       boolean          NOT NULL DEFAULT false,
    fingerprinted boolean          NOT NULL DEFAULT false,
    held_json     json,
    rules_version bigint           NOT NULL,
    shipping_json json             NOT NULL,
    order_json    json,
    UNIQUE (connection, order_id)
);
CREATE INDEX host_order_held    ON host_order (connection, order_id) WHERE held_json IS NOT NULL;
CREATE INDEX host_order_to_take ON host_order (connection, seq)      WHERE held_json IS NULL AND NOT handed_over;
CREATE INDEX host_order_to_blank ON host_order (imported_at)         WHERE handed_over AND NOT blanked;
CREATE INDEX host_order_to_forget ON host_order (imported_at)        WHERE fingerprinted;

-- The ledger: what is still to be done about orders. `state` is the name of what `work_json` says in full; `wanted` is the
-- value that failed.
CREATE TABLE work (
    connection   text COLLATE "C" NOT NULL,
    order_id     text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    follow_up    boolean          NOT NULL,
    state        text COLLATE "C" NOT NULL,
    next_attempt bigint           NOT NULL,
    wanted       text COLLATE "C",
    work_json    json             NOT NULL,
    PRIMARY KEY (connection, order_id, kind)
);
CREATE INDEX work_due    ON work (connection, follow_up, next_attempt, order_id, kind) WHERE state = 'open';
CREATE INDEX work_failed ON work (connection, kind)                                    WHERE state = 'failed';

-- The outbox of shipments. `due_from` is the instant from which the row is due, NULL while it is not due by itself; `settled` is the one
-- at which it was settled, NULL while it is open and once it was reduced to its key.
CREATE TABLE outbox (
    connection  text COLLATE "C" NOT NULL,
    shipment    text COLLATE "C" NOT NULL,
    revision    bigint           NOT NULL,
    order_id    text COLLATE "C" NOT NULL,
    shipped_at  bigint           NOT NULL,
    state       text COLLATE "C" NOT NULL,
    due_from    bigint,
    in_flight   boolean          NOT NULL,
    unblock_key text COLLATE "C",
    settled     bigint,
    row_json    json             NOT NULL,
    PRIMARY KEY (connection, shipment, revision)
);
CREATE INDEX outbox_due       ON outbox (connection, shipped_at, shipment, revision) INCLUDE (due_from) WHERE due_from IS NOT NULL;
CREATE INDEX outbox_in_flight ON outbox (connection, shipped_at, shipment, revision)                    WHERE in_flight;
CREATE INDEX outbox_blocked   ON outbox (connection, shipped_at, shipment, revision)                    WHERE state = 'blocked';
CREATE INDEX outbox_key       ON outbox (connection, unblock_key)                                       WHERE unblock_key IS NOT NULL;
CREATE INDEX outbox_order     ON outbox (connection, order_id, shipped_at, shipment, revision);
CREATE INDEX outbox_state     ON outbox (connection, state);
CREATE INDEX outbox_settled   ON outbox (settled)                                                       WHERE settled IS NOT NULL;
-- The store's own word that no two shipments of one order are under way at once.
CREATE UNIQUE INDEX outbox_one_in_flight ON outbox (connection, order_id) WHERE in_flight;

-- Quantities of an order's lines that the host will never ship.
CREATE TABLE cancelled_line (
    connection text COLLATE "C" NOT NULL,
    order_id   text COLLATE "C" NOT NULL,
    line       text COLLATE "C" NOT NULL,
    quantity   bigint           NOT NULL,
    PRIMARY KEY (connection, order_id, line)
);

-- What the host sells.
CREATE TABLE listing (
    connection text COLLATE "C" NOT NULL,
    listing    text COLLATE "C" NOT NULL,
    sku        text COLLATE "C",
    PRIMARY KEY (connection, listing)
);

-- Which of the channel's products each listing is linked to.
CREATE TABLE link (
    connection text COLLATE "C" NOT NULL,
    listing    text COLLATE "C" NOT NULL,
    product    text COLLATE "C" NOT NULL,
    sku        text COLLATE "C" NOT NULL,
    linked_at  bigint           NOT NULL,
    broken     boolean          NOT NULL,
    PRIMARY KEY (connection, listing),
    UNIQUE (connection, product)
);
-- By a hash, since a SKU may be longer than an index takes.
CREATE INDEX link_sku ON link (connection, hashtextextended(sku, 0), linked_at) WHERE NOT broken;

-- The two tables of rules, each as a whole.
CREATE TABLE rule_table (
    connection text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL CHECK (name IN ('shipping', 'carrier')),
    version    bigint           NOT NULL,
    rules_json json             NOT NULL,
    PRIMARY KEY (connection, name)
);

-- Shipping texts that no rule mapped, by a hash of store and text: a text may be longer than an index takes.
CREATE TABLE unmapped_text (
    connection text COLLATE "C" NOT NULL,
    hash       text COLLATE "C" NOT NULL,
    count      bigint           NOT NULL,
    text       text COLLATE "C" NOT NULL,
    seen_json  json             NOT NULL,
    PRIMARY KEY (connection, hash)
);

-- Of no store is another thing than of a store without a name.
CREATE FUNCTION unmapped_hash(store text, text text) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT encode(sha256(convert_to(coalesce(length(store) || ':' || store, '-') || text, 'UTF8')), 'hex') $$;

-- What each imported order looked like when it was last seen; nothing of a buyer.
CREATE TABLE order_snapshot (
    connection    text COLLATE "C" NOT NULL,
    order_id      text COLLATE "C" NOT NULL,
    snapshot_json json             NOT NULL,
    PRIMARY KEY (connection, order_id)
);

-- The changes that imported orders underwent, in the order in which they were noticed; when the run began that noticed them.
CREATE TABLE order_change (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection  text COLLATE "C" NOT NULL,
    order_id    text COLLATE "C" NOT NULL,
    recorded    bigint,
    change_json json             NOT NULL
);
CREATE INDEX order_change_newest ON order_change (connection, seq);
CREATE INDEX order_change_order  ON order_change (connection, order_id);
CREATE INDEX order_change_old    ON order_change (recorded);

-- What happened to each order, step by step; nothing of a buyer.
CREATE TABLE order_event (
    connection text COLLATE "C" NOT NULL,
    order_id   text COLLATE "C" NOT NULL,
    seq        bigint GENERATED ALWAYS AS IDENTITY,
    at         bigint           NOT NULL,
    event_json json             NOT NULL,
    PRIMARY KEY (connection, order_id, seq)
);
CREATE INDEX order_event_old ON order_event (at);
-- What the host wants done to orders in the channel. `settled` is the instant at which an action was closed, NULL while it is open.
CREATE TABLE order_action (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection text COLLATE "C" NOT NULL,
    action     text COLLATE "C" NOT NULL,
    order_id   text COLLATE "C" NOT NULL,
    in_flight  boolean          NOT NULL,
    settled    bigint,
    row_json   json             NOT NULL,
    UNIQUE (connection, action)
);
CREATE INDEX order_action_open    ON order_action (connection, number) WHERE settled IS NULL;
CREATE INDEX order_action_order   ON order_action (connection, order_id, number);
CREATE INDEX order_action_settled ON order_action (settled)            WHERE settled IS NOT NULL;
-- The store's own word that no two actions of one order are under way at once.
CREATE UNIQUE INDEX order_action_one_in_flight ON order_action (connection, order_id) WHERE in_flight;
