//! What was met in the field: answers, clocks and hosts that misbehave. Every test drives the public API.

mod answers;
mod faults;
mod imports;
mod limits;
mod lists;
mod shipments;
