//! The host's listings and their links.

use std::{collections::BTreeMap, ops::Bound};

use async_trait::async_trait;

use super::MemoryStore;
use crate::channel::{
    ChannelProductId, ConnectionId, LinkState, Listing, ListingId, ListingLink, NewLink,
    store::{LinkQuery, ListingStore, PutLinkOutcome, RunToken, StoreError},
};

/// Links, and what becomes of them. A store that keeps them elsewhere loads those that a call touches.
#[derive(Debug, Default)]
pub(in crate::stores) struct Links {
    listings: BTreeMap<ListingId, Listing>,
    kept: BTreeMap<ListingId, ListingLink>,
    by_product: BTreeMap<ChannelProductId, ListingId>,
    by_sku: BTreeMap<String, ListingId>,
}

impl Links {
    /// These links.
    #[cfg(feature = "postgres")]
    pub(in crate::stores) fn of(links: Vec<ListingLink>) -> Self {
        let mut all = Self::default();
        for link in links {
            all.by_product.insert(link.product.clone(), link.listing.clone());
            all.kept.insert(link.listing.clone(), link);
        }
        all
    }

    /// Every link.
    #[cfg(feature = "postgres")]
    pub(in crate::stores) fn all(&self) -> impl Iterator<Item = &ListingLink> {
        self.kept.values()
    }

    pub(super) fn put_listings(&mut self, listings: impl IntoIterator<Item = Listing>) {
        self.listings.extend(listings.into_iter().map(|listing| (listing.id.clone(), listing)));
    }

    pub(in crate::stores) fn put(&mut self, new: &NewLink) -> PutLinkOutcome {
        let owner = self.by_product.get(&new.product).and_then(|owner| self.kept.get(owner));
        let answer = PutLinkOutcome::decide(new, owner, self.kept.get(&new.listing));
        if matches!(answer, PutLinkOutcome::Conflict { .. }) {
            return answer;
        }
        if let Some(owner) = owner.map(|owner| owner.listing.clone()) {
            self.remove(&owner);
        }
        self.remove(&new.listing);
        self.by_product.insert(new.product.clone(), new.listing.clone());
        self.by_sku.insert(new.sku.clone(), new.listing.clone());
        self.kept.insert(new.listing.clone(), ListingLink::from_new(new.clone()));
        answer
    }

    /// The links of these listings that hold.
    fn linked<'a>(&self, listings: impl Iterator<Item = Option<&'a ListingId>>) -> Vec<ListingLink> {
        let links = listings.filter_map(|listing| self.kept.get(listing?));
        links.filter(|link| link.state == LinkState::Linked).cloned().collect()
    }

    fn remove(&mut self, listing: &ListingId) {
        let Some(link) = self.kept.remove(listing) else { return };
        self.by_product.remove(&link.product);
        // Another listing may have the SKU now.
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
        query: LinkQuery<'_>,
    ) -> Result<Vec<ListingLink>, StoreError> {
        Ok(self.with(connection, |kept| {
            let links = &kept.links;
            match query {
                LinkQuery::After { after, limit } => page(&links.kept, after, limit),
                LinkQuery::Skus(skus) => links.linked(skus.iter().map(|sku| links.by_sku.get(sku))),
                LinkQuery::Products(products) => {
                    links.linked(products.iter().map(|product| links.by_product.get(product)))
                }
            }
        }))
    }

    async fn put_links(
        &self,
        token: &RunToken,
        links: &[NewLink],
    ) -> Result<Vec<PutLinkOutcome>, StoreError> {
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
