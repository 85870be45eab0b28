//! Reading products: all of them, page by page, or one look-up per SKU where that costs fewer requests. Decides
//! nothing: what is read goes into the index.

use std::{collections::HashSet, pin::pin};

use futures_util::StreamExt;

use super::{
    HostIndex, Linking,
    alias::{Alias, aliases},
    count,
};
use crate::{
    channel::{ChannelProductId, RunEventKind},
    client::{ListEnd, ListProducts, MAX_PAGE_SIZE, Page, Pages, Product, ProductSort},
    connector::{
        ShipStationChannel,
        run::{Run, Stop},
        settings::{ListingSettings, OrderSettings, ProductReading},
    },
};

/// How much was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Every product.
    All,
    /// Every product with one of the host's SKUs, but not every alias.
    Asked,
    /// Some.
    Part,
}

#[derive(Debug)]
pub(super) struct ProductScan<'c> {
    pub(super) settings: &'c ListingSettings,
    orders: &'c OrderSettings,
    /// The products of kept links, and which of them were seen.
    pub(super) linked: HashSet<ChannelProductId>,
    seen: HashSet<ChannelProductId>,
    extent: Extent,
    /// Rows that could not be read.
    pub(super) unreadable: u64,
    pub(super) pages: u64,
    /// Rows that came, and how the first list ended that is not known to have been read whole.
    rows: u64,
    pub(super) incomplete: Option<ListEnd>,
}

impl<'c> ProductScan<'c> {
    pub(super) fn new(channel: &'c ShipStationChannel, settings: &'c ListingSettings) -> Self {
        Self {
            settings,
            orders: &channel.settings.orders,
            linked: HashSet::new(),
            seen: HashSet::new(),
            extent: Extent::Part,
            unreadable: 0,
            pages: 0,
            rows: 0,
            incomplete: None,
        }
    }

    pub(super) fn extent(&self) -> Extent {
        if self.unreadable == 0 && self.incomplete.is_none() { self.extent } else { Extent::Part }
    }

    pub(super) fn has_seen(&self, product: &ChannelProductId) -> bool {
        self.seen.contains(product)
    }

    /// Takes note of how a list ended of which so many rows were shown.
    fn ended(&mut self, end: Option<&ListEnd>, rows: u64) {
        match end {
            // Without a total nothing proves that a product is gone. Null stood in place of the rows that are counted and were not shown.
            Some(end) if end.is_complete() && end.total.is_some() => {
                self.unreadable += end.total.unwrap_or(0).saturating_sub(rows);
            }
            Some(end) => self.incomplete = self.incomplete.take().or_else(|| Some(end.clone())),
            None => {}
        }
    }

    /// Counts the rows of a page, those that could not be read among them.
    fn count_rows(&mut self, run: &Run<'_>, page: &Page<Product>) -> u64 {
        run.event(RunEventKind::PageRead { what: "products", rows: page.items.len(), of: page.total });
        self.unreadable += count(page.errors.len());
        count(page.items.len() + page.errors.len())
    }

    /// Whether asking for each SKU costs fewer requests than the pages that are left. Every SKU has to be asked
    /// for, also one that was met: another product may have it too.
    fn may_look_up(&self, index: &HostIndex, pages_left: u64) -> bool {
        self.settings.reading == ProductReading::Cheapest
            && index.len() > 0
            && count(index.len()) < pages_left
    }

    /// An alias of a store from which nothing is imported never stands on an order line.
    fn follows(&self, alias: &Alias<'_>) -> bool {
        alias.store.is_none() || self.orders.imports_from(alias.store)
    }

    fn offer(&self, index: &mut HostIndex, product: &Product, id: &ChannelProductId) {
        if let Some(sku) = product.sku.as_deref().filter(|sku| !sku.trim().is_empty()) {
            index.found(sku, id);
        }
        if self.settings.follow_aliases {
            for alias in aliases(product).filter(|alias| self.follows(alias)) {
                index.found_alias(&alias, id);
            }
        }
    }
}

