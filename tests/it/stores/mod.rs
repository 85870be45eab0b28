//! The ready-made stores, the suite that checks stores, and stores that are wrong on purpose.

mod broken;
mod conformance;
mod events;
mod json;
mod links;
mod order_writer;
#[cfg(feature = "postgres-tests")]
mod postgres;
#[cfg(feature = "postgres-tests")]
mod postgres_faults;
#[cfg(feature = "postgres-tests")]
mod postgres_host;
#[cfg(feature = "postgres-tests")]
mod postgres_plans;
mod sqlite;
