//! What a buyer is called and where they live does not leave the store: not in a log, a report or an error.

use std::fmt::Write as _;

use http::Method;
use shipstation_connector::{
    channel::{
        ChannelConnector, DiagnoseOrder, GetOrders, ImportOrder, OrderSelector, SyncShipments,
        store::{OrderStore, ShipmentStoreExt},
    },
    testing::simulator::{Fault, FaultKind, SimAddress, SimLine},
};

use crate::support::{CaughtLog, World};

/// One word for everything that is personal: if it turns up anywhere, something leaked.
const PLANTED: &str = "Quillfeather";

fn planted_order(world: &World, number: &str) -> i64 {
    let cup = SimLine::new("CUP-1", 1, "9.00").named(format!("Cup for {PLANTED}"));
    let mut address = SimAddress::sample();
    for member in ["name", "street1", "city", "phone"] {
        address = address.set(member, PLANTED);
    }
    let mut order = world.order(number).line(cup).ship_to(address.clone()).set("billTo", address);
    for member in ["customerEmail", "customerUsername", "customerNotes", "giftMessage"] {
        order = order.set(member, format!("{PLANTED}@example.net"));
    }
    world.add(order)
}

#[tokio::test]
async fn secrets_and_buyers_stay_out_of_logs_reports_and_errors() {
    let (log, _guard) = CaughtLog::begin();
    let world = World::new().await;
    let orders: Vec<i64> = (0..4).map(|n| planted_order(&world, &format!("A-{n}"))).collect();
    let channel = world.channel(|_| {});
    let mut shown = String::new();

    let import = channel.get_orders(GetOrders::new()).await.unwrap();
    CaughtLog::hear_every_place();
    write!(shown, "{import} {import:?} {}", serde_json::to_string(&import).unwrap()).unwrap();
    for stored in world.store.orders(&world.connection) {
        write!(shown, "{stored:?} {:?}", stored.order.lines).unwrap();
        assert_eq!(stored.order.ship_to.name.as_deref(), Some(PLANTED), "the host itself gets it all");
    }
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    // Refusals that quote the buyer, in every shape.
    let body =
        format!(r#"{{"Message":"Order of {PLANTED} refused","ModelState":{{"a":["{PLANTED} is wrong"]}}}}"#);
    let exception =
        format!(r#"{{"Message":"An error has occurred.","ExceptionMessage":"{PLANTED} fell over"}}"#);
    let faults = [
        FaultKind::Status { code: 400, body },
        FaultKind::Status { code: 500, body: exception },
        FaultKind::Status { code: 200, body: format!("<html>{PLANTED}</html>") },
        FaultKind::Status { code: 409, body: format!("plain {PLANTED}") },
    ];
    for (order, fault) in orders.iter().zip(faults) {
        world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").for_order(*order).with(fault));
    }
    let sync = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    assert!(sync.counts.add_up(), "{sync}");
    write!(shown, "{sync} {sync:?} {}", serde_json::to_string(&sync).unwrap()).unwrap();
    for order in &orders {
        let progress =
            world.store.order_progress(&world.connection, &order.to_string().into()).await.unwrap();
        write!(shown, "{progress:?}").unwrap();
    }
    for diagnosis in
        channel.diagnose_order(DiagnoseOrder::new(OrderSelector::Number("A-1".to_owned()))).await.unwrap()
    {
        write!(shown, "{diagnosis} {diagnosis:?}").unwrap();
    }
    world.sim.fault(Fault::any().always().with(FaultKind::Status { code: 500, body: PLANTED.to_owned() }));
    let error =
        channel.import_order(ImportOrder::new(OrderSelector::Id("2184550999".into()))).await.unwrap_err();
    write!(shown, "{error} {error:?}").unwrap();
    let held = world.store.held(&world.connection, None, 10).await.unwrap();
    write!(shown, "{held:?} {channel:?}").unwrap();

    shown += &log.text();
    assert!(shown.contains("run finished"), "the log was captured");
    for secret in [PLANTED, world.sim.api_secret()] {
        let place = shown.find(secret).map(|at| shown[at.saturating_sub(200)..at].to_owned());
        assert_eq!(place, None, "{secret} leaked");
    }
}
