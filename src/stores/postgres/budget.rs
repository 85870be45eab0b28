//! What processes keep together of a rate limit. Each call is one statement by itself: no lock outlives it, whoever stands still.

use async_trait::async_trait;

use super::{
    PostgresStore,
    query::{get, params},
};
use crate::{
    Timestamp,
    channel::store::StoreError,
    client::{BudgetError, BudgetKey, BudgetRecord, BudgetStore},
    stores::{
        columns::{instant, integer, nanos, unsigned},
        failure::{Answer, Failure},
    },
};

#[async_trait]
impl BudgetStore for PostgresStore {
    async fn read(&self, key: &BudgetKey, now: Timestamp) -> Result<BudgetRecord, BudgetError> {
        Ok(self.budget(key, now).await.map_err(StoreError::from)?)
    }

    async fn replace(&self, key: &BudgetKey, version: u64, text: &str) -> Result<bool, BudgetError> {
        Ok(self.replace_budget(key, version, text).await.map_err(StoreError::from)?)
    }
}

impl PostgresStore {
    async fn budget(&self, key: &BudgetKey, now: Timestamp) -> Answer<BudgetRecord> {
        let kept = format!(
            "SELECT server.now, coalesce(version, 0), coalesce(budget_json::text, '')
             FROM (SELECT \"{0}\".now_nanos($1) AS now) AS server LEFT JOIN \"{0}\".budget ON key = $2",
            self.schema
        );
        let rows = self.client().await?.query_typed(&kept, params![nanos(now), key.hex()]).await?;
        let row = rows.first().ok_or_else(|| Failure::refused("the server gave no answer"))?;
        Ok(BudgetRecord::new(unsigned(get(row, 1)?), get::<String>(row, 2)?, instant(get(row, 0)?)))
    }

    async fn replace_budget(&self, key: &BudgetKey, version: u64, text: &str) -> Answer<bool> {
        let replace = if version == 0 {
            "INSERT INTO \"{}\".budget (key, version, budget_json) VALUES ($1, $2 + 1, $3::text::json) ON CONFLICT DO NOTHING"
        } else {
            "UPDATE \"{}\".budget SET version = version + 1, budget_json = $3::text::json WHERE key = $1 AND version = $2"
        };
        let replace = replace.replace("{}", &self.schema);
        let replaced =
            self.client().await?.execute_typed(&replace, params![key.hex(), integer(version), text]).await?;
        Ok(replaced > 0)
    }
}
