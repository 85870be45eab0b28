//! A clock whose sleep moves time forward at once.

use std::{sync::Mutex, time::Duration};

use shipstation_connector::{Timestamp, client::Clock};

#[derive(Debug)]
pub(crate) struct JumpClock(Mutex<Timestamp>);

impl JumpClock {
    pub(crate) fn at(instant: &str) -> Self {
        Self(Mutex::new(instant.parse().unwrap()))
    }

    pub(crate) fn set(&self, instant: &str) {
        *self.0.lock().unwrap() = instant.parse().unwrap();
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = *now + by;
    }
}

impl Default for JumpClock {
    fn default() -> Self {
        Self::at("2026-06-15T18:00:30Z")
    }
}

#[async_trait::async_trait]
impl Clock for JumpClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now() + duration;
        tokio::task::yield_now().await;
        let mut now = self.0.lock().unwrap();
        *now = (*now).max(until);
    }
}
