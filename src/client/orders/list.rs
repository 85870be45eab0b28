//! The two ways to list orders.

use super::{
    super::{StoreId, page::list_request, wire::open_enum},
    Order, OrderStatus,
};

open_enum! {
    /// What orders can be sorted by. Without a sort they come by ascending id.
    pub enum OrderSort {
        /// By the sales channel's date.
        OrderDate = "OrderDate",
        ModifyDate = "ModifyDate",
        CreateDate = "CreateDate",
    }
}

list_request! {
    /// A request for orders; see [`Orders::list`](super::Orders::list).
    ///
    /// A stream ([`pages`](Self::pages), [`items`](Self::items)) with a filter on the creation, modification or order date
    /// is read *by key* on the first date filtered on (or the one named by [`sort_by`](Self::sort_by)), in ascending order:
    /// orders that leave the list meanwhile cannot hide others. Without such a filter or sort, or with a descending sort, it
    /// is read by page number.
    pub struct ListOrders of Order: LIST_ORDERS;
    sort OrderSort;
    texts {
        /// Only orders whose number *begins* with this text: compare the rows exactly.
        order_number = "orderNumber",
        /// Only orders of a customer with this name.
        customer_name = "customerName",
        /// Only orders with this text in an item's SKU, description or options.
        item_keyword = "itemKeyword",
    }
    values {
        /// Only orders of this status. Without it, of every status.
        status: OrderStatus = "orderStatus",
        store: StoreId = "storeId",
    }
    dates {
        "orders created in ShipStation" {
            created_since = "createDateStart", created_before = "createDateEnd",
            read by create_date, sorted by "CreateDate"
        }
        "orders modified" {
            /// ShipStation itself modifies each order some 18 seconds after its creation.
            modified_since = "modifyDateStart", modified_before = "modifyDateEnd",
            read by modify_date, sorted by "ModifyDate"
        }
        "orders whose order date, as the channel sent it, is" {
            ordered_since = "orderDateStart", ordered_before = "orderDateEnd",
            read by order_date, sorted by "OrderDate"
        }
        "orders paid" { paid_since = "paymentDateStart", paid_before = "paymentDateEnd" }
    }
}

list_request! {
    /// A request for the orders of one status and tag; see [`Orders::list_by_tag`](super::Orders::list_by_tag).
    ///
    /// A stream is read by page number, because this list has no date filter. Orders that lose the tag or the status while it
    /// is read move others into pages already read: collect first, act then, and read again until nothing is new.
    pub struct ListOrdersByTag of Order: LIST_ORDERS_BY_TAG;
}
