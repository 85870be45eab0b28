//! Stores of the host whose pages go round in circles: no operation reads them for ever.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use shipstation_connector::{
    channel::{
        ChannelConnector, CheckConnection, ResolveHeld, RunStatus,
        store::{HeldOrder, OrderStore, OrderWork, StoreError, Stores, WorkKind},
    },
    client::UserId,
    stores::{Instrumented, NextCall, StoreAnswer, StoreCall, StoreHook},
};

use super::import;
use crate::support::World;

/// Gives pages by turns, whatever it is asked for.
#[derive(Debug)]
struct Circling {
    asked: AtomicUsize,
    follow_ups: Vec<OrderWork>,
    held: Vec<HeldOrder>,
}

impl Circling {
    fn next<T: Clone + Send + 'static>(&self, rows: &[T]) -> StoreAnswer {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        assert!(turn < 100, "it is read for ever");
        StoreAnswer::new(rows.get(turn % rows.len().max(1)).cloned().into_iter().collect::<Vec<T>>())
    }
}

#[async_trait::async_trait]
impl StoreHook for Circling {
    async fn around(&self, call: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
        match call.method {
            "work" => Ok(self.next(&self.follow_ups)),
            "record_work" => Ok(StoreAnswer::new(())),
            "held" => Ok(self.next(&self.held)),
            _ => next.await,
        }
    }
}

async fn circling(world: &World, follow_ups: Vec<OrderWork>) -> Stores {
    let held = world.store.held(&world.connection, None, 9).await.unwrap();
    let hook = Circling { asked: AtomicUsize::new(0), follow_ups, held };
    let orders = Instrumented::new(world.store.clone(), Arc::new(hook));
    Stores::all_in(world.store.clone()).with_orders(Arc::new(orders))
}

#[tokio::test]
async fn held_orders_that_come_in_circles_end_the_run() {
    let world = World::new().await;
    for number in 0..3 {
        world.add(world.order(&format!("A-{number}")).shipping("Unheard of"));
    }
    let _ = import(&world.channel(|_| {})).await;
    let channel = world.channel_on(circling(&world, Vec::new()).await, |_| {});
    let report = channel.resolve_held(ResolveHeld::new()).await.unwrap();
    assert!(matches!(report.run.status, RunStatus::Failed { .. }), "{report}");
    assert!(report.to_string().contains("does not advance"), "{report}");
    let error = world.channel_on(circling(&world, Vec::new()).await, |_| {}).unmapped().await.unwrap_err();
    assert!(error.to_string().contains("does not advance"), "{error}");
    let error = world
        .channel_on(circling(&world, Vec::new()).await, |_| {})
        .check(CheckConnection::new())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("does not advance"), "{error}");
}

#[tokio::test]
async fn follow_ups_that_come_in_circles_wait_for_the_next_run() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let follow_ups = (0..3).map(|number| {
        let number = format!("A-{number}");
        let order = world.add(world.order(&number));
        OrderWork::new(order.to_string().into(), number, WorkKind::AssignUser, world.now())
    });
    let stores = circling(&world, follow_ups.collect()).await;
    let channel = world.channel_on(stores, |settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import(&channel).await;
    assert!(report.to_string().contains("gives settled follow-ups again"), "{report}");
}
