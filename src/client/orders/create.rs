//! Making and replacing orders.

use super::{
    super::{
        Error, OrderId, PacificDate, PacificTime, TagId,
        call::Call,
        endpoints,
        endpoints::Idempotency,
        error::Problem,
        wire::{model, rows::DecodeIssue},
    },
    Address, AdvancedOptions, Confirmation, Dimensions, InsuranceOptions, InternationalOptions, Order,
    OrderItem, OrderStatus, Orders, Weight,
};
use crate::{Timestamp, client::Decimal};

/// Declares the order that is sent, from the members that it shares with [`Order`].
macro_rules! new_order {
    ($($(#[$meta:meta])* $(@$mark:ident)* $field:ident: $ty:ty = $json:literal,)*) => {
        model! {
            /// An order to be made or replaced; see [`Orders::create`](super::Orders::create).
            ///
            /// ShipStation replaces an order as a whole: what is absent is cleared. To change one, start from
            /// [`NewOrder::replacing`].
            #[derive(Default)]
            pub struct NewOrder {
                /// The id of the order to be replaced; never set it on a new one.
                order_id: Option<OrderId> = "orderId",
                $($(#[$meta])* $(@$mark)* $field: $ty = $json,)*
            }
        }

        impl NewOrder {
            /// The writable part of an order that exists, to be changed and sent back. Members that this crate does not know
            /// come along.
            pub fn replacing(order: &Order) -> Self {
                let order = order.clone();
                Self { order_id: Some(order.order_id), $($field: order.$field,)* extra: order.extra }
            }
        }
    };
}

new_order! {
    /// The number, at most 50 characters; ShipStation cuts longer ones silently.
    @public order_number: Option<String> = "orderNumber",
    /// The key that decides between making and replacing. Without it, ShipStation makes a new order each time.
    order_key: Option<String> = "orderKey",
    order_date: Option<PacificTime> = "orderDate",
    payment_date: Option<PacificTime> = "paymentDate",
    /// By when it should leave.
    ship_by_date: Option<PacificTime> = "shipByDate",
    /// Its state. Shipped and cancelled orders are locked.
    order_status: Option<OrderStatus> = "orderStatus",
    /// The buyer's login; without it ShipStation makes no customer record.
    @personal customer_username: Option<String> = "customerUsername",
    @personal customer_email: Option<String> = "customerEmail",
    /// Who pays; a name is enough.
    bill_to: Option<Address> = "billTo",
    /// Where the goods go. ShipStation rewrites it in the carrier's standard form.
    ship_to: Option<Address> = "shipTo",
    items: Vec<OrderItem> = "items",
    /// What was paid, in the store's currency.
    amount_paid: Option<Decimal> = "amountPaid",
    /// The tax, in the store's currency.
    tax_amount: Option<Decimal> = "taxAmount",
    /// What the buyer pays for shipping, in the store's currency.
    shipping_amount: Option<Decimal> = "shippingAmount",
    @personal customer_notes: Option<String> = "customerNotes",
    @personal internal_notes: Option<String> = "internalNotes",
    gift: Option<bool> = "gift",
    @personal gift_message: Option<String> = "giftMessage",
    payment_method: Option<String> = "paymentMethod",
    /// The shipping that the buyer chose, in the store's own words.
    requested_shipping_service: Option<String> = "requestedShippingService",
    /// The carrier. Carrier, service and package must belong together.
    @public carrier_code: Option<String> = "carrierCode",
    @public service_code: Option<String> = "serviceCode",
    @public package_code: Option<String> = "packageCode",
    confirmation: Option<Confirmation> = "confirmation",
    ship_date: Option<PacificDate> = "shipDate",
    weight: Option<Weight> = "weight",
    dimensions: Option<Dimensions> = "dimensions",
    insurance_options: Option<InsuranceOptions> = "insuranceOptions",
    international_options: Option<InternationalOptions> = "internationalOptions",
    advanced_options: Option<AdvancedOptions> = "advancedOptions",
    /// Its tags; unknown ones are dropped silently.
    tag_ids: Vec<TagId> = "tagIds",
}

impl NewOrder {
    /// An order with all that is required; the rest is set on the fields.
    pub fn new(
        order_number: impl Into<String>,
        order_date: Timestamp,
        order_status: OrderStatus,
        bill_to: Address,
        ship_to: Address,
    ) -> Self {
        Self {
            order_number: Some(order_number.into()),
            order_date: Some(PacificTime::of(order_date)),
            order_status: Some(order_status),
            bill_to: Some(bill_to),
            ship_to: Some(ship_to),
            ..Self::default()
        }
    }

    /// Whether sending it twice leaves one order.
    fn is_keyed(&self) -> bool {
        self.order_key.as_deref().is_some_and(|key| !key.trim().is_empty())
    }
}

/// The most orders that ShipStation takes in one call.
const MAX_ORDERS: usize = 100;

impl Orders {
    /// Makes an order, or replaces the one with the same key as a whole.
    ///
    /// The answer is the stored order, but automation rules run some seconds later: fetch it again before relying on its
    /// weight, tags or carrier.
    ///
    /// Repeatable if the order has a key; otherwise it happens once, because every call makes another order, as far as is known
    /// also one with an id.
    ///
    /// # Errors
    /// [`Invalid`](super::super::ErrorKind::Invalid) with ShipStation's reason if the order lacks something. After
    /// [`Outcome::Unknown`](super::super::Outcome::Unknown) without a key, look before making it again.
    pub async fn create(&self, order: &NewOrder) -> Result<Order, Error> {
        let call = call(&endpoints::CREATE_ORDER, order.is_keyed()).json(order);
        self.0.one(&call).await
    }

    /// Makes or replaces 1 to 100 orders. Each succeeds or fails on its own.
    ///
    /// Repeatable if every order has a key; otherwise it happens once.
    ///
    /// # Errors
    /// As for [`create`](Self::create), for the call as a whole; [`Config`](super::super::ErrorKind::Config) for another number of orders.
    /// [`Decode`](super::super::ErrorKind::Decode) if the answer leaves open what became of an order: some may have been made.
    pub async fn create_many(&self, orders: &[NewOrder]) -> Result<BulkOrders, Error> {
        if orders.is_empty() || orders.len() > MAX_ORDERS {
            return Err(Problem::config("orders: ShipStation takes 1 to 100 orders in one call")
                .at(endpoints::CREATE_ORDERS.path, 0));
        }
        let call = call(&endpoints::CREATE_ORDERS, orders.iter().all(NewOrder::is_keyed)).json(&orders);
        let answer = self.0.granted(&call).await?;
        let bulk: BulkOrders = self.0.decode(&answer)?;
        match bulk.leaves_open(orders.len()) {
            Some(reason) => {
                let issue = DecodeIssue { path: "results".to_owned(), reason: reason.to_owned() };
                Err(answer.undecodable(issue))
            }
            None => Ok(bulk),
        }
    }
}

/// With a key the call replaces what it made, so that repeating it is safe.
fn call(operation: &endpoints::Endpoint, keyed: bool) -> Call {
    let mut call = Call::to(operation);
    if keyed {
        call.class = Idempotency::Repeatable;
    }
    call
}

model! {
    /// What became of each order of a bulk call. The call succeeds even if every order failed: look at
    /// [`failures`](Self::failures).
    #[must_use = "orders may have failed: look at failures()"]
    pub struct BulkOrders {
        has_errors: Option<bool> = "hasErrors",
        /// One result per order, in the order they were sent; match by key or number all the same.
        results: Vec<BulkOrderResult> = "results",
        /// ShipStation's words on the whole. They may quote what was sent.
        @personal message: Option<String> = "Message",
    }
}

impl BulkOrders {
    /// The orders that were not taken. A result that does not say that it succeeded counts as failed.
    pub fn failures(&self) -> impl Iterator<Item = &BulkOrderResult> {
        self.results.iter().filter(|result| result.success != Some(true))
    }

    /// What the answer does not say of the orders sent, so that one of them may be lost unseen.
    fn leaves_open(&self, sent: usize) -> Option<&'static str> {
        if self.results.len() < sent {
            Some("expected a result for each order")
        } else if self.has_errors == Some(true) && self.failures().next().is_none() {
            Some("expected a failure, because `hasErrors` is true")
        } else {
            None
        }
    }
}

model! {
    /// What became of one order of a bulk call.
    pub struct BulkOrderResult {
        /// The order, if it was taken.
        order_id: Option<OrderId> = "orderId",
        @public order_number: Option<String> = "orderNumber",
        order_key: Option<String> = "orderKey",
        /// Whether it was taken.
        success: Option<bool> = "success",
        /// Why not. It may quote what was sent.
        @personal error_message: Option<String> = "errorMessage",
    }
}
