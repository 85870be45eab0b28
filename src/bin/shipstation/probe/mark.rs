//! The one thing that only a change shows: what a second `markasshipped` does. No mark is sent twice, and after one whose outcome
//! is not known nothing is written any more.

use std::{fmt, time::Duration};

use shipstation_connector::{
    client::{Outcome, PacificDate},
    testing::simulator::RepeatMarkAsShipped,
};

use super::{
    Probe,
    looks::{LEFT_FOR_THE_REST, Rows},
    questions::NO_REQUEST,
    sheet::Verdict,
    target::Target,
};

/// What the marks are about, in this order.
pub(super) const ASSUMPTIONS: [&str; 4] = [MARKED, SHOWN, LISTED, REPEATED];
const MARKED: &str = "a mark is answered with its order";
const SHOWN: &str = "an order that was marked reads as shipped at once";
const LISTED: &str = "a mark shows among the fulfillments, at once or later: both are expected";
const REPEATED: &str =
    "a second mark makes a second fulfillment, is refused, or does nothing: all are expected";

/// A carrier code that every account takes.
const CARRIER: &str = "other";

/// A mark that was to be sent.
pub(super) struct Mark {
    pub(super) end: MarkEnd,
    /// When it ended, on the monotonic clock.
    pub(super) at: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkEnd {
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
    pub(super) fn looks(self) -> u32 {
        match self {
            Self::NotSent => 0,
            Self::Refused(_) => 1,
            _ => u32::MAX,
        }
    }
}

impl fmt::Display for MarkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "it was answered as usual",
            Self::Refused(status) => return write!(f, "it was refused with status {status}"),
            Self::Exception => "it was answered with an exception, status 500",
            Self::NotSent => "it was not carried out: the connection or the rate limit refused it",
            Self::Unknown => "it had no answer of ShipStation's: whether it took effect is unknown",
        })
    }
}

impl Probe {
    /// Marks the order twice, if that may be, and says what it did. No failure ends the probe here: what was learned is kept.
    pub(super) async fn mark_twice(&mut self, target: &Target, settle: Duration) {
        let (seen, _) = self.tap.listen(self.client.orders().get(target.order)).await;
        let fits = seen.map_or(Err("it could not be read again"), |seen| target.fits(&seen.body));
        if let Err(why) = fits {
            return self.say_unasked(&ASSUMPTIONS, &format!("nothing was written: {why}"));
        }
        // The mark, and a look at the order at least. Requests that were turned away for the rate limit may have taken their place.
        if self.tap.left() < LEFT_FOR_THE_REST + 2 {
            return self.say_unasked(&ASSUMPTIONS, NO_REQUEST);
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
            self.sheet.quirks.fulfillment_delay = listed.first_with.unwrap_or_default();
        }
        let verdict = if listed.first_with.is_some() { Verdict::AsAssumed } else { Verdict::NotShown };
        self.say(LISTED, "GET fulfillments of the order", verdict, listed.to_string());
        match second {
            Some(second) => self.judge_repetition(second.end, rows),
            None if was_done => {
                self.say_unasked(&[REPEATED], "the order did not show as shipped: it was not marked again");
            }
            None => self
                .say_unasked(&[REPEATED], "the first mark was not answered as usual: there was no other one"),
        }
        let is_seen = was_done || is_shipped || listed.first_with.is_some();
        if !is_seen && matches!(first.end, MarkEnd::Unknown | MarkEnd::Exception) {
            let why = "look at the order in ShipStation: whether it was marked is not known";
            self.sheet.advice.push(why.to_owned());
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
        self.tap.state().may_write = true;
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

    fn judge_repetition(&mut self, end: MarkEnd, rows: Rows) {
        use RepeatMarkAsShipped as Repeat;
        const ASKED: &str = "POST orders/markasshipped once more, GET fulfillments";
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
            self.sheet.quirks.repeat_mark_as_shipped = found;
        }
        self.say(REPEATED, ASKED, verdict, format!("{end}; {what}"));
    }
}
