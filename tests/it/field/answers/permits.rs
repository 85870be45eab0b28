//! A permit to send that is taken before the request is decided on.

use std::{sync::Arc, time::Duration};

use shipstation_connector::client::{
    ErrorKind, Lane, MinuteWindow, OrderId, Outcome, RateLimiter as _, ShipStation,
};

use crate::support::World;

/// A client that may send `limit` requests a minute.
fn limited(world: &World, limit: u32) -> (ShipStation, Arc<MinuteWindow>) {
    let limiter = Arc::new(MinuteWindow::new(limit).reserve(0).clock(world.sim.clock()));
    let client = world.client_builder().rate_limiter(limiter.clone()).build().unwrap();
    (client, limiter)
}

fn is_full(limiter: &MinuteWindow) -> bool {
    limiter.expected(Lane::Tracking).is_some()
}

#[tokio::test]
async fn requests_a_permit_in_hand_is_used_by_one_attempt_and_counts_once() {
    let world = World::new().await;
    let order = OrderId::new(world.add(world.order("A-1")));
    let (client, limiter) = limited(&world, 2);
    let began = world.now();
    let holder = client.with_permit(client.permit().await.unwrap());
    holder.orders().get(order).await.unwrap();
    assert!(!is_full(&limiter), "one request, one permit");
    holder.orders().get(order).await.unwrap();
    assert!(is_full(&limiter), "the second request took a permit of its own");
    assert_eq!(world.now(), began, "nobody waited");
    holder.orders().get(order).await.unwrap();
    assert!(world.now().since(began) > Duration::ZERO, "the third one waited");
    assert_eq!(world.sim.journal().len(), 3);
}

#[tokio::test]
async fn requests_a_permit_that_is_not_used_is_given_back() {
    let world = World::new().await;
    let order = OrderId::new(world.add(world.order("A-1")));
    let (client, limiter) = limited(&world, 1);
    drop(client.permit().await.unwrap());
    assert!(!is_full(&limiter), "dropped by itself");
    drop(client.with_permit(client.permit().await.unwrap()));
    assert!(!is_full(&limiter), "dropped with its client");
    let permit = client.permit().await.unwrap();
    let late = client.send_before(world.ago(Duration::from_secs(1))).with_permit(permit);
    let error = late.orders().mark_as_shipped(order, "ups").send().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::RateLimited, Outcome::NotSent), "{error}");
    assert!(!is_full(&limiter), "too late for its request");
    assert_eq!(world.sim.journal().len(), 0);
}

#[tokio::test]
async fn requests_a_permit_that_would_come_too_late_is_an_error() {
    let world = World::new().await;
    let (client, limiter) = limited(&world, 1);
    client.permit().await.unwrap().spend();
    let error = client.send_before(world.now()).permit().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::RateLimited, Outcome::NotSent), "{error}");
    assert!(world.sim.clock().now() > world.ago(Duration::from_secs(60)) && !is_full(&limiter));
}

#[tokio::test]
async fn requests_a_repeated_attempt_waits_for_its_own_permit() {
    use shipstation_connector::testing::simulator::{Fault, FaultKind};
    let world = World::new().await;
    let order = OrderId::new(world.add(world.order("A-1")));
    let (client, limiter) = limited(&world, 2);
    world.sim.fault(Fault::any().with(FaultKind::DropBefore));
    client.with_permit(client.permit().await.unwrap()).orders().get(order).await.unwrap();
    assert_eq!(world.sim.journal().len(), 2);
    assert!(is_full(&limiter), "each attempt is counted");
}
