//! Scripted faults: which requests meet them, and what they make of answers.

use std::time::Duration;

use fastrand::Rng;
use http::{HeaderMap, Method};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::reply::ConnectionEnd::{Close, Hang};
use super::{ApiRequest, JournalEntry, ListPage, ListRow, Reply, WireResponse};
use crate::setters::setters;

/// What goes wrong. "Executed" means that a write takes effect although the caller cannot know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FaultKind {
    /// 429 although the budget is not used up; the reset header says this many seconds, or the true ones.
    Throttle {
        /// Seconds in `X-Rate-Limit-Reset`.
        reset: Option<u64>,
    },
    /// 500 with an exception body. Not executed.
    ServerError,
    /// 500 with this reason in the exception body, as failed validations look. Not executed.
    Exception {
        /// The `ExceptionMessage`.
        message: String,
    },
    /// Executed, then 500 with an exception body.
    ErrorAfterEffect,
    /// An HTML page with this status, as front ends send it. Not executed.
    Html {
        /// Such as 502, or 200.
        status: u16,
    },
    /// Executed, then an HTML page with this status.
    HtmlAfterEffect {
        /// Such as 502 or 504.
        status: u16,
    },
    /// This status with this JSON text. Not executed.
    Status {
        /// The status.
        code: u16,
        /// The body, sent as `application/json`; none when empty.
        body: String,
    },
    /// Executed, then this status with this JSON text: a refusal of what was done, for one.
    StatusAfterEffect {
        /// The status.
        code: u16,
        /// The body, sent as `application/json`; none when empty.
        body: String,
    },
    /// No connection is made. Not executed. On a port, where only an open connection can be told by its request, the same as
    /// [`DropBefore`](Self::DropBefore).
    Refuse,
    /// The connection is closed without a byte of answer. Not executed.
    DropBefore,
    /// Executed, then the connection is closed without a byte of answer.
    DropAfterEffect,
    /// No answer until the client gives up. Not executed.
    Hang,
    /// Executed, then no answer until the client gives up.
    HangAfterEffect,
    /// Executed; a well-formed HTTP answer whose JSON stops half-way.
    Truncate,
    /// Executed; the connection is closed in the middle of the answer's body.
    CutBody,
    /// Executed; half of the answer's body, then nothing until the client gives up.
    StallBody,
    /// Executed; the right status with no body at all.
    EmptyBody,
    /// Executed and answered as usual, but only after this much more simulated time.
    Slow(Duration),
    /// An HTML page with status 504 at once; the write is executed only this much simulated time later, by the state of then.
    LateEffect(Duration),
    /// Orders, fulfillments and shipments are shown as they were this long ago, or when this fault was scripted if that was later.
    /// Orders of [`Account::generate`](super::Account::generate) that nobody has touched are not shown. Writes are answered as usual.
    StaleRead(Duration),
    /// A page of a list that contradicts itself. Anything but a list is answered as usual.
    List(ListFlaw),
    /// A question for one order is answered with the order next to it. Anything else is answered as usual.
    AnotherOrder,
}

impl FaultKind {
    /// Whether the request is carried out at all.
    pub(super) fn executes(&self) -> bool {
        !matches!(
            self,
            Self::Throttle { .. }
                | Self::ServerError
                | Self::Exception { .. }
                | Self::Html { .. }
                | Self::Status { .. }
                | Self::Refuse
                | Self::DropBefore
                | Self::Hang
                | Self::LateEffect(_)
        )
    }
}

/// How a page of a list contradicts itself or the other pages. Everything that is not named is as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ListFlaw {
    /// This total, whatever the rows. With different ones for different requests, pages contradict each other.
    Total(usize),
    /// No rows.
    NoRows,
    /// This many rows are missing at the end of the page.
    Missing(usize),
    /// A null in the place of each row.
    NullRows,
    /// A null in the place of the row of this order, fulfillment, shipment or product, or of the rows that belong to this order.
    NullRow(i64),
    /// The page's rows from the last to the first.
    Reversed,
    /// The last row's dates are in the year 2099.
    LastIn2099,
    /// The first page, whichever was asked for.
    FirstPage,
}

