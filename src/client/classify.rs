//! What an attempt means: a pure step from evidence (status, body, transport error) to kind and outcome. The
//! status is looked at first, and then whether the body can be ShipStation's.

use bytes::Bytes;
use http::StatusCode;

use super::{
    TransportError, TransportErrorKind,
    call::Call,
    endpoints::Idempotency,
    error::{ErrorKind, Outcome, Problem},
    error_body::{ErrorBody, Origin},
    rate_limit::RateHeaders,
};

/// An answer came, at least its head.
pub(crate) fn classify(
    call: &Call,
    status: StatusCode,
    body: Result<Bytes, Box<Problem>>,
    rate: &mut RateHeaders,
) -> Result<(StatusCode, Bytes), Box<Problem>> {
    let body = match body {
        Ok(body) if status.is_success() && !says_throttled(&body) => return Ok((status, body)),
        Ok(body) => Some(body),
        // Half an answer does not show whether the operation took effect.
        Err(broken) if status.is_success() => {
            return Err(Problem { status: Some(status), outcome: Outcome::Unknown, ..*broken }.into());
        }
        // Nobody knows whose words they were.
        Err(_) => None,
    };
    let body = body.map_or_else(ErrorBody::unread, |body| ErrorBody::read(&body));
    rate.throttled |= body.is_throttle();
    let (kind, outcome) = if rate.throttled {
        (ErrorKind::RateLimited, Outcome::NotSent)
    } else {
        judge(call.class, status, &body)
    };
    let retry_after = if rate.throttled { Some(rate.wait()) } else { rate.retry_after };
    Err(Problem { status: Some(status), retry_after, body, ..Problem::new(kind, outcome) }.into())
}

fn judge(class: Idempotency, status: StatusCode, body: &ErrorBody) -> (ErrorKind, Outcome) {
    let write = class != Idempotency::Read;
    match status.as_u16() {
        408 => (ErrorKind::Timeout, Outcome::Unknown),
        // What is not ShipStation's answer is not its refusal: the request may have been executed, or never arrived.
        status @ 400..=499 => match refusal(status, body.origin) {
            Some(kind) => (kind, Outcome::Answered),
            None => (ErrorKind::Unavailable, Outcome::Unknown),
        },
        // ShipStation reports what a request lacks as an exception. It may still have done a part before it threw.
        500 if write && body.exception && !body.is_passing() => (ErrorKind::Invalid, Outcome::Unknown),
        500..=599 => (ErrorKind::Unavailable, Outcome::Unknown),
        // A redirect, or a status that HTTP does not know: whoever answered, it was not the operation.
        _ => (ErrorKind::Decode, Outcome::Unknown),
    }
}

/// What a status from 400 to 499 means as ShipStation's own answer; `None` if it is not, or may as well be that of a
/// proxy or firewall. Without a body of its shape ShipStation answers about credentials, the plan and what it does not
/// find, and no other way.
fn refusal(status: u16, origin: Origin) -> Option<ErrorKind> {
    let kind = match status {
        401 => ErrorKind::Auth,
        402 => ErrorKind::Plan,
        403 => ErrorKind::Forbidden,
        404 | 410 => ErrorKind::NotFound,
        // Only a proxy asks for its own credentials.
        407 => return None,
        _ => ErrorKind::Invalid,
    };
    let is_own = match origin {
        Origin::ShipStation => true,
        Origin::Empty => kind != ErrorKind::Invalid,
        Origin::PlainText => !matches!(kind, ErrorKind::Invalid | ErrorKind::Forbidden),
        Origin::Intermediary => false,
    };
    is_own.then_some(kind)
}

/// A throttled gateway has been seen to answer 200. Only a short body can be that message.
fn says_throttled(body: &[u8]) -> bool {
    body.len() < 200 && ErrorBody::read(body).is_throttle()
}

/// No answer came, or it broke off.
pub(crate) fn transport_problem(error: TransportError) -> Box<Problem> {
    let outcome = if error.kind().is_not_sent() { Outcome::NotSent } else { Outcome::Unknown };
    let kind = match error.kind() {
        TransportErrorKind::Unsupported => ErrorKind::Config,
        TransportErrorKind::Connect | TransportErrorKind::Interrupted => ErrorKind::Transport,
        TransportErrorKind::ConnectTimeout | TransportErrorKind::Timeout => ErrorKind::Timeout,
    };
    Problem { source: Some(error.into_source()), ..Problem::new(kind, outcome) }.into()
}
