//! A listing store whose pages lead nowhere: the run says so instead of reading for ever.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use shipstation_connector::{
    channel::{
        ChannelConnector, ChannelProductId, ConnectionId, LinkListings, Listing, ListingId, ListingLink,
        NewLink, Refusal,
        store::{ListingStore, PutLink, RunToken, StoreError, Stores},
    },
    stores::MemoryStore,
};

use super::{channel_on, kept, link, list, product};
use crate::support::World;

/// Which of its lists begins anew with every page.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Circle {
    Listings,
    Links,
}

#[derive(Debug)]
struct Circling(Arc<MemoryStore>, Circle);

impl Circling {
    fn after<'a>(&self, list: Circle, after: Option<&'a ListingId>) -> Option<&'a ListingId> {
        after.filter(|_| self.1 != list)
    }
}

#[async_trait]
impl ListingStore for Circling {
    async fn listings(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError> {
        self.0.listings(connection, self.after(Circle::Listings, after), limit).await
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<ListingLink>, StoreError> {
        self.0.links(connection, self.after(Circle::Links, after), limit).await
    }

    async fn links_by_sku(
        &self,
        connection: &ConnectionId,
        skus: &[String],
    ) -> Result<HashMap<String, ListingLink>, StoreError> {
        self.0.links_by_sku(connection, skus).await
    }

    async fn links_by_product(
        &self,
        connection: &ConnectionId,
        products: &[ChannelProductId],
    ) -> Result<HashMap<ChannelProductId, ListingLink>, StoreError> {
        self.0.links_by_product(connection, products).await
    }

    async fn put_links(&self, token: &RunToken, links: &[NewLink]) -> Result<Vec<PutLink>, StoreError> {
        self.0.put_links(token, links).await
    }

    async fn mark_broken(&self, token: &RunToken, listings: &[ListingId]) -> Result<(), StoreError> {
        self.0.mark_broken(token, listings).await
    }
}

#[tokio::test]
async fn faults_a_store_whose_pages_go_in_circles_is_a_refusal() {
    let world = World::new().await;
    product(&world, "MUG-1");
    list(&world, &[("a", "MUG-1")]);
    let _ = link(&world).await;
    let before = kept(&world).await;
    for circle in [Circle::Listings, Circle::Links] {
        let listings = Arc::new(Circling(world.store.clone(), circle));
        let stores = Stores::all_in(world.store.clone()).with_listings(listings);
        let error = channel_on(&world, stores, |_| {}).link_listings(LinkListings::new()).await.unwrap_err();
        assert!(matches!(&error.refusal, Refusal::Store(error) if !error.is_retryable()), "{error}");
        assert!(error.to_string().contains("go round in circles: a page after a ends with a"), "{error}");
        assert_eq!(kept(&world).await, before);
    }
}
