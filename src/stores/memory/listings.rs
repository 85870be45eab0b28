//! The host's listings and their links.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
};

use async_trait::async_trait;

use super::MemoryStore;
use crate::channel::{
    ChannelProductId, ConnectionId, LinkState, Listing, ListingId, ListingLink, NewLink,
    store::{ListingStore, PutLink, RunToken, StoreError},
};

#[derive(Debug, Default)]
pub(super) struct Links {
    listings: BTreeMap<ListingId, Listing>,
    kept: BTreeMap<ListingId, ListingLink>,
    by_product: BTreeMap<ChannelProductId, ListingId>,
    by_sku: BTreeMap<String, ListingId>,
}

impl Links {
    pub(super) fn put_listings(&mut self, listings: impl IntoIterator<Item = Listing>) {
        self.listings.extend(listings.into_iter().map(|listing| (listing.id.clone(), listing)));
    }

    fn put(&mut self, new: &NewLink) -> PutLink {
        if let Some(owner) = self.by_product.get(&new.product).filter(|owner| **owner != new.listing).cloned()
        {
            if self.kept.get(&owner).is_some_and(|link| link.state == LinkState::Linked) {
                return PutLink::Conflict { with: owner };
            }
            self.remove(&owner);
        }
        let kept = self.kept.get(&new.listing);
        if kept.is_some_and(|kept| {
            kept.product == new.product && kept.sku == new.sku && kept.state == LinkState::Linked
        }) {
            return PutLink::Same;
        }
        let before = self.kept.insert(new.listing.clone(), ListingLink::from_new(new.clone()));
        self.by_product.insert(new.product.clone(), new.listing.clone());
        self.by_sku.insert(new.sku.clone(), new.listing.clone());
        let Some(before) = before else { return PutLink::Created };
        // Another listing may have the SKU by now.
        if before.sku != new.sku && self.by_sku.get(&before.sku) == Some(&new.listing) {
            self.by_sku.remove(&before.sku);
        }
        if before.product != new.product {
            self.by_product.remove(&before.product);
            return PutLink::Replaced;
        }
        if before.state == LinkState::Broken { PutLink::Created } else { PutLink::Same }
    }

    fn remove(&mut self, listing: &ListingId) {
        let Some(link) = self.kept.remove(listing) else { return };
        self.by_product.remove(&link.product);
        // Another listing may have the SKU by now.
        if self.by_sku.get(&link.sku) == Some(listing) {
            self.by_sku.remove(&link.sku);
        }
    }
}

fn page<T: Clone>(rows: &BTreeMap<ListingId, T>, after: Option<&ListingId>, limit: usize) -> Vec<T> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let rows = rows.range::<ListingId, _>((from, Bound::Unbounded));
    rows.take(limit).map(|(_, row)| row.clone()).collect()
}

#[async_trait]
impl ListingStore for MemoryStore {
    async fn listings(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError> {
        Ok(self.with(connection, |kept| page(&kept.links.listings, after, limit)))
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<ListingLink>, StoreError> {
        Ok(self.with(connection, |kept| page(&kept.links.kept, after, limit)))
    }

    async fn links_by_sku(
        &self,
        connection: &ConnectionId,
        skus: &[String],
    ) -> Result<HashMap<String, ListingLink>, StoreError> {
        Ok(self.with(connection, |kept| {
            let links = &kept.links;
            let linked = skus.iter().filter_map(|sku| {
                let link = links.kept.get(links.by_sku.get(sku)?)?;
                (link.state == LinkState::Linked).then(|| (sku.clone(), link.clone()))
            });
            linked.collect()
        }))
    }

    async fn links_by_product(
        &self,
        connection: &ConnectionId,
        products: &[ChannelProductId],
    ) -> Result<HashMap<ChannelProductId, ListingLink>, StoreError> {
        Ok(self.with(connection, |kept| {
            let links = &kept.links;
            let linked = products.iter().filter_map(|product| links.kept.get(links.by_product.get(product)?));
            let linked = linked.filter(|link| link.state == LinkState::Linked);
            linked.map(|link| (link.product.clone(), link.clone())).collect()
        }))
    }

    async fn put_links(&self, token: &RunToken, links: &[NewLink]) -> Result<Vec<PutLink>, StoreError> {
        self.write(token, |kept| Ok(links.iter().map(|link| kept.links.put(link)).collect()))
    }

    async fn mark_broken(&self, token: &RunToken, listings: &[ListingId]) -> Result<(), StoreError> {
        self.write(token, |kept| {
            for listing in listings {
                if let Some(link) = kept.links.kept.get_mut(listing) {
                    link.state = LinkState::Broken;
                }
            }
            Ok(())
        })
    }
}
