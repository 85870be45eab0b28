//! Rows made for a test: an order, its lines and address, and a product.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::{Field, Record, record, record::amount};
use crate::Timestamp;

/// What an amount in a test says; a text that is not a number counts as zero.
fn amount_or_zero(text: &str) -> Decimal {
    amount(text).unwrap_or_default()
}

/// A [`Record`] with setters for what tests change most: `=` sets a member, `+=` adds to a list.
macro_rules! builder {
    ($(#[$doc:meta])* $name:ident { $(
        $(#[$setter_doc:meta])*
        $setter:ident($($argument:ident: $kind:ty),*) { $($member:literal $operator:tt $value:expr),+ }
    )* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[must_use = "a row does nothing until an account has it"]
        pub struct $name(Record);

        impl $name {
            $($(#[$setter_doc])*
            pub fn $setter(mut self, $($argument: $kind),*) -> Self {
                $(builder!(@change self.0, $member $operator $value);)+
                self
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
    (@change $row:expr, $member:literal = $value:expr) => { $row.set($member, $value) };
    (@change $row:expr, $list:literal += $value:expr) => { $row.push($list, $value) };
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
        id(order_id: i64) { "orderId" = order_id }
        /// The store.
        store(store_id: i64) { "advancedOptions.storeId" = store_id }
        /// The status, any text.
        status(status: impl Into<Field>) { "orderStatus" = status }
        /// When ShipStation made it.
        created(at: Timestamp) { "createDate" = at }
        /// When it last changed; the creation by default.
        modified(at: Timestamp) { "modifyDate" = at }
        /// When it was ordered; the creation by default.
        ordered(at: Timestamp) { "orderDate" = at }
        /// When it was paid; the order date by default.
        paid(at: Timestamp) { "paymentDate" = at }
        /// Not paid yet.
        unpaid() { "paymentDate" = Field::Null }
        /// The shipping method as the store names it.
        shipping(method: impl Into<Field>) { "requestedShippingService" = method }
        /// Carrier, service and package as chosen in ShipStation.
        shipping_codes(carrier: impl Into<String>, service: impl Into<String>, package: impl Into<String>) {
            "carrierCode" = carrier.into(), "serviceCode" = service.into(), "packageCode" = package.into()
        }
        /// The assigned user.
        user(user_id: impl Into<Field>) { "userId" = user_id }
        /// The channel's key; a fresh GUID by default.
        order_key(key: impl Into<Field>) { "orderKey" = key }
        /// The country it goes to.
        country(code: impl Into<Field>) { "shipTo.country" = code }
        /// Where it goes.
        ship_to(address: SimAddress) { "shipTo" = address }
        /// The import that brought it, as webhook addresses name it.
        import_batch(batch: impl Into<Field>) { "importBatch" = batch }
        /// One more tag.
        tag(tag_id: i64) { "tagIds" += tag_id }
        /// One more line.
        line(line: SimLine) { "items" += line }
        /// Says that it was split off this order.
        parent(order_id: i64) { "advancedOptions.mergedOrSplit" = true, "advancedOptions.parentId" = order_id }
        /// Tax on the whole order. A text that is not a number counts as zero.
        tax(amount: &str) { "taxAmount" = amount_or_zero(amount) }
        /// What the buyer paid for shipping. A text that is not a number counts as zero.
        shipping_paid(amount: &str) { "shippingAmount" = amount_or_zero(amount) }
        /// One more line of the customs form. A value that is not a number counts as zero.
        customs_item(description: impl Into<String>, quantity: i64, value: &str) {
            "internationalOptions.customsItems" += record!(CUSTOMS_ITEM {
                "description": description.into(), "quantity": quantity, "value": amount_or_zero(value),
            })
        }
        /// Somebody else ships it, such as a marketplace's own warehouse.
        externally_fulfilled(by: impl Into<String>) {
            "externallyFulfilled" = true, "externallyFulfilledBy" = by.into()
        }
    }
}

/// Stands for "when the order is added" until it is.
pub(super) const WHEN_ADDED: Timestamp = Timestamp::UNIX_EPOCH;

impl SimOrder {
    /// A paid order of one United States buyer, without lines.
    pub fn new(order_number: impl Into<String>) -> Self {
        Self(record!(ORDER {
            "orderId": 0, "orderNumber": order_number.into(), "orderStatus": "awaiting_shipment",
            "createDate": WHEN_ADDED, "modifyDate": WHEN_ADDED, "orderDate": WHEN_ADDED, "paymentDate": WHEN_ADDED,
            "customerUsername": "robin.sample@example.com", "customerEmail": "robin.sample@example.com",
            "billTo": SimAddress::named("Robin Sample"), "shipTo": SimAddress::sample(),
        }))
    }

    /// The total that ShipStation computes: lines, tax and shipping.
    pub fn total(&self) -> Decimal {
        total(&self.0)
    }

    /// Says that other orders were merged into it, or that it was split into them.
    pub fn merged(self, ids: impl IntoIterator<Item = i64>) -> Self {
        let order = self.set("advancedOptions.mergedOrSplit", true);
        order.with(|order| ids.into_iter().for_each(|id| order.push("advancedOptions.mergedIds", id)))
    }
}

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
        named(name: impl Into<Field>) { "name" = name }
        /// A number of your choice, which may be another line's too, instead of the next free one.
        id(order_item_id: i64) { "orderItemId" = order_item_id }
        /// The number is 0 and stays so.
        without_id() { "unnumbered" = true }
        /// The channel's own number of the line.
        key(key: impl Into<Field>) { "lineItemKey" = key }
        /// Takes the SKU away, as stores without SKUs do.
        without_sku() { "sku" = Field::Null }
        /// The SKU to ship instead of the one sold.
        fulfillment_sku(sku: impl Into<Field>) { "fulfillmentSku" = sku }
        /// A chosen option.
        option(name: impl Into<String>, value: impl Into<String>) {
            "options" += record!({ "name": name.into(), "value": value.into() })
        }
    }
}

impl SimLine {
    /// `quantity` pieces of `sku` at `unit_price` each. A price that is not a number counts as zero.
    pub fn new(sku: impl Into<String>, quantity: i64, unit_price: &str) -> Self {
        let (sku, price) = (sku.into(), amount_or_zero(unit_price));
        Self(record!(LINE {
            "orderItemId": 0, "name": format!("Item {sku}"), "sku": sku, "quantity": quantity, "unitPrice": price,
        }))
    }

    /// A discount or fee: nothing to ship, no SKU, and a negative amount when it is a discount.
    pub fn adjustment(name: impl Into<String>, amount: &str) -> Self {
        Self(record!(LINE { "name": name.into(), "unitPrice": amount_or_zero(amount), "adjustment": true }))
    }
}

builder! {
    /// A product of the catalog. (V1 reference, models / Product.)
    SimProduct {
        /// Its name.
        named(name: impl Into<Field>) { "name" = name }
        /// Its bar code.
        upc(code: impl Into<Field>) { "upc" = code }
        /// When ShipStation made it.
        created(at: Timestamp) { "createDate" = at }
        /// Its price. A text that is not a number counts as zero.
        price(price: &str) { "price" = amount_or_zero(price) }
        /// One more alias, as the newer recordings show them: a name, and the store it holds for.
        alias(name: impl Into<String>, store_id: i64) {
            "aliases" += record!({ "name": name.into(), "storeId": store_id })
        }
        /// Makes it inactive.
        inactive() { "active" = false }
    }
}

impl SimProduct {
    /// An active product with this SKU and little else, as ShipStation makes them on import.
    pub fn new(sku: impl Into<String>) -> Self {
        let sku = sku.into();
        Self(record!(PRODUCT { "productId": 0, "name": format!("Item {sku}"), "sku": sku }))
    }
}

builder! {
    /// An address, with ShipStation's twelve members. (V1 reference, models / Address.)
    SimAddress {}
}

impl SimAddress {
    /// A made-up, complete address in the United States.
    pub fn sample() -> Self {
        Self(record!(ADDRESS {
            "name": "Robin Sample", "street1": "1200 EXAMPLE ST", "street2": "", "city": "SPRINGFIELD", "state": "IL",
            "postalCode": "62701-0042", "country": "US", "phone": "217-555-0142", "residential": true,
            "addressVerified": "Address validated successfully",
        }))
    }

    /// Only a name, everything else null, as billing addresses often are.
    pub fn named(name: impl Into<String>) -> Self {
        Self(record!(ADDRESS { "name": name.into() }))
    }
}
