//! Reading the orders of every configured status: which way, page by page, and what lies outside the window.

use std::{collections::HashSet, pin::pin};

use futures_core::Stream;
use futures_util::StreamExt;

use super::{eligibility::dismissal, import::Import};
use crate::{
    channel::{
        ChannelOrder, RunEvent,
        report::{Scan, ScanStrategy, SkipReason},
    },
    client::{self, ErrorKind, ListOrders, Order, OrderId, OrderStatus, Page, RowError, ShipStation, TagId},
    connector::{
        count, failure,
        run::Stop,
        settings::{AgeBasis, OrderSettings},
        translate,
    },
};

/// Reads every configured status.
pub(super) async fn every_status(import: &mut Import<'_>) -> Result<(), Stop> {
    let statuses = import.run.channel.settings.orders.statuses.clone();
    // An order that changes its status while the run reads may turn up under two of them; read by modification,
    // one that is changed meanwhile turns up again.
    let again = statuses.len() > 1 || import.window.basis == AgeBasis::Modified;
    let mut seen = again.then(HashSet::new);
    let mut refused = None;
    for status in statuses {
        match one_status(import, &status, &mut seen).await {
            // ShipStation does not take this one, and may take the others.
            Err(Stop::Remote(error)) if error.kind() == ErrorKind::Invalid => {
                import.run.warn(format!("ShipStation refuses to list orders that are {}", status.as_str()));
                refused.get_or_insert(error);
            }
            read => read?,
        }
    }
    refused.map_or(Ok(()), |error| Err(error.into()))
}

async fn one_status(
    import: &mut Import<'_>,
    status: &OrderStatus,
    seen: &mut Option<HashSet<OrderId>>,
) -> Result<(), Stop> {
    let place = import.report.scans.len();
    import.report.scans.push(Scan::new(status.as_str(), ScanStrategy::Window));
    let strategy = choose(import, status).await?;
    if let Some(scan) = import.report.scans.get_mut(place) {
        scan.strategy = strategy;
    }
    match (strategy, import.run.channel.settings.orders.tag) {
        (ScanStrategy::Tag, Some(tag)) => by_tag(import, place, status.clone(), tag, seen).await?,
        _ => by_window(import, place, status.clone(), seen).await?,
    }
    probe(import, place, status).await
}

/// With a tag there are two ways: list the window and test the tags here, or list the tag and test the age here.
/// The two totals, a small request each, tell which is shorter.
async fn choose(import: &Import<'_>, status: &OrderStatus) -> Result<ScanStrategy, Stop> {
    let Some(tag) = import.run.channel.settings.orders.tag else { return Ok(ScanStrategy::Window) };
    let orders = import.run.client.orders();
    let tagged = orders.list_by_tag(status.clone(), tag).page_size(1).send().await;
    let Some(tagged) = total(tagged)? else { return Ok(ScanStrategy::Window) };
    let window = import.window.filter(list(import, status)).page_size(1).send().await;
    let by_tag = total(window)?.is_some_and(|window| tagged < window);
    Ok(if by_tag { ScanStrategy::Tag } else { ScanStrategy::Window })
}

