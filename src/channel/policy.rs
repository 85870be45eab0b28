//! The host's own rule about each order that is about to be imported.

use super::{ChannelOrder, HoldReason, LineId, shipping::ShippingResolution};

/// The host's own rule about each order that is about to be imported: it lets the order in, holds it, leaves it out, or says
/// which of its lines nobody ships.
///
/// It is asked once for each order that would be imported now, ready or held, just before the order is saved: by every import,
/// whatever set it off, also in a dry run. It is never asked of an order that is imported already or that the settings leave out.
///
/// # Contract
/// - `decide` is pure: the answer depends on its arguments and on what the host keeps in memory. It must return at once; a run
///   that waits longer than 50 ms for one answer, or longer than a second for all of them, warns of it.
/// - The answer only adds to what the crate decides: recognizing orders that are imported, orders of the host's own, split and
///   merged orders come first, and no hold of the crate's is lifted. (A line that nobody ships needs no listing, so it does not
///   hold its order for want of one.)
/// - A skip is for this run: the next one asks again, as long as the order is in the window. What waits for a decision should be
///   held. A hold stays until the host releases the order;
///   [`resolve_held`](super::ChannelConnector::resolve_held) does not.
/// - A panic costs its own order this run alone: the order fails, is kept among the failures, and is tried again. What the
///   panic says is dropped; only the process's panic hook sees it. (A program built with `panic = "abort"` ends.)
/// - Reasons are shown in reports and diagnoses: they must not name a buyer. Long ones are cut for display.
///
/// A closure is a policy:
///
/// ```
/// use shipstation_connector::channel::{ChannelOrder, ImportDecision, ImportPolicy, LineId, OrderLine, ProposedImport};
/// use shipstation_connector::channel::shipping::ShippingResolution;
///
/// let policy = |order: &ChannelOrder, _: &ProposedImport<'_>| {
///     let wrapping = order.lines.iter().filter(|line| line.sku.as_deref() == Some("GIFT-WRAP"));
///     let decision = match order.tags.contains(&8362) {
///         true => ImportDecision::hold("fraud check is open"),
///         false => ImportDecision::accept(),
///     };
///     decision.not_shippable(wrapping.map(|line| line.id.clone()))
/// };
///
/// let mut order = ChannelOrder::new("93348442", "1042");
/// order.lines.push(OrderLine::new("1", Some("GIFT-WRAP".to_owned()), 1));
/// let proposed = ProposedImport::new(&[], &ShippingResolution::NoText);
/// assert_eq!(policy.decide(&order, &proposed), ImportDecision::accept().not_shippable([LineId::new("1")]));
/// ```
pub trait ImportPolicy: Send + Sync {
    /// What becomes of this order.
    fn decide(&self, order: &ChannelOrder, proposed: &ProposedImport<'_>) -> ImportDecision;
}

impl<F> ImportPolicy for F
where
    F: Fn(&ChannelOrder, &ProposedImport<'_>) -> ImportDecision + Send + Sync,
{
    fn decide(&self, order: &ChannelOrder, proposed: &ProposedImport<'_>) -> ImportDecision {
        self(order, proposed)
    }
}

/// What becomes of an order unless the policy says otherwise.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ProposedImport<'a> {
    /// Why it would be held; empty when it would be ready to ship.
    pub holds: &'a [HoldReason],
    /// What its shipping text means.
    pub shipping: &'a ShippingResolution,
}

impl<'a> ProposedImport<'a> {
    /// A proposal, for a host's tests of its policy.
    pub fn new(holds: &'a [HoldReason], shipping: &'a ShippingResolution) -> Self {
        Self { holds, shipping }
    }
}

/// The answer of an [`ImportPolicy`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportDecision {
    pub(crate) verdict: PolicyVerdict,
    pub(crate) not_shippable: Vec<LineId>,
}

/// What an [`ImportDecision`] says of the order as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PolicyVerdict {
    Accept,
    Hold(String),
    Skip(String),
}

impl ImportDecision {
    fn new(verdict: PolicyVerdict) -> Self {
        Self { verdict, not_shippable: Vec::new() }
    }

    /// Imports the order as the crate has decided.
    pub fn accept() -> Self {
        Self::new(PolicyVerdict::Accept)
    }

    /// Imports the order, and holds it for this reason beside those of the crate.
    pub fn hold(reason: impl Into<String>) -> Self {
        Self::new(PolicyVerdict::Hold(reason.into()))
    }

    /// Leaves the order out of this run for this reason.
    pub fn skip(reason: impl Into<String>) -> Self {
        Self::new(PolicyVerdict::Skip(reason.into()))
    }

    /// Nobody ships these lines, a gift wrap or a download for instance: they become
    /// [`LineKind::NotShippable`](super::LineKind::NotShippable), and the order is complete without them. An id that the order
    /// does not have is warned of.
    pub fn not_shippable(mut self, lines: impl IntoIterator<Item = LineId>) -> Self {
        self.not_shippable.extend(lines);
        self
    }
}
