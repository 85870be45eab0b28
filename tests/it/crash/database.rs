//! The stores that the harness tries: where each keeps what outlives a process.

use std::{path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};
use shipstation_connector::{
    channel::{
        ChannelOrderId, ConnectionId, Listing,
        store::{StoreError, Stores},
    },
    stores::{SqliteStore, StoreHook, StoredOrder, instrumented},
};

#[cfg(feature = "postgres-tests")]
use {
    crate::support::postgres::cluster,
    shipstation_connector::stores::{PostgresStore, postgres::PostgresOptions},
};

/// Where a database is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Database {
    File(PathBuf),
    #[cfg(feature = "postgres-tests")]
    Server {
        url: String,
        schema: String,
    },
}

impl Database {
    /// A new schema on a server, in which leases go by the host's time: it is simulated.
    #[cfg(feature = "postgres-tests")]
    pub(super) async fn on_a_server() -> Self {
        let server = Self::Server { url: cluster().url.clone(), schema: cluster().new_schema() };
        server.open().await;
        let Self::Server { schema, .. } = &server else { unreachable!() };
        let body = "(of_host bigint) RETURNS bigint LANGUAGE sql AS 'SELECT of_host'";
        cluster().run(&format!("CREATE OR REPLACE FUNCTION {schema}.now_nanos{body}")).await;
        server
    }

    #[cfg_attr(
        not(feature = "postgres-tests"),
        allow(clippy::unused_async, reason = "a server is waited for")
    )]
    pub(super) async fn open(&self) -> Store {
        match self {
            Self::File(file) => Store::File(Arc::new(SqliteStore::open(file).unwrap())),
            #[cfg(feature = "postgres-tests")]
            Self::Server { url, schema } => {
                let options = PostgresOptions::default().schema(schema).pool_size(4);
                Store::Server(Arc::new(PostgresStore::connect(url, &options).await.unwrap()))
            }
        }
    }
}

/// A store of one kind or the other, and what a host does with it beside the traits.
#[derive(Debug, Clone)]
pub(super) enum Store {
    File(Arc<SqliteStore>),
    #[cfg(feature = "postgres-tests")]
    Server(Arc<PostgresStore>),
}

macro_rules! either {
    ($self:expr, $store:ident => $answer:expr) => {
        match $self {
            Self::File($store) => $answer,
            #[cfg(feature = "postgres-tests")]
            Self::Server($store) => $answer,
        }
    };
}

impl Store {
    pub(super) fn stores(&self) -> Stores {
        either!(self, store => store.stores())
    }

    pub(super) fn hooked(&self, hook: &Arc<dyn StoreHook>) -> Stores {
        instrumented(&self.stores(), hook)
    }

    pub(super) async fn put_listing(&self, connection: &ConnectionId, listing: Listing) {
        either!(self, store => store.put_listings(connection, [listing]).await.unwrap());
    }

    pub(super) async fn take_orders(&self, connection: &ConnectionId) -> Vec<StoredOrder> {
        either!(self, store => store.take_orders(connection, 1_000).await.unwrap())
    }

    pub(super) async fn acknowledge_orders(
        &self,
        connection: &ConnectionId,
        orders: &[ChannelOrderId],
    ) -> Result<(), StoreError> {
        either!(self, store => store.acknowledge_orders(connection, orders).await)
    }

    /// What is damaged; a server looks after its own.
    pub(super) async fn damage(&self) -> Vec<String> {
        match self {
            Self::File(store) => store.check_integrity().await.unwrap(),
            #[cfg(feature = "postgres-tests")]
            Self::Server(_) => Vec::new(),
        }
    }

    /// Once this returns, another process has the file for itself.
    pub(super) async fn close(self) {
        match self {
            Self::File(store) => Arc::into_inner(store).expect("nobody else has it").close().await,
            #[cfg(feature = "postgres-tests")]
            Self::Server(_) => {}
        }
    }
}
