//! The stretch of time whose orders a run reads. Pure arithmetic.

use std::time::Duration;

use crate::{
    Timestamp,
    channel::{AgeBasis, OrderRange, report::ImportWindow},
    client::{ListOrders, Order, OrderSort, PacificTime},
    connector::{settings::OrderSettings, translate},
    time::{DAY, HOUR},
};

/// A gap between good runs that is no outage, if no run has failed in it.
const TOLERATED_PAUSE: Duration = DAY;
/// Bounds sent to ShipStation are wider by this on both sides: the repeated hour of autumn, and the unknown
/// inclusiveness of the bounds. The exact cut is made here, row by row.
const FILTER_MARGIN: Duration = HOUR;

/// Since when no run reads orders.
#[derive(Debug, Clone, Default)]
pub(super) struct ImportGap {
    /// When the last good run began. As long as there was none: the first run of all, so that what was eligible then does
    /// not become too old while runs keep stopping early.
    pub(super) since: Option<Timestamp>,
    /// Since when changes of imported orders may have gone unseen, as long as there was no good run: orders may come by hand, by a
    /// delivery or by a back-fill before.
    pub(super) unwatched_since: Option<Timestamp>,
    /// Whether a run has failed or stopped early since then: however short the time was, something may have been missed.
    pub(super) interrupted: bool,
    /// What an operator should know.
    pub(super) warning: Option<String>,
}

/// The window of one run.
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub(super) from: Option<Timestamp>,
    pub(super) to: Timestamp,
    pub(super) extended_by: Duration,
    pub(super) basis: AgeBasis,
    pub(super) floor: Option<Timestamp>,
    /// Where the age limit alone begins, without the floor.
    pub(super) age_from: Option<Timestamp>,
    /// Whether it is a stretch of time that somebody asked for: it has an end, too, and nothing in it is too old.
    pub(super) is_range: bool,
    pub(super) limit_days: Option<u32>,
    /// Since when changes of imported orders are looked for, if they are.
    pub(super) changes_since: Option<Timestamp>,
    /// Whether orders have not been watched for as long as a window can catch up: nothing is waited for any longer.
    pub(super) past_catch_up: bool,
    /// Whether ShipStation's clock has been compared with the one that it was computed with.
    pub(super) clock_checked: bool,
    pub(super) warnings: Vec<String>,
}

impl Window {
    /// The window of a run that begins at `now`.
    pub(super) fn of(settings: &OrderSettings, now: Timestamp, import_gap: &ImportGap) -> Self {
        let most = DAY * settings.catch_up_days;
        let mut window = Self {
            from: None,
            to: now,
            extended_by: Duration::ZERO,
            basis: settings.age_basis,
            floor: settings.not_before,
            age_from: None,
            is_range: false,
            limit_days: settings.created_within_days,
            changes_since: import_gap
                .since
                .into_iter()
                .chain(import_gap.unwatched_since)
                .min()
                .map(|since| since - FILTER_MARGIN),
            past_catch_up: import_gap.since.is_some_and(|since| now.since(since) >= most),
            clock_checked: false,
            warnings: import_gap.warning.iter().cloned().collect(),
        };
        if let Some(days) = settings.created_within_days {
            let pause = import_gap.since.map(|since| now.since(since)).unwrap_or_default();
            let gap = if pause > TOLERATED_PAUSE || import_gap.interrupted { pause } else { Duration::ZERO };
            window.extended_by = gap.min(most);
            window.age_from = Some(now - DAY * days - window.extended_by);
            let late = missed(now, DAY * days, gap, window.extended_by).or_else(|| rare(DAY * days, pause));
            window.warnings.extend(late);
        }
        window.from = window.age_from.max(settings.not_before);
        window
    }

    /// A stretch of time that somebody asked for.
    pub(super) fn of_range(settings: &OrderSettings, range: OrderRange) -> Self {
        Self {
            from: Some(range.from),
            basis: range.basis,
            is_range: true,
            // Its ends are the host's, whatever the host's clock shows.
            clock_checked: true,
            ..Self::of(
                &OrderSettings { created_within_days: None, ..settings.clone() },
                range.to,
                &ImportGap::default(),
            )
        }
    }

