//! Keeping links in the host's store, batch by batch.

use super::{Linking, MAX_ITEMS_LISTED, STORE_BATCH};
use crate::{
    channel::{
        ChannelProductId, ItemOutcome, ListingId, NewLink, RunEventKind,
        report::{LinkItem, LinkOutcome, MatchedBy},
        store::{PutLinkOutcome, StoreError},
    },
    connector::run::Stop,
};

/// A link to be kept, and what the two met on.
#[derive(Debug, Clone)]
pub(super) struct FoundLink {
    pub(super) link: NewLink,
    pub(super) matched_by: MatchedBy,
}

impl Linking<'_> {
    /// Keeps what was found. A product may be free only once the listing before has moved on, so that what
    /// conflicts is tried again as long as that helps.
    pub(super) async fn keep_all(&mut self, mut found: Vec<FoundLink>) -> Result<(), Stop> {
        loop {
            let tried = found.len();
            let mut refused = Vec::new();
            for batch in found.chunks(STORE_BATCH) {
                refused.extend(self.keep(batch).await?);
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
    async fn keep(&mut self, batch: &[FoundLink]) -> Result<Vec<(FoundLink, ListingId)>, Stop> {
        self.between_batches().await?;
        let links: Vec<NewLink> = batch.iter().map(|found| found.link.clone()).collect();
        let answers = if self.run.control.dry_run {
            self.stored.foresee(&links)
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
                PutLinkOutcome::Conflict { with } => refused.push((found, with)),
                answer => {
                    let before = self.stored.put(&found.link).map(|link| link.product);
                    self.kept(found, &answer, before);
                }
            }
        }
        Ok(refused)
    }

    fn kept(&mut self, found: FoundLink, answer: &PutLinkOutcome, before: Option<ChannelProductId>) {
        let product = found.link.product;
        let counts = &mut self.report.counts;
        let outcome = match (answer, before) {
            (PutLinkOutcome::Replaced, Some(from)) => {
                counts.relinked += 1;
                LinkOutcome::Relinked { product, from }
            }
            (PutLinkOutcome::Same, _) => {
                counts.already_linked += 1;
                LinkOutcome::AlreadyLinked { product }
            }
            _ => {
                counts.linked += 1;
                LinkOutcome::Linked { product }
            }
        };
        self.item(
            LinkItem::new(found.link.listing, Some(found.link.sku), outcome).matched_by(found.matched_by),
        );
    }

    /// A link that is kept already needs no write.
    pub(super) fn already(&mut self, found: FoundLink) {
        self.kept(found, &PutLinkOutcome::Same, None);
    }

    fn conflict(&mut self, found: FoundLink, with: &ListingId) {
        self.report.counts.write_failed += 1;
        let product = found.link.product;
        let error = format!("product {product} is linked with listing {with}: unlink that one first");
        let outcome = LinkOutcome::WriteFailed { error };
        self.item(
            LinkItem::new(found.link.listing, Some(found.link.sku), outcome).matched_by(found.matched_by),
        );
    }

    pub(super) fn item(&mut self, item: LinkItem) {
        let outcome = ItemOutcome::Link(item.outcome.kind());
        self.run.event(RunEventKind::ItemDone { id: Some(item.listing.as_str()), outcome });
        if item.needs_attention() || self.report.items.len() < MAX_ITEMS_LISTED {
            self.report.items.push(item);
        } else {
            self.report.items_truncated += 1;
        }
    }
}
