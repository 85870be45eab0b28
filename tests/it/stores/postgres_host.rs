//! The host's own tables and transactions beside the PostgreSQL store, from Rust and from SQL.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use shipstation_connector::{
    Timestamp,
    channel::{
        ConnectionId, HoldReason, HostOrderId, LineQuantity, Package, Shipment,
        store::{
            EnqueueOutcome, HistoryStoreExt, NewOrder, OrderChange, OrderEvent, OrderStore, OutboxQuery,
            OutboxRow, ShipmentStore,
        },
    },
    stores::{
        Failure, ReleasedOrder,
        postgres::{
            OrderWriter, PostgresOptions, PostgresStore,
            tokio_postgres::{Client, Transaction},
        },
    },
    testing::conformance::{self, BuildError, TestStores, Verdict},
};

use super::{
    order_writer::{REFUSED, STUCK, begun, here, keeps_both_or_neither, order},
    postgres::fresh_at,
};
use crate::support::postgres::{cluster, connected, through_pgbouncer};

#[derive(Debug)]
struct Shop;

#[async_trait]
impl OrderWriter for Shop {
    async fn write(
        &self,
        tx: &Transaction<'_>,
        _connection: &ConnectionId,
        orders: &[&NewOrder],
    ) -> Result<Vec<Option<HostOrderId>>, Failure> {
        let mut names = Vec::new();
        for new in orders {
            let insert = "INSERT INTO shop_order (number, held) VALUES ($1, $2) RETURNING id::text";
            let row = tx.query_one(insert, &[&new.order.number, &!new.holds.is_empty()]).await?;
            if new.order.number == REFUSED {
                return Err(Failure::refused("the shop is closed for this one"));
            }
            names.push(Some(HostOrderId::new(row.try_get::<_, String>(0)?)));
        }
        let is_miscounted = orders.iter().any(|new| new.order.number == "N-miscounted");
        names.truncate(if is_miscounted { 0 } else { usize::MAX });
        Ok(names)
    }

    async fn release(
        &self,
        tx: &Transaction<'_>,
        _connection: &ConnectionId,
        order: &ReleasedOrder,
    ) -> Result<(), Failure> {
        let id = order.record.host_order.as_ref().map(HostOrderId::as_str);
        tx.execute("UPDATE shop_order SET held = false WHERE id::text = $1", &[&id]).await?;
        if order.record.number == STUCK { Err(Failure::refused("not this one")) } else { Ok(()) }
    }

    async fn change(
        &self,
        tx: &Transaction<'_>,
        _connection: &ConnectionId,
        changes: &[&OrderChange],
    ) -> Result<(), Failure> {
        for change in changes {
            let what = format!("{:?}", change.what);
            tx.execute("INSERT INTO shop_note VALUES ($1, $2)", &[&change.number, &what]).await?;
        }
        if changes.iter().any(|change| change.number == STUCK) { Err(Failure::refused("no")) } else { Ok(()) }
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_780_000_000 + seconds)
}

/// A host whose tables lie in a schema of their own, which its role finds by the search path; one of them has the name of a
/// table of the store's.
async fn shop() -> (String, Client, PostgresStore) {
    let cluster = cluster();
    let (shop, schema) = (cluster.new_schema(), cluster.new_schema());
    let tables =
        "CREATE TABLE shop_order (id bigint GENERATED ALWAYS AS IDENTITY, number text UNIQUE, held boolean);
                  CREATE TABLE shop_note (number text, what text); CREATE TABLE outbox (nothing text);";
    cluster.run(&format!("CREATE SCHEMA {shop}; SET search_path TO {shop}; {tables}")).await;
    let url = format!("{} options='-csearch_path={shop}'", cluster.url);
    let options = PostgresOptions::default().schema(&schema).pool_size(4);
    let store = PostgresStore::connect(&url, &options).await.unwrap().with_order_writer(Shop);
    let client = connected(&url).await;
    (schema, client, store)
}

