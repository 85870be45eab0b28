-- Version 2: what tells orders that come a second time, and what was tried before.

-- What an order is recognised by when it comes under another id. NULL where the settings did not look for that.
ALTER TABLE import_record ADD COLUMN fingerprint TEXT;
CREATE INDEX import_record_fingerprint ON import_record (connection, fingerprint, order_id) WHERE fingerprint IS NOT NULL;

-- The orders that were inside another one, a survivor, when that one was imported.
CREATE TABLE swallowed_order (
    connection TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    survivor   TEXT NOT NULL,
    PRIMARY KEY (connection, order_id, survivor)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO swallowed_order (connection, order_id, survivor)
    SELECT connection, inside.value, order_id
    FROM import_record, json_each(record_json, '$.lineage.merged') AS inside;

-- Failed orders are read again in the order in which they are due.
DROP INDEX order_failure_due;
CREATE INDEX order_failure_due ON order_failure (connection, next_attempt, order_id) WHERE dismissed = 0;

-- The values that were tried for a follow-up, each once: an array of texts.
ALTER TABLE follow_up ADD COLUMN tried_json TEXT NOT NULL DEFAULT '[]';
