//! A deliberate back-fill: the orders of a stretch of time. The lists of the statuses are read side by side, the oldest first, so
//! that a run that ends early has dealt with everything before one instant.

use std::collections::HashSet;

use futures_util::StreamExt;

use super::{
    context::Context,
    list_tally::ListTally,
    parcels,
    recorder::Recorder,
    scan::{self, Reading},
    window::Window,
};
use crate::{
    Timestamp,
    channel::{
        AgeBasis, ChannelError, Finding, OrderRange, Refusal,
        report::{Scan, ScanStrategy},
    },
    client::{Order, Pages},
    connector::run::Stop,
};

/// A stretch of time with nothing in it.
pub(super) fn refuse_empty(range: OrderRange) -> Result<(), ChannelError> {
    if range.from < range.to {
        return Ok(());
    }
    let remedy = "give a time to read from, and a later one to read to";
    let finding = Finding::error("invalid_range", "back_fill", format!("{range} holds no time"), remedy);
    Err(ChannelError::of("get_orders", Refusal::Config { findings: vec![finding] }))
}

/// The list of one status, as far as it was read.
struct StatusList {
    scan: Scan,
    tally: ListTally,
    pages: Pages<Order>,
    /// The date up to which orders were dealt with, once there is one.
    reached: Option<Timestamp>,
    /// Whether the rows came in the order of their dates so far.
    is_sorted: bool,
    /// Whether a row came that nobody can name.
    has_unnamed: bool,
    has_ended: bool,
}

impl StatusList {
    /// Takes note of a page that was dealt with: the dates of its orders, `None` if one has none.
    fn dealt_with(&mut self, dates: Option<Vec<Timestamp>>) {
        // A page without anything new is one of a list that is read once more, since rows were missing.
        let Some(dates) = dates.filter(|dates| dates.is_sorted() && !dates.is_empty()) else {
            self.is_sorted = false;
            return;
        };
        self.is_sorted &= dates.first().is_none_or(|first| self.reached <= Some(*first));
        if self.is_sorted {
            self.reached = dates.last().copied().or(self.reached);
        }
    }
}

/// Users and tags of what is imported are left to the imports of the window: nobody else waits for them as long as this does.
pub(super) async fn run(recorder: &mut Recorder<'_>, reading: &mut Reading) -> Result<(), Stop> {
    let (from, mut lists) = (reading.admission.window.from, begin(recorder.ctx, &reading.admission.window));
    let read = read_all(recorder, reading, &mut lists).await;
    let ended = match read {
        Ok(()) | Err(Stop::LimitReached(_)) => parcels::publish_shipped(recorder).await.and(read),
        read => read,
    };
    let ends_early = lists.iter().any(|list| !list.scan.complete);
    // A row that nobody can name was not dealt with, whatever came after it.
    let open = lists.iter().filter(|list| !list.scan.complete || (ends_early && list.has_unnamed));
    let is_known = |list: &StatusList| list.is_sorted && !list.has_unnamed && !list.has_ended;
    let reached = open.map(|list| list.reached.filter(|_| is_known(list)).max(from)).min();
    // What was seen and not recorded is seen again only from the beginning.
    recorder.report.resume_from = if recorder.shipped.is_empty() { reached.flatten() } else { from };
    recorder.report.scans.extend(lists.into_iter().map(|list| list.scan));
    ended
}

fn begin(ctx: &Context<'_>, window: &Window) -> Vec<StatusList> {
    let settings = ctx.settings();
    let list = |status| {
        let list = window.filter(scan::orders_of(ctx.client(), status, settings));
        StatusList {
            scan: Scan::new(status.as_str(), ScanStrategy::Window),
            tally: ListTally::default(),
            pages: list.page_size(settings.page_size).pages(),
            reached: None,
            // ShipStation sorts by no date of payment.
            is_sorted: window.basis != AgeBasis::Paid,
            has_unnamed: false,
            has_ended: false,
        }
    };
    settings.statuses.iter().map(list).collect()
}

async fn read_all(
    recorder: &mut Recorder<'_>,
    reading: &mut Reading,
    lists: &mut [StatusList],
) -> Result<(), Stop> {
    recorder.ctx.run.checkpoint().await?;
    reading.seen = Some(HashSet::new());
    while let Some(list) = lists.iter_mut().filter(|list| !list.has_ended).min_by_key(|list| list.reached) {
        let Some(page) = list.pages.next().await.transpose()? else {
            list.has_ended = true;
            scan::list_ended(recorder, &reading.admission.window, &mut list.scan, &list.tally, &list.pages);
            continue;
        };
        let date = |order| Some(reading.admission.window.date(order)?.earliest());
        let dates = page.items.iter().map(date).collect();
        list.has_unnamed |= page.nulls_in_place > 0 || page.errors.iter().any(|row| row.id.is_none());
        scan::import_page(recorder, reading, &mut list.scan, &mut list.tally, page).await?;
        list.dealt_with(dates);
    }
    Ok(())
}
