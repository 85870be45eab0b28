//! The PostgreSQL store on a throw-away cluster of this machine, with `fsync` on, beside its yardsticks: importing 10,000 orders beside
//! memory; `known(500)` among 1,000,000 records beside the bare statement; `begin_send` and `record` in batches of 50 beside bare updates
//! of as many rows; and `maintain` on a million rows, with what a run beside it waits for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may stop at the first surprise"
)]

#[path = "../tests/it/support/postgres.rs"]
#[allow(dead_code, reason = "shared with the scenarios")]
mod cluster;
mod orders;

use std::{sync::Arc, time::Duration};

use orders::{import, simulator};
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, ConnectionId, Operation, OrderLine, OutboxId, RunId, Shipment,
        ShipmentState,
        shipping::ShippingResolution,
        store::{
            BeginOutcome, Maintenance, NewOrder, NewRun, OrderStoreExt, RetentionPolicy, RunStore, RunToken,
            SendIntent, ShipmentStore, ShipmentTransition, Stores,
        },
    },
    client::{Clock, SystemClock},
    stores::{
        MemoryStore, PostgresStore,
        postgres::{PostgresOptions, tokio_postgres::Client},
    },
};

const ROUNDS: usize = 5;
const MILLION: i64 = 1_000_000;

/// A store in a schema of its own, and a bare connection to the same.
async fn fresh() -> (Arc<PostgresStore>, Client) {
    let cluster = cluster::cluster();
    let schema = cluster.new_schema();
    let options = PostgresOptions::default().schema(&schema);
    let store = Arc::new(PostgresStore::connect(&cluster.url, &options).await.unwrap());
    let client = cluster.client().await;
    client.batch_execute(&format!("SET search_path TO {schema}")).await.unwrap();
    (store, client)
}

fn here() -> ConnectionId {
    "here".into()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_772_442_000 + second)
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let began = SystemClock.now();
    let done = work.await;
    (done, SystemClock.now().since(began))
}

/// The middle one, in milliseconds.
fn middle(times: &[Duration]) -> f64 {
    let mut times: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1_000.0).collect();
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

