//! The accounts of the host's table, and the channel of each.

use std::sync::Arc;

use async_trait::async_trait;
use shipstation_connector::{
    Credentials, ShipStation, ShipStationChannel,
    channel::{
        ChannelConnector, ConnectionId,
        shipping::{CarrierRule, ShippingRule},
        store::MappingStoreExt,
    },
    client::SharedWindow,
    fleet::{BuildFailure, ConnectionSource, FleetConnection},
    stores::{
        PostgresStore,
        postgres::{deadpool_postgres::Pool, tokio_postgres::Row},
    },
};

use crate::clock::FastClock;

pub(crate) struct Accounts {
    host: Pool,
    store: Arc<PostgresStore>,
    clock: Arc<FastClock>,
}

impl Accounts {
    pub(crate) fn new(host: Pool, store: Arc<PostgresStore>, clock: Arc<FastClock>) -> Self {
        Self { host, store, clock }
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").field("store", &self.store).finish_non_exhaustive()
    }
}

#[async_trait]
impl ConnectionSource for Accounts {
    async fn connections(&self) -> Result<Vec<FleetConnection>, BuildFailure> {
        let host = self.host.get().await?;
        let rows = host.query("SELECT name, revision, paused FROM account", &[]).await?;
        let connection = |row: &Row| {
            let revision = u64::try_from(row.try_get::<_, i64>(1)?)?;
            let connection = FleetConnection::new(row.try_get::<_, String>(0)?).revision(revision);
            Ok(match row.try_get::<_, Option<String>>(2)? {
                Some(why) => connection.paused(why),
                None => connection,
            })
        };
        rows.iter().map(connection).collect()
    }

    async fn channel(&self, connection: &ConnectionId) -> Result<Arc<dyn ChannelConnector>, BuildFailure> {
        let account = "SELECT api_key, api_secret, base_url FROM account WHERE name = $1";
        let host = self.host.get().await?;
        let account = host.query_one(account, &[&connection.as_str()]).await?;
        let credentials =
            Credentials::new(account.try_get::<_, String>(0)?, account.try_get::<_, String>(1)?);
        // Other workers may use the key at the same time.
        let window = SharedWindow::new(self.store.clone(), &credentials).clock(self.clock.clone());
        let mut client =
            ShipStation::builder(credentials).clock(self.clock.clone()).rate_limiter(Arc::new(window));
        if let Some(url) = account.try_get::<_, Option<String>>(2)? {
            client = client.base_url(url);
        }
        // In a real host its people keep these tables. Whoever comes second finds them made.
        self.store
            .replace_shipping_rules(connection, 0, vec![ShippingRule::exact("Standard", "ground")])
            .await?;
        self.store.replace_carrier_rules(connection, 0, vec![CarrierRule::new("UPS", "ups")]).await?;
        let channel =
            ShipStationChannel::builder(client.build()?, connection.clone(), self.store.stores()).build()?;
        Ok(Arc::new(channel))
    }
}
