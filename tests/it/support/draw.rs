//! The faults that schedules draw.

use std::time::Duration;

use fastrand::Rng;
use shipstation_connector::testing::simulator::{FaultKind, ListFlaw};

/// One of several, at random.
pub(crate) fn pick<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())].clone()
}

/// A page of a proxy or a firewall, before or after the effect.
pub(crate) fn page(rng: &mut Rng) -> FaultKind {
    let status = pick(rng, &[200, 400, 403, 405, 407, 413, 451, 502, 504]);
    if rng.bool() { FaultKind::Html { status } } else { FaultKind::HtmlAfterEffect { status } }
}

/// An answer that fails or arrives damaged. Nobody can take it for the truth.
pub(crate) fn failure(rng: &mut Rng) -> FaultKind {
    let kinds = [
        FaultKind::Throttle { reset: Some(rng.u64(0..70)) },
        FaultKind::ServerError,
        FaultKind::ErrorAfterEffect,
        FaultKind::Exception { message: "Timeout expired.".to_owned() },
        FaultKind::DropBefore,
        FaultKind::DropAfterEffect,
        FaultKind::Truncate,
        FaultKind::CutBody,
        FaultKind::EmptyBody,
        FaultKind::Status { code: 200, body: r#"{"status":"ok"}"#.to_owned() },
        FaultKind::Status { code: 200, body: "null".to_owned() },
        page(rng),
        page(rng),
    ];
    pick(rng, &kinds)
}

/// A list that contradicts itself, so that whoever reads it can know.
pub(crate) fn contradiction(rng: &mut Rng, ids: &[i64]) -> FaultKind {
    let flaws = [
        ListFlaw::NoRows,
        ListFlaw::Missing(rng.usize(1..4)),
        ListFlaw::NullRows,
        ListFlaw::NullRow(pick(rng, ids)),
        ListFlaw::Reversed,
        ListFlaw::LastIn2099,
        ListFlaw::FirstPage,
        ListFlaw::Total(rng.usize(50..2_000)),
    ];
    FaultKind::List(pick(rng, &flaws))
}

/// An answer that hides rows so well that no reader can know.
pub(crate) fn silence(rng: &mut Rng, ids: &[i64], list: &str) -> FaultKind {
    let stale = [20, 90, 7_200][rng.usize(..3)];
    let empty = format!(r#"{{"{list}":[],"total":0,"page":1,"pages":0}}"#);
    let kinds = [
        FaultKind::StaleRead(Duration::from_secs(stale)),
        FaultKind::List(ListFlaw::Total(rng.usize(..=ids.len()))),
        FaultKind::Status { code: 200, body: empty },
    ];
    pick(rng, &kinds)
}

/// A member that no decision needs, and what it is printed as.
fn harmless(rng: &mut Rng) -> (&'static str, &'static [u8]) {
    let members: [(&str, &[u8]); 9] = [
        ("customerNotes", b"\"a\nb\""),
        ("customerNotes", b"\"caf\xe9\""),
        ("internalNotes", br#""x\ud83d""#),
        ("giftMessage", b"\"\x01\""),
        ("weight", br#""12 oz""#),
        ("dimensions", br#""2x3x4""#),
        ("customerId", br#""guest""#),
        ("holdUntilDate", br#""TBD""#),
        ("shipByDate", br#""soon""#),
    ];
    pick(rng, &members)
}

/// A member that decisions need.
fn important(rng: &mut Rng) -> (&'static str, &'static [u8]) {
    let members: [(&str, &[u8]); 6] = [
        ("orderStatus", br#"{"id":3}"#),
        ("orderStatus", b"NaN"),
        ("orderNumber", b"[]"),
        ("items", br#""none""#),
        ("createDate", br#""yesterday""#),
        ("externallyFulfilled", br#""maybe""#),
    ];
    pick(rng, &members)
}

/// One of these orders, a member of it and what that is printed as, and whether decisions need the member.
pub(crate) fn damage(rng: &mut Rng, orders: &[i64]) -> (i64, &'static str, &'static [u8], bool) {
    let order = pick(rng, orders);
    let is_important = !rng.bool();
    let (member, bytes) = if is_important { important(rng) } else { harmless(rng) };
    (order, member, bytes, is_important)
}
