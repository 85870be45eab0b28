//! Shipping rules, carrier rules, and the texts that no rule maps.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId,
        shipping::{CarrierRule, ShippingRule, StoreKey, UnmappedText},
    },
};

/// Keeps the two rule tables and counts what they do not cover.
///
/// # Contract
/// Beside the [common contract](super):
///
/// - Reading a table MUST give one consistent snapshot with its version. Version 0 is the empty table that
///   nobody has written.
/// - Replacing is all or nothing, and only against the expected version; the version grows by one.
/// - `note_unmapped` upserts per `(store, text)`: it adds up counts, keeps the first and the last sighting and a few
///   sample orders. Losing a count in a crash is acceptable; losing the text is not, but held orders also have it.
///
/// # Testing an implementation
/// Replace with a stale version; replace from two tasks at once; note the same text twice.
#[async_trait]
pub trait MappingStore: Debug + Send + Sync {
    /// The shipping rules.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn shipping_rules(&self, connection: &ConnectionId) -> Result<Versioned<ShippingRule>, StoreError>;

    /// Replaces the shipping rules. The host calls this.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn replace_shipping_rules(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: Vec<ShippingRule>,
    ) -> Result<Replace, StoreError>;

    /// The carrier rules.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn carrier_rules(&self, connection: &ConnectionId) -> Result<Versioned<CarrierRule>, StoreError>;

    /// Replaces the carrier rules. The host calls this.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn replace_carrier_rules(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: Vec<CarrierRule>,
    ) -> Result<Replace, StoreError>;

    /// Counts texts that no rule maps.
    ///
    /// # Errors
    /// When the store cannot write.
    async fn note_unmapped(&self, connection: &ConnectionId, seen: &[Sighting]) -> Result<(), StoreError>;

    /// The texts that were not mapped when they were seen, most often seen first.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn unmapped(&self, connection: &ConnectionId) -> Result<Vec<UnmappedText>, StoreError>;
}

/// A table as it was at one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioned<T> {
    /// The version.
    pub version: u64,
    /// The rows, in the host's order.
    pub rows: Vec<T>,
}

impl<T> Default for Versioned<T> {
    fn default() -> Self {
        Self { version: 0, rows: Vec::new() }
    }
}

/// The answer to a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replace {
    /// Done.
    Replaced {
        /// The version from now on.
        version: u64,
    },
    /// Somebody else was first: nothing was changed. Read again, and decide again.
    VersionConflict {
        /// The version that there is.
        current: u64,
    },
}

/// A text that no rule mapped, seen on an order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sighting {
    /// The store.
    pub store: Option<StoreKey>,
    /// The text, exactly.
    pub text: String,
    /// The order.
    pub order: ChannelOrderId,
    /// When.
    pub at: Timestamp,
}

impl Sighting {
    /// A sighting.
    pub fn new(store: Option<StoreKey>, text: String, order: ChannelOrderId, at: Timestamp) -> Self {
        Self { store, text, order, at }
    }
}