/// A rule about which requests meet a fault. Rules are tried in the order in which they were given, and one request meets
/// one fault at most.
///
/// ```
/// use shipstation_connector::testing::simulator::{Fault, FaultKind, Method};
///
/// // The second and third push are carried out, but the answer is lost.
/// let fault = Fault::on(Method::POST, "/orders/markasshipped")
///     .after(1)
///     .times(2)
///     .with(FaultKind::DropAfterEffect);
/// # let _ = fault;
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[must_use = "a fault does nothing until a simulator is given it"]
pub struct Fault {
    #[serde(default, deserialize_with = "method", serialize_with = "method_name")]
    method: Option<Method>,
    path: Option<String>,
    order_id: Option<i64>,
    #[serde(default)]
    after: u64,
    times: Option<u64>,
    #[serde(default)]
    always: bool,
    /// How probably a request meets it that otherwise would.
    rate: Option<f64>,
    pub(super) kind: FaultKind,
}

#[allow(clippy::ref_option, reason = "serde calls it so")]
fn method_name<S: Serializer>(method: &Option<Method>, serializer: S) -> Result<S::Ok, S::Error> {
    method.as_ref().map(Method::as_str).serialize(serializer)
}

fn method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Method>, D::Error> {
    let method =
        Option::<String>::deserialize(deserializer)?.map(|method| method.to_ascii_uppercase().parse());
    method.transpose().map_err(|_| D::Error::custom("`method` is not a method of HTTP."))
}

impl Fault {
    /// Requests with this method and path. A path that ends in `*` stands for everything that begins so; case and slashes at either
    /// end do not count. Without further words, the next such request meets a [`FaultKind::ServerError`].
    pub fn on(method: Method, path: &str) -> Self {
        Self { method: Some(method), path: Some(path.to_owned()), ..Self::any() }
    }

    /// Any request.
    pub fn any() -> Self {
        let kind = FaultKind::ServerError;
        Self {
            method: None,
            path: None,
            order_id: None,
            after: 0,
            times: None,
            always: false,
            rate: None,
            kind,
        }
    }

    setters! {
        #![must_use]
        /// Only requests about this order: its number is the path's last part, or the body's `orderId`, or among its `orderIds`.
        for_order(order_id: i64) => order_id = Some(order_id);
        /// Lets this many matching requests pass first.
        after(requests: u64) => after = requests;
        /// Every matching request meets it, until the faults are cleared.
        always() => always = true;
        /// What goes wrong.
        with(kind: FaultKind) => kind = kind;
    }

    /// How many matching requests meet it; 1 by default.
    pub fn times(mut self, requests: u64) -> Self {
        (self.times, self.always) = (Some(requests), false);
        self
    }

    /// Each matching request meets it with this probability, 0 to 1, until the faults are cleared. What chance decides follows from
    /// [`SimulatorConfig::seed`](super::SimulatorConfig::seed) and the requests.
    pub fn at_rate(mut self, probability: f64) -> Self {
        (self.rate, self.always) = (Some(probability), true);
        self
    }

    /// Whether its probability is one.
    pub(super) fn is_sound(&self) -> bool {
        self.rate.is_none_or(|rate| (0.0..=1.0).contains(&rate))
    }

    fn matches(&self, call: &ApiRequest) -> bool {
        let path = call.segments.join("/");
        let wanted = self.path.as_deref().unwrap_or("*").trim_matches('/').to_ascii_lowercase();
        self.method.as_ref().is_none_or(|method| *method == call.method)
            && wanted.strip_suffix('*').map_or_else(|| path == wanted, |prefix| path.starts_with(prefix))
            && self.order_id.is_none_or(|id| call.order_ids().any(|own| own == id))
    }

    /// Counts a matching request, and says whether this is one that meets the fault.
    pub(super) fn applies(&mut self, call: &ApiRequest, chance: &mut Rng) -> bool {
        if (self.times == Some(0) && !self.always) || !self.matches(call) {
            return false;
        }
        if self.rate.is_some_and(|rate| chance.f64() >= rate) {
            return false;
        }
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        self.times = Some(self.times.unwrap_or(1).saturating_sub(1));
        true
    }
}

