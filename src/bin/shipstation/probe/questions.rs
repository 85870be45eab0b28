//! What is asked, and what the answers show.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use shipstation_connector::client::{DriftKind, OrderSort, PacificTime};

use super::{
    Probe, not_shipstation,
    sheet::{Evidence, Verdict},
    tap::Seen,
};
use crate::exit::Failure;

/// Why nothing was asked.
pub(crate) const NO_REQUEST: &str = "no request was left for it";
/// The largest page that is documented.
const LARGEST_PAGE: u64 = 500;
const SECOND: Duration = Duration::from_secs(1);

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

impl Probe {
    pub(super) fn say(
        &mut self,
        assumption: &'static str,
        asked: &str,
        verdict: impl Into<Verdict>,
        seen: impl Into<String>,
    ) {
        let (asked, verdict, seen) = (asked.to_owned(), verdict.into(), seen.into());
        self.sheet.evidence.push(Evidence { assumption, asked, verdict, seen });
    }

    /// The answer to one request.
    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Seen, Failure> {
        let call = query.iter().fold(self.client.get(path), |call, (name, value)| call.query(*name, value));
        let (seen, _) = self.tap.read(call.send::<Value>()).await?;
        if seen.body.is_null() { Err(not_shipstation()) } else { Ok(seen) }
    }

    /// Asks as much as requests are left for, and says what there was none for.
    pub(super) async fn ask_everything(&mut self) -> Result<(), Failure> {
        match self.questions().await {
            // A request that was turned away for the rate limit has taken the place of another.
            Err(_) if self.tap.state().is_over => {}
            answered => answered?,
        }
        self.say_unasked(&ASSUMPTIONS, NO_REQUEST);
        Ok(())
    }

