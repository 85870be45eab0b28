//! How a simulator is set up: the time it starts at, its limits, its key and its habits.

use std::time::Duration;

use crate::Timestamp;

use super::Quirks;

/// How many requests a key may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateLimit {
    /// This many requests in each minute of the (simulated) clock; ShipStation allows 40.
    PerMinute(u32),
    /// As many as one likes. The rate headers are left out.
    Unlimited,
}

/// The settings of a [`Simulator`](super::Simulator), each with a sensible default.
///
/// ```
/// use shipstation_connector::testing::simulator::{RateLimit, SimulatorConfig};
///
/// let config = SimulatorConfig::default()
///     .now("2026-11-01T08:30:00Z".parse()?)
///     .rate_limit(RateLimit::Unlimited);
/// # Ok::<(), shipstation_connector::ParseTimestampError>(())
/// ```
#[derive(Clone)]
#[must_use = "a configuration does nothing until a simulator is started with it"]
pub struct SimulatorConfig {
    pub(super) now: Timestamp,
    pub(super) rate_limit: RateLimit,
    pub(super) latency: Duration,
    pub(super) quirks: Quirks,
    pub(super) port: u16,
    pub(super) api_key: String,
    pub(super) api_secret: String,
}

impl Default for SimulatorConfig {
    /// Monday 2 March 2026, 09:00 Pacific; 40 requests a minute; a free port; synthetic credentials.
    fn default() -> Self {
        Self {
            now: Timestamp::from_unix_seconds(1_772_470_800),
            rate_limit: RateLimit::PerMinute(40),
            latency: Duration::ZERO,
            quirks: Quirks::default(),
            port: 0,
            api_key: "simulated-key".to_owned(),
            api_secret: "simulated-secret".to_owned(),
        }
    }
}

impl SimulatorConfig {
    /// The instant at which the simulated clock starts.
    pub fn now(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// How many requests the key may make in a minute.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = limit;
        self
    }

    /// The simulated time that each request takes. No real time passes.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// ShipStation's habits, good and bad.
    pub fn quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }

    /// The loopback port to listen on; 0, the default, takes any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The first account's key and secret, in place of the synthetic ones.
    pub fn credentials(mut self, key: impl Into<String>, secret: impl Into<String>) -> Self {
        self.api_key = key.into();
        self.api_secret = secret.into();
        self
    }
}

impl std::fmt::Debug for SimulatorConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { now, rate_limit, latency, quirks, port, .. } = self;
        write!(f, "SimulatorConfig {{ {now}, {rate_limit:?}, latency {latency:?}, port {port}, {quirks:?} }}")
    }
}
