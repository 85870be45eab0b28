//! Keeping links in the host's store, batch by batch, and marking those whose product is gone.

use std::collections::HashSet;

use super::{
    Linking, NAMED, PAGE, count,
    kept::Kept,
    sweep::{Extent, Sweep, counts},
};
use crate::{
    channel::{
        ChannelProductId, ListingId, ListingLink, NewLink, RunEvent,
        report::{LinkItem, LinkOutcome, MetOn},
        store::{PutLink, StoreError},
    },
    client::{ErrorKind, ProductId},
    connector::run::Stop,
};

/// Links whose products are asked for one by one before anything is marked.
const ASKED_AT_ONCE: usize = 50;

/// A link to be kept, and what the two met on.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) link: NewLink,
    pub(super) met_on: MetOn,
}

impl Linking<'_> {
    /// Keeps what was found. A product may be free only once the listing before has moved on, so that what
    /// conflicts is tried again as long as that helps.
    pub(super) async fn keep_all(&mut self, mut found: Vec<Found>, kept: &mut Kept) -> Result<(), Stop> {
        loop {
            let tried = found.len();
            let mut refused = Vec::new();
            for batch in found.chunks(PAGE) {
                refused.extend(self.keep(batch, kept).await?);
            }
            if refused.is_empty() || refused.len() == tried {
                for (found, with) in refused {
                    self.conflict(found, &with);
                }
                return Ok(());
            }
            found = refused.into_iter().map(|(found, _)| found).collect();
        }
    }

    /// Keeps one batch; gives back those whose product belongs to another listing.
    async fn keep(&mut self, batch: &[Found], kept: &mut Kept) -> Result<Vec<(Found, ListingId)>, Stop> {
        self.between_batches().await?;
        let links: Vec<NewLink> = batch.iter().map(|found| found.link.clone()).collect();
        let answers = if self.run.control.dry_run {
            kept.foresee(&links)
        } else {
            self.wrote = true;
            self.run.channel.stores.listings.put_links(&self.run.token, &links).await?
        };
        if answers.len() != batch.len() {
            let error = format!("the listing store answered for {} of {} links", answers.len(), batch.len());
            return Err(StoreError::permanent(error).into());
        }
        let mut refused = Vec::new();
        for (found, answer) in batch.iter().cloned().zip(answers) {
            match answer {
                PutLink::Conflict { with } => refused.push((found, with)),
                answer => {
                    let before = kept.put(&found.link).map(|link| link.product);
                    self.kept(found, &answer, before);
                }
            }
        }
        Ok(refused)
    }

    fn kept(&mut self, found: Found, answer: &PutLink, before: Option<ChannelProductId>) {
        let product = found.link.product;
        let counts = &mut self.report.counts;
        let outcome = match (answer, before) {
            (PutLink::Replaced, Some(from)) => {
                counts.relinked += 1;
                LinkOutcome::Relinked { product, from }
            }
            (PutLink::Same, _) => {
                counts.already_linked += 1;
                LinkOutcome::AlreadyLinked { product }
            }
            _ => {
                counts.linked += 1;
                LinkOutcome::Linked { product }
            }
        };
        self.item(LinkItem::new(found.link.listing, Some(found.link.sku), outcome).met_on(found.met_on));
    }

    /// A link that is kept already needs no write.
    pub(super) fn already(&mut self, found: Found) {
        self.report.counts.already_linked += 1;
        let outcome = LinkOutcome::AlreadyLinked { product: found.link.product };
        self.item(LinkItem::new(found.link.listing, Some(found.link.sku), outcome).met_on(found.met_on));
    }

    fn conflict(&mut self, found: Found, with: &ListingId) {
        self.report.counts.write_failed += 1;
        let product = found.link.product;
        let error = format!("product {product} is linked with listing {with}: unlink that one first");
        let outcome = LinkOutcome::WriteFailed { error };
        self.item(LinkItem::new(found.link.listing, Some(found.link.sku), outcome).met_on(found.met_on));
    }

    /// Marks the links whose product is gone or inactive, each of them only after a second look: a row that leaves
    /// a list while it is read can hide another one.
    pub(super) async fn break_missing(
        &mut self,
        missing: Vec<ListingLink>,
        sweep: &mut Sweep<'_>,
    ) -> Result<(), Stop> {
        let read_again = count(missing.len()) > sweep.pages().max(1);
        if read_again {
            let wanted: HashSet<ChannelProductId> = missing.iter().map(|link| link.product.clone()).collect();
            sweep.read_again(&mut self.run, &wanted).await?;
            if sweep.extent() != Extent::All {
                return Ok(());
            }
        }
        for chunk in missing.chunks(if read_again { PAGE } else { ASKED_AT_ONCE }) {
            let mut gone = Vec::new();
            for link in chunk {
                let there = if read_again {
                    sweep.has_seen(&link.product)
                } else {
                    self.is_there(link, sweep).await?
                };
                if !there {
                    gone.push(link);
                }
            }
            self.mark_broken(&gone).await?;
        }
        Ok(())
    }

    async fn is_there(&mut self, link: &ListingLink, sweep: &Sweep<'_>) -> Result<bool, Stop> {
        let Ok(product) = link.product.as_str().parse::<ProductId>() else { return Ok(false) };
        self.run.go_on().await?;
        match self.run.client.products().get(product).await {
            Ok(product) => Ok(counts(sweep.settings(), &product)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn mark_broken(&mut self, gone: &[&ListingLink]) -> Result<(), Stop> {
        if gone.is_empty() {
            return Ok(());
        }
        if !self.run.control.dry_run {
            self.wrote = true;
            let listings: Vec<ListingId> = gone.iter().map(|link| link.listing.clone()).collect();
            self.run.channel.stores.listings.mark_broken(&self.run.token, &listings).await?;
        }
        for link in gone {
            self.report.counts.broken += 1;
            let outcome = LinkOutcome::Broken { product: link.product.clone() };
            self.item(LinkItem::new(link.listing.clone(), Some(link.sku.clone()), outcome));
        }
        Ok(())
    }

    pub(super) fn item(&mut self, item: LinkItem) {
        let word = if item.needs_attention() { "not_linked" } else { "linked" };
        self.run.event(&RunEvent::ItemDone { id: item.listing.as_str(), outcome: word });
        if item.needs_attention() || self.report.items.len() < NAMED {
            self.report.items.push(item);
        } else {
            self.report.items_truncated += 1;
        }
    }
}