async fn rows(client: &Client, sql: &str) -> Vec<(String, String)> {
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn faults_a_host_table_in_the_database_and_the_store_keep_both_or_neither() {
    let (_, client, store) = shop().await;
    let store = Arc::new(store);
    let orders = "SELECT number, CASE WHEN held THEN 'held' ELSE 'ready' END FROM shop_order ORDER BY number COLLATE \"C\"";
    let shop = async || rows(&client, orders).await;
    let notes = async || rows(&client, "SELECT number, what FROM shop_note").await;
    Box::pin(keeps_both_or_neither(&store.stores(), shop, notes)).await;
    assert!(store.take_orders(&here(), 9).await.unwrap().is_empty(), "the host has them");
    assert_eq!(store.order(&here(), &"1".into()).await.unwrap(), None, "no second copy of a buyer");
}

async fn fresh_shop() -> Result<TestStores, BuildError> {
    let tables = "BEGIN; SELECT pg_advisory_xact_lock(77);
                  CREATE TABLE IF NOT EXISTS shop_order (id bigint GENERATED ALWAYS AS IDENTITY, number text, held boolean);
                  CREATE TABLE IF NOT EXISTS shop_note (number text, what text); COMMIT;";
    cluster().run(tables).await;
    fresh_at(&through_pgbouncer(), |store| store.with_order_writer(Shop)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_postgres_store_with_a_hosts_writer_keeps_every_clause_behind_pgbouncer() {
    let report = conformance::all(&fresh_shop).await;
    assert!(report.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Passed), "{report}");
}

#[tokio::test]
async fn faults_a_shipment_joins_the_transaction_of_the_host() {
    let (schema, mut client, store) = shop().await;
    let shipments =
        [Shipment::new("s1", "1", at(0), "UPS", "1Z1"), Shipment::new("s2", "2", at(0), "UPS", "1Z2")];
    let new = [EnqueueOutcome::New; 2];
    for (commits, expected) in [(false, new), (true, new), (true, [EnqueueOutcome::Duplicate; 2])] {
        let tx = client.transaction().await.unwrap();
        tx.execute("INSERT INTO shop_note VALUES ('N-1', 'packed')", &[]).await.unwrap();
        assert_eq!(store.enqueue_in(&tx, &here(), &shipments, at(0)).await.unwrap(), expected);
        // The host's own names mean what they meant before.
        tx.execute("INSERT INTO outbox VALUES ('of the host')", &[]).await.unwrap();
        if commits {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
        let kept = if commits { Some(2) } else { None };
        assert_eq!(store.counts(&here()).await.unwrap().get("pending").copied(), kept);
    }
    let enqueue = format!(
        "SELECT {schema}.enqueue('here', '{{\"id\": \"s3\", \"order\": 3, \"shipped_at\": \"2026-06-01T10:00:00Z\"}}')"
    );
    let tx = client.transaction().await.unwrap();
    assert!(tx.query_one(&enqueue, &[]).await.unwrap().get::<_, bool>(0));
    assert!(!tx.query_one(&enqueue, &[]).await.unwrap().get::<_, bool>(0), "it is there");
    tx.rollback().await.unwrap();
    assert_eq!(store.counts(&here()).await.unwrap()["pending"], 2);
}

async fn of_order(store: &PostgresStore, order: &str) -> Vec<OutboxRow> {
    store.rows(&here(), &OutboxQuery::OfOrder(order.into()), None, 99).await.unwrap().rows
}

#[tokio::test]
async fn faults_a_shipment_that_sql_enqueues_is_the_one_that_rust_enqueues() {
    let (schema, client, store) = shop().await;
    let shipments = [
        Shipment::new("a", "1", at(0), "UPS", "1Z1"),
        Shipment::new("a", "1", at(1), "UPS", "1Z \"Ü\" \\ '1'")
            .revision(2)
            .order_number("N-1")
            .method("Ground")
            .voided(),
        Shipment::new("b", "1", at(2) + std::time::Duration::from_micros(123_456), "UPS", "")
            .suppressed("sample")
            .packages(vec![Package::new("1Z2").quantity(3), Package::new("1Z3")])
            .lines(vec![LineQuantity { line: "7".into(), quantity: 2 }]),
        Shipment::new("c", "1", at(3), "", "").packages(vec![]),
    ];
    let enqueue = format!("SELECT {schema}.enqueue('here', $1::text::jsonb)");
    for shipment in &shipments {
        let text = serde_json::to_string(shipment).unwrap();
        assert!(client.query_one(&enqueue, &[&text]).await.unwrap().get::<_, bool>(0), "{text}");
        assert!(!client.query_one(&enqueue, &[&text]).await.unwrap().get::<_, bool>(0), "{text}");
    }
    assert_eq!(store.enqueue(&here(), &shipments, at(0)).await.unwrap(), [EnqueueOutcome::Duplicate; 4]);
    let by_sql = of_order(&store, "1").await;
    let there: Vec<ConnectionId> = vec!["there".into()];
    store.enqueue(&there[0], &shipments, at(0)).await.unwrap();
    let columns = "shipment, revision, order_id, shipped_at, state, due_from, in_flight, unblock_key";
    let of =
        |connection: &str| format!("SELECT {columns} FROM {schema}.outbox WHERE connection = '{connection}'");
    let differ = format!("SELECT count(*) FROM (({}) EXCEPT ({})) AS rows", of("here"), of("there"));
    assert_eq!(client.query_one(&differ, &[]).await.unwrap().get::<_, i64>(0), 0);
    for (row, shipment) in by_sql.iter().zip(&shipments) {
        let now = row.enqueued_at;
        assert_eq!(*row, OutboxRow::new(shipment.clone(), now));
        assert!(row.updated_at == now && now > at(-90_000_000), "{now}");
    }
    assert_eq!(by_sql.len(), 4);
    let events = store.story(&here(), &"1".into()).await.unwrap();
    assert_eq!(events, by_sql.iter().map(OrderEvent::of_enqueued).collect::<Vec<_>>());
}

#[tokio::test]
async fn faults_what_sql_enqueues_wrongly_is_refused_with_the_member_that_is_wrong() {
    let (schema, client, store) = shop().await;
    let good = json!({ "id": "s1", "order": "1", "shipped_at": "2026-06-01T10:00:00+02:00" });
    let with = |name: &str, value: Value| {
        let mut shipment = good.clone();
        shipment[name] = value;
        shipment
    };
    let enqueue = format!("SELECT {schema}.enqueue('here', $1::text::jsonb)");
    for (shipment, words) in [
        (json!([]), "is to be an object"),
        (json!({}), "needs the member \"shipped_at\""),
        (with("id", Value::Null), "needs the member \"id\""),
        (with("order", json!({})), "order is to be a text"),
        (with("tracking", json!("1Z")), "has no member \"tracking\""),
        (with("shipped_at", json!("2026-06-01")), "shipped_at is to be a time with its zone"),
        (with("shipped_at", json!("2026-06-01T10:00:00")), "shipped_at is to be a time with its zone"),
        (with("shipped_at", json!("2026-13-01T10:00:00Z")), "out of range"),
        (with("shipped_at", json!("0001-01-01T10:00:00Z")), "out of range"),
        (with("shipped_at", json!(1_780_000_000)), "shipped_at is to be a time with its zone"),
        (with("revision", json!(-1)), "out of range"),
        (with("revision", json!(4_294_967_296_u64)), "out of range"),
        (with("revision", json!(1.5)), "revision is to be a integer"),
        (with("revision", json!("2")), "revision is to be a integer"),
        (with("voided", json!("yes")), "voided is to be a boolean"),
        (with("packages", json!({})), "packages are to be an array"),
        (with("packages", json!(["1Z"])), "one of the packages is to be an object"),
        (with("packages", json!([{ "number": "1Z" }])), "one of the packages has no member \"number\""),
        (with("lines", json!([{ "line": "7" }])), "one of the lines needs the member \"quantity\""),
        (with("lines", json!([{ "line": "7", "quantity": 1e30 }])), "quantity is to be a integer"),
    ] {
        let refused = client.query_one(&enqueue, &[&shipment.to_string()]).await.unwrap_err();
        let refused = refused.as_db_error().unwrap();
        assert!(refused.message().contains(words), "{shipment}: {}", refused.message());
        assert!(refused.code().code().starts_with("22"), "{shipment}: {refused:?}");
    }
    assert!(store.counts(&here()).await.unwrap().is_empty());
}

#[tokio::test]
async fn wire_whatever_sql_enqueues_can_be_read() {
    let (schema, client, store) = shop().await;
    let enqueue = format!("SELECT {schema}.enqueue('here', $1::text::jsonb)");
    let mut rng = fastrand::Rng::with_seed(7);
    let values = [
        json!(null),
        json!(true),
        json!("x"),
        json!(""),
        json!(7),
        json!(-7),
        json!(1.5),
        json!(1e3),
        json!(u64::MAX),
        json!([]),
        json!({}),
        json!("2026-06-01 10:00:00.123456789-0700"),
        json!("2026-06-01T24:00:00Z"),
        json!("2026-06-01T10:00:60Z"),
        json!([{ "tracking": null }]),
        json!([{ "tracking": 7, "quantity": -1 }]),
        json!([{ "line": 1, "quantity": 1 }]),
    ];
    let members = [
        "id",
        "revision",
        "order",
        "order_number",
        "shipped_at",
        "carrier",
        "method",
        "packages",
        "lines",
        "suppressed",
        "voided",
    ];
    let mut taken = 0;
    for round in 0..3_000 {
        let mut shipment =
            json!({ "id": format!("s{round}"), "order": round, "shipped_at": "2026-06-01T10:00:00Z" });
        for _ in 0..rng.usize(1..4) {
            shipment[members[rng.usize(..members.len())]] = values[rng.usize(..values.len())].clone();
        }
        taken += usize::from(
            client.query_one(&enqueue, &[&shipment.to_string()]).await.is_ok_and(|row| row.get(0)),
        );
    }
    let mut read = 0;
    let mut after = None;
    loop {
        let page = store.rows(&here(), &OutboxQuery::Due { now: at(0) }, after.as_ref(), 100).await.unwrap();
        read += page.rows.len();
        let Some(last) = page.rows.last() else { break };
        after = Some(last.cursor());
    }
    assert_eq!(read, taken);
    assert!((500..2_500).contains(&taken), "{taken} of 3,000");
}

#[tokio::test]
async fn faults_sql_takes_orders_out_until_it_acknowledges_them() {
    let cluster = cluster();
    let schema = cluster.new_schema();
    let store =
        PostgresStore::connect(&cluster.url, &PostgresOptions::default().schema(&schema)).await.unwrap();
    let store = Arc::new(store);
    let token = begun(&store.stores()).await;
    let mut held = order("4");
    held.holds = vec![HoldReason::NoShippingText];
    store.save(&token, &[order("2"), order("1"), order("3"), held]).await.unwrap();
    let client = cluster.client().await;
    let take = format!("SELECT channel_order, order_data ->> 'number' FROM {schema}.take_orders('here', 2)");
    let pair = |id: &str| (id.to_owned(), format!("N-{id}"));
    assert_eq!(rows(&client, &take).await, [pair("2"), pair("1")]);
    let acknowledge = format!("SELECT {schema}.acknowledge('here', ARRAY['2', '3', '4', 'nobody'])");
    for new in [2_i64, 0] {
        assert_eq!(client.query_one(&acknowledge, &[]).await.unwrap().get::<_, i64>(0), new);
        assert_eq!(rows(&client, &take).await, [pair("1")]);
    }
    store.acknowledge_orders(&here(), &["4".into()]).await.unwrap();
    assert!(store.release_order(&here(), &"4".into(), at(9)).await.unwrap());
    assert_eq!(rows(&client, &take).await, [pair("1"), pair("4")], "held ones were left as they were");
}
