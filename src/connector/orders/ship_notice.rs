//! What a delivery says was shipped: the imported orders in it that the host did not send itself are compared now, and not
//! with the next look for changes.

use std::collections::BTreeSet;

use futures_util::StreamExt;

use super::{
    changes::{compare_all, compare_one, sent_by_us},
    context::Context,
    list_tally::ListTally,
    parcels,
    recorder::Recorder,
    window::Window,
};
use crate::{
    Timestamp,
    channel::{ChannelOrderId, store::OrderStoreExt, wording::count_of},
    client::{Fulfillment, OrderId, OrderStatus, PacificTime, Pages, Shipment},
    connector::{failure, lookup, run::Stop, translate},
    time::HOUR,
};

/// More orders than these are read with the list of what was shipped lately.
const MAX_READ_ONE_BY_ONE: usize = 3;
/// Pages of that list that one page of a delivery may cost. Whatever is behind them waits for the next look for changes.
const MAX_PAGES: usize = 20;

/// A row that says that an order was shipped, if it does.
pub(super) trait ShippedRow {
    /// The order.
    fn order(&self) -> Option<OrderId>;

    /// When the row was made.
    fn made(&self) -> Option<&PacificTime>;
}

impl ShippedRow for Shipment {
    fn order(&self) -> Option<OrderId> {
        self.order_id.filter(|_| self.voided != Some(true) && self.is_return_label != Some(true))
    }

    fn made(&self) -> Option<&PacificTime> {
        self.create_date.as_ref()
    }
}

impl ShippedRow for Fulfillment {
    fn order(&self) -> Option<OrderId> {
        self.order_id.filter(|_| self.voided != Some(true))
    }

    fn made(&self) -> Option<&PacificTime> {
        self.create_date.as_ref()
    }
}

/// Reads a delivery and publishes what is different about the orders in it.
pub(super) async fn publish<T: ShippedRow>(
    recorder: &mut Recorder<'_>,
    window: &Window,
    pages: Pages<T>,
) -> Result<(), Stop> {
    let before = recorder.ctx.run.meter.requests();
    let published = every_page(recorder, window, pages).await;
    recorder.report.watch_requests += recorder.ctx.run.meter.requests() - before;
    published?;
    parcels::publish_shipped(recorder).await
}

async fn every_page<T: ShippedRow>(
    recorder: &mut Recorder<'_>,
    window: &Window,
    mut pages: Pages<T>,
) -> Result<(), Stop> {
    let mut tally = ListTally::default();
    while let Some(page) = pages.next().await.transpose()? {
        recorder.ctx.run.checkpoint().await?;
        tally.add(&page);
        if !page.errors.is_empty() {
            let rows = count_of(page.errors.len() as u64, "row");
            recorder.warn(format!("{rows} of the delivery could not be read"));
        }
        let orders = unsent(recorder.ctx, &page.items).await?;
        if orders.len() > MAX_READ_ONE_BY_ONE {
            let made = page.items.iter().filter_map(ShippedRow::made).map(PacificTime::earliest).min();
            compare_in_bulk(recorder, orders, made).await?;
        } else {
            compare_each(recorder, orders).await?;
        }
    }
    recorder.list_ended(window, "the shipments of the delivery", &tally, pages.end());
    Ok(())
}

/// The imported orders of these rows that the host's own shipments did not ship.
async fn unsent<T: ShippedRow>(ctx: &Context<'_>, rows: &[T]) -> Result<BTreeSet<OrderId>, Stop> {
    let orders: BTreeSet<OrderId> = rows.iter().filter_map(ShippedRow::order).collect();
    let ids: Vec<ChannelOrderId> = orders.iter().map(|order| translate::order_id(*order)).collect();
    let known = ctx.store().known(ctx.connection(), &ids).await?;
    let mut unsent = BTreeSet::new();
    for (order, id) in orders.into_iter().zip(&ids) {
        if known.contains_key(id) && !sent_by_us(ctx, id).await? {
            unsent.insert(order);
        }
    }
    Ok(unsent)
}

async fn compare_each(recorder: &mut Recorder<'_>, orders: BTreeSet<OrderId>) -> Result<(), Stop> {
    for id in orders {
        recorder.ctx.run.checkpoint().await?;
        match lookup::order_once(recorder.ctx.client(), id).await {
            Ok(Some(order)) => drop(compare_one(recorder, &order).await?),
            Ok(None) => {}
            Err(error) if failure::ends_the_run(&error) => return Err(error.into()),
            Err(error) => {
                let why = failure::describe(&error);
                recorder.warn(format!("order {id} of the delivery could not be read: {why}"));
            }
        }
    }
    Ok(())
}

async fn compare_in_bulk(
    recorder: &mut Recorder<'_>,
    mut orders: BTreeSet<OrderId>,
    made: Option<Timestamp>,
) -> Result<(), Stop> {
    let since = made.unwrap_or_else(|| recorder.ctx.now()) - HOUR;
    let list = recorder.ctx.client().orders().list().status(OrderStatus::Shipped).modified_since(since);
    let mut pages = list.page_size(recorder.ctx.settings().page_size).pages().take(MAX_PAGES);
    while let Some(page) = pages.next().await.transpose()? {
        recorder.ctx.run.checkpoint().await?;
        compare_all(recorder, &page.items).await?;
        for order in &page.items {
            orders.remove(&order.order_id);
        }
        if orders.is_empty() {
            break;
        }
    }
    Ok(())
}
