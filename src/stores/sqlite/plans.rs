//! The proof that every query has its index: the plan of each statement that the conformance suite and the host's
//! side make the store run.
#![cfg(feature = "conformance")]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use rusqlite::{
    Connection,
    trace::{TraceEvent, TraceEventCodes},
};

use super::{SqliteStore, open::TABLES};
use crate::{
    channel::{
        Listing,
        store::{Maintained, Maintenance, RetentionPolicy, StoreError},
    },
    testing::conformance::{self, BuildError, TestStores},
};

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

#[expect(clippy::needless_pass_by_value, reason = "the signature that SQLite's trace asks for")]
fn watch(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(_, sql) = event {
        SEEN.lock().unwrap().insert(sql.to_owned());
    }
}

async fn watched() -> Result<TestStores, BuildError> {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(folder.path().join("store.sqlite"))?;
    for worker in [&store.writer, &store.reader] {
        worker
            .run(|db| {
                db.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(watch));
                Ok(())
            })
            .await?;
    }
    let sold = ["L1", "L2", "L3"].map(|id| Listing::new(id, id)).to_vec();
    store.put_listings(&"here".into(), sold.clone()).await?;
    host_side(&store).await?;
    Ok(TestStores::new(Arc::new(store).stores()).with_listings("here".into(), sold).with_guard(folder))
}

/// What the suite does not call.
async fn host_side(store: &SqliteStore) -> Result<(), StoreError> {
    let here = &"somewhere".into();
    store.take_orders(here, 9).await?;
    store.order(here, &"1".into()).await?;
    store.acknowledge_orders(here, &["1".into()]).await?;
    store.release_order(here, &"1".into(), crate::Timestamp::UNIX_EPOCH).await?;
    store.put_cancelled(here, &"1".into(), Vec::new()).await?;
    store.remove_listing(here, &"L1".into()).await?;
    let none = store.maintain(&RetentionPolicy::default(), crate::Timestamp::UNIX_EPOCH).await?;
    assert_eq!(none, Maintained::default());
    assert!(store.forget_buyer(here, &"1".into()).await?.is_complete());
    Ok(())
}

/// The steps of the plan that read a whole table, or all of a connection by its primary key, or sort what they found.
fn costly_steps(db: &Connection, sql: &str) -> Vec<String> {
    let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps =
        explain.raw_query().mapped(|row| row.get("detail")).collect::<Result<Vec<String>, _>>().unwrap();
    let costly = ["SCAN", "TEMP B-TREE", "PRIMARY KEY (connection=?)"];
    steps.into_iter().filter(|step| costly.iter().any(|cost| step.contains(cost))).collect()
}

#[tokio::test]
async fn every_query_finds_its_rows_by_an_index() {
    let report = conformance::all(&watched).await;
    assert!(report.passed(), "{report}");
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(TABLES).unwrap();
    assert!(
        !costly_steps(&db, "SELECT 1 FROM shipstation_host_order WHERE order_json = ?1").is_empty(),
        "the proof has eyes"
    );

    let seen = SEEN.lock().unwrap();
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE"];
    let queries: Vec<_> = seen.iter().filter(|sql| verbs.iter().any(|verb| sql.starts_with(verb))).collect();
    assert!(queries.len() > 45, "the watch saw {} queries", queries.len());
    let costly: Vec<_> = queries
        .into_iter()
        .map(|sql| (sql, costly_steps(&db, sql)))
        .filter(|(_, steps)| !steps.is_empty())
        .collect();
    assert!(costly.is_empty(), "{costly:#?}");
}
