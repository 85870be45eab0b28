
-- The host's side, for whoever does not speak Rust: each is part of the transaction that calls it. They check shape and types.
-- Whether a shipment makes sense is judged when it is sent: it is blocked then, with the reason.

-- Refuses what is no object, and members that nobody reads.
CREATE FUNCTION check_members(value jsonb, what text, members text[]) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE stranger text;
BEGIN
    IF jsonb_typeof(value) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION '% is to be an object', what USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT min(name) INTO stranger FROM jsonb_object_keys(value) AS name WHERE name <> ALL (members);
    IF stranger IS NOT NULL THEN
        RAISE EXCEPTION '% has no member "%"', what, stranger
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Its members are ' || array_to_string(members, ', ') || '.';
    END IF;
END $$;

-- A member as text, NULL where it is missing and need not be there. Numbers are taken for texts, but not the other way round.
CREATE FUNCTION member(value jsonb, what text, name text, kind text, needed boolean) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    found text := jsonb_typeof(value -> name);
    said  text := value ->> name;
BEGIN
    IF coalesce(found, 'null') = 'null' THEN
        IF needed THEN
            RAISE EXCEPTION '% needs the member "%"', what, name USING ERRCODE = 'invalid_parameter_value';
        END IF;
        RETURN NULL;
    END IF;
    IF (CASE kind
           WHEN 'text' THEN found IN ('string', 'number')
           WHEN 'integer' THEN found = 'number' AND said ~ '^-?[0-9]{1,18}$'
           WHEN 'time' THEN found = 'string' AND said ~
               '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$'
           ELSE found = kind
       END)
    THEN
        RETURN said;
    END IF;
    RAISE EXCEPTION '% is to be a % in %', name, CASE kind WHEN 'time' THEN 'time with its zone' ELSE kind END, what
        USING ERRCODE = 'invalid_parameter_value';
END $$;

-- An instant as it is written inside JSON.
CREATE FUNCTION time_text(at timestamptz) RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

-- A list of objects, each with a text and a number.
CREATE FUNCTION pairs(value jsonb, what text, of_text text, of_number text, needed boolean) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE
    SET search_path FROM CURRENT AS $$
DECLARE
    one   jsonb;
    every jsonb := '[]';
BEGIN
    IF coalesce(jsonb_typeof(value), 'null') = 'null' THEN
        RETURN every;
    END IF;
    IF jsonb_typeof(value) <> 'array' THEN
        RAISE EXCEPTION '% are to be an array', what USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR one IN SELECT * FROM jsonb_array_elements(value) LOOP
        PERFORM check_members(one, 'one of the ' || what, ARRAY [of_text, of_number]);
        every := every || jsonb_build_object(
            of_text, member(one, 'one of the ' || what, of_text, 'text', needed),
            of_number, member(one, 'one of the ' || what, of_number, 'integer', needed)::bigint);
    END LOOP;
    RETURN every;
END $$;

-- Puts a shipment into the outbox: true if it is new, false if this revision of it is there already. Its members are those of
-- `channel::Shipment`: `id`, `order` and `shipped_at` (with its zone) are needed, `revision` is 1 unless it says otherwise.
CREATE FUNCTION enqueue(of_connection text, of_shipment jsonb) RETURNS boolean LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
DECLARE
    what     text := 'a shipment';
    at       timestamptz;
    number   bigint;
    now      timestamptz := clock_timestamp();
    now_text text := time_text(now);
BEGIN
    PERFORM check_members(of_shipment, what, ARRAY ['id', 'revision', 'order', 'order_number', 'shipped_at', 'carrier', 'method',
                                                    'packages', 'lines', 'suppressed', 'voided']);
    IF coalesce(of_connection, '') = '' THEN
        RAISE EXCEPTION 'a shipment needs a connection' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    at := member(of_shipment, what, 'shipped_at', 'time', true)::timestamptz;
    number := coalesce(member(of_shipment, what, 'revision', 'integer', false)::bigint, 1);
    IF at NOT BETWEEN '1970-01-01T00:00:00Z' AND '2200-01-01T00:00:00Z' OR number NOT BETWEEN 0 AND 4294967295 THEN
        RAISE EXCEPTION 'shipped_at or revision is out of range' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO outbox (connection, shipment, revision, order_id, shipped_at, state, due_from, in_flight, row_json)
    VALUES (
        of_connection,
        member(of_shipment, what, 'id', 'text', true),
        number,
        member(of_shipment, what, 'order', 'text', true),
        (extract(epoch FROM at) * 1000000000)::bigint,
        'pending',
        '-9223372036854775808'::bigint,
        false,
        jsonb_build_object(
            'shipment', jsonb_build_object(
                'id', member(of_shipment, what, 'id', 'text', true),
                'revision', number,
                'order', member(of_shipment, what, 'order', 'text', true),
                'order_number', member(of_shipment, what, 'order_number', 'text', false),
                'shipped_at', time_text(at),
                'carrier', member(of_shipment, what, 'carrier', 'text', false),
                'method', member(of_shipment, what, 'method', 'text', false),
                'packages', pairs(of_shipment -> 'packages', 'packages', 'tracking', 'quantity', false),
                'lines', pairs(of_shipment -> 'lines', 'lines', 'line', 'quantity', true),
                'suppressed', member(of_shipment, what, 'suppressed', 'text', false),
                'voided', coalesce(member(of_shipment, what, 'voided', 'boolean', false)::boolean, false)),
            'state', jsonb_build_object('state', 'pending'),
            'attempts', 0,
            'last_error', NULL,
            'enqueued_at', now_text,
            'updated_at', now_text))
    ON CONFLICT (connection, shipment, revision) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO order_event (connection, order_id, at, event_json)
    VALUES (
        of_connection,
        member(of_shipment, what, 'order', 'text', true),
        (extract(epoch FROM now) * 1000000000)::bigint,
        json_build_object(
            'order', member(of_shipment, what, 'order', 'text', true),
            'at', now_text,
            'what', json_build_object(
                'event', 'shipment_enqueued',
                'shipment', json_build_object(
                    'shipment', member(of_shipment, what, 'id', 'text', true),
                    'revision', number))));
    RETURN true;
END $$;

-- The orders that are ready and not acknowledged, in the order in which they came: the same ones again until `acknowledge` was called.
CREATE FUNCTION take_orders(of_connection text, most bigint)
    RETURNS TABLE (channel_order text, order_data json, shipping json, rules_version bigint, record json) LANGUAGE sql STABLE
    SET search_path FROM CURRENT AS $$
    SELECT host_order.order_id, host_order.order_json, host_order.shipping_json, host_order.rules_version, import_record.record_json
    FROM host_order JOIN import_record USING (connection, order_id)
    WHERE host_order.connection = of_connection AND host_order.held_json IS NULL AND NOT host_order.handed_over
    ORDER BY host_order.seq LIMIT most $$;

-- The host has these orders and will not ask for them again: says how many were new to it. Held ones are left as they are.
CREATE FUNCTION acknowledge(of_connection text, channel_orders text[]) RETURNS bigint LANGUAGE sql
    SET search_path FROM CURRENT AS $$
    WITH done AS (
        UPDATE host_order SET handed_over = true
        WHERE connection = of_connection AND order_id = ANY (channel_orders) AND held_json IS NULL AND NOT handed_over
        RETURNING 1)
    SELECT count(*) FROM done $$;
