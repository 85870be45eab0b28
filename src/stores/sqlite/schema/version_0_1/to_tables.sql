-- Takes over what version 0.1 kept in tables without a prefix, and removes those tables.

INSERT INTO shipstation_lease (connection, operation, fence, run, owner, since, expires, length)
    SELECT connection, operation, fence, run, owner, since, expires, length FROM lease;
INSERT INTO shipstation_run (seq, connection, operation, run, began, running, success, worked, summary_json)
    SELECT seq, connection, operation, run, max(-9223372036, min(9223372036, ifnull(unixepoch(summary_json ->> '$.started'), 0))) * 1000000000, running, success, success, summary_json
    FROM run;
INSERT INTO shipstation_import_record (connection, order_id, fingerprint, record_json)
    SELECT connection, order_id, fingerprint, record_json FROM import_record;
INSERT INTO shipstation_merged_order (connection, order_id, survivor)
    SELECT connection, order_id, survivor FROM swallowed_order;

INSERT INTO shipstation_host_order (seq, connection, order_id, imported_at, handed_over, blanked, fingerprinted, held_json,
                                    rules_version, shipping_json, order_json)
    SELECT seq, connection, order_id, imported_at, handed_over, blanked, fingerprint IS NOT NULL,
           CASE WHEN held THEN json_object(
               'order', order_id,
               'number', record_json ->> '$.number',
               'store', json(record_json -> '$.store'),
               'marketplace', marketplace,
               'country', country,
               'text', shipping_text,
               'holds', json(record_json -> '$.holds'),
               'since', record_json ->> '$.imported_at') END,
           rules_version, shipping_json, order_json
    FROM host_order JOIN import_record USING (connection, order_id);

-- What was settled is left out: it is known by not being there.
INSERT INTO shipstation_work (connection, order_id, kind, follow_up, state, next_attempt, wanted, work_json)
    SELECT connection, order_id, kind, 1, state, not_before, iif(state = 'failed', wanted, NULL),
           json_object(
               'order', order_id,
               'number', record_json ->> '$.number',
               'kind', kind,
               'state', json(iif(state = 'failed', json_object('state', 'failed', 'wanted', wanted), json_object('state', 'open'))),
               'attempts', attempts,
               'first_seen', strftime('%Y-%m-%dT%H:%M:%S', (created_at - (created_at % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
                   || printf('.%09dZ', (created_at % 1000000000 + 1000000000) % 1000000000),
               'next_attempt', strftime('%Y-%m-%dT%H:%M:%S', (not_before - (not_before % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
                   || printf('.%09dZ', (not_before % 1000000000 + 1000000000) % 1000000000),
               'failed_at', NULL,
               'error', last_error,
               'retryable', json('true'),
               'user_before', user_before,
               'outcome_unknown', json(iif(outcome_unknown, 'true', 'false')),
               'tried', json(tried_json))
    FROM follow_up JOIN import_record USING (connection, order_id) WHERE state <> 'closed';
INSERT INTO shipstation_work (connection, order_id, kind, follow_up, state, next_attempt, work_json)
    SELECT connection, order_id, 'import', 0, iif(dismissed, 'dismissed', 'open'), next_attempt,
           json_object(
               'order', order_id,
               'number', number,
               'kind', 'import',
               'state', json_object('state', iif(dismissed, 'dismissed', 'open')),
               'attempts', attempts,
               'first_seen', strftime('%Y-%m-%dT%H:%M:%S', (first_seen - (first_seen % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
                   || printf('.%09dZ', (first_seen % 1000000000 + 1000000000) % 1000000000),
               'next_attempt', strftime('%Y-%m-%dT%H:%M:%S', (next_attempt - (next_attempt % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
                   || printf('.%09dZ', (next_attempt % 1000000000 + 1000000000) % 1000000000),
               'failed_at', strftime('%Y-%m-%dT%H:%M:%S', (at - (at % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
                   || printf('.%09dZ', (at % 1000000000 + 1000000000) % 1000000000),
               'error', error,
               'retryable', json(iif(retryable, 'true', 'false')),
               'user_before', NULL,
               'outcome_unknown', json('false'),
               'tried', json('[]'))
    FROM order_failure;

INSERT INTO shipstation_outbox (connection, shipment, revision, order_id, shipped_at, state, due_from, in_flight, unblock_key,
                                settled, row_json)
    SELECT connection, shipment, revision, order_id, shipped_at, state, due_from, in_flight, unblock_key,
           iif(state IN ('confirmed', 'failed', 'suppressed', 'superseded', 'cancelled'), updated_at, NULL),
           json_object(
               'shipment', json(shipment_json),
               'state', json_remove(state_json, '$.unknown_outcomes'),
               'attempts', attempts,
               'unknown_outcomes', ifnull(state_json -> '$.unknown_outcomes', 0) + 0,
               'last_error', last_error,
               'enqueued_at', strftime('%Y-%m-%dT%H:%M:%S', (enqueued_at - (enqueued_at % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
                   || printf('.%09dZ', (enqueued_at % 1000000000 + 1000000000) % 1000000000),
               'updated_at', strftime('%Y-%m-%dT%H:%M:%S', (updated_at - (updated_at % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
                   || printf('.%09dZ', (updated_at % 1000000000 + 1000000000) % 1000000000))
    FROM outbox;

INSERT INTO shipstation_cancelled_line (connection, order_id, line, quantity)
    SELECT connection, order_id, line, quantity FROM cancelled_line;
INSERT INTO shipstation_listing (connection, listing, sku) SELECT connection, listing, sku FROM listing;
INSERT INTO shipstation_link (connection, listing, product, sku, linked_at, broken)
    SELECT connection, listing, product, sku, linked_at, broken FROM link;
INSERT INTO shipstation_rule_table (connection, name, version, rules_json)
    SELECT connection, name, version, rules_json FROM rule_table;
INSERT INTO shipstation_unmapped_text (connection, has_store, store, text, count, seen_json)
    SELECT connection, has_store, store, text, count, seen_json FROM unmapped_text;

DROP TABLE lease;
DROP TABLE run;
DROP TABLE import_record;
DROP TABLE swallowed_order;
DROP TABLE host_order;
DROP TABLE follow_up;
DROP TABLE order_failure;
DROP TABLE outbox;
DROP TABLE cancelled_line;
DROP TABLE listing;
DROP TABLE link;
DROP TABLE rule_table;
DROP TABLE unmapped_text;
