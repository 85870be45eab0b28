//! Reading the orders of every configured status: which way, page by page, and what lies outside the window.

use std::collections::HashSet;

use futures_util::StreamExt;

use super::{
    changes::{self, ReadById},
    context::{Admission, Context, Records},
    eligibility::dismissal,
    follow_up::UserSnapshots,
    list_tally::ListTally,
    page,
    recorder::{Recorder, UNNAMED, failure},
    retry_wait,
    window::Window,
};
use crate::{
    channel::{
        AgeBasis, ChannelOrder, ChannelOrderId, RunEventKind,
        report::{ImportOutcome, Scan, ScanStrategy},
    },
    client::{self, ErrorKind, ListOrders, Order, OrderId, OrderStatus, Page, Pages, RowError, ShipStation},
    connector::{count, failure as client_failure, run::Stop, settings::OrderSettings, translate},
};

/// What the reading of orders carries from one page to the next.
pub(super) struct Reading<'r> {
    pub(super) window: &'r mut Window,
    /// Orders that the run has dealt with before.
    pub(super) decided: &'r HashSet<OrderId>,
    pub(super) users: &'r mut UserSnapshots,
    pub(super) by_id: &'r mut ReadById,
}

/// Reads every configured status.
pub(super) async fn read_statuses(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    mut reading: Reading<'_>,
) -> Result<(), Stop> {
    let statuses = &ctx.settings().statuses;
    // An order that changes its status while the run reads may turn up under two of them; read by modification,
    // one that is changed meanwhile turns up again.
    let again = statuses.len() > 1 || reading.window.basis == AgeBasis::Modified;
    let mut seen = again.then(HashSet::new);
    let mut refused = None;
    for status in statuses {
        let mut scan = Scan::new(status.as_str(), ScanStrategy::Window);
        let read = read_status(ctx, recorder, &mut reading, status, &mut scan, &mut seen).await;
        recorder.report.scans.push(scan);
        match read {
            // ShipStation does not take this one, and may take the others.
            Err(Stop::Remote(error)) if error.kind() == ErrorKind::Invalid => {
                recorder.warn(format!("ShipStation refuses to list orders that are {}", status.as_str()));
                refused.get_or_insert(error);
            }
            read => read?,
        }
    }
    refused.map_or(Ok(()), |error| Err(error.into()))
}

async fn read_status(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    reading: &mut Reading<'_>,
    status: &OrderStatus,
    scan: &mut Scan,
    seen: &mut Option<HashSet<OrderId>>,
) -> Result<(), Stop> {
    let choice = choose(ctx, recorder, reading.window, status).await?;
    scan.strategy = choice.strategy.clone();
    loop {
        let pages = choice.list(ctx, reading.window, status);
        if read_list(ctx, recorder, reading, scan, pages, seen).await? {
            break;
        }
    }
    compare(ctx, recorder, reading.window, status, scan, &choice).await?;
    probe(ctx, recorder, reading.window, status, scan).await
}

/// The way in which a status is read.
struct Choice {
    strategy: ScanStrategy,
    /// The orders there are that way, if that was asked.
    promised: Option<u64>,
}

impl Choice {
    fn window(promised: Option<u64>) -> Self {
        Self { strategy: ScanStrategy::Window, promised }
    }

    fn list(&self, ctx: &Context<'_>, window: &Window, status: &OrderStatus) -> Pages<Order> {
        let settings = ctx.settings();
        if let (ScanStrategy::Tag, Some(tag)) = (&self.strategy, settings.tag) {
            let list = ctx.client().orders().list_by_tag(status.clone(), tag);
            return list.page_size(settings.page_size).pages();
        }
        let list = window.filter(orders_of(ctx.client(), status, settings));
        list.page_size(settings.page_size).pages()
    }

    /// The present total.
    async fn total(
        &self,
        ctx: &Context<'_>,
        window: &Window,
        status: &OrderStatus,
    ) -> Result<Option<u64>, Stop> {
        let settings = ctx.settings();
        let page = match (&self.strategy, settings.tag) {
            (ScanStrategy::Tag, Some(tag)) => {
                ctx.client().orders().list_by_tag(status.clone(), tag).page_size(1).send().await
            }
            _ => window.filter(orders_of(ctx.client(), status, settings)).page_size(1).send().await,
        };
        total(page)
    }
}

