//! The proof that every question to PostgreSQL has its index: the plans that the server logs, with many rows in every table.

use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrder, ConnectionId, HoldReason, Listing, NewLink, Operation, OutboxId, RunId, RunStatus,
        Shipment, ShipmentState,
        shipping::{ShippingResolution, UnmappedText},
        store::{
            BeginOutcome, HistoryStore, LinkQuery, ListingStore, Maintenance, MappingStore, NewFollowUp,
            NewOrder, NewRules, NewRun, OrderChange, OrderChangeKind, OrderObservation, OrderSnapshot,
            OrderStore, OutboxQuery, RecordKey, RetentionPolicy, RunKind, RunStore, RunSummary, RunToken,
            SendIntent, ShipmentStore, ShipmentTransition, StoreError, UnmappedOccurrence, WorkKind,
            WorkOutcome, WorkQuery, WorkResult,
        },
    },
    stores::postgres::{PostgresOptions, PostgresStore},
};

use crate::support::postgres::{cluster, connected};

/// Copies of the one row of each table, under other keys. `PLAN_ROWS` says how many; 20,000 by default.
const FILL: &str = "
    INSERT INTO import_record SELECT connection, 'x' || n, 'f' || n, record_json FROM import_record, generate_series(1, ROWS) n;
    INSERT INTO merged_order SELECT connection, 'x' || n, 'y' || n FROM generate_series(1, ROWS) n, import_record WHERE order_id = '1';
    INSERT INTO host_order (connection, order_id, imported_at, handed_over, held_json, rules_version, shipping_json, order_json)
        SELECT connection, 'x' || n, n, n % 3 = 0, CASE WHEN n % 50 = 0 THEN held_json END, 1, shipping_json, order_json
        FROM host_order, generate_series(1, ROWS) n WHERE order_id = '1';
    INSERT INTO work SELECT connection, 'x' || n, kind, follow_up, CASE WHEN n % 9 = 0 THEN 'failed' ELSE 'dismissed' END, n, 'u', work_json
        FROM work, generate_series(1, ROWS) n WHERE order_id = '1';
    INSERT INTO outbox SELECT connection, 'x' || n, 1, 'x' || n, n, 'confirmed', NULL, false, NULL, CASE WHEN n > 900 THEN n END, row_json
        FROM outbox, generate_series(1, ROWS) n WHERE shipment = 's1';
    INSERT INTO listing SELECT connection, 'x' || n, 'k' || n FROM listing, generate_series(1, ROWS) n WHERE listing = 'l1';
    INSERT INTO link SELECT connection, 'x' || n, 'p' || n, 'k' || n, n, n % 7 = 0 FROM link, generate_series(1, ROWS) n WHERE listing = 'l1';
    INSERT INTO order_snapshot SELECT connection, 'x' || n, snapshot_json FROM order_snapshot, generate_series(1, ROWS) n;
    INSERT INTO order_change (connection, order_id, recorded, change_json) SELECT connection, 'x' || n, n, change_json FROM order_change, generate_series(1, ROWS) n;
    INSERT INTO order_event (connection, order_id, at, event_json) SELECT connection, 'x' || n, n, event_json FROM order_event, generate_series(1, ROWS) n WHERE order_id = 's1';
    INSERT INTO run (connection, operation, run, began, running, success, worked, summary_json)
        SELECT connection, operation, 'r' || n, began, false, true, true, summary_json FROM run, generate_series(1, 900) n;
    INSERT INTO cancelled_line SELECT connection, 'x' || n, 'line', 1 FROM listing, generate_series(1, 5000) n WHERE listing = 'l1';
    ANALYZE;";

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_780_000_000 + second)
}

fn order(id: &str) -> NewOrder {
    let mut new = NewOrder::new(ChannelOrder::new(id, id), ShippingResolution::NoText, 1, at(0));
    new.holds = vec![HoldReason::UnmappedShipping { text: "Standard".into() }];
    new.follow_ups = vec![NewFollowUp::new(WorkKind::AddTag, None)];
    new.order.lineage.merged = vec![format!("in-{id}").into()];
    new
}

fn seen(id: &str) -> OrderObservation {
    let change = OrderChange::new(id.into(), id, Some(at(1)), vec![OrderChangeKind::Cancelled]);
    OrderObservation::new(None, OrderSnapshot::new(id.into(), "cancelled"), Some(change))
}

