//! The guides: text that stands in files of its own, under `docs/`.
//!
//! | read | to learn |
//! | --- | --- |
//! | [`start`] | from nothing to the first imported order and the first tracking number sent |
//! | [`embedding`] | what the host owns and what the connector owns: orders in the host's tables, shipments, webhooks, a page for support |
//! | [`stores`] | which store to take, and how to write one |
//! | [`mappings`] | shipping rules and carrier rules, and how held orders are released |
//! | [`production`] | how to run it: processes, stop signals, throughput, metrics, databases, restore, keys, retention |
//! | [`operations`] | what each operation does, costs and reports |
//! | [`errors`] | what every error, refusal, finding and reason means, and what to do |
//! | [`testing`] | the simulator, faults and clocks in a host's tests |
//! | [`evidence`] | what is taken for granted about ShipStation, and on what that rests |
//! | [`glossary`] | the words |
//! | [`order_members`] | where each member of a ShipStation order arrives |
//!
//! The text of some needs features of the crate; on docs.rs all of it is there.
#![allow(clippy::doc_markdown, reason = "sentences of the crate stand in the guides as it writes them")]

#[doc = include_str!("../../docs/order-members.md")]
pub mod order_members {}

/// Declares guides: where one of its features is missing, a guide says so.
macro_rules! guides {
    ($($name:ident $text:literal needs $($feature:literal)*;)+) => {$(
        #[cfg_attr(all($(feature = $feature),*), doc = include_str!($text))]
        #[cfg_attr(not(all($(feature = $feature),*)), doc = concat!("In a build with:", $(" `", $feature, "`"),*))]
        pub mod $name {}
    )+};
}

guides! {
    start "../../docs/guide/start.md" needs "simulator";
    embedding "../../docs/guide/embedding.md" needs "simulator" "sqlite";
    stores "../../docs/guide/stores.md" needs "conformance" "sqlite";
    mappings "../../docs/guide/mappings.md" needs;
    operations "../../docs/guide/operations.md" needs "simulator";
    production "../../docs/guide/production.md" needs "metrics";
    testing "../../docs/guide/testing.md" needs "conformance" "simulator";
    errors "../../docs/guide/errors.md" needs;
    evidence "../../docs/guide/evidence.md" needs;
    glossary "../../docs/guide/glossary.md" needs;
}
