//! The host's SKUs, and which products were met for each. Products pass through: time and memory are linear in the
//! listings, however many of them or of the products share a SKU.

use std::collections::HashMap;

use super::alias::Alias;
use crate::channel::{
    ChannelProductId, ListingId,
    report::MatchedBy,
    shipping::{StoreKey, fold_text},
};

/// SKUs that are nearly the same and are worth naming.
const MAX_NEAR_MISSES: usize = 3;
/// Products or listings that are named when there are too many.
const MAX_RIVALS: usize = 10;

#[derive(Debug, Default)]
pub(super) struct HostIndex {
    entries: HashMap<String, Entry>,
    /// By the folded form of the host's SKUs: products' SKUs that are the same or nearly so.
    near: HashMap<String, Vec<String>>,
    pub(super) listings: u64,
}

/// One SKU of the host.
#[derive(Debug, Default)]
struct Entry {
    listings: Vec<ListingId>,
    by_sku: Vec<ChannelProductId>,
    by_alias: Vec<(ChannelProductId, Vec<StoreKey>)>,
}

/// What is to be done about the listings of one SKU.
#[derive(Debug)]
pub(super) enum Decision {
    /// One listing and one product: they belong together.
    Link { listing: ListingId, product: ChannelProductId, matched_by: MatchedBy },
    /// Several products fit.
    ManyProducts { listings: Vec<ListingId>, products: Vec<ChannelProductId> },
    /// Several listings fit the product; the others are the last ones named.
    ManyListings { listings: Vec<ListingId>, others: Vec<ListingId> },
    /// No product fits.
    NoProduct { listings: Vec<ListingId>, near_misses: Vec<String> },
}

impl HostIndex {
    pub(super) fn add(&mut self, sku: String, listing: ListingId) {
        self.listings += 1;
        self.near.entry(fold_text(&sku)).or_default();
        self.entries.entry(sku).or_default().listings.push(listing);
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Every SKU, in order.
    pub(super) fn skus(&self) -> Vec<String> {
        let mut skus: Vec<String> = self.entries.keys().cloned().collect();
        skus.sort_unstable();
        skus
    }

    pub(super) fn by_listing(&self) -> impl Iterator<Item = (&ListingId, &str)> {
        let entries = self.entries.iter();
        entries.flat_map(|(sku, entry)| entry.listings.iter().map(move |listing| (listing, sku.as_str())))
    }

    /// Whether a product goes by this SKU. Of a crowd that is named in part only, any product may.
    pub(super) fn goes_by(&self, product: &ChannelProductId, sku: &str) -> bool {
        self.entries.get(sku).is_some_and(|Entry { by_sku, by_alias, .. }| {
            let named = by_sku.contains(product) || by_alias.iter().any(|(known, _)| known == product);
            named || by_sku.len().max(by_alias.len()) >= MAX_RIVALS
        })
    }

    /// A product with this SKU exists.
    pub(super) fn found(&mut self, sku: &str, product: &ChannelProductId) {
        self.near_miss(sku);
        let Some(entry) = self.entries.get_mut(sku) else { return };
        if entry.by_sku.len() < MAX_RIVALS && !entry.by_sku.contains(product) {
            entry.by_sku.push(product.clone());
        }
    }

    /// A product has this other name.
    pub(super) fn found_alias(&mut self, alias: &Alias<'_>, product: &ChannelProductId) {
        self.near_miss(alias.name);
        let Some(entry) = self.entries.get_mut(alias.name) else { return };
        let known = entry.by_alias.iter_mut().find(|(known, _)| known == product);
        let Some((_, stores)) = known else {
            if entry.by_alias.len() < MAX_RIVALS {
                entry.by_alias.push((product.clone(), alias.store_key().into_iter().collect()));
            }
            return;
        };
        stores.extend(alias.store_key().filter(|store| !stores.contains(store)));
    }

    /// A product's SKU may be another listing's very own and still be nearly the same as this one's.
    fn near_miss(&mut self, sku: &str) {
        let Some(near) = self.near.get_mut(&fold_text(sku)) else { return };
        if near.len() < MAX_NEAR_MISSES && !near.iter().any(|known| known == sku) {
            near.push(sku.to_owned());
        }
    }

    /// What is to be done, SKU by SKU in their order.
    pub(super) fn decide(self) -> impl Iterator<Item = (String, Decision)> {
        let Self { entries, near, .. } = self;
        let claims = Claims::of(&entries);
        let mut entries: Vec<(String, Entry)> = entries.into_iter().collect();
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        entries.into_iter().map(move |(sku, entry)| {
            let decision = entry.decide(&claims, || near.get(&fold_text(&sku)).cloned().unwrap_or_default());
            (sku, decision)
        })
    }
}

impl Entry {
    /// The one product that fits. A product's own SKU counts before another one's alias.
    fn product(&self) -> Option<(&ChannelProductId, Option<&[StoreKey]>)> {
        match (self.by_sku.as_slice(), self.by_alias.as_slice()) {
            ([product], _) => Some((product, None)),
            ([], [(product, stores)]) => Some((product, Some(stores))),
            _ => None,
        }
    }

