//! Answers that are not ShipStation's own, and credentials that are refused.

mod permits;
mod stopping;