    /// Says of each of these that nothing was asked, and why, unless something was.
    pub(super) fn say_unasked(&mut self, assumptions: &[&'static str], why: &str) {
        for assumption in assumptions {
            if self.sheet.evidence.iter().all(|evidence| evidence.assumption != *assumption) {
                self.say(assumption, "nothing", Verdict::NotShown, why);
            }
        }
    }

    async fn questions(&mut self) -> Result<(), Failure> {
        if self.tap.left() > 0 {
            let large = self.large_page().await?;
            self.order_of_the_list(&large);
            self.modified_after_creation(&large);
            self.drift();
        }
        if self.tap.left() > 0 {
            let orders = self.first_page("orders").await?;
            // What shows that bounds do not belong to a range is another range.
            if self.tap.left() > 1 {
                self.bounds(&orders).await?;
            }
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
            self.get("stores", &[]).await?;
        }
        Ok(())
    }

    /// How a list says how long it is.
    async fn first_page(&mut self, path: &'static str) -> Result<Seen, Failure> {
        let seen = self.get(path, &[("pageSize", "2")]).await?;
        let asked = format!("GET {path}, 2 a page");
        match (seen.body["total"].as_u64(), seen.body["pages"].as_u64()) {
            (Some(0), _) => self.say(TOTALS, &asked, Verdict::NotShown, "the list is empty"),
            (Some(total), Some(pages)) => {
                let is_zero = pages == 0;
                self.sheet.quirks.pages_zero |= is_zero;
                let said =
                    if is_zero { "pages is 0 beside a total" } else { "pages is the total by the page" };
                self.say(TOTALS, &asked, pages == total.div_ceil(2), said);
            }
            _ => self.say(TOTALS, &asked, Verdict::Otherwise, "total or pages is missing"),
        }
        Ok(seen)
    }

    async fn large_page(&mut self) -> Result<Seen, Failure> {
        // Through the typed models, so that what they do not know is counted.
        let list = self.client.orders().list().sort_by(OrderSort::ModifyDate).page_size(500);
        let (seen, _) = self.tap.read(list.send()).await?;
        if !seen.body["orders"].is_array() {
            return Err(not_shipstation());
        }
        let rows = seen.rows();
        let nulls = rows.iter().filter(|row| row.is_null()).count();
        self.sheet.quirks.null_rows = nulls > 0;
        let asked = "GET orders, 500 a page, by modification date";
        self.say(NO_NULLS, asked, nulls == 0, format!("{nulls} of {} rows are null", rows.len()));
        let total = seen.body["total"].as_u64().unwrap_or_default();
        let (orders, wanted) = ((rows.len() - nulls) as u64, total.min(LARGEST_PAGE));
        if total < LARGEST_PAGE {
            self.say(FULL_PAGES, asked, Verdict::NotShown, "there are fewer");
        } else {
            self.say(FULL_PAGES, asked, orders >= wanted, format!("{orders} rows of more"));
            if orders < wanted {
                self.sheet.advice.push(format!("set settings.orders.page_size to {orders}"));
            }
        }
        Ok(seen)
    }

    fn order_of_the_list(&mut self, large: &Seen) {
        let dates: Vec<_> = large.rows().iter().filter_map(|row| date(row, "modifyDate")).collect();
        let asked = "GET orders, by modification date";
        if dates.len() < 2 {
            self.say(SORTED, asked, Verdict::NotShown, "fewer than two orders");
            return;
        }
        let falls = dates.windows(2).filter(|two| two[1].latest() < two[0].earliest()).count();
        let said = format!("{falls} of {} orders stand before an older one", dates.len());
        self.say(SORTED, asked, falls == 0, said);
    }

    fn modified_after_creation(&mut self, large: &Seen) {
        let seconds = |row, member| Some(date(row, member)?.instant().unix_seconds());
        let wait = |row| Some(seconds(row, "modifyDate")? - seconds(row, "createDate")?);
        let waits: Vec<i64> = large.rows().iter().filter_map(wait).collect();
        let echoes = waits.iter().filter(|wait| (15..=25).contains(*wait)).count();
        let said =
            format!("{echoes} of {} orders were last modified 15 to 25 s after their creation", waits.len());
        let is_habit = echoes > 0 && echoes * 2 > waits.len();
        self.sheet.quirks.modify_after_creation = is_habit;
        let verdict = if waits.is_empty() { Verdict::NotShown } else { Verdict::AsAssumed };
        self.say(MODIFIED_LATER, "the same page", verdict, said);
    }

    /// Whether `createDateStart` and `createDateEnd` belong to the range, and in which zone they are.
    async fn bounds(&mut self, orders: &Seen) -> Result<(), Failure> {
        let first = orders.rows().iter().find(|row| !row.is_null());
        let made = first.and_then(|row| Some((row["orderId"].as_i64()?, row["createDate"].as_str()?)));
        let Some((id, text)) = made else {
            self.say(BOUNDS, "nothing", Verdict::NotShown, "there is no order");
            return Ok(());
        };
        let has_it = async |from: &str, to: &str| -> Result<bool, Failure> {
            let range = [("createDateStart", from), ("createDateEnd", to), ("pageSize", "100")];
            let seen = self.get("orders", &range).await?;
            Ok(seen.rows().iter().any(|row| row["orderId"].as_i64() == Some(id)))
        };
        let asked = "GET orders, created from the date of an order to the same date";
        if has_it(text, text).await? {
            self.say(BOUNDS, asked, Verdict::AsAssumed, "the order is there");
            return Ok(());
        }
        let Ok(date) = text.parse::<PacificTime>() else {
            self.say(BOUNDS, asked, Verdict::NotShown, "its date cannot be read");
            return Ok(());
        };
        let around = [date.instant() - SECOND, date.instant() + SECOND];
        let [from, to] = around.map(|at| PacificTime::of(at).to_string());
        let is_exclusive = has_it(&from, &to).await?;
        self.sheet.quirks.bounds_exclusive = is_exclusive;
        let said = if is_exclusive {
            "the order is there only if the range is a second wider on both sides: the bounds do not belong to it"
        } else {
            "the order is not there, even if the range is a second wider on both sides: another zone?"
        };
        if !is_exclusive {
            self.sheet
                .advice
                .push("report this sheet: ranges of dates do not mean what is assumed".to_owned());
        }
        self.say(BOUNDS, asked, Verdict::Otherwise, said);
        Ok(())
    }

    /// What is answered about an order that no account has.
    async fn unknown_order(&mut self) -> Result<(), Failure> {
        let (seen, _) = self.tap.answer(self.client.get("orders/1").send::<Value>()).await?;
        let said = format!("status {}, {} bytes", seen.status, seen.bytes);
        let asked = "GET orders/1";
        match seen.status {
            404 => {
                self.sheet.quirks.not_found_empty_body = seen.bytes == 0;
                self.say(NOT_FOUND, asked, Verdict::AsAssumed, said);
            }
            200 if seen.body.is_null() => return Err(not_shipstation()),
            200 => self.say(NOT_FOUND, asked, Verdict::NotShown, "there is an order with the id 1"),
            _ => self.say(NOT_FOUND, asked, Verdict::Otherwise, said),
        }
        Ok(())
    }

    async fn webhooks(&mut self) -> Result<(), Failure> {
        let seen = self.get("webhooks", &[]).await?;
        let (verdict, said) = match seen.body["webhooks"].as_array().map(Vec::len) {
            Some(number) => {
                let said = "subscriptions; which hosts deliveries come from, only a delivery shows";
                (Verdict::NotShown, format!("{number} {said}"))
            }
            None => (Verdict::Otherwise, format!("status {}, and no list", seen.status)),
        };
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
        self.sheet.quirks.drift = !drift.is_empty();
        let said = match shown.len() {
            0 => "everything was known".to_owned(),
            _ => shown.into_iter().take(20).collect::<Vec<_>>().join(", "),
        };
        self.say(NO_DRIFT, "the page of 500", drift.is_empty(), said);
    }

    pub(super) fn finish(&mut self) {
        self.rate();
        self.date();
        let seen = self.tap.seen();
        self.sheet.rate_limit = seen.iter().rev().find_map(|seen| seen.rate.limit);
        if let Some(limit) = self.sheet.rate_limit.filter(|limit| *limit != self.requests_per_minute) {
            self.sheet.advice.push(format!("set client.requests_per_minute to {limit}"));
        }
        let made = self.tap.state();
        (self.sheet.requests, self.sheet.writes) = (made.requests, made.writes);
    }
}

fn date(row: &Value, member: &str) -> Option<PacificTime> {
    row[member].as_str()?.parse().ok()
}
