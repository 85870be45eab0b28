//! The machine's time, for the simulated accounts too.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    client::{Clock, SystemClock},
    testing::simulator::SimClock,
};

/// Whenever somebody asks for the time, the simulated clocks are put forward to it.
#[derive(Debug)]
pub(super) struct LiveClock {
    accounts: Vec<Arc<SimClock>>,
}

impl LiveClock {
    pub(super) fn new(accounts: Vec<Arc<SimClock>>) -> Self {
        Self { accounts }
    }
}

#[async_trait]
impl Clock for LiveClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        for clock in self.accounts.iter().filter(|clock| clock.now() < now) {
            clock.set(now);
        }
        now
    }

    fn monotonic(&self) -> Option<Duration> {
        SystemClock.monotonic()
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}
