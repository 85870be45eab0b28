//! What has waited longer than it should, and what a person can do about it.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    ChannelOrderId, ConnectionId, Operation, OutboxId, RunControl, report::Tally, shipping::DisplayText,
};
use crate::{
    Timestamp,
    channel::record::record,
    named_enum::named_enum,
    options::options,
    setters::setters,
    time::{DAY, HOUR},
};

options! {
    /// Ask what has waited longer than it should.
    ///
    /// ```
    /// use shipstation_connector::channel::FindStuck;
    /// use std::time::Duration;
    ///
    /// let request = FindStuck::new().due(Duration::from_secs(4 * 3600));
    /// assert_eq!(request.blocked, Duration::from_secs(24 * 3600));
    /// ```
    #[derive(Debug, Clone)]
    pub struct FindStuck {
        /// How long a shipment may be in the outbox before it is sent. Default: an hour.
        pub due: Duration = HOUR,
        /// How long it may be unknown whether a request arrived. Default: 12 hours; the last look is made at least 4 hours after the
        /// request.
        pub unknown: Duration = HOUR * 12,
        /// How long ShipStation may have accepted a shipment without showing it. Default: a day.
        pub unconfirmed: Duration = DAY,
        /// How long a shipment may be blocked. Default: a day.
        pub blocked: Duration = DAY,
        /// How long a shipment may wait for the rest of its order. Default: 7 days.
        pub waiting: Duration = DAY * 7,
        /// How long an imported order may be held. Default: a day.
        pub held: Duration = DAY,
        /// How long an order may fail, or have something left to be done on the channel. Default: a day.
        pub work: Duration = DAY,
        /// How long an action on an order may be open. Default: an hour.
        pub actions: Duration = HOUR,
        /// How long there may be no successful run of an operation. Default: a day.
        pub no_success: Duration = DAY,
        /// From how many runs in a row on it is too many that an operation fails. Default: 3; 0 asks for none.
        pub failing_runs: usize = 3,
        /// When to stop; nothing else of it counts.
        pub control: RunControl = RunControl::new(),
    }
}

impl FindStuck {
    /// A request with the defaults.
    pub fn new() -> Self {
        Self::default()
    }
}

named_enum! {
    /// What has waited too long.
    StuckKind {
        /// A shipment that is still to be sent.
        ShipmentDue = "shipment_due",
        /// A shipment of which nobody knows whether it arrived.
        ShipmentUnknown = "shipment_unknown",
        /// A shipment that was accepted and does not show.
        ShipmentUnconfirmed = "shipment_unconfirmed",
        /// A shipment that waits for a person.
        ShipmentBlocked = "shipment_blocked",
        /// A shipment that waits for the rest of its order.
        ShipmentWaiting = "shipment_waiting",
        /// An imported order that waits for a person.
        OrderHeld = "order_held",
        /// An order that cannot be imported.
        OrderFailed = "order_failed",
        /// An imported order whose user or tag is still to be set.
        FollowUpOpen = "follow_up_open",
        /// An action on an order that is still to be done, or of unknown outcome.
        ActionOpen = "action_open",
        /// An operation without a successful run.
        NoSuccess = "no_success",
        /// An operation whose runs fail one after another.
        RunsFailing = "runs_failing",
    }
}

impl StuckKind {
    /// What a person can do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::ShipmentDue => "see that sync_shipments runs often enough, and why its runs stop early",
            Self::ShipmentUnknown => {
                "see that sync_shipments runs; if it does, compare the order in ShipStation"
            }
            Self::ShipmentUnconfirmed => {
                "open the order in ShipStation: it should be shipped with this tracking"
            }
            Self::ShipmentBlocked => "change what the reason names, then unblock the shipment",
            Self::ShipmentWaiting => "ship or cancel what is missing of the order",
            Self::OrderHeld => "resolve the reason (map the text, link the line), or release the order",
            Self::OrderFailed => "resolve the error, or dismiss the order",
            Self::FollowUpOpen => "resolve the error in ShipStation, or correct the setting",
            Self::ActionOpen => {
                "see that run_actions runs; if it does, resolve the error, or do it by hand in ShipStation"
            }
            Self::NoSuccess => "see that the operation is scheduled, and why its runs do not succeed",
            Self::RunsFailing => "resolve the error of the last run; check looks at credentials and settings",
        }
    }
}

