//! Held orders are looked at again as soon as the rules that hold them are replaced.

use std::sync::Arc;

use async_trait::async_trait;

use super::Fleet;
use crate::channel::{
    ConnectionId, Operation,
    shipping::UnmappedText,
    store::{MappingStore, NewRules, ReplaceOutcome, RuleTables, StoreError, UnmappedOccurrence},
};

impl Fleet {
    /// The rules of this store, for whoever edits them: when the shipping rules of a connection are replaced, its held orders are due
    /// to be looked at. They would be at their interval, too.
    ///
    /// ```
    /// # use shipstation_connector::{channel::{shipping::ShippingRule, store::{MappingStoreExt, StoreError}}, fleet::Fleet, stores::MemoryStore};
    /// # use std::sync::Arc;
    /// # async fn edit(fleet: &Fleet, store: Arc<MemoryStore>) -> Result<(), StoreError> {
    /// let rules = fleet.watch_rules(store);
    /// let version = rules.shipping_rules(&"shop".into()).await?.version;
    /// rules.replace_shipping_rules(&"shop".into(), version, vec![ShippingRule::exact("Standard", "ground")]).await?;
    /// # Ok(()) }
    /// ```
    pub fn watch_rules(&self, rules: Arc<dyn MappingStore>) -> Arc<dyn MappingStore> {
        Arc::new(WatchedRules { rules, fleet: self.clone() })
    }
}

#[derive(Debug)]
struct WatchedRules {
    rules: Arc<dyn MappingStore>,
    fleet: Fleet,
}

#[async_trait]
impl MappingStore for WatchedRules {
    async fn rules(&self, connection: &ConnectionId) -> Result<RuleTables, StoreError> {
        self.rules.rules(connection).await
    }

    async fn replace(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: NewRules,
    ) -> Result<ReplaceOutcome, StoreError> {
        let may_release = matches!(rules, NewRules::Shipping(_));
        let outcome = self.rules.replace(connection, expected_version, rules).await?;
        if may_release && matches!(outcome, ReplaceOutcome::Replaced { .. }) {
            // The rules are kept, whatever the schedule says.
            if let Err(error) = self.fleet.wake(connection, Operation::ResolveHeld).await {
                tracing::warn!(%connection, "held orders wait for their interval: {error}");
            }
        }
        Ok(outcome)
    }

    async fn note_unmapped(
        &self,
        connection: &ConnectionId,
        seen: &[UnmappedOccurrence],
    ) -> Result<(), StoreError> {
        self.rules.note_unmapped(connection, seen).await
    }

    async fn unmapped(&self, connection: &ConnectionId) -> Result<Vec<UnmappedText>, StoreError> {
        self.rules.unmapped(connection).await
    }
}
