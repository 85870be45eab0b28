//! How many requests each connection has sent in each hour.

use std::collections::BTreeMap;

use crate::{Failure, database::Database};

/// An hour, in seconds.
pub(crate) const HOUR: i64 = 3_600;

pub(crate) async fn add(
    database: &Database,
    connection: &str,
    hour: i64,
    requests: i64,
) -> Result<(), Failure> {
    let add = "INSERT INTO oms_usage (connection, hour, requests) VALUES ($1, $2, $3)
               ON CONFLICT (connection, hour) DO UPDATE SET requests = oms_usage.requests + excluded.requests";
    database.execute(add, &[connection.into(), hour.into(), requests.into()]).await?;
    Ok(())
}

/// The busiest connection's requests in each hour (of UTC, numbered from 1970) since one: each key has a budget of its own.
pub(crate) async fn most_by_hour(database: &Database, since: i64) -> Result<BTreeMap<i64, i64>, Failure> {
    let query = "SELECT hour, max(requests) FROM oms_usage WHERE hour >= $1 GROUP BY hour";
    let rows = database.query(query, &[since.into()]).await?;
    Ok(rows.iter().map(|row| (row.number(0), row.number(1))).collect())
}
