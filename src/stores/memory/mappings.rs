//! The two rule tables and the texts that no rule maps.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use crate::channel::{
    ConnectionId,
    shipping::{StoreKey, UnmappedText},
    store::{MappingStore, NewRules, ReplaceOutcome, RuleTables, StoreError, UnmappedOccurrence, Versioned},
};

#[derive(Debug, Default)]
pub(super) struct Mappings {
    tables: RuleTables,
    unmapped: BTreeMap<(Option<StoreKey>, String), UnmappedText>,
}

fn replace<T>(table: &mut Versioned<T>, expected_version: u64, rows: Vec<T>) -> ReplaceOutcome {
    let answer = ReplaceOutcome::decide(table.version, expected_version);
    if let ReplaceOutcome::Replaced { version } = answer {
        *table = Versioned { version, rows };
    }
    answer
}

#[async_trait]
impl MappingStore for MemoryStore {
    async fn rules(&self, connection: &ConnectionId) -> Result<RuleTables, StoreError> {
        Ok(self.with(connection, |kept| kept.mappings.tables.clone()))
    }

    async fn replace(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: NewRules,
    ) -> Result<ReplaceOutcome, StoreError> {
        Ok(self.with(connection, |kept| match rules {
            NewRules::Shipping(rows) => replace(&mut kept.mappings.tables.shipping, expected_version, rows),
            NewRules::Carriers(rows) => replace(&mut kept.mappings.tables.carriers, expected_version, rows),
        }))
    }

    async fn note_unmapped(
        &self,
        connection: &ConnectionId,
        seen: &[UnmappedOccurrence],
    ) -> Result<(), StoreError> {
        self.with(connection, |kept| {
            for seen in seen {
                let key = (seen.store.clone(), seen.text.clone());
                let counted = seen.count(kept.mappings.unmapped.remove(&key));
                kept.mappings.unmapped.insert(key, counted);
            }
        });
        Ok(())
    }

    async fn unmapped(&self, connection: &ConnectionId) -> Result<Vec<UnmappedText>, StoreError> {
        Ok(self.with(connection, |kept| {
            let mut texts: Vec<UnmappedText> = kept.mappings.unmapped.values().cloned().collect();
            texts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
            texts
        }))
    }
}
