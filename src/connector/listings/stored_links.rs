//! The links that the host's store keeps, as they were when the run began.

use std::collections::{HashMap, HashSet};

use crate::{
    channel::{
        ChannelProductId, LinkState, ListingId, ListingLink, NewLink,
        store::{ListingStoreExt, PutLinkOutcome, StoreError},
    },
    connector::{ShipStationChannel, store_pages::Bookmark},
};

#[derive(Debug, Default)]
pub(super) struct StoredLinks {
    by_listing: HashMap<ListingId, ListingLink>,
    /// Which listing a product belongs to.
    owners: HashMap<ChannelProductId, ListingId>,
}

impl StoredLinks {
    pub(super) async fn load(channel: &ShipStationChannel) -> Result<Self, StoreError> {
        let mut stored = Self::default();
        let mut read = Bookmark::at_the_start();
        loop {
            let store = &channel.stores.listings;
            let page = store.links_after(&channel.connection, read.after(), super::STORE_BATCH).await?;
            let Some(last) = page.last() else { return Ok(stored) };
            read.pass(&last.listing)?;
            for link in page {
                stored.owners.insert(link.product.clone(), link.listing.clone());
                stored.by_listing.insert(link.listing.clone(), link);
            }
        }
    }

    pub(super) fn of(&self, listing: &ListingId) -> Option<&ListingLink> {
        self.by_listing.get(listing)
    }

    /// The link of this listing, unless it is broken.
    pub(super) fn holding(&self, listing: &ListingId) -> Option<&ListingLink> {
        self.of(listing).filter(|link| link.state == LinkState::Linked)
    }

    pub(super) fn products(&self) -> HashSet<ChannelProductId> {
        self.owners.keys().cloned().collect()
    }

    /// Whether this very link is kept and holds.
    pub(super) fn has(&self, new: &NewLink) -> bool {
        self.holding(&new.listing).is_some_and(|link| link.product == new.product && link.sku == new.sku)
    }

    /// Whether the listing of this link is linked with another product now.
    pub(super) fn has_moved(&self, link: &ListingLink) -> bool {
        self.of(&link.listing).is_some_and(|now| now.product != link.product)
    }

    /// The links that hold, but whose product was not seen, by listing.
    pub(super) fn missing(&self, was_seen: impl Fn(&ChannelProductId) -> bool) -> Vec<ListingLink> {
        let links = self.by_listing.values();
        let mut missing: Vec<ListingLink> = links
            .filter(|link| link.state == LinkState::Linked && !was_seen(&link.product))
            .cloned()
            .collect();
        missing.sort_unstable_by(|a, b| a.listing.cmp(&b.listing));
        missing
    }

    /// Takes note of a link that is broken now.
    pub(super) fn broke(&mut self, listing: &ListingId) {
        if let Some(link) = self.by_listing.get_mut(listing) {
            link.state = LinkState::Broken;
        }
    }

    /// Takes note of a link that is kept now; gives back the one before. A broken link to the product gives way.
    pub(super) fn put(&mut self, new: &NewLink) -> Option<ListingLink> {
        if let Some(owner) = self.owners.get(&new.product).filter(|owner| **owner != new.listing) {
            self.by_listing.remove(owner);
        }
        let before = self.by_listing.insert(new.listing.clone(), ListingLink::from_new(new.clone()));
        if let Some(before) = before.as_ref().filter(|before| before.product != new.product) {
            self.owners.remove(&before.product);
        }
        self.owners.insert(new.product.clone(), new.listing.clone());
        before
    }

    /// What a store would answer, for a dry run.
    pub(super) fn foresee(&self, links: &[NewLink]) -> Vec<PutLinkOutcome> {
        links.iter().map(|link| self.foresee_one(link)).collect()
    }

    fn foresee_one(&self, new: &NewLink) -> PutLinkOutcome {
        let owner = self.owners.get(&new.product).and_then(|owner| self.of(owner));
        PutLinkOutcome::decide(new, owner, self.of(&new.listing))
    }
}
