//! A key that ShipStation keeps refusing is left alone, whoever would use it.

use std::{sync::Arc, time::Duration};

use shipstation_connector::{
    channel::{
        ChannelConnector, CheckConnection, GetOrders, LinkListings, Refusal, SyncShipments, store::Stores,
    },
    client::{Credentials, Error, ErrorKind, OrderId, Outcome, ShipStation},
    connector::ListingSettings,
    testing::simulator::{Fault, FaultKind},
};

use crate::support::{
    CaughtLog, JumpClock, World, builder,
    tcp::{Behavior, TcpServer},
};

const HOUR: Duration = Duration::from_secs(3600);

fn refuse(world: &World) {
    world.sim.fault(Fault::any().always().with(FaultKind::Status { code: 401, body: String::new() }));
}

async fn ask(client: &ShipStation) -> Result<(), Error> {
    client.users().list().send().await.map(|_| ())
}

async fn refused_times(client: &ShipStation, times: u32) {
    for _ in 0..times {
        let error = ask(client).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Auth, Outcome::Answered), "{error}");
    }
}

async fn is_left_alone(client: &ShipStation) -> Error {
    let error = ask(client).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Auth, Outcome::NotSent), "{error}");
    error
}

#[tokio::test]
async fn faults_a_key_that_is_refused_three_times_is_left_alone_for_an_hour() {
    let world = World::new().await;
    refuse(&world);
    let client = world.client();
    refused_times(&client, 3).await;
    let until = world.now() + HOUR;
    for _ in 0..5 {
        let error = is_left_alone(&client).await;
        let text = error.to_string();
        assert!(text.contains("refused 3 times in a row") && text.contains(&until.to_string()), "{text}");
        assert_eq!(error.retry_after(), Some(HOUR));
        assert!(!error.is_retryable());
    }
    assert!(client.permit().await.is_err(), "no permit for what would not be sent");
    let mark = client.orders().mark_as_shipped(OrderId::new(1), "ups").send().await.unwrap_err();
    assert_eq!((mark.kind(), mark.outcome()), (ErrorKind::Auth, Outcome::NotSent));
    assert_eq!(world.sim.journal().len(), 3);

    world.sim.clock().advance(HOUR);
    refused_times(&client, 1).await;
    is_left_alone(&client).await;
    assert_eq!(world.sim.journal().len(), 4, "each further refusal begins another hour");

    world.sim.clear_faults();
    world.sim.clock().advance(HOUR);
    ask(&client).await.unwrap();
    refuse(&world);
    refused_times(&client, 3).await;
    is_left_alone(&client).await;
}

#[tokio::test]
async fn faults_an_answer_that_is_no_refusal_begins_the_count_anew() {
    let world = World::new().await;
    let client = world.client();
    for _ in 0..4 {
        refuse(&world);
        refused_times(&client, 2).await;
        world.sim.clear_faults();
        let missing = client.orders().get(OrderId::new(7)).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound, "the key was good for that");
    }
}

#[tokio::test]
async fn faults_what_is_no_answer_of_shipstations_neither_counts_nor_ends_the_count() {
    let world = World::new().await;
    let client = world.client();
    refuse(&world);
    refused_times(&client, 1).await;
    for fault in [FaultKind::Html { status: 401 }, FaultKind::Html { status: 502 }, FaultKind::DropBefore] {
        world.sim.clear_faults();
        world.sim.fault(Fault::any().times(4).with(fault));
        assert_ne!(ask(&client).await.unwrap_err().kind(), ErrorKind::Auth);
    }
    world.sim.clear_faults();
    refuse(&world);
    refused_times(&client, 2).await;
    is_left_alone(&client).await;
}

#[tokio::test]
async fn faults_the_count_is_the_keys_and_not_the_clients() {
    let world = World::new().await;
    refuse(&world);
    for _ in 0..3 {
        refused_times(&world.client(), 1).await;
    }
    is_left_alone(&world.client()).await;
    for credentials in [
        Credentials::new(world.sim.api_key(), "corrected"),
        Credentials::new("another key", world.sim.api_secret()),
    ] {
        let other = ShipStation::builder(credentials)
            .base_url(world.sim.url())
            .transport(world.sim.transport())
            .clock(world.sim.clock())
            .build()
            .unwrap();
        refused_times(&other, 1).await;
    }
    let elsewhere = World::new().await;
    ask(&elsewhere.client()).await.unwrap();
}

