//! What was seen of many open orders at once, kept no longer than it is fresh. Looking, not deciding.

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
};

use futures_util::StreamExt;

use super::{Ctx, Moment, Parcel, Stop, evidence, timing};
use crate::{
    Timestamp,
    channel::RunEventKind,
    client::{ListEnd, MAX_PAGE_SIZE, Order, OrderId, OrderSort, OrderStatus, Page},
    connector::{failure, settings::Preflight},
};

/// Up to so many orders are asked for one by one: listing cannot cost less.
const MAX_SINGLE_ORDER_READS: usize = 3;
/// Before every order of ShipStation's: a date filter is what lets a list be read by key.
const BEFORE_ALL: i64 = 946_684_800;

/// The orders of a chunk that were seen in a list.
#[derive(Debug)]
pub(super) struct OpenOrders {
    read_at: Moment,
    seen: HashMap<OrderId, Order>,
}

impl OpenOrders {
    /// Reads the lists in which the orders are expected: those of the states that kept some from being shipped, and
    /// then that of open orders for all that are left.
    pub(super) async fn read(ctx: Ctx<'_>, parcels: &[Parcel]) -> Result<Self, Stop> {
        let mut open = Self { read_at: ctx.run.moment(), seen: HashMap::new() };
        if ctx.settings().preflight != Preflight::Bulk {
            return Ok(open);
        }
        for status in [OrderStatus::OnHold, OrderStatus::AwaitingPayment] {
            let blocked = parcels.iter().filter(|parcel| parcel.was_blocked_by(&status));
            let expected = blocked.map(|parcel| parcel.order).collect();
            open.read_list(ctx, status, expected).await?;
        }
        let left = parcels.iter().map(|parcel| parcel.order).filter(|order| !open.seen.contains_key(order));
        let expected = left.collect();
        open.read_list(ctx, OrderStatus::AwaitingShipment, expected).await?;
        Ok(open)
    }

    /// Reads a list page by page while that is cheaper than asking for each expected order that is left.
    async fn read_list(
        &mut self,
        ctx: Ctx<'_>,
        status: OrderStatus,
        mut expected: HashSet<OrderId>,
    ) -> Result<(), Stop> {
        if expected.len() <= MAX_SINGLE_ORDER_READS {
            return Ok(());
        }
        let list = ctx.run.client.orders().list().status(status);
        let list =
            list.created_since(Timestamp::from_unix_seconds(BEFORE_ALL)).sort_by(OrderSort::CreateDate);
        let mut pages = pin!(list.page_size(MAX_PAGE_SIZE).pages());
        while let Some(page) = pages.next().await {
            // The orders that it does not show are asked for one by one, which may still work.
            let Some(page) = failure::optional(page)? else { break };
            let (what, rows) = ("open orders", page.items.len());
            ctx.run.event(RunEventKind::PageRead { what, rows, of: page.total });
            let pages_left = pages_left(&page);
            for order in page.items {
                if expected.remove(&order.order_id) {
                    self.seen.insert(order.order_id, order);
                }
            }
            if expected.len() <= pages_left {
                break;
            }
            ctx.run.checkpoint().await?;
        }
        Ok(())
    }

    /// Takes what was seen of an order, if that is still fresh. What has aged is brought up to date for all that are left,
    /// with a request for what changed since.
    pub(super) async fn take(&mut self, ctx: Ctx<'_>, order: OrderId) -> Result<Option<Order>, Stop> {
        if !self.seen.is_empty() && ctx.run.moment().has_outdated(&self.read_at) {
            self.refresh(ctx).await?;
        }
        Ok(self.seen.remove(&order))
    }

    async fn refresh(&mut self, ctx: Ctx<'_>) -> Result<(), Stop> {
        let now = ctx.run.moment();
        // The list is filtered by ShipStation's own time. When it was read, that was known, unless it sends none.
        let since = self.read_at.with_server_of(&now).server_or_host() - timing::CHANGES_MARGIN;
        if self.seen.len() <= 1 {
            self.seen.clear();
            return Ok(());
        }
        let list = ctx.run.client.orders().list().modified_since(since).sort_by(OrderSort::ModifyDate);
        let mut pages = list.page_size(MAX_PAGE_SIZE).pages();
        while let Some(page) = pages.next().await {
            let Some(page) = failure::optional(page)? else {
                // Without the changes nothing that was seen can be relied on.
                self.seen.clear();
                return Ok(());
            };
            if !evidence::is_whole(&page) {
                // Whichever order it is that cannot be read: what is seen anew is not that one.
                return self.read_anew(ctx).await;
            }
            for order in page.items {
                for merged in order.advanced_options.iter().flat_map(|options| &options.merged_ids) {
                    self.seen.remove(merged);
                }
                if let Some(seen) = self.seen.get_mut(&order.order_id) {
                    *seen = order;
                }
            }
            ctx.run.checkpoint().await?;
        }
        // An order that is not among the changes is unchanged only if the list shows all of them.
        if !pages.end().is_some_and(ListEnd::is_complete) {
            return self.read_anew(ctx).await;
        }
        self.read_at = now;
        Ok(())
    }

    async fn read_anew(&mut self, ctx: Ctx<'_>) -> Result<(), Stop> {
        self.read_at = ctx.run.moment();
        let expected = self.seen.drain().map(|(order, _)| order).collect();
        self.read_list(ctx, OrderStatus::AwaitingShipment, expected).await
    }
}

/// How many pages follow this one, as far as ShipStation's total tells.
fn pages_left<T>(page: &Page<T>) -> usize {
    let rows = u64::try_from(page.items.len()).unwrap_or(u64::MAX);
    let left = page.total.unwrap_or(rows).saturating_sub(rows).div_ceil(u64::from(MAX_PAGE_SIZE));
    usize::try_from(left).unwrap_or(usize::MAX)
}
