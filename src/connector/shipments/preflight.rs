//! The look at an order right before it is sent, and what its present state means.

use std::collections::BTreeMap;

use super::{
    Ctx, Decision, Event, OpenOrders, Parcel, RecordMatch, Recorder, Stop,
    decision::{look_again, missing_once, missing_twice},
    evidence, timing,
};
use crate::{
    Timestamp,
    channel::{BlockReason, FailReason, OutboxId, RetryClass, ShipmentState, shown_tracking},
    client::{Order, OrderStatus, PacificTime},
    connector::{
        lookup,
        settings::{ExternallyFulfilledPolicy, Preflight},
        tracking, translate,
    },
};

/// Whether a parcel may be sent now.
#[derive(Debug)]
pub(super) enum Clearance {
    Send {
        /// When the order was made, if it was looked at.
        created_at: Option<Timestamp>,
        warning: Option<String>,
    },
    Hold(Decision),
}

/// Looks at the order of a parcel, unless it is among those that were seen. An error of ShipStation's says that it could
/// not be looked at.
pub(super) async fn preflight(
    recorder: &mut Recorder<'_>,
    parcel: &Parcel,
    open: &mut OpenOrders,
) -> Result<Clearance, Stop> {
    let ctx = recorder.ctx;
    let is_first = !parcel.was_tried && !parcel.may_be_ours;
    let only_retries = ctx.settings().preflight == Preflight::OnRetryOnly;
    if only_retries && is_first && parcel.other_numbers().next().is_none() {
        return Ok(Clearance::Send { created_at: None, warning: None });
    }
    let seen = match open.take(ctx, parcel.order).await? {
        Some(seen) => seen,
        None => match lookup::order_once(&ctx.run.client, parcel.order).await? {
            Some(order) => {
                recorder.lookups.failures.reset();
                order
            }
            None => return Ok(Clearance::Hold(missing(recorder, parcel).await?)),
        },
    };
    check(ctx, parcel, &seen).await
}

/// The order was not found. When that was so before, it is looked for among those that others were merged into; without a
/// trace it is gone only after so long that no read is as stale.
async fn missing(recorder: &mut Recorder<'_>, parcel: &Parcel) -> Result<Decision, Stop> {
    let ctx = recorder.ctx;
    let missed_for =
        |gap| missed_before(ctx, parcel).is_some_and(|missed| missed.is_over(gap, &ctx.run.moment()));
    if !missed_for(ctx.settings().lookup_interval) {
        return Ok(missing_once(ctx, parcel, false));
    }
    let for_long = missed_for(timing::GONE_AFTER);
    let why = "ShipStation does not find the order, and the orders that it may have been merged into could not all be read";
    Ok(match recorder.lookups.why_gone(ctx, parcel.order, for_long).await? {
        Some(reason) => Decision::steps(parcel.rows(), &ShipmentState::Failed { reason }),
        None if !for_long => missing_twice(ctx, parcel),
        None => look_again(ctx, parcel, RetryClass::OrderMissing, why),
    })
}

/// When the order was last not found.
fn missed_before(ctx: Ctx<'_>, parcel: &Parcel) -> Option<Event> {
    let row = &parcel.row;
    let ShipmentState::RetryWait { class: RetryClass::OrderMissing, server_since, .. } = row.state else {
        return None;
    };
    Some(ctx.event(&row.id(), row.updated_at, server_since))
}

/// Whether the order's present state lets it be marked shipped.
async fn check(ctx: Ctx<'_>, parcel: &Parcel, order: &Order) -> Result<Clearance, Stop> {
    if let Some(decision) = set_aside(parcel, order) {
        return Ok(Clearance::Hold(decision));
    }
    let state = match &order.order_status {
        Some(OrderStatus::AwaitingShipment | OrderStatus::PendingFulfillment) => {
            let marks_external =
                ctx.run.channel.settings.orders.externally_fulfilled == ExternallyFulfilledPolicy::Import;
            if order.externally_fulfilled != Some(true) || marks_external {
                let warning = other_store(parcel, order);
                let created_at = order.create_date.as_ref().map(PacificTime::instant);
                return Ok(Clearance::Send { created_at, warning });
            }
            ShipmentState::Blocked { reason: BlockReason::ExternallyFulfilled }
        }
        Some(OrderStatus::Shipped) => {
            return Ok(Clearance::Hold(already_shipped(ctx, parcel, order).await?));
        }
        Some(OrderStatus::Cancelled) => ShipmentState::Failed { reason: FailReason::OrderCancelled },
        status => {
            let status = status.as_ref().map_or("in no known state", |status| status.as_str()).to_owned();
            ShipmentState::Blocked { reason: BlockReason::OrderNotShippable { status } }
        }
    };
    Ok(Clearance::Hold(Decision::steps(parcel.rows(), &state)))
}

