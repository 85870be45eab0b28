//! Answers that are not ShipStation's own, and credentials that are refused.

mod intermediaries;
mod logs;
mod other_orders;
mod permits;
mod refused_keys;
mod stopping;