async fn import_10_000() {
    let sim = simulator().await;
    let (mut memory, mut postgres, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let ours = import(&sim, Stores::all_in(Arc::new(MemoryStore::new()))).await;
        let (store, _client) = fresh().await;
        let theirs = import(&sim, Stores::all_in(store)).await;
        ratios.push(theirs.as_secs_f64() / ours.as_secs_f64());
        memory.push(ours);
        postgres.push(theirs);
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let ratio = ratios[ROUNDS / 2];
    println!(
        "import/postgres            {:6.0} ms, {ratio:.2} x memory ({:.0} ms; bar 2.50)",
        middle(&postgres),
        middle(&memory)
    );
}

fn record_json() -> String {
    let mut order = ChannelOrder::new("@", "N-@");
    order.lines = (1..=3).map(|n| OrderLine::new(format!("@{n}"), Some(format!("SKU-{n}")), n)).collect();
    let new = NewOrder::new(order, ShippingResolution::NoText, 1, at(0));
    serde_json::to_string(&new.record(&"run-0001".into(), None)).unwrap()
}

async fn known_500() {
    let (store, client) = fresh().await;
    let fill = "INSERT INTO import_record (connection, order_id, record_json)
                SELECT 'here', n::text, replace($1::text, '@', n::text)::json FROM generate_series(1, $2::bigint) AS n";
    client.execute(fill, &[&record_json(), &MILLION]).await.unwrap();
    client.batch_execute("ANALYZE").await.unwrap();
    let asked: Vec<String> = (0..500).map(|n| (1 + n * 7_919_317 % (2 * MILLION)).to_string()).collect();
    let ids: Vec<ChannelOrderId> = asked.iter().map(|id| id.as_str().into()).collect();
    let bare = "SELECT record_json::text FROM import_record WHERE connection = 'here' AND order_id = ANY($1)";
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..200 {
        let (rows, took) = timed(client.query(bare, &[&asked])).await;
        floor.push(took);
        let (known, took) = timed(store.known(&here(), &ids)).await;
        ours.push(took);
        assert_eq!(known.unwrap().len(), rows.unwrap().len());
    }
    let (ours, floor) = (middle(&ours), middle(&floor));
    println!(
        "known-500-of-1000000/ours  {ours:6.2} ms, {:.2} x the bare statement ({floor:.2} ms; bar 5 ms)",
        ours / floor
    );
}

async fn begun(store: &PostgresStore) -> RunToken {
    let run = NewRun::new(
        here(),
        Operation::SyncShipments,
        RunId::new("run"),
        "me",
        Duration::from_secs(3_600),
        at(0),
    );
    match store.begin(run).await.unwrap() {
        BeginOutcome::Granted(token) => token,
        other => panic!("{other:?}"),
    }
}

async fn sends() {
    const SHIPMENTS: usize = 5_000;
    let (store, client) = fresh().await;
    let token = begun(&store).await;
    let id = |n: usize| OutboxId { shipment: format!("s{n}").into(), revision: 1 };
    let shipments: Vec<Shipment> = (0..SHIPMENTS)
        .map(|n| Shipment::new(format!("s{n}"), format!("o{n}"), at(0), "UPS", format!("1Z{n}")))
        .collect();
    for shipments in shipments.chunks(500) {
        store.enqueue(&here(), shipments, at(0)).await.unwrap();
    }
    let ((), took) = timed(async {
        for batch in 0..SHIPMENTS / 50 {
            let batch = batch * 50..(batch + 1) * 50;
            let intents: Vec<SendIntent> = batch.clone().map(|n| SendIntent::new(id(n), 1, at(1))).collect();
            store.begin_send(&token, &intents).await.unwrap();
            let sent = |n| ShipmentTransition::new(id(n), ShipmentState::Sent { at: at(2) }, at(2));
            store.record(&token, &batch.map(sent).collect::<Vec<_>>()).await.unwrap();
        }
    })
    .await;
    let bare = "UPDATE outbox SET row_json = row_json WHERE connection = 'here' AND shipment = ANY($1)";
    let ((), floor) = timed(async {
        for batch in 0..SHIPMENTS / 25 {
            let batch = batch % (SHIPMENTS / 50);
            let names: Vec<String> = (batch * 50..(batch + 1) * 50).map(|n| format!("s{n}")).collect();
            client.execute(bare, &[&names]).await.unwrap();
        }
    })
    .await;
    let per_second = f64::from(u32::try_from(SHIPMENTS).unwrap()) / took.as_secs_f64();
    let ratio = took.as_secs_f64() / floor.as_secs_f64();
    println!(
        "sends/postgres             {per_second:6.0} shipments a second, {ratio:.2} x as many bare updates (bar 500)"
    );
}

async fn maintain() {
    let (store, client) = fresh().await;
    let token = begun(&store).await;
    store.enqueue(&here(), &[Shipment::new("s0", "o0", at(0), "UPS", "1Z0")], at(0)).await.unwrap();
    let fill = "INSERT INTO outbox (connection, shipment, revision, order_id, shipped_at, state, in_flight, settled, row_json)
                SELECT 'there', 's' || n, 1, 'o' || n, n, 'confirmed', false, n, row_json
                FROM outbox, generate_series(1, $1::bigint) AS n WHERE shipment = 's0'";
    client.execute(fill, &[&MILLION]).await.unwrap();
    client.batch_execute("ANALYZE").await.unwrap();
    let (policy, now) = (RetentionPolicy::default(), at(0));
    let work = tokio::spawn({
        let store = store.clone();
        async move { timed(store.maintain(&policy, now)).await }
    });
    let mut beside = Vec::new();
    while !work.is_finished() {
        let intent = SendIntent::new(OutboxId { shipment: "s0".into(), revision: 1 }, 1, at(1));
        let (done, took) = timed(async {
            store.begin_send(&token, &[intent]).await?;
            let back = ShipmentState::RetryWait {
                until: at(0),
                class: shipstation_connector::channel::RetryClass::Unavailable,
                server_since: None,
            };
            let id = OutboxId { shipment: "s0".into(), revision: 1 };
            store.record(&token, &[ShipmentTransition::new(id, back, at(1))]).await
        })
        .await;
        done.unwrap();
        beside.push(took);
    }
    let (done, took) = work.await.unwrap();
    let (reduced, longest) = (done.unwrap().shipments, beside.iter().max().copied().unwrap_or_default());
    println!(
        "maintain/1000000           {:6.1} s for {reduced} shipments; a send beside it takes {:.1} ms, the longest of {} {:.0} ms",
        took.as_secs_f64(),
        middle(&beside),
        beside.len(),
        longest.as_secs_f64() * 1_000.0
    );
}

#[tokio::main]
async fn main() {
    import_10_000().await;
    known_500().await;
    sends().await;
    maintain().await;
}
