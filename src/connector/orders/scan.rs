//! Reading the orders of every configured status: which way, page by page, and what lies outside the window.

use std::collections::HashSet;

use futures_util::StreamExt;

use super::{
    changes,
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
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) admission: Admission,
    /// Orders that the run has dealt with before.
    pub(super) decided: HashSet<OrderId>,
    /// Orders that were listed, where one may turn up again.
    pub(super) seen: Option<HashSet<OrderId>>,
    pub(super) users: UserSnapshots,
    /// How many imported orders with an unreadable row were read by their id.
    pub(super) by_id: u32,
}

impl Reading {
    /// The reading of what the window admits, before it begins.
    pub(super) fn of(window: Window) -> Self {
        let (admission, users) = (Admission::by_settings(window), UserSnapshots::default());
        Self { admission, decided: HashSet::new(), seen: None, users, by_id: 0 }
    }
}

pub(super) async fn read_statuses(recorder: &mut Recorder<'_>, reading: &mut Reading) -> Result<(), Stop> {
    let statuses = &recorder.ctx.settings().statuses;
    // An order that changes its status while the run reads may turn up under two of them; read by modification,
    // one that is changed meanwhile turns up again.
    let again = statuses.len() > 1 || reading.admission.window.basis == AgeBasis::Modified;
    reading.seen = again.then(HashSet::new);
    let mut refused = None;
    for status in statuses {
        let mut scan = Scan::new(status.as_str(), ScanStrategy::Window);
        let read = read_status(recorder, reading, status, &mut scan).await;
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
    recorder: &mut Recorder<'_>,
    reading: &mut Reading,
    status: &OrderStatus,
    scan: &mut Scan,
) -> Result<(), Stop> {
    let promised = choose(recorder, reading, status, scan).await?;
    loop {
        let pages = pages_of(recorder.ctx, &reading.admission.window, status, &scan.strategy);
        if read_list(recorder, reading, scan, pages).await? {
            break;
        }
    }
    compare(recorder, &reading.admission.window, status, scan, promised).await?;
    probe(recorder, &reading.admission.window, status, scan).await
}

/// With a tag there are two ways: list the window and test the tags here, or list the tag and test the age here.
/// The two totals, a small request each, show which is shorter. Says how many orders there are that way, if that was asked.
async fn choose(
    recorder: &mut Recorder<'_>,
    reading: &mut Reading,
    status: &OrderStatus,
    scan: &mut Scan,
) -> Result<Option<u64>, Stop> {
    // An answer before the window may have shown that the host's clock is wrong.
    recorder.correct_window(&mut reading.admission.window).await?;
    if recorder.ctx.settings().tag.is_none() {
        return Ok(None);
    }
    let Some(tagged) = total_of(recorder.ctx, &reading.admission.window, status, &ScanStrategy::Tag).await?
    else {
        return Ok(None);
    };
    recorder.correct_window(&mut reading.admission.window).await?;
    let total = total_of(recorder.ctx, &reading.admission.window, status, &ScanStrategy::Window).await?;
    if total.is_some_and(|total| tagged < total) {
        scan.strategy = ScanStrategy::Tag;
        return Ok(Some(tagged));
    }
    Ok(total)
}

fn pages_of(
    ctx: &Context<'_>,
    window: &Window,
    status: &OrderStatus,
    strategy: &ScanStrategy,
) -> Pages<Order> {
    let (client, settings) = (ctx.client(), ctx.settings());
    if let (ScanStrategy::Tag, Some(tag)) = (strategy, settings.tag) {
        let list = client.orders().list_by_tag(status.clone(), tag);
        return list.page_size(settings.page_size).pages();
    }
    let list = window.filter(orders_of(client, status, settings));
    list.page_size(settings.page_size).pages()
}

async fn total_of(
    ctx: &Context<'_>,
    window: &Window,
    status: &OrderStatus,
    strategy: &ScanStrategy,
) -> Result<Option<u64>, Stop> {
    let (client, settings) = (ctx.client(), ctx.settings());
    total(match (strategy, settings.tag) {
        (ScanStrategy::Tag, Some(tag)) => {
            client.orders().list_by_tag(status.clone(), tag).page_size(1).send().await
        }
        _ => window.filter(orders_of(client, status, settings)).page_size(1).send().await,
    })
}

/// Fewer rows than were promised while the way was chosen: orders may have left the list since then, or else some were
/// not shown.
async fn compare(
    recorder: &mut Recorder<'_>,
    window: &Window,
    status: &OrderStatus,
    scan: &mut Scan,
    promised: Option<u64>,
) -> Result<(), Stop> {
    let Some(promised) = promised.filter(|promised| scan.complete && scan.read < *promised) else {
        return Ok(());
    };
    let now = total_of(recorder.ctx, window, status, &scan.strategy).await?;
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
    let page = client_failure::optional(page)?;
    Ok(page.and_then(|page| page.total.max((!page.items.is_empty()).then(|| count(page.items.len())))))
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
    recorder: &mut Recorder<'_>,
    reading: &mut Reading,
    scan: &mut Scan,
    mut pages: Pages<Order>,
) -> Result<bool, Stop> {
    recorder.ctx.run.checkpoint().await?;
    let mut tally = ListTally::default();
    while let Some(page) = pages.next().await.transpose()? {
        if recorder.correct_window(&mut reading.admission.window).await? {
            return Ok(false);
        }
        import_page(recorder, reading, scan, &mut tally, page).await?;
    }
    list_ended(recorder, &reading.admission.window, scan, &tally, &pages);
    Ok(true)
}

pub(super) async fn import_page(
    recorder: &mut Recorder<'_>,
    reading: &mut Reading,
    scan: &mut Scan,
    tally: &mut ListTally,
    mut page: Page<Order>,
) -> Result<(), Stop> {
    tally.add(&page);
    note(recorder, &page);
    (scan.total, scan.read) = (tally.total, tally.read());
    let Reading { decided, seen, .. } = reading;
    let undecided = |id| !decided.contains(&id);
    page.items.retain(|order| undecided(order.order_id));
    page.errors.retain(|row| row.id.map(OrderId::new).is_none_or(undecided));
    if let Some(seen) = seen {
        page.items.retain(|order| seen.insert(order.order_id));
    }
    scan.unreadable += unreadable(recorder, &mut reading.by_id, &scan.status, &page.errors).await?;
    reading.users.observe(&page.items);
    page::import(recorder, &reading.admission, page.items).await?;
    recorder.ctx.run.checkpoint().await
}

pub(super) fn list_ended(
    recorder: &mut Recorder<'_>,
    window: &Window,
    scan: &mut Scan,
    tally: &ListTally,
    pages: &Pages<Order>,
) {
    scan.complete = recorder.list_ended(window, &scan.status, tally, pages.end());
    scan.unreadable += tally.nulls;
    scan.read = tally.read();
}

fn note(recorder: &mut Recorder<'_>, page: &Page<Order>) {
    recorder.ctx.run.event(RunEventKind::PageRead { what: "orders", rows: page.items.len(), of: page.total });
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
    recorder: &mut Recorder<'_>,
    by_id: &mut u32,
    list: &str,
    errors: &[RowError],
) -> Result<u64, Stop> {
    if errors.is_empty() {
        return Ok(0);
    }
    let id_of = |error: &RowError| error.id.map(OrderId::new).map(translate::order_id);
    let ids: Vec<ChannelOrderId> = errors.iter().filter_map(id_of).collect();
    let records = Records::of_ids(recorder.ctx, &ids).await?;
    let (mut unreadable, mut failures) = (0, Vec::new());
    for error in errors {
        let Some(order) = id_of(error) else {
            unreadable += 1;
            recorder.failed(&UNNAMED.into(), "", &format!("{list} {error}"));
            continue;
        };
        if let Some(record) = records.known.get(&order) {
            if !recorder.ctx.watches_changes()
                || changes::read_unreadable(recorder, by_id, &records, record, error).await?
            {
                let order = ChannelOrder::new(order, record.number.clone());
                recorder.order(&order, &ImportOutcome::AlreadyImported);
            }
            continue;
        }
        if let Some(before) = records.failures.get(&order)
            && let Some(skip) = dismissal(before)
        {
            let order = ChannelOrder::new(order, before.number.clone());
            recorder.order(&order, &ImportOutcome::skipped(vec![skip]));
            continue;
        }
        unreadable += 1;
        let why = error.to_string();
        recorder.failed(&order, "", &why);
        // One that waits for its next attempt goes on waiting: put off by every run, it would never have it. What a quick look or
        // a delivery shows may be too old, which nobody can tell: if it is not, the window shows it as well.
        if recorder.ctx.reads_stretch() && !records.is_put_off(&order, recorder.ctx.now()) {
            let wait = retry_wait::wait(records.attempts(&order));
            failures.push(failure(recorder.ctx, &order, "", &why, true, wait));
        }
    }
    recorder.keep_failures(&failures).await?;
    Ok(unreadable)
}

/// Counts, with one small request, the orders of a status that are older than the window: "too old" must be visible.
async fn probe(
    recorder: &mut Recorder<'_>,
    window: &Window,
    status: &OrderStatus,
    scan: &mut Scan,
) -> Result<(), Stop> {
    if !recorder.ctx.settings().skip_audit {
        return Ok(());
    }
    let list = orders_of(recorder.ctx.client(), status, recorder.ctx.settings());
    let Some(outside) = window.before(list) else { return Ok(()) };
    let Some(total) = total(outside.page_size(1).send().await)? else {
        recorder.warn(format!("the orders outside the window could not be counted for {}", status.as_str()));
        return Ok(());
    };
    scan.outside_window = Some(total);
    recorder.report.counts.outside_window.insert(status.as_str().to_owned(), total);
    Ok(())
}
