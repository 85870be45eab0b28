//! What a rule gives: the host's policy and, where wanted, the channel's own codes. No matching here.

use serde::{Deserialize, Serialize};

use super::ShippingPolicy;

/// How to ship: the host's policy, with optional codes of the channel as extras.
///
/// ```
/// use shipstation_connector::channel::shipping::ShippingMethod;
///
/// let method = ShippingMethod::new("two-day").carrier_code("fedex").service_code("fedex_2day").rush();
/// assert_eq!(method.policy.as_str(), "two-day");
/// assert!(method.rush && !method.lock);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShippingMethod {
    /// The host's policy. A rule without one is refused when rules are compiled.
    pub policy: ShippingPolicy,
    /// The channel's carrier code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_code: Option<String>,
    /// The channel's service code; it belongs to the carrier code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_code: Option<String>,
    /// The channel's package code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_code: Option<String>,
    /// The kind of delivery confirmation, in the channel's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<String>,
    /// The order goes before others.
    #[serde(default)]
    pub rush: bool,
    /// The host must not choose another method later, for instance by rate shopping.
    #[serde(default)]
    pub lock: bool,
}

impl ShippingMethod {
    /// The policy alone, without codes.
    pub fn new(policy: impl Into<ShippingPolicy>) -> Self {
        Self {
            policy: policy.into(),
            carrier_code: None,
            service_code: None,
            package_code: None,
            confirmation: None,
            rush: false,
            lock: false,
        }
    }

    /// Adds the channel's carrier code.
    #[must_use]
    pub fn carrier_code(mut self, code: impl Into<String>) -> Self {
        self.carrier_code = Some(code.into());
        self
    }

    /// Adds the channel's service code.
    #[must_use]
    pub fn service_code(mut self, code: impl Into<String>) -> Self {
        self.service_code = Some(code.into());
        self
    }

    /// Adds the channel's package code.
    #[must_use]
    pub fn package_code(mut self, code: impl Into<String>) -> Self {
        self.package_code = Some(code.into());
        self
    }

    /// Adds the kind of delivery confirmation.
    #[must_use]
    pub fn confirmation(mut self, confirmation: impl Into<String>) -> Self {
        self.confirmation = Some(confirmation.into());
        self
    }

    /// Marks orders of this method as urgent.
    #[must_use]
    pub fn rush(mut self) -> Self {
        self.rush = true;
        self
    }

    /// Forbids the host to change the method later.
    #[must_use]
    pub fn lock(mut self) -> Self {
        self.lock = true;
        self
    }
}

impl From<ShippingPolicy> for ShippingMethod {
    fn from(policy: ShippingPolicy) -> Self {
        Self::new(policy)
    }
}

impl From<&str> for ShippingMethod {
    fn from(policy: &str) -> Self {
        Self::new(policy)
    }
}

impl From<String> for ShippingMethod {
    fn from(policy: String) -> Self {
        Self::new(policy)
    }
}