    fn decide(self, claims: &Claims, near: impl FnOnce() -> Vec<String>) -> Decision {
        let met = self.product().map(|(product, alias)| {
            let matched_by =
                alias.map_or(MatchedBy::Sku, |stores| MatchedBy::Alias { stores: stores.to_vec() });
            (product.clone(), matched_by)
        });
        let Some((product, matched_by)) = met else {
            let listings = self.listings;
            if self.by_sku.is_empty() && self.by_alias.is_empty() {
                return Decision::NoProduct { listings, near_misses: near() };
            }
            let aliased = || self.by_alias.into_iter().map(|(product, _)| product).collect();
            let products = if self.by_sku.is_empty() { aliased() } else { self.by_sku };
            return Decision::ManyProducts { listings, products };
        };
        match <[ListingId; 1]>::try_from(self.listings) {
            Ok([listing]) => {
                let others =
                    if matched_by == MatchedBy::Sku { Vec::new() } else { claims.rivals(&product, &listing) };
                if others.is_empty() {
                    Decision::Link { listing, product, matched_by }
                } else {
                    Decision::ManyListings { listings: vec![listing], others }
                }
            }
            Err(listings) => {
                let others = listings.iter().take(MAX_RIVALS + 1).cloned().collect();
                Decision::ManyListings { listings, others }
            }
        }
    }
}

/// Which listings want a product by one of its aliases, and which by its own SKU: the latter goes first, and
/// among the former there is no telling.
#[derive(Debug, Default)]
struct Claims(HashMap<ChannelProductId, Vec<ListingId>>);

impl Claims {
    fn of(entries: &HashMap<String, Entry>) -> Self {
        let mut claims: HashMap<ChannelProductId, Vec<ListingId>> = HashMap::new();
        let claim = |entry: &Entry, by_alias: bool| {
            let (product, alias) = entry.product()?;
            (alias.is_some() == by_alias).then(|| product.clone())
        };
        for entry in entries.values() {
            if let Some(product) = claim(entry, true) {
                let listings = claims.entry(product).or_default();
                listings.extend(entry.listings.iter().take(MAX_RIVALS).cloned());
            }
        }
        let nobody_does = claims.is_empty();
        for entry in entries.values().filter(|_| !nobody_does) {
            if let Some(listings) = claim(entry, false).and_then(|product| claims.get_mut(&product)) {
                listings.extend(entry.listings.iter().take(MAX_RIVALS).cloned());
            }
        }
        for listings in claims.values_mut() {
            listings.sort_unstable();
        }
        Self(claims)
    }

