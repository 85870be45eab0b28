//! Every outcome that a listing can have.

use shipstation_connector::{
    channel::{
        ChannelConnector, LinkListings, Listing, Operation, Readiness, Refusal, RunControl, RunStatus,
        store::ListingStoreExt,
    },
    testing::simulator::{Field, Method, SimProduct},
};

use super::{add, channel, kept, link, link_with, links, list, outcomes, product, wanted};
use crate::support::World;

#[tokio::test]
async fn faults_linking_is_not_configured_without_its_settings() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    assert!(matches!(channel.readiness(Operation::LinkListings), Readiness::NotConfigured { .. }));
    let error = channel.link_listings(LinkListings::new()).await.unwrap_err();
    assert!(
        matches!(&error.refusal, Refusal::NotConfigured { missing } if missing == &["listings"]),
        "{error}"
    );
    assert!(world.sim.journal().is_empty());
}

#[tokio::test]
async fn requests_the_same_links_are_made_once_and_written_once() {
    let world = World::new().await;
    let (mug, tea) = (product(&world, "MUG-1"), product(&world, "TEA-2"));
    list(&world, &[("a", "MUG-1"), ("b", "TEA-2")]);
    let first = link(&world).await;
    assert_eq!(first.run.status, RunStatus::Succeeded);
    assert!(first.complete);
    assert_eq!(outcomes(&first), wanted([("a", format!("linked {mug}")), ("b", format!("linked {tea}"))]));
    let before = links(&world).await;
    let again = link(&world).await;
    assert_eq!(outcomes(&again), wanted([("a", format!("already {mug}")), ("b", format!("already {tea}"))]));
    assert_eq!(links(&world).await, before);
    assert_eq!(world.sim.journal().writes().count(), 0, "linking changes nothing on ShipStation");
}

#[tokio::test]
async fn faults_only_the_very_same_sku_links() {
    let world = World::new().await;
    for sku in ["ABC-12", "abc-1", "ABC\u{2013}1", " ABC-1", "ABC-2"] {
        product(&world, sku);
    }
    list(&world, &[("a", "ABC-1"), ("b", "ABC"), ("c", "ABC-2")]);
    let report = link(&world).await;
    let shown = outcomes(&report);
    assert_eq!(shown["a"], "none [\"abc-1\", \"ABC–1\", \" ABC-1\"]", "near misses are named, three at most");
    assert_eq!(shown["b"], "none []", "a prefix is nothing");
    assert!(shown["c"].starts_with("linked"), "{shown:?}");
    assert_eq!((report.counts.no_match, report.counts.linked), (2, 1));
    assert!(report.to_string().contains("nearly the same"), "{report}");
}

#[tokio::test]
async fn faults_a_near_miss_is_named_though_another_listing_has_it_exactly() {
    let world = World::new().await;
    let exact = product(&world, "A");
    list(&world, &[("l1", "A"), ("l2", " A"), ("l3", "a")]);
    let near = || "none [\"A\"]".to_owned();
    let shown = wanted([("l1", format!("linked {exact}")), ("l2", near()), ("l3", near())]);
    assert_eq!(outcomes(&link(&world).await), shown);
}

#[tokio::test]
async fn faults_blank_skus_are_no_keys_on_either_side() {
    let world = World::new().await;
    product(&world, "");
    product(&world, "  ");
    add(&world, SimProduct::new("x").set("sku", Field::Null));
    list(&world, &[("a", ""), ("b", " \t"), ("c", "\u{a0}")]);
    world.store.put_listings(&world.connection, [Listing::without_sku("d")]);
    let report = link(&world).await;
    assert_eq!(report.counts.no_sku, 4, "{report}");
    assert!(kept(&world).await.is_empty());
}

