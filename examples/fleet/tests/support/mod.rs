//! A database and a simulator in which time passes faster than here.

#[path = "../../../../tests/it/support/postgres.rs"]
#[allow(dead_code, reason = "shared with the scenarios")]
pub(crate) mod postgres;

use std::time::Duration;

use shipstation_connector::{
    Timestamp,
    client::{Clock, SystemClock},
    stores::postgres::{PostgresOptions, PostgresStore},
    testing::simulator::{Simulator, SimulatorConfig},
};

/// Since when time passes how much faster.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FastTime {
    pub(crate) since: Timestamp,
    pub(crate) speed: u32,
}

impl FastTime {
    pub(crate) fn begin(speed: u32) -> Self {
        Self { since: Timestamp::from_unix_seconds(SystemClock.now().unix_seconds()), speed }
    }

    fn now(self) -> Timestamp {
        self.since + SystemClock.now().since(self.since) * self.speed
    }

    /// A simulator that lives in this time.
    pub(crate) async fn simulator(self) -> Simulator {
        let sim = Simulator::start(SimulatorConfig::default().now(self.since)).await.unwrap();
        let clock = sim.clock();
        tokio::spawn(async move {
            loop {
                clock.set(self.now());
                SystemClock.sleep(Duration::from_millis(10)).await;
            }
        });
        sim
    }

    /// A database of its own with the schema of a store, which lives in this time and is `ahead` of it. Its URL.
    pub(crate) async fn database(self, ahead: Duration) -> String {
        let database = postgres::cluster().new_schema();
        postgres::cluster().run(&format!("CREATE DATABASE {database}")).await;
        let url = postgres::cluster().url.replace("dbname=postgres", &format!("dbname={database}"));
        PostgresStore::connect(&url, &PostgresOptions::default()).await.unwrap();
        let client = postgres::connected(&url).await;
        let fast = format!(
            "CREATE OR REPLACE FUNCTION shipstation_connector.now_nanos(of_host bigint) RETURNS bigint LANGUAGE sql VOLATILE AS $$
             SELECT (({since}::numeric + {ahead}) * 1000000000
                     + (extract(epoch FROM clock_timestamp()) - {since}) * {speed} * 1000000000)::bigint $$",
            since = self.since.unix_seconds(),
            ahead = ahead.as_secs(),
            speed = self.speed
        );
        client.batch_execute(&fast).await.unwrap();
        url
    }
}
