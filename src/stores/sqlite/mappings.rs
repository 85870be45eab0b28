//! The two rule tables and the texts that no rule maps.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Transaction};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    SqliteStore,
    convert::{Answer, integer, json, parse, unsigned},
    key,
};
use crate::channel::{
    ConnectionId,
    shipping::{CarrierRule, ShippingRule, StoreKey, UnmappedText},
    store::{MappingStore, Replace, Sighting, StoreError, Versioned},
};

const SHIPPING: &str = "shipping";
const CARRIER: &str = "carrier";

#[async_trait]
impl MappingStore for SqliteStore {
    async fn shipping_rules(&self, connection: &ConnectionId) -> Result<Versioned<ShippingRule>, StoreError> {
        let connection = key(connection);
        self.read(move |tx| rules(tx, &connection, SHIPPING)).await
    }

    async fn replace_shipping_rules(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: Vec<ShippingRule>,
    ) -> Result<Replace, StoreError> {
        let connection = key(connection);
        self.change(move |tx| replace(tx, &connection, SHIPPING, expected_version, &rules)).await
    }

    async fn carrier_rules(&self, connection: &ConnectionId) -> Result<Versioned<CarrierRule>, StoreError> {
        let connection = key(connection);
        self.read(move |tx| rules(tx, &connection, CARRIER)).await
    }

    async fn replace_carrier_rules(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: Vec<CarrierRule>,
    ) -> Result<Replace, StoreError> {
        let connection = key(connection);
        self.change(move |tx| replace(tx, &connection, CARRIER, expected_version, &rules)).await
    }

    async fn note_unmapped(&self, connection: &ConnectionId, seen: &[Sighting]) -> Result<(), StoreError> {
        let (connection, seen) = (key(connection), seen.to_vec());
        self.change(move |tx| seen.iter().try_for_each(|seen| note(tx, &connection, seen))).await
    }

    async fn unmapped(&self, connection: &ConnectionId) -> Result<Vec<UnmappedText>, StoreError> {
        let connection = key(connection);
        self.read(move |tx| {
            let mut often = tx.prepare_cached(
                "SELECT seen_json FROM unmapped_text WHERE connection = ?1
                 ORDER BY count DESC, text, has_store, store",
            )?;
            let rows =
                often.query_map([connection], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            rows.iter().map(|json| parse("unmapped_text.seen_json", json)).collect()
        })
        .await
    }
}

fn rules<T: DeserializeOwned>(tx: &Transaction<'_>, connection: &str, name: &str) -> Answer<Versioned<T>> {
    let row: Option<(i64, String)> = tx
        .prepare_cached("SELECT version, rules_json FROM rule_table WHERE connection = ?1 AND name = ?2")?
        .query_row((connection, name), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((version, json)) = row else { return Ok(Versioned::default()) };
    Ok(Versioned { version: unsigned(version), rows: parse("rule_table.rules_json", &json)? })
}

fn replace<T: Serialize>(
    tx: &Transaction<'_>,
    connection: &str,
    name: &str,
    expected_version: u64,
    rules: &[T],
) -> Answer<Replace> {
    let current: Option<i64> = tx
        .prepare_cached("SELECT version FROM rule_table WHERE connection = ?1 AND name = ?2")?
        .query_row((connection, name), |row| row.get(0))
        .optional()?;
    let current = current.map_or(0, unsigned);
    if current != expected_version {
        return Ok(Replace::VersionConflict { current });
    }
    let version = expected_version.saturating_add(1);
    tx.prepare_cached(
        "INSERT INTO rule_table (connection, name, version, rules_json) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET version = excluded.version, rules_json = excluded.rules_json",
    )?
    .execute((connection, name, integer(version), json(&rules)?))?;
    Ok(Replace::Replaced { version })
}

fn note(tx: &Transaction<'_>, connection: &str, seen: &Sighting) -> Answer<()> {
    let store = seen.store.as_ref().map_or("", StoreKey::as_str);
    let key = (connection, seen.store.is_some(), store, &seen.text);
    let known: Option<String> = tx
        .prepare_cached(
            "SELECT seen_json FROM unmapped_text
             WHERE connection = ?1 AND has_store = ?2 AND store = ?3 AND text = ?4",
        )?
        .query_row(key, |row| row.get(0))
        .optional()?;
    let mut text = UnmappedText::new(seen.text.clone(), seen.at, seen.order.as_str());
    text.store.clone_from(&seen.store);
    if let Some(json) = known {
        text = parse("unmapped_text.seen_json", &json)?;
        text.seen(seen.at, seen.order.as_str());
    }
    let (connection, has_store, store, _) = key;
    tx.prepare_cached(
        "INSERT INTO unmapped_text (connection, has_store, store, text, count, seen_json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET count = excluded.count, seen_json = excluded.seen_json",
    )?
    .execute((connection, has_store, store, &seen.text, integer(text.count), json(&text)?))?;
    Ok(())
}
