//! Flaws in keeping rules.

use async_trait::async_trait;
use shipstation_connector::channel::{
    ConnectionId,
    shipping::{CarrierRule, ShippingRule, UnmappedText},
    store::{MappingStore, Replace, Sighting, StoreError, Versioned},
};

use super::{BrokenStore, Flaw};

#[async_trait]
impl MappingStore for BrokenStore {
    async fn shipping_rules(&self, connection: &ConnectionId) -> Result<Versioned<ShippingRule>, StoreError> {
        let mut rules = self.inner.shipping_rules(&self.connection(connection)).await?;
        match self.flaw {
            Flaw::TablesBeginAtVersion1 => rules.version = rules.version.max(1),
            Flaw::RulesBackwards => rules.rows.reverse(),
            _ => {}
        }
        Ok(rules)
    }

    async fn replace_shipping_rules(
        &self,
        connection: &ConnectionId,
        mut expected_version: u64,
        rules: Vec<ShippingRule>,
    ) -> Result<Replace, StoreError> {
        let connection = self.connection(connection);
        if self.is(Flaw::VersionsAreIgnored) {
            expected_version = self.inner.shipping_rules(&connection).await?.version;
        }
        self.inner.replace_shipping_rules(&connection, expected_version, rules).await
    }

    async fn carrier_rules(&self, connection: &ConnectionId) -> Result<Versioned<CarrierRule>, StoreError> {
        let mut rules = self.inner.carrier_rules(&self.connection(connection)).await?;
        if self.is(Flaw::CarrierRulesLoseMethods) {
            rules.rows.iter_mut().for_each(|rule| rule.method = None);
        }
        Ok(rules)
    }

    async fn replace_carrier_rules(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: Vec<CarrierRule>,
    ) -> Result<Replace, StoreError> {
        self.inner.replace_carrier_rules(&self.connection(connection), expected_version, rules).await
    }

    async fn note_unmapped(&self, connection: &ConnectionId, seen: &[Sighting]) -> Result<(), StoreError> {
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
