//! Link listings against the simulator.

mod aliases;
mod crash;
mod incomplete;
mod outcomes;
mod pages;
mod renamed;
mod requests;

use std::{collections::BTreeMap, sync::Arc};

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, LinkListings, LinkReport, LinkState, Listing, ListingLink,
        report::LinkOutcome,
        store::{ListingStore, ListingStoreExt, Stores},
    },
    connector::ListingSettings,
    testing::simulator::SimProduct,
};

use crate::support::World;

/// A channel with listing settings; each call is like another process.
fn channel(world: &World, change: impl FnOnce(&mut ListingSettings)) -> ShipStationChannel {
    channel_on(world, Stores::all_in(world.store.clone()), change)
}

fn channel_on(
    world: &World,
    stores: Stores,
    change: impl FnOnce(&mut ListingSettings),
) -> ShipStationChannel {
    world.channel_on(stores, |settings| {
        let mut listings = ListingSettings::default();
        change(&mut listings);
        settings.listings = Some(listings);
    })
}

/// The host's listings, as (id, SKU).
fn list(world: &World, listings: &[(&str, &str)]) {
    world.store.put_listings(&world.connection, listings.iter().map(|(id, sku)| Listing::new(*id, *sku)));
}

fn product(world: &World, sku: &str) -> i64 {
    add(world, SimProduct::new(sku))
}

fn add(world: &World, product: SimProduct) -> i64 {
    world.sim.account(|account| account.add_product(product))
}

/// Runs and checks what holds for every run.
async fn link(world: &World) -> LinkReport {
    link_with(&channel(world, |_| {}), LinkListings::new()).await
}

async fn link_with(channel: &ShipStationChannel, request: LinkListings) -> LinkReport {
    let report = channel.link_listings(request).await.unwrap();
    assert!(report.counts.add_up(), "{report}\n{:?}", report.counts);
    report
}

/// The outcome of each listing in one word with its product; a broken link stands beside the listing's own outcome.
fn outcomes(report: &LinkReport) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for item in &report.items {
        let word = match &item.outcome {
            LinkOutcome::Linked { product } => format!("linked {product}"),
            LinkOutcome::AlreadyLinked { product } => format!("already {product}"),
            LinkOutcome::Relinked { product, from } => format!("relinked {from} to {product}"),
            LinkOutcome::NoMatch { near_misses } => format!("none {near_misses:?}"),
            LinkOutcome::AmbiguousChannel { products } => format!("{} products", products.len()),
            LinkOutcome::AmbiguousHost { listings } => {
                format!("with {}", listings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
            LinkOutcome::NoSku => "no SKU".to_owned(),
            LinkOutcome::Broken { product, .. } => format!("broken {product}"),
            LinkOutcome::WriteFailed { .. } => "write failed".to_owned(),
            other => format!("{other:?}"),
        };
        all.entry(item.listing.to_string())
            .and_modify(|known| *known = format!("{known}, {word}"))
            .or_insert(word);
    }
    all
}

/// Every kept link that holds, as listing and product.
async fn kept(world: &World) -> BTreeMap<String, i64> {
    let links = links(world).await;
    let holding = links.into_iter().filter(|link| link.state == LinkState::Linked);
    holding.map(|link| (link.listing.to_string(), link.product.as_str().parse().unwrap())).collect()
}

async fn links(world: &World) -> Vec<ListingLink> {
    let store: Arc<dyn ListingStore> = world.store.clone();
    let mut links = Vec::new();
    loop {
        let after = links.last().map(|link: &ListingLink| link.listing.clone());
        let page = store.links_after(&world.connection, after.as_ref(), 500).await.unwrap();
        if page.is_empty() {
            return links;
        }
        links.extend(page);
    }
}

/// Expected outcomes, for comparison.
fn wanted<const N: usize>(outcomes: [(&str, String); N]) -> BTreeMap<String, String> {
    outcomes.into_iter().map(|(listing, outcome)| (listing.to_owned(), outcome)).collect()
}
