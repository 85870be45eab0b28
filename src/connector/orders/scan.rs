//! Reading the orders of every configured status: which way, page by page, and what lies outside the window.

use std::collections::HashSet;

use futures_util::StreamExt;

use super::{
    changes,
    context::Records,
    eligibility::dismissal,
    follow_up::UserSnapshots,
    import::{Import, UNNAMED, failure},
    list_tally::ListTally,
    page, retry_wait,
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
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Orders that the run has dealt with before.
    pub(super) decided: HashSet<OrderId>,
    /// Orders that were listed, where one may turn up again.
    pub(super) seen: Option<HashSet<OrderId>>,
    pub(super) users: UserSnapshots,
    /// How many imported orders with an unreadable row were read by their id.
    pub(super) by_id: u32,
}

pub(super) async fn read_statuses(import: &mut Import<'_>) -> Result<(), Stop> {
    let statuses = &import.ctx.settings().statuses;
    // An order that changes its status while the run reads may turn up under two of them; read by modification,
    // one that is changed meanwhile turns up again.
    let again = statuses.len() > 1 || import.admission.window.basis == AgeBasis::Modified;
    import.reading.seen = again.then(HashSet::new);
    let mut refused = None;
    for status in statuses {
        let mut scan = Scan::new(status.as_str(), ScanStrategy::Window);
        let read = read_status(import, status, &mut scan).await;
        import.report.scans.push(scan);
        match read {
            // ShipStation does not take this one, and may take the others.
            Err(Stop::Remote(error)) if error.kind() == ErrorKind::Invalid => {
                import.warn(format!("ShipStation refuses to list orders that are {}", status.as_str()));
                refused.get_or_insert(error);
            }
            read => read?,
        }
    }
    refused.map_or(Ok(()), |error| Err(error.into()))
}

async fn read_status(import: &mut Import<'_>, status: &OrderStatus, scan: &mut Scan) -> Result<(), Stop> {
    let promised = choose(import, status, scan).await?;
    loop {
        let pages = pages_of(import, status, &scan.strategy);
        if read_list(import, scan, pages).await? {
            break;
        }
    }
    compare(import, status, scan, promised).await?;
    probe(import, status, scan).await
}

/// With a tag there are two ways: list the window and test the tags here, or list the tag and test the age here.
/// The two totals, a small request each, show which is shorter. Says how many orders there are that way, if that was asked.
async fn choose(import: &mut Import<'_>, status: &OrderStatus, scan: &mut Scan) -> Result<Option<u64>, Stop> {
    // An answer before the window may have shown that the host's clock is wrong.
    import.correct_window().await?;
    if import.ctx.settings().tag.is_none() {
        return Ok(None);
    }
    let Some(tagged) = total_of(import, status, &ScanStrategy::Tag).await? else { return Ok(None) };
    import.correct_window().await?;
    let total = total_of(import, status, &ScanStrategy::Window).await?;
    if total.is_some_and(|total| tagged < total) {
        scan.strategy = ScanStrategy::Tag;
        return Ok(Some(tagged));
    }
    Ok(total)
}

fn pages_of(import: &Import<'_>, status: &OrderStatus, strategy: &ScanStrategy) -> Pages<Order> {
    let (client, settings) = (import.ctx.client(), import.ctx.settings());
    if let (ScanStrategy::Tag, Some(tag)) = (strategy, settings.tag) {
        let list = client.orders().list_by_tag(status.clone(), tag);
        return list.page_size(settings.page_size).pages();
    }
    let list = import.admission.window.filter(orders_of(client, status, settings));
    list.page_size(settings.page_size).pages()
}

async fn total_of(
    import: &Import<'_>,
    status: &OrderStatus,
    strategy: &ScanStrategy,
) -> Result<Option<u64>, Stop> {
    let (client, settings) = (import.ctx.client(), import.ctx.settings());
    total(match (strategy, settings.tag) {
        (ScanStrategy::Tag, Some(tag)) => {
            client.orders().list_by_tag(status.clone(), tag).page_size(1).send().await
        }
        _ => import.admission.window.filter(orders_of(client, status, settings)).page_size(1).send().await,
    })
}

/// Fewer rows than were promised while the way was chosen: orders may have left the list since then, or else some were
/// not shown.
async fn compare(
    import: &mut Import<'_>,
    status: &OrderStatus,
    scan: &mut Scan,
    promised: Option<u64>,
) -> Result<(), Stop> {
    let Some(promised) = promised.filter(|promised| scan.complete && scan.read < *promised) else {
        return Ok(());
    };
    let now = total_of(import, status, &scan.strategy).await?;
    if now.is_some_and(|now| 0 < now && now <= scan.read) {
        return Ok(());
    }
    import.list_lacks(status.as_str(), scan.read, Some(promised), "more were counted just before");
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
    import: &mut Import<'_>,
    scan: &mut Scan,
    mut pages: Pages<Order>,
) -> Result<bool, Stop> {
    import.ctx.run.checkpoint().await?;
    let mut tally = ListTally::default();
    while let Some(page) = pages.next().await.transpose()? {
        if import.correct_window().await? {
            return Ok(false);
        }
        import_page(import, scan, &mut tally, page).await?;
    }
    list_ended(import, scan, &tally, &pages);
    Ok(true)
}

