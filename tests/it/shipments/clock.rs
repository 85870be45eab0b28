//! Nights when the clocks change, and clocks that are set back.

use shipstation_connector::channel::report::SyncOutcomeKind;
use shipstation_connector::{
    channel::Shipment,
    client::Clock,
    testing::simulator::{Fault, FaultKind, Method, RateLimit, SimulatorConfig},
};

use super::{HOUR, MINUTE, marked, state, states, sync, sync_after};
use crate::support::{DAY, World};

#[tokio::test]
async fn clock_the_ship_date_is_right_on_both_nights_when_the_clocks_change() {
    let nights = [
        (
            "2026-03-10T00:00:00Z",
            [
                ("2026-03-08T07:59:59Z", "2026-03-07"),
                ("2026-03-08T08:00:00Z", "2026-03-08"),
                ("2026-03-09T06:59:59Z", "2026-03-08"),
                ("2026-03-09T07:00:00Z", "2026-03-09"),
            ],
        ),
        (
            "2026-11-03T00:00:00Z",
            [
                ("2026-11-01T06:59:59Z", "2026-10-31"),
                ("2026-11-01T07:00:00Z", "2026-11-01"),
                ("2026-11-02T07:59:59Z", "2026-11-01"),
                ("2026-11-02T08:00:00Z", "2026-11-02"),
            ],
        ),
    ];
    for (now, dates) in nights {
        let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited).now(now.parse().unwrap());
        let world = World::with(config).await;
        for (shipped_at, day) in dates {
            let order = world.add(world.order(shipped_at).created(world.ago(DAY * 4)));
            let at = shipped_at.parse().unwrap();
            world.enqueue(Shipment::new(shipped_at, order.to_string(), at, "UPS", "1Z")).await;
            sync(&world).await;
            let journal = world.sim.journal();
            let body = &journal.of("POST", "/orders/markasshipped").last().unwrap().body;
            assert_eq!((body["orderId"].as_i64(), body["shipDate"].as_str()), (Some(order), Some(day)));
        }
    }
}

#[tokio::test]
async fn clock_set_back_in_the_middle_of_a_run_loses_and_doubles_nothing() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..6).map(|n| world.add(world.order(&format!("{n}")))).collect();
    for order in &orders {
        world.ship(*order, &format!("1Z{order}")).await;
    }
    let clock = world.sim.clock();
    world
        .sim
        .before(Method::POST, "/orders/markasshipped", 3, move |_| clock.set(Clock::now(&*clock) - HOUR));
    world
        .sim
        .fault(Fault::on(Method::POST, "/orders/markasshipped").after(4).with(FaultKind::DropAfterEffect));
    for _ in 0..3 {
        sync_after(&world, MINUTE * 2).await;
    }
    assert!(orders.iter().all(|order| marked(&world, *order) == 1), "what is sent is not held up");
    sync_after(&world, HOUR * 2).await;
    for order in orders {
        assert_eq!((states(&world, order).await, marked(&world, order)), (vec!["confirmed"], 1));
    }
}

#[tokio::test]
async fn clock_set_back_between_two_looks_does_not_bring_the_second_one_nearer() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    world.sim.fault(Fault::on(Method::POST, "/orders/markasshipped").with(FaultKind::DropBefore));
    sync(&world).await;
    let looked = world.now();
    world.sim.clock().set(looked - DAY);
    for _ in 0..3 {
        let report = sync_after(&world, MINUTE * 2).await;
        assert_eq!((report.counts.of(SyncOutcomeKind::Unknown), world.marks()), (1, 1), "{report}");
    }
    world.sim.clock().set(looked + MINUTE * 3);
    let report = sync(&world).await;
    assert_eq!((report.counts.of(SyncOutcomeKind::Unknown), world.marks()), (1, 1), "{report}");
    sync_after(&world, MINUTE * 2).await;
    assert_eq!((state(&world, order).await.name(), marked(&world, order)), ("confirmed", 1));
}

#[tokio::test]
async fn clock_ahead_when_shipments_are_sent_delays_no_confirmation() {
    for count in [1, 25] {
        let world = World::new().await;
        let orders: Vec<i64> = (0..count).map(|n| world.add(world.order(&format!("{n}")))).collect();
        for order in &orders {
            world.ship(*order, &format!("1Z{order}")).await;
        }
        let (clock, right) = (world.sim.clock(), world.now());
        // ShipStation's clock stays right, and shows the records only after the run.
        world.sim.account(|account| {
            account.quirks.clock_skew = -8 * 24 * 3600;
            account.quirks.fulfillment_delay = MINUTE;
        });
        clock.step_to(right + DAY * 8);
        assert_eq!(sync(&world).await.counts.unconfirmed(), count);
        clock.step_to(right);
        world.sim.account(|account| account.quirks.clock_skew = 0);
        for _ in 0..5 {
            sync_after(&world, HOUR).await;
        }
        for order in orders {
            assert_eq!((states(&world, order).await, marked(&world, order)), (vec!["confirmed"], 1));
        }
    }
}
