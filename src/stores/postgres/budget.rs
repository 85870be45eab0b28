use async_trait::async_trait;
use tokio_postgres::Row;

use super::{
    PostgresStore, commit,
    query::{execute, first, get, params},
};
use crate::{
    Timestamp,
    channel::store::StoreError,
    client::{BudgetError, BudgetKey, BudgetRecord, BudgetStore},
    stores::columns::{instant, integer, nanos, unsigned},
};

#[async_trait]
impl BudgetStore for PostgresStore {
    async fn read(&self, key: &BudgetKey, now: Timestamp) -> Result<BudgetRecord, BudgetError> {
        Ok(self.budget(key, now).await?)
    }

    async fn replace(&self, key: &BudgetKey, version: u64, text: &str) -> Result<bool, BudgetError> {
        Ok(self.replace_budget(key, version, text).await?)
    }
}

impl PostgresStore {
    async fn budget(&self, key: &BudgetKey, now: Timestamp) -> Result<BudgetRecord, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let kept = "SELECT server.now, coalesce(version, 0), coalesce(budget_json::text, '')
                    FROM (SELECT now_nanos($1) AS now) AS server LEFT JOIN budget ON key = $2";
        let read = |row: &Row| {
            let (now, version) = (instant(get(row, 0)?), unsigned(get(row, 1)?));
            Ok(BudgetRecord::new(version, get::<String>(row, 2)?, now))
        };
        let record = first(&tx, kept, params![nanos(now), key.hex()], read).await?;
        Ok(record.unwrap_or_else(|| BudgetRecord::none(now)))
    }

    async fn replace_budget(&self, key: &BudgetKey, version: u64, text: &str) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        let (key, version) = (key.hex(), integer(version));
        let replaced = if version == 0 {
            let begin = "INSERT INTO budget (key, version, budget_json) VALUES ($1, 1, $2::text::json) ON CONFLICT DO NOTHING";
            execute(&tx, begin, params![key, text]).await?
        } else {
            let replace = "UPDATE budget SET version = version + 1, budget_json = $3::text::json WHERE key = $1 AND version = $2";
            execute(&tx, replace, params![key, version, text]).await?
        };
        commit(tx, ()).await?;
        Ok(replaced > 0)
    }
}
