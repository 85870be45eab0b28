//! Statements without a name, as a pooler in transaction mode needs them, and their answers as values. No table is named here.

use serde::de::DeserializeOwned;
use tokio_postgres::{
    Row, Transaction,
    types::{FromSql, ToSql, Type},
};

use crate::stores::{columns::parse, failure::Answer};

/// A value that goes into a statement, with PostgreSQL's type of it.
pub(super) trait Param: ToSql + Sync {
    const TYPE: Type;
}

macro_rules! param {
    ($($kind:ty, $array:ty => $one:ident, $many:ident;)+) => {
        $(impl Param for $kind {
            const TYPE: Type = Type::$one;
        }
        impl Param for $array {
            const TYPE: Type = Type::$many;
        })+
    };
}
param! {
    &str, Vec<&str> => TEXT, TEXT_ARRAY;
    Option<&str>, Vec<Option<&str>> => TEXT, TEXT_ARRAY;
    String, Vec<String> => TEXT, TEXT_ARRAY;
    Option<String>, Vec<Option<String>> => TEXT, TEXT_ARRAY;
    i64, Vec<i64> => INT8, INT8_ARRAY;
    Option<i64>, Vec<Option<i64>> => INT8, INT8_ARRAY;
    bool, Vec<bool> => BOOL, BOOL_ARRAY;
}

pub(super) type Params<'a> = [(&'a (dyn ToSql + Sync), Type)];

pub(super) fn typed<P: Param>(param: &P) -> (&(dyn ToSql + Sync), Type) {
    (param, P::TYPE)
}

/// `$1`, `$2`, … of a statement.
macro_rules! params {
    ($($param:expr),* $(,)?) => { &[$($crate::stores::postgres::query::typed(&$param)),*] };
}
pub(super) use params;

/// Every row of the answer.
pub(super) async fn all<R>(
    tx: &Transaction<'_>,
    sql: &str,
    params: &Params<'_>,
    read: impl Fn(&Row) -> Answer<R>,
) -> Answer<Vec<R>> {
    tx.query_typed(sql, params).await?.iter().map(read).collect()
}

/// The first row of the answer, if there is one.
pub(super) async fn first<R>(
    tx: &Transaction<'_>,
    sql: &str,
    params: &Params<'_>,
    read: impl Fn(&Row) -> Answer<R>,
) -> Answer<Option<R>> {
    tx.query_typed(sql, params).await?.first().map(read).transpose()
}

/// Changes rows; says how many.
pub(super) async fn execute(tx: &Transaction<'_>, sql: &str, params: &Params<'_>) -> Answer<u64> {
    Ok(tx.execute_typed(sql, params).await?)
}

/// A column of the answer.
pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Row, column: usize) -> Answer<T> {
    Ok(row.try_get(column)?)
}

/// Reads the first column, which holds JSON; `column` names it in an error.
pub(super) fn from_json<T: DeserializeOwned>(column: &'static str) -> impl Fn(&Row) -> Answer<T> {
    move |row| Ok(parse(column, get(row, 0)?)?)
}

/// A text as PostgreSQL takes it: without the character that it has no place for.
pub(super) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
