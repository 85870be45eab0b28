//! The tables in PostgreSQL.

use std::error::Error;

use shipstation_connector::{
    Timestamp,
    channel::{ConnectionId, Shipment},
    stores::{
        PostgresStore,
        postgres::{
            deadpool_postgres::Pool,
            tokio_postgres::{
                self, GenericClient,
                types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
            },
        },
    },
};

use super::{Row, Statement, Value};
use crate::{Failure, shop};

/// Makes the host's tables, under a lock: many processes may start at once.
pub(super) async fn create(tables: &Pool) -> Result<(), Failure> {
    let columns = shop::tables("bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended('the tables of the oms', 0));";
    tables.get().await?.batch_execute(&format!("BEGIN; {lock} {columns} COMMIT;")).await?;
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Number(number) => number.to_sql_checked(ty, out),
            Self::Text(text) => text.to_sql_checked(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::TEXT)
    }

    to_sql_checked!();
}

pub(crate) async fn query(
    tables: &impl GenericClient,
    statement: &Statement,
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let rows = tables.query(statement.sql, &parameters(statement)).await?;
    rows.iter()
        .map(|row| (0..row.len()).map(|column| value(row, column)).collect::<Result<_, _>>().map(Row))
        .collect()
}

pub(crate) async fn execute(
    tables: &impl GenericClient,
    statement: &Statement,
) -> Result<u64, tokio_postgres::Error> {
    tables.execute(statement.sql, &parameters(statement)).await
}

pub(super) async fn ship(
    store: &PostgresStore,
    connection: &ConnectionId,
    booking: &[Statement],
    shipment: Shipment,
    now: Timestamp,
) -> Result<bool, Failure> {
    let mut client = store.pool().get().await?;
    let tx = tokio_postgres::Client::transaction(&mut client).await?;
    for statement in booking {
        if execute(&tx, statement).await? == 0 {
            return Ok(false);
        }
    }
    store.enqueue_in(&tx, connection, &[shipment], now).await?;
    tx.commit().await?;
    Ok(true)
}

fn parameters(statement: &Statement) -> Vec<&(dyn ToSql + Sync)> {
    statement.values.iter().map(|value| -> &(dyn ToSql + Sync) { value }).collect()
}

fn value(row: &tokio_postgres::Row, column: usize) -> Result<Value, tokio_postgres::Error> {
    let is_number = row.columns().get(column).is_some_and(|column| *column.type_() == Type::INT8);
    Ok(if is_number {
        row.try_get::<_, Option<i64>>(column)?.into()
    } else {
        row.try_get::<_, Option<String>>(column)?.into()
    })
}
