//! Orders that are shipped in ShipStation itself are in the feed with their parcels.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        ChannelConnector, ChannelParcel, ImportOrder, OrderSelector, ParcelSource, RunStatus, SyncShipments,
        report::SyncOutcomeKind,
        store::{OrderChangeKind, StoreError},
    },
    stores::{NextCall, StoreAnswer, StoreCall, StoreHook, instrumented},
    testing::simulator::{Fault, FaultKind, Method},
};

use super::import;
use crate::{shipments::part, support::World};

fn watched(world: &World) -> ShipStationChannel {
    let mut settings = Settings::default();
    settings.orders.watch_changes = true;
    let stores = world.store.stores();
    ShipStationChannel::builder(world.client(), world.connection.clone(), stores)
        .settings(settings)
        .build()
        .unwrap()
}

/// What the feed says of orders shipped elsewhere: order and parcels.
fn told(world: &World) -> Vec<(i64, Option<Vec<ChannelParcel>>)> {
    let changes = world.store.order_changes(&world.connection).into_iter();
    changes
        .flat_map(|change| {
            let order = change.order.as_str().parse().unwrap();
            change.what.into_iter().filter_map(move |what| match what {
                OrderChangeKind::ShippedElsewhere { parcels } => Some((order, parcels)),
                _ => None,
            })
        })
        .collect()
}

fn numbers(parcels: Option<&Vec<ChannelParcel>>) -> Vec<(ParcelSource, Option<String>, bool)> {
    let of =
        |parcel: &'_ ChannelParcel| (parcel.source.clone(), parcel.tracking_number.clone(), parcel.voided);
    parcels.into_iter().flatten().map(of).collect()
}

fn quarter_of_an_hour(world: &World) {
    world.sim.clock().advance(Duration::from_secs(900));
}

#[tokio::test]
async fn faults_an_order_shipped_elsewhere_comes_with_its_parcels() {
    let world = World::new().await;
    let [by_label, by_hand, both] = ["A-1", "A-2", "A-3"].map(|number| world.add(world.order(number)));
    let channel = watched(&world);
    let _ = import(&channel).await;
    quarter_of_an_hour(&world);
    let label = world.sim.account(|account| {
        let label = account.buy_label(by_label, "ups", "ups_ground").unwrap();
        let void = account.buy_label(both, "fedex", "fedex_ground").unwrap();
        assert_eq!(account.void_label(void), Some(true));
        assert!(
            account.ship_by_hand(by_hand, "9400 1", "USPS") && account.ship_by_hand(both, "9400 2", "USPS")
        );
        label
    });
    let _ = import(&channel).await;
    let mut told = told(&world);
    told.sort_by_key(|(order, _)| *order);
    assert_eq!(told.iter().map(|(order, _)| *order).collect::<Vec<_>>(), [by_label, by_hand, both]);
    let first = told[0].1.as_deref().unwrap();
    assert_eq!(first.len(), 1, "{label}");
    assert_eq!((first[0].carrier.as_deref(), first[0].service.as_deref()), (Some("ups"), Some("ups_ground")));
    assert!(first[0].tracking_number.is_some() && first[0].shipped_on.is_some() && first[0].cost.is_some());
    assert_eq!(numbers(told[1].1.as_ref()), [(ParcelSource::Marked, Some("9400 1".into()), false)]);
    let of_both = numbers(told[2].1.as_ref());
    assert!(of_both.contains(&(ParcelSource::Marked, Some("9400 2".into()), false)), "{of_both:?}");
    assert!(
        of_both.iter().any(|(source, _, voided)| *source == ParcelSource::Label && *voided),
        "{of_both:?}"
    );
}

#[tokio::test]
async fn requests_a_thousand_orders_shipped_elsewhere_take_six() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..1_000).map(|n| world.add(world.order(&format!("A-{n}")))).collect();
    let channel = watched(&world);
    let _ = import(&channel).await;
    quarter_of_an_hour(&world);
    for (place, order) in orders.iter().enumerate() {
        world.sim.clock().advance(Duration::from_secs(2));
        world.sim.account(|account| {
            if place % 2 == 0 {
                account.buy_label(*order, "ups", "ups_ground").unwrap();
            } else {
                account.ship_by_hand(*order, &format!("9400{place}"), "USPS");
            }
        });
    }
    world.sim.clear_journal();
    let report = import(&channel).await;
    assert_eq!((report.counts.changed, report.run.status.clone()), (1_000, RunStatus::Succeeded), "{report}");
    assert!(report.watch_requests <= 6, "{report}");
    assert_eq!(world.sim.journal().count("GET", "/shipments"), 1);
    assert_eq!(world.sim.journal().count("GET", "/fulfillments"), 1);
    assert!(
        told(&world).iter().all(|(_, parcels)| parcels.as_ref().is_some_and(|parcels| parcels.len() == 1))
    );
}

#[tokio::test]
async fn requests_one_order_shipped_elsewhere_takes_two() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let channel = watched(&world);
    let _ = import(&channel).await;
    world.sim.account(|account| account.ship_by_hand(order, "94001", "USPS"));
    world.sim.clear_journal();
    let by_hand = ImportOrder::new(OrderSelector::Id(order.to_string().into()));
    let report = channel.import_order(by_hand).await.unwrap();
    assert_eq!((report.watch_requests, report.run.api.requests), (2, 3), "{report}");
    assert_eq!(numbers(told(&world)[0].1.as_ref()), [(ParcelSource::Marked, Some("94001".into()), false)]);
}

