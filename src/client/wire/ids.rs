//! The identifiers of ShipStation's resources: one type each, so that a store can never pass for an order.

use std::{
    fmt,
    hash::{Hash, Hasher},
    num::ParseIntError,
    str::FromStr,
};

use super::{Lenient, Masked, Scalar, Unfit, standalone};

macro_rules! ids {
    ($($name:ident $(- $below:literal)?: $what:literal;)*) => {$(
        #[doc = concat!("Identifies ", $what, ".")]
        ///
        /// A 64-bit number: ShipStation's ids passed 2^31 by 2024. It is read from a JSON number or a numeric text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Wraps a number received from ShipStation.
            pub const fn new(id: i64) -> Self {
                Self(id)
            }

            /// The number itself.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.trim().parse().map(Self)
            }
        }

        impl Lenient for $name {
            const WHAT: &'static str = "a whole number or a numeric text";

            fn from_scalar(scalar: Scalar<'_>) -> Result<Option<Self>, Unfit> {
                Ok(i64::from_scalar(scalar)?.map(Self))
            }

            /// An id below 1 is no id; only ShipStation's own marketplace has the number 0.
            fn is_valid(&self) -> bool {
                const LEAST: i64 = 1 $(- $below)?;
                self.0 >= LEAST
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.0)
            }
        }

        standalone!($name);
    )*};
}

ids! {
    OrderId: "an order";
    OrderItemId: "a line of an order";
    ProductId: "a product";
    ProductCategoryId: "a product category";
    ProductTypeId: "a product type";
    StoreId: "a store";
    MarketplaceId - 1: "a marketplace, such as 14 for Shopify; 0 is ShipStation's own manual store";
    TagId: "an account tag";
    CustomerId: "a customer";
    CustomerUserId: "a customer's login at one marketplace";
    ShipmentId: "a shipment: a label bought in ShipStation";
    FulfillmentId: "a fulfillment: a shipment made outside ShipStation";
    WarehouseId: "a ship-from location";
    WebhookId: "a webhook subscription";
    SellerId: "a ShipStation account";
    ShippingProviderId: "one account of a carrier";
    CustomsItemId: "a customs line";
}

/// Identifies a ShipStation user: a GUID, kept as it was written and compared without regard to case.
///
/// ```
/// use shipstation_connector::client::UserId;
/// assert_eq!(UserId::new("5F0C2A9E-7D41-4B6E-9C35-0A1B2C3D4E5F"), UserId::new("5f0c2a9e-7d41-4b6e-9c35-0a1b2c3d4e5f"));
/// ```
#[derive(Clone)]
pub struct UserId(String);

impl fmt::Debug for UserId {
    /// Masked unless it is made as a GUID is: names and addresses have been seen in its place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guid = self.0.len() <= 36 && self.0.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        f.debug_tuple("UserId").field(if guid { &self.0 } else { &Masked(false) }).finish()
    }
}

impl UserId {
    /// Wraps a user id; blanks around it are dropped.
    pub fn new(guid: impl AsRef<str>) -> Self {
        Self(guid.as_ref().trim().to_owned())
    }

    /// The id as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for UserId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for UserId {}

impl Hash for UserId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

impl PartialOrd for UserId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UserId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let lower = |id: &Self| id.0.to_ascii_lowercase();
        lower(self).cmp(&lower(other))
    }
}

impl From<&str> for UserId {
    fn from(guid: &str) -> Self {
        Self::new(guid)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UserId {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

impl Lenient for UserId {
    const WHAT: &'static str = "a text";

    fn from_scalar(scalar: Scalar<'_>) -> Result<Option<Self>, Unfit> {
        let id = match scalar {
            Scalar::Bool(_) => return Err(Unfit),
            _ => Self::new(scalar.text()?),
        };
        Ok(Some(id).filter(|id| !id.0.is_empty()))
    }

    fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

standalone!(UserId);
