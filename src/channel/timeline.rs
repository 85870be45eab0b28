//! The story of an order: what happened to it, step by step.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    ActionState, ChannelOrderId, ShipmentState,
    record::record,
    report::FollowUpStatus,
    shipping::DisplayText,
    store::{ActionRow, ImportRecord, OrderEvent, OrderEventKind, OrderWork, OutboxRow, WorkKind, WorkState},
    wording::count_of,
};
use crate::Timestamp;

record! {
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
    pub struct Timeline {
        /// The order.
        pub order: ChannelOrderId,
        /// Its number, where it is known.
        pub number: Option<String> = None,
        /// What happened to it, the oldest first. Nothing of a buyer.
        pub events: Vec<OrderEvent>,
        /// How many earlier events are left out.
        pub left_out: u64 = 0,
        /// Whether some events are made from what the stores still know, because none were kept when they happened, not for so long, or not
        /// as [many](OrderEvent::MAX_BEFORE_REPETITIONS).
        /// Steps between them are missing then, and the time of a follow-up is the one since when it is open.
        pub has_gaps: bool = false,
    }
    /// These events of an order.
    pub fn new(order: ChannelOrderId, events: Vec<OrderEvent>);
}

impl Timeline {
    /// These events of an order, and what its records say that no event does. The records were read before the events.
    pub fn completed(
        order: ChannelOrderId,
        recorded: Vec<OrderEvent>,
        record: Option<&ImportRecord>,
        work: &[OrderWork],
        rows: &[OutboxRow],
        actions: &[ActionRow],
    ) -> Self {
        let number = record.map(|record| &record.number).or_else(|| work.first().map(|entry| &entry.number));
        let is_imported = recorded.iter().any(|event| matches!(event.what, OrderEventKind::Imported { .. }));
        let mut missing: Vec<_> = record.filter(|_| !is_imported).map(of_record).into_iter().collect();
        missing.extend(work.iter().filter_map(|entry| of_entry(entry, &recorded)));
        missing.extend(rows.iter().flat_map(|row| of_row(row, &recorded)));
        missing.extend(actions.iter().flat_map(|row| of_action(row, &recorded)));
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

/// An entry that was tried, unless an event says so.
fn of_entry(entry: &OrderWork, recorded: &[OrderEvent]) -> Option<OrderEvent> {
    use OrderEventKind as K;
    let (work, attempts, error) = (entry.kind, entry.attempts, entry.error.clone()?);
    let at = entry.failed_at.unwrap_or(entry.first_seen);
    let what = match work {
        WorkKind::Import if entry.is_dismissed() => K::Dismissed,
        WorkKind::Import => K::ImportFailed { error, attempts },
        _ => {
            let status =
                if entry.state == WorkState::Open { FollowUpStatus::Pending } else { FollowUpStatus::Failed };
            K::FollowUp { work, status, attempts, error: Some(error) }
        }
    };
    // An attempt counts before its outcome is known, which is the event.
    let ended = attempts.saturating_sub(u32::from(entry.outcome_unknown));
    let is_told = recorded.iter().any(|event| match (&event.what, &what) {
        (K::Dismissed, K::Dismissed) => true,
        // An earlier failure that was closed counted for itself.
        (K::ImportFailed { attempts: told, .. }, K::ImportFailed { .. }) => {
            *told >= attempts && event.at >= at
        }
        (K::FollowUp { work: told, attempts, .. }, K::FollowUp { .. }) => *told == work && *attempts >= ended,
        _ => false,
    });
    let is_same =
        |event: &&OrderEvent| matches!(&event.what, K::FollowUp { work: told, .. } if *told == work);
    let at = recorded.iter().rfind(is_same).map_or(at, |last| last.at.max(at));
    (!is_told).then(|| OrderEvent::new(entry.order.clone(), at, None, what))
}

/// That a shipment was enqueued, and how far it is.
fn of_row(row: &OutboxRow, recorded: &[OrderEvent]) -> Vec<OrderEvent> {
    let id = row.id();
    let states = recorded.iter().filter_map(|event| match &event.what {
        OrderEventKind::ShipmentEnqueued { shipment } if *shipment == id => {
            Some((event.at, &ShipmentState::Pending))
        }
        OrderEventKind::Shipment { shipment, state, .. } if *shipment == id => Some((event.at, state)),
        _ => None,
    });
    let mut without_texts = row.state.clone();
    without_texts.remove_texts();
    let (added, known) = (OrderEvent::of_enqueued(row), OrderEvent::of_row(row, None));
    untold(&states.collect::<Vec<_>>(), [&row.state, &without_texts], &ShipmentState::Pending, added, known)
}

/// That an action was asked for, and how far it is.
fn of_action(row: &ActionRow, recorded: &[OrderEvent]) -> Vec<OrderEvent> {
    let id = &row.action.id;
    let states = recorded.iter().filter_map(|event| match &event.what {
        OrderEventKind::ActionAdded { action, .. } if action == id => Some((event.at, &ActionState::Pending)),
        OrderEventKind::Action { action, state, .. } if action == id => Some((event.at, state)),
        _ => None,
    });
    let mut without_texts = row.state.clone();
    without_texts.remove_texts();
    let (added, known) = (OrderEvent::of_added_action(row), OrderEvent::of_action_row(row, None));
    untold(&states.collect::<Vec<_>>(), [&row.state, &without_texts], &ActionState::Pending, added, known)
}

/// What no event says of something whose recorded `states` these are: that it was added, if none speaks of it; and where it stands,
/// unless they lead there. They were read after the record, so that the last ones may be newer than it. Where it stands is told
/// as it is and without texts, which its events may have lost.
fn untold<S: PartialEq>(
    states: &[(Timestamp, &S)],
    present: [&S; 2],
    first: &S,
    added: OrderEvent,
    mut known: OrderEvent,
) -> Vec<OrderEvent> {
    let is_present = |state: &S| present.contains(&state);
    let (last, is_unheard_of) = (states.last().copied(), states.is_empty());
    let leads_there = last.is_some_and(|(_, state)| is_present(state))
        || states.iter().any(|(at, state)| *at >= known.at && is_present(state));
    known.at = last.map_or(known.at, |(at, _)| at.max(known.at));
    let is_told = leads_there || (is_unheard_of && is_present(first));
    is_unheard_of.then_some(added).into_iter().chain((!is_told).then_some(known)).collect()
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
    use crate::channel::{
        ActionKind, BlockReason, OrderAction, Shipment,
        store::{ActionTransition, ShipmentTransition},
    };

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
            &[],
        );
        assert_eq!((times(&old), old.has_gaps), (vec![10, 10, 20], true));
        assert_eq!(old.number.as_deref(), Some("A-7"));

        let recorded = vec![OrderEvent::of_enqueued(&row)];
        let half =
            Timeline::completed("7".into(), recorded, Some(&record), &[], std::slice::from_ref(&row), &[]);
        assert_eq!((times(&half), half.has_gaps), (vec![10, 20], true));

        let recorded = vec![of_record(&record), OrderEvent::of_enqueued(&row)];
        let whole = Timeline::completed("7".into(), recorded.clone(), Some(&record), &[], &[row], &[]);
        assert_eq!((whole.events, whole.has_gaps), (recorded, false));
        let nothing = Timeline::completed("7".into(), Vec::new(), None, &[], &[], &[]);
        assert_eq!(nothing.to_string(), "order 7\n  nothing is known of it\n");
    }

