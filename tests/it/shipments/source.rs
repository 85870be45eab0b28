//! The pull model: a host that shows its shipments instead of enqueuing them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use shipstation_connector::{
    ShipStationChannel, Timestamp,
    channel::{
        ChannelConnector, ConnectionId, RunStatus, Shipment, SyncReport, SyncShipments,
        store::{ChangedShipment, RunToken, ShipmentSource, SourceCursor, StoreError, Stores},
    },
    client::{Clock, ShipStation},
    testing::simulator::SimClock,
};

use super::{MINUTE, marked};
use crate::support::World;

#[derive(Debug, Default)]
struct Table {
    rows: Mutex<Vec<ChangedShipment>>,
    cursor: Mutex<Option<SourceCursor>>,
    forgetful: AtomicBool,
}

impl Table {
    fn change(&self, at: Timestamp, shipment: Shipment) {
        self.rows.lock().unwrap().push(ChangedShipment::new(at, shipment));
    }
}

#[async_trait]
impl ShipmentSource for Table {
    async fn cursor(&self, _: &ConnectionId) -> Result<Option<SourceCursor>, StoreError> {
        Ok(self.cursor.lock().unwrap().clone())
    }

    async fn changed_since(
        &self,
        _: &ConnectionId,
        cursor: Option<&SourceCursor>,
        limit: usize,
    ) -> Result<Vec<ChangedShipment>, StoreError> {
        let mut rows = self.rows.lock().unwrap().clone();
        rows.retain(|row| cursor.is_none_or(|cursor| row.cursor() >= *cursor));
        rows.sort_by_key(ChangedShipment::cursor);
        rows.truncate(limit);
        Ok(rows)
    }

    async fn move_cursor(&self, _: &RunToken, cursor: &SourceCursor) -> Result<(), StoreError> {
        if self.forgetful.load(Ordering::Relaxed) {
            return Err(StoreError::retryable("the database is away"));
        }
        *self.cursor.lock().unwrap() = Some(cursor.clone());
        Ok(())
    }
}

fn channel(world: &World, client: ShipStation, source: &Arc<Table>) -> ShipStationChannel {
    let stores = Stores::all_in(world.store.clone());
    world.builder(client, stores, |_| {}).shipment_source(source.clone()).build().unwrap()
}

async fn sync(world: &World, source: &Arc<Table>) -> SyncReport {
    super::sync_on(&channel(world, world.client(), source)).await
}

fn shipment(world: &World, order: i64) -> Shipment {
    Shipment::new(format!("ship-{order}"), order.to_string(), world.now(), "UPS", format!("1Z{order}"))
}

#[tokio::test]
async fn requests_what_changed_is_taken_over_once_and_sent() {
    let world = World::new().await;
    let source = Arc::new(Table::default());
    // More than a page, many of them within one instant.
    for n in 0..1_100_u32 {
        let order = world.add(world.order(&format!("{n}")));
        source.change(world.ago(MINUTE * (10 - n / 300)), shipment(&world, order));
    }
    let report = sync(&world, &source).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1_100, 1_100), "{report}");
    assert_eq!(sync(&world, &source).await.counts.due(), 0);
}

#[tokio::test]
async fn clock_a_transaction_that_commits_late_is_not_jumped() {
    let world = World::new().await;
    let source = Arc::new(Table::default());
    let (early, late) = (world.add(world.order("1")), world.add(world.order("2")));
    let before = world.ago(MINUTE / 3);
    source.change(world.now(), shipment(&world, early));
    sync(&world, &source).await;
    assert_eq!(marked(&world, early), 1, "what is new is sent at once");
    assert_eq!(*source.cursor.lock().unwrap(), None, "but the cursor stays a minute behind");
    // Written twenty seconds before the first one, committed after it was read.
    source.change(before, shipment(&world, late));
    sync(&world, &source).await;
    assert_eq!((marked(&world, early), marked(&world, late)), (1, 1));
    world.sim.clock().advance(MINUTE * 2);
    sync(&world, &source).await;
    assert!(source.cursor.lock().unwrap().is_some());
}

