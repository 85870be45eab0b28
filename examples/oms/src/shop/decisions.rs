//! Who decided what.

use shipstation_connector::Timestamp;

use crate::{Failure, database::Database};

/// What an operator did.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) at: Timestamp,
    pub(crate) operator: String,
    pub(crate) what: String,
}

pub(crate) async fn record(
    database: &Database,
    at: Timestamp,
    operator: &str,
    what: &str,
) -> Result<(), Failure> {
    let record = "INSERT INTO oms_decision (at, operator, what) VALUES ($1, $2, $3)";
    database.execute(record, &[at.unix_seconds().into(), operator.into(), what.into()]).await?;
    Ok(())
}

/// The newest, those first.
pub(crate) async fn newest(database: &Database, limit: i64) -> Result<Vec<Decision>, Failure> {
    let query = "SELECT at, operator, what FROM oms_decision ORDER BY id DESC LIMIT $1";
    let rows = database.query(query, &[limit.into()]).await?;
    let decision =
        rows.iter().map(|row| Decision { at: row.time(0), operator: row.text(1), what: row.text(2) });
    Ok(decision.collect())
}
