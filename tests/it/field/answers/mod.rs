//! Answers that are not ShipStation's own, and credentials that are refused.

mod intermediaries;
mod permits;
mod stopping;