    /// The instant that decides, for one order.
    pub(super) fn date<'o>(&self, order: &'o Order) -> Option<&'o PacificTime> {
        match self.basis {
            AgeBasis::Created => order.create_date.as_ref(),
            AgeBasis::Ordered => {
                order.order_date.as_ref().filter(|date| translate::said(Some(date)).is_some())
            }
            AgeBasis::Paid => {
                order.payment_date.as_ref().filter(|date| translate::said(Some(date)).is_some())
            }
            AgeBasis::Modified => order.modify_date.as_ref(),
        }
    }

    /// Asks ShipStation for the window only, a little wider.
    pub(super) fn filter(&self, list: ListOrders) -> ListOrders {
        let to = self.to + FILTER_MARGIN;
        let list = match (self.from.map(|from| from - FILTER_MARGIN), self.basis) {
            (Some(from), AgeBasis::Created) => list.created_since(from),
            (Some(from), AgeBasis::Ordered) => list.ordered_since(from),
            (Some(from), AgeBasis::Paid) => list.paid_since(from),
            (Some(from), AgeBasis::Modified) => list.modified_since(from),
            (None, _) => list,
        };
        match self.basis {
            AgeBasis::Created => list.created_before(to).sort_by(OrderSort::CreateDate),
            AgeBasis::Ordered if self.is_range => list.ordered_before(to).sort_by(OrderSort::OrderDate),
            // ShipStation sorts by no date of payment: by another one, so that the list can be read by that one.
            AgeBasis::Paid if self.is_range => list.paid_before(to).sort_by(OrderSort::CreateDate),
            // An order may be placed or paid "in the future" by a store that writes another zone.
            AgeBasis::Ordered => list.sort_by(OrderSort::OrderDate),
            AgeBasis::Paid => list.sort_by(OrderSort::CreateDate),
            AgeBasis::Modified => list.modified_before(to).sort_by(OrderSort::ModifyDate),
        }
    }

    /// Asks ShipStation for what is older than the window; `None` when nothing is too old.
    pub(super) fn before(&self, list: ListOrders) -> Option<ListOrders> {
        let from = self.from?;
        Some(match self.basis {
            AgeBasis::Created => list.created_before(from),
            AgeBasis::Ordered => list.ordered_before(from),
            AgeBasis::Paid => list.paid_before(from),
            AgeBasis::Modified => list.modified_before(from),
        })
    }

    pub(super) fn report(&self) -> ImportWindow {
        ImportWindow::new(self.from, self.to, self.extended_by, self.basis.name())
    }
}

/// What an outage longer than the limit may have cost.
fn missed(now: Timestamp, age: Duration, gap: Duration, extended_by: Duration) -> Option<String> {
    if gap <= extended_by {
        return None;
    }
    let (from, to) = (now - age - gap, now - age - extended_by);
    Some(format!(
        "the last good run was {} days ago, more than catch-up covers: orders created from {from} to {to} may have been missed",
        gap.as_secs() / DAY.as_secs()
    ))
}

/// A warning when good runs are so far apart that an order may be eligible between two of them only.
fn rare(age: Duration, pause: Duration) -> Option<String> {
    (pause > age / 2).then(|| {
        format!(
            "the last good run was {} h ago, more than half of the {} days that are read: run imports more often",
            pause.as_secs() / 3600,
            age.as_secs() / DAY.as_secs()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Day `day` of the worked example, at noon.
    fn noon(day: u32) -> Timestamp {
        Timestamp::from_unix_seconds(1_700_000_000) + DAY * day + DAY / 2
    }

    fn after(last: Option<Timestamp>) -> ImportGap {
        ImportGap { since: last, ..ImportGap::default() }
    }

    fn window(last: Option<u32>, not_before: Option<u32>) -> Window {
        let not_before = not_before.map(|day| noon(day) - DAY / 2);
        let settings = OrderSettings { not_before, ..OrderSettings::default() };
        Window::of(&settings, noon(100), &after(last.map(noon)))
    }

    #[test]
    fn the_worked_example_of_the_specification_holds() {
        assert_eq!(window(Some(99), None).from, Some(noon(93)));
        let outage = window(Some(90), None);
        assert_eq!((outage.from, outage.extended_by), (Some(noon(83)), DAY * 10));
        let warning = &outage.warnings[0];
        assert!(warning.contains("240 h"), "{warning}");
        assert!(window(Some(99), None).warnings.is_empty());
        for last in [99, 90] {
            assert_eq!(window(Some(last), Some(95)).from, Some(noon(95) - DAY / 2));
        }
        let long = window(Some(40), None);
        assert_eq!((long.from, long.extended_by), (Some(noon(63)), DAY * 30));
        let warning = &long.warnings[0];
        assert!(
            warning.contains(&noon(33).to_string()) && warning.contains(&noon(63).to_string()),
            "{warning}"
        );
    }

    #[test]
    fn a_first_run_and_switched_off_catch_up_give_the_literal_rule() {
        assert_eq!(window(None, None).from, Some(noon(93)));
        let settings = OrderSettings { catch_up_days: 0, ..OrderSettings::default() };
        let window = Window::of(&settings, noon(100), &after(Some(noon(50))));
        assert_eq!((window.from, window.extended_by), (Some(noon(93)), Duration::ZERO));
        assert!(!window.warnings.is_empty(), "what may be missed is said");
    }

    #[test]
    fn a_short_gap_counts_if_a_run_has_failed_in_it() {
        let since = Some(noon(100) - DAY / 2);
        for (interrupted, extended_by) in [(false, Duration::ZERO), (true, DAY / 2)] {
            let import_gap = ImportGap { since, interrupted, ..ImportGap::default() };
            let window = Window::of(&OrderSettings::default(), noon(100), &import_gap);
            assert_eq!(window.extended_by, extended_by);
        }
    }

    #[test]
    fn unlimited_age_reaches_back_to_the_floor_only() {
        let mut settings = OrderSettings { created_within_days: None, ..OrderSettings::default() };
        assert_eq!(Window::of(&settings, noon(100), &after(None)).from, None);
        settings.not_before = Some(noon(2));
        assert_eq!(Window::of(&settings, noon(100), &after(None)).from, Some(noon(2)));
    }
}
