//! With which parcels orders were shipped elsewhere. They are read when the run has seen all of its orders, a page for many
//! orders, and the changes are recorded with them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::{changes, context::Context, recorder::Recorder};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ChannelParcel, ParcelSource, RunEventKind,
        store::{OrderChange, OrderChangeKind, OrderObservation, ShipmentStoreExt},
    },
    client::{
        Fulfillment, FulfillmentSort, ListEnd, MAX_PAGE_SIZE, OrderId, PacificTime, Pages, Shipment,
        ShipmentSort,
    },
    connector::{
        STORE_BATCH, count, failure,
        run::Stop,
        tracking::{Likeness, likeness},
        translate,
    },
    time::{DAY, HOUR},
};

/// Orders without a parcel in the lists that are asked for by their id: two requests each.
const MAX_READ_BY_ID: usize = 5;

/// Pages of one list that are read at most. What is behind them is asked for by id, or left open.
const MAX_PAGES: u32 = 40;

/// The parcels of orders, as far as they were read.
#[derive(Debug, Default)]
struct Parcels(BTreeMap<OrderId, Vec<ChannelParcel>>);

/// Records the orders of this run that were shipped elsewhere, with their parcels. Those that could not be recorded go on waiting.
pub(super) async fn publish_shipped(recorder: &mut Recorder<'_>) -> Result<(), Stop> {
    let shipped = std::mem::take(&mut recorder.shipped);
    let published = publish(recorder, shipped.clone()).await;
    if published.is_err() {
        recorder.shipped.extend(shipped);
    }
    published
}

async fn publish(recorder: &mut Recorder<'_>, shipped: Vec<OrderObservation>) -> Result<(), Stop> {
    if shipped.is_empty() {
        return Ok(());
    }
    let before = recorder.ctx.run.meter.requests();
    let read = read(recorder.ctx, &shipped).await;
    recorder.report.watch_requests += recorder.ctx.run.meter.requests() - before;
    let parcels = match read {
        Ok(parcels) => parcels,
        // What passes is tried again by the next run.
        Err(Stop::Remote(error)) if !failure::ends_the_run(&error) && !error.is_retryable() => {
            let message = failure::vendor_message(&error);
            recorder.warn(format!("the parcels of orders shipped elsewhere could not be read: {message}"));
            Parcels::default()
        }
        Err(stop) => return Err(stop),
    };
    let mut judged = Vec::with_capacity(shipped.len());
    for mut seen in shipped {
        let Some((order, change)) = shipped_order(&mut seen) else { continue };
        let parcels = parcels.0.get(&order);
        // Of an order of which it cannot be told the shipment itself says how it ends; it is compared again when it changes again.
        let Some(is_ours) = is_our_own(recorder.ctx, &change.order, parcels).await? else { continue };
        change.what.retain(|what| !(is_ours && matches!(what, OrderChangeKind::ShippedElsewhere { .. })));
        for what in &mut change.what {
            if let OrderChangeKind::ShippedElsewhere { parcels: of_it } = what {
                *of_it = parcels.cloned();
            }
        }
        seen.change.take_if(|change| change.what.is_empty());
        judged.push(seen);
    }
    for shipped in judged.chunks(STORE_BATCH) {
        changes::record(recorder, shipped).await?;
    }
    Ok(())
}

/// Whether the host's own shipments are why the order shows as shipped, as far as that can be told. One that ShipStation has accepted
/// is. Where it is not known whether one arrived, they are unless a parcel has a number that is none of the order's: what was sent may
/// bear the number of any of its shipments.
async fn is_our_own(
    ctx: &Context<'_>,
    order: &ChannelOrderId,
    parcels: Option<&Vec<ChannelParcel>>,
) -> Result<Option<bool>, Stop> {
    let rows = ctx.run.channel.stores.shipments.order_progress(ctx.connection(), order).await?.rows;
    if rows.iter().any(|row| row.state.is_reported()) {
        return Ok(Some(true));
    }
    if !rows.iter().any(|row| row.state.is_outcome_unknown()) {
        return Ok(Some(false));
    }
    let is_ours = |parcel: &ChannelParcel| {
        let mut packages = rows.iter().flat_map(|row| &row.shipment.packages);
        packages.any(|package| match (&package.tracking, &parcel.tracking_number) {
            (Some(ours), Some(theirs)) => likeness(ours, theirs) != Likeness::Different,
            (ours, theirs) => ours == theirs,
        })
    };
    Ok(parcels.map(|parcels| parcels.iter().filter(|parcel| !parcel.voided).all(is_ours)))
}

fn shipped_order(seen: &mut OrderObservation) -> Option<(OrderId, &mut OrderChange)> {
    Some((translate::wire_order_id(&seen.now.order)?, seen.change.as_mut()?))
}

