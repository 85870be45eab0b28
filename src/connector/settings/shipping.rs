//! How shipping texts become methods.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::fields::settings;
use crate::{
    UnknownName,
    channel::shipping::{Comparison, ShippingDefaults, ShippingMethod},
};

settings! {
    /// How shipping texts become methods.
    ShippingSettings {
        /// How texts are compared.
        comparison: Comparison = Comparison::Exact;
        /// Methods for texts that no rule fits.
        defaults: ShippingDefaults = ShippingDefaults::none();
        /// What happens to an order whose text fits nothing.
        unmapped: UnmappedPolicy = UnmappedPolicy::Hold;
    }
}

/// What happens to an order whose shipping text fits no rule and no default.
///
/// In a file: `"hold"`, `"reject"` or `{"default": {"policy": "ground"}}`. As a text it is a name, of which `default`
/// cannot be read: it needs a method.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnmappedPolicy {
    /// It is imported and held until a rule is added.
    #[default]
    Hold,
    /// It goes by this method.
    Default(ShippingMethod),
    /// It is not imported until a rule fits. While it is in the window every run looks at it; afterwards it is read again
    /// after 5 minutes to 1 hour, however old it gets.
    Reject,
}

impl UnmappedPolicy {
    /// Its name, as settings and reports write it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Default(_) => "default",
            Self::Reject => "reject",
        }
    }
}

impl fmt::Display for UnmappedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for UnmappedPolicy {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "hold" => Ok(Self::Hold),
            "reject" => Ok(Self::Reject),
            _ => Err(UnknownName::new(name, &["hold", "reject"])),
        }
    }
}
