//! Link listings: match the host's listings with ShipStation's products by exact SKU.
//!
//! `product_scan` reads products into the `sku_index`, which decides; `save_links` keeps the links and `break_links` breaks those that
//! hold no more. Nothing is changed on ShipStation.

mod alias;
mod break_links;
mod product_scan;
mod save_links;
mod sku_index;
mod stored_links;

use std::collections::BTreeMap;

use self::{
    break_links::{ExpiredLink, expired_links},
    product_scan::{Extent, ProductScan},
    save_links::FoundLink,
    sku_index::{Decision, HostIndex, others_of},
    stored_links::StoredLinks,
};
use super::{
    STORE_BATCH, ShipStationChannel, count,
    run::{Run, Stop},
    settings::ListingSettings,
    store_pages::Bookmark,
    trace,
};
use crate::{
    channel::{
        ChannelError, ItemOutcome, LinkListings, LinkReport, LinkState, ListingId, NewLink, Operation,
        Refusal, RunEventKind, RunStatus,
        report::{LinkItem, LinkOutcome, LinkOutcomeKind},
    },
    client::{Lane, ListEnd},
};

/// Links that a report names one by one.
const MAX_ITEMS_LISTED: usize = 200;

impl ShipStationChannel {
    pub(super) async fn run_link_listings(&self, request: LinkListings) -> Result<LinkReport, ChannelError> {
        let operation = Operation::LinkListings;
        let Some(settings) = &self.settings.listings else {
            let missing = vec!["listings".to_owned()];
            return Err(trace::not_started(operation, Refusal::NotConfigured { missing }));
        };
        let (run, mut info) = Run::begin(self, operation, Lane::Bulk, request.control).await?;
        info.show_settings(describe(settings));
        let report = LinkReport::new(info);
        let mut linking =
            Linking { report, run, wrote: false, stopping: false, unreadable: 0, incomplete: None };
        let stop = linking.run_steps(settings).await.err();
        linking.finish(stop).await
    }
}

fn describe(settings: &ListingSettings) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("include_inactive", settings.include_inactive.to_string()),
        ("follow_aliases", settings.follow_aliases.to_string()),
        ("reading", settings.reading.to_string()),
    ])
}

/// A linking under way.
#[derive(Debug)]
struct Linking<'c> {
    run: Run<'c>,
    report: LinkReport,
    /// Whether a store was asked to change anything.
    wrote: bool,
    /// The reading was stopped: what was found is still kept, and nothing else.
    stopping: bool,
    unreadable: u64,
    incomplete: Option<ListEnd>,
}

