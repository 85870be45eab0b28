//! What linking costs: a sweep of 500 a page, or one look-up per SKU, whichever is less.

use shipstation_connector::{
    channel::{ChannelConnector, LinkListings},
    connector::ProductReading,
    testing::simulator::SimProduct,
};

use super::{add, channel, kept, link, link_with, list, outcomes, product};
use crate::support::World;

/// Adds products `P-00000` and so on.
fn catalogue(world: &World, products: u32) {
    world.sim.account(|account| {
        for n in 0..products {
            account.add_product(SimProduct::new(format!("P-{n:05}")));
        }
    });
}

fn pages(world: &World) -> usize {
    world.sim.journal().count("GET", "/products")
}

#[tokio::test]
async fn requests_a_sweep_takes_one_per_500_products() {
    let world = World::new().await;
    catalogue(&world, 5_000);
    let skus: Vec<(String, String)> = (0..4_000).map(|n| (format!("l{n:05}"), format!("P-{n:05}"))).collect();
    let listings: Vec<(&str, &str)> = skus.iter().map(|(id, sku)| (id.as_str(), sku.as_str())).collect();
    list(&world, &listings);
    let report = link(&world).await;
    assert_eq!((report.counts.linked, report.counts.scanned_products), (4_000, 5_000), "{report}");
    assert_eq!(pages(&world), 10, "200 for 100,000: no probe, no page beyond the last");
    assert_eq!(world.sim.journal().len(), 10);
    assert!(report.complete);
    assert_eq!(report.items.len() + usize::try_from(report.items_truncated).unwrap(), 4_000);
    assert!(report.items.len() <= 200, "links may be left out of a report");
    assert_eq!(report.run.api.requests, 10);
}

#[tokio::test]
async fn requests_few_listings_are_looked_up_one_by_one() {
    let world = World::new().await;
    catalogue(&world, 5_000);
    list(&world, &[("a", "P-04999"), ("b", "P-00001"), ("c", "P-9")]);
    let report = link(&world).await;
    assert_eq!(pages(&world), 4, "one page that tells how many there are, then three look-ups");
    let shown = outcomes(&report);
    assert!(shown["a"].starts_with("linked") && shown["b"].starts_with("linked"), "{shown:?}");
    assert_eq!(shown["c"], "none []");
    assert!(!report.complete, "nothing is said about links whose product is gone");
    assert!(report.run.warnings.iter().any(|warning| warning.contains("listings.reading")), "{report}");
}

#[tokio::test]
async fn requests_a_look_up_also_finds_the_second_product_of_a_sku() {
    let world = World::new().await;
    catalogue(&world, 2_000);
    // One on the first page of a sweep, one on the last.
    product(&world, "P-00001");
    list(&world, &[("a", "P-00001")]);
    let report = link(&world).await;
    assert_eq!(outcomes(&report)["a"], "2 products");
    assert_eq!(pages(&world), 2);
}

#[tokio::test]
async fn requests_look_ups_that_bring_too_much_give_way_to_the_sweep() {
    let world = World::new().await;
    catalogue(&world, 5_000);
    // The filter is a prefix: these two would bring every product there is, twice.
    list(&world, &[("a", "P"), ("b", "P-"), ("c", "P-00007")]);
    let report = link(&world).await;
    assert!(report.complete);
    assert_eq!(report.counts.no_match, 2, "{report}");
    assert_eq!(report.counts.linked, 1);
    assert_eq!(pages(&world), 11, "one look-up was in vain");
}

#[tokio::test]
async fn requests_a_sweep_can_be_asked_for() {
    let world = World::new().await;
    catalogue(&world, 2_000);
    let aliased = add(&world, SimProduct::new("MASTER").alias("SHOP", 11));
    list(&world, &[("a", "SHOP")]);
    let sweep = channel(&world, |settings| settings.reading = ProductReading::Sweep);
    let report = link_with(&sweep, LinkListings::new()).await;
    assert_eq!(outcomes(&report)["a"], format!("linked {aliased}"));
    assert_eq!(pages(&world), 5);
    // Look-ups do not see the alias; that takes nothing away from the link.
    let report = link(&world).await;
    assert_eq!((report.counts.no_match, report.counts.not_evaluated), (0, 1), "{report}");
    assert_eq!(kept(&world).await, [("a".to_owned(), aliased)].into());
}

#[tokio::test]
async fn requests_a_link_is_broken_only_after_a_second_look() {
    let world = World::new().await;
    catalogue(&world, 600);
    let listings: Vec<String> = (0..600).map(|n| format!("P-{n:05}")).collect();
    let listings: Vec<(&str, &str)> = listings.iter().map(|sku| (sku.as_str(), sku.as_str())).collect();
    list(&world, &listings);
    let _ = link(&world).await;
    world.sim.account(|account| account.products.pop_first());
    world.sim.clear_journal();
    assert_eq!(link(&world).await.counts.broken, 1);
    assert_eq!(pages(&world), 2);
    assert_eq!(world.sim.journal().len(), 3, "one product is asked for by its number");
    world.sim.account(|account| account.products.retain(|id, _| id % 2 == 0));
    world.sim.clear_journal();
    let report = link(&world).await;
    assert!(report.counts.broken >= 299, "{report}");
    assert_eq!(world.sim.journal().len(), 2, "many are asked for by reading the list again");
}

#[tokio::test]
async fn requests_nothing_to_link_asks_nothing() {
    let world = World::new().await;
    catalogue(&world, 10);
    let report = link(&world).await;
    assert!(report.complete && world.sim.journal().is_empty(), "{report}");
}

#[tokio::test]
async fn requests_two_at_once_are_one_run() {
    let world = World::new().await;
    catalogue(&world, 10);
    list(&world, &[("a", "P-00001")]);
    let channels = (channel(&world, |_| {}), channel(&world, |_| {}));
    let (one, other) = tokio::join!(
        channels.0.link_listings(LinkListings::new()),
        channels.1.link_listings(LinkListings::new())
    );
    let ran = [one.is_ok(), other.is_ok()].into_iter().filter(|ok| *ok).count();
    assert_eq!((ran, pages(&world)), (1, 1), "the other one is told that a run is under way");
}
