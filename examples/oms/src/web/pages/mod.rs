//! The pages, each with the forms that it shows.

pub(super) mod changes;
pub(super) mod connections;
pub(super) mod held;
pub(super) mod hooks;
pub(super) mod order;
pub(super) mod orders;
pub(super) mod overview;
pub(super) mod rules;
pub(super) mod runs;
pub(super) mod search;
pub(super) mod shipments;
pub(super) mod sign_in;
