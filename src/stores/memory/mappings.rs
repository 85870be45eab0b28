//! The two rule tables and the texts that no rule maps.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use crate::channel::{
    ConnectionId,
    shipping::{CarrierRule, ShippingRule, StoreKey, UnmappedText},
    store::{MappingStore, Replace, Sighting, StoreError, Versioned},
};

#[derive(Debug, Default)]
pub(super) struct Tables {
    shipping: Versioned<ShippingRule>,
    carriers: Versioned<CarrierRule>,
    unmapped: BTreeMap<(Option<StoreKey>, String), UnmappedText>,
}

fn replace<T>(table: &mut Versioned<T>, expected_version: u64, rows: Vec<T>) -> Replace {
    if table.version != expected_version {
        return Replace::VersionConflict { current: table.version };
    }
    *table = Versioned { version: expected_version.saturating_add(1), rows };
    Replace::Replaced { version: table.version }
}

fn note(unmapped: &mut BTreeMap<(Option<StoreKey>, String), UnmappedText>, seen: &Sighting) {
    let key = (seen.store.clone(), seen.text.clone());
    if let Some(known) = unmapped.get_mut(&key) {
        known.seen(seen.at, seen.order.as_str());
        return;
    }
    let mut first = UnmappedText::new(seen.text.clone(), seen.at, seen.order.as_str());
    first.store.clone_from(&seen.store);
    unmapped.insert(key, first);
}

#[async_trait]
impl MappingStore for MemoryStore {
    async fn shipping_rules(&self, connection: &ConnectionId) -> Result<Versioned<ShippingRule>, StoreError> {
        Ok(self.with(connection, |kept| kept.tables.shipping.clone()))
    }

    async fn replace_shipping_rules(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: Vec<ShippingRule>,
    ) -> Result<Replace, StoreError> {
        Ok(self.with(connection, |kept| replace(&mut kept.tables.shipping, expected_version, rules)))
    }

    async fn carrier_rules(&self, connection: &ConnectionId) -> Result<Versioned<CarrierRule>, StoreError> {
        Ok(self.with(connection, |kept| kept.tables.carriers.clone()))
    }

    async fn replace_carrier_rules(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: Vec<CarrierRule>,
    ) -> Result<Replace, StoreError> {
        Ok(self.with(connection, |kept| replace(&mut kept.tables.carriers, expected_version, rules)))
    }

    async fn note_unmapped(&self, connection: &ConnectionId, seen: &[Sighting]) -> Result<(), StoreError> {
        self.with(connection, |kept| seen.iter().for_each(|seen| note(&mut kept.tables.unmapped, seen)));
        Ok(())
    }

    async fn unmapped(&self, connection: &ConnectionId) -> Result<Vec<UnmappedText>, StoreError> {
        Ok(self.with(connection, |kept| {
            let mut texts: Vec<UnmappedText> = kept.tables.unmapped.values().cloned().collect();
            texts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
            texts
        }))
    }
}
