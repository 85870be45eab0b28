//! The day on which the goods left, as a host may say it.

use shipstation_connector::{Timestamp, channel::Shipment, connector::Preflight};

use super::{HOUR, last_mark, sync, sync_with};
use crate::support::{DAY, World};

async fn ship_date(shipped_at: Timestamp) -> (String, usize) {
    let world = World::new().await;
    let order = world.add(world.order("1").created(world.ago(DAY * 3)));
    world.enqueue(Shipment::new("A", order.to_string(), shipped_at, "UPS", "1Z")).await;
    let report = sync(&world).await;
    assert_eq!(report.counts.confirmed(), 1, "{report}");
    (last_mark(&world)["shipDate"].as_str().unwrap().to_owned(), report.run.warnings.len())
}

// The simulated present is noon of 2026-03-02 in Los Angeles or near it; the order was made three days before.
#[tokio::test]
async fn clock_a_ship_date_that_cannot_be_is_brought_into_bounds_with_a_warning() {
    let now = World::new().await.now();
    let cases = [
        (Timestamp::UNIX_EPOCH, "2026-02-26", 1),
        ("0000-01-01T00:00:00Z".parse().unwrap(), "2026-02-26", 1),
        (now - DAY * 30, "2026-02-26", 1),
        (now - DAY * 2, "2026-02-28", 0),
        (now, "2026-03-02", 0),
        (now + HOUR, "2026-03-02", 0),
        (now + DAY * 3650, "2026-03-02", 1),
    ];
    for (shipped_at, day, warnings) in cases {
        assert_eq!(ship_date(shipped_at).await, (day.to_owned(), warnings), "{shipped_at}");
    }
}

#[tokio::test]
async fn clock_a_ship_date_that_was_never_set_is_not_sent_even_without_a_look() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.enqueue(Shipment::new("A", order.to_string(), Timestamp::UNIX_EPOCH, "UPS", "1Z")).await;
    let report = sync_with(&world, |settings| settings.shipments.preflight = Preflight::OnRetryOnly).await;
    assert_eq!((report.counts.confirmed(), report.run.warnings.len()), (1, 1), "{report}");
    assert_eq!(last_mark(&world)["shipDate"], "2026-03-02");
}

#[tokio::test]
async fn clock_dates_that_a_store_leaves_unset_are_not_said() {
    let world = World::new().await;
    let unset = ["0001-01-01T00:00:00.0000000", "1900-01-01T00:00:00.0000000", "1970-01-01T00:00:00.0000000"];
    let orders = unset.map(|date| {
        let order = world.add(world.order(date));
        world.sim.account(|account| account.overwrite(order, "paymentDate", format!("\"{date}\"")));
        order
    });
    super::import(&world).await;
    for order in orders {
        let order = world.store.order(&world.connection, &order.to_string()).unwrap();
        assert_eq!((order.paid_at, order.ordered_at.is_some()), (None, true), "{}", order.number);
    }
}
