//! Reading the orders of every configured status: which way, page by page, and what lies outside the window.

use std::collections::HashSet;

use futures_util::StreamExt;

use super::{changes, complete::ListTally, eligibility::dismissal, import::Import};
use crate::{
    channel::{
        ChannelOrder, RunEvent,
        report::{Scan, ScanStrategy, SkipReason},
    },
    client::{self, ErrorKind, ListOrders, Order, OrderId, OrderStatus, Page, Pages, RowError, ShipStation},
    connector::{
        count, failure,
        run::Stop,
        settings::{AgeBasis, OrderSettings},
        translate,
    },
};

/// What a report calls an order whose id is not known.
pub(super) const UNNAMED: &str = "unknown";

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
    let choice = choose(import, status).await?;
    if let Some(scan) = import.report.scans.get_mut(place) {
        scan.strategy = choice.strategy;
    }
    while !read(import, place, choice.list(import, status), seen).await? {}
    compare(import, place, status, &choice).await?;
    probe(import, place, status).await
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

    fn list(&self, import: &Import<'_>, status: &OrderStatus) -> Pages<Order> {
        let settings = &import.run.channel.settings.orders;
        match (self.strategy, settings.tag) {
            (ScanStrategy::Tag, Some(tag)) => {
                let list = import.run.client.orders().list_by_tag(status.clone(), tag);
                list.page_size(settings.page_size).pages()
            }
            _ => import.window.filter(list(import, status)).page_size(settings.page_size).pages(),
        }
    }

    /// The present total.
    async fn total(&self, import: &Import<'_>, status: &OrderStatus) -> Result<Option<u64>, Stop> {
        let page = match (self.strategy, import.run.channel.settings.orders.tag) {
            (ScanStrategy::Tag, Some(tag)) => {
                let list = import.run.client.orders().list_by_tag(status.clone(), tag);
                list.page_size(1).send().await
            }
            _ => import.window.filter(list(import, status)).page_size(1).send().await,
        };
        total(page)
    }
}

/// With a tag there are two ways: list the window and test the tags here, or list the tag and test the age here.
/// The two totals, a small request each, tell which is shorter.
async fn choose(import: &mut Import<'_>, status: &OrderStatus) -> Result<Choice, Stop> {
    // An answer before the window may have shown that the host's clock is wrong.
    import.check_clock().await?;
    if import.run.channel.settings.orders.tag.is_none() {
        return Ok(Choice::window(None));
    }
    let by_tag = Choice { strategy: ScanStrategy::Tag, promised: None };
    let Some(tagged) = by_tag.total(import, status).await? else { return Ok(Choice::window(None)) };
    import.check_clock().await?;
    let window = Choice::window(None).total(import, status).await?;
    if window.is_some_and(|window| tagged < window) {
        return Ok(Choice { promised: Some(tagged), ..by_tag });
    }
    Ok(Choice::window(window))
}

/// Fewer rows than were promised while the way was chosen: orders may have left the list since then, or else some were
/// not shown.
async fn compare(
    import: &mut Import<'_>,
    place: usize,
    status: &OrderStatus,
    choice: &Choice,
) -> Result<(), Stop> {
    let read = import.report.scans.get(place).filter(|scan| scan.complete).map(|scan| scan.read);
    let (Some(read), Some(promised)) = (read, choice.promised) else { return Ok(()) };
    if read >= promised {
        return Ok(());
    }
    let now = choice.total(import, status).await?;
    if now.is_some_and(|now| 0 < now && now <= read) {
        return Ok(());
    }
    import.list_lacks(status.as_str(), read, Some(promised), "more were counted just before");
    if let Some(scan) = import.report.scans.get_mut(place) {
        scan.complete = false;
        scan.total = scan.total.max(Some(promised));
    }
    Ok(())
}