async fn read(ctx: &Context<'_>, shipped: &[OrderObservation]) -> Result<Parcels, Stop> {
    let mut missing: BTreeSet<OrderId> =
        shipped.iter().filter_map(|seen| translate::wire_order_id(&seen.now.order)).collect();
    let mut parcels = Parcels::default();
    if missing.len() > 1 {
        // A parcel is made before its order shows as shipped: most of them shortly before.
        let modified = shipped.iter().filter_map(|seen| seen.now.modified_at).min();
        let earliest = ctx.now() - DAY * ctx.settings().catch_up_days;
        let since = modified.unwrap_or(ctx.now()).max(earliest) - HOUR;
        parcels = read_lists(ctx, &missing, since).await?;
        missing.retain(|order| !parcels.0.contains_key(order));
    }
    for order in missing.into_iter().take(MAX_READ_BY_ID) {
        parcels.read_one(ctx, order).await?;
    }
    Ok(parcels)
}

/// Reads what was made since then. Only orders with a parcel are in the answer: for the others it may be older.
async fn read_lists(
    ctx: &Context<'_>,
    orders: &BTreeSet<OrderId>,
    since: Timestamp,
) -> Result<Parcels, Stop> {
    let mut parcels = Parcels::default();
    let labels = ctx.client().shipments().list().created_since(since).sort_by(ShipmentSort::CreateDate);
    let labels = labels.page_size(MAX_PAGE_SIZE).pages();
    parcels.add_all(ctx, "shipments", labels, orders, of_label).await?;
    let marked = ctx.client().fulfillments().list().created_since(since).sort_by(FulfillmentSort::CreateDate);
    let marked = marked.page_size(MAX_PAGE_SIZE).pages();
    parcels.add_all(ctx, "fulfillments", marked, orders, of_fulfillment).await?;
    Ok(parcels)
}

impl Parcels {
    /// Reads the parcels of one order: it has none if both lists were read whole and show none.
    async fn read_one(&mut self, ctx: &Context<'_>, order: OrderId) -> Result<(), Stop> {
        let only = BTreeSet::from([order]);
        let labels = ctx.client().shipments().list().order_id(order).page_size(MAX_PAGE_SIZE).pages();
        let all_labels = self.add_all(ctx, "shipments", labels, &only, of_label).await?;
        let marked = ctx.client().fulfillments().list().order_id(order).page_size(MAX_PAGE_SIZE).pages();
        let all_marked = self.add_all(ctx, "fulfillments", marked, &only, of_fulfillment).await?;
        if all_labels && all_marked {
            self.0.entry(order).or_default();
        }
        Ok(())
    }

    /// Reads a list to its end: says whether all of it could be read.
    async fn add_all<T>(
        &mut self,
        ctx: &Context<'_>,
        what: &'static str,
        mut pages: Pages<T>,
        orders: &BTreeSet<OrderId>,
        parcel: impl Fn(&T) -> Option<(OrderId, ChannelParcel)>,
    ) -> Result<bool, Stop> {
        let mut is_whole = true;
        let mut pages_left = MAX_PAGES;
        while let Some(page) = pages.next().await {
            let page = page?;
            ctx.run.event(RunEventKind::PageRead { what, rows: page.items.len(), of: page.total });
            is_whole &= count(page.errors.len()) + u64::from(page.nulls) == 0;
            for (order, parcel) in page.items.iter().filter_map(&parcel) {
                if orders.contains(&order) {
                    self.0.entry(order).or_default().push(parcel);
                }
            }
            ctx.run.checkpoint().await?;
            pages_left -= 1;
            if pages_left == 0 {
                return Ok(false);
            }
        }
        Ok(is_whole && pages.end().is_some_and(ListEnd::is_complete))
    }
}

/// A label; one for a return brings goods back and is none of the order's parcels.
fn of_label(label: &Shipment) -> Option<(OrderId, ChannelParcel)> {
    let mut parcel = ChannelParcel::new(ParcelSource::Label);
    parcel.carrier.clone_from(&label.carrier_code);
    parcel.service.clone_from(&label.service_code);
    parcel.tracking_number = given(label.tracking_number.as_deref());
    parcel.shipped_on = translate::day(label.ship_date);
    parcel.cost = label.shipment_cost;
    parcel.voided = label.voided == Some(true);
    Some((label.order_id.filter(|_| label.is_return_label != Some(true))?, parcel))
}

fn of_fulfillment(record: &Fulfillment) -> Option<(OrderId, ChannelParcel)> {
    let mut parcel = ChannelParcel::new(ParcelSource::Marked);
    parcel.carrier.clone_from(&record.carrier_code);
    parcel.service.clone_from(&record.fulfillment_service_code);
    parcel.tracking_number = given(record.tracking_number.as_deref());
    parcel.shipped_on = translate::day(record.ship_date.as_ref().map(PacificTime::date));
    parcel.cost = record.fulfillment_fee;
    parcel.voided = record.voided == Some(true);
    Some((record.order_id?, parcel))
}

fn given(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
