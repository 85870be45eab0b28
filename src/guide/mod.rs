//! The guides: text that stands in files of its own, under `docs/`. The front page of the crate says what is in each.
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
