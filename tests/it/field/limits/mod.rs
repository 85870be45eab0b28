//! What a stranger can make the crate do, and what it shows.

mod files;
mod leases;
mod masks;
mod rules;
mod table;
mod texts;

use std::{fs, time::Duration};

/// How long this thread has been at work, however busy the machine is.
fn at_work() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default())
}

/// Two seconds where the code is optimized, and fifteen times as long where it is not.
const MOST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 2 });

/// Does something that may take [`MOST`].
fn in_time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = at_work();
    let result = work();
    let took = at_work().saturating_sub(start);
    println!("{what}: {} ms", took.as_millis());
    assert!(took < MOST, "{what} took {took:?}");
    result
}