#[tokio::test]
async fn faults_one_sku_on_many_products_or_listings_is_ambiguous() {
    let world = World::new().await;
    product(&world, "TWICE");
    product(&world, "TWICE");
    product(&world, "SHARED");
    product(&world, "BOTH");
    product(&world, "BOTH");
    list(&world, &[("a", "TWICE"), ("b", "SHARED"), ("c", "SHARED"), ("d", "BOTH"), ("e", "BOTH")]);
    let report = link(&world).await;
    let products = || "2 products".to_owned();
    assert_eq!(
        outcomes(&report),
        wanted([
            ("a", products()),
            ("b", "with c".to_owned()),
            ("c", "with b".to_owned()),
            ("d", products()),
            ("e", products()),
        ])
    );
    assert_eq!(report.counts.ambiguous, 5);
    assert!(kept(&world).await.is_empty(), "the first one is never taken");
}

#[tokio::test]
async fn faults_a_kept_link_outlives_ambiguity() {
    let world = World::new().await;
    let mug = product(&world, "MUG-1");
    list(&world, &[("a", "MUG-1")]);
    let _ = link(&world).await;
    product(&world, "MUG-1");
    let report = link(&world).await;
    assert_eq!(outcomes(&report), wanted([("a", "2 products".to_owned())]));
    assert_eq!(kept(&world).await, [("a".to_owned(), mug)].into());
}

#[tokio::test]
async fn faults_a_moved_sku_takes_its_link_along() {
    let world = World::new().await;
    let old = product(&world, "MUG-1");
    list(&world, &[("a", "MUG-1")]);
    let _ = link(&world).await;
    world.sim.account(|account| account.products.remove(&old));
    let new = product(&world, "MUG-1");
    let report = link(&world).await;
    assert_eq!(outcomes(&report), wanted([("a", format!("relinked {old} to {new}"))]));
    assert_eq!(kept(&world).await, [("a".to_owned(), new)].into(), "the link that moved is not broken");
    assert_eq!(report.counts.broken, 0);
}

#[tokio::test]
async fn faults_a_chain_of_moved_skus_is_followed_to_its_end() {
    let world = World::new().await;
    let (one, two) = (product(&world, "A"), product(&world, "B"));
    list(&world, &[("a", "A"), ("b", "B")]);
    let _ = link(&world).await;
    // B's product takes over A's SKU, and B's SKU goes to a new product.
    world.sim.account(|account| {
        account.products.remove(&one);
        account.products.get_mut(&two).unwrap().set("sku", "A");
    });
    let three = product(&world, "B");
    let foreseen = link_with(&channel(&world, |_| {}), LinkListings::with(RunControl::new().dry_run())).await;
    let report = link(&world).await;
    let moved =
        wanted([("a", format!("relinked {one} to {two}")), ("b", format!("relinked {two} to {three}"))]);
    assert_eq!(outcomes(&report), moved);
    assert_eq!(outcomes(&foreseen), moved, "a dry run foresees it");
    assert_eq!(kept(&world).await, [("a".to_owned(), two), ("b".to_owned(), three)].into());
}

#[tokio::test]
async fn faults_gone_and_inactive_products_break_links_and_come_back() {
    let world = World::new().await;
    let (gone, asleep, there) =
        (product(&world, "GONE"), product(&world, "ASLEEP"), product(&world, "THERE"));
    list(&world, &[("a", "GONE"), ("b", "ASLEEP"), ("c", "THERE")]);
    let _ = link(&world).await;
    world.sim.account(|account| {
        account.products.remove(&gone);
        account.products.get_mut(&asleep).unwrap().set("active", false);
    });
    let report = link(&world).await;
    assert_eq!(
        outcomes(&report),
        wanted([
            ("a", format!("none [], broken {gone}")),
            ("b", format!("none [], broken {asleep}")),
            ("c", format!("already {there}")),
        ])
    );
    assert_eq!(kept(&world).await, [("c".to_owned(), there)].into());
    assert_eq!(links(&world).await.len(), 3, "a broken link is kept until the host removes it");
    let again = link(&world).await;
    assert_eq!(again.counts.broken, 0, "and is reported once: {again}");
    world.sim.account(|account| account.products.get_mut(&asleep).unwrap().set("active", true));
    assert_eq!(outcomes(&link(&world).await)["b"], format!("linked {asleep}"));
}

