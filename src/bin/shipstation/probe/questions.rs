//! What is asked, and what the answers show.

use std::collections::BTreeSet;

use serde_json::Value;
use shipstation_connector::{
    ShipStation, Timestamp,
    client::{ClientSettings, DriftKind, OrderSort, PacificTime},
    testing::simulator::Quirks,
};

use super::{
    not_shipstation, refused,
    sheet::{Evidence, Sheet, Verdict},
    tap::{Seen, Tap},
};
use crate::exit::Failure;

/// Why nothing was asked.
pub(super) const NO_REQUEST: &str = "no request was left for it";
/// The largest page that is documented.
const LARGEST_PAGE: u64 = 500;

/// What the questions are about, in this order.
const ASSUMPTIONS: [&str; 9] =
    [NO_NULLS, FULL_PAGES, SORTED, MODIFIED_LATER, NO_DRIFT, TOTALS, BOUNDS, NOT_FOUND, DELIVERIES];
const NO_DRIFT: &str = "orders have no member or value that is not known";
const TOTALS: &str = "pages and totals agree";
const NO_NULLS: &str = "every row is an order";
const FULL_PAGES: &str = "a page holds 500 rows";
const SORTED: &str = "a list keeps the order that is asked for";
const MODIFIED_LATER: &str = "orders are modified once more after their creation, or not: both are expected";
const BOUNDS: &str = "the bounds of a range belong to it, in Pacific time";
const NOT_FOUND: &str = "an order that does not exist is 404";
const DELIVERIES: &str = "deliveries name an address of ShipStation's";

/// An order that no account has.
const UNKNOWN_ORDER: &str = "orders/1";

/// Asks, and keeps what was learned.
pub(super) struct Asker<'p> {
    pub(super) client: &'p ShipStation,
    pub(super) tap: &'p Tap,
    evidence: Vec<Evidence>,
    pub(super) quirks: Quirks,
    pub(super) advice: Vec<String>,
}

impl<'p> Asker<'p> {
    pub(super) fn new(client: &'p ShipStation, tap: &'p Tap) -> Self {
        Self { client, tap, evidence: Vec::new(), quirks: Quirks::default(), advice: Vec::new() }
    }

    pub(super) fn say(
        &mut self,
        assumption: &'static str,
        asked: &str,
        verdict: Verdict,
        seen: impl Into<String>,
    ) {
        self.evidence.push(Evidence { assumption, asked: asked.to_owned(), verdict, seen: seen.into() });
    }

    /// `AsAssumed` if it is so.
    pub(super) fn judge(
        &mut self,
        assumption: &'static str,
        asked: &str,
        is_so: bool,
        seen: impl Into<String>,
    ) {
        let verdict = if is_so { Verdict::AsAssumed } else { Verdict::Otherwise };
        self.say(assumption, asked, verdict, seen);
    }

