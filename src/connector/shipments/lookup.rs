//! Looking up what became of an order, and why one that is missing is gone.

use std::collections::{HashMap, HashSet};

use futures_util::StreamExt;

use super::{Ctx, Event, RecordMatch, Stop, evidence, timing};
use crate::{
    channel::{FailReason, OutboxId, ShipmentState, shown_tracking, store::OutboxRow},
    client::{ListEnd, MAX_PAGE_SIZE, OrderId, OrderSort, OrderStatus, SortDir},
    connector::{failure::FailureStreak, lookup, tracking, translate},
};

/// Pages that are searched for the order that a missing one was merged into, those that changed last first.
const MERGE_PAGES: usize = 10;

/// What a look at an order that was sent brought.
#[derive(Debug)]
pub(super) enum LookupResult {
    /// ShipStation has it: the state, and the tracking number that shows.
    Ours(ShipmentState, String),
    /// It never will be ours.
    Never(FailReason),
    /// The order is shipped, but by whom does not show yet: it is looked for until a record does.
    ShippedSomehow,
    /// The order is open and nothing of ours is on it.
    Nothing,
    /// The order is not there.
    Missing,
    /// The order was not there at the last look either, and whether it was merged could not be read.
    MissingAgain,
    /// The order is there, but its records prove nothing, and why.
    Inconclusive(&'static str),
    /// The look itself failed, and why.
    Failed(String),
}

/// Looks at an order that was sent, and at its records.
pub(super) async fn look_up(
    ctx: Ctx<'_>,
    row: &OutboxRow,
    order: OrderId,
    sent: &Event,
) -> Result<LookupResult, Stop> {
    let client = &ctx.run.client;
    let Some(found) = lookup::order_once(client, order).await? else { return Ok(LookupResult::Missing) };
    let status = found.order_status;
    let shipped = status == Some(OrderStatus::Shipped);
    let ours = ctx.all_tracking(row).await?;
    let asked = ctx.settings().notify_sales_channel;
    Ok(match evidence::match_records(client, order, &ours, asked, shipped, true).await? {
        // Of an open order it may be from an earlier shipping, by whomever.
        RecordMatch::Ours { tracking, .. } if !shipped && tracking::number(&tracking).is_none() => {
            LookupResult::Inconclusive("the order is open, and a record of it shows no number")
        }
        RecordMatch::Ours { record, tracking, notification } => LookupResult::Ours(
            ShipmentState::Confirmed { record, notification, already_there: false },
            tracking,
        ),
        RecordMatch::Unreadable => LookupResult::Inconclusive("its records could not all be read"),
        RecordMatch::Probably => {
            LookupResult::Inconclusive("a record shows a number that is probably ours, cut off")
        }
        _ if status == Some(OrderStatus::Cancelled) => LookupResult::Never(FailReason::OrderCancelled),
        // The record may be of an earlier shipping, and ours still on its way.
        RecordMatch::Theirs { .. } if shipped && !sent.is_over(timing::RECORDS_LAG, &ctx.run.moment()) => {
            LookupResult::ShippedSomehow
        }
        RecordMatch::Theirs { tracking } if shipped => LookupResult::Never(FailReason::AlreadyShipped {
            theirs: tracking.as_deref().map(shown_tracking),
        }),
        RecordMatch::Nothing if shipped => LookupResult::ShippedSomehow,
        RecordMatch::Theirs { .. } | RecordMatch::Nothing => LookupResult::Nothing,
    })
}

/// What the look-ups of a run have shown so far.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    /// Orders in a row that could not be looked at.
    pub(super) failures: FailureStreak,
    /// Rows that could not be looked for; not tried again in this run.
    pub(super) failed: HashSet<OutboxId>,
    /// Read once, when the first order is missed.
    merges: Option<Merges>,
}

/// The orders that others were merged into.
#[derive(Debug)]
struct Merges {
    into: HashMap<OrderId, OrderId>,
    /// Whether every order that was searched could be read.
    is_complete: bool,
}

impl Lookups {
    /// Why an order does not exist any more: merged into another one, or deleted. `None` if the orders that it may have been
    /// merged into could not all be read, or if it has not been missing for so long that no read is as stale.
    pub(super) async fn why_gone(
        &mut self,
        ctx: Ctx<'_>,
        order: OrderId,
        for_long: bool,
    ) -> Result<Option<FailReason>, Stop> {
        let merges = match &mut self.merges {
            Some(merges) => merges,
            unread => unread.insert(Merges::read(ctx).await?),
        };
        Ok(match merges.into.get(&order) {
            Some(survivor) => Some(FailReason::MergedInto { order: translate::order_id(*survivor) }),
            None => (for_long && merges.is_complete).then_some(FailReason::OrderGone),
        })
    }
}

impl Merges {
    async fn read(ctx: Ctx<'_>) -> Result<Self, Stop> {
        let since = ctx.run.moment().server_or_host() - timing::MERGED_WITHIN;
        let list = ctx.run.client.orders().list().modified_since(since);
        let list = list.sort_by(OrderSort::ModifyDate).sort_dir(SortDir::Descending);
        let mut pages = list.page_size(MAX_PAGE_SIZE).pages();
        let mut merges = Self { into: HashMap::new(), is_complete: true };
        let mut there = HashSet::new();
        for _ in 0..MERGE_PAGES {
            let Some(page) = pages.next().await.transpose()? else {
                merges.is_complete &= pages.end().is_some_and(ListEnd::is_complete);
                break;
            };
            merges.is_complete &= evidence::is_whole(&page);
            for order in page.items {
                there.insert(order.order_id);
                let gone = order.advanced_options.iter().flat_map(|options| &options.merged_ids);
                merges.into.extend(gone.map(|gone| (*gone, order.order_id)));
            }
            ctx.run.checkpoint().await?;
        }
        // What was split off an order is named by it as well.
        merges.into.retain(|gone, _| !there.contains(gone));
        Ok(merges)
    }
}