fn shipment(id: &str) -> Shipment {
    Shipment::new(id, id, at(0), "UPS", "1Z")
}

fn link(listing: &str) -> NewLink {
    NewLink::new(listing.into(), format!("product of {listing}").into(), "SKU".into(), at(0))
}

fn unmapped(text: &str) -> UnmappedOccurrence {
    UnmappedOccurrence::new(None, text.into(), "1".into(), at(0))
}

async fn begun(store: &PostgresStore, here: &ConnectionId) -> Result<RunToken, StoreError> {
    let ttl = std::time::Duration::from_secs(300);
    let run = NewRun::new(here.clone(), Operation::GetOrders, RunId::new("run"), "me", ttl, at(0));
    match store.begin(run).await? {
        BeginOutcome::Granted(token) => Ok(token),
        other => panic!("{other:?}"),
    }
}

/// A row in every table.
async fn one_of_each(store: &PostgresStore, here: &ConnectionId) -> Result<RunToken, StoreError> {
    let token = begun(store, here).await?;
    store.save(&token, &[order("1")]).await?;
    store.enqueue(here, &[shipment("s1")], at(0)).await?;
    store.put_listings(here, [Listing::new("l1", "SKU")]).await?;
    store.put_links(&token, &[link("l1")]).await?;
    store.note_unmapped(here, &[unmapped("Standard")]).await?;
    store.record_changes(&token, &[seen("1")], at(9)).await?;
    Ok(token)
}

/// Every method once.
async fn everything(store: &PostgresStore, here: &ConnectionId, token: &RunToken) -> Result<(), StoreError> {
    let id = OutboxId { shipment: "s1".into(), revision: 1 };
    store.heartbeat(token, std::time::Duration::from_secs(300), at(0)).await?;
    store.last_success(here, Operation::GetOrders).await?;
    store.recent(here, Operation::GetOrders, 3).await?;
    store.save(token, &[order("2"), order("3")]).await?;
    let fingerprint = serde_json::from_str("\"f1\"").unwrap();
    let keys =
        [RecordKey::Id("x7".into()), RecordKey::MergedInto("x7".into()), RecordKey::Fingerprint(fingerprint)];
    store.records(here, &keys, 9).await?;
    store.work(here, WorkQuery::DueImports { now: at(9), limit: 9 }).await?;
    store.work(here, WorkQuery::DueFollowUps { now: at(9), limit: 9 }).await?;
    store.work(here, WorkQuery::Of(&["x7".into()])).await?;
    let outcome = |result| WorkOutcome::new("1".into(), WorkKind::AddTag, result, at(9));
    store.record_work(token, &[outcome(WorkResult::Attempting { wanted: "7".into() })]).await?;
    store.record_work(token, &[outcome(WorkResult::Done)]).await?;
    store.reopen_work(token, WorkKind::AddTag, "u", at(9)).await?;
    store.dismiss(here, &"x7".into(), at(9)).await?;
    store.held(here, Some(&"1".into()), 9).await?;
    store.apply_shipping(token, &"1".into(), Some("Standard"), &ShippingResolution::NoText, 2, at(9)).await?;
    store.enqueue(here, &[shipment("s2")], at(0)).await?;
    for query in [
        OutboxQuery::Due { now: at(9) },
        OutboxQuery::InFlight,
        OutboxQuery::Blocked,
        OutboxQuery::OfOrder("x7".into()),
    ] {
        store.rows(here, &query, None, 9).await?;
    }
    store.begin_send(token, &[SendIntent::new(id.clone(), 1, at(9))]).await?;
    store.record(token, &[ShipmentTransition::new(id, ShipmentState::Sent { at: at(9) }, at(9))]).await?;
    store.unblock(here, "carrier:x", at(9)).await?;
    store.counts(here).await?;
    store.listings(here, Some(&"x7".into()), 9).await?;
    store.links(here, LinkQuery::After { after: Some(&"x7".into()), limit: 9 }).await?;
    store.links(here, LinkQuery::Skus(&["k7".into()])).await?;
    store.links(here, LinkQuery::Products(&["p8".into()])).await?;
    store.put_links(token, &[link("x8")]).await?;
    store.mark_broken(token, &["x9".into()]).await?;
    store.rules(here).await?;
    store.replace(here, 0, NewRules::Shipping(Vec::new())).await?;
    store.note_unmapped(here, &[unmapped("Express")]).await?;
    let texts: Vec<UnmappedText> = store.unmapped(here).await?;
    assert_eq!(texts.len(), 2);
    store.snapshots(here, &["x7".into()]).await?;
    store.record_changes(token, &[seen("2")], at(9)).await?;
    store.changes(here, None, 9).await?;
    assert_eq!(store.events(here, &"x7".into(), None, 9).await?.len(), 1);
    store.take_orders(here, 9).await?;
    store.acknowledge_orders(here, &["1".into()]).await?;
    store.order(here, &"1".into()).await?;
    store.release_order(here, &"2".into(), at(9)).await?;
    store.put_cancelled(here, &"x7".into(), Vec::new()).await?;
    store.remove_listing(here, &"x7".into()).await?;
    let policy = RetentionPolicy::default();
    let old = Timestamp::UNIX_EPOCH + policy.shipments + std::time::Duration::from_nanos(1_500);
    let done = store.maintain(&policy, old).await?;
    assert_eq!((done.shipments, done.changes, done.events, done.runs), (599, 1_499, 1_499, 0));
    let _ = store.forget_buyer(here, &"x7".into()).await?;
    let ended = RunSummary::ended(RunId::new("run"), at(0), at(9), false, RunStatus::Succeeded, "");
    store.finish(token, ended.of_kind(Operation::GetOrders, RunKind::Full)).await?;
    store.release_leases("me").await?;
    begun(store, here).await.map(drop)
}