pub(super) const RATE_HEADERS: [&str; 3] =
    ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"];

/// What a fault makes of an answer; what is sent of it is noted in the journal.
pub(super) fn inject(mut reply: Reply, mut headers: HeaderMap, entry: &mut JournalEntry) -> WireResponse {
    let Some(fault) = entry.fault.clone() else { return reply.send(headers, entry) };
    let reply = match &fault {
        FaultKind::Refuse => return WireResponse::Refuse,
        FaultKind::DropBefore | FaultKind::DropAfterEffect => return WireResponse::Broken(None, Close),
        FaultKind::Hang | FaultKind::HangAfterEffect => return WireResponse::Broken(None, Hang),
        FaultKind::CutBody | FaultKind::StallBody => {
            entry.status = Some(reply.status);
            reply.body = reply.body.map(first_half);
            let end = if fault == FaultKind::CutBody { Close } else { Hang };
            return WireResponse::Broken(Some(reply.into_response(headers)), end);
        }
        FaultKind::Throttle { reset } => {
            let [_, remaining, seconds] = RATE_HEADERS;
            if headers.contains_key(remaining) {
                headers.insert(remaining, 0.into());
                reset.map(|reset| headers.insert(seconds, reset.into()));
            }
            Reply::too_many()
        }
        FaultKind::ServerError | FaultKind::ErrorAfterEffect => {
            Reply::exception("Object reference not set to an instance of an object.")
        }
        FaultKind::Exception { message } => Reply::exception(message),
        FaultKind::Html { status } | FaultKind::HtmlAfterEffect { status } => Reply::html(*status),
        FaultKind::LateEffect(_) => Reply::html(504),
        FaultKind::Status { code, body } | FaultKind::StatusAfterEffect { code, body } => match body.as_str()
        {
            "" => Reply::empty(*code),
            body => Reply::text(body).with_status(*code),
        },
        FaultKind::List(flaw) => match reply.page {
            Some(page) => Reply::page(flawed(flaw, page)),
            None => reply,
        },
        FaultKind::Truncate => Reply { body: reply.body.map(first_half), page: None, ..reply },
        FaultKind::EmptyBody => Reply::empty(reply.status),
        FaultKind::Slow(_) | FaultKind::StaleRead(_) | FaultKind::AnotherOrder => reply,
    };
    reply.send(headers, entry)
}

fn flawed(flaw: &ListFlaw, mut page: ListPage) -> ListPage {
    match flaw {
        ListFlaw::Total(total) => page.total = *total,
        ListFlaw::NoRows => page.rows.clear(),
        ListFlaw::Missing(count) => page.rows.truncate(page.rows.len().saturating_sub(*count)),
        ListFlaw::NullRows => page.rows.fill_with(ListRow::null),
        ListFlaw::NullRow(id) => {
            let meant = page.rows.iter_mut().filter(|row| [row.id, row.order_id].contains(&Some(*id)));
            meant.for_each(|row| *row = ListRow::null());
        }
        ListFlaw::Reversed => page.rows.reverse(),
        ListFlaw::LastIn2099 => {
            if let Some(last) = page.rows.last_mut() {
                for date in ["createDate", "modifyDate", "orderDate"] {
                    last.text = in_2099(&String::from_utf8_lossy(&last.text), date).into();
                }
            }
        }
        // The request was answered as if it had asked for that page.
        ListFlaw::FirstPage => {}
    }
    page
}

/// The row with the first date of this name in the year 2099.
fn in_2099(row: &str, date: &str) -> String {
    let name = format!("\"{date}\":\"");
    let parts = row.split_once(&name).and_then(|(head, tail)| Some((head, tail.split_once('"')?.1)));
    let Some((head, tail)) = parts else { return row.to_owned() };
    format!("{head}{name}2099-01-01T00:00:00.0000000\"{tail}")
}

fn first_half(mut text: Vec<u8>) -> Vec<u8> {
    let is_inside = |byte: &u8| byte & 0xC0 == 0x80;
    let mut middle = text.len() / 2;
    while text.get(middle).is_some_and(is_inside) {
        middle -= 1;
    }
    text.truncate(middle);
    text
}
