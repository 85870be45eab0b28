//! What the connector's store has the host write, inside its own transactions.

use async_trait::async_trait;
use shipstation_connector::{
    channel::{
        ConnectionId, HostOrderId,
        store::{NewOrder, OrderChange},
    },
    stores::{Failure, ReleasedOrder, postgres::tokio_postgres, sqlite::rusqlite},
};

use super::{changes, orders};
use crate::database::{Row, postgres, sqlite};

/// Imported orders become the host's, released ones are ready, and those that changed on the channel are looked at by an operator.
#[derive(Debug)]
pub(crate) struct Writer;

fn host_order(rows: &[Row]) -> Option<HostOrderId> {
    rows.first().map(|row| HostOrderId::new(row.number(0).to_string()))
}

impl shipstation_connector::stores::sqlite::OrderWriter for Writer {
    fn write(
        &self,
        tx: &rusqlite::Transaction<'_>,
        connection: &ConnectionId,
        orders: &[&NewOrder],
    ) -> Result<Vec<Option<HostOrderId>>, Failure> {
        let insert = |new: &&NewOrder| Ok(host_order(&sqlite::query(tx, &orders::insert(connection, new)?)?));
        orders.iter().map(insert).collect()
    }

    fn release(
        &self,
        tx: &rusqlite::Transaction<'_>,
        _: &ConnectionId,
        order: &ReleasedOrder,
    ) -> Result<(), Failure> {
        sqlite::execute(tx, &orders::release(order)?)?;
        Ok(())
    }

    fn change(
        &self,
        tx: &rusqlite::Transaction<'_>,
        connection: &ConnectionId,
        changes: &[&OrderChange],
    ) -> Result<(), Failure> {
        for statement in changes.iter().flat_map(|change| changes::record(connection, change)) {
            sqlite::execute(tx, &statement)?;
        }
        Ok(())
    }
}

#[async_trait]
impl shipstation_connector::stores::postgres::OrderWriter for Writer {
    async fn write(
        &self,
        tx: &tokio_postgres::Transaction<'_>,
        connection: &ConnectionId,
        orders: &[&NewOrder],
    ) -> Result<Vec<Option<HostOrderId>>, Failure> {
        let mut ids = Vec::with_capacity(orders.len());
        for new in orders {
            ids.push(host_order(&postgres::query(tx, &orders::insert(connection, new)?).await?));
        }
        Ok(ids)
    }

    async fn release(
        &self,
        tx: &tokio_postgres::Transaction<'_>,
        _: &ConnectionId,
        order: &ReleasedOrder,
    ) -> Result<(), Failure> {
        postgres::execute(tx, &orders::release(order)?).await?;
        Ok(())
    }

    async fn change(
        &self,
        tx: &tokio_postgres::Transaction<'_>,
        connection: &ConnectionId,
        changes: &[&OrderChange],
    ) -> Result<(), Failure> {
        for statement in changes.iter().flat_map(|change| changes::record(connection, change)) {
            postgres::execute(tx, &statement).await?;
        }
        Ok(())
    }
}