/// The total of a list, from its smallest page. `None` when ShipStation does not say: its one row may be the very row
/// that ShipStation fails on, or the list may not know the status. That is no reason to give up the run: if ShipStation
/// is down, the pages will tell.
fn total(page: Result<Page<Order>, client::Error>) -> Result<Option<u64>, Stop> {
    match page {
        Ok(page) => Ok(page.total.max((!page.items.is_empty()).then(|| count(page.items.len())))),
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

/// Reads a list to its end. False if it must be asked for again, because the host's clock turned out to be wrong.
async fn read(
    import: &mut Import<'_>,
    place: usize,
    mut pages: Pages<Order>,
    seen: &mut Option<HashSet<OrderId>>,
) -> Result<bool, Stop> {
    import.run.go_on().await?;
    let mut tally = ListTally::default();
    while let Some(page) = pages.next().await {
        let mut page = page?;
        if import.check_clock().await? {
            return Ok(false);
        }
        tally.add(&page);
        note(import, place, &page, &tally);
        let undecided = |id| !import.decided.contains(&id);
        page.items.retain(|order| undecided(order.order_id));
        page.errors.retain(|row| row.id.map(OrderId::new).is_none_or(undecided));
        if let Some(seen) = seen {
            page.items.retain(|order| seen.insert(order.order_id));
        }
        unreadable(import, Some(place), &page.errors).await?;
        import.page(page.items).await?;
        import.run.go_on().await?;
    }
    let name = name(import, place);
    let complete = import.list_ended(&name, &tally, pages.end());
    if let Some(scan) = import.report.scans.get_mut(place) {
        scan.complete = complete;
        scan.unreadable += tally.nulls_in_place();
        scan.read = tally.read();
    }
    Ok(true)
}

/// What to call the list that a scan reads.
fn name(import: &Import<'_>, place: usize) -> String {
    import.report.scans.get(place).map_or_else(|| "orders".to_owned(), |scan| scan.status.clone())
}

fn note(import: &mut Import<'_>, place: usize, page: &Page<Order>, tally: &ListTally) {
    import.run.event(&RunEvent::PageRead { what: "orders", rows: page.items.len(), of: page.total });
    if page.reduced_to.is_some() {
        let warning = "ShipStation failed at full pages: some were read in smaller pieces";
        if import.run.info.warnings.iter().all(|said| said != warning) {
            import.run.warn(warning);
        }
    }
    if let Some(scan) = import.report.scans.get_mut(place) {
        scan.total = tally.total();
        scan.read = tally.read();
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
    let id_of = |error: &RowError| error.id.map(OrderId::new).map(translate::order_id);
    let ids: Vec<_> = errors.iter().filter_map(id_of).collect();
    import.failures = import.failures_of(&ids).await?;
    let known = import.run.channel.stores.orders.known(&import.run.channel.connection, &ids).await?;
    let mut failures = Vec::new();
    for error in errors {
        let order = id_of(error);
        if let Some(record) = order.as_ref().and_then(|order| known.get(order)) {
            if import.hears_changes() && !changes::unread(import, record, error).await? {
                continue;
            }
            import.report.counts.scanned += 1;
            let skip =
                SkipReason::AlreadyImported { at: record.imported_at, host_order: record.host_order.clone() };
            import.skip(&ChannelOrder::new(record.order.clone(), record.number.clone()), vec![skip]);
            continue;
        }
        import.report.counts.scanned += 1;
        let before = order.as_ref().and_then(|order| import.failures.get(order));
        if let Some((skip, last)) = before.and_then(|before| Some((dismissal(before)?, &before.last))) {
            let order = ChannelOrder::new(last.order.clone(), last.number.clone());
            import.skip(&order, vec![skip]);
            continue;
        }
        if let Some(scan) = place.and_then(|place| import.report.scans.get_mut(place)) {
            scan.unreadable += 1;
        }
        let Some(order) = order else {
            let list = place.map_or_else(|| "the delivery:".to_owned(), |place| name(import, place));
            import.fail(&UNNAMED.into(), "", format!("{list} {error}"), true);
            continue;
        };
        import.fail(&order, "", error.to_string(), true);
        // One that waits for its next attempt goes on waiting: put off by every run, it would never have it.
        if !import.is_put_off(&order) {
            failures.push(import.failure(&order, "", error.to_string(), true));
        }
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
