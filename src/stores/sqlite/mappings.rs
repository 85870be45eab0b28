//! The two rule tables and the texts that no rule maps.

use async_trait::async_trait;
use rusqlite::Transaction;
use serde::de::DeserializeOwned;

use super::{
    SqliteStore, key,
    query::{all, execute, first, from_json},
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

#[async_trait]
impl MappingStore for SqliteStore {
    async fn rules(&self, connection: &ConnectionId) -> Result<RuleTables, StoreError> {
        let connection = key(connection);
        self.read(move |tx| {
            let (shipping, carriers) = (table(tx, &connection, SHIPPING)?, table(tx, &connection, CARRIER)?);
            Ok(RuleTables { shipping, carriers })
        })
        .await
    }

    async fn replace(
        &self,
        connection: &ConnectionId,
        expected_version: u64,
        rules: NewRules,
    ) -> Result<ReplaceOutcome, StoreError> {
        let connection = key(connection);
        let (name, rows) = match &rules {
            NewRules::Shipping(rows) => (SHIPPING, json(rows)),
            NewRules::Carriers(rows) => (CARRIER, json(rows)),
        };
        let rows = rows?;
        self.change(move |tx| replace(tx, &connection, name, expected_version, &rows)).await
    }

    async fn note_unmapped(
        &self,
        connection: &ConnectionId,
        seen: &[UnmappedOccurrence],
    ) -> Result<(), StoreError> {
        let (connection, seen) = (key(connection), seen.to_vec());
        self.change(move |tx| seen.iter().try_for_each(|seen| note(tx, &connection, seen))).await
    }

    async fn unmapped(&self, connection: &ConnectionId) -> Result<Vec<UnmappedText>, StoreError> {
        let connection = key(connection);
        self.read(move |tx| {
            all(
                tx,
                "SELECT seen_json FROM shipstation_unmapped_text WHERE connection = ?1
                 ORDER BY count DESC, text, has_store, store",
                [connection],
                from_json("shipstation_unmapped_text.seen_json"),
            )
        })
        .await
    }
}

fn table<T: DeserializeOwned>(tx: &Transaction<'_>, connection: &str, name: &str) -> Answer<Versioned<T>> {
    let select = "SELECT version, rules_json FROM shipstation_rule_table WHERE connection = ?1 AND name = ?2";
    let table = first(tx, select, (connection, name), |row| {
        let rows = parse("shipstation_rule_table.rules_json", &row.get::<_, String>(1)?)?;
        Ok(Versioned { version: unsigned(row.get(0)?), rows })
    })?;
    Ok(table.unwrap_or_default())
}

fn replace(
    tx: &Transaction<'_>,
    connection: &str,
    name: &str,
    expected_version: u64,
    rows: &str,
) -> Answer<ReplaceOutcome> {
    let select = "SELECT version FROM shipstation_rule_table WHERE connection = ?1 AND name = ?2";
    let current = first(tx, select, (connection, name), |row| Ok(unsigned(row.get(0)?)))?;
    let answer = ReplaceOutcome::decide(current.unwrap_or_default(), expected_version);
    if let ReplaceOutcome::Replaced { version } = answer {
        execute(
            tx,
            "INSERT INTO shipstation_rule_table (connection, name, version, rules_json) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET version = excluded.version, rules_json = excluded.rules_json",
            (connection, name, integer(version), rows),
        )?;
    }
    Ok(answer)
}

fn note(tx: &Transaction<'_>, connection: &str, seen: &UnmappedOccurrence) -> Answer<()> {
    let store = seen.store.as_ref().map_or("", StoreKey::as_str);
    let kept = first(
        tx,
        "SELECT seen_json FROM shipstation_unmapped_text WHERE connection = ?1 AND has_store = ?2 AND store = ?3 AND text = ?4",
        (connection, seen.store.is_some(), store, &seen.text),
        from_json("shipstation_unmapped_text.seen_json"),
    )?;
    let counted = seen.count(kept);
    execute(
        tx,
        "INSERT INTO shipstation_unmapped_text (connection, has_store, store, text, count, seen_json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET count = excluded.count, seen_json = excluded.seen_json",
        (connection, seen.store.is_some(), store, &seen.text, integer(counted.count), json(&counted)?),
    )?;
    Ok(())
}
