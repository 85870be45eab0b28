//! Listings whose SKUs the host has changed.

use shipstation_connector::{
    channel::{ChannelConnector, GetOrders, LinkListings, LinkState, Listing, RunControl, RunStatus},
    testing::simulator::{Fault, FaultKind, Method, SimLine, SimOrder, SimProduct},
};

use super::{add, channel, kept, link, link_with, links, list, outcomes, product, wanted};
use crate::support::World;

fn dry_run() -> LinkListings {
    LinkListings::with(RunControl::new().dry_run())
}

/// The listing that an imported line with this SKU gets.
async fn imported(world: &World, sku: &str) -> Option<String> {
    let order = SimOrder::new("1").created(world.now()).shipping("Standard");
    let order = order.line(SimLine::new(sku, 1, "1.00"));
    let id = world.sim.account(|account| account.add_order(order));
    let _ = channel(world, |_| {}).get_orders(GetOrders::new()).await.unwrap();
    let order = world.store.order(&world.connection, &id.to_string()).unwrap();
    order.lines[0].listing.as_ref().map(ToString::to_string)
}

#[tokio::test]
async fn faults_a_sku_that_goes_to_another_listing_takes_its_product_along() {
    let world = World::new().await;
    let mug = product(&world, "A");
    list(&world, &[("l1", "A")]);
    let _ = link(&world).await;
    list(&world, &[("l1", "OLD-A"), ("l2", "A")]);
    let foreseen = link_with(&channel(&world, |_| {}), dry_run()).await;
    assert_eq!(kept(&world).await, [("l1".to_owned(), mug)].into());
    let report = link(&world).await;
    let moved = wanted([("l1", format!("none [], broken {mug}")), ("l2", format!("linked {mug}"))]);
    assert_eq!(outcomes(&report), moved);
    assert_eq!(outcomes(&foreseen), moved, "a dry run foresees it");
    assert_eq!((report.run.status.clone(), report.counts.broken), (RunStatus::Succeeded, 1));
    let why = format!("l1 (\"A\") was linked with product {mug}, but has the SKU \"OLD-A\" now");
    assert!(report.to_string().contains(&why), "{report}");
    assert_eq!(kept(&world).await, [("l2".to_owned(), mug)].into());
    assert_eq!(imported(&world, "A").await.as_deref(), Some("l2"));
    assert_eq!(link(&world).await.counts.broken, 0, "it is reported once");
}

#[tokio::test]
async fn faults_two_listings_that_swap_their_skus_swap_their_products() {
    let world = World::new().await;
    let (one, two) = (product(&world, "A"), product(&world, "B"));
    list(&world, &[("l1", "A"), ("l2", "B")]);
    let _ = link(&world).await;
    list(&world, &[("l1", "B"), ("l2", "A")]);
    let foreseen = link_with(&channel(&world, |_| {}), dry_run()).await;
    let report = link(&world).await;
    assert_eq!((report.counts.write_failed, report.counts.broken), (0, 0), "{report}");
    assert_eq!(outcomes(&foreseen), outcomes(&report), "a dry run foresees it");
    assert_eq!(kept(&world).await, [("l1".to_owned(), two), ("l2".to_owned(), one)].into());
    assert_eq!(imported(&world, "A").await.as_deref(), Some("l2"));
    assert_eq!(link(&world).await.counts.already_linked, 2);
}

#[tokio::test]
async fn faults_a_listing_that_loses_its_sku_loses_its_link_until_the_sku_is_back() {
    let world = World::new().await;
    let mug = product(&world, "A");
    list(&world, &[("l1", "A")]);
    let _ = link(&world).await;
    world.store.put_listings(&world.connection, [Listing::without_sku("l1")]);
    let report = link(&world).await;
    assert_eq!(outcomes(&report)["l1"], format!("no SKU, broken {mug}"));
    assert!(report.to_string().contains("but has no SKU any more"), "{report}");
    assert_eq!(links(&world).await[0].state, LinkState::Broken, "the link is kept");
    list(&world, &[("l1", "A")]);
    assert_eq!(outcomes(&link(&world).await)["l1"], format!("linked {mug}"));
}

#[tokio::test]
async fn faults_a_sku_by_which_the_product_goes_too_breaks_nothing() {
    let world = World::new().await;
    let mug = add(&world, SimProduct::new("A").alias("SHOP-A", 11));
    let tea = product(&world, "T");
    list(&world, &[("l1", "A"), ("l2", "T")]);
    let _ = link(&world).await;
    // The one listing takes an alias of its product, the other the product's new SKU, which is no longer the only one.
    world.sim.account(|account| account.products.get_mut(&tea).unwrap().set("sku", "T-2"));
    product(&world, "T-2");
    list(&world, &[("l1", "SHOP-A"), ("l2", "T-2")]);
    let report = link(&world).await;
    assert_eq!(
        outcomes(&report),
        wanted([("l1", format!("already {mug}")), ("l2", "2 products".to_owned())])
    );
    assert_eq!(kept(&world).await, [("l1".to_owned(), mug), ("l2".to_owned(), tea)].into());
}

#[tokio::test]
async fn faults_an_incomplete_sweep_lets_no_product_go() {
    let world = World::new().await;
    let mug = product(&world, "A");
    product(&world, "B");
    list(&world, &[("l1", "A")]);
    let _ = link(&world).await;
    list(&world, &[("l1", "OLD-A"), ("l2", "A")]);
    let body = format!(
        r#"{{"products":[{{"productId":{mug},"sku":"A","active":true}}],"total":2,"page":1,"pages":1}}"#
    );
    let short = Fault::on(Method::GET, "/products").with(FaultKind::Status { code: 200, body });
    world.sim.fault(short.always());
    let report = link(&world).await;
    assert_eq!((report.complete, report.counts.broken), (false, 0), "{report}");
    assert_eq!(outcomes(&report)["l2"], "write failed");
    let why = format!("product {mug} is linked with listing l1: unlink");
    assert!(report.to_string().contains(&why), "{report}");
    assert_eq!(kept(&world).await, [("l1".to_owned(), mug)].into());
}
