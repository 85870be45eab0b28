//! Who may read the database file.
#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use rusqlite::Connection;
use shipstation_connector::{
    channel::{
        Operation,
        store::{NewRun, RunStore},
    },
    stores::SqliteStore,
};

fn modes(folder: &Path) -> Vec<(String, u32)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut modes: Vec<_> = files
        .map(|file| {
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            (file.file_name().into_string().unwrap(), mode)
        })
        .collect();
    modes.sort();
    modes
}

async fn write(store: &SqliteStore) {
    let now = "2026-03-02T08:00:00Z".parse().unwrap();
    let run =
        NewRun::new("here".into(), Operation::GetOrders, "one".into(), "test", Duration::from_secs(60), now);
    store.begin(run).await.unwrap();
}

#[tokio::test]
async fn a_new_database_and_its_journals_are_for_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("store.sqlite")).unwrap();
    write(&store).await;
    let found = modes(folder.path());
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["store.sqlite", "store.sqlite-shm", "store.sqlite-wal"]);
    assert!(found.iter().all(|(_, mode)| *mode == 0o600), "{found:?}");
}

#[tokio::test]
async fn the_journal_of_a_file_that_is_being_made_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    SqliteStore::open(&path).unwrap().close().await;
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA journal_mode = delete; BEGIN; CREATE TABLE more (x)").unwrap();
    let found = modes(folder.path());
    assert!(found.iter().any(|(name, _)| name.ends_with("-journal")), "{found:?}");
    assert!(found.iter().all(|(_, mode)| *mode == 0o600), "{found:?}");
}

#[tokio::test]
async fn a_file_that_is_there_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    SqliteStore::open(&path).unwrap().close().await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    write(&store).await;
    let found = modes(folder.path());
    assert!(found.len() == 3 && found.iter().all(|(_, mode)| *mode == 0o660), "{found:?}");
}
