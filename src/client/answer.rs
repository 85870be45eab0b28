//! What operations do with a successful answer: decode one value or a whole list, or check that a 200 is a
//! success at all. ShipStation reports some failures under 200.

use std::fmt;

use super::{
    Error, ShipStation,
    call::{Answer, Call},
    endpoints::{Endpoint, Idempotency},
    error::{ErrorKind, Outcome, Problem},
    error_body::ErrorBody,
    wire::{
        Masked, Rows, model,
        rows::{self, Row},
    },
};
use crate::client::wire::Field;

model! {
    /// ShipStation's answer to an action that worked (V1 reference, Models / Small responses).
    ///
    /// An action that ShipStation refuses under HTTP 200 (`success: false`) is an [`Error`] and never this.
    pub struct ActionResponse {
        /// Always true here; absent if the answer had no body.
        success: Option<bool> = "success",
        /// What was done, in ShipStation's words. They may quote what was sent.
        @personal message: Option<String> = "message",
    }
}

impl ShipStation {
    /// Sends the call and decodes one value.
    pub(crate) async fn one<T: Field>(&self, call: &Call) -> Result<T, Error> {
        let answer = self.granted(call).await?;
        self.decode(call, &answer)
    }

    /// Fetches the resource with this id. An answer about another one is not an answer to this question.
    pub(crate) async fn fetch<T: Field, I: Copy + PartialEq + fmt::Display>(
        &self,
        endpoint: &Endpoint,
        id: I,
        id_of: impl FnOnce(&T) -> I,
    ) -> Result<T, Error> {
        let call = Call::to(endpoint).id(id);
        let answer = self.granted(&call).await?;
        let resource = self.decode(&call, &answer)?;
        if id_of(&resource) == id { Ok(resource) } else { Err(of_another(&call, &answer)) }
    }

    /// Sends the call and checks that the answer is no refusal under HTTP 200.
    pub(crate) async fn granted(&self, call: &Call) -> Result<Answer, Error> {
        let answer = self.call(call).await?;
        if call.class == Idempotency::Read && is_nothing(&answer) {
            return Err(missing(call, &answer));
        }
        if says_no(&answer.body) {
            return Err(refused(call, &answer));
        }
        Ok(answer)
    }

    /// Sends the call and decodes a bare array.
    pub(crate) async fn rows<T: Row>(&self, call: &Call) -> Result<Rows<T>, Error> {
        let answer = self.call(call).await?;
        rows::array(&answer.body, self.drift_counter()).map_err(|issue| undecodable(call, &answer, issue))
    }

    /// Sends an action and checks that it was done.
    pub(crate) async fn act(&self, call: &Call) -> Result<ActionResponse, Error> {
        let answer = self.call(call).await?;
        if is_empty(&answer) {
            return Ok(ActionResponse { success: None, message: None, extra: super::Extra::default() });
        }
        self.action(call, &answer)
    }

    pub(crate) fn action(&self, call: &Call, answer: &Answer) -> Result<ActionResponse, Error> {
        let response: ActionResponse = self.decode(call, answer)?;
        match response.success {
            Some(true) => Ok(response),
            Some(false) => Err(refused(call, answer)),
            None => Err(lacks("success", call, answer)),
        }
    }

    pub(crate) fn decode<T: Field>(&self, call: &Call, answer: &Answer) -> Result<T, Error> {
        rows::one(&answer.body, self.drift_counter()).map_err(|issue| undecodable(call, answer, issue))
    }
}

/// What ShipStation says after it replaced a resource.
///
/// For the same operation it has been seen to answer with the resource and with a mere message.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Updated<T> {
    /// The resource as it is now, if ShipStation showed it.
    pub resource: Option<T>,
    /// ShipStation's words, if it said any. They may quote what was sent.
    pub message: Option<String>,
}

impl<T: fmt::Debug> fmt::Debug for Updated<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Updated")
            .field("resource", &self.resource)
            .field("message", &Masked(self.message.is_none()))
            .finish()
    }
}

impl ShipStation {
    /// Sends an action that is confirmed by a message or by the resource itself.
    pub(crate) async fn update<T: Field>(&self, call: &Call) -> Result<Updated<T>, Error> {
        let answer = self.call(call).await?;
        if is_empty(&answer) {
            return Ok(Updated { resource: None, message: None });
        }
        if rows::member(&answer.body, "success").is_none() {
            return Ok(Updated { resource: Some(self.decode(call, &answer)?), message: None });
        }
        let response = self.action(call, &answer)?;
        Ok(Updated { resource: None, message: response.message })
    }
}

/// Whether the answer says that the operation failed, in place of what it promises.
fn says_no(body: &[u8]) -> bool {
    rows::member(body, "success")
        .is_some_and(|success| success.trim_matches('"').eq_ignore_ascii_case("false"))
}

pub(crate) fn is_empty(answer: &Answer) -> bool {
    answer.body.iter().all(u8::is_ascii_whitespace)
}

/// A resource that does not exist has been seen to be answered with `null` under HTTP 200. An answer without a body is
/// something else: it was cut off on its way, and says nothing about the resource.
fn is_nothing(answer: &Answer) -> bool {
    answer.body.trim_ascii() == b"null"
}

fn missing(call: &Call, answer: &Answer) -> Error {
    let problem =
        Problem { status: Some(answer.status), ..Problem::new(ErrorKind::NotFound, Outcome::Answered) };
    problem.at(&call.endpoint, answer.attempts)
}

/// An answer of the right shape that does not say what it is for.
pub(crate) fn lacks(member: &str, call: &Call, answer: &Answer) -> Error {
    let reason = format!("expected `{member}`");
    undecodable(call, answer, rows::DecodeIssue { path: String::new(), reason })
}

/// An answer of the right shape about another resource than the one that was asked for.
pub(crate) fn of_another(call: &Call, answer: &Answer) -> Error {
    let reason = "the answer is about another one than was asked for".to_owned();
    undecodable(call, answer, rows::DecodeIssue { path: String::new(), reason })
}

/// A failure that came under HTTP 200: ShipStation decided, and said no.
pub(crate) fn refused(call: &Call, answer: &Answer) -> Error {
    let problem = Problem {
        status: Some(answer.status),
        body: ErrorBody::read(&answer.body),
        ..Problem::new(ErrorKind::Invalid, Outcome::Answered)
    };
    problem.at(&call.endpoint, answer.attempts)
}

/// A success whose body is not what the operation promises. For a write that is no proof of anything.
pub(crate) fn undecodable(call: &Call, answer: &Answer, issue: rows::DecodeIssue) -> Error {
    let problem = Problem {
        status: Some(answer.status),
        issue: Some(issue),
        body: ErrorBody::read(&answer.body),
        ..Problem::new(ErrorKind::Decode, Outcome::Unknown)
    };
    problem.at(&call.endpoint, answer.attempts)
}
