//! The two ways to list orders.

use super::{
    super::{
        StoreId,
        page::{Column, Key, ListCall, list_request},
        wire::open_enum,
    },
    Order, OrderStatus,
};
use crate::Timestamp;

open_enum! {
    /// What orders can be sorted by. Without a sort they come by ascending id.
    pub enum OrderSort {
        /// By the sales channel's date.
        OrderDate = "OrderDate",
        /// By modification in ShipStation.
        ModifyDate = "ModifyDate",
        /// By creation in ShipStation.
        CreateDate = "CreateDate",
    }
}

const CREATED: Key = Key { column: Column::Created, start: "createDateStart", sort: "CreateDate" };
const MODIFIED: Key = Key { column: Column::Modified, start: "modifyDateStart", sort: "ModifyDate" };
const ORDERED: Key = Key { column: Column::Ordered, start: "orderDateStart", sort: "OrderDate" };

/// A request for orders; see [`Orders::list`](super::Orders::list).
///
/// A stream ([`pages`](Self::pages), [`items`](Self::items)) with a filter on the creation, modification or order date
/// is read *by key* on the first date filtered on (or the one named by [`sort_by`](Self::sort_by)), in ascending order:
/// orders that leave the list meanwhile cannot hide others. Without such a filter, or with a descending sort, it
/// is read by page number.
#[derive(Debug)]
#[must_use = "nothing is sent until send(), pages() or items() is called"]
pub struct ListOrders(pub(super) ListCall);

impl ListOrders {
    /// Only orders of this status. Without it, of every status.
    pub fn status(self, status: OrderStatus) -> Self {
        Self(self.0.set("orderStatus", status))
    }

    /// Only orders of this store.
    pub fn store(self, store: StoreId) -> Self {
        Self(self.0.set("storeId", store))
    }

    /// Only orders whose number *begins* with this text: compare the rows exactly.
    pub fn order_number(self, number: impl AsRef<str>) -> Self {
        Self(self.0.set("orderNumber", number.as_ref()))
    }

    /// Only orders of a customer with this name.
    pub fn customer_name(self, name: impl AsRef<str>) -> Self {
        Self(self.0.set("customerName", name.as_ref()))
    }

    /// Only orders with this text in an item's SKU, description or options.
    pub fn item_keyword(self, keyword: impl AsRef<str>) -> Self {
        Self(self.0.set("itemKeyword", keyword.as_ref()))
    }

    /// Only orders created in ShipStation at or after this instant (floored to the second).
    pub fn created_since(self, instant: Timestamp) -> Self {
        Self(self.0.since("createDateStart", instant, Some(CREATED)))
    }

    /// Only orders created in ShipStation up to this instant (raised to the second).
    pub fn created_before(self, instant: Timestamp) -> Self {
        Self(self.0.before("createDateEnd", instant, Some(CREATED)))
    }

    /// Only orders modified at or after this instant (floored to the second). ShipStation itself modifies each order
    /// some 18 seconds after its creation.
    pub fn modified_since(self, instant: Timestamp) -> Self {
        Self(self.0.since("modifyDateStart", instant, Some(MODIFIED)))
    }

    /// Only orders modified up to this instant (raised to the second).
    pub fn modified_before(self, instant: Timestamp) -> Self {
        Self(self.0.before("modifyDateEnd", instant, Some(MODIFIED)))
    }

    /// Only orders whose order date, as the channel sent it, is at or after this instant (floored to the second).
    pub fn ordered_since(self, instant: Timestamp) -> Self {
        Self(self.0.since("orderDateStart", instant, Some(ORDERED)))
    }

    /// Only orders whose order date, as the channel sent it, is up to this instant (raised to the second).
    pub fn ordered_before(self, instant: Timestamp) -> Self {
        Self(self.0.before("orderDateEnd", instant, Some(ORDERED)))
    }

    /// Only orders paid at or after this instant (floored to the second).
    pub fn paid_since(self, instant: Timestamp) -> Self {
        Self(self.0.since("paymentDateStart", instant, None))
    }

    /// Only orders paid up to this instant (raised to the second).
    pub fn paid_before(self, instant: Timestamp) -> Self {
        Self(self.0.before("paymentDateEnd", instant, None))
    }
}

list_request!(ListOrders, Order, OrderSort);

/// A request for the orders of one status and tag; see [`Orders::list_by_tag`](super::Orders::list_by_tag).
///
/// A stream is read by page number, because this list has no date filter. Orders that lose the tag or the status while it
/// is read make others slip into pages already read: collect first, act then, and read again until nothing is new.
#[derive(Debug)]
#[must_use = "nothing is sent until send(), pages() or items() is called"]
pub struct ListOrdersByTag(pub(super) ListCall);

list_request!(ListOrdersByTag, Order);
