//! Bad input is refused before anything is changed, with the setting and the remedy named.

use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        ChannelConnector, CheckConnection, GetOrders, LinkListings, Listing, PublishListings, Refusal,
        ShipmentState, SyncListings, SyncShipments,
        store::{ListingStoreExt, OrderStoreExt, ShipmentStoreExt, Stores},
    },
    client::{Credentials, ErrorKind, ShipStation, TagId, UserId},
    connector::ListingSettings,
    testing::simulator::{Fault, FaultKind},
};

use crate::support::World;

/// The text of the refusal; nothing may have been changed.
async fn refused(world: &World, channel: &ShipStationChannel) -> String {
    let error = channel.get_orders(GetOrders::new()).await.unwrap_err();
    assert_eq!(world.sim.journal().writes().count(), 0);
    assert!(world.store.orders(&world.connection).is_empty());
    error.to_string()
}

/// There is work for each operation: an order to import, a listing to link, a shipment to send.
async fn world_with_work() -> World {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    world.ship(order, "1Z1").await;
    world.store.put_listings(&world.connection, vec![Listing::new("L1", "MUG-1")]);
    world
}

/// What each operation says to this client. Nothing may have been changed by any of them.
async fn every_operation(world: &World, client: ShipStation) -> Vec<String> {
    let stores = Stores::all_in(world.store.clone());
    let settings = |settings: &mut Settings| settings.listings = Some(ListingSettings::default());
    let channel = world.builder(client, stores, settings).build().unwrap();
    let mut said = vec![
        channel
            .check(CheckConnection::new())
            .await
            .map_or_else(|error| error.to_string(), |report| report.to_string()),
        channel.get_orders(GetOrders::new()).await.unwrap_err().to_string(),
        channel.link_listings(LinkListings::new()).await.unwrap_err().to_string(),
    ];
    let sync = channel.sync_shipments(SyncShipments::new()).await;
    said.push(sync.map_or_else(|error| error.to_string(), |report| report.to_string()));
    assert_eq!(world.sim.journal().writes().count(), 0);
    assert!(world.store.orders(&world.connection).is_empty());
    assert!(world.store.links_after(&world.connection, None, 9).await.unwrap().is_empty());
    assert!(world.store.due_failures(&world.connection, world.now(), 9).await.unwrap().is_empty());
    let progress = world.store.due(&world.connection, world.now(), None, 9).await.unwrap();
    assert!(progress.iter().all(|row| row.attempts == 0 && row.state == ShipmentState::Pending));
    said
}

#[tokio::test]
async fn faults_every_operation_names_the_cause_and_the_remedy_once() {
    let status = |code| FaultKind::Status { code, body: String::new() };
    for (fault, cause, remedy) in [
        (status(401), "refused the API key or secret", "credentials"),
        (status(402), "this ShipStation plan has no API access", "change the plan"),
        (status(403), "the API key may not do this (", "use a key with more rights"),
        (FaultKind::Html { status: 200 }, "not JSON", "check that the base URL is ShipStation's"),
        (FaultKind::Html { status: 404 }, "ShipStation did not answer (", "check the network, the base URL"),
    ] {
        let world = world_with_work().await;
        world.sim.fault(Fault::any().always().with(fault));
        for text in every_operation(&world, world.client()).await {
            assert!(text.contains(cause) && text.contains(remedy), "{text}");
            assert_eq!(text.matches(cause).count(), 1, "{text}");
            assert!(!text.contains("executed"), "a request that reads has no effect to worry about: {text}");
        }
    }
}

#[tokio::test]
async fn faults_wrong_credentials_are_refused_and_named() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let client = ShipStation::builder(Credentials::new("wrong", "pair"))
        .base_url(world.sim.url())
        .transport(world.sim.transport())
        .clock(world.sim.clock())
        .build()
        .unwrap();
    let channel =
        ShipStationChannel::builder(client, "shop", Stores::all_in(world.store.clone())).build().unwrap();
    let text = refused(&world, &channel).await;
    assert!(text.contains("refused the API key or secret"), "{text}");
    assert!(!text.contains("pair"), "{text}");
    let check = channel.check(CheckConnection::new()).await.unwrap();
    assert!(!check.is_ok());
    assert!(check.finding("credentials").is_some(), "{check}");
}

#[tokio::test]
async fn faults_an_unreachable_host_is_named_as_such() {
    let world = World::new().await;
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let client = ShipStation::builder(Credentials::new("key", "secret"))
        .base_url(format!("http://127.0.0.1:{port}"))
        .clock(world.sim.clock())
        .build()
        .unwrap();
    let channel =
        ShipStationChannel::builder(client, "shop", Stores::all_in(world.store.clone())).build().unwrap();
    let text = refused(&world, &channel).await;
    assert!(text.contains("did not answer") && text.contains("check the network"), "{text}");
}

#[tokio::test]
async fn faults_html_instead_of_json_is_no_empty_list() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    world.sim.fault(Fault::any().always().with(FaultKind::Html { status: 200 }));
    let text = refused(&world, &world.channel(|_| {})).await;
    assert!(text.contains("base URL"), "{text}");
}

#[tokio::test]
async fn faults_an_unknown_tag_or_user_is_refused_with_the_known_ones() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let user = world.sim.account(|account| {
        account.add_tag("Dropship");
        account.add_user("Night Shift")
    });
    let text = refused(&world, &world.channel(|settings| settings.orders.tag = Some(TagId::new(999)))).await;
    assert!(text.contains("orders.tag") && text.contains("999") && text.contains("Dropship"), "{text}");
    let stranger = "00000000-0000-4000-8000-000000000000";
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(stranger)));
    let text = refused(&world, &channel).await;
    assert!(text.contains("orders.assign_user") && text.contains(&user), "{text}");
}

#[tokio::test]
async fn faults_a_zero_day_window_is_refused_without_a_request() {
    let world = World::new().await;
    let mut settings = Settings::default();
    settings.orders.created_within_days = Some(0);
    let stores = Stores::all_in(world.store.clone());
    let error =
        ShipStationChannel::builder(world.client(), "shop", stores).settings(settings).build().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("orders.created_within_days") && text.contains("1 to 365"), "{text}");
    assert!(world.sim.journal().is_empty());
}

#[tokio::test]
async fn faults_a_connection_needs_a_name() {
    let world = World::new().await;
    let stores = Stores::all_in(world.store.clone());
    let error = ShipStationChannel::builder(world.client(), " ", stores).build().unwrap_err();
    assert!(error.to_string().contains("connection: is an empty text"), "{error}");
}

#[test]
fn faults_plain_http_is_for_loopback_only() {
    let error = ShipStation::builder(Credentials::new("key", "secret"))
        .base_url("http://ssapi.shipstation.com")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = error.to_string();
    assert!(text.contains("base_url") && text.contains("https"), "{text}");
}

#[tokio::test]
async fn requests_unsupported_operations_make_none() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    for error in [
        channel.sync_listings(SyncListings::new()).await.unwrap_err(),
        channel.publish_listings(PublishListings::new()).await.unwrap_err(),
    ] {
        assert!(matches!(error.refusal, Refusal::Unsupported { .. }), "{error}");
    }
    assert!(world.sim.journal().is_empty());
}
