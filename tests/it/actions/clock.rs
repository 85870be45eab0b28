//! Holds that end in the nights in which the clocks change, and gaps that a wrong clock must not shorten.

use std::sync::Arc;

use shipstation_connector::{
    Timestamp,
    channel::{ChannelConnector, HoldOrder},
    testing::simulator::{Fault, FaultKind, Method, RateLimit, SimClock, SimulatorConfig},
};

use super::{HOLD, HOUR, MINUTE, hold, imported, process, run, states, status, world_with_order, writes};
use crate::support::World;

#[tokio::test]
async fn clock_a_hold_ends_with_the_pacific_day_in_both_nights() {
    for (now, until, day, over) in [
        ("2026-03-06T20:00:00Z", "2026-03-08T08:00:00Z", "2026-03-08", "2026-03-08T08:00:01Z"),
        ("2026-03-06T20:00:00Z", "2026-03-08T20:00:00Z", "2026-03-09", "2026-03-09T07:00:01Z"),
        ("2026-10-30T20:00:00Z", "2026-11-01T07:00:00Z", "2026-11-01", "2026-11-01T07:00:01Z"),
        ("2026-10-30T20:00:00Z", "2026-11-02T07:30:00Z", "2026-11-02", "2026-11-02T08:00:01Z"),
    ] {
        let now: Timestamp = now.parse().unwrap();
        let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited);
        let world = World::with(config).await;
        world.sim.clock().set(now);
        let order = imported(&world, "1").await;
        let until: Timestamp = until.parse().unwrap();
        let report = process(&world).hold_order(HoldOrder::new(order.to_string(), until)).await.unwrap();
        let held = world
            .sim
            .account(|account| account.order(order).unwrap().text("holdUntilDate").map(str::to_owned));
        assert_eq!(held.as_deref(), Some(day), "{report}");
        world.sim.clock().set(over.parse::<Timestamp>().unwrap() - MINUTE);
        run(&world).await;
        assert_eq!(status(&world, order), "on_hold", "until {until}");
        world.sim.clock().set(over.parse().unwrap());
        process(&world).get_orders(shipstation_connector::channel::GetOrders::new()).await.unwrap();
        assert_eq!(status(&world, order), "awaiting_shipment", "until {until}");
    }
}

#[tokio::test]
async fn clock_a_host_whose_clock_jumps_ahead_sends_nothing_too_early() {
    let (world, order) = world_with_order().await;
    world.sim.fault(Fault::on(Method::POST, HOLD).with(FaultKind::DropBefore));
    hold(&world, order).await;
    let ahead = Arc::new(SimClock::new(world.now() + 6 * HOUR));
    for _ in 0..3 {
        let client = world.client_builder().clock(ahead.clone()).build().unwrap();
        let channel = world
            .builder(client, world.store.stores(), |settings| settings.actions.enabled = true)
            .build()
            .unwrap();
        let _ = channel.run_actions(shipstation_connector::channel::RunActions::new()).await.unwrap();
    }
    assert_eq!((states(&world, order).await, writes(&world)), (vec!["unknown"], 1));
}