    /// The answer to one request, whatever it is; an error of the network ends the probe.
    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Seen, Failure> {
        let call = query.iter().fold(self.client.get(path), |call, (name, value)| call.query(*name, value));
        match self.tap.listen(call.send::<Value>()).await {
            (Some(seen), _) if seen.status != 200 && path != UNKNOWN_ORDER => Err(refused(seen.status)),
            (Some(seen), _) if seen.status == 200 && seen.body.is_null() => Err(not_shipstation()),
            (Some(seen), _) => Ok(seen),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(_)) => Err(refused(0)),
        }
    }

    /// Asks as much as requests are left for, and says what there was none for.
    pub(super) async fn ask_everything(&mut self) -> Result<(), Failure> {
        match self.questions().await {
            // A request that was turned away for the rate limit has taken the place of another.
            Err(_) if self.tap.is_over() => {}
            answered => answered?,
        }
        self.say_unasked(&ASSUMPTIONS, NO_REQUEST);
        Ok(())
    }

    /// Says of each of these that nothing was asked, and why, unless something was.
    pub(super) fn say_unasked(&mut self, assumptions: &[&'static str], why: &str) {
        for assumption in assumptions {
            if self.evidence.iter().all(|evidence| evidence.assumption != *assumption) {
                self.say(assumption, "nothing", Verdict::NotShown, why);
            }
        }
    }

    async fn questions(&mut self) -> Result<(), Failure> {
        let mut first = None;
        if self.tap.left() > 0 {
            let large = self.large_page().await?;
            self.order_of_the_list(&large);
            self.modified_after_creation(&large);
            self.drift();
        }
        if self.tap.left() > 0 {
            first = Some(self.first_page("orders").await?);
        }
        // What shows that bounds do not belong to a range is another range.
        if let Some(orders) = first.filter(|_| self.tap.left() > 1) {
            self.bounds(&orders).await?;
        }
        if self.tap.left() > 0 {
            self.unknown_order().await?;
        }
        for path in ["fulfillments", "shipments"] {
            if self.tap.left() > 0 {
                self.first_page(path).await?;
            }
        }
        if self.tap.left() > 0 {
            self.webhooks().await?;
        }
        // The answer is only for the fixtures, and there may be one already.
        if self.tap.left() > 0 && self.tap.seen().iter().all(|seen| seen.path != "stores") {
            self.ask("stores", &[]).await?;
        }
        Ok(())
    }

    /// How a list says how long it is.
    async fn first_page(&mut self, path: &'static str) -> Result<Seen, Failure> {
        let seen = self.ask(path, &[("pageSize", "2")]).await?;
        let count = |name: &str| seen.body.get(name).and_then(Value::as_u64);
        let asked = format!("GET {path}, 2 a page");
        match (count("total"), count("pages")) {
            (Some(0), _) => {
                self.say(TOTALS, &asked, Verdict::NotShown, "the list is empty");
            }
            (Some(total), Some(pages)) => {
                let is_zero = pages == 0;
                self.quirks.pages_zero |= is_zero;
                let said =
                    if is_zero { "pages is 0 beside a total" } else { "pages is the total by the page" };
                self.judge(TOTALS, &asked, pages == total.div_ceil(2), said);
            }
            _ => self.say(TOTALS, &asked, Verdict::Otherwise, "total or pages is missing"),
        }
        Ok(seen)
    }

    async fn large_page(&mut self) -> Result<Seen, Failure> {
        // Through the typed models, so that what they do not know is counted.
        let list = self.client.orders().list().sort_by(OrderSort::ModifyDate).page_size(500);
        let (seen, answer) = self.tap.listen(list.send()).await;
        let Some(seen) = seen else {
            return Err(answer.err().map_or_else(|| refused(0), Failure::from));
        };
        if seen.status != 200 {
            return Err(refused(seen.status));
        }
        if !seen.body["orders"].is_array() {
            return Err(not_shipstation());
        }
        let rows = seen.rows();
        let nulls = rows.iter().filter(|row| row.is_null()).count();
        self.quirks.null_rows = nulls > 0;
        let asked = "GET orders, 500 a page, by modification date";
        self.judge(NO_NULLS, asked, nulls == 0, format!("{nulls} of {} rows are null", rows.len()));
        let total = seen.body.get("total").and_then(Value::as_u64).unwrap_or_default();
        let (orders, wanted) = ((rows.len() - nulls) as u64, total.min(LARGEST_PAGE));
        if total < LARGEST_PAGE {
            self.say(FULL_PAGES, asked, Verdict::NotShown, "there are fewer");
        } else {
            self.judge(FULL_PAGES, asked, orders >= wanted, format!("{orders} rows of more"));
            if orders < wanted {
                self.advice.push(format!("set settings.orders.page_size to {orders}"));
            }
        }
        Ok(seen)
    }

    fn order_of_the_list(&mut self, large: &Seen) {
        let date = |row: &Value| row.get("modifyDate")?.as_str()?.parse().ok();
        let dates: Vec<PacificTime> = large.rows().iter().filter_map(date).collect();
        let asked = "GET orders, by modification date";
        if dates.len() < 2 {
            self.say(SORTED, asked, Verdict::NotShown, "fewer than two orders");
            return;
        }
        let falls = dates.windows(2).filter(|two| two[1].latest() < two[0].earliest()).count();
        let said = format!("{falls} of {} orders stand before an older one", dates.len());
        self.judge(SORTED, asked, falls == 0, said);
    }

    fn modified_after_creation(&mut self, large: &Seen) {
        let date = |row: &Value, member: &str| row.get(member)?.as_str()?.parse::<PacificTime>().ok();
        let made =
            large.rows().iter().filter_map(|row| Some((date(row, "createDate")?, date(row, "modifyDate")?)));
        let waits: Vec<i64> =
            made.map(|(made, modified)| seconds(modified.instant()) - seconds(made.instant())).collect();
        let echoes = waits.iter().filter(|wait| (15..=25).contains(*wait)).count();
        let asked = "the same page";
        let said =
            format!("{echoes} of {} orders were last modified 15 to 25 s after their creation", waits.len());
        let is_habit = echoes > 0 && echoes * 2 > waits.len();
        self.quirks.modify_after_creation = is_habit;
        let verdict = if waits.is_empty() { Verdict::NotShown } else { Verdict::AsAssumed };
        self.say(MODIFIED_LATER, asked, verdict, said);
    }

    /// Whether `createDateStart` and `createDateEnd` belong to the range, and in which zone they are.
    async fn bounds(&mut self, orders: &Seen) -> Result<(), Failure> {
        let first = orders.rows().iter().find(|row| !row.is_null());
        let made =
            first.and_then(|row| Some((row.get("orderId")?.as_i64()?, row.get("createDate")?.as_str()?)));
        let Some((id, text)) = made else {
            self.say(BOUNDS, "nothing", Verdict::NotShown, "there is no order");
            return Ok(());
        };
        let has = |seen: &Seen| {
            seen.rows().iter().any(|row| row.get("orderId").and_then(Value::as_i64) == Some(id))
        };
        let exact = self
            .ask("orders", &[("createDateStart", text), ("createDateEnd", text), ("pageSize", "100")])
            .await?;
        let asked = "GET orders, created from the date of an order to the same date";
        if has(&exact) {
            self.say(BOUNDS, asked, Verdict::AsAssumed, "the order is there");
            return Ok(());
        }
        let Some(date) = Some(text).and_then(|text| text.parse::<PacificTime>().ok()) else {
            self.say(BOUNDS, asked, Verdict::NotShown, "its date cannot be read");
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
        self.say(BOUNDS, asked, Verdict::Otherwise, said);
        Ok(())
    }

    async fn unknown_order(&mut self) -> Result<(), Failure> {
        let seen = self.ask(UNKNOWN_ORDER, &[]).await?;
        let said = format!("status {}, {} bytes", seen.status, seen.bytes);
        let asked = "GET orders/1";
        match seen.status {
            404 => {
                self.quirks.not_found_empty_body = seen.bytes == 0;
                self.say(NOT_FOUND, asked, Verdict::AsAssumed, said);
            }
            200 => self.say(NOT_FOUND, asked, Verdict::NotShown, "there is an order with the id 1"),
            _ => self.say(NOT_FOUND, asked, Verdict::Otherwise, said),
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
        self.say(DELIVERIES, "GET webhooks", verdict, said);
        Ok(())
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
        self.judge(NO_DRIFT, "the page of 500", drift.is_empty(), said);
    }

    pub(super) fn finish(mut self, configured: &ClientSettings) -> Sheet {
        self.rate();
        self.date();
        let seen = self.tap.seen();
        let rate_limit = seen.iter().rev().find_map(|seen| seen.rate.limit);
        if let Some(limit) = rate_limit.filter(|limit| *limit != configured.requests_per_minute) {
            self.advice.push(format!("set client.requests_per_minute to {limit}"));
        }
        let (requests, writes) = self.tap.requests();
        let Self { evidence, quirks, advice, .. } = self;
        Sheet { requests, writes, evidence, quirks, rate_limit, advice }
    }
}

pub(super) fn seconds(at: Timestamp) -> i64 {
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