    /// A story with these records beside it: the times of its events, and whether it has gaps.
    fn told(
        recorded: &[OrderEvent],
        work: &[OrderWork],
        rows: &[OutboxRow],
        actions: &[ActionRow],
    ) -> (Vec<i64>, bool) {
        let timeline = Timeline::completed("7".into(), recorded.to_vec(), None, work, rows, actions);
        (times(&timeline), timeline.has_gaps)
    }

    #[test]
    fn a_shipment_that_stands_elsewhere_than_its_events_lead_is_a_gap() {
        let new = OutboxRow::new(Shipment::new("s", "7", at(20), "UPS", "1Z"), at(20));
        let mut story = vec![OrderEvent::of_enqueued(&new)];
        let mut row = new.clone();
        let mut take = |state: ShipmentState, second, is_kept: bool| {
            let before = row.clone();
            row.step(ShipmentTransition::new(row.id(), state, at(second)).because("1Z")).unwrap();
            story.extend(OrderEvent::of_step(&before, &row, None).filter(|_| is_kept));
            (story.clone(), row.clone())
        };
        let blocked = || ShipmentState::Blocked { reason: BlockReason::Refused { message: "1Z".into() } };
        let (story, blocked_row) = take(blocked(), 30, true);
        assert_eq!(told(&story, &[], std::slice::from_ref(&blocked_row), &[]), (vec![20, 30], false));
        let (story, repeated) = take(blocked(), 40, true);
        assert_eq!(told(&story, &[], &[repeated], &[]), (vec![20, 30], false), "the same state, later");
        let masked: Vec<_> = story.iter().cloned().map(OrderEvent::without_buyer).collect();
        assert_eq!(told(&masked, &[], std::slice::from_ref(&blocked_row), &[]), (vec![20, 30], false));
        let (story, pending) = take(ShipmentState::Pending, 50, false);
        assert_eq!(told(&story, &[], &[pending], &[]), (vec![20, 30, 50], true));
        let (story, again) = take(blocked(), 60, false);
        assert_eq!(
            told(&story, &[], &[again], &[]),
            (vec![20, 30], false),
            "they lead there, if not step by step"
        );
        let (story, sending) =
            take(ShipmentState::Sending { attempt: 1, since: at(10), server_since: None }, 10, false);
        assert_eq!(told(&story, &[], &[sending], &[]), (vec![20, 30, 30], true), "a clock that was set back");
        let (story, _) = take(ShipmentState::Sent { at: at(70) }, 70, true);
        assert_eq!(
            told(&story, &[], &[blocked_row], &[]),
            (vec![20, 30, 70], false),
            "a row that was read before"
        );
    }

