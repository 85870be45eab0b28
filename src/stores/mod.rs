//! Ready-made implementations of the storage traits.

#[cfg(feature = "sqlite")]
mod columns;
#[cfg(feature = "sqlite")]
mod failure;
mod instrumented;
pub mod memory;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
pub use self::{
    instrumented::{Instrumented, NextCall, StoreAnswer, StoreCall, StoreHook, instrumented},
    memory::{MemoryStore, StoredOrder},
};
