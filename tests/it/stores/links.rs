//! What is found by a SKU that several listings have.

use std::sync::Arc;

use shipstation_connector::{
    Timestamp,
    channel::{
        NewLink, Operation,
        store::{BeginOutcome, ListingStoreExt, NewRun, Stores},
    },
    stores::{MemoryStore, SqliteStore},
};

/// Of the links that hold the newest one is found, whatever became of others.
async fn the_newest_that_holds_is_found(stores: &Stores) {
    let here = "here".into();
    let at = |second: i64| Timestamp::from_unix_seconds(1_772_442_000 + second);
    let ttl = std::time::Duration::from_secs(600);
    let run = NewRun::new("here".into(), Operation::LinkListings, "run".into(), "test", ttl, at(0));
    let BeginOutcome::Granted(token) = stores.runs.begin(run).await.unwrap() else { panic!("it is free") };
    let link = |listing: &str, second| {
        NewLink::new(listing.into(), format!("P-{listing}").into(), "MUG".to_owned(), at(second))
    };
    let found = async || {
        let found = stores.listings.links_by_sku(&here, &["MUG".to_owned()]).await.unwrap();
        found.get("MUG").map(|link| link.listing.to_string())
    };
    let links = [link("L2", 2), link("L3", 3), link("L1", 1)];
    stores.listings.put_links(&token, &links).await.unwrap();
    for (newest, broken) in [(Some("L3"), "L3"), (Some("L2"), "L1"), (Some("L2"), "L2"), (None, "L2")] {
        assert_eq!(found().await.as_deref(), newest);
        stores.listings.mark_broken(&token, &[broken.into()]).await.unwrap();
    }
}

#[tokio::test]
async fn the_newest_link_of_a_sku_that_holds_is_found_in_memory_and_in_a_file() {
    the_newest_that_holds_is_found(&Arc::new(MemoryStore::new()).stores()).await;
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("store.sqlite")).unwrap();
    the_newest_that_holds_is_found(&Arc::new(store).stores()).await;
}
