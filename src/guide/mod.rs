//! The guides: text that stands in files of its own, under `docs/`.

#[doc = include_str!("../../docs/order-members.md")]
pub mod order_members {}
