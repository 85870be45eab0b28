//! Simulated accounts with some weeks behind them, so that every page has something to show. Nobody's data: all of it is made up.

mod clock;
mod courier;
mod story;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use shipstation_connector::{
    Timestamp,
    client::{Clock, SystemClock},
    testing::simulator::{Simulator, SimulatorConfig},
};

use self::clock::LiveClock;
pub(crate) use self::courier::deliver;
use crate::{
    Failure,
    channels::{Channels, Wire},
    database::Database,
    shop::{
        accounts::{self, Account},
        operators,
    },
};

/// What the simulated accounts hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// A shop with two weeks behind it, some troubles, a second shop whose keys end soon, and one whose keys are refused.
    Filled,
    /// One shop, and nothing in it.
    Empty,
    /// One shop with more of everything than a page shows.
    Crowded,
}

/// Where the demonstration would be reached from outside: its webhooks have it as their address.
pub(crate) const PUBLIC_URL: &str = "https://oms.example.com";
const DAY: Duration = Duration::from_secs(86_400);

/// Simulated accounts, by the names of their connections.
pub(crate) struct World {
    accounts: BTreeMap<String, Simulator>,
}

impl World {
    /// Plays what has happened until now.
    pub(crate) async fn make(scene: Scene, database: &Database) -> Result<Self, Failure> {
        if !accounts::all(database).await?.is_empty() {
            return Err(
                "the database has accounts already: simulated ones need a database of their own".into()
            );
        }
        let now = SystemClock.now().floor_second();
        let mut world = Self { accounts: BTreeMap::new() };
        let main = world.add("loom-shop", now - DAY * 14, database, None).await?;
        match scene {
            Scene::Empty => {}
            Scene::Crowded => {
                story::crowd(&main, &world.in_its_time("loom-shop", database), database).await?;
            }
            Scene::Filled => {
                story::two_weeks(&main, &world.in_its_time("loom-shop", database), database, now).await?;
                let ends = (now + DAY * 9).to_string();
                let ends = ends.split('T').next().map(str::to_owned);
                let second = world.add("kiln-outlet", now - DAY, database, ends).await?;
                story::a_few(&second, &world.in_its_time("kiln-outlet", database), database).await?;
                world.add("attic-books", now, database, None).await?;
                let mut refused = account("attic-books", None)?;
                refused.api_key.push_str(", withdrawn");
                accounts::put(database, &refused).await?;
            }
        }
        for sim in world.accounts.values() {
            sim.clock().set(SystemClock.now());
        }
        Ok(world)
    }

    async fn add(
        &mut self,
        name: &str,
        began: Timestamp,
        database: &Database,
        ends: Option<String>,
    ) -> Result<Simulator, Failure> {
        let account = account(name, ends)?;
        let config = SimulatorConfig::default().now(began);
        let sim =
            Simulator::in_process(config.credentials(account.api_key.as_str(), account.api_secret.as_str()));
        accounts::put(database, &account).await?;
        self.accounts.insert(name.to_owned(), sim.clone());
        Ok(sim)
    }

    /// The channels on the simulated time of one account, in which two weeks pass at once.
    fn in_its_time(&self, name: &str, database: &Database) -> Channels {
        let clock: Arc<dyn Clock> = match self.accounts.get(name) {
            Some(sim) => sim.clock(),
            None => Arc::new(SystemClock),
        };
        Channels::new(database.clone(), clock, self.wire())
    }

    /// How clients reach the simulated accounts.
    pub(crate) fn wire(&self) -> Wire {
        let accounts = self.accounts.clone();
        Box::new(move |name, builder| match accounts.get(name) {
            Some(sim) => builder.base_url(sim.url()).transport(sim.transport()),
            None => builder,
        })
    }

    /// From now on time passes as it does.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(LiveClock::new(self.accounts.values().map(Simulator::clock).collect()))
    }

    pub(crate) fn accounts(&self) -> Vec<Simulator> {
        self.accounts.values().cloned().collect()
    }
}

fn account(name: &str, expires_on: Option<String>) -> Result<Account, Failure> {
    Ok(Account {
        name: name.to_owned(),
        api_key: format!("simulated key of {name}"),
        api_secret: "simulated secret".to_owned(),
        expires_on,
        webhook_secret: operators::secret()?,
        revision: 1,
        paused: None,
    })
}
