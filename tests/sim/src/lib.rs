//! The whole world from one seed. The README of this folder says what it is for and how to add to it.
#![allow(clippy::missing_panics_doc, clippy::cast_possible_truncation, clippy::unwrap_used)]

pub mod budgets;
pub mod executor;
pub mod fleet;
pub mod history;
pub mod log;
mod network;
mod oracle;
mod people;
pub mod plan;
mod process;
pub mod shrink;
mod storage;
mod trouble;
pub mod world;