/// With a tag there are two ways: list the window and test the tags here, or list the tag and test the age here.
/// The two totals, a small request each, show which is shorter.
async fn choose(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    window: &mut Window,
    status: &OrderStatus,
) -> Result<Choice, Stop> {
    // An answer before the window may have shown that the host's clock is wrong.
    window.correct(ctx, recorder).await?;
    if ctx.settings().tag.is_none() {
        return Ok(Choice::window(None));
    }
    let by_tag = Choice { strategy: ScanStrategy::Tag, promised: None };
    let Some(tagged) = by_tag.total(ctx, window, status).await? else { return Ok(Choice::window(None)) };
    window.correct(ctx, recorder).await?;
    let total = Choice::window(None).total(ctx, window, status).await?;
    if total.is_some_and(|total| tagged < total) {
        return Ok(Choice { promised: Some(tagged), ..by_tag });
    }
    Ok(Choice::window(total))
}

/// Fewer rows than were promised while the way was chosen: orders may have left the list since then, or else some were
/// not shown.
async fn compare(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    window: &Window,
    status: &OrderStatus,
    scan: &mut Scan,
    choice: &Choice,
) -> Result<(), Stop> {
    let Some(promised) = choice.promised.filter(|promised| scan.complete && scan.read < *promised) else {
        return Ok(());
    };
    let now = choice.total(ctx, window, status).await?;
    if now.is_some_and(|now| 0 < now && now <= scan.read) {
        return Ok(());
    }
    recorder.list_lacks(status.as_str(), scan.read, Some(promised), "more were counted just before");
    scan.complete = false;
    scan.total = scan.total.max(Some(promised));
    Ok(())
}