    #[test]
    fn attempts_that_no_event_counts_are_a_gap_and_one_under_way_is_none() {
        let entry = |kind, attempts| OrderWork {
            error: Some("refused".into()),
            attempts,
            ..OrderWork::new("7".into(), "A-7", kind, at(10))
        };
        let event = |second, what| OrderEvent::new("7".into(), at(second), None, what);
        let (work, status) = (WorkKind::AddTag, FollowUpStatus::Pending);
        let tag = [event(20, OrderEventKind::FollowUp { work, status, attempts: 2, error: None })];
        assert_eq!(told(&tag, &[entry(work, 2)], &[], &[]), (vec![20], false));
        assert_eq!(told(&tag, &[entry(work, 3)], &[], &[]), (vec![20, 20], true));
        let under_way = OrderWork { outcome_unknown: true, ..entry(work, 3) };
        assert_eq!(told(&tag, &[under_way], &[], &[]), (vec![20], false));

        let failed =
            |second, attempts| event(second, OrderEventKind::ImportFailed { error: "no".into(), attempts });
        let import =
            |second, attempts| OrderWork { failed_at: Some(at(second)), ..entry(WorkKind::Import, attempts) };
        assert_eq!(told(&[failed(20, 1)], &[import(20, 1)], &[], &[]), (vec![20], false));
        assert_eq!(told(&[failed(20, 1)], &[import(30, 2)], &[], &[]), (vec![20, 30], true));
        let closed = [failed(20, 9), event(25, OrderEventKind::ImportClosed)];
        assert_eq!(told(&closed, &[import(30, 1)], &[], &[]), (vec![20, 25, 30], true));
        let dismissed = OrderWork { state: WorkState::Dismissed, ..import(20, 1) };
        let story = [failed(20, 1), event(25, OrderEventKind::Dismissed)];
        assert_eq!(told(&story, &[dismissed], &[], &[]), (vec![20, 25], false));
    }

    #[test]
    fn actions_are_told_by_their_events_or_by_their_rows() {
        let mut row = ActionRow::new(1, OrderAction::new("a", "7", ActionKind::Release), at(5));
        let mut story = vec![OrderEvent::of_added_action(&row)];
        assert_eq!(told(&story, &[], &[], std::slice::from_ref(&row)), (vec![5], false));
        let before = row.clone();
        row.step(ActionTransition::new("a".into(), ActionState::Done { already_there: true }, at(9)))
            .unwrap();
        assert_eq!(told(&story, &[], &[], std::slice::from_ref(&row)), (vec![5, 9], true));
        assert_eq!(told(&[], &[], &[], std::slice::from_ref(&row)), (vec![5, 9], true));
        story.extend(OrderEvent::of_action(&before, &row, Some(&"run".into())));
        assert_eq!(told(&story, &[], &[], &[row]), (vec![5, 9], false));
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
