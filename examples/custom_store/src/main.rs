//! A host that keeps imported orders in tables of its own, leaves everything else to the SQLite store, and lets
//! the conformance suite say whether it got the contract right.
//!
//! ```text
//! cargo run -p custom_store
//! ```
#![allow(clippy::print_stdout, reason = "an example talks to a person")]

mod shop_orders;
mod shop_tables;

use std::{process::ExitCode, sync::Arc};

use shipstation_connector::{
    channel::store::Stores,
    stores::SqliteStore,
    testing::conformance::{self, BuildError, TestStores},
};

use crate::shop_orders::ShopOrders;

/// What the host would do when it starts, on files in `folder`.
fn stores(folder: &std::path::Path) -> Result<Stores, BuildError> {
    let everything_else = SqliteStore::open(folder.join("channel.sqlite"))?;
    let orders = ShopOrders::open(&folder.join("shop.sqlite"))?;
    Ok(Stores::all_in(Arc::new(everything_else)).with_orders(Arc::new(orders)))
}

/// An empty shop for each check, and a second handle as another process would have it.
async fn fresh() -> Result<TestStores, BuildError> {
    let folder = tempfile::tempdir()?;
    Ok(TestStores::new(stores(folder.path())?).with_peer(stores(folder.path())?).with_guard(folder))
}

#[tokio::main]
async fn main() -> ExitCode {
    let report = conformance::all(&fresh).await;
    println!("{report}");
    if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
