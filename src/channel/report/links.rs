//! What linking listings did.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{RunInfo, item_lines};
use crate::channel::{
    ChannelProductId, ListingId, Unrecognized,
    kinds::kinds,
    record::record,
    shipping::{DisplayText, StoreKey, cut_names, name_list},
    wording::{counted, joined, worded},
};

record! {
    /// What linking listings did.
    #[must_use]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct LinkReport {
        /// The run.
        pub run: RunInfo,
        /// Listings, by what became of them.
        pub counts: LinkCounts = LinkCounts::default(),
        /// Which. What needs a person is never left out; links may be.
        pub items: Vec<LinkItem> = Vec::new(),
        /// How many links were left out of `items`.
        pub items_truncated: u64 = 0,
        /// Whether every product was looked at. Only then is a link called broken. Not so when the listings were
        /// looked up one by one because that costs fewer requests, or when the run stopped early.
        pub complete: bool = false,
        /// How many products the channel counts, if it says so.
        pub products_total: Option<u64> = None,
    }
    /// The report of a run that has just begun.
    pub fn new(run: RunInfo);
}

impl LinkReport {
    /// The counts in one line.
    pub fn headline(&self) -> String {
        let counts = &self.counts;
        let line = format!(
            "{} linked, {} already, {} relinked, {} without match, {} ambiguous, {} without SKU, {} broken",
            counts.linked,
            counts.already_linked,
            counts.relinked,
            counts.no_match,
            counts.ambiguous,
            counts.no_sku,
            counts.broken
        );
        line + &counted([(counts.write_failed, "not kept"), (counts.not_evaluated, "not evaluated")])
    }
}

impl fmt::Display for LinkReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.complete { "all" } else { "not all" };
        let total = self.products_total.map(|total| format!(" of {total}")).unwrap_or_default();
        let products = format!("{}{total} read, {how} of them", self.counts.scanned_products);
        let lines = [("listings", self.headline()), ("products", products)];
        let items = self.items.iter().filter(|item| item.needs_attention());
        self.run.fmt_report(f, lines.into_iter().chain(item_lines("listing", items)))
    }
}

/// How many. Every listing is in one bucket: `listings = linked + already_linked + relinked + no_match +
/// ambiguous + no_sku + write_failed + not_evaluated`. Broken links are counted beside them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LinkCounts {
    /// Products that were read.
    pub scanned_products: u64,
    /// Listings that were looked at.
    pub listings: u64,
    /// New links.
    pub linked: u64,
    /// Links that were there.
    pub already_linked: u64,
    /// Links that moved to another product.
    pub relinked: u64,
    /// Listings without a product.
    pub no_match: u64,
    /// Listings or products that share a SKU with others.
    pub ambiguous: u64,
    /// Listings without a SKU.
    pub no_sku: u64,
    /// Links that hold no more.
    pub broken: u64,
    /// Links that could not be kept.
    pub write_failed: u64,
    /// Listings about which a look that was not complete says nothing.
    pub not_evaluated: u64,
}

impl LinkCounts {
    /// Whether every listing is in exactly one bucket.
    pub fn add_up(&self) -> bool {
        self.listings == self.decided() + self.not_evaluated
    }

    /// The listings of which something was said.
    pub fn decided(&self) -> u64 {
        self.linked
            + self.already_linked
            + self.relinked
            + self.no_match
            + self.ambiguous
            + self.no_sku
            + self.write_failed
    }
}

record! {
    /// One listing.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct LinkItem {
        /// The listing.
        pub listing: ListingId,
        /// Its SKU.
        pub sku: Option<String> = sku.map(|sku| DisplayText::name(&sku).cut()),
        /// On what it met the product, if it did.
        pub matched_by: Option<MatchedBy> = None,
        /// What became of it.
        pub outcome: LinkOutcome = outcome.for_report(),
    }
    /// An item.
    pub fn new(listing: ListingId, sku: Option<String>, outcome: LinkOutcome);
}

impl LinkItem {
    /// The same, with what the two met on.
    #[must_use]
    pub fn matched_by(self, matched_by: MatchedBy) -> Self {
        Self { matched_by: Some(matched_by), ..self }
    }

    /// Whether it may not be left out of a report.
    pub fn needs_attention(&self) -> bool {
        !matches!(
            self.outcome,
            LinkOutcome::Linked { .. } | LinkOutcome::AlreadyLinked { .. } | LinkOutcome::Relinked { .. }
        )
    }
}

