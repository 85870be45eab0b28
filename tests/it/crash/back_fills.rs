//! A back-fill in a small world with something of everything, in one piece and in stretches.

use std::{cell::Cell, time::Duration};

use shipstation_connector::{
    ShipStationChannel, Timestamp,
    channel::{
        ChannelConnector, ChannelError, GetOrders, Operation, OrderRange, RunId, RunStatus,
        store::{OrderChangeKind, OrderStore, RunStore},
    },
    client::{Clock, OrderStatus},
};

use super::{everywhere::Scenario, test_bed::TestBed};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Old orders of two states, one of them held, one that was imported and is shipped elsewhere now, and a young one that the window
/// has brought.
pub(super) struct BackFilling {
    range: OrderRange,
    /// Where the host goes on.
    from: Cell<Timestamp>,
    ready: Vec<i64>,
    held: i64,
    shipped: i64,
    young: i64,
    last_success: RunId,
}

impl BackFilling {
    async fn last_success(bed: &TestBed) -> RunId {
        let runs = bed.stores().await.runs;
        runs.last_success(&bed.connection, Operation::GetOrders).await.unwrap().unwrap().run
    }
}

impl Scenario for BackFilling {
    const FURTHER_RUNS: usize = 2;

    async fn set_up(bed: &mut TestBed) -> Self {
        bed.settings.orders.page_size = 2;
        bed.settings.orders.watch_changes = true;
        bed.settings.orders.statuses = vec![OrderStatus::AwaitingShipment, OrderStatus::Shipped];
        let add = |number: &str, text: &str, days: u32| bed.add_order_of(number, text, DAY * days);
        let now = Clock::now(&*bed.sim.clock());
        let range = OrderRange::new(now - DAY * 60, now - DAY * 30);
        add("too old", "Standard", 61);
        let shipped = add("E-1", "Standard", 50);
        let first = GetOrders::back_fill(OrderRange::new(now - DAY * 51, now - DAY * 49));
        assert_eq!(bed.process().await.get_orders(first).await.unwrap().counts.imported(), 1);
        let young = add("Y-1", "Standard", 0);
        bed.a_quarter_of_an_hour_passes();
        let import = bed.process().await.get_orders(GetOrders::new()).await.unwrap();
        assert_eq!((import.run.status, import.counts.imported()), (RunStatus::Succeeded, 1));
        bed.a_quarter_of_an_hour_passes();
        let ready = [58, 50, 45, 31].map(|days| add(&format!("A-{days}"), "Standard", days));
        let held = add("H-1", "By zeppelin", 52);
        add("not yet", "Standard", 29);
        bed.sim.account(|account| {
            assert!(account.ship_by_hand(shipped, "94001", "fedex"));
            assert!(account.set_status(ready[1], "shipped") && account.set_status(ready[2], "shipped"));
        });
        let last_success = Self::last_success(bed).await;
        Self { range, from: Cell::new(range.from), ready: ready.into(), held, shipped, young, last_success }
    }

    async fn run(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        Ok(channel.get_orders(GetOrders::back_fill(self.range)).await?.run.status)
    }

    async fn judge(&self, bed: &TestBed, place: &str) {
        bed.assert_taken_once(self.ready.iter().chain([&self.shipped, &self.young]), place);
        let held = bed.stores().await.orders.held(&bed.connection, None, 100).await.unwrap();
        let held: Vec<_> = held.iter().map(|order| order.order.to_string()).collect();
        assert_eq!(held, [self.held.to_string()], "{place}");
        for order in self.ready.iter().chain([&self.held, &self.shipped]) {
            assert_eq!(bed.imports(*order).await, 1, "{place}: the story of {order}");
        }
        let told = bed.changes().await;
        let [(order, OrderChangeKind::ShippedElsewhere { parcels: Some(parcels) })] = told.as_slice() else {
            panic!("{place}: {told:?}");
        };
        assert_eq!((*order, parcels.len()), (self.shipped, 1), "{place}");
        assert_eq!(
            Self::last_success(bed).await,
            self.last_success,
            "{place}: the window begins where it did"
        );
        assert_eq!(bed.sim.journal().writes().count(), 0, "{place}");
    }
}

/// The same, a few orders at a time: the host goes on where the last report says.
pub(super) struct Resuming(BackFilling);

impl Scenario for Resuming {
    const FURTHER_RUNS: usize = BackFilling::FURTHER_RUNS;

    async fn set_up(bed: &mut TestBed) -> Self {
        let back_filling = BackFilling::set_up(bed).await;
        bed.settings.orders.max_orders = Some(2);
        Self(back_filling)
    }

    async fn run(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        let BackFilling { range, from, .. } = &self.0;
        loop {
            let stretch = OrderRange::new(from.get(), range.to);
            let report = channel.get_orders(GetOrders::back_fill(stretch)).await?;
            let resume_from =
                report.resume_from.filter(|_| matches!(report.run.status, RunStatus::Partial { .. }));
            let Some(resume_from) = resume_from else { return Ok(report.run.status) };
            from.set(resume_from);
        }
    }

    async fn judge(&self, bed: &TestBed, place: &str) {
        self.0.judge(bed, place).await;
    }
}
