//! The host's listings and their links.

use std::{collections::HashMap, fmt::Debug};

use async_trait::async_trait;

use super::{RunToken, StoreError};
use crate::channel::{ChannelProductId, ConnectionId, Listing, ListingId, ListingLink, NewLink};

/// Reads the host's listings and keeps their links.
///
/// # Contract
/// Beside the [common contract](super):
///
/// - Links are unique both ways: a listing has at most one product, and a product at most one listing.
///   `put_links` answers `Conflict` when the product belongs to another listing, and changes nothing then. A
///   broken link gives way: it is removed when its product is put on another listing.
/// - `listings` and `links` answer in ascending order of listing id and page by it: rows written meanwhile
///   never hide others.
/// - `mark_broken` keeps the link. A broken link that is put again is linked again.
///
/// # Testing an implementation
/// Put the same link twice; put one product on two listings, also after the first link broke; read pages while writing links.
#[async_trait]
pub trait ListingStore: Debug + Send + Sync {
    /// The host's listings, after `after`.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn listings(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError>;

    /// The kept links, after `after`.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn links(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<ListingLink>, StoreError>;

    /// The links of these SKUs that are not broken, by SKU. Takes at least 500 SKUs in one call.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn links_by_sku(
        &self,
        connection: &ConnectionId,
        skus: &[String],
    ) -> Result<HashMap<String, ListingLink>, StoreError>;

    /// The links of these products that are not broken, by product. Takes at least 500 products in one call.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn links_by_product(
        &self,
        connection: &ConnectionId,
        products: &[ChannelProductId],
    ) -> Result<HashMap<ChannelProductId, ListingLink>, StoreError>;

    /// Keeps links. The answers stand in the order given.
    ///
    /// # Errors
    /// `LostLease`, or when the store cannot write.
    async fn put_links(&self, token: &RunToken, links: &[NewLink]) -> Result<Vec<PutLink>, StoreError>;

    /// Marks links as broken. One that does not exist MUST be ignored.
    ///
    /// # Errors
    /// `LostLease`, or when the store cannot write.
    async fn mark_broken(&self, token: &RunToken, listings: &[ListingId]) -> Result<(), StoreError>;
}

/// What became of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PutLink {
    /// It is new.
    Created,
    /// It was there.
    Same,
    /// The listing had another product before.
    Replaced,
    /// The product belongs to another listing.
    Conflict {
        /// Which.
        with: ListingId,
    },
}
