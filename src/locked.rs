//! Locks that outlive the panic of whoever held them.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for the lock, also of a mutex whose holder panicked.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