pub(super) async fn import_page(
    import: &mut Import<'_>,
    scan: &mut Scan,
    tally: &mut ListTally,
    mut page: Page<Order>,
) -> Result<(), Stop> {
    tally.add(&page);
    note(import, &page);
    (scan.total, scan.read) = (tally.total, tally.read());
    let Reading { decided, seen, .. } = &mut import.reading;
    let undecided = |id| !decided.contains(&id);
    page.items.retain(|order| undecided(order.order_id));
    page.errors.retain(|row| row.id.map(OrderId::new).is_none_or(undecided));
    if let Some(seen) = seen {
        page.items.retain(|order| seen.insert(order.order_id));
    }
    scan.unreadable += unreadable(import, &scan.status, &page.errors).await?;
    import.reading.users.observe(&page.items);
    page::import(import, page.items).await?;
    import.ctx.run.checkpoint().await
}

pub(super) fn list_ended(import: &mut Import<'_>, scan: &mut Scan, tally: &ListTally, pages: &Pages<Order>) {
    scan.complete = import.list_ended(&scan.status, tally, pages.end());
    scan.unreadable += tally.nulls;
    scan.read = tally.read();
}

fn note(import: &mut Import<'_>, page: &Page<Order>) {
    import.ctx.run.event(RunEventKind::PageRead { what: "orders", rows: page.items.len(), of: page.total });
    if page.reduced_to.is_some() {
        let warning = "ShipStation failed at full pages: some were read in smaller pieces";
        if import.report.run.warnings.iter().all(|known| known != warning) {
            import.warn(warning);
        }
    }
}

/// Rows that could not be read are reported, and read again by their id where there is one. Says how many they are,
/// without those of imported and of dismissed orders.
pub(super) async fn unreadable(
    import: &mut Import<'_>,
    list: &str,
    errors: &[RowError],
) -> Result<u64, Stop> {
    if errors.is_empty() {
        return Ok(0);
    }
    let id_of = |error: &RowError| error.id.map(OrderId::new).map(translate::order_id);
    let ids: Vec<ChannelOrderId> = errors.iter().filter_map(id_of).collect();
    let records = Records::of_ids(import.ctx, &ids).await?;
    let (mut unreadable, mut failures) = (0, Vec::new());
    for error in errors {
        let Some(order) = id_of(error) else {
            unreadable += 1;
            import.failed(&UNNAMED.into(), "", &format!("{list} {error}"));
            continue;
        };
        if let Some(record) = records.known.get(&order) {
            if !import.ctx.watches_changes()
                || changes::read_unreadable(import, &records, record, error).await?
            {
                let order = ChannelOrder::new(order, record.number.clone());
                import.order(&order, &ImportOutcome::AlreadyImported);
            }
            continue;
        }
        if let Some(before) = records.failures.get(&order)
            && let Some(skip) = dismissal(before)
        {
            let order = ChannelOrder::new(order, before.number.clone());
            import.order(&order, &ImportOutcome::skipped(vec![skip]));
            continue;
        }
        unreadable += 1;
        let why = error.to_string();
        import.failed(&order, "", &why);
        // One that waits for its next attempt goes on waiting: put off by every run, it would never have it.
        if !records.is_put_off(&order, import.ctx.now()) {
            let wait = retry_wait::wait(records.attempts(&order));
            failures.push(failure(import.ctx, &order, "", &why, true, wait));
        }
    }
    import.keep_failures(&failures).await?;
    Ok(unreadable)
}

/// Counts, with one small request, the orders of a status that are older than the window: "too old" must be visible.
async fn probe(import: &mut Import<'_>, status: &OrderStatus, scan: &mut Scan) -> Result<(), Stop> {
    if !import.ctx.settings().skip_audit {
        return Ok(());
    }
    let list = orders_of(import.ctx.client(), status, import.ctx.settings());
    let Some(outside) = import.admission.window.before(list) else { return Ok(()) };
    let Some(total) = total(outside.page_size(1).send().await)? else {
        import.warn(format!("the orders outside the window could not be counted for {}", status.as_str()));
        return Ok(());
    };
    scan.outside_window = Some(total);
    import.report.counts.outside_window.insert(status.as_str().to_owned(), total);
    Ok(())
}
