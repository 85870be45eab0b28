//! What ShipStation sends that this crate does not know yet: counted, so that a change of the API is
//! noticed before it causes an outage. Decoding is synchronous, so a thread-local sink collects what one answer showed.

use std::{cell::RefCell, collections::BTreeMap, sync::Mutex};

use crate::{locked::locked, open_enum::Name};

/// More kinds of drift than this are no longer distinguished, so that a strange server cannot fill the memory.
const MAX_KINDS: usize = 512;

/// What was unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DriftKind {
    /// A member that the model has no field for.
    Member,
    /// A value that the enumeration does not list.
    Value,
    /// A member that could not be read and was left out, because no decision needs it.
    Unreadable,
}

/// One unknown or unreadable member or value, and how often it was met.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drift {
    /// What is meant.
    pub kind: DriftKind,
    /// The model or enumeration of this crate, such as `Order` or `OrderStatus`.
    pub model: &'static str,
    /// The member's name, or the value's text. One that does not look like ShipStation's own names may hold anything, also
    /// what a buyer wrote: then only its length is said.
    pub name: String,
    /// How often it was met since the client was built.
    pub count: u64,
}

/// Everything unknown that a client has met since it was built.
///
/// ```
/// # use shipstation_connector::client::{Credentials, ShipStation};
/// let client = ShipStation::builder(Credentials::new("key", "secret")).build()?;
/// for drift in client.drift().iter() {
///     eprintln!("{} has a new {:?}: {} ({} times)", drift.model, drift.kind, drift.name, drift.count);
/// }
/// # Ok::<(), shipstation_connector::client::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriftReport(Vec<Drift>);

impl DriftReport {
    /// Whether everything that was received is modeled.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many different members and values were unknown.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The unknown members and values, ordered by model and name.
    pub fn iter(&self) -> impl Iterator<Item = &Drift> {
        self.0.iter()
    }
}

type Counts = BTreeMap<(&'static str, DriftKind, String), u64>;

/// The counts of one client, shared by its clones.
#[derive(Debug, Default)]
pub(crate) struct DriftCounter(Mutex<Counts>);

impl DriftCounter {
    pub(crate) fn report(&self) -> DriftReport {
        let counts = locked(&self.0);
        let drifts = counts.iter().map(|((model, kind, name), count)| Drift {
            kind: *kind,
            model,
            name: name.clone(),
            count: *count,
        });
        DriftReport(drifts.collect())
    }

    /// Runs one decoding; what it found unknown counts only if `decode` gives a value.
    pub(crate) fn watch<T>(&self, decode: impl FnOnce() -> Option<T>) -> Option<T> {
        let outer = SINK.take();
        SINK.set(Some(Counts::new()));
        let value = decode();
        let found = SINK.replace(outer).unwrap_or_default();
        if value.is_some() && !found.is_empty() {
            self.add(found);
        }
        value
    }

    fn add(&self, found: Counts) {
        let mut counts = locked(&self.0);
        for (key, count) in found {
            if counts.len() < MAX_KINDS || counts.contains_key(&key) {
                *counts.entry(key).or_default() += count;
            }
        }
    }
}

thread_local! {
    static SINK: RefCell<Option<Counts>> = const { RefCell::new(None) };
}

/// Counts what the present decoding has met.
pub(crate) fn note(kind: DriftKind, model: &'static str, name: &str) {
    let name = if kind == DriftKind::Value { Name::of_value(name) } else { Name::of_member(name) };
    SINK.with_borrow_mut(|sink| {
        let Some(counts) = sink else { return };
        if counts.len() < MAX_KINDS {
            *counts.entry((model, kind, name.to_string())).or_default() += 1;
        }
    });
}
