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
        let (report, scan) = (LinkReport::new(info), ProductScan::new(self, settings));
        let stored = StoredLinks::default();
        let mut linking = Linking { run, report, scan, stored, wrote: false, stopping: false };
        let stop = linking.run_steps().await.err();
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
    scan: ProductScan<'c>,
    stored: StoredLinks,
    /// Whether a store was asked to change anything.
    wrote: bool,
    /// The reading was stopped: what was found is still kept, and nothing else.
    stopping: bool,
}

impl Linking<'_> {
    async fn run_steps(&mut self) -> Result<(), Stop> {
        let (mut index, without_sku) = self.listings().await?;
        self.stored = StoredLinks::load(self.run.channel).await?;
        self.scan.linked = self.stored.products();
        self.report.counts.listings = index.listings + count(without_sku.len());
        // What was found before a stop is linked all the same; nothing is called broken then.
        let stop = self.read_products(&mut index).await.err();
        self.stopping = stop.is_some();
        self.report.complete = self.scan.extent() == Extent::All;
        let expired = expired_links(&index, &without_sku, &self.stored, &self.scan);
        for listing in without_sku {
            self.report.counts.no_sku += 1;
            self.item(LinkItem::new(listing, None, LinkOutcome::NoSku));
        }
        let mut missing = self.stored.missing(|product| self.scan.has_seen(product));
        let found = self.decide(index);
        let renewed = self.renew(&expired, found).await;
        self.report_expired(expired);
        renewed?;
        if self.report.complete {
            missing.retain(|link| !self.stored.has_moved(link));
            self.break_missing(missing).await?;
        }
        stop.map_or(Ok(()), Err)
    }

    /// Lets the expired links go, and then keeps what was found.
    async fn renew(&mut self, expired: &[ExpiredLink], found: Vec<FoundLink>) -> Result<(), Stop> {
        self.expire(expired).await?;
        self.keep_all(found).await
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
    fn decide(&mut self, index: HostIndex) -> Vec<FoundLink> {
        let mut found = Vec::new();
        let mut unsure = 0;
        for (sku, decision) in index.decide() {
            match decision {
                Decision::Link { listing, product, matched_by } => {
                    let found_now =
                        FoundLink { link: NewLink::new(listing, product, sku, self.run.now()), matched_by };
                    if self.stored.has(&found_now.link) {
                        self.already(found_now);
                    } else if self.scan.extent() != Extent::Part || self.may_move(&found_now.link) {
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
                        if !self.says_nothing_of(&listing) {
                            unsure += u64::from(self.scan.extent() == Extent::Asked);
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

    /// Whether a link may move although only a part was read: its product may be on a page that was not.
    fn may_move(&self, new: &NewLink) -> bool {
        self.stored.of(&new.listing).is_none_or(|link| {
            link.state == LinkState::Broken
                || link.product == new.product
                || self.scan.has_seen(&link.product)
        })
    }

    /// Whether not having met a product says nothing about a listing: it may be on a page that was not read, or the
    /// listing is linked by an alias, which look-ups do not find.
    fn says_nothing_of(&self, listing: &ListingId) -> bool {
        match self.scan.extent() {
            Extent::All => false,
            Extent::Asked => self.stored.holding(listing).is_some(),
            Extent::Part => true,
        }
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
        let unreadable = self.scan.unreadable;
        if unreadable > 0 {
            self.report
                .run
                .warnings
                .push(format!("{unreadable} products could not be read: no link is called broken"));
            self.report.complete = false;
        }
        let incomplete = self.scan.incomplete.as_ref().map(incomplete);
        self.report.complete &= incomplete.is_none();
        let counts = &mut self.report.counts;
        counts.not_evaluated = counts.listings.saturating_sub(counts.decided());
        for _ in 0..counts.not_evaluated {
            let outcome = ItemOutcome::Link(LinkOutcomeKind::NotEvaluated);
            self.run.event(RunEventKind::ItemDone { id: None, outcome });
        }
        let status = match incomplete {
            Some(why) => RunStatus::Partial { why },
            None if counts.write_failed > 0 || unreadable > 0 => RunStatus::CompletedWithErrors,
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
