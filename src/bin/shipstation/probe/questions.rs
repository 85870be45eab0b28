//! What is asked, and what the answers show.

use std::collections::BTreeSet;

use serde_json::Value;
use shipstation_connector::{
    ShipStation, Timestamp,
    client::{ClientSettings, Clock, DriftKind, PacificTime, SystemClock},
    testing::simulator::Quirks,
};

use super::{
    refused,
    sheet::{Evidence, Sheet, Verdict},
    tap::{Seen, Tap},
};
use crate::exit::Failure;

/// The largest page that is documented.
const LARGEST_PAGE: u64 = 500;
/// A clock may be wrong by so many seconds without anything to be said of it.
const SKEW: i64 = 2;

/// An order that no account has.
const UNKNOWN_ORDER: &str = "orders/1";

/// Asks, and keeps what was learned.
pub(super) struct Asker<'p> {
    client: &'p ShipStation,
    tap: &'p Tap,
    evidence: Vec<Evidence>,
    quirks: Quirks,
    advice: Vec<String>,
}

impl<'p> Asker<'p> {
    pub(super) fn new(client: &'p ShipStation, tap: &'p Tap) -> Self {
        Self { client, tap, evidence: Vec::new(), quirks: Quirks::default(), advice: Vec::new() }
    }

    fn say(&mut self, assumption: &'static str, asked: &str, verdict: Verdict, seen: impl Into<String>) {
        self.evidence.push(Evidence { assumption, asked: asked.to_owned(), verdict, seen: seen.into() });
    }

    /// `AsAssumed` if it is so.
    fn judge(&mut self, assumption: &'static str, asked: &str, is_so: bool, seen: impl Into<String>) {
        let verdict = if is_so { Verdict::AsAssumed } else { Verdict::Otherwise };
        self.say(assumption, asked, verdict, seen);
    }