/// How products are read.
impl Linking<'_> {
    /// Reads until every product was seen or every SKU was looked up.
    pub(super) async fn read_products(&mut self, index: &mut HostIndex) -> Result<(), Stop> {
        if index.len() == 0 && self.scan.linked.is_empty() {
            self.scan.extent = Extent::All;
            return Ok(());
        }
        let mut pages = pin!(self.all_products());
        self.run.checkpoint().await?;
        while let Some(page) = pages.next().await.transpose()? {
            let left = pages_left(&page);
            self.report.products_total = self.report.products_total.max(page.total);
            self.take(index, &page);
            self.run.checkpoint().await?;
            if self.scan.pages == 1 && self.scan.may_look_up(index, left) && self.look_up(index, left).await?
            {
                self.scan.extent = Extent::Asked;
                return Ok(());
            }
        }
        self.scan.ended(pages.end(), self.scan.rows);
        self.scan.extent = Extent::All;
        Ok(())
    }

    /// Asks for each SKU. False when it turns out to cost more than it saves, because the filter is a prefix:
    /// "A" also brings "AB", over as many pages as there are.
    async fn look_up(&mut self, index: &mut HostIndex, mut worth: u64) -> Result<bool, Stop> {
        for sku in index.skus() {
            let mut pages = pin!(self.products().sku(&sku).page_size(MAX_PAGE_SIZE).pages());
            let before = self.scan.rows;
            while let Some(page) = pages.next().await.transpose()? {
                worth = worth.saturating_sub(1);
                let too_many = pages_left(&page) > worth;
                self.take(index, &page);
                self.run.checkpoint().await?;
                if too_many {
                    return Ok(false);
                }
            }
            self.scan.ended(pages.end(), self.scan.rows - before);
        }
        Ok(true)
    }

    /// Reads everything once more and tells which of these products are listed: while a list is read by page
    /// numbers, rows that leave it can hide others.
    pub(super) async fn read_again(&mut self, wanted: &HashSet<ChannelProductId>) -> Result<(), Stop> {
        let mut pages = pin!(self.all_products());
        let mut rows = 0;
        while let Some(page) = pages.next().await.transpose()? {
            rows += self.scan.count_rows(&self.run, &page);
            let listed = page.items.iter().filter(|product| counts(self.scan.settings, product)).map(id);
            self.scan.seen.extend(listed.filter(|id| wanted.contains(id)));
            self.run.checkpoint().await?;
        }
        self.scan.ended(pages.end(), rows);
        Ok(())
    }

    fn products(&self) -> ListProducts {
        self.run.client.products().list().show_inactive(self.scan.settings.include_inactive)
    }

    fn all_products(&self) -> Pages<Product> {
        // Few products leave the list meanwhile, and those that were imported at once are all of one second.
        self.products().sort_by(ProductSort::CreateDate).by_number().page_size(MAX_PAGE_SIZE).pages()
    }

    fn take(&mut self, index: &mut HostIndex, page: &Page<Product>) {
        let scan = &mut self.scan;
        scan.pages += 1;
        scan.rows += scan.count_rows(&self.run, page);
        self.report.counts.scanned_products += count(page.items.len());
        for product in page.items.iter().filter(|product| counts(scan.settings, product)) {
            let id = id(product);
            scan.offer(index, product, &id);
            if scan.linked.contains(&id) {
                scan.seen.insert(id);
            }
        }
    }
}

/// Whether a product is one to link with.
pub(super) fn counts(settings: &ListingSettings, product: &Product) -> bool {
    settings.include_inactive || product.active != Some(false)
}

fn id(product: &Product) -> ChannelProductId {
    ChannelProductId::new(product.product_id.to_string())
}

/// How many pages follow this one, as far as the total says.
fn pages_left(page: &Page<Product>) -> u64 {
    let read = u64::from(page.page) * u64::from(MAX_PAGE_SIZE);
    page.total.unwrap_or(0).saturating_sub(read).div_ceil(u64::from(MAX_PAGE_SIZE))
}
