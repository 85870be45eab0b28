//! What is imported, and what a store keeps of it.

use serde::{Deserialize, Serialize};

use super::{super::OrderSnapshot, NewFollowUp};
use crate::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, HoldReason, HostOrderId, LineId, LineQuantity, Lineage,
        OrderFingerprint, OrderLine, RunId,
        record::record,
        shipping::{ShippingResolution, StoreKey},
    },
    shows::shows,
};

record! {
    /// An order that is to be imported.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct NewOrder {
        /// The order itself, for the host.
        pub order: ChannelOrder,
        /// Why it must wait for a person; empty when it is ready.
        pub holds: Vec<HoldReason> = Vec::new(),
        /// What its shipping text means under the rules of `rules_version`.
        pub shipping: ShippingResolution,
        /// The version of the rules.
        pub rules_version: u64,
        /// What remains to be done on the channel.
        pub follow_ups: Vec<NewFollowUp> = Vec::new(),
        /// What it is recognized by if it comes twice; `None` when the settings do not look for that.
        pub fingerprint: Option<OrderFingerprint> = None,
        /// When it is imported.
        pub imported_at: Timestamp = at,
    }
    /// An order that is ready.
    pub fn new(order: ChannelOrder, shipping: ShippingResolution, rules_version: u64, at: Timestamp);
}

impl NewOrder {
    /// The record that a store keeps of it.
    pub fn record(&self, run: &RunId, host_order: Option<HostOrderId>) -> ImportRecord {
        let (id, number) = (self.order.id.clone(), self.order.number.clone());
        ImportRecord {
            store: self.order.store.clone(),
            host_order,
            modified_at: self.order.modified_at,
            snapshot: Some(OrderSnapshot::of(&self.order)),
            holds: self.holds.clone(),
            lines: self.order.shippable_lines().collect(),
            line_names: self.order.lines.iter().map(LineNames::of).collect(),
            lineage: self.order.lineage.clone(),
            fingerprint: self.fingerprint.clone(),
            ..ImportRecord::new(id, number, self.imported_at, run.clone())
        }
    }
}

record! {
    /// What is kept of an imported order beside the host's own order. Nothing of a buyer. Its serde form is what stores keep; a
    /// store that keeps columns fills the members of a [new](Self::new) one.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ImportRecord {
        /// The order.
        pub order: ChannelOrderId,
        /// Its number.
        pub number: String,
        /// Its store.
        pub store: Option<StoreKey> = None,
        /// The host's order.
        pub host_order: Option<HostOrderId> = None,
        /// When it was imported.
        pub imported_at: Timestamp,
        /// By which run.
        pub run: RunId,
        /// The channel's modification time when it was read.
        pub modified_at: Option<Timestamp> = None,
        /// What it looked like when it was imported, until it is seen again: a crash may come before the history has it. `None` in records of an
        /// earlier version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub snapshot: Option<OrderSnapshot> = None,
        /// Why it waits; empty when it is ready.
        pub holds: Vec<HoldReason> = Vec::new(),
        /// The shippable lines when it was imported: what "complete" is counted on.
        pub lines: Vec<LineQuantity> = Vec::new(),
        /// What else its lines are known by, those that are not shippable included. Empty in records of an earlier version.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub line_names: Vec<LineNames> = Vec::new(),
        /// Its relatives when it was imported: tells a later split from an earlier one.
        pub lineage: Lineage = Lineage::default(),
        /// What it is recognized by if it comes twice: a hash, no buyer's data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fingerprint: Option<OrderFingerprint> = None,
    }
    /// A record of an order of which nothing else is known.
    pub fn new(order: ChannelOrderId, number: impl Into<String>, imported_at: Timestamp, run: RunId);
}

/// What a line is known by beside its id. `Debug` does not show it: a store's key may hold anything.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LineNames {
    /// The line.
    pub line: LineId,
    /// The store's key of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_key: Option<String>,
    /// Its SKU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// Whether it is shipped: a discount is not.
    pub shippable: bool,
}

impl LineNames {
    /// The names of a line.
    pub fn of(line: &OrderLine) -> Self {
        Self {
            line: line.id.clone(),
            store_key: line.store_line_key.clone(),
            sku: line.sku.clone(),
            shippable: line.is_shippable(),
        }
    }
}

shows! { |it: LineNames| line, shippable }

/// What import records are looked up by. Everything is compared exactly.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordKey {
    /// The order itself: at most one record.
    Id(ChannelOrderId),
    /// An order that was inside others when those were imported, by [`Lineage::merged`] of their records: the records of
    /// those. When such an order turns up by itself, it was taken out again, and its goods may be on their way.
    MergedInto(ChannelOrderId),
    /// What orders are recognized by that come twice. An order without a fingerprint is never found by one.
    Fingerprint(OrderFingerprint),
}

/// What became of one order of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaveOutcome {
    /// It is the host's now.
    Inserted {
        /// The host's identity of it.
        host_order: Option<HostOrderId>,
    },
    /// It was already there: another run, or a crash after the commit. Not an error.
    AlreadyExists,
    /// The host could not take it. Nothing of it was kept.
    Failed {
        /// Why, for people; no buyer's data.
        message: String,
        /// Whether trying again may help.
        retryable: bool,
    },
}
