//! The integration tests: one binary, a module per topic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::missing_panics_doc
)]

mod actions;
mod client;
mod crash;
mod cycle;
mod field;
mod fleet;
mod listings;
mod mappings;
mod orders;
mod outside;
mod shipments;
mod simulator;
mod stores;
mod support;
