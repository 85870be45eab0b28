//! Breaking links that hold no more: those whose listing has another SKU now, and those whose product is gone.
//! Only a complete look breaks anything.

use std::collections::HashSet;

use super::{
    Linking, STORE_BATCH, count,
    product_scan::{Extent, ProductScan, counts},
    sku_index::HostIndex,
    stored_links::StoredLinks,
};
use crate::{
    channel::{
        ChannelProductId, ListingId, ListingLink,
        report::{BrokenBy, LinkItem, LinkOutcome},
    },
    client::{ErrorKind, ProductId},
    connector::run::Stop,
};

/// Links whose products are asked for one by one before anything is marked.
const ASKED_AT_ONCE: usize = 50;

/// A link whose listing has another SKU now, by which the product does not go.
#[derive(Debug)]
pub(super) struct ExpiredLink {
    link: ListingLink,
    sku: Option<String>,
}

/// The expired links, by listing. Of a product that was not seen the names are not known.
pub(super) fn expired_links(
    index: &HostIndex,
    without_sku: &[ListingId],
    stored: &StoredLinks,
    scan: &ProductScan<'_>,
) -> Vec<ExpiredLink> {
    if scan.extent() != Extent::All {
        return Vec::new();
    }
    let with_sku = index.by_listing().map(|(listing, sku)| (listing, Some(sku)));
    let listings = with_sku.chain(without_sku.iter().map(|listing| (listing, None)));
    let expired = listings.filter_map(|(listing, sku)| {
        let link = stored.holding(listing).filter(|link| scan.has_seen(&link.product))?;
        let fits = sku.is_some_and(|sku| sku == link.sku || index.goes_by(&link.product, sku));
        (!fits).then(|| ExpiredLink { link: link.clone(), sku: sku.map(str::to_owned) })
    });
    let mut expired: Vec<ExpiredLink> = expired.collect();
    expired.sort_unstable_by(|a, b| a.link.listing.cmp(&b.link.listing));
    expired
}

impl Linking<'_> {
    /// Sets the products of expired links free, so that other listings can have them.
    pub(super) async fn expire(&mut self, expired: &[ExpiredLink]) -> Result<(), Stop> {
        for batch in expired.chunks(STORE_BATCH) {
            self.between_batches().await?;
            let listings: Vec<ListingId> = batch.iter().map(|old| old.link.listing.clone()).collect();
            self.mark_broken(&listings).await?;
            for listing in &listings {
                self.stored.broke(listing);
            }
        }
        Ok(())
    }

    /// Reports the expired links that were let go, unless their listing has a new one.
    pub(super) fn report_expired(&mut self, expired: Vec<ExpiredLink>) {
        for ExpiredLink { link, sku } in expired {
            if self.stored.holding(&link.listing).is_none() {
                self.broken(&link, BrokenBy::Sku { now: sku });
            }
        }
    }

    /// Marks the links whose product is gone or inactive, each of them only after a second look: a row that leaves
    /// a list while it is read can hide another one.
    pub(super) async fn break_missing(&mut self, missing: Vec<ListingLink>) -> Result<(), Stop> {
        let read_again = count(missing.len()) > self.scan.pages.max(1);
        if read_again {
            let wanted: HashSet<ChannelProductId> = missing.iter().map(|link| link.product.clone()).collect();
            self.read_again(&wanted).await?;
            if self.scan.extent() != Extent::All {
                return Ok(());
            }
        }
        for chunk in missing.chunks(if read_again { STORE_BATCH } else { ASKED_AT_ONCE }) {
            let mut gone = Vec::new();
            for link in chunk {
                let there =
                    if read_again { self.scan.has_seen(&link.product) } else { self.is_there(link).await? };
                if !there {
                    gone.push(link);
                }
            }
            self.mark_gone(&gone).await?;
        }
        Ok(())
    }

    async fn is_there(&mut self, link: &ListingLink) -> Result<bool, Stop> {
        let Ok(product) = link.product.as_str().parse::<ProductId>() else { return Ok(false) };
        self.run.checkpoint().await?;
        match self.run.client.products().get(product).await {
            // An answer about another product says nothing about this one.
            Ok(found) => Ok(found.product_id != product || counts(self.scan.settings, &found)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn mark_gone(&mut self, gone: &[&ListingLink]) -> Result<(), Stop> {
        let listings: Vec<ListingId> = gone.iter().map(|link| link.listing.clone()).collect();
        self.mark_broken(&listings).await?;
        for link in gone {
            self.broken(link, BrokenBy::Product);
        }
        Ok(())
    }

    async fn mark_broken(&mut self, listings: &[ListingId]) -> Result<(), Stop> {
        if !listings.is_empty() && !self.run.control.dry_run {
            self.wrote = true;
            self.run.channel.stores.listings.mark_broken(&self.run.token, listings).await?;
        }
        Ok(())
    }

    fn broken(&mut self, link: &ListingLink, why: BrokenBy) {
        self.report.counts.broken += 1;
        let outcome = LinkOutcome::Broken { product: link.product.clone(), why };
        self.item(LinkItem::new(link.listing.clone(), Some(link.sku.clone()), outcome));
    }
}