#[tokio::test]
async fn faults_parcels_that_cannot_be_read_cost_no_order_shipped_elsewhere() {
    let refused = FaultKind::Status { code: 400, body: r#"{"Message":"no such filter"}"#.to_owned() };
    for (fault, comes_at_once) in [(refused, true), (FaultKind::ServerError, false)] {
        let world = World::new().await;
        let orders: Vec<i64> = (0..3).map(|n| world.add(world.order(&format!("A-{n}")))).collect();
        let channel = watched(&world);
        let _ = import(&channel).await;
        quarter_of_an_hour(&world);
        world.sim.account(|account| {
            for order in &orders {
                assert!(account.ship_by_hand(*order, "94001", "USPS"));
            }
        });
        world.sim.fault(Fault::on(Method::GET, "/fulfillments").always().with(fault));
        let report = import(&channel).await;
        assert_eq!(report.counts.changed, if comes_at_once { 3 } else { 0 }, "{report}");
        assert_eq!(report.run.status.read_everything(), comes_at_once, "{report}");
        world.sim.clear_faults();
        quarter_of_an_hour(&world);
        let report = import(&channel).await;
        assert_eq!(report.counts.changed, if comes_at_once { 0 } else { 3 }, "{report}");
        let told = told(&world);
        assert_eq!(told.len(), 3);
        assert!(told.iter().all(|(_, parcels)| parcels.is_none() == comes_at_once), "{told:?}");
    }
}

#[tokio::test]
async fn crash_before_the_parcels_are_recorded_tells_of_each_order_once() {
    /// Fails the first time that orders shipped elsewhere are recorded.
    #[derive(Debug, Default)]
    struct FailsOnce(Mutex<bool>);
    #[async_trait]
    impl StoreHook for FailsOnce {
        async fn around(&self, call: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
            let first =
                call.method == "record_changes" && !std::mem::replace(&mut *self.0.lock().unwrap(), true);
            if first { Err(StoreError::retryable("the connection is lost")) } else { next.await }
        }
    }
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let _ = import(&watched(&world)).await;
    quarter_of_an_hour(&world);
    world.sim.account(|account| account.ship_by_hand(order, "94001", "USPS"));
    let hook = Arc::new(FailsOnce::default()) as Arc<dyn StoreHook>;
    let mut settings = Settings::default();
    settings.orders.watch_changes = true;
    let stores = instrumented(&world.store.stores(), &hook);
    let failing = ShipStationChannel::builder(world.client(), world.connection.clone(), stores);
    let report = import(&failing.settings(settings).build().unwrap()).await;
    assert!(!report.run.status.read_everything() && told(&world).is_empty(), "{report}");
    for _ in 0..2 {
        quarter_of_an_hour(&world);
        let _ = import(&watched(&world)).await;
    }
    assert_eq!(told(&world).len(), 1);
}

#[tokio::test]
async fn faults_a_hold_that_is_over_is_told() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let channel = watched(&world);
    let mut kinds = Vec::new();
    for status in ["on_hold", "awaiting_shipment"] {
        let _ = import(&channel).await;
        quarter_of_an_hour(&world);
        world.sim.account(|account| account.set_status(order, status));
    }
    let _ = import(&channel).await;
    kinds.extend(world.store.order_changes(&world.connection).into_iter().flat_map(|change| change.what));
    assert_eq!(kinds, [OrderChangeKind::OnHold, OrderChangeKind::Released]);
}

#[tokio::test]
async fn faults_a_shipment_of_unknown_outcome_hides_no_other_parcel() {
    let world = World::new().await;
    let [arrived, lost, halves] = ["A-1", "A-2", "A-3"].map(|number| world.add(world.order(number)));
    let channel = watched(&world);
    let _ = import(&channel).await;
    quarter_of_an_hour(&world);
    world.ship(arrived, "1Z 999 OURS 1").await;
    world.ship(lost, "1Z 999 OURS 2").await;
    world.enqueue(part(&world, "FIRST", halves, 1, &[(0, 2)])).await;
    world.enqueue(part(&world, "SECOND", halves, 0, &[(1, 1)])).await;
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").always().with(FaultKind::DropBefore));
    let report = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    assert_eq!(report.counts.of(SyncOutcomeKind::Unknown), 3, "{report}");
    // Two requests arrive late, one of them with the number of the first of two shipments; somebody else ships the other order.
    world.sim.account(|account| {
        assert!(account.ship_by_hand(arrived, "1Z999OURS1", "UPS"));
        assert!(account.ship_by_hand(halves, "1ZFIRST", "UPS"));
        assert!(account.ship_by_hand(lost, "94001", "USPS"));
    });
    let _ = import(&channel).await;
    let told = told(&world);
    assert_eq!(
        told.iter().map(|(order, _)| *order).collect::<Vec<_>>(),
        [lost],
        "the other parcels are our own"
    );
    assert_eq!(numbers(told[0].1.as_ref()), [(ParcelSource::Marked, Some("94001".into()), false)]);
}
