//! The story of an order: what happened to it, step by step.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    ChannelOrderId, ShipmentState,
    report::FollowUpStatus,
    shipping::DisplayText,
    store::{ImportRecord, OrderEvent, OrderEventKind, OrderWork, OutboxRow, WorkKind, WorkState},
    wording::count_of,
};

/// What happened to one order, in order. It prints one line for each event.
///
/// ```
/// use shipstation_connector::{Timestamp, channel::{Timeline, store::{OrderEvent, OrderEventKind}}};
///
/// let at: Timestamp = "2026-03-01T10:00:00Z".parse()?;
/// let imported = OrderEventKind::Imported { host_order: Some("17".into()), holds: Vec::new() };
/// let timeline = Timeline::new("7".into(), vec![OrderEvent::new("7".into(), at, Some("run 1".into()), imported)]);
/// let text = "order 7\n  2026-03-01 10:00:00Z imported by run run 1: host order 17\n";
/// assert_eq!(timeline.to_string(), text);
/// # Ok::<(), shipstation_connector::ParseTimestampError>(())
/// ```
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Timeline {
    /// The order.
    pub order: ChannelOrderId,
    /// Its number, where it is known.
    pub number: Option<String>,
    /// What happened to it, the oldest first. Nothing of a buyer.
    pub events: Vec<OrderEvent>,
    /// How many earlier events are left out.
    pub left_out: u64,
    /// Whether some events are made from what the stores still know, because none were kept when they happened, or not for so long.
    /// Steps between them are missing then, and the time of a follow-up is the one since when it is open.
    pub has_gaps: bool,
}

impl Timeline {
    /// These events of an order.
    pub fn new(order: ChannelOrderId, events: Vec<OrderEvent>) -> Self {
        Self { order, number: None, events, left_out: 0, has_gaps: false }
    }

    /// These events of an order, and what its records say that no event does.
    pub fn completed(
        order: ChannelOrderId,
        recorded: Vec<OrderEvent>,
        record: Option<&ImportRecord>,
        work: &[OrderWork],
        rows: &[OutboxRow],
    ) -> Self {
        let number = record.map(|record| &record.number).or_else(|| work.first().map(|entry| &entry.number));
        let known = record.map(of_record).into_iter().chain(work.iter().filter_map(of_entry));
        let mut missing: Vec<_> = known.chain(rows.iter().flat_map(of_row)).collect();
        missing.retain(|known| recorded.iter().all(|event| !is_about_the_same(event, known)));
        missing.sort_by_key(|event| event.at);
        let (number, has_gaps) = (number.cloned(), !missing.is_empty());
        Self { number, has_gaps, ..Self::new(order, merged(recorded, missing)) }
    }

    /// The newest of its events, so many at most.
    pub fn newest(mut self, most: usize) -> Self {
        let left_out = self.events.len().saturating_sub(most);
        self.events.drain(..left_out);
        self.left_out += left_out as u64;
        self
    }
}

fn of_record(record: &ImportRecord) -> OrderEvent {
    let (host_order, holds) = (record.host_order.clone(), record.holds.clone());
    let what = OrderEventKind::Imported { host_order, holds };
    OrderEvent::new(record.order.clone(), record.imported_at, Some(record.run.clone()), what)
}

/// An entry that was tried.
fn of_entry(entry: &OrderWork) -> Option<OrderEvent> {
    let (work, attempts, error) = (entry.kind, entry.attempts, entry.error.clone()?);
    let what = match work {
        WorkKind::Import if entry.is_dismissed() => OrderEventKind::Dismissed,
        WorkKind::Import => OrderEventKind::ImportFailed { error, attempts },
        _ => {
            let status =
                if entry.state == WorkState::Open { FollowUpStatus::Pending } else { FollowUpStatus::Failed };
            OrderEventKind::FollowUp { work, status, attempts, error: Some(error) }
        }
    };
    Some(OrderEvent::new(entry.order.clone(), entry.failed_at.unwrap_or(entry.first_seen), None, what))
}

/// That a shipment was enqueued, and how far it is.
fn of_row(row: &OutboxRow) -> impl Iterator<Item = OrderEvent> + use<> {
    let state = OrderEventKind::Shipment {
        shipment: row.id(),
        state: row.state.clone(),
        attempts: row.attempts,
        error: row.last_error.clone(),
    };
    let state = OrderEvent::new(row.shipment.order.clone(), row.updated_at, None, state);
    let is_new = row.state == ShipmentState::Pending;
    std::iter::once(OrderEvent::of_enqueued(row)).chain((!is_new).then_some(state))
}

