//! The one thing that only a change shows: what a second `markasshipped` does. No mark is sent twice, and after one whose outcome
//! is not known nothing is written any more.

use std::{fmt, time::Duration};

use serde_json::Value;
use shipstation_connector::{
    client::{Outcome, PacificDate},
    testing::simulator::RepeatMarkAsShipped,
};

use super::{questions::Asker, sheet::Verdict, target::Target};

/// What the marks are about, in this order.
pub(super) const ASSUMPTIONS: [&str; 4] = [MARKED, SHOWN, LISTED, REPEATED];
const MARKED: &str = "a mark is answered with its order";
const SHOWN: &str = "an order that was marked reads as shipped at once";
const LISTED: &str = "a mark shows among the fulfillments, at once or later: both are expected";
const REPEATED: &str =
    "a second mark makes a second fulfillment, is refused, or does nothing: all are expected";

/// A carrier code that every account takes.
const CARRIER: &str = "other";
/// The first look is at once; each pause is twice the one before it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// So many looks at most wait for the order; what is left waits for fulfillments.
const LOOKS_AT_THE_ORDER: u32 = 6;
/// What must be left after these looks: the second mark, and two looks at fulfillments.
const LEFT_FOR_THE_REST: usize = 3;

/// A mark that was to be sent.
struct Mark {
    end: MarkEnd,
    /// When it ended, on the monotonic clock.
    at: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum MarkEnd {
    Done,
    /// Refused with this status.
    Refused(u16),
    /// An exception of ShipStation's own with the status 500: most likely it was refused.
    Exception,
    NotSent,
    /// No answer, or none of ShipStation's: only looks can show whether it took effect.
    Unknown,
}

impl MarkEnd {
    /// How many looks may follow it: what was refused needs one, and what never left none.
    fn looks(self) -> u32 {
        match self {
            Self::NotSent => 0,
            Self::Refused(_) => 1,
            _ => u32::MAX,
        }
    }
}

impl fmt::Display for MarkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("it was answered as usual"),
            Self::Refused(status) => write!(f, "it was refused with status {status}"),
            Self::Exception => f.write_str("it was answered with an exception, status 500"),
            Self::NotSent => {
                f.write_str("it was not carried out: the connection or the rate limit refused it")
            }
            Self::Unknown => {
                f.write_str("it had no answer of ShipStation's: whether it took effect is unknown")
            }
        }
    }
}

/// When looks began to show something, counted from the answer to the first mark.
#[derive(Default)]
struct Looks {
    made: u32,
    last_without: Option<Duration>,
    first_with: Option<Duration>,
}

impl Looks {
    fn add(&mut self, at: Duration, shows: bool) {
        if self.first_with.is_none() {
            self.made += 1;
            *(if shows { &mut self.first_with } else { &mut self.last_without }) = Some(at);
        }
    }
}

impl fmt::Display for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: &Duration| format!("{:.1} s", time.as_secs_f64());
        match (&self.last_without, &self.first_with) {
            (None, None) => f.write_str("there was no look"),
            (None, Some(with)) => write!(f, "the first look showed it, {} after the mark", seconds(with)),
            (Some(without), Some(with)) => {
                let [from, to] = [without, with].map(seconds);
                write!(f, "look {} showed it: not yet {from} after the mark, but {to} after it", self.made)
            }
            (Some(without), None) => {
                write!(
                    f,
                    "none of {} looks showed it, the last one {} after the mark",
                    self.made,
                    seconds(without)
                )
            }
        }
    }
}

/// What the fulfillments of the order came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// None showed, or the looks ended too early to say how many there are.
    Unsettled(usize),
    One,
    Several,
}