impl fmt::Display for LinkItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", DisplayText::name(self.listing.as_str()).unquoted())?;
        if let Some(sku) = &self.sku {
            write!(f, " ({})", DisplayText::name(sku))?;
        }
        match &self.outcome {
            LinkOutcome::Linked { product } => write!(f, " linked with product {product}"),
            LinkOutcome::AlreadyLinked { product } => write!(f, " was linked with product {product}"),
            LinkOutcome::Relinked { product, from } => write!(f, " moved from product {from} to {product}"),
            LinkOutcome::NoMatch { near_misses } if near_misses.is_empty() => f.write_str(" has no product"),
            LinkOutcome::NoMatch { near_misses } => {
                write!(f, " has no product; nearly the same: {}", name_list(near_misses))
            }
            LinkOutcome::AmbiguousChannel { products } => {
                write!(f, " fits several products ({}); make their SKUs unique", joined(products, ", "))
            }
            LinkOutcome::AmbiguousHost { listings } => {
                write!(f, " fits the same product as other listings ({})", joined(listings, ", "))
            }
            LinkOutcome::NoSku => f.write_str(" has no SKU"),
            LinkOutcome::Broken { product, why } => write!(f, " was linked with product {product}{why}"),
            LinkOutcome::WriteFailed { error } => write!(f, " could not be linked: {error}"),
            LinkOutcome::NotEvaluated => f.write_str(" was not evaluated"),
            LinkOutcome::Unrecognized(outcome) => write!(f, " {outcome}"),
        }?;
        self.matched_by.as_ref().map_or(Ok(()), |matched_by| write!(f, "{matched_by}"))
    }
}

worded! {
    /// What a listing and a product met on.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "matched_by", rename_all = "snake_case")]
    pub enum MatchedBy {
        /// The product's own SKU.
        Sku => (""),
        /// Another name of the product.
        Alias {
            /// The stores that know the product by it; empty if the channel names none.
            stores: Vec<StoreKey>,
        } => (
            " by an alias{}", if stores.is_empty() { String::new() } else { format!(" of store {}", joined(stores, ", ")) }
        ),
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(by: Unrecognized) => (""),
    }
}

kinds! { LinkOutcomeKind of
    /// What became of a listing.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "outcome", rename_all = "snake_case")]
    pub enum LinkOutcome {
        /// It is linked now. In a dry run: would be.
        Linked {
            /// The product.
            product: ChannelProductId,
        } = "linked",
        /// It was linked with this product before.
        AlreadyLinked {
            /// The product.
            product: ChannelProductId,
        } = "already_linked",
        /// Its SKU has moved to another product.
        Relinked {
            /// The product.
            product: ChannelProductId,
            /// The one before.
            from: ChannelProductId,
        } = "relinked",
        /// No product has its SKU.
        NoMatch {
            /// SKUs that differ in case, blanks or dashes only. Never linked by themselves.
            near_misses: Vec<String>,
        } = "no_match",
        /// Several products have its SKU. A link that was there before stays as it is.
        AmbiguousChannel {
            /// The first ten of them.
            products: Vec<ChannelProductId>,
        } = "ambiguous_channel",
        /// Several listings have its SKU, or fit its product by another name. A link that was there before stays
        /// as it is.
        AmbiguousHost {
            /// The others, at most ten of them.
            listings: Vec<ListingId>,
        } = "ambiguous_host",
        /// It has no SKU, or a blank one.
        NoSku = "no_sku",
        /// Its link holds no more.
        Broken {
            /// The product.
            product: ChannelProductId,
            /// Why the link is broken.
            why: BrokenBy,
        } = "broken",
        /// The store could not keep the link.
        WriteFailed {
            /// What the store answered.
            error: String,
        } = "write_failed",
        /// A look that was not complete says nothing about it. Counted, and not among the items.
        NotEvaluated = "not_evaluated",
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(Unrecognized) = "unrecognized",
    }
}

impl LinkOutcome {
    /// The same for a report: texts from outside are cut where they are long.
    fn for_report(mut self) -> Self {
        match &mut self {
            Self::NoMatch { near_misses } => *near_misses = cut_names(near_misses),
            Self::Broken { why: BrokenBy::Sku { now: Some(sku) }, .. } => *sku = DisplayText::name(sku).cut(),
            _ => {}
        }
        self
    }
}

worded! {
    /// Why a link holds no more.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum BrokenBy {
        /// The product is gone or inactive.
        Product => (", which is gone or inactive"),
        /// The listing has another SKU now, by which the product does not go.
        Sku {
            /// Which; `None` for a listing that has none any more.
            now: Option<String>,
        } => (
            ", but has {}",
            now.as_ref().map_or("no SKU any more".to_owned(), |sku| format!("the SKU {} now", DisplayText::name(sku)))
        ),
        /// A value of a newer version.
        #[serde(untagged)]
        Unrecognized(why: Unrecognized) => ("; {why}"),
    }
}
