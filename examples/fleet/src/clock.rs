//! Time that passes faster since some instant, for a demonstration.

use std::time::Duration;

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    client::{Clock, SystemClock},
};

#[derive(Debug)]
pub(crate) struct FastClock {
    since: Timestamp,
    speed: u32,
}

impl FastClock {
    pub(crate) fn usual() -> Self {
        Self { since: Timestamp::UNIX_EPOCH, speed: 1 }
    }

    pub(crate) fn read(since: &str, speed: &str) -> Option<Self> {
        let since = Timestamp::from_unix_seconds(since.parse().ok()?);
        Some(Self { since, speed: speed.parse().ok().filter(|speed| *speed > 0)? })
    }
}

#[async_trait]
impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        self.since + SystemClock.now().since(self.since) * self.speed
    }

    fn monotonic(&self) -> Option<Duration> {
        SystemClock.monotonic().map(|passed| passed * self.speed)
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration / self.speed).await;
    }

    async fn timer(&self, duration: Duration) {
        SystemClock.sleep(duration / self.speed).await;
    }
}
