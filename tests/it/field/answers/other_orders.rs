//! An answer about another order than the one that was asked for: nothing is concluded from it.

use std::time::Duration;

use serde_json::json;
use shipstation_connector::{
    channel::{
        Bypass, ChannelConnector, DiagnoseOrder, GetOrders, ImportOrder, OrderSelector, Refusal, RunStatus,
        ShipmentState, SyncShipments, Verdict,
        report::FollowUpStatus,
        report::ImportOutcomeKind,
        store::{OrderStoreExt, ShipmentStoreExt},
    },
    client::{CustomerId, Error, ErrorKind, OrderId, ProductId, StoreId, UserId, WarehouseId},
    testing::simulator::{Fault, FaultKind, Method},
};

use crate::support::{
    World, builder,
    tcp::{Behavior, TcpServer},
};

const MARK: &str = "/orders/markasshipped";

/// The answer to `GET /orders/{id}` that a confused cache gives: another order, in this status.
fn about(id: i64, status: &str) -> FaultKind {
    let body = json!({"orderId": id, "orderNumber": "B-1", "orderStatus": status, "items": []});
    FaultKind::Status { code: 200, body: body.to_string() }
}

fn confuse(world: &World, asked: i64, answer: FaultKind) {
    world.sim.fault(Fault::on(Method::GET, "/orders/*").for_order(asked).always().with(answer));
}

async fn row(world: &World, order: i64) -> ShipmentState {
    let order = order.to_string().into();
    world.store.order_progress(&world.connection, &order).await.unwrap().rows[0].state.clone()
}

async fn sync(world: &World) {
    let _ = world.channel(|_| {}).sync_shipments(SyncShipments::new()).await;
}

#[tokio::test]
async fn faults_every_single_read_is_about_what_was_asked_for() {
    let body = json!({
        "orderId": 2, "productId": 2, "customerId": 2, "storeId": 2, "warehouseId": 2,
        "orderNumber": "B-1", "sku": "B", "name": "B", "storeName": "B", "warehouseName": "B",
    });
    let server = TcpServer::start(vec![Behavior::answer("200 OK", "", &body.to_string())]).await;
    let client = builder(&server.url()).build().unwrap();
    let errors: [Error; 6] = [
        client.orders().get(OrderId::new(1)).await.unwrap_err(),
        client.products().get(ProductId::new(1)).await.unwrap_err(),
        client.customers().get(CustomerId::new(1)).await.unwrap_err(),
        client.stores().get(StoreId::new(1)).await.unwrap_err(),
        client.stores().refresh_status(StoreId::new(1)).await.unwrap_err(),
        client.warehouses().get(WarehouseId::new(1)).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert!(error.to_string().contains("about another one than was asked for"), "{error}");
    }
    client.orders().get(OrderId::new(2)).await.unwrap();
    client.products().get(ProductId::new(2)).await.unwrap();
}

#[tokio::test]
async fn faults_a_cancelled_order_is_not_marked_shipped_on_the_word_of_another() {
    let world = World::new().await;
    let [cancelled, open] =
        ["cancelled", "awaiting_shipment"].map(|status| world.add(world.order(status).status(status)));
    world.ship(cancelled, "1Z1").await;
    confuse(&world, cancelled, about(open, "awaiting_shipment"));
    for _ in 0..5 {
        sync(&world).await;
        world.sim.clock().advance(Duration::from_secs(3600));
    }
    assert_eq!(world.marks(), 0, "nothing says that the order may be shipped");
    assert!(matches!(row(&world, cancelled).await, ShipmentState::RetryWait { .. }));
    world.sim.clear_faults();
    world.sim.clock().advance(Duration::from_secs(7 * 3600));
    sync(&world).await;
    assert_eq!(row(&world, cancelled).await.name(), "failed", "its own answer decides");
}

#[tokio::test]
async fn faults_a_shipment_is_not_given_up_on_the_word_of_another_order() {
    for status in ["cancelled", "shipped", "on_hold"] {
        let world = World::new().await;
        let [order, other] = ["A-1", "B-1"].map(|number| world.add(world.order(number)));
        world.ship(order, "1Z1").await;
        confuse(&world, order, about(other, status));
        sync(&world).await;
        assert!(matches!(row(&world, order).await, ShipmentState::RetryWait { .. }), "{status}");
        world.sim.clear_faults();
        world.sim.clock().advance(Duration::from_secs(3600));
        sync(&world).await;
        assert_eq!((row(&world, order).await.name(), world.marks()), ("confirmed", 1), "{status}");
    }
}

