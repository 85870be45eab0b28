//! The check that stands at the head of every write of a run.

use rusqlite::{OptionalExtension, Transaction};

use super::convert::{Answer, integer};
use crate::channel::store::{RunToken, StoreError};

/// Refuses a fence lower than one that was granted or seen; remembers a higher one, so that the leases may be
/// kept in another store.
pub(super) fn admit(tx: &Transaction<'_>, token: &RunToken) -> Answer<()> {
    let key = (token.connection.as_str(), token.operation.name());
    let newest: Option<i64> = tx
        .prepare_cached("SELECT fence FROM lease WHERE connection = ?1 AND operation = ?2")?
        .query_row(key, |row| row.get(0))
        .optional()?;
    let fence = integer(token.fence);
    match newest {
        Some(newest) if fence < newest => Err(StoreError::lost_lease().into()),
        Some(newest) if fence == newest => Ok(()),
        _ => remember(tx, token, fence),
    }
}

fn remember(tx: &Transaction<'_>, token: &RunToken, fence: i64) -> Answer<()> {
    tx.prepare_cached(
        "INSERT INTO lease (connection, operation, fence) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET fence = excluded.fence",
    )?
    .execute((token.connection.as_str(), token.operation.name(), fence))?;
    Ok(())
}
