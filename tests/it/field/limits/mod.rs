//! What a stranger can make the crate do, and what it shows.

mod masks;
