//! The built program, from end to end, against a simulated ShipStation on a port: every verb, as text and as JSON, and what goes wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod bad_input;
mod bench;
#[cfg(unix)]
mod postgres;
mod probe;
mod probe_write;
mod simulate;
#[cfg(target_os = "linux")]
mod terminal;
mod verbs;
