-- Version 2: what an order is recognised by when it comes twice. NULL where the settings did not look for that.
ALTER TABLE import_record ADD COLUMN fingerprint TEXT;
CREATE INDEX import_record_fingerprint ON import_record (connection, fingerprint, order_id) WHERE fingerprint IS NOT NULL;
