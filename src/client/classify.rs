//! What an attempt means: a pure step from evidence (status, body, transport error) to kind and outcome. The
//! status is looked at before the body.

use bytes::Bytes;
use http::StatusCode;

use super::{
    call::{BodyError, Call, Idempotency},
    error::{ErrorKind, Outcome, Problem},
    error_body::ErrorBody,
    rate_limit::RateHeaders,
};

/// An answer came, at least its head.
pub(crate) fn classify(
    call: &Call,
    status: StatusCode,
    body: Result<Bytes, BodyError>,
    rate: &mut RateHeaders,
) -> Result<(StatusCode, Bytes), Box<Problem>> {
    let body = match body {
        Ok(body) if status.is_success() && !says_throttled(&body) => return Ok((status, body)),
        Ok(body) => Some(body),
        Err(broken) if status.is_success() => return Err(body_problem(status, broken).into()),
        // The status has said enough; its body would only have given the reason.
        Err(_) => None,
    };
    let body = body.unwrap_or_default();
    let is_page = body.trim_ascii_start().starts_with(b"<");
    let body = ErrorBody::read(&body);
    rate.throttled |= body.is_throttle();
    let (kind, outcome) = if rate.throttled {
        (ErrorKind::RateLimited, Outcome::NotSent)
    } else {
        verdict(call.class, status, &body, is_page)
    };
    let retry_after = if rate.throttled { Some(rate.wait()) } else { rate.retry_after };
    Err(Problem { status: Some(status), retry_after, body, ..Problem::new(kind, outcome) }.into())
}

fn verdict(class: Idempotency, status: StatusCode, body: &ErrorBody, is_page: bool) -> (ErrorKind, Outcome) {
    let write = class != Idempotency::Read;
    match status.as_u16() {
        401 => (ErrorKind::Auth, Outcome::Answered),
        402 => (ErrorKind::Plan, Outcome::Answered),
        403 => (ErrorKind::Forbidden, Outcome::Answered),
        // ShipStation says "not found" in JSON or with no word; a page of HTML comes from something before it.
        404 | 410 if is_page => (ErrorKind::Unavailable, Outcome::Unknown),
        404 | 410 => (ErrorKind::NotFound, Outcome::Answered),
        408 => (ErrorKind::Timeout, Outcome::Unknown),
        400..=499 => (ErrorKind::Invalid, Outcome::Answered),
        // ShipStation reports what a request lacks as an exception. It may still have done a part before it threw.
        500 if write && body.is_exception() && !body.is_passing() => (ErrorKind::Invalid, Outcome::Unknown),
        500..=599 => (ErrorKind::Unavailable, Outcome::Unknown),
        // A redirect, or a status that HTTP does not know: whoever answered, it was not the operation.
        _ => (ErrorKind::Decode, Outcome::Unknown),
    }
}

/// A throttled gateway has been seen to answer 200. Only a short body can be that message.
fn says_throttled(body: &[u8]) -> bool {
    body.len() < 200 && ErrorBody::read(body).is_throttle()
}

/// The head of the answer came, its body did not: whether the operation took effect cannot be told from half an answer.
fn body_problem(status: StatusCode, error: BodyError) -> Problem {
    let problem = match error {
        BodyError::TooLong => Problem {
            what: Some("the body is longer than the client's bound".to_owned()),
            ..Problem::new(ErrorKind::Decode, Outcome::Unknown)
        },
        BodyError::Broken(error) => transport_problem(error),
    };
    Problem { status: Some(status), outcome: Some(Outcome::Unknown), ..problem }
}

/// No answer came, or it broke off. Only a connection that was never made proves that nothing was sent.
pub(crate) fn transport_problem(error: reqwest::Error) -> Problem {
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Transport };
    let (kind, outcome) = if error.is_builder() {
        (ErrorKind::Config, Outcome::NotSent)
    } else if error.is_connect() {
        (kind, Outcome::NotSent)
    } else {
        (kind, Outcome::Unknown)
    };
    Problem { source: Some(Box::new(error.without_url())), ..Problem::new(kind, outcome) }
}
