//! How values are written down in columns, whatever the database. No table is named here.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, HostOrderId, OrderFingerprint, RunId, ShipmentState,
        store::{
            ActionRow, HeldOrder, ImportRecord, NewOrder, OrderEvent, OrderEventKind, OrderWork, OutboxRow,
            SaveOutcome, StoreError,
        },
    },
    stores::failure::Failure,
};

const NANOS: i64 = 1_000_000_000;

/// Whole nanoseconds since the epoch, held between the years 1677 and 2262.
pub(super) fn nanos(instant: Timestamp) -> i64 {
    let seconds = instant.unix_seconds();
    let exact =
        seconds.checked_mul(NANOS).and_then(|nanos| nanos.checked_add(i64::from(instant.subsec_nanos())));
    exact.unwrap_or(if seconds < 0 { i64::MIN } else { i64::MAX })
}

/// The instant that was written as `nanos`.
pub(super) fn instant(nanos: i64) -> Timestamp {
    let fraction = u64::try_from(nanos.rem_euclid(NANOS)).unwrap_or(0);
    Timestamp::from_unix_seconds(nanos.div_euclid(NANOS)) + Duration::from_nanos(fraction)
}

/// A count or a version. SQLite has no unsigned integers; none of ours comes near the edge.
pub(super) fn integer(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

pub(super) fn unsigned<N: TryFrom<i64> + Default>(number: i64) -> N {
    N::try_from(number).unwrap_or_default()
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::permanent("a value cannot be written as JSON"))
}

/// The value that was written as JSON. The error names the table's column and never what stands in it.
pub(super) fn parse<T: DeserializeOwned>(column: &'static str, json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        StoreError::permanent(format!("{column} holds a value that this version cannot read ({place})"))
    })
}

/// From when a row in this state is due; `None` while it is not due by itself. With [`overdue_from`] the same answer as
/// [`ShipmentState::is_due`], as a column.
pub(super) fn due_from(state: &ShipmentState) -> Option<i64> {
    let always = Timestamp::from_unix_seconds(i64::MIN);
    match state {
        ShipmentState::RetryWait { until, .. } => Some(nanos(*until)),
        state => state.is_due(always).then(|| nanos(always)),
    }
}

/// When a row was settled; `None` while it is open.
pub(super) fn settled(row: &OutboxRow) -> Option<i64> {
    row.state.is_closed().then(|| nanos(row.updated_at))
}

/// When an action was closed; `None` while it is open.
pub(super) fn closed(row: &ActionRow) -> Option<i64> {
    row.state.is_closed().then(|| nanos(row.updated_at))
}

/// A row that is due only later than this waits for a time that a wrong clock has set: it is due now.
pub(super) fn overdue_from(now: Timestamp) -> i64 {
    nanos(now + ShipmentState::MAX_RETRY_WAIT)
}

/// A new order as the tables take it.
pub(super) struct OrderRow {
    pub(super) order: ChannelOrderId,
    pub(super) imported_at: Timestamp,
    pub(super) held_json: Option<String>,
    pub(super) rules_version: u64,
    pub(super) shipping_json: String,
    /// `None` where the host keeps the order itself.
    pub(super) order_json: Option<String>,
    pub(super) record_json: String,
    pub(super) fingerprint: Option<OrderFingerprint>,
    pub(super) inside: Vec<ChannelOrderId>,
    pub(super) follow_ups: Vec<OrderWork>,
    /// That it is imported.
    event: OrderEvent,
    /// For the host's own tables.
    pub(super) for_host: Option<NewOrder>,
}

/// A row, or what becomes of an order that cannot be written down.
pub(super) type Written = Result<OrderRow, SaveOutcome>;

impl OrderRow {
    /// An order is written down before the database is asked, since no order has to be copied to get there then.
    pub(super) fn write_down(new: &NewOrder, run: &RunId, host_keeps_it: bool) -> Written {
        Self::of(new, run, host_keeps_it).map_err(|error| Failure::from(error).into())
    }

    /// Its import record once the host has given it a name.
    pub(super) fn record_of(&self, host_order: &HostOrderId) -> Result<String, StoreError> {
        let mut record: ImportRecord = parse("the import record", &self.record_json)?;
        record.host_order = Some(host_order.clone());
        json(&record)
    }

    /// That it is imported, under the name that the host has given it.
    pub(super) fn event_of(&self, name: Option<&HostOrderId>) -> OrderEvent {
        let mut event = self.event.clone();
        if let OrderEventKind::Imported { host_order, .. } = &mut event.what {
            *host_order = name.cloned();
        }
        event
    }

    fn of(new: &NewOrder, run: &RunId, host_keeps_it: bool) -> Result<Self, StoreError> {
        let order = &new.order;
        Ok(Self {
            order: order.id.clone(),
            imported_at: new.imported_at,
            held_json: if new.holds.is_empty() { None } else { Some(json(&HeldOrder::of(new))?) },
            rules_version: new.rules_version,
            shipping_json: json(&new.shipping)?,
            order_json: if host_keeps_it { None } else { Some(json(order)?) },
            record_json: json(&new.record(run, None))?,
            fingerprint: new.fingerprint.clone(),
            inside: order.lineage.merged.clone(),
            follow_ups: OrderWork::follow_ups_of(new),
            event: OrderEvent::of_import(new, None, run),
            for_host: host_keeps_it.then(|| new.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{BlockReason, RetryClass};

    #[test]
    fn instants_keep_every_nanosecond() {
        for text in
            ["1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00Z", "2026-03-08T10:00:00.123456789Z"]
        {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(instant(nanos(at)), at, "{text}");
        }
    }

    #[test]
    fn far_instants_are_held_at_the_edge_and_keep_their_side() {
        let past = Timestamp::from_unix_seconds(i64::MIN);
        let future = Timestamp::from_unix_seconds(i64::MAX);
        assert_eq!((nanos(past), nanos(future)), (i64::MIN, i64::MAX));
        assert!(instant(i64::MIN) < Timestamp::UNIX_EPOCH && instant(i64::MAX) > Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn an_unreadable_value_is_not_repeated_in_the_error() {
        let error =
            parse::<Vec<u8>>("shipstation_outbox.state_json", r#"{"email":"a@example.com"}"#).unwrap_err();
        assert!(!format!("{error:?}").contains("example.com"));
        assert!(error.to_string().contains("shipstation_outbox.state_json"));
    }

    #[test]
    fn the_column_says_what_the_state_machine_says() {
        let at = Timestamp::from_unix_seconds(1_000);
        let states = [
            ShipmentState::Pending,
            ShipmentState::Waiting { missing: Vec::new() },
            ShipmentState::Blocked { reason: BlockReason::NoTracking },
            ShipmentState::Blocked { reason: BlockReason::OrderNotShippable { status: "on_hold".into() } },
            ShipmentState::RetryWait { until: at, class: RetryClass::Unreachable, server_since: None },
            ShipmentState::Sending { attempt: 1, since: at, server_since: None },
            ShipmentState::Unknown {
                since: at,
                checks: 0,
                last_check: None,
                order_missing: false,
                server_since: None,
                server_last_check: None,
            },
            ShipmentState::Sent { at },
            ShipmentState::Cancelled,
        ];
        for state in states {
            for second in [-100_000, 0, 999, 1_000, 1_001] {
                let now = Timestamp::from_unix_seconds(second);
                let column =
                    due_from(&state).is_some_and(|from| from <= nanos(now) || from > overdue_from(now));
                assert_eq!(column, state.is_due(now), "{} at {now}", state.name());
            }
        }
    }
}