    /// The answer to one request, whatever it is; an error of the network ends the probe.
    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Seen, Failure> {
        let before = self.tap.seen().len();
        let call = query.iter().fold(self.client.get(path), |call, (name, value)| call.query(*name, value));
        let answer = call.send::<Value>().await;
        match (self.tap.seen().into_iter().skip(before).next_back(), answer) {
            (Some(seen), _) if seen.status != 200 && path != UNKNOWN_ORDER => Err(refused(seen.status)),
            (Some(seen), _) => Ok(seen),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(_)) => Err(refused(0)),
        }
    }

    pub(super) async fn ask_everything(&mut self) -> Result<(), Failure> {
        self.ask("stores", &[]).await?;
        let orders = self.first_page("orders").await?;
        let large = self.large_page().await?;
        self.order_of_the_list(&large);
        self.modified_after_creation(&large);
        self.bounds(&orders).await?;
        self.unknown_order().await?;
        for path in ["fulfillments", "shipments"] {
            self.first_page(path).await?;
        }
        self.webhooks().await?;
        self.rate();
        self.date();
        self.drift();
        Ok(())
    }

    /// How a list says how long it is.
    async fn first_page(&mut self, path: &'static str) -> Result<Seen, Failure> {
        let seen = self.ask(path, &[("pageSize", "2")]).await?;
        let count = |name: &str| seen.body.get(name).and_then(Value::as_u64);
        let asked = format!("GET {path}, 2 a page");
        match (count("total"), count("pages")) {
            (Some(0), _) => {
                self.say("pages and totals agree", &asked, Verdict::NotShown, "the list is empty");
            }
            (Some(total), Some(pages)) => {
                let is_zero = pages == 0;
                self.quirks.pages_zero |= is_zero;
                let said =
                    if is_zero { "pages is 0 beside a total" } else { "pages is the total by the page" };
                self.judge("pages and totals agree", &asked, pages == total.div_ceil(2), said);
            }
            _ => self.say("pages and totals agree", &asked, Verdict::Otherwise, "total or pages is missing"),
        }
        Ok(seen)
    }

    async fn large_page(&mut self) -> Result<Seen, Failure> {
        // Through the typed models, so that what they do not know is counted.
        let before = self.tap.seen().len();
        let list = self.client.orders().list().sort_by(shipstation_connector::client::OrderSort::ModifyDate);
        let answer = list.page_size(500).send().await;
        let Some(seen) = self.tap.seen().into_iter().skip(before).next_back() else {
            return Err(answer.err().map_or_else(|| refused(0), Failure::from));
        };
        if seen.status != 200 {
            return Err(refused(seen.status));
        }
        let rows = rows(&seen);
        let nulls = rows.iter().filter(|row| row.is_null()).count();
        self.quirks.null_rows = nulls > 0;
        let asked = "GET orders, 500 a page, by modification date";
        self.judge(
            "every row is an order",
            asked,
            nulls == 0,
            format!("{nulls} of {} rows are null", rows.len()),
        );
        let total = seen.body.get("total").and_then(Value::as_u64).unwrap_or_default();
        let (orders, wanted) = ((rows.len() - nulls) as u64, total.min(LARGEST_PAGE));
        if total < LARGEST_PAGE {
            self.say("a page holds 500 rows", asked, Verdict::NotShown, "there are fewer");
        } else {
            self.judge("a page holds 500 rows", asked, orders >= wanted, format!("{orders} rows of more"));
            if orders < wanted {
                self.advice.push(format!("set settings.orders.page_size to {orders}"));
            }
        }
        Ok(seen)
    }

    fn order_of_the_list(&mut self, large: &Seen) {
        let dates: Vec<PacificTime> = dates(large, "modifyDate").collect();
        let asked = "GET orders, by modification date";
        if dates.len() < 2 {
            self.say(
                "a list keeps the order that is asked for",
                asked,
                Verdict::NotShown,
                "fewer than two orders",
            );
            return;
        }
        let falls = dates.windows(2).filter(|two| two[1].latest() < two[0].earliest()).count();
        let said = format!("{falls} of {} orders stand before an older one", dates.len());
        self.judge("a list keeps the order that is asked for", asked, falls == 0, said);
    }

    fn modified_after_creation(&mut self, large: &Seen) {
        let date = |row: &Value, member: &str| row.get(member)?.as_str()?.parse::<PacificTime>().ok();
        let all = rows(large);
        let made = all.iter().filter_map(|row| Some((date(row, "createDate")?, date(row, "modifyDate")?)));
        let waits: Vec<i64> =
            made.map(|(made, modified)| seconds(modified.instant()) - seconds(made.instant())).collect();
        let echoes = waits.iter().filter(|wait| (15..=25).contains(*wait)).count();
        let asked = "the same page";
        let said =
            format!("{echoes} of {} orders were last modified 15 to 25 s after their creation", waits.len());
        let is_habit = echoes > 0 && echoes * 2 > waits.len();
        self.quirks.modify_after_creation = is_habit;
        let verdict = if waits.is_empty() { Verdict::NotShown } else { Verdict::AsAssumed };
        self.say(
            "orders are modified once more after their creation, or not: both are expected",
            asked,
            verdict,
            said,
        );
    }

    /// Whether `createDateStart` and `createDateEnd` belong to the range, and in which zone they are.
    async fn bounds(&mut self, orders: &Seen) -> Result<(), Failure> {
        const ASSUMPTION: &str = "the bounds of a range belong to it, in Pacific time";
        let first = rows(orders).into_iter().find(|row| !row.is_null());
        let made = first
            .as_ref()
            .and_then(|row| Some((row.get("orderId")?.as_i64()?, row.get("createDate")?.as_str()?)));
        let Some((id, text)) = made else {
            self.say(ASSUMPTION, "nothing", Verdict::NotShown, "there is no order");
            return Ok(());
        };
        let has =
            |seen: &Seen| rows(seen).iter().any(|row| row.get("orderId").and_then(Value::as_i64) == Some(id));
        let exact = self
            .ask("orders", &[("createDateStart", text), ("createDateEnd", text), ("pageSize", "100")])
            .await?;
        let asked = "GET orders, created from the date of an order to the same date";
        if has(&exact) {
            self.say(ASSUMPTION, asked, Verdict::AsAssumed, "the order is there");
            return Ok(());
        }
        let Some(date) = Some(text).and_then(|text| text.parse::<PacificTime>().ok()) else {
            self.say(ASSUMPTION, asked, Verdict::NotShown, "its date cannot be read");
            return Ok(());
        };
        let [from, to] = [-1, 1].map(|by| shifted(&date, by));
        let range = [("createDateStart", &*from), ("createDateEnd", &*to), ("pageSize", "100")];
        let is_exclusive = has(&self.ask("orders", &range).await?);
        self.quirks.bounds_exclusive = is_exclusive;
        let said = if is_exclusive {
            "the order is there only if the range is a second wider on both sides: the bounds do not belong to it"
        } else {
            "the order is not there, even if the range is a second wider on both sides: another zone?"
        };
        if !is_exclusive {
            self.advice.push("report this sheet: ranges of dates do not mean what is assumed".to_owned());
        }
        self.say(ASSUMPTION, asked, Verdict::Otherwise, said);
        Ok(())
    }

    async fn unknown_order(&mut self) -> Result<(), Failure> {
        const ASSUMPTION: &str = "an order that does not exist is 404";
        let seen = self.ask(UNKNOWN_ORDER, &[]).await?;
        let said = format!("status {}, {} bytes", seen.status, seen.bytes);
        let asked = "GET orders/1";
        match seen.status {
            404 => {
                self.quirks.not_found_empty_body = seen.bytes == 0;
                self.say(ASSUMPTION, asked, Verdict::AsAssumed, said);
            }
            200 => self.say(ASSUMPTION, asked, Verdict::NotShown, "there is an order with the id 1"),
            _ => self.say(ASSUMPTION, asked, Verdict::Otherwise, said),
        }
        Ok(())
    }

    async fn webhooks(&mut self) -> Result<(), Failure> {
        let seen = self.ask("webhooks", &[]).await?;
        let number = seen.body.get("webhooks").and_then(Value::as_array).map(Vec::len);
        let said = match number {
            Some(number) => {
                format!("{number} subscriptions; which hosts deliveries come from, only a delivery shows")
            }
            None => format!("status {}, and no list", seen.status),
        };
        let verdict = if number.is_some() { Verdict::NotShown } else { Verdict::Otherwise };
        self.say("deliveries name an address of ShipStation's", "GET webhooks", verdict, said);
        Ok(())
    }

    fn rate(&mut self) {
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

    fn date(&mut self) {
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

    fn drift(&mut self) {
        let drift = self.client.drift();
        let shown: BTreeSet<String> = drift
            .iter()
            .map(|drift| {
                let kind = match drift.kind {
                    DriftKind::Member => "member",
                    DriftKind::Value => "value",
                    _ => "unreadable",
                };
                format!("{kind} {} of {}", drift.name, drift.model)
            })
            .collect();
        self.quirks.drift = !drift.is_empty();
        let said = match shown.len() {
            0 => "everything was known".to_owned(),
            _ => shown.into_iter().take(20).collect::<Vec<_>>().join(", "),
        };
        self.judge(
            "orders have no member or value that is not known",
            "the page of 500",
            drift.is_empty(),
            said,
        );
    }

    pub(super) fn finish(mut self, configured: &ClientSettings) -> Sheet {
        let seen = self.tap.seen();
        let rate_limit = seen.iter().rev().find_map(|seen| seen.rate.limit);
        if let Some(limit) = rate_limit.filter(|limit| *limit != configured.requests_per_minute) {
            self.advice.push(format!("set client.requests_per_minute to {limit}"));
        }
        let Self { evidence, quirks, advice, .. } = self;
        Sheet { requests: seen.len(), evidence, quirks, rate_limit, advice }
    }
}

/// The rows of a list, whatever it is called.
fn rows(seen: &Seen) -> Vec<Value> {
    let list = seen.body.as_object().and_then(|body| body.values().find_map(Value::as_array));
    list.cloned().unwrap_or_default()
}

fn dates<'s>(seen: &Seen, member: &'s str) -> impl Iterator<Item = PacificTime> + use<'s> {
    rows(seen).into_iter().filter_map(move |row| row.get(member)?.as_str()?.parse().ok())
}

fn seconds(at: Timestamp) -> i64 {
    at.unix_seconds()
}

/// The same wall-clock time some seconds later, as ShipStation writes it.
fn shifted(date: &PacificTime, by: i64) -> String {
    let at = if by < 0 {
        date.instant() - std::time::Duration::from_secs(by.unsigned_abs())
    } else {
        date.instant() + std::time::Duration::from_secs(by.unsigned_abs())
    };
    PacificTime::of(at).to_string()
}
