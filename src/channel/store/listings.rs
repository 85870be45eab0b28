//! The host's listings and their links.

use std::{collections::HashMap, fmt::Debug};

use async_trait::async_trait;

use super::{KEYS_PER_CALL, RunToken, StoreError};
use crate::channel::{ChannelProductId, ConnectionId, LinkState, Listing, ListingId, ListingLink, NewLink};

/// Reads the host's listings and keeps their links.
///
/// Beside the [common contract](super), links MUST be unique both ways: a listing has at most one product, and a product
/// at most one listing.
///
/// # Testing an implementation
/// Put the same link twice; put one product on two listings, also after the first link broke; read pages while writing links.
#[async_trait]
pub trait ListingStore: Debug + Send + Sync {
    /// At most `limit` of the host's listings after `after`.
    ///
    /// MUST answer in ascending order of listing id, so that rows written meanwhile hide no others.
    async fn listings(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError>;

    /// The links that the query asks for; each variant of [`LinkQuery`] says in which order.
    ///
    /// MUST see every link that was put before, also through another handle.
    async fn links(
        &self,
        connection: &ConnectionId,
        query: LinkQuery<'_>,
    ) -> Result<Vec<ListingLink>, StoreError>;

    /// Keeps links. The answers MUST stand in the order given.
    ///
    /// MUST do what [`PutLinkOutcome::decide`] says, link by link, as if nobody else wrote: a `Conflict` changes nothing; any other
    /// answer keeps the link as [linked](LinkState::Linked), and removes the broken link of another listing to the same
    /// product. The whole call MAY be one transaction.
    async fn put_links(&self, token: &RunToken, links: &[NewLink])
    -> Result<Vec<PutLinkOutcome>, StoreError>;

    /// Marks links as broken. MUST keep them, and ignore a listing that has none.
    async fn mark_broken(&self, token: &RunToken, listings: &[ListingId]) -> Result<(), StoreError>;
}

/// Which links are asked for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum LinkQuery<'a> {
    /// Every link, broken ones included: at most `limit` after `after`, in ascending order of listing id.
    After {
        /// The last listing of the page before; `None` for the first page.
        after: Option<&'a ListingId>,
        /// The length of the page.
        limit: usize,
    },
    /// The link of each of these SKUs that is not broken, the newest where several share a SKU, in any order. SKUs are
    /// compared exactly. At least 500 MUST be taken in one call.
    Skus(&'a [String]),
    /// The link of each of these products that is not broken, in any order. At least 500 MUST be taken in one call.
    Products(&'a [ChannelProductId]),
}

/// What became of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PutLinkOutcome {
    /// It is new.
    Created,
    /// It was there.
    Same,
    /// The listing had another product before.
    Replaced,
    /// The product belongs to another listing.
    Conflict {
        /// The listing that has the product.
        with: ListingId,
    },
}

impl PutLinkOutcome {
    /// What becomes of `new`, where `owner` is the kept link of its product and `before` that of its listing.
    pub fn decide(new: &NewLink, owner: Option<&ListingLink>, before: Option<&ListingLink>) -> Self {
        let others = owner.filter(|owner| owner.listing != new.listing && owner.state == LinkState::Linked);
        match (others, before) {
            (Some(owner), _) => Self::Conflict { with: owner.listing.clone() },
            (None, Some(before)) if before.product != new.product => Self::Replaced,
            (None, Some(before)) if before.state == LinkState::Linked => Self::Same,
            (None, _) => Self::Created,
        }
    }
}

/// Conveniences for whoever calls a [`ListingStore`].
///
/// # Errors
/// Each fails as the method of the store does that it calls.
#[async_trait]
pub trait ListingStoreExt: ListingStore {
    /// A page of [every link](LinkQuery::After).
    async fn links_after(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<ListingLink>, StoreError> {
        self.links(connection, LinkQuery::After { after, limit }).await
    }

    /// The links of any number of [SKUs](LinkQuery::Skus), by SKU.
    async fn links_by_sku(
        &self,
        connection: &ConnectionId,
        skus: &[String],
    ) -> Result<HashMap<String, ListingLink>, StoreError> {
        let mut found = HashMap::new();
        for skus in skus.chunks(KEYS_PER_CALL) {
            let links = self.links(connection, LinkQuery::Skus(skus)).await?;
            found.extend(links.into_iter().map(|link| (link.sku.clone(), link)));
        }
        Ok(found)
    }

    /// The links of any number of [products](LinkQuery::Products), by product.
    async fn links_by_product(
        &self,
        connection: &ConnectionId,
        products: &[ChannelProductId],
    ) -> Result<HashMap<ChannelProductId, ListingLink>, StoreError> {
        let mut found = HashMap::new();
        for products in products.chunks(KEYS_PER_CALL) {
            let links = self.links(connection, LinkQuery::Products(products)).await?;
            found.extend(links.into_iter().map(|link| (link.product.clone(), link)));
        }
        Ok(found)
    }
}

impl<S: ListingStore + ?Sized> ListingStoreExt for S {}