#[tokio::test]
async fn faults_a_lost_answer_is_not_read_back_from_another_order() {
    for status in ["awaiting_shipment", "cancelled", "shipped"] {
        let world = World::new().await;
        let [order, other] = ["A-1", "B-1"].map(|number| world.add(world.order(number)));
        world.ship(order, "1Z1").await;
        world.sim.fault(Fault::on(Method::POST, MARK).with(FaultKind::DropAfterEffect));
        // The look before it is sent is answered as it should be.
        let looks = Fault::on(Method::GET, "/orders/*").for_order(order).after(1).always();
        world.sim.fault(looks.with(about(other, status)));
        sync(&world).await;
        for _ in 0..6 {
            world.sim.clock().advance(Duration::from_secs(3600));
            sync(&world).await;
        }
        assert_eq!(world.marks(), 1, "{status}: not sent again");
        assert!(matches!(row(&world, order).await, ShipmentState::Unknown { .. }), "{status}: not settled");
        world.sim.clear_faults();
        world.sim.clock().advance(Duration::from_secs(2 * 3600));
        sync(&world).await;
        assert_eq!((row(&world, order).await.name(), world.marks()), ("confirmed", 1), "{status}");
    }
}

#[tokio::test]
async fn faults_the_ledger_imports_skips_and_forgets_nothing_on_the_word_of_another() {
    for status in ["cancelled", "shipped", "awaiting_shipment"] {
        let world = World::new().await;
        let gate = crate::support::Gate::over(world.store.clone());
        gate.refuse("A-1", true);
        let [order, other] = ["A-1", "B-1"].map(|number| world.add(world.order(number)));
        let channel = world.channel_on(gate.stores(), |_| {});
        let _ = channel.get_orders(GetOrders::new()).await.unwrap();
        gate.refuse.lock().unwrap().clear();
        // It has left the window: only the ledger still knows of it.
        world.sim.account(|account| {
            account.order_mut(order).unwrap().set("createDate", world.ago(crate::support::DAY * 300));
        });
        confuse(&world, order, about(other, status));
        world.sim.clock().advance(Duration::from_secs(3600));
        let report = channel.get_orders(GetOrders::new()).await.unwrap();
        assert_eq!(
            (report.counts.imported(), report.counts.of(ImportOutcomeKind::FailedRetryable)),
            (0, 1),
            "{status}: {report}"
        );
        assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{status}: {report}");
        world.sim.clear_faults();
        world.sim.clock().advance(Duration::from_secs(3600));
        let report = channel.get_orders(GetOrders::new()).await.unwrap();
        assert_eq!(report.counts.imported(), 1, "{status}: {report}");
        assert!(world.store.order(&world.connection, &order.to_string()).is_some());
    }
}

#[tokio::test]
async fn faults_a_user_is_not_taken_for_assigned_on_the_word_of_another_order() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let order = world.add(world.order("A-1"));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    world
        .sim
        .fault(Fault::on(Method::POST, "/orders/assignuser").times(4).with(FaultKind::Html { status: 502 }));
    let report = channel.get_orders(GetOrders::new()).await.unwrap();
    assert_eq!(report.counts.users.of(FollowUpStatus::Pending), 1, "{report}");
    // It leaves the window, so that it is read by itself: an answer of another order that has the user.
    world.sim.account(|account| account.order_mut(order).unwrap().set("orderStatus", "on_hold"));
    let body =
        json!({"orderId": order + 1_000, "orderNumber": "B-1", "orderStatus": "on_hold", "userId": user});
    confuse(&world, order, FaultKind::Status { code: 200, body: body.to_string() });
    world.sim.clock().advance(Duration::from_secs(3600));
    let report = channel.get_orders(GetOrders::new()).await.unwrap();
    assert_eq!(
        (report.counts.users.of(FollowUpStatus::Done), report.counts.users.of(FollowUpStatus::Pending)),
        (0, 1),
        "{report}"
    );
    world.sim.clear_faults();
    world.sim.clock().advance(Duration::from_secs(3600));
    let report = channel.get_orders(GetOrders::new()).await.unwrap();
    assert_eq!(report.counts.users.of(FollowUpStatus::Done), 1, "{report}");
    assert!(world.store.due_follow_ups(&world.connection, world.now(), 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn faults_neither_a_diagnosis_nor_an_import_by_hand_speaks_of_another_order() {
    let world = World::new().await;
    let [order, other] = ["A-1", "B-1"].map(|number| world.add(world.order(number)));
    confuse(&world, order, about(other, "on_hold"));
    let channel = world.channel(|_| {});
    let which = || OrderSelector::Id(order.to_string().into());
    let answers = channel.diagnose_order(DiagnoseOrder::new(which())).await.unwrap();
    assert_eq!(answers.len(), 1);
    let exists = answers[0].check("exists").unwrap();
    assert_eq!(exists.verdict, Verdict::Unknown, "neither there nor missing: {}", answers[0]);
    assert!(!answers[0].to_string().contains("on_hold"), "{}", answers[0]);
    let refused = channel.import_order(ImportOrder::new(which()).bypass(Bypass::ALL)).await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::Unavailable { .. }), "{refused}");
    assert!(world.store.orders(&world.connection).is_empty());
}
