//! The record of texts that no rule fits. Counting only: where it is kept is the host's store.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DisplayText, StoreKey, Suggestion, visible};
use crate::{Timestamp, channel::wording::count_of, setters::setters};

/// A shipping text that no rule fitted, as seen in one store.
///
/// It holds no buyer's data: order ids are the only trace of orders.
///
/// ```
/// use shipstation_connector::{Timestamp, channel::shipping::UnmappedText};
///
/// let morning: Timestamp = "2026-03-02T08:00:00Z".parse()?;
/// let noon: Timestamp = "2026-03-02T12:00:00Z".parse()?;
/// let mut unmapped = UnmappedText::new("Standard\u{a0}Mail", morning, "1001").store("12");
/// unmapped.seen(noon, "1002");
/// assert_eq!((unmapped.count, unmapped.last_seen), (2, noon));
/// assert_eq!(unmapped.visible(), "Standard<U+00A0>Mail");
/// # Ok::<(), shipstation_connector::ParseTimestampError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnmappedText {
    /// The store it was seen in.
    pub store: Option<StoreKey>,
    /// The text, untouched.
    pub text: String,
    /// How many orders had it.
    pub count: u64,
    /// When the first of them was seen (UTC).
    pub first_seen: Timestamp,
    /// When the last of them was seen (UTC).
    pub last_seen: Timestamp,
    /// The ids of the first few orders on the channel: at most [`UnmappedText::SAMPLES`].
    pub samples: Vec<String>,
}

impl UnmappedText {
    /// How many order ids are kept.
    pub const SAMPLES: usize = 5;

    /// A text seen for the first time, on the order with this id.
    pub fn new(text: impl Into<String>, at: Timestamp, order: impl Into<String>) -> Self {
        Self {
            store: None,
            text: text.into(),
            count: 1,
            first_seen: at,
            last_seen: at,
            samples: vec![order.into()],
        }
    }

    setters! {
        /// Adds the store.
        store(store: impl Into<StoreKey>) => store = Some(store.into());
    }

    /// Counts one more order. Orders may be told in any sequence; one whose id is among the samples is
    /// not counted again.
    pub fn seen(&mut self, at: Timestamp, order: impl Into<String>) {
        let order = order.into();
        self.first_seen = self.first_seen.min(at);
        self.last_seen = self.last_seen.max(at);
        if self.samples.contains(&order) {
            return;
        }
        self.count = self.count.saturating_add(1);
        if self.samples.len() < Self::SAMPLES {
            self.samples.push(order);
        }
    }

    /// The text with everything that hides in it made visible: see [`visible`](super::visible()).
    pub fn visible(&self) -> String {
        visible(&self.text)
    }
}

/// An unmapped text as a person sees it who is to map it: `Display` shows what hides in it, and asks "did you
/// mean".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnmappedShipping {
    /// The text, its store, and when and how often it was seen. An empty text stands for orders without one.
    pub seen: UnmappedText,
    /// How many orders are held for it now.
    pub held: u64,
    /// What may have been meant, the likeliest first; never applied by itself.
    pub suggestions: Vec<Suggestion>,
}

impl UnmappedShipping {
    /// A text that no order is held for, without suggestions.
    pub fn new(seen: UnmappedText) -> Self {
        Self { seen, held: 0, suggestions: Vec::new() }
    }

    /// The text in quotes with its store, and with everything that hides in it made visible.
    pub fn name(&self) -> String {
        let text = match self.seen.text.as_str() {
            "" => "no shipping text".to_owned(),
            text => DisplayText::new(text).to_string(),
        };
        self.seen.store.as_ref().map_or(text.clone(), |store| format!("{text} of store {store}"))
    }
}

impl fmt::Display for UnmappedShipping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnmappedText { count, first_seen, last_seen, samples, .. } = &self.seen;
        let orders = count_of(*count, "order");
        write!(f, "{}: {orders} from {first_seen} to {last_seen}, {} held", self.name(), self.held)?;
        write!(f, "; for instance {}", samples.join(", "))?;
        self.suggestions.iter().try_for_each(|suggestion| {
            let question = suggestion.to_string();
            write!(f, "\n  did you mean {}?", question.trim_end_matches('?'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Comparison, ShippingDefaults, ShippingRule, ShippingRules, suggest},
        *,
    };

    #[test]
    fn a_suggestion_that_asks_is_asked_once() {
        let list = [ShippingRule::exact("2 Day", "air").store("11")];
        let rules = ShippingRules::compile(&list, ShippingDefaults::none(), Comparison::Exact).unwrap();
        let seen = UnmappedText::new("2 Day", Timestamp::UNIX_EPOCH, "1").store("12");
        let mut unmapped = UnmappedShipping::new(seen);
        unmapped.suggestions = suggest("2 Day", unmapped.seen.store.as_ref(), &rules);
        let shown = unmapped.to_string();
        assert!(shown.ends_with("is mapped there: copy it?") && !shown.ends_with("??"), "{shown}");
    }

    #[test]
    fn counts_orders_and_keeps_a_few() {
        let at = |second| Timestamp::from_unix_seconds(second);
        let mut unmapped = UnmappedText::new("x", at(100), "o0");
        unmapped.seen(at(50), "o0");
        for order in 1..10 {
            unmapped.seen(at(100 + order), format!("o{order}"));
        }
        assert_eq!(unmapped.count, 10);
        assert_eq!((unmapped.first_seen, unmapped.last_seen), (at(50), at(109)));
        assert_eq!(unmapped.samples, ["o0", "o1", "o2", "o3", "o4"]);
        let json = serde_json::to_string(&unmapped).unwrap();
        assert_eq!(serde_json::from_str::<UnmappedText>(&json).unwrap(), unmapped);
    }
}
