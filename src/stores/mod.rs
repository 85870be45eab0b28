//! Ready-made implementations of the storage traits.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod columns;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod failure;
mod instrumented;
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod released;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "postgres")]
pub use self::postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::{failure::Failure, released::ReleasedOrder};
pub use self::{
    instrumented::{Instrumented, NextCall, StoreAnswer, StoreCall, StoreHook, instrumented},
    memory::{MemoryStore, StoredOrder},
};
