//! Products known by other names, in the stores that know them so.

use shipstation_connector::{
    channel::{ChannelConnector, GetOrders, LinkListings, report::MatchedBy},
    client::StoreId,
    connector::ListingSettings,
    testing::simulator::{SimLine, SimOrder, SimProduct},
};

use super::{add, channel, kept, link, link_with, list, outcomes, product, wanted};
use crate::support::World;

#[tokio::test]
async fn wire_an_alias_links_and_names_its_stores() {
    let world = World::new().await;
    let mug = add(&world, SimProduct::new("MASTER").alias("SHOP-A", 11).alias("SHOP-A", 12));
    list(&world, &[("a", "SHOP-A")]);
    let report = link(&world).await;
    assert_eq!(outcomes(&report), wanted([("a", format!("linked {mug}"))]));
    let stores = vec!["11".into(), "12".into()];
    assert_eq!(report.items[0].matched_by, Some(MatchedBy::Alias { stores }));
    assert_eq!(
        report.items[0].to_string(),
        format!("a (\"SHOP-A\") linked with product {mug} by an alias of store 11, 12")
    );
}

#[tokio::test]
async fn faults_a_products_own_sku_goes_before_another_ones_alias() {
    let world = World::new().await;
    let mug = add(&world, SimProduct::new("MASTER").alias("MUG", 11));
    let own = product(&world, "MUG");
    list(&world, &[("a", "MUG"), ("b", "MASTER")]);
    let report = link(&world).await;
    assert_eq!(outcomes(&report), wanted([("a", format!("linked {own}")), ("b", format!("linked {mug}"))]));
    assert_eq!(report.items[0].matched_by, Some(MatchedBy::Sku));
}

#[tokio::test]
async fn faults_listings_that_want_one_product_by_several_names_are_ambiguous() {
    let world = World::new().await;
    let mug = add(&world, SimProduct::new("MASTER").alias("OTHER", 11));
    // The alias comes first in every order: it must not win for that.
    list(&world, &[("a", "OTHER"), ("b", "MASTER"), ("c", "THIRD")]);
    let report = link(&world).await;
    assert_eq!(
        outcomes(&report),
        wanted([("a", "with b".to_owned()), ("b", format!("linked {mug}")), ("c", "none []".to_owned())])
    );
    assert_eq!(kept(&world).await, [("b".to_owned(), mug)].into());
}

#[tokio::test]
async fn faults_one_alias_of_several_products_is_ambiguous_unless_its_store_settles_it() {
    let world = World::new().await;
    let (east, west) = (SimProduct::new("EAST").alias("MUG", 11), SimProduct::new("WEST").alias("MUG", 12));
    let (east, _) = (add(&world, east), add(&world, west));
    list(&world, &[("a", "MUG")]);
    assert_eq!(outcomes(&link(&world).await)["a"], "2 products");
    let only_east = world.channel(|settings| {
        settings.listings = Some(ListingSettings::default());
        settings.orders.stores = [StoreId::new(11)].into();
    });
    let report = link_with(&only_east, LinkListings::new()).await;
    assert_eq!(outcomes(&report)["a"], format!("linked {east}"), "no order of store 12 is ever imported");
}

#[tokio::test]
async fn faults_aliases_can_be_left_alone_and_come_near() {
    let world = World::new().await;
    add(&world, SimProduct::new("MASTER").alias("mug", 11));
    list(&world, &[("a", "MUG")]);
    assert_eq!(outcomes(&link(&world).await)["a"], "none [\"mug\"]");
    list(&world, &[("a", "mug")]);
    let plain = channel(&world, |settings| settings.follow_aliases = false);
    let report = link_with(&plain, LinkListings::new()).await;
    assert_eq!(outcomes(&report)["a"], "none []");
    assert_eq!(report.run.settings["follow_aliases"], "false");
}

#[tokio::test]
async fn faults_an_order_that_shows_the_master_sku_finds_the_listing_of_an_alias() {
    let world = World::new().await;
    add(&world, SimProduct::new("MASTER").alias("SHOP-A", 11));
    list(&world, &[("a", "SHOP-A")]);
    let _ = link(&world).await;
    let order = |sku: &str| {
        let order = SimOrder::new(sku).created(world.now()).shipping("Standard");
        world.sim.account(|account| account.add_order(order.line(SimLine::new(sku, 1, "1.00"))))
    };
    let listing_of = |id: i64| {
        let order = world.store.order(&world.connection, &id.to_string()).unwrap();
        order.lines[0].listing.as_ref().map(ToString::to_string)
    };
    let [alias, master, stranger] = ["SHOP-A", "MASTER", "OTHER"].map(order);
    let report = channel(&world, |_| {}).get_orders(GetOrders::new()).await.unwrap();
    assert_eq!(report.counts.imported(), 3, "{report}");
    let listings = [alias, master, stranger].map(listing_of);
    assert_eq!(listings, [Some("a".to_owned()), Some("a".to_owned()), None]);

    let again = order("MASTER");
    let plain = channel(&world, |settings| settings.follow_aliases = false);
    assert_eq!(plain.get_orders(GetOrders::new()).await.unwrap().counts.imported(), 1);
    assert_eq!(listing_of(again), None, "aliases are to be left alone");
}
