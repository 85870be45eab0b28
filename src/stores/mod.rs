//! Ready-made implementations of the storage traits.

pub mod memory;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use self::memory::{MemoryStore, StoredOrder};
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