#[tokio::test]
async fn faults_clients_on_the_machines_clock_share_the_count() {
    let server = TcpServer::start(vec![Behavior::answer("401 Unauthorized", "", "401 Unauthorized")]).await;
    let client = || {
        let credentials = Credentials::new("machine-clock", "s");
        ShipStation::builder(credentials).base_url(server.url()).build().unwrap()
    };
    for _ in 0..3 {
        refused_times(&client(), 1).await;
    }
    is_left_alone(&client()).await;
    assert_eq!(server.seen(), 3);
}

#[tokio::test]
async fn faults_every_operation_of_every_connection_leaves_it_alone() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    world.ship(order, "1Z1").await;
    refuse(&world);
    for name in ["one", "two", "three"] {
        let mut settings = shipstation_connector::Settings::default();
        settings.listings = Some(ListingSettings::default());
        let stores = Stores::all_in(world.store.clone());
        let channel = shipstation_connector::ShipStationChannel::builder(world.client(), name, stores)
            .settings(settings)
            .build()
            .unwrap();
        for _ in 0..3 {
            let refused = channel.get_orders(GetOrders::new()).await.unwrap_err();
            assert!(matches!(refused.refusal, Refusal::Credentials { .. }), "{refused}");
            let _ = channel.link_listings(LinkListings::new()).await;
            let _ = channel.sync_shipments(SyncShipments::new()).await;
        }
    }
    assert_eq!(world.sim.journal().len(), 3);
    let refused = world.channel(|_| {}).get_orders(GetOrders::new()).await.unwrap_err();
    assert!(refused.to_string().contains("not used again before"), "{refused}");
}

#[tokio::test]
async fn faults_a_check_asks_once_in_spite_of_it() {
    let world = World::new().await;
    refuse(&world);
    refused_times(&world.client(), 3).await;
    world.sim.clear_journal();
    let channel = world.channel(|_| {});
    for asked in 1..=2 {
        let report = channel.check(CheckConnection::new()).await.unwrap();
        assert!(report.finding("credentials").is_some(), "{report}");
        assert_eq!((report.requests, world.sim.journal().len()), (1, asked), "{report}");
        is_left_alone(&world.client()).await;
    }
    world.sim.clear_faults();
    let report = channel.check(CheckConnection::new()).await.unwrap();
    assert!(report.finding("credentials").is_none() && report.requests > 1, "{report}");
    ask(&world.client()).await.unwrap();
}

#[tokio::test]
async fn clock_a_step_of_the_wall_clock_does_not_end_the_hour() {
    let world = World::new().await;
    refuse(&world);
    let client = world.client();
    refused_times(&client, 3).await;
    for step in [world.now() + HOUR * 24, world.ago(HOUR * 24)] {
        world.sim.clock().step_to(step);
        is_left_alone(&client).await;
    }
    world.sim.clock().advance(HOUR);
    refused_times(&client, 1).await;
}

#[tokio::test]
async fn clock_without_a_monotonic_clock_a_step_backwards_does_not_make_the_hour_longer() {
    let server = TcpServer::start(vec![Behavior::answer("401 Unauthorized", "", "")]).await;
    let clock = Arc::new(JumpClock::at("2026-06-15T18:00:00Z"));
    let client = builder(&server.url()).clock(clock.clone()).build().unwrap();
    refused_times(&client, 3).await;
    is_left_alone(&client).await;
    clock.set("2025-06-15T18:00:00Z");
    refused_times(&client, 1).await;
    is_left_alone(&client).await;
    clock.advance(HOUR);
    refused_times(&client, 1).await;
}

#[tokio::test]
async fn secrets_a_suspended_key_is_not_shown() {
    let world = World::new().await;
    refuse(&world);
    let client = world.client();
    let (log, _guard) = CaughtLog::begin();
    let _ = ask(&client).await;
    CaughtLog::hear_every_place();
    refused_times(&client, 2).await;
    let error = is_left_alone(&client).await;
    let shown = format!("{error} {error:?} {client:?} {}", log.text());
    assert!(shown.contains("WARN") && shown.contains("suspended"), "{shown}");
    for secret in [world.sim.api_key(), world.sim.api_secret()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
