//! Shipping rules, carrier rules, and the texts that no rule maps.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId,
        record::record,
        shipping::{CarrierRule, ShippingRule, StoreKey, UnmappedText},
    },
};

/// Keeps the two rule tables and counts what they do not cover.
///
/// Beside the [common contract](super), version 0 of a table is the empty one that nobody has written.
///
/// # Testing an implementation
/// Replace with a stale version; replace from two tasks at once; note the same text twice.
#[async_trait]
pub trait MappingStore: Debug + Send + Sync {
    /// Both tables of rules. MUST be one consistent snapshot, each table with its version and in the host's order.
    async fn rules(&self, connection: &ConnectionId) -> Result<RuleTables, StoreError>;

    /// Replaces one table. The host calls this.
    ///
    /// MUST do what [`ReplaceOutcome::decide`] says, all or nothing and as if nobody else wrote: of concurrent replacements of one
    /// version one is done. The tables have versions of their own.
    async fn replace(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: NewRules,
    ) -> Result<ReplaceOutcome, StoreError>;

    /// Counts texts that no rule maps.
    ///
    /// MUST upsert per `(store, text)`, both compared exactly, as [`UnmappedOccurrence::count`] does. A count MAY be lost in a
    /// crash; a text SHOULD NOT be, though held orders have it too.
    async fn note_unmapped(
        &self,
        connection: &ConnectionId,
        seen: &[UnmappedOccurrence],
    ) -> Result<(), StoreError>;

    /// The texts that were not mapped when they were seen. MUST answer the most often seen first.
    async fn unmapped(&self, connection: &ConnectionId) -> Result<Vec<UnmappedText>, StoreError>;
}

/// Conveniences for whoever calls a [`MappingStore`].
///
/// # Errors
/// Each fails as the method of the store does that it calls.
#[async_trait]
pub trait MappingStoreExt: MappingStore {
    /// The shipping rules.
    async fn shipping_rules(&self, connection: &ConnectionId) -> Result<Versioned<ShippingRule>, StoreError> {
        Ok(self.rules(connection).await?.shipping)
    }

    /// The carrier rules.
    async fn carrier_rules(&self, connection: &ConnectionId) -> Result<Versioned<CarrierRule>, StoreError> {
        Ok(self.rules(connection).await?.carriers)
    }

    /// Replaces the shipping rules.
    async fn replace_shipping_rules(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: Vec<ShippingRule>,
    ) -> Result<ReplaceOutcome, StoreError> {
        self.replace(connection, expected_version, NewRules::Shipping(rules)).await
    }

    /// Replaces the carrier rules.
    async fn replace_carrier_rules(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: Vec<CarrierRule>,
    ) -> Result<ReplaceOutcome, StoreError> {
        self.replace(connection, expected_version, NewRules::Carriers(rules)).await
    }
}

impl<S: MappingStore + ?Sized> MappingStoreExt for S {}

/// The two tables of rules, as they were at one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleTables {
    /// What the stores' shipping texts mean.
    pub shipping: Versioned<ShippingRule>,
    /// What the host's carriers are called on the channel.
    pub carriers: Versioned<CarrierRule>,
}

/// The rows of one table from now on, in the host's order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewRules {
    /// The shipping rules.
    Shipping(Vec<ShippingRule>),
    /// The carrier rules.
    Carriers(Vec<CarrierRule>),
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
pub enum ReplaceOutcome {
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

impl ReplaceOutcome {
    /// What becomes of a replacement that expects `expected`, where the table has version `current`.
    pub fn decide(current: u64, expected: u64) -> Self {
        if current == expected {
            Self::Replaced { version: current.saturating_add(1) }
        } else {
            Self::VersionConflict { current }
        }
    }
}

record! {
    /// A text that no rule mapped, seen on an order.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct UnmappedOccurrence {
        /// The store.
        pub store: Option<StoreKey>,
        /// The text, exactly.
        pub text: String,
        /// The order.
        pub order: ChannelOrderId,
        /// When the order was read.
        pub at: Timestamp,
    }
    /// A sighting.
    pub fn new(store: Option<StoreKey>, text: String, order: ChannelOrderId, at: Timestamp);
}

impl UnmappedOccurrence {
    /// What is kept of the text once this sighting is counted, where `kept` is what was kept before.
    pub fn count(&self, kept: Option<UnmappedText>) -> UnmappedText {
        if let Some(mut kept) = kept {
            kept.seen(self.at, self.order.as_str());
            return kept;
        }
        let mut first = UnmappedText::new(self.text.clone(), self.at, self.order.as_str());
        first.store.clone_from(&self.store);
        first
    }
}
