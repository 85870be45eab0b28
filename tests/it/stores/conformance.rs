//! The suite: the crate's own stores keep every clause, and a store that breaks one is found out.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use shipstation_connector::{
    channel::{ConnectionId, Listing, store::Stores},
    fleet::MemorySchedule,
    stores::{
        MemoryStore, SqliteStore,
        sqlite::{OpenError, SqliteOptions},
    },
    testing::conformance::{self, BuildError, StoreBuilder, TestStores, Verdict},
};

use super::broken::{BrokenStore, FLAWS, FLAWS_OF_MAINTENANCE, Flaw};

const REFUSES: &str = "orders::an_order_that_the_host_refuses_fails_alone";

pub(super) fn sold() -> (ConnectionId, Vec<Listing>) {
    let listings = ["L3", "L1", "L5", "L2"].map(|id| Listing::new(id, format!("sku of {id}")));
    ("here".into(), [listings.to_vec(), vec![Listing::without_sku("L4")]].concat())
}

fn memory() -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let (connection, listings) = sold();
    store.put_listings(&connection, listings);
    store
}

async fn fresh_memory() -> Result<TestStores, BuildError> {
    let (connection, listings) = sold();
    Ok(TestStores::new(memory().stores()).with_listings(connection, listings))
}

async fn fresh_sqlite() -> Result<TestStores, BuildError> {
    fresh_file(|file| SqliteStore::open(file)).await
}

/// No call waits for another process here, and none could: all run on one thread.
async fn fresh_inline_sqlite() -> Result<TestStores, BuildError> {
    fresh_file(|file| SqliteStore::open_with(file, &SqliteOptions::new().inline())).await
}

/// A new file, opened twice.
pub(super) async fn fresh_file(
    open: impl Fn(&Path) -> Result<SqliteStore, OpenError>,
) -> Result<TestStores, BuildError> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("store.sqlite");
    let (connection, listings) = sold();
    let store = open(&file)?;
    store.put_listings(&connection, listings.clone()).await?;
    // The host's own constraint, on an order that it cannot take.
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON shipstation_host_order WHEN NEW.order_id = 'refused'
                  BEGIN SELECT RAISE(ABORT, 'the host does not want it'); END";
    rusqlite::Connection::open(&file)?.execute_batch(refuse)?;
    let peer = open(&file)?;
    Ok(TestStores::new(Arc::new(store).stores())
        .with_peer(Arc::new(peer).stores())
        .with_listings(connection, listings)
        .with_refused_order("refused")
        .with_guard(folder))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_memory_store_keeps_every_clause() {
    let report = conformance::all(&fresh_memory).await;
    let others = report.outcomes.iter().filter(|outcome| outcome.verdict != Verdict::Passed);
    // It refuses no order, so that it cannot be seen to.
    let others: Vec<_> = others.map(|outcome| outcome.name).collect();
    assert_eq!(others, [REFUSES], "{report}");
    assert!(report.passed(), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_sqlite_store_keeps_every_clause_through_two_handles() {
    let report = conformance::all(&fresh_sqlite).await;
    assert!(report.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Passed), "{report}");
}

#[tokio::test]
async fn conformance_sqlite_store_keeps_every_clause_without_a_thread_of_its_own() {
    let report = conformance::all(&fresh_inline_sqlite).await;
    assert!(report.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Passed), "{report}");
}

#[tokio::test]
async fn conformance_all_is_the_sum_of_its_parts() {
    let names = |report: conformance::Report| {
        report.outcomes.into_iter().map(|outcome| outcome.name).collect::<Vec<_>>()
    };
    let parts = [
        names(conformance::runs(&fresh_memory).await),
        names(conformance::orders(&fresh_memory).await),
        names(conformance::shipments(&fresh_memory).await),
        names(conformance::listings(&fresh_memory).await),
        names(conformance::mappings(&fresh_memory).await),
        names(conformance::history(&fresh_memory).await),
        names(conformance::actions(&fresh_memory).await),
    ];
    let all = names(conformance::all(&fresh_memory).await);
    assert_eq!(parts.concat(), all);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "every check has a name of its own");
}

struct FullDisk;

#[async_trait::async_trait]
impl StoreBuilder for FullDisk {
    async fn test_stores(&self) -> Result<TestStores, BuildError> {
        Err("the disk is full".into())
    }
}

#[tokio::test]
async fn conformance_a_builder_that_fails_fails_the_checks_and_nothing_panics() {
    let report = conformance::runs(&FullDisk).await;
    assert!(!report.passed());
    assert!(report.to_string().contains("the builder made no store: the disk is full"), "{report}");
}

fn broken(flaw: Flaw) -> TestStores {
    let (connection, listings) = sold();
    let store = Arc::new(BrokenStore::new(memory(), flaw));
    let stores = Stores::all_in(store.clone()).with_history(store.clone()).with_actions(store.clone());
    let stores = TestStores::new(stores.with_maintenance(store));
    stores.with_listings(connection, listings).with_refused_order("refused")
}

fn failures(report: &conformance::Report) -> BTreeSet<&'static str> {
    report.failures().map(|outcome| outcome.name).collect()
}

#[tokio::test]
async fn conformance_finds_every_flaw_and_every_check_finds_one() {
    let (mut found, mut missed) = (BTreeSet::new(), Vec::new());
    for (flaw, expected) in FLAWS {
        let failures = failures(&conformance::all(&|| async { Ok(broken(*flaw)) }).await);
        if !failures.contains(expected) {
            missed.push(format!("{flaw:?} must fail {expected}, failed {failures:?}"));
        }
        found.extend(failures);
    }
    assert!(missed.is_empty(), "{missed:#?}");
    let all: BTreeSet<_> =
        conformance::all(&fresh_memory).await.outcomes.iter().map(|outcome| outcome.name).collect();
    let idle: Vec<_> = all.difference(&found).collect();
    assert!(idle.is_empty(), "no flaw proves these checks: {idle:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_memory_schedule_keeps_every_clause() {
    let fresh = || async {
        let schedule = Arc::new(MemorySchedule::new());
        Ok(TestStores::new(memory().stores()).with_schedule(schedule.clone(), schedule))
    };
    let report = conformance::schedule(&fresh).await;
    assert!(report.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Passed), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_memory_budget_keeps_every_clause() {
    let fresh = || async { Ok(TestStores::new(memory().stores()).with_budgets(memory(), memory())) };
    assert!(!conformance::budget(&fresh).await.passed(), "two stores are not one");
    let fresh = || async {
        let store = memory();
        Ok(TestStores::new(store.stores()).with_budgets(store.clone(), store))
    };
    let report = conformance::budget(&fresh).await;
    let others = report.outcomes.iter().filter(|outcome| outcome.verdict != Verdict::Passed);
    assert_eq!(others.map(|outcome| outcome.name).collect::<Vec<_>>(), ["budget::one_clock_serves_all"]);
    assert!(report.passed(), "it has the clock of its one process: {report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_maintenance_keeps_every_clause_in_memory_and_in_a_file() {
    let (memory, file) =
        (conformance::maintenance(&fresh_memory).await, conformance::maintenance(&fresh_sqlite).await);
    for report in [memory, file] {
        assert!(report.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Passed), "{report}");
    }
}

#[tokio::test]
async fn conformance_finds_flaws_of_maintenance() {
    for (flaw, expected) in FLAWS_OF_MAINTENANCE {
        let report = conformance::maintenance(&|| async { Ok(broken(*flaw)) }).await;
        assert_eq!(failures(&report), BTreeSet::from([*expected]), "{flaw:?}: {report}");
    }
}
