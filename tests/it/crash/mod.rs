//! What a crash costs: a repetition and nothing else. Every operation is killed and stalled wherever it calls a
//! store or ShipStation, on the SQLite store, and the promises are judged afterwards.

mod everywhere;
mod fuse;
mod killed;
mod scenarios;
mod test_bed;

use everywhere::{kill, rival, stall};
use scenarios::{Importing, Linking, Resolving, Shipping};

// The least numbers of places: the harness must not shrink unseen.

#[tokio::test]
async fn crash_link_listings_anywhere() {
    assert!(kill::<Linking>("link_listings").await >= 24);
}

#[tokio::test]
async fn crash_get_orders_anywhere() {
    assert!(kill::<Importing>("get_orders").await >= 80);
}

#[tokio::test]
async fn crash_resolve_held_anywhere() {
    assert!(kill::<Resolving>("resolve_held").await >= 20);
}

#[tokio::test]
async fn crash_sync_shipments_anywhere() {
    assert!(kill::<Shipping>("sync_shipments").await >= 100);
}

#[tokio::test]
async fn crash_stalled_link_listings_loses_its_lease() {
    assert!(stall::<Linking>("link_listings").await >= 14);
}

#[tokio::test]
async fn crash_stalled_get_orders_loses_its_lease() {
    assert!(stall::<Importing>("get_orders").await >= 50);
}

#[tokio::test]
async fn crash_stalled_resolve_held_loses_its_lease() {
    assert!(stall::<Resolving>("resolve_held").await >= 14);
}

#[tokio::test]
async fn crash_stalled_sync_shipments_loses_its_lease() {
    assert!(stall::<Shipping>("sync_shipments").await >= 65);
}

#[tokio::test]
async fn crash_two_workers_at_once_one_works() {
    rival::<Linking>().await;
    rival::<Importing>().await;
    rival::<Resolving>().await;
    rival::<Shipping>().await;
}
