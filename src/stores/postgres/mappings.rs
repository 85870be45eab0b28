//! The two rule tables and the texts that no rule maps.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use tokio_postgres::{Row, Transaction};

use super::{
    PostgresStore, commit,
    query::{all, execute, first, from_json, get, params, text},
};
use crate::{
    channel::{
        ConnectionId,
        shipping::{StoreKey, UnmappedText},
        store::{
            MappingStore, NewRules, ReplaceOutcome, RuleTables, StoreError, UnmappedOccurrence, Versioned,
        },
    },
    stores::{
        columns::{integer, json, parse, unsigned},
        failure::Answer,
    },
};

const SHIPPING: &str = "shipping";
const CARRIER: &str = "carrier";
const SEEN: &str = "unmapped_text.seen_json";

#[async_trait]
impl MappingStore for PostgresStore {
    async fn rules(&self, connection: &ConnectionId) -> Result<RuleTables, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        Ok(RuleTables {
            shipping: table(&tx, connection, SHIPPING).await?,
            carriers: table(&tx, connection, CARRIER).await?,
        })
    }

    async fn replace(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: NewRules,
    ) -> Result<ReplaceOutcome, StoreError> {
        let (name, rows) = match &rules {
            NewRules::Shipping(rows) => (SHIPPING, json(rows)?),
            NewRules::Carriers(rows) => (CARRIER, json(rows)?),
        };
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        // A table that is not there yet has no row to be locked.
        self.lock(&tx, connection, "rules").await?;
        let select = "SELECT version FROM rule_table WHERE connection = $1 AND name = $2";
        let current =
            first(&tx, select, params![connection.as_str(), name], |row| Ok(unsigned(get(row, 0)?))).await?;
        let answer = ReplaceOutcome::decide(current.unwrap_or_default(), expected_version);
        if let ReplaceOutcome::Replaced { version } = answer {
            execute(
                &tx,
                "INSERT INTO rule_table (connection, name, version, rules_json) VALUES ($1, $2, $3, $4::json)
                 ON CONFLICT (connection, name) DO UPDATE SET version = excluded.version, rules_json = excluded.rules_json",
                params![connection.as_str(), name, integer(version), rows],
            )
            .await?;
        }
        commit(tx, answer).await
    }

    async fn note_unmapped(
        &self,
        connection: &ConnectionId,
        seen: &[UnmappedOccurrence],
    ) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let tx = self.changing(&mut client).await?;
        self.lock(&tx, connection, "unmapped").await?;
        let mut counted: BTreeMap<(Option<String>, String), UnmappedText> =
            kept_of(&tx, connection, seen).await?;
        for seen in seen {
            let key = key_of(seen.store.as_ref(), &seen.text);
            let text = seen.count(counted.remove(&key));
            counted.insert(key, text);
        }
        let counts: Vec<i64> = counted.values().map(|text| integer(text.count)).collect();
        let jsons = counted.values().map(json).collect::<Result<Vec<String>, _>>()?;
        let (stores, texts): (Vec<Option<String>>, Vec<String>) = counted.into_keys().unzip();
        execute(
            &tx,
            "INSERT INTO unmapped_text (connection, hash, count, text, seen_json)
             SELECT $1, unmapped_hash(new.store, new.text), new.count, new.text, new.seen::json
             FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) AS new (store, text, count, seen)
             ON CONFLICT (connection, hash) DO UPDATE SET count = excluded.count, seen_json = excluded.seen_json",
            params![connection.as_str(), stores, texts, counts, jsons],
        )
        .await?;
        commit(tx, ()).await
    }

    async fn unmapped(&self, connection: &ConnectionId) -> Result<Vec<UnmappedText>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let often =
            "SELECT seen_json::text FROM unmapped_text WHERE connection = $1 ORDER BY count DESC, text, hash";
        Ok(all(&tx, often, params![connection.as_str()], from_json(SEEN)).await?)
    }
}

async fn table<T: DeserializeOwned>(
    tx: &Transaction<'_>,
    connection: &ConnectionId,
    name: &str,
) -> Answer<Versioned<T>> {
    let select = "SELECT version, rules_json::text FROM rule_table WHERE connection = $1 AND name = $2";
    let table = first(tx, select, params![connection.as_str(), name], |row| {
        Ok(Versioned { version: unsigned(get(row, 0)?), rows: parse("rule_table.rules_json", get(row, 1)?)? })
    })
    .await?;
    Ok(table.unwrap_or_default())
}

/// What is kept of the texts that were seen.
async fn kept_of(
    tx: &Transaction<'_>,
    connection: &ConnectionId,
    seen: &[UnmappedOccurrence],
) -> Answer<BTreeMap<(Option<String>, String), UnmappedText>> {
    let (stores, texts): (Vec<Option<String>>, Vec<String>) =
        seen.iter().map(|seen| key_of(seen.store.as_ref(), &seen.text)).unzip();
    let find = "SELECT seen_json::text FROM unmapped_text WHERE connection = $1 AND hash IN
                (SELECT unmapped_hash(seen.store, seen.text) FROM unnest($2::text[], $3::text[]) AS seen (store, text))";
    let kept = |row: &Row| {
        let kept: UnmappedText = parse(SEEN, get(row, 0)?)?;
        Ok((key_of(kept.store.as_ref(), &kept.text), kept))
    };
    Ok(all(tx, find, params![connection.as_str(), stores, texts], kept).await?.into_iter().collect())
}

fn key_of(store: Option<&StoreKey>, shown: &str) -> (Option<String>, String) {
    (store.map(|store| text(store.as_str())), text(shown))
}
