//! The ready-made stores, the suite that checks stores, and stores that are wrong on purpose.

mod broken;
mod conformance;
mod json;
#[cfg(feature = "postgres-tests")]
mod postgres;
#[cfg(feature = "postgres-tests")]
mod postgres_plans;
mod sqlite;
