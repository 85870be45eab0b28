//! What was seen of many open orders at once, kept no longer than it is fresh. Looking, not deciding.

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
};

use futures_util::StreamExt;

use super::{
    Stop, Sync, evidence,
    parcel::Parcel,
    timing::{CHANGES_MARGIN, FRESH, Moment},
};
use crate::{
    Timestamp,
    channel::RunEvent,
    client::{ListEnd, Order, OrderId, OrderSort, OrderStatus, PacificTime, Page},
    connector::{failure, settings::Preflight, translate},
};

const ROWS: u32 = 500;
/// Up to so many orders are asked for one by one: listing cannot cost less.
const FEW: usize = 3;
/// Before every order of ShipStation's: a date filter is what lets a list be read by key.
const BEFORE_ALL: i64 = 946_684_800;
/// What matters of an order that was looked at.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) status: Option<OrderStatus>,
    pub(super) store: Option<String>,
    pub(super) modified_at: Option<Timestamp>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) number: Option<String>,
    /// Whether somebody else fulfils it.
    pub(super) is_external: bool,
}

impl Seen {
    pub(super) fn of(order: &Order) -> Self {
        Self {
            status: order.order_status.clone(),
            store: translate::store_key(order).map(|store| store.to_string()),
            modified_at: order.modify_date.as_ref().map(PacificTime::instant),
            created_at: order.create_date.as_ref().map(PacificTime::instant),
            number: order.order_number.clone(),
            is_external: order.externally_fulfilled == Some(true),
        }
    }
}

/// The orders of a chunk that were seen in a list.
#[derive(Debug)]
pub(super) struct OpenOrders {
    read_at: Moment,
    seen: HashMap<OrderId, Seen>,
}

impl Sync<'_> {
    /// Reads the lists in which the orders are expected: those of the states that kept some from being shipped, and
    /// then that of open orders for all that are left.
    pub(super) async fn open_orders(&mut self, parcels: &[Parcel]) -> Result<OpenOrders, Stop> {
        let mut open = OpenOrders { read_at: self.moment(), seen: HashMap::new() };
        if self.settings().preflight != Preflight::Bulk {
            return Ok(open);
        }
        for status in [OrderStatus::OnHold, OrderStatus::AwaitingPayment] {
            let kept = parcels.iter().filter(|parcel| parcel.was_kept_by(&status));
            let expected = kept.map(|parcel| parcel.order).collect();
            self.read_list(status, expected, &mut open).await?;
        }
        let left = parcels.iter().map(|parcel| parcel.order).filter(|order| !open.seen.contains_key(order));
        let expected = left.collect();
        self.read_list(OrderStatus::AwaitingShipment, expected, &mut open).await?;
        Ok(open)
    }

    /// Reads a list page by page while that is cheaper than asking for each expected order that is left.
    async fn read_list(
        &mut self,
        status: OrderStatus,
        mut expected: HashSet<OrderId>,
        open: &mut OpenOrders,
    ) -> Result<(), Stop> {
        if expected.len() <= FEW {
            return Ok(());
        }
        let list = self.run.client.orders().list().status(status);
        let list =
            list.created_since(Timestamp::from_unix_seconds(BEFORE_ALL)).sort_by(OrderSort::CreateDate);
        let mut pages = pin!(list.page_size(ROWS).pages());
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) if failure::ends_the_run(&error) => return Err(error.into()),
                // The orders that it does not show are asked for one by one, which may still work.
                Err(_) => break,
            };
            self.run.event(&RunEvent::PageRead {
                what: "open orders",
                rows: page.items.len(),
                of: page.total,
            });
            let pages_left = pages_left(&page);
            for order in page.items {
                if expected.remove(&order.order_id) {
                    open.seen.insert(order.order_id, Seen::of(&order));
                }
            }
            if expected.len() <= pages_left {
                break;
            }
            self.run.checkpoint().await?;
        }
        Ok(())
    }

    /// What was seen of an order, if that is still fresh. What has aged is brought up to date for all that are left,
    /// with a request for what changed since.
    pub(super) async fn seen(&mut self, order: OrderId, open: &mut OpenOrders) -> Result<Option<Seen>, Stop> {
        if !open.seen.is_empty() && self.moment().since(&open.read_at) >= FRESH {
            self.refresh(open).await?;
        }
        Ok(open.seen.remove(&order))
    }

    async fn refresh(&mut self, open: &mut OpenOrders) -> Result<(), Stop> {
        let now = self.moment();
        // The list is filtered by ShipStation's own time. When it was read, that was known, unless it sends none.
        let since = open.read_at.with_server_of(&now).server_or_host() - CHANGES_MARGIN;
        if open.seen.len() <= 1 {
            open.seen.clear();
            return Ok(());
        }
        let list = self.run.client.orders().list().modified_since(since).sort_by(OrderSort::ModifyDate);
        let mut pages = list.page_size(ROWS).pages();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) if evidence::is_whole(&page) => page,
                // Whichever order it is that cannot be read: what is seen anew is not that one.
                Ok(_) => return self.read_anew(open).await,
                Err(error) if failure::ends_the_run(&error) => return Err(error.into()),
                // Without the changes nothing that was seen can be relied on.
                Err(_) => {
                    open.seen.clear();
                    return Ok(());
                }
            };
            for order in &page.items {
                if let Some(seen) = open.seen.get_mut(&order.order_id) {
                    *seen = Seen::of(order);
                }
                for swallowed in order.advanced_options.iter().flat_map(|options| &options.merged_ids) {
                    open.seen.remove(swallowed);
                }
            }
            self.run.checkpoint().await?;
        }
        // An order that is not among the changes is unchanged only if the list shows all of them.
        if !pages.end().is_some_and(ListEnd::is_complete) {
            return self.read_anew(open).await;
        }
        open.read_at = now;
        Ok(())
    }

    async fn read_anew(&mut self, open: &mut OpenOrders) -> Result<(), Stop> {
        open.read_at = self.moment();
        let expected = open.seen.drain().map(|(order, _)| order).collect();
        self.read_list(OrderStatus::AwaitingShipment, expected, open).await
    }
}

/// How many pages follow this one, as far as ShipStation's total tells.
fn pages_left<T>(page: &Page<T>) -> usize {
    let rows = u64::try_from(page.items.len()).unwrap_or(u64::MAX);
    let left = page.total.unwrap_or(rows).saturating_sub(rows).div_ceil(u64::from(ROWS));
    usize::try_from(left).unwrap_or(usize::MAX)
}