impl Asker<'_> {
    /// Marks the order twice, if that may be, and says what it did. No failure ends the probe here: what was learned is kept.
    pub(super) async fn mark_twice(&mut self, target: &Target, settle: Duration) {
        let (seen, _) = self.tap.listen(self.client.orders().get(target.order)).await;
        let fits = seen.map_or(Err("it could not be read again"), |seen| target.fits(&seen.body));
        if let Err(why) = fits {
            return self.say_unasked(&ASSUMPTIONS, &format!("nothing was written: {why}"));
        }
        let now = self.client.clock().now();
        let (tracking, day) = (format!("PROBE{}", now.unix_seconds()), PacificDate::of(now));
        let first = self.mark(target, &tracking, day).await;
        let was_done = first.end == MarkEnd::Done;
        let verdict = match first.end {
            MarkEnd::Done => Verdict::AsAssumed,
            MarkEnd::Refused(_) | MarkEnd::Exception => Verdict::Otherwise,
            MarkEnd::NotSent | MarkEnd::Unknown => Verdict::NotShown,
        };
        self.say(MARKED, "POST orders/markasshipped", verdict, first.end.to_string());

        let shown = self.look_at_the_order(target, &first).await;
        let is_shipped = shown.first_with.is_some();
        let verdict = match (was_done, is_shipped && shown.last_without.is_none()) {
            (false, _) => Verdict::NotShown,
            (true, true) => Verdict::AsAssumed,
            (true, false) => Verdict::Otherwise,
        };
        self.say(SHOWN, "GET the order", verdict, shown.to_string());

        let second =
            if was_done && is_shipped { Some(self.mark(target, &tracking, day).await) } else { None };
        let marks = (&first, second.as_ref());
        let (listed, rows) = self.look_at_fulfillments(target, &tracking, marks, settle).await;
        if listed.last_without.is_some() {
            self.quirks.fulfillment_delay = listed.first_with.unwrap_or_default();
        }
        let verdict = if listed.first_with.is_some() { Verdict::AsAssumed } else { Verdict::NotShown };
        self.say(LISTED, "GET fulfillments of the order", verdict, listed.to_string());
        self.judge_repetition(second.map(|second| second.end), rows);
        let is_seen = was_done || is_shipped || listed.first_with.is_some();
        if !is_seen && matches!(first.end, MarkEnd::Unknown | MarkEnd::Exception) {
            let why = "look at the order in ShipStation: whether it was marked is not known";
            self.advice.push(why.to_owned());
        }
    }

    /// One mark that tells nobody. It leaves once or not at all.
    async fn mark(&self, target: &Target, tracking: &str, day: PacificDate) -> Mark {
        let Ok(permit) = self.client.permit().await else {
            return Mark { end: MarkEnd::NotSent, at: self.monotonic() };
        };
        // Its turn has come: if it is turned away all the same, nobody waits to send it again.
        let soon = self.client.clock().now() + Duration::from_secs(1);
        let client = self.client.with_permit(permit).send_before(soon);
        let call = client.orders().mark_as_shipped(target.order, CARRIER);
        let call = call.tracking_number(tracking).ship_date(day);
        let call = call.notify_customer(false).notify_sales_channel(false);
        self.tap.allow_write();
        let (seen, answer) = self.tap.listen(call.send()).await;
        let is_ours = seen.as_ref().is_some_and(|seen| seen.body.is_object());
        let end = match answer {
            Ok(marked) if marked.order_id == target.order => MarkEnd::Done,
            Ok(_) => MarkEnd::Unknown,
            Err(error) => match (error.outcome(), error.status().or(seen.map(|seen| seen.status))) {
                (Outcome::NotSent, _) => MarkEnd::NotSent,
                (Outcome::Answered, Some(status)) => MarkEnd::Refused(status),
                (_, Some(500)) if is_ours => MarkEnd::Exception,
                _ => MarkEnd::Unknown,
            },
        };
        Mark { end, at: self.monotonic() }
    }

    /// Looks until the order shows as shipped.
    async fn look_at_the_order(&self, target: &Target, mark: &Mark) -> Looks {
        let (mut looks, mut pause) = (Looks::default(), FIRST_PAUSE);
        let most = mark.end.looks().min(LOOKS_AT_THE_ORDER);
        while looks.made < most && self.tap.left() > LEFT_FOR_THE_REST {
            if looks.made > 0 {
                self.client.clock().sleep(longer(&mut pause)).await;
            }
            let (seen, _) = self.tap.listen(self.client.orders().get(target.order)).await;
            let is_shipped =
                |body: &Value| body["orderId"] == target.order.get() && body["orderStatus"] == "shipped";
            let shows = seen.is_some_and(|seen| seen.status == 200 && is_shipped(&seen.body));
            looks.add(self.monotonic().saturating_sub(mark.at), shows);
            if shows {
                break;
            }
        }
        looks
    }

    /// Looks until the fulfillments of the order show what the marks did. One row says that the second mark made none only when
    /// a second one had as long to show as the first one took, twice, and no less than `settle`.
    async fn look_at_fulfillments(
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
            looks.add(self.monotonic().saturating_sub(first.at), rows > 0);
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
        let is_ours = |row: &&Value| {
            let number = row["trackingNumber"].as_str().unwrap_or_default().trim();
            number.eq_ignore_ascii_case(tracking) && row["voided"] != true
        };
        let total = seen.body["total"].as_u64();
        let is_whole = answer.is_ok() && total == Some(of_the_order.clone().count() as u64);
        (of_the_order.filter(is_ours).count(), is_whole)
    }

    fn judge_repetition(&mut self, second: Option<MarkEnd>, rows: Rows) {
        use RepeatMarkAsShipped as Repeat;
        const ASKED: &str = "POST orders/markasshipped once more, GET fulfillments";
        let Some(end) = second else {
            return self.say(
                REPEATED,
                ASKED,
                Verdict::NotShown,
                "there was no second mark: the first one did not show as done",
            );
        };
        let (found, verdict, what) = match (end, rows) {
            (MarkEnd::NotSent, _) => (None, Verdict::NotShown, "nothing is settled"),
            (MarkEnd::Done, Rows::Several) => {
                (Some(Repeat::SecondFulfillment), Verdict::AsAssumed, "there is a second fulfillment")
            }
            (_, Rows::Several) => (
                Some(Repeat::SecondFulfillment),
                Verdict::Otherwise,
                "there is a second fulfillment all the same",
            ),
            (MarkEnd::Done, Rows::One) => {
                (Some(Repeat::Ok), Verdict::AsAssumed, "there is still one fulfillment")
            }
            (MarkEnd::Exception, Rows::One) => {
                (Some(Repeat::Error500), Verdict::AsAssumed, "there is still one fulfillment")
            }
            (MarkEnd::Refused(_), Rows::One) => (
                None,
                Verdict::AsAssumed,
                "there is still one fulfillment; the simulator has no setting that refuses so",
            ),
            (MarkEnd::Unknown, Rows::One) => (
                None,
                Verdict::NotShown,
                "one fulfillment shows, and nothing says whether there was a second mark",
            ),
            (_, Rows::Unsettled(0)) => (None, Verdict::NotShown, "no fulfillment showed: nothing is settled"),
            (_, Rows::Unsettled(_)) => (
                None,
                Verdict::NotShown,
                "one fulfillment showed, and a second one may yet: nothing is settled",
            ),
        };
        if let Some(found) = found {
            self.quirks.repeat_mark_as_shipped = found;
        }
        self.say(REPEATED, ASKED, verdict, format!("{end}; {what}"));
    }

    fn monotonic(&self) -> Duration {
        self.client.clock().monotonic().unwrap_or_default()
    }
}

/// The pause; the next one is twice as long.
fn longer(pause: &mut Duration) -> Duration {
    let this = *pause;
    *pause = (this * 2).min(LONGEST_PAUSE);
    this
}
