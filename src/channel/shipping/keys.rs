//! The two opaque keys of a mapping. The crate stores, compares and returns them; it never looks inside.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! opaque_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the key as it is: nothing is trimmed or folded.
            pub fn new(key: impl Into<String>) -> Self {
                Self(key.into())
            }

            /// The key as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(key: &str) -> Self {
                Self::new(key)
            }
        }

        impl From<String> for $name {
            fn from(key: String) -> Self {
                Self(key)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

opaque_key! {
    /// One store (shop, seller account) on the channel, by the channel's own id.
    StoreKey
}

opaque_key! {
    /// The host's shipping policy: whatever key the host knows it by. Opaque to the crate.
    ShippingPolicy
}
