//! What the headers of all answers show: the rate limit, and the time.

use shipstation_connector::client::{Clock, SystemClock};

use super::{
    questions::{Asker, seconds},
    sheet::Verdict,
    tap::Seen,
};

/// A clock may be wrong by so many seconds without anything to be said of it.
const SKEW: i64 = 2;

impl Asker<'_> {
    pub(super) fn rate(&mut self) {
        const LIMIT: &str = "x-rate-limit-limit";
        let seen = self.tap.seen();
        let header = |seen: &Seen, name: &str| seen.headers.contains_key(name);
        let with = seen.iter().filter(|seen| header(seen, LIMIT)).count();
        let sound =
            seen.iter().filter(|seen| seen.rate.limit.is_some() && seen.rate.remaining.is_some()).count();
        let asked = "the headers of all of these";
        self.quirks.missing_rate_headers = with == 0;
        self.quirks.absurd_rate_headers = with > 0 && sound == 0;
        let said = format!("{with} of {} answers have rate headers, {sound} of them sound", seen.len());
        self.judge("answers say how many requests are left", asked, sound == seen.len(), said);

        let first = seen.iter().find_map(|seen| seen.rate.limit.zip(seen.rate.remaining));
        let (is_lagging, said) = match first {
            Some((limit, left)) if left == limit => {
                (Some(true), format!("the first one says {left} of {limit}"))
            }
            Some((limit, left)) if left + 1 == limit => {
                (Some(false), format!("the first one says {left} of {limit}"))
            }
            Some((limit, left)) => {
                (None, format!("the first one says {left} of {limit}: others used the key"))
            }
            None => (None, "no answer says it".to_owned()),
        };
        self.quirks.remaining_lags = is_lagging == Some(true);
        let verdict = if is_lagging.is_some() { Verdict::AsAssumed } else { Verdict::NotShown };
        self.say(
            "what is left is counted before or after the request: both are expected",
            asked,
            verdict,
            said,
        );

        let resets: Vec<i64> = seen
            .iter()
            .filter_map(|seen| {
                let to_the_minute = 60 - seconds(seen.rate.date?).rem_euclid(60);
                Some(to_the_minute - i64::try_from(seen.rate.reset?.as_secs()).ok()?)
            })
            .collect();
        let off = resets.iter().map(|off| off.abs()).max();
        match off {
            Some(off) => self.judge(
                "the limit is one of clock minutes",
                asked,
                off <= 1,
                format!("the reset is {off} s from the next minute of ShipStation's clock at most"),
            ),
            None => {
                self.say(
                    "the limit is one of clock minutes",
                    asked,
                    Verdict::NotShown,
                    "no answer says when",
                );
            }
        }
    }

    pub(super) fn date(&mut self) {
        const ASSUMPTION: &str = "every answer says what time it is";
        let seen = self.tap.seen();
        let now = seconds(SystemClock.now());
        let with: Vec<i64> = seen.iter().filter_map(|seen| Some(seconds(seen.rate.date?))).collect();
        self.quirks.blank_date = with.is_empty();
        let Some(last) = with.last() else {
            self.say(ASSUMPTION, "the headers of all of these", Verdict::Otherwise, "no answer has a Date");
            return;
        };
        let skew = last - now;
        if skew.abs() > SKEW {
            self.quirks.clock_skew = skew;
            self.advice.push(format!(
                "this machine's clock and ShipStation's differ by {} s: set this machine's",
                skew.abs()
            ));
        }
        let said = format!("{} of {} do; it is {skew} s from this machine's clock", with.len(), seen.len());
        self.judge(ASSUMPTION, "the headers of all of these", with.len() == seen.len(), said);
    }
}
