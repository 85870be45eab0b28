//! A key pair is replaced while the channel works, and nobody notices but the one who has to make the next.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, CheckConnection, ExplainImports, Finding, GetOrders, RunStatus, Severity,
        SyncShipments, store::Stores,
    },
    client::{
        CredentialSource, Credentials, ErrorKind, KeyPairs, PacificDate, RetryPolicy, SharedWindow,
        ShipStation, ShipStationBuilder,
    },
    stores::MemoryStore,
    testing::simulator::SimulatorConfig,
};

use crate::support::{DAY, World};

const SECOND: Duration = Duration::from_secs(1);
/// What a client takes of the 40 requests of a minute.
const BUDGET: usize = 38;

/// An account with a second pair, where each request takes a second.
async fn world() -> World {
    let world = World::with(SimulatorConfig::default().latency(SECOND)).await;
    world.sim.add_key("other-key", "other-secret");
    world
}

fn first(world: &World) -> Credentials {
    Credentials::new(world.sim.api_key(), world.sim.api_secret())
}

fn second() -> Credentials {
    Credentials::new("other-key", "other-secret")
}

fn client(world: &World, source: impl CredentialSource + 'static) -> ShipStationBuilder {
    let client = ShipStation::builder(source).base_url(world.sim.url()).transport(world.sim.transport());
    client.clock(world.sim.clock()).retry(RetryPolicy::default()).seed(7)
}

fn channel(world: &World, client: ShipStation) -> ShipStationChannel {
    let stores = Stores::all_in(world.store.clone());
    world.builder(client, stores, |settings| settings.orders.page_size = 10).build().unwrap()
}

/// The requests of the busiest clock minute.
fn most_in_a_minute(world: &World) -> usize {
    let mut minutes = BTreeMap::<i64, usize>::new();
    for entry in &world.sim.journal() {
        *minutes.entry(entry.at.unix_seconds() / 60).or_default() += 1;
    }
    minutes.into_values().max().unwrap_or(0)
}

fn refused(world: &World) -> usize {
    world.sim.journal().iter().filter(|entry| entry.status == Some(401)).count()
}

#[tokio::test]
async fn requests_a_key_that_expires_within_an_import_and_a_push_costs_one_more_and_no_item() {
    let world = world().await;
    let orders: Vec<i64> = (0..600).map(|n| world.add(world.order(&format!("A-{n}")))).collect();
    let channel = channel(&world, client(&world, KeyPairs::new(first(&world), second())).build().unwrap());
    assert!(world.sim.expire_key(world.sim.api_key(), world.now() + SECOND * 20));
    let import = channel.get_orders(GetOrders::new()).await.unwrap();
    assert_eq!(import.run.status, RunStatus::Succeeded, "{import}");
    assert_eq!((import.counts.imported(), import.counts.already_imported()), (600, 0), "{import}");
    assert_eq!(world.store.orders(&world.connection).len(), 600);
    assert_eq!((refused(&world), world.sim.journal().throttled().count()), (1, 0));
    assert!(world.sim.journal().len() > BUDGET + 20, "more than a minute's");
    assert!(most_in_a_minute(&world) <= BUDGET, "{} in a minute", most_in_a_minute(&world));

    // The first pair is made anew, and the second expires within the push.
    world.sim.clear_journal();
    for order in &orders[..100] {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    world.sim.expire_key(world.sim.api_key(), world.now() + DAY);
    world.sim.expire_key("other-key", world.now() + SECOND * 70);
    let sync = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    assert_eq!((sync.counts.confirmed(), world.marks()), (100, 100 + refused(&world)), "{sync}");
    assert_eq!((refused(&world), world.sim.journal().throttled().count()), (1, 0));
    let shipped = world.sim.account(|account| account.fulfillments.len());
    assert_eq!(shipped, 100, "each shipment once");
    assert!(most_in_a_minute(&world) <= BUDGET, "{} in a minute", most_in_a_minute(&world));
}

#[tokio::test]
async fn requests_two_pairs_are_one_budget_for_all_processes() {
    let world = world().await;
    let store = Arc::new(MemoryStore::new());
    let process = |pairs: KeyPairs| {
        let window = SharedWindow::new(store.clone(), &pairs).clock(world.sim.clock());
        client(&world, pairs).rate_limiter(Arc::new(window)).build().unwrap()
    };
    let one = process(KeyPairs::new(first(&world), second()));
    // As after a restart with the pairs exchanged.
    let two = process(KeyPairs::new(second(), first(&world)));
    world.sim.expire_key(world.sim.api_key(), world.now() + SECOND * 15);
    for _ in 0..60 {
        one.users().list().send().await.unwrap();
        two.users().list().send().await.unwrap();
    }
    assert_eq!((refused(&world), world.sim.journal().throttled().count()), (1, 0));
    assert!(most_in_a_minute(&world) <= BUDGET, "{} in a minute", most_in_a_minute(&world));
}

#[tokio::test]
async fn faults_where_both_pairs_are_refused_each_is_tried_once() {
    let world = world().await;
    let client = client(&world, KeyPairs::new(first(&world), second())).build().unwrap();
    client.users().list().send().await.unwrap();
    world.sim.expire_key(world.sim.api_key(), world.now());
    client.users().list().send().await.unwrap();
    world.sim.expire_key("other-key", world.now());
    world.sim.clear_journal();
    let error = client.users().list().send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), refused(&world)), (ErrorKind::Auth, 2, 2));
    assert!(error.to_string().contains("expired or was revoked"), "{error}");
    let shown = format!("{error} {error:?} {client:?} {:?}", KeyPairs::new(first(&world), second()));
    assert!(!shown.contains("other-") && !shown.contains(world.sim.api_secret()), "{shown}");
    // Until ShipStation has refused both too often to be asked again.
    for _ in 0..5 {
        client.users().list().send().await.unwrap_err();
    }
    assert_eq!(refused(&world), 5, "the first was refused once before");
}

