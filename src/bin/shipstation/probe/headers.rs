//! What the headers of all answers show: the rate limit, and the time.

use shipstation_connector::client::{Clock, SystemClock};

use super::{Probe, sheet::Verdict};

const ASKED: &str = "the headers of all of these";
/// A clock may be wrong by so many seconds without anything to be said of it.
const SKEW: i64 = 2;

impl Probe {
    pub(super) fn rate(&mut self) {
        let seen = self.tap.seen();
        let with = seen.iter().filter(|seen| seen.headers.contains_key("x-rate-limit-limit")).count();
        let sound =
            seen.iter().filter(|seen| seen.rate.limit.is_some() && seen.rate.remaining.is_some()).count();
        self.sheet.quirks.missing_rate_headers = with == 0;
        self.sheet.quirks.absurd_rate_headers = with > 0 && sound == 0;
        let said = format!("{with} of {} answers have rate headers, {sound} of them sound", seen.len());
        self.say("answers say how many requests are left", ASKED, sound == seen.len(), said);

        let first = seen.iter().find_map(|seen| seen.rate.limit.zip(seen.rate.remaining));
        let (verdict, said) = match first {
            Some((limit, left)) if matches!(limit.checked_sub(left), Some(0 | 1)) => {
                (Verdict::AsAssumed, format!("the first one says {left} of {limit}"))
            }
            Some((limit, left)) => {
                (Verdict::NotShown, format!("the first one says {left} of {limit}: others used the key"))
            }
            None => (Verdict::NotShown, "no answer says it".to_owned()),
        };
        self.sheet.quirks.remaining_lags = first.is_some_and(|(limit, left)| left == limit);
        self.say(
            "what is left is counted before or after the request: both are expected",
            ASKED,
            verdict,
            said,
        );

        let offs = seen.iter().filter_map(|seen| {
            let to_the_minute = 60 - seen.rate.date?.unix_seconds().rem_euclid(60);
            Some((to_the_minute - i64::try_from(seen.rate.reset?.as_secs()).ok()?).abs())
        });
        let (verdict, said) = match offs.max() {
            Some(off) => {
                let said = "s from the next minute of ShipStation's clock at most";
                ((off <= 1).into(), format!("the reset is {off} {said}"))
            }
            None => (Verdict::NotShown, "no answer says when".to_owned()),
        };
        self.say("the limit is one of clock minutes", ASKED, verdict, said);
    }

    pub(super) fn date(&mut self) {
        const ASSUMPTION: &str = "every answer says what time it is";
        let seen = self.tap.seen();
        let with: Vec<i64> = seen.iter().filter_map(|seen| Some(seen.rate.date?.unix_seconds())).collect();
        self.sheet.quirks.blank_date = with.is_empty();
        let Some(last) = with.last() else {
            return self.say(ASSUMPTION, ASKED, Verdict::Otherwise, "no answer has a Date");
        };
        let skew = last - SystemClock.now().unix_seconds();
        if skew.abs() > SKEW {
            self.sheet.quirks.clock_skew = skew;
            let off = skew.abs();
            let why = format!("this machine's clock and ShipStation's differ by {off} s: set this machine's");
            self.sheet.advice.push(why);
        }
        let said = format!("{} of {} do; it is {skew} s from this machine's clock", with.len(), seen.len());
        self.say(ASSUMPTION, ASKED, with.len() == seen.len(), said);
    }
}