record! {
    /// One thing that has waited too long. Nothing of a buyer.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct StuckItem {
        /// What it is.
        pub kind: StuckKind,
        /// Since when it waits.
        pub since: Timestamp,
        /// Why, as far as that is known.
        pub why: String = DisplayText::new(why).unquoted(),
        /// The order, if it is about one.
        pub order: Option<ChannelOrderId> = None,
        /// The shipment, if it is about one.
        pub shipment: Option<OutboxId> = None,
        /// The operation, if it is about runs.
        pub operation: Option<Operation> = None,
    }
    /// An item that is about nothing in particular.
    pub fn new(kind: StuckKind, since: Timestamp, why: &str);
}

impl StuckItem {
    setters! {
        /// It is about this order.
        of_order(order: ChannelOrderId) => order = Some(order);
        /// It is about this shipment.
        of_shipment(shipment: OutboxId) => shipment = Some(shipment);
        /// It is about runs of this operation.
        of_operation(operation: Operation) => operation = Some(operation);
    }

    /// What a person can do about it.
    pub fn remedy(&self) -> &'static str {
        self.kind.remedy()
    }
}

impl fmt::Display for StuckItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} since {}", self.kind, self.since.floor_second())?;
        if let Some(shipment) = &self.shipment {
            write!(f, ", shipment {}", DisplayText::name(&shipment.to_string()).unquoted())?;
        }
        if let Some(order) = &self.order {
            write!(f, ", order {}", DisplayText::name(order.as_str()).unquoted())?;
        }
        if let Some(operation) = self.operation {
            write!(f, ", {operation}")?;
        }
        write!(f, ": {} -> {}", self.why, self.remedy())
    }
}

record! {
    /// What has waited longer than it should.
    #[must_use]
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct StuckReport {
        /// The connection.
        pub connection: ConnectionId,
        /// When it was asked.
        pub at: Timestamp,
        /// How many, by what they are; of the ledger at most the first 10,000 entries are looked at.
        pub counts: Tally<StuckKind> = Tally::default(),
        /// Those that wait longest, at most [`MAX_ITEMS`](Self::MAX_ITEMS).
        pub items: Vec<StuckItem> = Vec::new(),
        /// How many are counted and not among the items.
        pub items_truncated: u64 = 0,
    }
    /// A report of nothing.
    pub fn new(connection: ConnectionId, at: Timestamp);
}

impl StuckReport {
    /// As many items as a report names.
    pub const MAX_ITEMS: usize = 200;

    /// Counts an item, and names it unless there are enough that wait longer.
    pub fn add(&mut self, item: StuckItem) {
        self.counts.add(item.kind);
        let place = self.items.partition_point(|other| other.since <= item.since);
        self.items.insert(place, item);
        if self.items.len() > Self::MAX_ITEMS {
            self.items.pop();
            self.items_truncated += 1;
        }
    }

    /// Whether nothing is stuck.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

impl fmt::Display for StuckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "stuck of {} at {}", self.connection, self.at.floor_second())?;
        if self.is_empty() {
            return writeln!(f, "  nothing");
        }
        writeln!(f, "  {}", self.counts)?;
        self.items.iter().try_for_each(|item| writeln!(f, "  {item}"))?;
        if self.items_truncated > 0 { writeln!(f, "  and {} more", self.items_truncated) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_is_named_first_and_many_are_counted() {
        let at = Timestamp::UNIX_EPOCH + DAY * 365;
        let mut report = StuckReport::new("shop".into(), at);
        for hours in (0..500).rev().chain(500..1_000) {
            report.add(StuckItem::new(StuckKind::OrderHeld, at - HOUR * hours, "x"));
        }
        assert_eq!((report.items.len(), report.items_truncated), (200, 800));
        assert_eq!((report.items[0].since, report.items[199].since), (at - HOUR * 999, at - HOUR * 800));
        assert!(report.to_string().ends_with("and 800 more\n"));
    }
}
