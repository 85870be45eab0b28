//! Statements, prepared once, and their answers as values. No table is named here.

use rusqlite::{Params, Row, Transaction};
use serde::de::DeserializeOwned;

use crate::stores::{columns::parse, failure::Answer};

/// Every row of the answer.
pub(super) fn all<R>(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Answer<R>,
) -> Answer<Vec<R>> {
    some(tx, sql, params, usize::MAX, read)
}

/// The first rows of the answer, so many at most.
pub(super) fn some<R>(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl Params,
    limit: usize,
    read: impl Fn(&Row<'_>) -> Answer<R>,
) -> Answer<Vec<R>> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The first row of the answer, if there is one.
pub(super) fn first<R>(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Answer<R>,
) -> Answer<Option<R>> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// Changes rows; says how many.
pub(super) fn execute(tx: &Transaction<'_>, sql: &str, params: impl Params) -> Answer<usize> {
    Ok(tx.prepare_cached(sql)?.execute(params)?)
}

/// Reads the first column, which holds JSON; `column` names it in an error.
pub(super) fn from_json<T: DeserializeOwned>(column: &'static str) -> impl Fn(&Row<'_>) -> Answer<T> {
    move |row| Ok(parse(column, row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?)
}