/// Blocks the rows that name another number than the order has or had. The others are planned anew without them.
fn set_aside(parcel: &Parcel, order: &Order) -> Option<Decision> {
    let known = order.order_number.as_deref().or(parcel.imported_number.as_deref())?;
    let others = parcel.other_numbers().filter(|(_, given)| !translate::is_same_number(known, given));
    let others: BTreeMap<OutboxId, &str> = others.map(|(row, given)| (row.id(), given)).collect();
    let mut decision = Decision::default();
    for row in parcel.rows() {
        if let Some(given) = others.get(&row.id()) {
            let (given, order) = ((*given).to_owned(), known.to_owned());
            let reason = BlockReason::OrderMismatch { given, order };
            decision.step(row, ShipmentState::Blocked { reason });
        } else {
            decision.note(row, "another shipment of the order was set aside");
        }
    }
    (!others.is_empty()).then_some(decision)
}

fn other_store(parcel: &Parcel, order: &Order) -> Option<String> {
    let (imported, now) = (parcel.imported_from.as_ref()?, translate::store_key(order)?.to_string());
    (*imported != now)
        .then(|| format!("order {} was imported from store {imported} and is in store {now}", parcel.order))
}

/// The order is shipped: by us, as an earlier run could not record, or by somebody else.
async fn already_shipped(ctx: Ctx<'_>, parcel: &Parcel, order: &Order) -> Result<Decision, Stop> {
    let asked = ctx.settings().notify_sales_channel;
    let (client, ours) = (&ctx.run.client, &parcel.all_tracking);
    let sent = parcel.may_be_ours;
    let found = evidence::match_records(client, parcel.order, ours, asked, true, sent).await?;
    let is_recent = order
        .modify_date
        .as_ref()
        .map(PacificTime::instant)
        .is_some_and(|at| ctx.run.moment().server_or_host().since(at) < timing::records_lag(sent));
    match found {
        RecordMatch::Ours { record, tracking, notification } => {
            let state = ShipmentState::Confirmed { record, notification, already_there: true };
            let mut decision = Decision::steps([&parcel.row], &state);
            decision.close_covered(ctx.settings().partial, parcel, &[tracking]);
            Ok(decision)
        }
        RecordMatch::Theirs { tracking } => conflict(ctx, parcel, tracking).await,
        RecordMatch::Nothing if !is_recent => conflict(ctx, parcel, None).await,
        RecordMatch::Nothing | RecordMatch::Unreadable | RecordMatch::Probably => {
            let why = "the order is shipped, but the records that say by whom do not show yet";
            Ok(look_again(ctx, parcel, RetryClass::Unreadable, why))
        }
    }
}

/// Somebody else shipped the order, and both numbers are said; or we did, with a number that was corrected since.
async fn conflict(ctx: Ctx<'_>, parcel: &Parcel, theirs: Option<String>) -> Result<Decision, Stop> {
    let is_corrected = match &theirs {
        Some(number) => ctx.all_tracking(&parcel.row).await?.iter().any(|ours| tracking::same(ours, number)),
        None => false,
    };
    if is_corrected {
        let state = ShipmentState::Failed { reason: FailReason::AmendmentNotSupported };
        return Ok(Decision::steps(parcel.rows(), &state));
    }
    let reason = FailReason::AlreadyShipped { theirs: theirs.as_deref().map(shown_tracking) };
    let note = format!("{reason}; ours is {}", parcel.tracking.as_deref().unwrap_or("without a number"));
    let mut decision = Decision::steps(parcel.rows(), &ShipmentState::Failed { reason });
    decision.note(&parcel.row, note);
    Ok(decision)
}