#[tokio::test]
async fn clock_an_expiry_is_said_30_14_and_3_days_before_and_stops_nothing() {
    let world = World::new().await;
    let today = PacificDate::of(world.now());
    let credentials = |days: u32| first(&world).expires_on(PacificDate::of(today.start() + DAY * days));
    for (days, expected) in [
        (31, None),
        (30, Some(("key_expires", Severity::Info, "in 30 days, on 2026-04-01"))),
        (15, Some(("key_expires", Severity::Info, "in 15 days"))),
        (14, Some(("key_expires", Severity::Warning, "in 14 days"))),
        (4, Some(("key_expires", Severity::Warning, "in 4 days"))),
        (3, Some(("key_expires_now", Severity::Warning, "in 3 days"))),
        (1, Some(("key_expires_now", Severity::Warning, "in 1 day,"))),
        (0, Some(("key_expires_now", Severity::Warning, "today"))),
    ] {
        let channel = channel(&world, client(&world, credentials(days)).build().unwrap());
        let report = channel.check(CheckConnection::new()).await.unwrap();
        assert!(report.is_ok(), "{report}");
        let found: Vec<Finding> =
            report.findings.into_iter().filter(|one| one.subject == "credentials").collect();
        assert_eq!(found, channel.notices());
        let overview = channel.why_nothing(ExplainImports::new()).await.unwrap();
        assert_eq!(overview.notices, found);
        let Some((code, severity, words)) = expected else {
            assert_eq!(found, []);
            continue;
        };
        assert_eq!((found.len(), &*found[0].code, &found[0].severity), (1, code, &severity), "{found:?}");
        assert!(found[0].observed.contains(words), "{found:?}");
        assert!(overview.to_string().contains(words), "{overview}");
    }
    let past = channel(&world, client(&world, credentials(0)).build().unwrap());
    let _ = past.check(CheckConnection::new()).await.unwrap();
    world.sim.clock().advance(DAY * 2);
    assert!(past.notices()[0].observed.contains("was to expire on 2026-03-02"), "{:?}", past.notices());
    assert!(past.check(CheckConnection::new()).await.unwrap().is_ok());
}
