//! Flaws in keeping rules.

use async_trait::async_trait;
use shipstation_connector::channel::{
    ConnectionId,
    shipping::UnmappedText,
    store::{MappingStore, NewRules, ReplaceOutcome, RuleTables, StoreError, UnmappedOccurrence},
};

use super::{BrokenStore, Flaw};

#[async_trait]
impl MappingStore for BrokenStore {
    async fn rules(&self, connection: &ConnectionId) -> Result<RuleTables, StoreError> {
        let mut tables = self.inner.rules(&self.connection(connection)).await?;
        match self.flaw {
            Flaw::TablesBeginAtVersion1 => tables.shipping.version = tables.shipping.version.max(1),
            Flaw::RulesBackwards => tables.shipping.rows.reverse(),
            Flaw::CarrierRulesLoseMethods => {
                tables.carriers.rows.iter_mut().for_each(|rule| rule.method = None);
            }
            _ => {}
        }
        Ok(tables)
    }

    async fn replace(
        &self,
        connection: &ConnectionId,
        mut expected_version: u64,
        rules: NewRules,
    ) -> Result<ReplaceOutcome, StoreError> {
        let connection = self.connection(connection);
        let current = async || {
            let tables = self.inner.rules(&connection).await?;
            Ok::<_, StoreError>(match rules {
                NewRules::Carriers(_) => tables.carriers.version,
                _ => tables.shipping.version,
            })
        };
        if self.is(Flaw::VersionsAreIgnored) {
            expected_version = current().await?;
        }
        // Without a lock: two that read the same version both write. From the second version on only, where it is easily
        // missed.
        if self.is(Flaw::ReplacesWithoutALock) && expected_version > 0 {
            let answer = ReplaceOutcome::decide(current().await?, expected_version);
            tokio::task::yield_now().await;
            if let ReplaceOutcome::Replaced { .. } = answer {
                self.inner.replace(&connection, current().await?, rules).await?;
            }
            return Ok(answer);
        }
        self.inner.replace(&connection, expected_version, rules).await
    }

    async fn note_unmapped(
        &self,
        connection: &ConnectionId,
        seen: &[UnmappedOccurrence],
    ) -> Result<(), StoreError> {
        let mut seen = seen.to_vec();
        for seen in &mut seen {
            seen.text = self.text(&seen.text);
        }
        self.inner.note_unmapped(&self.connection(connection), &seen).await
    }

    async fn unmapped(&self, connection: &ConnectionId) -> Result<Vec<UnmappedText>, StoreError> {
        let mut texts = self.inner.unmapped(&self.connection(connection)).await?;
        match self.flaw {
            Flaw::SightingsDoNotAddUp => texts.iter_mut().for_each(|text| text.count = 1),
            Flaw::UnmappedByAlphabet => texts.sort_by(|a, b| a.text.cmp(&b.text)),
            _ => {}
        }
        Ok(texts)
    }
}
