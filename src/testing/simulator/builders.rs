//! Rows made for a test: an order, its lines and address, and a product.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::{
    record::{Field, Record, amount},
    shapes::{ADDRESS, LINE, ORDER, PRODUCT},
};
use crate::Timestamp;

/// What an amount in a test says; a text that is not a number counts as zero.
fn amount_or_zero(text: &str) -> Decimal {
    amount(text).unwrap_or_default()
}

/// A [`Record`] with setters for what tests change most.
macro_rules! builder {
    ($(#[$doc:meta])* $name:ident { $($(#[$setter_doc:meta])* $setter:ident: $kind:ty => $member:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[must_use = "a row does nothing until an account has it"]
        pub struct $name(Record);

        impl $name {
            $($(#[$setter_doc])*
            pub fn $setter(self, value: $kind) -> Self {
                self.set($member, value)
            })*

            /// Any other member, by ShipStation's name; see [`Record::set`].
            pub fn set(mut self, member: &str, value: impl Into<Field>) -> Self {
                self.0.set(member, value);
                self
            }

            /// Any other change, in the middle of a chain.
            pub fn with(mut self, change: impl FnOnce(&mut Record)) -> Self {
                change(&mut self.0);
                self
            }
        }

        impl From<$name> for Record {
            fn from(row: $name) -> Self {
                row.0
            }
        }

        impl From<$name> for Field {
            fn from(row: $name) -> Self {
                Self::Row(row.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }
    };
}

builder! {
    /// An order. (V1 reference, models / Order.)
    ///
    /// A new order waits for shipment in the manual store and was created, ordered and paid "now", that is when it is
    /// added; its total is computed then.
    ///
    /// ```
    /// use shipstation_connector::testing::simulator::{SimLine, SimOrder};
    /// let order = SimOrder::new("1001").shipping("Standard").line(SimLine::new("MUG", 2, "18.50"));
    /// assert_eq!(order.total().to_string(), "37.00");
    /// ```
    SimOrder {
        /// A number of your choice, instead of the next free one.
        id: i64 => "orderId",
        /// The store.
        store: i64 => "advancedOptions.storeId",
        /// The status, any text.
        status: impl Into<Field> => "orderStatus",
        /// When ShipStation made it.
        created: Timestamp => "createDate",
        /// When it last changed; the creation by default.
        modified: Timestamp => "modifyDate",
        /// When it was ordered; the creation by default.
        ordered: Timestamp => "orderDate",
        /// When it was paid; the order date by default.
        paid: Timestamp => "paymentDate",
        /// The shipping method as the store names it.
        shipping: impl Into<Field> => "requestedShippingService",
        /// The assigned user.
        user: impl Into<Field> => "userId",
        /// The channel's key; a fresh GUID by default.
        order_key: impl Into<Field> => "orderKey",
        /// The country it goes to.
        country: impl Into<Field> => "shipTo.country",
        /// Where it goes.
        ship_to: SimAddress => "shipTo",
        /// The import that brought it, as webhook addresses name it.
        import_batch: impl Into<Field> => "importBatch",
    }
}

/// Stands for "when the order is added" until it is.
pub(super) const WHEN_ADDED: Timestamp = Timestamp::UNIX_EPOCH;

impl SimOrder {
    /// A paid order of one United States buyer, without lines.
    pub fn new(order_number: impl Into<String>) -> Self {
        let order = Record::new(&ORDER)
            .with("orderId", 0)
            .with("orderNumber", order_number.into())
            .with("createDate", WHEN_ADDED)
            .with("orderStatus", "awaiting_shipment")
            .with("modifyDate", WHEN_ADDED)
            .with("orderDate", WHEN_ADDED)
            .with("paymentDate", WHEN_ADDED)
            .with("customerUsername", "robin.sample@example.com")
            .with("customerEmail", "robin.sample@example.com")
            .with("billTo", SimAddress::named("Robin Sample"))
            .with("shipTo", SimAddress::sample());
        Self(order)
    }

    /// The total that ShipStation computes: lines, tax and shipping.
    pub fn total(&self) -> Decimal {
        total(&self.0)
    }

    /// Not paid yet.
    pub fn unpaid(self) -> Self {
        self.set("paymentDate", Field::Null)
    }

    /// One more tag.
    pub fn tag(self, tag_id: i64) -> Self {
        self.push("tagIds", tag_id)
    }

    /// One more line.
    pub fn line(self, line: SimLine) -> Self {
        self.push("items", line)
    }

    /// Carrier, service and package as chosen in ShipStation.
    pub fn shipping_codes(
        self,
        carrier: impl Into<String>,
        service: impl Into<String>,
        package: impl Into<String>,
    ) -> Self {
        self.set("carrierCode", carrier.into())
            .set("serviceCode", service.into())
            .set("packageCode", package.into())
    }

    /// Says that it was split off this order.
    pub fn parent(self, order_id: i64) -> Self {
        self.set("advancedOptions.mergedOrSplit", true).set("advancedOptions.parentId", order_id)
    }

    /// Says that other orders were merged into it, or that it was split into them.
    pub fn merged(self, ids: impl IntoIterator<Item = i64>) -> Self {
        let order = self.set("advancedOptions.mergedOrSplit", true);
        ids.into_iter().fold(order, |order, id| order.push("advancedOptions.mergedIds", id))
    }

    /// Tax on the whole order. A text that is not a number counts as zero.
    pub fn tax(self, amount: &str) -> Self {
        self.set("taxAmount", amount_or_zero(amount))
    }

    /// What the buyer paid for shipping. A text that is not a number counts as zero.
    pub fn shipping_paid(self, amount: &str) -> Self {
        self.set("shippingAmount", amount_or_zero(amount))
    }

    /// Somebody else ships it, such as a marketplace's own warehouse.
    pub fn externally_fulfilled(self, by: impl Into<String>) -> Self {
        self.set("externallyFulfilled", true).set("externallyFulfilledBy", by.into())
    }

    fn push(mut self, list: &str, value: impl Into<Field>) -> Self {
        self.0.push(list, value);
        self
    }
}

/// The total of an order: lines, tax and shipping.
pub(super) fn total(order: &Record) -> Decimal {
    let amount = |row: &Record, member: &str| row.amount(member).unwrap_or_default();
    let lines = order.rows("items").fold(Decimal::ZERO, |sum, line| {
        let quantity = Decimal::from(line.int("quantity").unwrap_or_default());
        sum.saturating_add(amount(line, "unitPrice").saturating_mul(quantity))
    });
    lines.saturating_add(amount(order, "taxAmount")).saturating_add(amount(order, "shippingAmount"))
}

builder! {
    /// A line of an order. (V1 reference, models / `OrderItem`.)
    SimLine {
        /// The product's name.
        named: impl Into<Field> => "name",
        /// A number of your choice, which may be another line's too, instead of the next free one.
        id: i64 => "orderItemId",
        /// The channel's own number of the line.
        key: impl Into<Field> => "lineItemKey",
        /// The SKU to ship instead of the one sold.
        fulfillment_sku: impl Into<Field> => "fulfillmentSku",
    }
}

impl SimLine {
    /// `quantity` pieces of `sku` at `unit_price` each. A price that is not a number counts as zero.
    pub fn new(sku: impl Into<String>, quantity: i64, unit_price: &str) -> Self {
        let sku = sku.into();
        let line = Record::new(&LINE)
            .with("orderItemId", 0)
            .with("name", format!("Item {sku}"))
            .with("sku", sku)
            .with("quantity", quantity)
            .with("unitPrice", amount_or_zero(unit_price));
        Self(line)
    }

    /// A discount or fee: nothing to ship, no SKU, and a negative amount when it is a discount.
    pub fn adjustment(name: impl Into<String>, amount: &str) -> Self {
        let line = Record::new(&LINE)
            .with("name", name.into())
            .with("unitPrice", amount_or_zero(amount))
            .with("adjustment", true);
        Self(line)
    }

    /// Takes the SKU away, as stores without SKUs do.
    pub fn without_sku(self) -> Self {
        self.set("sku", Field::Null)
    }

    /// The number is 0 and stays so.
    pub fn without_id(self) -> Self {
        self.set("unnumbered", true)
    }

    /// A chosen option.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push("options", Record::of([("name", name.into().into()), ("value", value.into().into())]));
        self
    }
}

builder! {
    /// A product of the catalog. (V1 reference, models / Product.)
    SimProduct {
        /// Its name.
        named: impl Into<Field> => "name",
        /// Its bar code.
        upc: impl Into<Field> => "upc",
        /// When ShipStation made it.
        created: Timestamp => "createDate",
    }
}

impl SimProduct {
    /// An active product with this SKU and little else, as ShipStation makes them on import.
    pub fn new(sku: impl Into<String>) -> Self {
        let sku = sku.into();
        Self(Record::new(&PRODUCT).with("productId", 0).with("name", format!("Item {sku}")).with("sku", sku))
    }

    /// Its price. A text that is not a number counts as zero.
    pub fn price(self, price: &str) -> Self {
        self.set("price", amount_or_zero(price))
    }

    /// One more alias, as the newer recordings show them: a name, and the store it holds for.
    pub fn alias(mut self, name: impl Into<String>, store_id: i64) -> Self {
        self.0.push("aliases", Record::of([("name", name.into().into()), ("storeId", store_id.into())]));
        self
    }

    /// Makes it inactive.
    pub fn inactive(self) -> Self {
        self.set("active", false)
    }
}

builder! {
    /// An address, with ShipStation's twelve members. (V1 reference, models / Address.)
    SimAddress {}
}

impl SimAddress {
    /// A made-up, complete address in the United States.
    pub fn sample() -> Self {
        Self::named("Robin Sample")
            .set("street1", "1200 EXAMPLE ST")
            .set("street2", "")
            .set("city", "SPRINGFIELD")
            .set("state", "IL")
            .set("postalCode", "62701-0042")
            .set("country", "US")
            .set("phone", "217-555-0142")
            .set("residential", true)
            .set("addressVerified", "Address validated successfully")
    }

    /// Only a name, everything else null, as billing addresses often are.
    pub fn named(name: impl Into<String>) -> Self {
        Self(Record::new(&ADDRESS).with("name", name.into()))
    }
}
