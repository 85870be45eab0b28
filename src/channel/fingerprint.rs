//! What an order is recognized by when it comes twice under two ids, without keeping anything of its buyer.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{ChannelOrder, OrderLine, hash::number_of, shipping::fold_text};

/// A hash of who gets what on which day: two orders that share it may be one order that came twice.
///
/// What goes in:
///
/// - the **day** that the caller names, as it is;
/// - of the **address**: name, the street lines as one text, city, postal code and country. Of these only letters and
///   digits count: case, accents, blanks, punctuation, full-width and other compatibility forms, and where a street line
///   breaks do not. Company, state, telephone and e-mail do not go in: stores disagree about them;
/// - the shippable **lines**, in whatever order: SKU (or name, where there is none) with the quantity, lines of one SKU
///   added up. Of these texts case, repeated blanks and kinds of dash do not count; punctuation does.
///
/// The hash has 64 bits and no key: it tells nothing by itself, but somebody who guesses a whole order can check the
/// guess. Two different orders share one by accident about once in 10^19 pairs.
///
/// ```
/// use shipstation_connector::channel::{ChannelOrder, OrderFingerprint, OrderLine};
///
/// let order = |street: &str| {
///     let mut order = ChannelOrder::new("1", "A-1");
///     order.ship_to.street1 = Some(street.to_owned());
///     order.ship_to.city = Some("Springfield".to_owned());
///     order.lines = vec![OrderLine::new("1", Some("MUG-1".to_owned()), 2)];
///     OrderFingerprint::of(&order, "2026-03-08").unwrap()
/// };
/// assert_eq!(order("12 Rosé Ln., Apt 4"), order("12 ROSE LN APT 4"));
/// assert_ne!(order("12 Rose Ln"), order("14 Rose Ln"));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderFingerprint(String);

impl OrderFingerprint {
    /// The fingerprint of an order of this day. `None` when too little is known to compare it: no street, neither city
    /// nor postal code, nothing to ship, or a line that has neither SKU nor name.
    pub fn of(order: &ChannelOrder, day: &str) -> Option<Self> {
        let to = &order.ship_to;
        let bare_of = |text: &Option<String>| bare(text.as_deref().unwrap_or_default());
        let street = [&to.street1, &to.street2, &to.street3].map(bare_of).concat();
        let (city, postal_code) = (bare_of(&to.city), bare_of(&to.postal_code));
        if street.is_empty() || (city.is_empty() && postal_code.is_empty()) {
            return None;
        }
        let mut texts =
            vec![day.to_owned(), bare_of(&to.name), street, city, postal_code, bare_of(&to.country)];
        for (what, quantity) in shippable_quantities(order)? {
            texts.extend([what, quantity.to_string()]);
        }
        Some(Self(format!("{:016x}", number_of(texts.iter().map(String::as_str)))))
    }

    /// The fingerprint that a store has kept.
    pub fn kept(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its text: sixteen hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OrderFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrderFingerprint({})", self.0)
    }
}

/// How many of what. `None` when there is nothing to ship, or a line that cannot be told from another.
fn shippable_quantities(order: &ChannelOrder) -> Option<BTreeMap<String, i64>> {
    let mut goods = BTreeMap::new();
    for line in order.lines.iter().filter(|line| line.is_shippable()) {
        let quantity: &mut i64 = goods.entry(name_of(line)?).or_default();
        *quantity = quantity.saturating_add(line.quantity);
    }
    (!goods.is_empty()).then_some(goods)
}

fn name_of(line: &OrderLine) -> Option<String> {
    let texts = [&line.sku, &line.name].into_iter().flatten();
    texts.map(|text| fold_text(text)).find(|text| !text.is_empty())
}

/// Letters and digits only, in lower case. Decomposed first, so that an accent is a mark of its own and falls away.
fn bare(text: &str) -> String {
    text.nfkd().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> ChannelOrder {
        let some = |text: &str| Some(text.to_owned());
        let mut order = ChannelOrder::new("1", "A-1");
        order.ship_to.name = some("Zoë Sample");
        order.ship_to.street1 = some("12 Rose Lane");
        order.ship_to.street2 = some("Apt. 4-B");
        order.ship_to.city = some("Springfield");
        order.ship_to.postal_code = some("62701-0042");
        order.ship_to.country = some("US");
        order.lines = vec![OrderLine::new("1", some("MUG-1"), 2), OrderLine::new("2", some("TEA-2"), 1)];
        order
    }

    fn print(change: impl FnOnce(&mut ChannelOrder)) -> Option<OrderFingerprint> {
        let mut order = order();
        change(&mut order);
        OrderFingerprint::of(&order, "2026-03-08")
    }

    type Change = fn(&mut ChannelOrder);

    #[test]
    fn spelling_does_not_count() {
        let changes: [Change; 7] = [
            |order| order.ship_to.name = Some("ZOE\u{308}  sample ".into()),
            |order| {
                order.ship_to.street1 = Some("12, Rose Lane; apt 4b".into());
                order.ship_to.street2 = None;
            },
            |order| order.ship_to.city = Some("Ｓｐｒｉｎｇｆｉｅｌｄ".into()),
            |order| order.ship_to.postal_code = Some("62701 0042".into()),
            |order| {
                order.ship_to.company = Some("Sample & Co".into());
                order.ship_to.state = Some("Illinois".into());
                order.ship_to.phone = Some("555-0142".into());
            },
            |order| {
                order.lines = vec![
                    OrderLine::new("9", Some("tea\u{2011}2".into()), 1),
                    OrderLine::new("8", Some(" mug-1".into()), 1),
                    OrderLine::new("7", Some("MUG-1".into()), 1),
                    OrderLine::new("6", Some("FREE-GIFT".into()), 0),
                ];
            },
            |order| order.id = "2".into(),
        ];
        for (place, change) in changes.into_iter().enumerate() {
            assert_eq!(print(change), print(|_| {}), "change {place}");
        }
    }

    #[test]
    fn what_is_different_is_told_apart() {
        let changes: [Change; 7] = [
            |order| order.ship_to.name = Some("Zoe Simple".into()),
            |order| order.ship_to.street2 = Some("Apt 5".into()),
            |order| order.ship_to.city = None,
            |order| order.ship_to.country = Some("CA".into()),
            |order| order.lines[0].quantity = 3,
            |order| order.lines[0].sku = Some("MUG1".into()),
            |order| order.lines.truncate(1),
        ];
        for (place, change) in changes.into_iter().enumerate() {
            assert_ne!(print(change), print(|_| {}), "change {place}");
        }
        assert_ne!(OrderFingerprint::of(&order(), "2026-03-09"), print(|_| {}), "another day");
    }

    #[test]
    fn an_order_that_says_too_little_has_none() {
        let changes: [Change; 5] = [
            |order| order.ship_to = crate::channel::Address::default(),
            |order| {
                order.ship_to.street1 = Some(" - ".into());
                order.ship_to.street2 = None;
            },
            |order| {
                order.ship_to.city = None;
                order.ship_to.postal_code = Some(String::new());
            },
            |order| order.lines.clear(),
            |order| order.lines.push(OrderLine::new("3", None, 1)),
        ];
        for (place, change) in changes.into_iter().enumerate() {
            assert_eq!(print(change), None, "change {place}");
        }
    }

    #[test]
    fn it_never_changes_from_version_to_version() {
        assert_eq!(print(|_| {}).unwrap().as_str(), "532ec65c26e260c3");
    }
}
