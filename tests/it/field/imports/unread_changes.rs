//! An imported order whose row cannot be read has perhaps changed: the host hears of it, or the run is not a success.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{RunStatus, store::OrderChangeKind},
};

use super::{import, partial, rig::Proxy};
use crate::{
    orders::changes::Feed,
    support::{DAY, World},
};

fn channel(world: &World, proxy: &Proxy) -> ShipStationChannel {
    let client = proxy.client(world, world.sim.clock());
    let watch = |settings: &mut Settings| settings.orders.watch_changes = true;
    world.builder(client, world.store.stores(), watch).build().unwrap()
}

/// An imported order that was cancelled, on a host that hears of changes.
async fn cancelled() -> (World, Proxy, Arc<Feed>, i64) {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let proxy = Proxy::before(&world, |_, _| {}).await;
    let sink = Feed::of(&world);
    assert_eq!(import(&channel(&world, &proxy)).await.counts.imported(), 1);
    world.sim.clock().advance(Duration::from_secs(900));
    world.sim.account(|account| account.set_status(order, "cancelled"));
    (world, proxy, sink, order)
}

#[tokio::test]
async fn a_cancelled_order_that_the_list_shows_unreadably_is_read_by_its_id() {
    let (world, proxy, sink, _) = cancelled().await;
    proxy.now(|asked, answer| {
        if asked.starts_with("GET /orders?") {
            answer.rows(|row| row["items"] = json!("none"));
        }
    });
    let report = import(&channel(&world, &proxy)).await;
    assert_eq!(sink.kinds(), [OrderChangeKind::Cancelled], "{report}");
    assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
}

#[tokio::test]
async fn one_that_cannot_be_read_anywhere_is_kept_until_it_can() {
    let (world, proxy, sink, _) = cancelled().await;
    let everywhere = |asked: &str, answer: &mut super::rig::Answer| {
        if asked.starts_with("GET /orders?") {
            answer.rows(|row| row["items"] = json!("none"));
        } else if asked.starts_with("GET /orders/") {
            answer.json(|order| order["items"] = json!("none"));
        }
    };
    proxy.now(everywhere);
    for _ in 0..3 {
        let report = import(&channel(&world, &proxy)).await;
        assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
        world.sim.clock().advance(DAY / 4);
    }
    assert!(sink.kinds().is_empty());
    // Long after the list of changes has moved on.
    proxy.heal();
    world.sim.clock().advance(DAY * 3);
    let report = import(&channel(&world, &proxy)).await;
    assert_eq!(sink.kinds(), [OrderChangeKind::Cancelled], "{report}");
    assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
    let _ = import(&channel(&world, &proxy)).await;
    assert_eq!(sink.kinds().len(), 1, "once");
}

#[tokio::test]
async fn a_changed_row_without_an_id_keeps_the_look_where_it_is() {
    let (world, proxy, sink, _) = cancelled().await;
    proxy.now(|asked, answer| {
        if asked.starts_with("GET /orders?") {
            answer.rows(|row| row["orderId"] = json!(null));
        }
    });
    let report = import(&channel(&world, &proxy)).await;
    assert!(partial(&report).contains("changed orders: 1 row without an id"), "{report}");
    world.sim.clock().advance(DAY * 2);
    proxy.heal();
    let report = import(&channel(&world, &proxy)).await;
    assert_eq!(sink.kinds(), [OrderChangeKind::Cancelled], "{report}");
    assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
}

#[tokio::test]
async fn a_list_of_changes_that_shows_fewer_than_it_counts_is_read_again() {
    let (world, proxy, sink, _) = cancelled().await;
    proxy.now(|asked, answer| {
        if asked.starts_with("GET /orders?") && asked.contains("modifyDateStart") {
            answer.json(|json| json["orders"] = json!([]));
        }
    });
    let report = import(&channel(&world, &proxy)).await;
    assert!(partial(&report).contains("changed orders: 0 rows of 1"), "{report}");
    world.sim.clock().advance(DAY * 2);
    proxy.heal();
    let _ = import(&channel(&world, &proxy)).await;
    assert_eq!(sink.kinds(), [OrderChangeKind::Cancelled]);
}

#[tokio::test]
async fn an_imported_order_that_stays_open_and_turns_unreadable_is_looked_at_too() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let proxy = Proxy::before(&world, |_, _| {}).await;
    let sink = Feed::of(&world);
    let _ = import(&channel(&world, &proxy)).await;
    world.sim.clock().advance(Duration::from_secs(900));
    let other = "Elsewhere".to_owned();
    world.sim.account(|account| {
        account.edit(order, |order| order.set("shipTo.city", other));
    });
    proxy.now(|asked, answer| {
        if asked.starts_with("GET /orders?") {
            answer.rows(|row| row["items"] = json!("none"));
        }
    });
    let report = import(&channel(&world, &proxy)).await;
    assert_eq!(sink.kinds(), [OrderChangeKind::Address], "{report}");
    assert_eq!(
        (report.counts.already_imported(), report.run.status.clone()),
        (1, RunStatus::Succeeded),
        "{report}"
    );
}
