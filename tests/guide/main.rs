//! The guides say what the code says: each list of reasons, codes and names in them is compared with its type.
#![allow(clippy::unwrap_used, clippy::panic)]

mod codes;
mod pictures;
mod reasons;
mod text;
