//! That no order collects events without end.

use std::sync::Arc;

use shipstation_connector::{
    Timestamp,
    channel::{
        Operation,
        store::{BeginOutcome, HistoryStoreExt, NewRun, OrderFailure, OrderStoreExt, Stores},
    },
    stores::{MemoryStore, SqliteStore},
};

/// Of 300 failures of one order 200 are kept.
pub(super) async fn repetitions_are_bounded(stores: &Stores) {
    let here = "here".into();
    let at = |second: i64| Timestamp::from_unix_seconds(1_772_442_000 + second);
    let ttl = std::time::Duration::from_secs(600);
    let run = NewRun::new("here".into(), Operation::GetOrders, "run".into(), "test", ttl, at(0));
    let BeginOutcome::Granted(token) = stores.runs.begin(run).await.unwrap() else { panic!("it is free") };
    for attempt in 0..300 {
        let failure = OrderFailure::new("7".into(), "A-7", "refused", true, at(attempt), at(attempt));
        stores.orders.record_failures(&token, &[failure]).await.unwrap();
    }
    let story = stores.history.as_ref().unwrap().story(&here, &"7".into()).await.unwrap();
    assert_eq!(story.len(), 200);
    assert_eq!((story[0].at, story[199].at), (at(0), at(199)), "the first ones");
}

#[tokio::test]
async fn faults_an_order_that_fails_for_ever_keeps_200_events_in_memory_and_in_a_file() {
    repetitions_are_bounded(&Arc::new(MemoryStore::new()).stores()).await;
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("store.sqlite")).unwrap();
    repetitions_are_bounded(&Arc::new(store).stores()).await;
}