/// Whether what was recorded says what a record says, or more.
fn is_about_the_same(recorded: &OrderEvent, known: &OrderEvent) -> bool {
    use OrderEventKind as K;
    match (&recorded.what, &known.what) {
        (K::Imported { .. }, K::Imported { .. })
        | (K::ImportFailed { .. } | K::Dismissed, K::ImportFailed { .. } | K::Dismissed) => true,
        (K::FollowUp { work, .. }, K::FollowUp { work: known, .. }) => work == known,
        (
            K::ShipmentEnqueued { shipment } | K::Shipment { shipment, .. },
            K::ShipmentEnqueued { shipment: known } | K::Shipment { shipment: known, .. },
        ) => shipment == known,
        _ => false,
    }
}

/// What was recorded stays in its order; each of the others stands before the first of those that is later.
fn merged(recorded: Vec<OrderEvent>, others: Vec<OrderEvent>) -> Vec<OrderEvent> {
    let mut events = Vec::with_capacity(recorded.len() + others.len());
    let mut others = others.into_iter().peekable();
    for event in recorded {
        while let Some(earlier) = others.next_if(|other| other.at <= event.at) {
            events.push(earlier);
        }
        events.push(event);
    }
    events.extend(others);
    events
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {}", self.order)?;
        if let Some(number) = &self.number {
            write!(f, ", number {}", DisplayText::new(number).unquoted())?;
        }
        writeln!(f)?;
        self.lines().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

impl Timeline {
    /// Its lines without the first one.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let note = |so: bool, note: &dyn Fn() -> String| so.then(note);
        let gaps = note(self.has_gaps, &|| {
            "steps are missing: not every event was kept, the rest is made from other records".to_owned()
        });
        let earlier =
            note(self.left_out > 0, &|| format!("{} left out", count_of(self.left_out, "earlier event")));
        let nothing = note(self.events.is_empty(), &|| "nothing is known of it".to_owned());
        let events = self.events.iter().map(ToString::to_string);
        gaps.into_iter().chain(earlier).chain(nothing).chain(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Timestamp, channel::Shipment};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(second)
    }

    fn times(timeline: &Timeline) -> Vec<i64> {
        timeline.events.iter().map(|event| event.at.unix_seconds()).collect()
    }

    #[test]
    fn what_no_event_says_is_made_from_records() {
        let record = ImportRecord::new("7".into(), "A-7", at(10), "run".into());
        let failed = OrderWork {
            error: Some("refused".into()),
            ..OrderWork::new("7".into(), "A-7", WorkKind::AddTag, at(10))
        };
        let row = OutboxRow::new(Shipment::new("s", "7", at(20), "UPS", "1Z"), at(20));
        let old = Timeline::completed(
            "7".into(),
            Vec::new(),
            Some(&record),
            std::slice::from_ref(&failed),
            std::slice::from_ref(&row),
        );
        assert_eq!((times(&old), old.has_gaps), (vec![10, 10, 20], true));
        assert_eq!(old.number.as_deref(), Some("A-7"));

        let recorded = vec![OrderEvent::of_enqueued(&row)];
        let half = Timeline::completed("7".into(), recorded, Some(&record), &[], std::slice::from_ref(&row));
        assert_eq!((times(&half), half.has_gaps), (vec![10, 20], true));

        let recorded = vec![of_record(&record), OrderEvent::of_enqueued(&row)];
        let whole = Timeline::completed("7".into(), recorded.clone(), Some(&record), &[], &[row]);
        assert_eq!((whole.events, whole.has_gaps), (recorded, false));
        let nothing = Timeline::completed("7".into(), Vec::new(), None, &[], &[]);
        assert_eq!(nothing.to_string(), "order 7\n  nothing is known of it\n");
    }

    #[test]
    fn the_newest_are_kept_and_the_others_counted() {
        let record = ImportRecord::new("7".into(), "A-7", at(10), "run".into());
        let events = vec![of_record(&record); 5];
        let newest = Timeline::new("7".into(), events).newest(2);
        assert_eq!((newest.events.len(), newest.left_out), (2, 3));
        assert!(newest.to_string().contains("3 earlier events left out"), "{newest}");
        let json = serde_json::to_string(&newest).unwrap();
        assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), newest);
    }
}
