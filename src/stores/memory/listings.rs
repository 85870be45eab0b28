//! The host's listings and their links.

use std::collections::{BTreeMap, BTreeSet};

use super::{Connection, Writer, after};
use crate::channel::{
    ChannelProductId, LinkState, Listing, ListingId, ListingLink, NewLink,
    store::{LinkQuery, PutLinkOutcome, StoreError},
};

/// Links, and what becomes of them. A store that keeps them elsewhere loads those that a call touches.
#[derive(Debug, Default)]
pub(in crate::stores) struct Links {
    listings: BTreeMap<ListingId, Listing>,
    kept: BTreeMap<ListingId, ListingLink>,
    by_product: BTreeMap<ChannelProductId, ListingId>,
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
        if let Some(owner) = self.by_product.insert(new.product.clone(), new.listing.clone()) {
            self.kept.remove(&owner);
        }
        let before = self.kept.insert(new.listing.clone(), ListingLink::from_new(new.clone()));
        if let Some(before) = before.filter(|before| before.product != new.product) {
            self.by_product.remove(&before.product);
        }
        answer
    }

    /// The newest link of each of these SKUs that holds.
    fn of_skus(&self, skus: &[String]) -> Vec<ListingLink> {
        let wanted: BTreeSet<&String> = skus.iter().collect();
        let mut links: Vec<&ListingLink> = self.kept.values().filter(|link| is_linked(link)).collect();
        links.retain(|link| wanted.contains(&link.sku));
        links.sort_by_key(|link| link.linked_at);
        let newest: BTreeMap<&String, &ListingLink> =
            links.into_iter().map(|link| (&link.sku, link)).collect();
        newest.into_values().cloned().collect()
    }

    fn of_products(&self, products: &[ChannelProductId]) -> Vec<ListingLink> {
        let links = products.iter().filter_map(|product| self.kept.get(self.by_product.get(product)?));
        links.filter(|link| is_linked(link)).cloned().collect()
    }
}

fn is_linked(link: &ListingLink) -> bool {
    link.state == LinkState::Linked
}

#[allow(clippy::unnecessary_wraps, reason = "what writes for a run may fail")]
impl Connection {
    pub(super) fn listings(&self, place: Option<&ListingId>, limit: usize) -> Vec<Listing> {
        after(&self.links.listings, place).take(limit).cloned().collect()
    }

    pub(super) fn links(&self, query: LinkQuery<'_>) -> Vec<ListingLink> {
        match query {
            LinkQuery::After { after: place, limit } => {
                after(&self.links.kept, place).take(limit).cloned().collect()
            }
            LinkQuery::Skus(skus) => self.links.of_skus(skus),
            LinkQuery::Products(products) => self.links.of_products(products),
        }
    }

    pub(super) fn put_links(
        &mut self,
        _: &Writer<'_>,
        links: &[NewLink],
    ) -> Result<Vec<PutLinkOutcome>, StoreError> {
        Ok(links.iter().map(|link| self.links.put(link)).collect())
    }

    pub(super) fn mark_broken(&mut self, _: &Writer<'_>, listings: &[ListingId]) -> Result<(), StoreError> {
        for listing in listings {
            if let Some(link) = self.links.kept.get_mut(listing) {
                link.state = LinkState::Broken;
            }
        }
        Ok(())
    }
}