impl Linking<'_> {
    async fn run_steps(&mut self, settings: &ListingSettings) -> Result<(), Stop> {
        let (mut index, without_sku) = self.listings().await?;
        let mut stored = StoredLinks::load(self.run.channel).await?;
        self.report.counts.listings = index.listings + count(without_sku.len());
        let mut scan = ProductScan::new(self.run.channel, settings, stored.products());
        // What was found before a stop is linked all the same; nothing is called broken then.
        let stop = scan.read(&mut self.run, &mut index, &mut self.report).await.err();
        self.stopping = stop.is_some();
        self.looked_at(&scan);
        self.report.complete = scan.extent() == Extent::All;
        let expired = expired_links(&index, &without_sku, &stored, &scan);
        for listing in without_sku {
            self.report.counts.no_sku += 1;
            self.item(LinkItem::new(listing, None, LinkOutcome::NoSku));
        }
        let mut missing = stored.missing(|product| scan.has_seen(product));
        let found = self.decide(index, &stored, &scan);
        let renewed = self.renew(&expired, found, &mut stored).await;
        self.report_expired(expired, &stored);
        renewed?;
        if self.report.complete {
            missing.retain(|link| !stored.has_moved(link));
            self.break_missing(missing, &mut scan).await?;
            self.looked_at(&scan);
        }
        stop.map_or(Ok(()), Err)
    }

    fn looked_at(&mut self, scan: &ProductScan<'_>) {
        self.unreadable = scan.unreadable;
        self.incomplete.clone_from(&scan.incomplete);
    }

    /// Lets the expired links go, and then keeps what was found.
    async fn renew(
        &mut self,
        expired: &[ExpiredLink],
        found: Vec<FoundLink>,
        stored: &mut StoredLinks,
    ) -> Result<(), Stop> {
        self.expire(expired, stored).await?;
        self.keep_all(found, stored).await
    }

    /// The host's listings by SKU, and those that have none.
    async fn listings(&mut self) -> Result<(HostIndex, Vec<ListingId>), Stop> {
        let channel = self.run.channel;
        let mut index = HostIndex::default();
        let mut without_sku = Vec::new();
        let mut read = Bookmark::at_the_start();
        loop {
            self.run.checkpoint().await?;
            let page =
                channel.stores.listings.listings(&channel.connection, read.after(), STORE_BATCH).await?;
            let Some(last) = page.last() else { return Ok((index, without_sku)) };
            read.pass(&last.id)?;
            for listing in page {
                match listing.sku.filter(|sku| !sku.trim().is_empty()) {
                    Some(sku) => index.add(sku, listing.id),
                    None => without_sku.push(listing.id),
                }
            }
        }
    }

    /// Reports what is settled and gives back the links that are to be kept.
    fn decide(&mut self, index: HostIndex, stored: &StoredLinks, scan: &ProductScan<'_>) -> Vec<FoundLink> {
        let mut found = Vec::new();
        let mut unsure = 0;
        for (sku, decision) in index.decide() {
            match decision {
                Decision::Link { listing, product, matched_by } => {
                    let found_now =
                        FoundLink { link: NewLink::new(listing, product, sku, self.run.now()), matched_by };
                    if stored.has(&found_now.link) {
                        self.already(found_now);
                    } else if scan.extent() != Extent::Part || may_move(&found_now.link, stored, scan) {
                        found.push(found_now);
                    }
                }
                Decision::ManyProducts { listings, products } => {
                    self.ambiguous(listings, &sku, |_| LinkOutcome::AmbiguousChannel {
                        products: products.clone(),
                    });
                }
                Decision::ManyListings { listings, others } => self.ambiguous(listings, &sku, |listing| {
                    LinkOutcome::AmbiguousHost { listings: others_of(listing, &others) }
                }),
                Decision::NoProduct { listings, near_misses } => {
                    for listing in listings {
                        if !says_nothing(&listing, stored, scan.extent()) {
                            unsure += u64::from(scan.extent() == Extent::Asked);
                            self.report.counts.no_match += 1;
                            let outcome = LinkOutcome::NoMatch { near_misses: near_misses.clone() };
                            self.item(LinkItem::new(listing, Some(sku.clone()), outcome));
                        }
                    }
                }
            }
        }
        if unsure > 0 {
            self.report.run.warnings.push(format!(
                "{unsure} listings without a product were looked up by their SKU alone, which costs fewer requests: \
                 set listings.reading to sweep to look for aliases too"
            ));
        }
        found
    }

    fn ambiguous(
        &mut self,
        listings: Vec<ListingId>,
        sku: &str,
        outcome: impl Fn(&ListingId) -> LinkOutcome,
    ) {
        for listing in listings {
            self.report.counts.ambiguous += 1;
            let outcome = outcome(&listing);
            self.item(LinkItem::new(listing, Some(sku.to_owned()), outcome));
        }
    }

    /// Between two batches of links: the place to stop, unless the run is being stopped already.
    async fn between_batches(&mut self) -> Result<(), Stop> {
        if self.stopping {
            self.run.keep_lease().await?;
            return Ok(());
        }
        self.run.checkpoint().await
    }

    async fn finish(mut self, stop: Option<Stop>) -> Result<LinkReport, ChannelError> {
        if self.unreadable > 0 {
            let rows = self.unreadable;
            self.report
                .run
                .warnings
                .push(format!("{rows} products could not be read: no link is called broken"));
            self.report.complete = false;
        }
        let incomplete = self.incomplete.as_ref().map(incomplete);
        self.report.complete &= incomplete.is_none();
        let counts = &mut self.report.counts;
        counts.not_evaluated = counts.listings.saturating_sub(counts.decided());
        for _ in 0..counts.not_evaluated {
            let outcome = ItemOutcome::Link(LinkOutcomeKind::NotEvaluated);
            self.run.event(RunEventKind::ItemDone { id: None, outcome });
        }
        let status = match incomplete {
            Some(why) => RunStatus::Partial { why },
            None if counts.write_failed > 0 || self.unreadable > 0 => RunStatus::CompletedWithErrors,
            None => RunStatus::Succeeded,
        };
        let has_acted = counts.scanned_products > 0 || self.wrote;
        self.run.end(self.report, stop, has_acted, status).await
    }
}

/// Why a run is partial whose list of products is not known to be whole.
fn incomplete(end: &ListEnd) -> String {
    let why = end.incomplete.map(|why| format!(": {why}")).unwrap_or_default();
    let total = end.total.map(|total| format!(" of {total}")).unwrap_or_default();
    format!("the list of products is incomplete, {}{total} read{why}", end.read)
}

/// Whether a link may move although only a part was read: its product may be on a page that was not.
fn may_move(new: &NewLink, stored: &StoredLinks, scan: &ProductScan<'_>) -> bool {
    stored.of(&new.listing).is_none_or(|link| {
        link.state == LinkState::Broken || link.product == new.product || scan.has_seen(&link.product)
    })
}

/// Whether not having met a product says nothing about a listing: it may be on a page that was not read, or the
/// listing is linked by an alias, which look-ups do not find.
fn says_nothing(listing: &ListingId, stored: &StoredLinks, extent: Extent) -> bool {
    match extent {
        Extent::All => false,
        Extent::Asked => stored.of(listing).is_some_and(|link| link.state == LinkState::Linked),
        Extent::Part => true,
    }
}