#[tokio::test]
async fn clock_of_a_host_that_is_slow_jumps_no_transaction_that_commits_late() {
    for behind in [Duration::from_secs(55), MINUTE * 3] {
        let world = World::new().await;
        let (source, clock) = (Arc::new(Table::default()), Arc::new(SimClock::new(world.now() - behind)));
        let channel = channel(&world, world.client_builder().clock(clock.clone()).build().unwrap(), &source);
        let wait = |time: Duration| {
            world.sim.clock().advance(time);
            clock.advance(time);
            Clock::now(&*clock)
        };
        let orders: Vec<i64> = (0..3).map(|n| world.add(world.order(&format!("{n}")))).collect();
        // From its answers on, the channel knows ShipStation's time.
        source.change(wait(MINUTE), shipment(&world, orders[0]));
        super::sync_on(&channel).await;
        let (begun, next) = (wait(MINUTE * 10), wait(MINUTE / 6));
        source.change(next, shipment(&world, orders[1]));
        wait(MINUTE / 3);
        super::sync_on(&channel).await;
        // Committed 45 seconds after it began.
        wait(MINUTE / 4);
        source.change(begun, shipment(&world, orders[2]));
        for _ in 0..3 {
            super::sync_on(&channel).await;
            wait(MINUTE);
        }
        let marks: Vec<usize> = orders.iter().map(|order| marked(&world, *order)).collect();
        assert_eq!(marks, [1, 1, 1], "behind by {behind:?}");
    }
}

#[tokio::test]
async fn crash_between_the_outbox_and_the_cursor_sends_nothing_twice() {
    let world = World::new().await;
    let source = Arc::new(Table::default());
    source.forgetful.store(true, Ordering::Relaxed);
    let order = world.add(world.order("1"));
    source.change(world.ago(MINUTE * 5), shipment(&world, order));
    let report = sync(&world, &source).await;
    assert!(matches!(report.run.status, RunStatus::Failed { .. }), "{report}");
    assert_eq!(super::states(&world, order).await, ["pending"], "it is in the outbox already");

    source.forgetful.store(false, Ordering::Relaxed);
    sync(&world, &source).await;
    *source.cursor.lock().unwrap() = None;
    sync(&world, &source).await;
    assert_eq!(marked(&world, order), 1, "also when the cursor is set back");
}

/// A source that does not keep the contract: what it answers, from its rows and a cursor.
#[derive(Debug)]
struct Wrong {
    table: Table,
    answer: fn(Vec<ChangedShipment>, Option<&SourceCursor>) -> Vec<ChangedShipment>,
}

#[async_trait]
impl ShipmentSource for Wrong {
    async fn cursor(&self, connection: &ConnectionId) -> Result<Option<SourceCursor>, StoreError> {
        self.table.cursor(connection).await
    }

    async fn changed_since(
        &self,
        _: &ConnectionId,
        cursor: Option<&SourceCursor>,
        limit: usize,
    ) -> Result<Vec<ChangedShipment>, StoreError> {
        let mut rows = (self.answer)(self.table.rows.lock().unwrap().clone(), cursor);
        rows.truncate(limit);
        Ok(rows)
    }

    async fn move_cursor(&self, token: &RunToken, cursor: &SourceCursor) -> Result<(), StoreError> {
        self.table.move_cursor(token, cursor).await
    }
}

#[tokio::test]
async fn faults_a_source_that_does_not_go_on_from_its_cursor_is_said_and_not_asked_for_ever() {
    type Answer = fn(Vec<ChangedShipment>, Option<&SourceCursor>) -> Vec<ChangedShipment>;
    let answers: [(&str, Answer); 3] = [
        ("it always begins at the beginning", |rows, _| rows),
        ("it compares the instant alone", |mut rows, cursor| {
            rows.retain(|row| cursor.is_none_or(|cursor| row.updated_at >= cursor.updated_at));
            rows
        }),
        ("it goes backwards", |mut rows, _| {
            rows.reverse();
            rows
        }),
    ];
    for (what, answer) in answers {
        let world = World::new().await;
        let table = Table::default();
        for n in 0..700_u32 {
            // All of them in one instant.
            let shipment = Shipment::new(format!("s{n:03}"), "gid://shop/1", world.now(), "UPS", "1Z");
            table.change(world.ago(MINUTE * 9), shipment);
        }
        let source = Arc::new(Wrong { table, answer });
        for run in 0..2 {
            let stores = Stores::all_in(world.store.clone());
            let channel = world.builder(world.client(), stores, |_| {}).shipment_source(source.clone());
            let report = channel.build().unwrap().sync_shipments(SyncShipments::new()).await.unwrap();
            let said = report.run.warnings.iter().any(|warning| warning.contains("does not go on"));
            assert!(said, "{what}, run {run}: {report}");
            assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{what}, run {run}: {report}");
        }
        let seen = source.table.cursor.lock().unwrap().clone();
        assert!(seen.is_none_or(|cursor| cursor.shipment.as_str() == "s499"), "{what}: nothing is jumped");
    }
}
