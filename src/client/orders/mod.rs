//! Orders: reading them and acting on them. V1 reference, Endpoints / Orders.

mod create;
mod label;
mod list;
mod mark_as_shipped;
mod model;
mod vocabulary;

pub use self::{
    create::{BulkOrderResult, BulkOrders, NewOrder},
    label::CreateLabelForOrder,
    list::{ListOrders, ListOrdersByTag, OrderSort},
    mark_as_shipped::{MarkAsShipped, MarkedAsShipped},
    model::*,
    vocabulary::*,
};
use serde_json::json;

use super::{ActionResponse, Error, OrderId, Orders, PacificDate, TagId, UserId, call::Call, endpoints};

impl Orders {
    /// Fetches one order.
    ///
    /// # Errors
    /// [`NotFound`](super::ErrorKind::NotFound) if there is no such order, or it was deleted or merged into another;
    /// [`Decode`](super::ErrorKind::Decode) if the answer is about another order.
    pub async fn get(&self, order: OrderId) -> Result<Order, Error> {
        self.0.fetch(&endpoints::GET_ORDER, order, |found: &Order| found.order_id).await
    }

    /// Lists orders by any of many filters.
    ///
    /// ```no_run
    /// # use shipstation_connector::{Timestamp, client::{Error, OrderStatus, ShipStation}};
    /// use futures_util::TryStreamExt as _;
    /// # async fn example(client: ShipStation, monday: Timestamp) -> Result<(), Error> {
    /// let mut orders = client.orders().list().status(OrderStatus::AwaitingShipment).created_since(monday).items();
    /// while let Some(order) = orders.try_next().await? {
    ///     println!("{}", order.order_id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListOrders {
        ListOrders::new(&self.0)
    }

    /// Lists the orders of one status that carry one tag, newest first. There are no other filters.
    pub fn list_by_tag(&self, status: OrderStatus, tag: TagId) -> ListOrdersByTag {
        let ListOrdersByTag(list) = ListOrdersByTag::new(&self.0);
        ListOrdersByTag(list.set("orderStatus", status).set("tagId", tag))
    }

    /// Assigns a user to orders, all or none: if one of the orders cannot be assigned, none is.
    ///
    /// Repeatable: it sets a value. No limit is documented; up to 100 orders a call
    /// is what careful clients send.
    ///
    /// # Errors
    /// [`NotFound`](super::ErrorKind::NotFound) or [`Invalid`](super::ErrorKind::Invalid) if an order or the user is unknown.
    pub async fn assign_user(&self, orders: &[OrderId], user: &UserId) -> Result<ActionResponse, Error> {
        self.0
            .act(&Call::to(&endpoints::ASSIGN_USER).json(&json!({ "orderIds": orders, "userId": user })))
            .await
    }

    /// Takes the user away from orders, from all or none. Repeatable.
    ///
    /// # Errors
    /// [`NotFound`](super::ErrorKind::NotFound) or [`Invalid`](super::ErrorKind::Invalid) if an order is unknown.
    pub async fn unassign_user(&self, orders: &[OrderId]) -> Result<ActionResponse, Error> {
        self.0.act(&Call::to(&endpoints::UNASSIGN_USER).json(&json!({ "orderIds": orders }))).await
    }

    /// Puts a tag on an order. Repeatable.
    pub async fn add_tag(&self, order: OrderId, tag: TagId) -> Result<ActionResponse, Error> {
        self.0.act(&Call::to(&endpoints::ADD_TAG).json(&json!({ "orderId": order, "tagId": tag }))).await
    }

    /// Takes a tag off an order. Repeatable.
    pub async fn remove_tag(&self, order: OrderId, tag: TagId) -> Result<ActionResponse, Error> {
        self.0.act(&Call::to(&endpoints::REMOVE_TAG).json(&json!({ "orderId": order, "tagId": tag }))).await
    }

    /// Holds an order until a day, when ShipStation releases it by itself. Repeatable.
    pub async fn hold_until(&self, order: OrderId, date: PacificDate) -> Result<ActionResponse, Error> {
        self.0
            .act(&Call::to(&endpoints::HOLD_UNTIL).json(&json!({ "orderId": order, "holdUntilDate": date })))
            .await
    }

    /// Releases an order from its hold. Repeatable.
    pub async fn restore_from_hold(&self, order: OrderId) -> Result<ActionResponse, Error> {
        self.0.act(&Call::to(&endpoints::RESTORE_FROM_HOLD).json(&json!({ "orderId": order }))).await
    }

    /// Deletes an order. ShipStation keeps it, inactive and out of sight.
    ///
    /// Repeatable; a repetition may find that it is gone.
    pub async fn delete(&self, order: OrderId) -> Result<ActionResponse, Error> {
        self.0.act(&Call::to(&endpoints::DELETE_ORDER).id(order)).await
    }
}
