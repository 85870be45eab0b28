//! What a delivery may make us ask: its batch and known filters, in pages of our size, and not without end.

use futures_util::StreamExt as _;
use serde_json::json;
use shipstation_connector::{
    client::{Incomplete, WebhookDelivery, WebhookPages, WebhookResource},
    testing::simulator::{RateLimit, SimOrder, SimulatorConfig},
};

use crate::support::world::World;

async fn world(orders: u32) -> World {
    let world = World::with(SimulatorConfig::default().rate_limit(RateLimit::Unlimited)).await;
    world.sim.account(|account| {
        for number in 0..orders {
            account.add_order(SimOrder::new(number.to_string()).import_batch("4d0a"));
        }
    });
    world
}

fn delivery(world: &World, query: &str) -> WebhookDelivery {
    let address = format!("{}{query}", world.sim.url());
    let body = json!({"resource_url": address, "resource_type": "ORDER_NOTIFY"});
    WebhookDelivery::parse(body.to_string().as_bytes()).unwrap()
}

#[tokio::test]
async fn the_page_size_of_a_delivery_is_ours() {
    let world = world(1_200).await;
    for size in ["pageSize=1", "PAGESIZE=1&page=3", "pagesize=0&sortDir=DESC&sortBy=OrderDate&x=y&page=99999"]
    {
        let before = world.sim.journal().len();
        let delivery = delivery(&world, &format!("orders?importBatch=4d0a&{size}"));
        let WebhookResource::Orders(rows) = world.client().webhooks().fetch_all(&delivery).await.unwrap()
        else {
            panic!("not orders")
        };
        assert_eq!((rows.items.len(), rows.incomplete), (1_200, None), "{size}");
        assert_eq!(world.sim.journal().len() - before, 3, "{size}");
    }
}

#[tokio::test]
async fn only_the_batch_and_known_filters_are_taken_over() {
    let world = world(3).await;
    world.sim.account(|account| {
        account.add_order(SimOrder::new("other"));
    });
    for (query, rows) in [
        ("orders?importBatch=4d0a", 3),
        ("orders?IMPORTBATCH=4d0a&orderNumber=2", 1),
        ("orders?importBatch=4d0a&ordernumber=2&page=7", 1),
        ("orders?importBatch=none", 0),
        ("orders", 4),
    ] {
        let delivery = delivery(&world, query);
        let WebhookResource::Orders(found) = world.client().webhooks().fetch_all(&delivery).await.unwrap()
        else {
            panic!("not orders")
        };
        assert_eq!(found.items.len(), rows, "{query}");
    }
}

#[tokio::test]
async fn a_delivery_is_cut_after_twenty_pages_and_says_so() {
    let world = world(10_001).await;
    let long = delivery(&world, "orders");
    let WebhookPages::Orders(mut pages) = world.client().webhooks().pages(&long).unwrap() else {
        panic!("not orders")
    };
    let mut rows = 0;
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.items.len() <= 500, "one page at a time");
        rows += page.items.len();
    }
    let end = pages.end().unwrap();
    assert_eq!((rows, end.incomplete, end.total), (10_000, Some(Incomplete::TooManyPages), Some(10_001)));
    assert_eq!(world.sim.journal().len(), 20);
    let WebhookResource::Orders(rows) = world.client().webhooks().fetch_all(&long).await.unwrap() else {
        panic!("not orders")
    };
    assert_eq!((rows.items.len(), rows.incomplete), (10_000, Some(Incomplete::TooManyPages)));
    assert_eq!(world.sim.journal().len(), 40);
}
