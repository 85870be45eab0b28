//! What the host sells, and what it is linked to on the channel.

use serde::{Deserialize, Serialize};

use super::{ChannelProductId, ListingId, record::record};
use crate::Timestamp;

record! {
    /// Something that the host sells.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Listing {
        /// The host's identity of it.
        pub id: ListingId,
        /// The SKU, exactly as the host has it. A listing without one cannot be linked.
        pub sku: Option<String> = Some(sku.into()),
    }
    /// A listing with a SKU.
    pub fn new(id: impl Into<ListingId>, sku: impl Into<String>);
}

impl Listing {
    /// A listing that has no SKU.
    pub fn without_sku(id: impl Into<ListingId>) -> Self {
        Self { id: id.into(), sku: None }
    }
}

record! {
    /// A link that a run asks the store to keep.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct NewLink {
        /// The host's listing.
        pub listing: ListingId,
        /// The channel's product.
        pub product: ChannelProductId,
        /// The SKU on which they met, as the channel writes it.
        pub sku: String,
        /// When they met.
        pub linked_at: Timestamp,
    }
    /// A link made at `linked_at`.
    pub fn new(listing: ListingId, product: ChannelProductId, sku: String, linked_at: Timestamp);
}

/// A kept link between a listing and a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListingLink {
    /// The host's listing.
    pub listing: ListingId,
    /// The channel's product.
    pub product: ChannelProductId,
    /// The SKU on which they met, as the channel writes it.
    pub sku: String,
    /// When the link was made or last moved.
    pub linked_at: Timestamp,
    /// Whether it still holds.
    pub state: LinkState,
}

impl ListingLink {
    /// The link that keeping `new` makes.
    pub fn from_new(new: NewLink) -> Self {
        Self {
            listing: new.listing,
            product: new.product,
            sku: new.sku,
            linked_at: new.linked_at,
            state: LinkState::Linked,
        }
    }
}

/// Whether a link still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkState {
    /// It held at the last complete look.
    Linked,
    /// The product was gone or inactive, or the listing had another SKU, at the last complete look. Kept until the
    /// host removes it or another listing takes the product.
    Broken,
}
