use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    Timestamp,
    client::{BudgetError, BudgetKey, BudgetRecord, BudgetStore},
};

/// For the windows of one process, which is of use in tests only.
#[async_trait]
impl BudgetStore for MemoryStore {
    async fn read(&self, key: &BudgetKey, now: Timestamp) -> Result<BudgetRecord, BudgetError> {
        let state = self.lock();
        let kept = state.budgets.get(key);
        Ok(kept.map_or_else(
            || BudgetRecord::none(now),
            |(version, text)| BudgetRecord::new(*version, text, now),
        ))
    }

    async fn replace(&self, key: &BudgetKey, version: u64, text: &str) -> Result<bool, BudgetError> {
        let mut state = self.lock();
        let (kept, kept_text) = state.budgets.entry(*key).or_default();
        let is_newest = *kept == version;
        if is_newest {
            (*kept, *kept_text) = (version + 1, text.to_owned());
        }
        Ok(is_newest)
    }
}