/// The total of a list, from its smallest page. `None` when ShipStation does not say: its one row may be the very row
/// that ShipStation fails on, or the list may not know the status. That is no reason to give up the run: if ShipStation
/// is down, the pages will tell.
fn total(page: Result<Page<Order>, client::Error>) -> Result<Option<u64>, Stop> {
    match page {
        Ok(page) => Ok(page.total),
        Err(error) if failure::ends_the_run(&error) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

fn list(import: &Import<'_>, status: &OrderStatus) -> ListOrders {
    orders_of(&import.run.client, status, &import.run.channel.settings.orders)
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

async fn by_window(
    import: &mut Import<'_>,
    place: usize,
    status: OrderStatus,
    seen: &mut Option<HashSet<OrderId>>,
) -> Result<(), Stop> {
    let rows = import.run.channel.settings.orders.page_size;
    let pages = import.window.filter(list(import, &status)).page_size(rows).pages();
    read(import, place, pages, seen).await
}

async fn by_tag(
    import: &mut Import<'_>,
    place: usize,
    status: OrderStatus,
    tag: TagId,
    seen: &mut Option<HashSet<OrderId>>,
) -> Result<(), Stop> {
    let rows = import.run.channel.settings.orders.page_size;
    let pages = import.run.client.orders().list_by_tag(status, tag).page_size(rows).pages();
    read(import, place, pages, seen).await
}

async fn read(
    import: &mut Import<'_>,
    place: usize,
    pages: impl Stream<Item = Result<Page<Order>, client::Error>>,
    seen: &mut Option<HashSet<OrderId>>,
) -> Result<(), Stop> {
    let mut pages = pin!(pages);
    import.run.go_on().await?;
    while let Some(page) = pages.next().await {
        let mut page = page?;
        let undecided = |id| !import.decided.contains(&id);
        page.items.retain(|order| undecided(order.order_id));
        page.errors.retain(|row| row.id.map(OrderId::new).is_none_or(undecided));
        if let Some(seen) = seen {
            page.items.retain(|order| seen.insert(order.order_id));
        }
        note(import, place, &page);
        unreadable(import, Some(place), &page.errors).await?;
        import.page(page.items).await?;
        import.run.go_on().await?;
    }
    if let Some(scan) = import.report.scans.get_mut(place) {
        scan.complete = true;
    }
    Ok(())
}

fn note(import: &mut Import<'_>, place: usize, page: &Page<Order>) {
    import.run.event(&RunEvent::PageRead { what: "orders", rows: page.items.len(), of: page.total });
    if page.reduced_to.is_some() {
        let warning = "ShipStation failed at full pages: some were read in smaller pieces";
        if import.run.info.warnings.iter().all(|said| said != warning) {
            import.run.warn(warning);
        }
    }
    if let Some(scan) = import.report.scans.get_mut(place) {
        scan.total = scan.total.max(page.total);
        scan.read += count(page.items.len() + page.errors.len());
    }
}

/// Rows that could not be read are reported, and read again by their id where there is one.
pub(super) async fn unreadable(
    import: &mut Import<'_>,
    place: Option<usize>,
    errors: &[RowError],
) -> Result<(), Stop> {
    if errors.is_empty() {
        return Ok(());
    }
    let name = |error: &RowError| error.id.map(OrderId::new).map(translate::order_id);
    let names: Vec<_> = errors.iter().filter_map(name).collect();
    import.failures = import.failures_of(&names).await?;
    let known = import.run.channel.stores.orders.known(&import.run.channel.connection, &names).await?;
    let mut failures = Vec::new();
    for error in errors {
        import.report.counts.scanned += 1;
        let order = name(error);
        if let Some(record) = order.as_ref().and_then(|order| known.get(order)) {
            let skip =
                SkipReason::AlreadyImported { at: record.imported_at, host_order: record.host_order.clone() };
            import.skip(&ChannelOrder::new(record.order.clone(), record.number.clone()), vec![skip]);
            continue;
        }
        let before = order.as_ref().and_then(|order| import.failures.get(order));
        if let Some((skip, last)) = before.and_then(|before| Some((dismissal(before)?, &before.last))) {
            let order = ChannelOrder::new(last.order.clone(), last.number.clone());
            import.skip(&order, vec![skip]);
            continue;
        }
        if let Some(scan) = place.and_then(|place| import.report.scans.get_mut(place)) {
            scan.unreadable += 1;
        }
        import.fail(order.as_ref().unwrap_or(&"unknown".into()), "", error.to_string(), true);
        failures.extend(order.map(|order| import.failure(&order, "", error.to_string(), true)));
    }
    import.keep_failures(&failures).await?;
    Ok(())
}

/// Counts, with one small request, the orders of a status that are older than the window: "too old" must be visible.
async fn probe(import: &mut Import<'_>, place: usize, status: &OrderStatus) -> Result<(), Stop> {
    if !import.run.channel.settings.orders.skip_audit {
        return Ok(());
    }
    let Some(outside) = import.window.before(list(import, status)) else { return Ok(()) };
    let Some(total) = total(outside.page_size(1).send().await)? else {
        import
            .run
            .warn(format!("the orders outside the window could not be counted for {}", status.as_str()));
        return Ok(());
    };
    if let Some(scan) = import.report.scans.get_mut(place) {
        scan.too_old = Some(total);
    }
    import.report.counts.too_old.insert(status.as_str().to_owned(), total);
    Ok(())
}
