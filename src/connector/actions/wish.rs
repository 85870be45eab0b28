//! What an action means in ShipStation: the state that it wants, how that shows on an order, and the request that brings it about.

use std::collections::BTreeSet;

use crate::{
    Timestamp,
    channel::{ActionKind, ChannelTagId, CloseReason},
    client::{ActionResponse, Error, Order, OrderId, OrderStatus, PacificDate, ShipStation, TagId},
    time::HOUR,
};

/// The state that is wanted of an order, in ShipStation's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// On hold until this day begins on the Pacific coast.
    Held(PacificDate),
    NotHeld,
    Tagged(TagId),
    NotTagged(TagId),
}

impl Wish {
    pub(super) fn of(kind: &ActionKind) -> Result<Self, CloseReason> {
        Ok(match kind {
            ActionKind::Hold { until } => Self::Held(first_day_from(*until)),
            ActionKind::Release => Self::NotHeld,
            ActionKind::AddTag { tag } => Self::Tagged(wire_tag(tag)?),
            ActionKind::RemoveTag { tag } => Self::NotTagged(wire_tag(tag)?),
        })
    }

    /// Whether the order is as wanted.
    pub(super) fn is_seen(self, order: &Order) -> bool {
        let is_held = order.order_status == Some(OrderStatus::OnHold);
        match self {
            Self::Held(day) => is_held && order.hold_until_date == Some(day),
            // In no known state, it may be held.
            Self::NotHeld => !is_held && order.order_status.is_some(),
            Self::Tagged(tag) => order.tag_ids.contains(&tag),
            Self::NotTagged(tag) => !order.tag_ids.contains(&tag),
        }
    }

    /// Why the order cannot become so, whatever is sent.
    pub(super) fn is_impossible(self, order: &Order, now: Timestamp) -> Option<CloseReason> {
        let Self::Held(day) = self else { return None };
        match &order.order_status {
            Some(status @ (OrderStatus::Shipped | OrderStatus::Cancelled)) => {
                Some(CloseReason::NotPossible { status: status.as_str().to_owned() })
            }
            _ => (day.start() <= now).then_some(CloseReason::HoldIsOver),
        }
    }

    /// The tag that must be there for it.
    pub(super) fn needs_tag(self, there: &BTreeSet<TagId>) -> Option<CloseReason> {
        match self {
            Self::Tagged(tag) if !there.contains(&tag) => {
                Some(CloseReason::TagUnknown { tag: tag.to_string().into() })
            }
            _ => None,
        }
    }

    pub(super) async fn send(self, client: &ShipStation, order: OrderId) -> Result<ActionResponse, Error> {
        let orders = client.orders();
        match self {
            Self::Held(day) => orders.hold_until(order, day).await,
            Self::NotHeld => orders.restore_from_hold(order).await,
            Self::Tagged(tag) => orders.add_tag(order, tag).await,
            Self::NotTagged(tag) => orders.remove_tag(order, tag).await,
        }
    }
}

/// The first day on the Pacific coast that does not begin before: ShipStation releases an order at the beginning of a day.
fn first_day_from(instant: Timestamp) -> PacificDate {
    let day = PacificDate::of(instant);
    // A day has 23 to 25 hours.
    if day.start() < instant { PacificDate::of(day.start() + 36 * HOUR) } else { day }
}

fn wire_tag(tag: &ChannelTagId) -> Result<TagId, CloseReason> {
    let number = tag.as_str().parse().ok().filter(|number: &i64| number.to_string() == tag.as_str());
    number.map(TagId::new).ok_or_else(|| CloseReason::TagUnknown { tag: tag.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_ends_with_the_first_day_that_begins_at_its_end_or_later() {
        for (until, day) in [
            ("2026-06-15T07:00:00Z", "2026-06-15"),
            ("2026-06-15T07:00:00.001Z", "2026-06-16"),
            ("2026-06-15T06:59:59Z", "2026-06-15"),
            // The night in March with its 23 hours, and the one in November with its 25.
            ("2026-03-08T08:00:00Z", "2026-03-08"),
            ("2026-03-08T08:00:01Z", "2026-03-09"),
            ("2026-03-09T06:59:59Z", "2026-03-09"),
            ("2026-03-09T07:00:00Z", "2026-03-09"),
            ("2026-11-01T07:00:00Z", "2026-11-01"),
            ("2026-11-01T07:00:01Z", "2026-11-02"),
            ("2026-11-02T07:59:59Z", "2026-11-02"),
            ("2026-11-02T08:00:00Z", "2026-11-02"),
        ] {
            let until: Timestamp = until.parse().unwrap();
            let found = first_day_from(until);
            assert_eq!(found.to_string(), day, "until {until}");
            assert!(found.start() >= until);
        }
    }

    #[test]
    fn only_numbers_are_tags() {
        for text in ["", " 7", "+7", "07", "Rush"] {
            assert!(Wish::of(&ActionKind::AddTag { tag: text.into() }).is_err(), "{text:?}");
        }
        assert_eq!(Wish::of(&ActionKind::AddTag { tag: "7".into() }), Ok(Wish::Tagged(TagId::new(7))));
    }
}
