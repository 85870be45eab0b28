//! How shipping texts become methods.

use crate::channel::shipping::{Comparison, ShippingDefaults, ShippingMethod};

/// How shipping texts become methods.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ShippingSettings {
    /// How texts are compared. Default: exactly.
    pub comparison: Comparison,
    /// Methods for texts that no rule fits.
    pub defaults: ShippingDefaults,
    /// What happens to an order whose text fits nothing. Default: it is imported and held.
    pub unmapped: UnmappedPolicy,
}

/// What happens to an order whose shipping text fits no rule and no default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnmappedPolicy {
    /// It is imported and held until a rule is added.
    #[default]
    Hold,
    /// It goes by this method.
    Default(ShippingMethod),
    /// It is not imported, and is read again in every run until a rule fits, however old it gets.
    Reject,
}