/// The steps of the plans in a log that read a whole table, or all of a connection to throw most of it away.
fn costly_steps(log: &str) -> Vec<String> {
    let lines: Vec<&str> = log.lines().map(str::trim).collect();
    let by_connection =
        |line: &str| line.starts_with("Index Cond: (connection = '") && !line.contains(" AND ");
    let is_costly = |pair: &[&str]| {
        pair[0].contains("Seq Scan on") || (by_connection(pair[0]) && pair[1].starts_with("Filter: "))
    };
    lines.windows(2).filter(|pair| is_costly(pair)).map(|pair| pair.join(" / ")).collect()
}

#[tokio::test]
async fn requests_every_question_finds_its_rows_by_an_index() {
    let cluster = cluster();
    let name = cluster.new_schema();
    cluster.run(&format!("CREATE DATABASE {name}")).await;
    let url = cluster.url.replace("dbname=postgres", &format!("dbname={name}"));
    let options = PostgresOptions::default().schema(&name);
    let here: ConnectionId = name.as_str().into();
    let store = PostgresStore::connect(&url, &options).await.unwrap();
    let token = one_of_each(&store, &here).await.unwrap();
    let client = connected(&url).await;
    let rows = std::env::var("PLAN_ROWS").unwrap_or_else(|_| "20000".to_owned());
    let fill = FILL.replace("ROWS", &rows);
    client.batch_execute(&format!("SET search_path TO {name}; {fill}")).await.unwrap();
    for setting in [
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_nested_statements = on",
        // A table of a few rows is read by its index too, where it has one for the question.
        "enable_seqscan = off",
    ] {
        cluster.run(&format!("ALTER DATABASE {name} SET {setting}")).await;
    }
    let watched = PostgresStore::connect(&url, &options).await.unwrap();
    let before = cluster.log().len();
    everything(&watched, &here, &token).await.unwrap();
    let log = cluster.log().split_off(before);
    let plans = log.matches("Query Text:").count();
    assert!(plans > 60, "{plans} plans");
    // Of what belongs to this database alone, since others write into the log.
    let mine: String =
        log.lines().filter(|line| !line.contains("schema_version")).collect::<Vec<_>>().join("\n");
    let costly = costly_steps(&mine);
    assert!(costly.is_empty(), "{costly:#?}");
    let eyes = "  ->  Seq Scan on lease\nIndex Cond: (connection = 'a'::text)\n  Filter: (running)\n";
    assert_eq!(costly_steps(eyes).len(), 2, "the proof has eyes");
}
