//! What happens in a run, for progress bars and metrics. Observers receive events; they decide nothing.

use std::fmt::Debug;

use super::{
    ActionId, ActionReport, ActionStateKind, ChannelOrderId, ConnectionId, ImportReport, LinkReport,
    Operation, OutboxId, ResolveReport, RunId, ShipmentStateKind, SyncReport, WebhookReport,
    report::{
        ActionOutcomeKind, FollowUpStatus, HeldOutcomeKind, ImportOutcomeKind, LinkOutcomeKind, RunInfo,
        SyncOutcomeKind, WebhookOutcomeKind,
    },
    store::WorkKind,
    wording::says,
};
use crate::Timestamp;

/// Receives what happens in a run.
///
/// The calls come from the run's own task, one after another, so an observer must return at once. One that panics loses what it
/// panicked at: the run goes on and warns of it. Nothing in an event or a report names a buyer.
///
/// ```
/// use shipstation_connector::channel::{ConnectionId, Operation, RunEvent, RunEventKind, RunId, RunObserver};
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// #[derive(Debug, Default)]
/// struct RowsRead(AtomicUsize);
///
/// impl RunObserver for RowsRead {
///     fn on_event(&self, event: &RunEvent<'_>) {
///         if let RunEventKind::PageRead { rows, .. } = event.kind {
///             self.0.fetch_add(rows, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let read = RowsRead::default();
/// let kind = RunEventKind::PageRead { what: "orders", rows: 500, of: Some(812) };
/// read.on_event(&RunEvent::new(&RunId::new("r1"), &ConnectionId::new("my shop"), Operation::GetOrders, kind));
/// assert_eq!(read.0.into_inner(), 500);
/// ```
pub trait RunObserver: Debug + Send + Sync {
    /// Something happened.
    fn on_event(&self, event: &RunEvent<'_>);

    /// A run has ended, and this is what the host is about to get. Comes after [`RunEventKind::Finished`]; a run that was refused
    /// after its beginning has no report. The default does nothing.
    fn on_run_end(&self, report: RunReport<'_>) {
        let _ = report;
    }
}

/// Something that happened in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunEvent<'a> {
    /// The run.
    pub run: &'a RunId,
    /// Its connection.
    pub connection: &'a ConnectionId,
    /// Its operation.
    pub operation: Operation,
    /// What happened.
    pub kind: RunEventKind<'a>,
}

impl<'a> RunEvent<'a> {
    /// An event.
    pub fn new(
        run: &'a RunId,
        connection: &'a ConnectionId,
        operation: Operation,
        kind: RunEventKind<'a>,
    ) -> Self {
        Self { run, connection, operation, kind }
    }
}

/// What happened in a run. It begins with `Started` and ends with `Finished`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunEventKind<'a> {
    /// The lease is granted and the run begins.
    Started,
    /// A page of a list was read.
    PageRead {
        /// Of what.
        what: &'static str,
        /// The rows on it that were not seen before.
        rows: usize,
        /// How many rows there are in all, as far as is known.
        of: Option<u64>,
    },
    /// A shipment has taken a step. It may take others in the same run.
    ShipmentStep {
        /// The shipment.
        shipment: &'a OutboxId,
        /// The state that it is in now.
        state: ShipmentStateKind,
    },
    /// An action on an order has taken a step. It may take others in the same run.
    ActionStep {
        /// The action.
        action: &'a ActionId,
        /// The state that it is in now.
        state: ActionStateKind,
    },
    /// Something was done on the channel for an imported order, or tried.
    FollowUp {
        /// The order.
        order: &'a ChannelOrderId,
        /// What was to be done.
        kind: WorkKind,
        /// How far it is.
        status: FollowUpStatus,
    },
    /// What became of an order, a shipment, a listing, an action or a webhook in this run. There is exactly one for each item that the report counts.
    ItemDone {
        /// Its id; `None` for one that cannot be named: a row without a readable id, or what the run did not get to.
        id: Option<&'a str>,
        /// What became of it, as the report counts it.
        outcome: ItemOutcome,
    },
    /// The run waits for the channel's rate limit or between attempts.
    Waiting {
        /// Until then.
        until: Timestamp,
        /// What is waited for.
        why: &'static str,
    },
    /// The run has ended: how, when, and what it cost.
    Finished {
        /// The head of its report.
        info: &'a RunInfo,
    },
}

/// The same of every variant, whatever it holds.
macro_rules! of_each {
    ($value:expr, $($variant:ident)|+, $held:ident => $answer:expr) => {
        match $value { $(Self::$variant($held) => $answer),+ }
    };
}

/// What became of an item of a run, by the operation that the run is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ItemOutcome {
    /// An order that was read: counted in [`ImportCounts::outcomes`](super::report::ImportCounts::outcomes).
    Import(ImportOutcomeKind),
    /// A shipment that was due or in flight: counted in [`SyncCounts::outcomes`](super::report::SyncCounts::outcomes).
    Shipment(SyncOutcomeKind),
    /// A listing: counted in [`LinkCounts`](super::report::LinkCounts). A listing whose link is broken may have another outcome too.
    Link(LinkOutcomeKind),
    /// An order that was held for its shipping text: counted in [`ResolveCounts`](super::report::ResolveCounts).
    Held(HeldOutcomeKind),
    /// An action on an order: counted in [`ActionCounts::outcomes`](super::report::ActionCounts::outcomes).
    Action(ActionOutcomeKind),
    /// A webhook of the connection's own; its id is the event's name.
    Webhook(WebhookOutcomeKind),
}

impl ItemOutcome {
    /// The stable name of what became of it.
    pub fn name(self) -> &'static str {
        of_each!(self, Import | Shipment | Link | Held | Action | Webhook, kind => kind.name())
    }
}

says! { |it: ItemOutcome| "{}", it.name() }

/// The report of a run, whatever its operation.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum RunReport<'a> {
    /// Of an import: `get_orders`, `import_order` or a webhook.
    Import(&'a ImportReport),
    /// Of `sync_shipments`.
    Sync(&'a SyncReport),
    /// Of `link_listings`.
    Links(&'a LinkReport),
    /// Of `resolve_held`.
    Held(&'a ResolveReport),
    /// Of actions on orders.
    Actions(&'a ActionReport),
    /// Of `ensure_webhooks`.
    Webhooks(&'a WebhookReport),
}

impl<'a> RunReport<'a> {
    /// What every report begins with.
    pub fn info(self) -> &'a RunInfo {
        of_each!(self, Import | Sync | Links | Held | Actions | Webhooks, report => &report.run)
    }

    /// The counts in one line.
    pub fn headline(self) -> String {
        of_each!(self, Import | Sync | Links | Held | Actions | Webhooks, report => report.headline())
    }
}
