//! What a stranger can make the crate do, and what it shows.

mod files;
mod leases;
mod masks;
