//! A quick look in a small world with something of everything, and the import of the window after it.

use std::{collections::BTreeMap, time::Duration};

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, ChannelError, GetOrders, ParcelSource, RunStatus,
        store::{OrderChangeKind, OrderStore},
    },
    client::{TagId, UserId},
};

use super::{everywhere::Scenario, test_bed::TestBed};

/// Two new orders, one more that is held, and imported ones: one is cancelled, one on hold, and two were shipped elsewhere. One
/// order no look sees: it was modified before.
pub(super) struct Looking {
    user: String,
    new: [i64; 2],
    held: i64,
    cancelled: i64,
    on_hold: i64,
    labelled: i64,
    marked: i64,
    missed: i64,
}

impl Looking {
    fn seen(&self) -> impl Iterator<Item = &i64> {
        self.new.iter().chain([&self.cancelled, &self.on_hold, &self.labelled, &self.marked])
    }

    async fn judge_changes(&self, bed: &TestBed, place: &str) {
        let told: Vec<_> =
            bed.changes().await.into_iter().map(|(order, what)| (order, summary(what))).collect();
        let mut wanted = vec![
            (self.cancelled, "Cancelled".to_owned()),
            (self.on_hold, "OnHold".to_owned()),
            (self.labelled, "Label of ups".to_owned()),
            (self.marked, "Marked of fedex".to_owned()),
        ];
        wanted.sort_unstable();
        assert_eq!(told, wanted, "{place}: each change is told once");
    }

    fn judge_assignments(&self, bed: &TestBed, place: &str) {
        let mut times = BTreeMap::<i64, u32>::new();
        for entry in bed.sim.journal().of("POST", "/orders/assignuser").filter(|entry| entry.executed) {
            for order in entry.body["orderIds"].as_array().unwrap() {
                *times.entry(order.as_i64().unwrap()).or_default() += 1;
            }
        }
        let wanted = self.new.iter().chain([&self.held, &self.missed]).map(|order| (*order, 1)).collect();
        assert_eq!(times, wanted, "{place}: each new order is assigned once, to {}", self.user);
    }
}

/// A change without what its own tests look at.
fn summary(what: OrderChangeKind) -> String {
    let OrderChangeKind::ShippedElsewhere { parcels } = what else { return format!("{what:?}") };
    let parcels = parcels.into_iter().flatten().map(|parcel| {
        let source = if parcel.source == ParcelSource::Label { "Label" } else { "Marked" };
        format!("{source} of {}", parcel.carrier.unwrap_or_default())
    });
    parcels.collect::<Vec<_>>().join(", ")
}

impl Scenario for Looking {
    const FURTHER_RUNS: usize = 2;

    async fn set_up(bed: &mut TestBed) -> Self {
        let (user, tag) =
            bed.sim.account(|account| (account.add_user("Night Shift"), account.add_tag("Taken")));
        bed.settings.orders.assign_user = Some(UserId::new(&user));
        bed.settings.orders.acknowledgement_tag = Some(TagId::new(tag));
        bed.settings.orders.watch_changes = true;
        bed.settings.orders.page_size = 3;
        let [cancelled, on_hold, labelled, marked] =
            ["C-1", "O-1", "L-1", "M-1"].map(|number| bed.add_order(number, "Standard"));
        let import = bed.process().await.get_orders(GetOrders::new()).await.unwrap();
        assert_eq!(import.run.status, RunStatus::Succeeded);
        bed.a_quarter_of_an_hour_passes();
        bed.sim.account(|account| {
            assert!(account.cancel(cancelled) && account.hold(on_hold));
            account.buy_label(labelled, "ups", "ups_ground").unwrap();
            assert!(account.ship_by_hand(marked, "94001", "fedex"));
        });
        let add = |number, text| bed.add_order_of(number, text, Duration::ZERO);
        let new = ["A-1", "A-2"].map(|number| add(number, "Standard"));
        let held = add("H-1", "By zeppelin");
        let missed = bed.add_order("A-3", "Standard");
        bed.a_quarter_of_an_hour_passes();
        bed.sim.clear_journal();
        Self { user, new, held, cancelled, on_hold, labelled, marked, missed }
    }

    async fn run(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        Ok(channel.get_orders(GetOrders::changes_only()).await?.run.status)
    }

    /// Once the looks have brought everything that they see, an import of the window brings the rest and nothing else.
    async fn judge(&self, bed: &TestBed, place: &str) {
        self.judge_changes(bed, place).await;
        let missed = self.missed.to_string();
        let has_missed = bed.taken.borrow().contains_key(&missed);
        bed.assert_taken_once(self.seen().chain(has_missed.then_some(&self.missed)), place);
        bed.a_quarter_of_an_hour_passes();
        let import = bed.process().await.get_orders(GetOrders::new()).await.unwrap();
        assert_eq!(import.run.status, RunStatus::Succeeded, "{place}");
        bed.host_takes_orders().await;
        bed.assert_taken_once(self.seen().chain([&self.missed]), place);
        self.judge_changes(bed, place).await;
        self.judge_assignments(bed, place);
        let held = bed.stores().await.orders.held(&bed.connection, None, 100).await.unwrap();
        let held: Vec<_> = held.iter().map(|order| order.order.to_string()).collect();
        assert_eq!(held, [self.held.to_string()], "{place}");
        for order in self.seen().chain([&self.missed, &self.held]) {
            assert_eq!(bed.imports(*order).await, 1, "{place}: the story of {order}");
        }
    }
}

/// The same, but after the disturbed look there are imports of the window alone, the first while its lease may still last.
pub(super) struct Overtaken(Looking);

impl Scenario for Overtaken {
    const FURTHER_RUNS: usize = Looking::FURTHER_RUNS;

    async fn set_up(bed: &mut TestBed) -> Self {
        Self(Looking::set_up(bed).await)
    }

    async fn run(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        self.0.run(channel).await
    }

    async fn go_on(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        Ok(channel.get_orders(GetOrders::new()).await?.run.status)
    }

    async fn judge(&self, bed: &TestBed, place: &str) {
        self.0.judge(bed, place).await;
    }
}
