//! What a crash costs: a repetition and nothing else. Every operation is killed and stalled wherever it calls a
//! store or ShipStation, on the SQLite store and on the PostgreSQL store, and the promises are judged afterwards.

#[cfg(feature = "postgres-tests")]
mod at_once;
mod back_fills;
mod database;
mod everywhere;
mod fuse;
mod killed;
mod looks;
mod scenarios;
mod subscriptions;
mod test_bed;

use back_fills::{BackFilling, Resuming};
use everywhere::{kill, rival, stall};
use looks::{Looking, Overtaken};
use scenarios::{Acting, Importing, Linking, Resolving, Shipping};
use subscriptions::Subscribing;
use test_bed::Kind;

// The least numbers of places: the harness must not shrink unseen.

#[tokio::test]
async fn crash_link_listings_anywhere() {
    assert!(kill::<Linking>("link_listings", &Kind::File).await >= 24);
}

#[tokio::test]
async fn crash_get_orders_anywhere() {
    assert!(kill::<Importing>("get_orders", &Kind::File).await >= 80);
}

#[tokio::test]
async fn crash_resolve_held_anywhere() {
    assert!(kill::<Resolving>("resolve_held", &Kind::File).await >= 20);
}

#[tokio::test]
async fn crash_sync_shipments_anywhere() {
    assert!(kill::<Shipping>("sync_shipments", &Kind::File).await >= 100);
}

#[tokio::test]
async fn crash_run_actions_anywhere() {
    assert!(kill::<Acting>("run_actions", &Kind::File).await >= 60);
}

#[tokio::test]
async fn crash_quick_look_anywhere() {
    assert!(kill::<Looking>("a quick look", &Kind::File).await >= 120);
}

#[tokio::test]
async fn crash_quick_look_anywhere_before_an_import() {
    assert!(kill::<Overtaken>("a quick look before an import", &Kind::File).await >= 120);
}

#[tokio::test]
async fn crash_back_fill_anywhere() {
    assert!(kill::<BackFilling>("a back-fill", &Kind::File).await >= 90);
}

#[tokio::test]
async fn crash_back_fill_in_stretches_anywhere() {
    assert!(kill::<Resuming>("a back-fill in stretches", &Kind::File).await >= 140);
}

#[tokio::test]
async fn crash_ensure_webhooks_anywhere() {
    assert!(kill::<Subscribing>("ensure_webhooks", &Kind::File).await >= 22);
}

#[tokio::test]
async fn crash_stalled_quick_look_loses_its_lease() {
    assert!(stall::<Looking>("a quick look", &Kind::File).await >= 80);
}

#[tokio::test]
async fn crash_stalled_back_fill_loses_its_lease() {
    assert!(stall::<BackFilling>("a back-fill", &Kind::File).await >= 60);
    assert!(stall::<Resuming>("a back-fill in stretches", &Kind::File).await >= 90);
}

#[tokio::test]
async fn crash_stalled_ensure_webhooks_loses_its_lease() {
    assert!(stall::<Subscribing>("ensure_webhooks", &Kind::File).await >= 13);
}

#[tokio::test]
async fn crash_stalled_run_actions_loses_its_lease() {
    assert!(stall::<Acting>("run_actions", &Kind::File).await >= 40);
}

#[tokio::test]
async fn crash_stalled_link_listings_loses_its_lease() {
    assert!(stall::<Linking>("link_listings", &Kind::File).await >= 14);
}

#[tokio::test]
async fn crash_stalled_get_orders_loses_its_lease() {
    assert!(stall::<Importing>("get_orders", &Kind::File).await >= 50);
}

#[tokio::test]
async fn crash_stalled_resolve_held_loses_its_lease() {
    assert!(stall::<Resolving>("resolve_held", &Kind::File).await >= 14);
}

#[tokio::test]
async fn crash_stalled_sync_shipments_loses_its_lease() {
    assert!(stall::<Shipping>("sync_shipments", &Kind::File).await >= 65);
}

#[tokio::test]
async fn crash_two_workers_at_once_one_works() {
    rival::<Linking>(&Kind::File).await;
    rival::<Importing>(&Kind::File).await;
    rival::<Resolving>(&Kind::File).await;
    rival::<Shipping>(&Kind::File).await;
    rival::<Acting>(&Kind::File).await;
    rival::<Looking>(&Kind::File).await;
    rival::<BackFilling>(&Kind::File).await;
    rival::<Subscribing>(&Kind::File).await;
}

#[cfg(feature = "postgres-tests")]
#[tokio::test]
async fn crash_postgres_anywhere() {
    let server = Kind::on_a_server().await;
    assert!(kill::<Linking>("link_listings", &server).await >= 24);
    assert!(kill::<Importing>("get_orders", &server).await >= 80);
    assert!(kill::<Resolving>("resolve_held", &server).await >= 20);
    assert!(kill::<Shipping>("sync_shipments", &server).await >= 100);
    assert!(kill::<Acting>("run_actions", &server).await >= 60);
    assert!(kill::<Looking>("a quick look", &server).await >= 120);
    assert!(kill::<BackFilling>("a back-fill", &server).await >= 90);
    assert!(kill::<Subscribing>("ensure_webhooks", &server).await >= 22);
}

#[cfg(feature = "postgres-tests")]
#[tokio::test]
async fn crash_postgres_stalled_loses_its_lease() {
    let server = Kind::on_a_server().await;
    assert!(stall::<Linking>("link_listings", &server).await >= 14);
    assert!(stall::<Importing>("get_orders", &server).await >= 50);
    assert!(stall::<Resolving>("resolve_held", &server).await >= 14);
    assert!(stall::<Shipping>("sync_shipments", &server).await >= 65);
    assert!(stall::<Acting>("run_actions", &server).await >= 40);
}

#[cfg(feature = "postgres-tests")]
#[tokio::test]
async fn crash_postgres_two_workers_at_once_one_works() {
    let server = Kind::on_a_server().await;
    rival::<Linking>(&server).await;
    rival::<Importing>(&server).await;
    rival::<Resolving>(&server).await;
    rival::<Shipping>(&server).await;
    rival::<Acting>(&server).await;
}
