//! What the tests share: clients for test servers, a clock that never waits, fixtures.

pub(crate) mod clock;
pub(crate) mod draw;
pub(crate) mod gate;
pub(crate) mod json;
pub(crate) mod list;
pub(crate) mod log;
#[cfg(feature = "postgres-tests")]
pub(crate) mod postgres;
pub(crate) mod tcp;
pub(crate) mod world;

use std::sync::Arc;

use shipstation_connector::client::{Credentials, ShipStation, ShipStationBuilder};

pub(crate) use clock::JumpClock;
pub(crate) use gate::{Gate, Moment};
pub(crate) use json::written;
pub(crate) use log::CaughtLog;
pub(crate) use world::{DAY, World};

pub(crate) const KEY: &str = "test-key";
pub(crate) const SECRET: &str = "planted-secret-5512";

/// A client for a test server: it waits on simulated time and its jitter is fixed.
pub(crate) fn builder(base_url: &str) -> ShipStationBuilder {
    ShipStation::builder(Credentials::new(KEY, SECRET))
        .base_url(base_url)
        .clock(Arc::new(JumpClock::default()))
        .seed(7)
}

pub(crate) fn client(base_url: &str) -> ShipStation {
    builder(base_url).build().unwrap()
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/../fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