    /// The other listings that want this product.
    fn rivals(&self, product: &ChannelProductId, listing: &ListingId) -> Vec<ListingId> {
        let claims = self.0.get(product).map(Vec::as_slice).unwrap_or_default();
        claims.iter().filter(|other| *other != listing).take(MAX_RIVALS).cloned().collect()
    }
}

/// The others of a listing that shares its SKU.
pub(super) fn others_of(listing: &ListingId, all: &[ListingId]) -> Vec<ListingId> {
    all.iter().filter(|other| *other != listing).take(MAX_RIVALS).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::StoreId;

    /// Products as (number, SKU, aliases); listings as (SKU, id). The decision for each SKU, in order.
    fn decide(listings: &[(&str, &str)], products: &[(&str, &str, &[&str])]) -> Vec<String> {
        let mut index = HostIndex::default();
        for (sku, listing) in listings {
            index.add((*sku).to_owned(), ListingId::new(*listing));
        }
        for (number, sku, aliases) in products {
            let product = ChannelProductId::new(*number);
            index.found(sku, &product);
            for name in *aliases {
                index.found_alias(&Alias { name, store: Some(StoreId::new(7)) }, &product);
            }
        }
        index.decide().map(|(sku, decision)| format!("{sku}: {}", short(decision))).collect()
    }

    fn short(decision: Decision) -> String {
        let ids = |list: Vec<ListingId>| list.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
        match decision {
            Decision::Link { listing, product, matched_by } => format!("{listing}={product}{matched_by}"),
            Decision::ManyProducts { listings, products } => format!("{} {products:?}", ids(listings)),
            Decision::ManyListings { listings, others } => format!("{} among {}", ids(listings), ids(others)),
            Decision::NoProduct { near_misses, .. } => format!("none, near {near_misses:?}"),
        }
    }

    #[test]
    fn the_exact_sku_links_and_a_prefix_does_not() {
        let products: &[(&str, &str, &[&str])] = &[("10", "ABC-1", &[]), ("11", "ABC-12", &[])];
        assert_eq!(decide(&[("ABC-1", "a"), ("ABC", "b")], products), ["ABC: none, near []", "ABC-1: a=10"]);
    }

    #[test]
    fn what_nearly_fits_is_named_and_not_linked() {
        let products: &[(&str, &str, &[&str])] =
            &[("10", " abc\u{2013}1", &["ABC-1 "]), ("11", "abc\u{a0}-1", &[])];
        assert_eq!(decide(&[("ABC-1", "a")], products), ["ABC-1: none, near [\" abc–1\", \"ABC-1 \"]"]);
    }

    #[test]
    fn doubles_on_either_side_are_ambiguous() {
        assert!(decide(&[("A", "a")], &[("1", "A", &[]), ("2", "A", &[])])[0].starts_with("A: a ["));
        assert_eq!(decide(&[("A", "a"), ("A", "b")], &[("1", "A", &[])]), ["A: a+b among a+b"]);
        assert_eq!(decide(&[("A", "a")], &[("1", "A", &[]), ("1", "A", &[])]), ["A: a=1"]);
    }

    #[test]
    fn a_products_own_sku_goes_before_an_alias() {
        let products: &[(&str, &str, &[&str])] = &[("1", "A", &["B"]), ("2", "B", &["C"])];
        let one_each = [("A", "a"), ("B", "b")];
        assert_eq!(decide(&one_each, products), ["A: a=1", "B: b=2"]);
        let rivals = [("B", "b"), ("C", "c")];
        assert_eq!(decide(&rivals, products), ["B: b=2", "C: c among b"]);
        assert_eq!(decide(&[("C", "c")], products), ["C: c=2 by an alias of store 7"]);
    }

    #[test]
    fn two_aliases_of_one_product_are_ambiguous() {
        let products: &[(&str, &str, &[&str])] = &[("1", "A", &["B", "C"])];
        assert_eq!(decide(&[("B", "b"), ("C", "c")], products), ["B: b among c", "C: c among b"]);
    }

    #[test]
    fn a_product_goes_by_its_sku_and_its_aliases() {
        let mut index = HostIndex::default();
        index.add("A".to_owned(), ListingId::new("a"));
        index.add("B".to_owned(), ListingId::new("b"));
        let product = ChannelProductId::new("1");
        index.found("A", &product);
        assert!(index.goes_by(&product, "A") && !index.goes_by(&product, "B"));
        index.found_alias(&Alias { name: "B", store: None }, &product);
        assert!(index.goes_by(&product, "B"));
        for n in 1..MAX_RIVALS {
            assert!(!index.goes_by(&ChannelProductId::new("late"), "A"), "{n}");
            index.found("A", &ChannelProductId::new(format!("rival {n}")));
        }
        assert!(index.goes_by(&ChannelProductId::new("late"), "A"), "it may have been left out");
    }

    #[test]
    fn a_crowd_is_named_in_part() {
        let mut index = HostIndex::default();
        for n in 0..1_000 {
            index.add("UNKNOWN".to_owned(), ListingId::new(n.to_string()));
            index.found("UNKNOWN", &ChannelProductId::new(n.to_string()));
        }
        let Some((_, Decision::ManyProducts { listings, products })) = index.decide().next() else {
            panic!("ambiguous")
        };
        assert_eq!((listings.len(), products.len()), (1_000, MAX_RIVALS));
    }
}