#[tokio::test]
async fn faults_inactive_products_count_only_when_wanted() {
    let world = World::new().await;
    let asleep = add(&world, SimProduct::new("ASLEEP").inactive());
    list(&world, &[("a", "ASLEEP")]);
    assert_eq!(outcomes(&link(&world).await)["a"], "none []");
    let all = channel(&world, |settings| settings.include_inactive = true);
    let report = link_with(&all, LinkListings::new()).await;
    assert_eq!(outcomes(&report)["a"], format!("linked {asleep}"));
    assert_eq!(link_with(&all, LinkListings::new()).await.counts.already_linked, 1);
}

#[tokio::test]
async fn faults_a_row_hidden_by_another_one_leaving_breaks_nothing() {
    let world = World::new().await;
    for n in 0..1_000 {
        product(&world, &format!("P-{n:04}"));
    }
    list(&world, &[("a", "P-0500"), ("b", "P-0999")]);
    let sweep = || {
        channel(&world, |settings| settings.reading = shipstation_connector::connector::ProductReading::Sweep)
    };
    let _ = link_with(&sweep(), LinkListings::new()).await;
    let before = kept(&world).await;
    // Before the second page, a product of the first one goes: what was row 501 moves to the page that is read.
    let first = *world.sim.account(|account| account.products.keys().next().copied()).as_ref().unwrap();
    world.sim.before(Method::GET, "/products", 2, move |account| {
        account.products.remove(&first);
        account.add_product(SimProduct::new("NEW"));
    });
    let report = link_with(&sweep(), LinkListings::new()).await;
    assert_eq!(report.counts.broken, 0, "{report}");
    assert_eq!(kept(&world).await, before);
}

#[tokio::test]
async fn requests_a_dry_run_writes_nothing_and_foresees_everything() {
    let world = World::new().await;
    let (mug, tea) = (product(&world, "MUG-1"), product(&world, "TEA-2"));
    list(&world, &[("a", "MUG-1"), ("b", "TEA-2")]);
    let _ = link(&world).await;
    world.sim.account(|account| account.products.remove(&tea));
    let cup = product(&world, "CUP-3");
    list(&world, &[("c", "CUP-3")]);
    let before = links(&world).await;
    let dry = link_with(&channel(&world, |_| {}), LinkListings::with(RunControl::new().dry_run())).await;
    assert!(dry.run.dry_run);
    assert_eq!(links(&world).await, before);
    let real = link(&world).await;
    assert_eq!(outcomes(&dry), outcomes(&real));
    assert_eq!(
        outcomes(&real),
        wanted([
            ("a", format!("already {mug}")),
            ("b", format!("none [], broken {tea}")),
            ("c", format!("linked {cup}")),
        ])
    );
}

#[tokio::test]
async fn faults_products_that_swapped_their_skus_are_left_to_a_person() {
    let world = World::new().await;
    let (one, two) = (product(&world, "A"), product(&world, "B"));
    list(&world, &[("a", "A"), ("b", "B")]);
    let _ = link(&world).await;
    world.sim.account(|account| {
        account.products.get_mut(&one).unwrap().set("sku", "B");
        account.products.get_mut(&two).unwrap().set("sku", "A");
    });
    let report = link(&world).await;
    assert_eq!(report.counts.write_failed, 2, "{report}");
    assert_eq!(kept(&world).await, [("a".to_owned(), one), ("b".to_owned(), two)].into());
}

#[tokio::test]
async fn faults_a_sku_that_one_listing_gives_up_stays_with_the_next() {
    let world = World::new().await;
    let old = product(&world, "S");
    list(&world, &[("a", "S")]);
    let _ = link(&world).await;
    // The product goes, the SKU is given to another listing, and the first listing gets a new one.
    world.sim.account(|account| account.products.remove(&old));
    list(&world, &[("a", "GONE")]);
    let _ = link(&world).await;
    product(&world, "S");
    list(&world, &[("b", "S")]);
    let _ = link(&world).await;
    product(&world, "T");
    list(&world, &[("a", "T")]);
    let _ = link(&world).await;
    let found = world.store.links_by_sku(&world.connection, &["S".to_owned(), "T".to_owned()]).await.unwrap();
    let owners: Vec<&str> = ["S", "T"].iter().map(|sku| found[*sku].listing.as_str()).collect();
    assert_eq!(owners, ["b", "a"]);
}
