//! The two rule tables and the texts that no rule maps.

use std::collections::BTreeMap;

use super::Connection;
use crate::channel::{
    shipping::{StoreKey, UnmappedText},
    store::{NewRules, ReplaceOutcome, RuleTables, UnmappedOccurrence, Versioned},
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

impl Connection {
    pub(super) fn rules(&self) -> RuleTables {
        self.mappings.tables.clone()
    }

    pub(super) fn replace(&mut self, expected_version: u64, rules: NewRules) -> ReplaceOutcome {
        match rules {
            NewRules::Shipping(rows) => replace(&mut self.mappings.tables.shipping, expected_version, rows),
            NewRules::Carriers(rows) => replace(&mut self.mappings.tables.carriers, expected_version, rows),
        }
    }

    pub(super) fn note_unmapped(&mut self, seen: &[UnmappedOccurrence]) {
        for seen in seen {
            let key = (seen.store.clone(), seen.text.clone());
            let counted = seen.count(self.mappings.unmapped.remove(&key));
            self.mappings.unmapped.insert(key, counted);
        }
    }

    pub(super) fn unmapped(&self) -> Vec<UnmappedText> {
        let mut texts: Vec<UnmappedText> = self.mappings.unmapped.values().cloned().collect();
        texts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
        texts
    }
}
