//! How long the SQLite store takes to say which of 500 orders it knows, with 1,000,000 imported ones. The floor
//! is the same 500 rows read by bare SQLite, without turning them into records.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may stop at the first surprise")]

use std::{hint::black_box, path::Path};

use criterion::{Criterion, criterion_group, criterion_main};
use rusqlite::Connection;
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, ConnectionId, OrderLine,
        shipping::ShippingResolution,
        store::{NewOrder, OrderStoreExt},
    },
    stores::SqliteStore,
};

const IMPORTED: usize = 1_000_000;
const FIRST: usize = 90_000_000;

/// A record of usual size, as the store writes it.
fn record_json() -> String {
    let mut order = ChannelOrder::new("@", "N-@");
    order.store = Some("12345".into());
    order.modified_at = Some(Timestamp::from_unix_seconds(1_772_442_000));
    order.lines = (1..=3).map(|n| OrderLine::new(format!("@{n}"), Some(format!("SKU-{n}")), n)).collect();
    let new =
        NewOrder::new(order, ShippingResolution::NoText, 1, Timestamp::from_unix_seconds(1_772_442_100));
    serde_json::to_string(&new.record(&"run-0001".into(), None)).unwrap()
}

/// The table is filled by SQL: only reading is measured.
fn fill(path: &Path) {
    drop(SqliteStore::open(path).unwrap());
    let file = Connection::open(path).unwrap();
    file.execute(
        "WITH RECURSIVE ids (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM ids WHERE n < ?1 + ?2 - 1)
         INSERT INTO shipstation_import_record (connection, order_id, record_json)
         SELECT 'here', n, replace(?3, '@', n) FROM ids",
        (i64::try_from(FIRST).unwrap(), i64::try_from(IMPORTED).unwrap(), record_json()),
    )
    .unwrap();
}

/// Half of them imported, spread over the whole table.
fn asked() -> Vec<ChannelOrderId> {
    let ids = (0..500).map(|n| FIRST + (n * 7_919_317) % (2 * IMPORTED));
    ids.map(|id| id.to_string().into()).collect()
}

fn known(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    fill(&path);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let (here, asked) = (ConnectionId::new("here"), asked());
    let found = runtime.block_on(store.known(&here, &asked)).unwrap().len();
    assert!((200..=300).contains(&found), "{found}");

    let mut group = criterion.benchmark_group("known-500-of-1000000");
    group.bench_function("ours", |bench| {
        bench.iter(|| black_box(runtime.block_on(store.known(&here, &asked)).unwrap()));
    });
    let file = Connection::open(&path).unwrap();
    file.execute_batch("PRAGMA cache_size = -16384; BEGIN").unwrap();
    let sql = "SELECT record_json FROM shipstation_import_record WHERE connection = 'here' AND order_id = ?1";
    let mut find = file.prepare(sql).unwrap();
    group.bench_function("floor", |bench| {
        bench.iter(|| {
            for id in &asked {
                let _: Option<String> = black_box(find.query_row([id.as_str()], |row| row.get(0)).ok());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, known);
criterion_main!(benches);