/// The total of a list, from its smallest page. `None` when ShipStation does not say: its one row may be the very row
/// that ShipStation fails on, or the list may not know the status. That is no reason to give up the run: if ShipStation
/// is down, reading the pages fails too.
fn total(page: Result<Page<Order>, client::Error>) -> Result<Option<u64>, Stop> {
    match page {
        Ok(page) => Ok(page.total.max((!page.items.is_empty()).then(|| count(page.items.len())))),
        Err(error) if client_failure::ends_the_run(&error) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// The orders of a status, of one store if only one is selected: ShipStation filters by no more than one.
pub(super) fn orders_of(client: &ShipStation, status: &OrderStatus, settings: &OrderSettings) -> ListOrders {
    let list = client.orders().list().status(status.clone());
    let mut stores = settings.stores.iter();
    match (stores.next(), stores.next()) {
        (Some(only), None) => list.store(*only),
        _ => list,
    }
}

/// Reads a list to its end. False if it must be asked for again, because the host's clock turned out to be wrong.
pub(super) async fn read_list(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    reading: &mut Reading<'_>,
    scan: &mut Scan,
    mut pages: Pages<Order>,
    seen: &mut Option<HashSet<OrderId>>,
) -> Result<bool, Stop> {
    ctx.run.checkpoint().await?;
    let mut tally = ListTally::default();
    while let Some(page) = pages.next().await {
        let page = page?;
        if reading.window.correct(ctx, recorder).await? {
            return Ok(false);
        }
        import_page(ctx, recorder, reading, scan, &mut tally, page, seen).await?;
    }
    list_ended(ctx, recorder, reading.window, scan, &tally, &pages);
    Ok(true)
}

/// Imports one page of a list.
pub(super) async fn import_page(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    reading: &mut Reading<'_>,
    scan: &mut Scan,
    tally: &mut ListTally,
    mut page: Page<Order>,
    seen: &mut Option<HashSet<OrderId>>,
) -> Result<(), Stop> {
    tally.add(&page);
    note(ctx, recorder, &page);
    (scan.total, scan.read) = (tally.total, tally.read());
    let undecided = |id| !reading.decided.contains(&id);
    page.items.retain(|order| undecided(order.order_id));
    page.errors.retain(|row| row.id.map(OrderId::new).is_none_or(undecided));
    if let Some(seen) = seen {
        page.items.retain(|order| seen.insert(order.order_id));
    }
    scan.unreadable += unreadable(ctx, recorder, &scan.status, &page.errors, reading.by_id).await?;
    reading.users.observe(&page.items);
    page::import(ctx, recorder, Admission::by_settings(reading.window), page.items).await?;
    ctx.run.checkpoint().await
}

/// Takes note of how a list ended.
pub(super) fn list_ended(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    window: &Window,
    scan: &mut Scan,
    tally: &ListTally,
    pages: &Pages<Order>,
) {
    scan.complete = recorder.list_ended(ctx, window, &scan.status, tally, pages.end());
    scan.unreadable += tally.nulls;
    scan.read = tally.read();
}

fn note(ctx: &Context<'_>, recorder: &mut Recorder, page: &Page<Order>) {
    ctx.run.event(RunEventKind::PageRead { what: "orders", rows: page.items.len(), of: page.total });
    if page.reduced_to.is_some() {
        let warning = "ShipStation failed at full pages: some were read in smaller pieces";
        if recorder.report.run.warnings.iter().all(|known| known != warning) {
            recorder.warn(warning);
        }
    }
}

/// Rows that could not be read are reported, and read again by their id where there is one. Says how many they are,
/// without those of imported and of dismissed orders.
pub(super) async fn unreadable(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    list: &str,
    errors: &[RowError],
    by_id: &mut ReadById,
) -> Result<u64, Stop> {
    if errors.is_empty() {
        return Ok(0);
    }
    let id_of = |error: &RowError| error.id.map(OrderId::new).map(translate::order_id);
    let ids: Vec<ChannelOrderId> = errors.iter().filter_map(id_of).collect();
    let records = Records::of_ids(ctx, &ids).await?;
    let (mut unreadable, mut failures) = (0, Vec::new());
    for error in errors {
        let Some(order) = id_of(error) else {
            unreadable += 1;
            recorder.failed(ctx, &UNNAMED.into(), "", &format!("{list} {error}"));
            continue;
        };
        if let Some(record) = records.known.get(&order) {
            if !ctx.watches_changes()
                || changes::read_unreadable(ctx, recorder, &records, record, error, by_id).await?
            {
                let order = ChannelOrder::new(order, record.number.clone());
                recorder.order(ctx, &order, &ImportOutcome::AlreadyImported);
            }
            continue;
        }
        if let Some(before) = records.failures.get(&order)
            && let Some(skip) = dismissal(before)
        {
            let order = ChannelOrder::new(order, before.number.clone());
            recorder.order(ctx, &order, &ImportOutcome::skipped(vec![skip]));
            continue;
        }
        unreadable += 1;
        let why = error.to_string();
        recorder.failed(ctx, &order, "", &why);
        // One that waits for its next attempt goes on waiting: put off by every run, it would never have it.
        if !records.is_put_off(&order, ctx.now()) {
            let wait = retry_wait::wait(records.attempts(&order));
            failures.push(failure(ctx, &order, "", &why, true, wait));
        }
    }
    recorder.keep_failures(ctx, &failures).await?;
    Ok(unreadable)
}

/// Counts, with one small request, the orders of a status that are older than the window: "too old" must be visible.
async fn probe(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    window: &Window,
    status: &OrderStatus,
    scan: &mut Scan,
) -> Result<(), Stop> {
    if !ctx.settings().skip_audit {
        return Ok(());
    }
    let Some(outside) = window.before(orders_of(ctx.client(), status, ctx.settings())) else { return Ok(()) };
    let Some(total) = total(outside.page_size(1).send().await)? else {
        recorder.warn(format!("the orders outside the window could not be counted for {}", status.as_str()));
        return Ok(());
    };
    scan.outside_window = Some(total);
    recorder.report.counts.outside_window.insert(status.as_str().to_owned(), total);
    Ok(())
}
