//! Looks at an order that was marked, and at its fulfillments: what they show, and how late.

use std::{fmt, time::Duration};

use super::{Probe, mark::Mark, target::Target};

/// The first look is at once; each pause is twice the one before it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// So many looks at most wait for the order; what is left waits for fulfillments.
const LOOKS_AT_THE_ORDER: u32 = 6;
/// What must be left after these looks: the second mark, and two looks at fulfillments.
pub(super) const LEFT_FOR_THE_REST: usize = 3;

/// When looks began to show something, counted from the answer to the first mark.
#[derive(Default)]
pub(super) struct Looks {
    made: u32,
    pub(super) last_without: Option<Duration>,
    pub(super) first_with: Option<Duration>,
}

impl Looks {
    /// One more look; one that was not answered, or not whole, shows neither.
    fn add(&mut self, at: Duration, shows: Option<bool>) {
        if self.first_with.is_some() {
            return;
        }
        self.made += 1;
        match shows {
            Some(true) => self.first_with = Some(at),
            Some(false) => self.last_without = Some(at),
            None => {}
        }
    }
}

impl fmt::Display for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        let made = self.made;
        match (self.last_without.map(seconds), self.first_with.map(seconds)) {
            (None, None) if made == 0 => f.write_str("there was no look"),
            (None, None) => f.write_str("no look was answered"),
            (None, Some(with)) if made == 1 => write!(f, "the first look showed it, {with} after the mark"),
            (None, Some(with)) => {
                write!(f, "look {made} showed it, {with} after the mark: none before it was answered")
            }
            (Some(without), Some(with)) => {
                write!(f, "look {made} showed it: not yet {without} after the mark, but {with} after it")
            }
            (Some(without), None) => {
                write!(f, "none of {made} looks showed it, the last one {without} after the mark")
            }
        }
    }
}

/// What the fulfillments of the order came to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// None showed, or the looks ended too early to say how many there are.
    Unsettled(usize),
    One,
    Several,
}

impl Probe {
    /// Looks until the order shows as shipped.
    pub(super) async fn look_at_the_order(&self, target: &Target, mark: &Mark) -> Looks {
        let (mut looks, mut pause) = (Looks::default(), FIRST_PAUSE);
        let most = mark.end.looks().min(LOOKS_AT_THE_ORDER);
        while looks.made < most && self.tap.left() > LEFT_FOR_THE_REST {
            if looks.made > 0 {
                self.client.clock().sleep(longer(&mut pause)).await;
            }
            let (seen, _) = self.tap.listen(self.client.orders().get(target.order)).await;
            let body = seen.map(|seen| seen.body).filter(|body| body["orderId"] == target.order.get());
            let shows = body.map(|body| body["orderStatus"] == "shipped");
            looks.add(self.monotonic().saturating_sub(mark.at), shows);
            if shows == Some(true) {
                break;
            }
        }
        looks
    }

    /// Looks until the fulfillments of the order show what the marks did. One row says that the second mark made none only when
    /// a second one had as long to show as the first one took, twice, and no less than `settle`.
    pub(super) async fn look_at_fulfillments(
        &self,
        target: &Target,
        tracking: &str,
        (first, second): (&Mark, Option<&Mark>),
        settle: Duration,
    ) -> (Looks, Rows) {
        let (mut looks, mut pause, mut most, mut due) = (Looks::default(), FIRST_PAUSE, 0, None::<Duration>);
        for look in 0..first.end.looks() {
            if self.tap.left() == 0 {
                break;
            }
            if look > 0 {
                let left = due.map(|due| due.saturating_sub(self.monotonic())).filter(|left| !left.is_zero());
                self.client.clock().sleep(left.unwrap_or_else(|| longer(&mut pause))).await;
            }
            let asked_at = self.monotonic();
            let (rows, is_whole) = self.fulfillments(target, tracking).await;
            let shows = (rows > 0 || is_whole).then_some(rows > 0);
            looks.add(self.monotonic().saturating_sub(first.at), shows);
            most = rows.max(most);
            due = looks.first_with.zip(second).map(|(took, second)| second.at + settle.max(took * 2));
            match (most, second) {
                (1.., None) => break,
                (2.., Some(_)) => return (looks, Rows::Several),
                (1, _) if is_whole && due.is_some_and(|due| asked_at >= due) => return (looks, Rows::One),
                _ => {}
            }
        }
        (looks, Rows::Unsettled(most))
    }

    /// How many fulfillments of the order have this tracking number, and whether all of its rows were read.
    async fn fulfillments(&self, target: &Target, tracking: &str) -> (usize, bool) {
        let list = self.client.fulfillments().list().order_id(target.order).page_size(500);
        let (seen, answer) = self.tap.listen(list.send()).await;
        let Some(seen) = seen.filter(|seen| seen.status == 200) else { return (0, false) };
        let of_the_order = seen.rows().iter().filter(|row| row["orderId"] == target.order.get());
        let is_ours = |row: &&serde_json::Value| {
            let number = row["trackingNumber"].as_str().unwrap_or_default().trim();
            number.eq_ignore_ascii_case(tracking) && row["voided"] != true
        };
        let total = seen.body["total"].as_u64();
        let is_whole = answer.is_ok() && total == Some(of_the_order.clone().count() as u64);
        (of_the_order.filter(is_ours).count(), is_whole)
    }

    pub(super) fn monotonic(&self) -> Duration {
        self.client.clock().monotonic().unwrap_or_default()
    }
}

/// The pause; the next one is twice as long.
fn longer(pause: &mut Duration) -> Duration {
    let this = *pause;
    *pause = (this * 2).min(LONGEST_PAUSE);
    this
}
