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
        Field, Masked, Rows, model,
        rows::{self, DecodeIssue, Row},
    },
};

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
        self.decode(&self.granted(call).await?)
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
        let resource = self.decode(&answer)?;
        if id_of(&resource) == id { Ok(resource) } else { Err(answer.of_another()) }
    }

    /// Sends the call and checks that the answer is no refusal under HTTP 200.
    pub(crate) async fn granted(&self, call: &Call) -> Result<Answer, Error> {
        let answer = self.call(call).await?;
        if call.class == Idempotency::Read && answer.is_nothing() {
            return Err(answer.problem(Problem::new(ErrorKind::NotFound, Outcome::Answered)));
        }
        if answer.says_no() { Err(answer.refused()) } else { Ok(answer) }
    }

    /// Sends the call and decodes a bare array.
    pub(crate) async fn rows<T: Row>(&self, call: &Call) -> Result<Rows<T>, Error> {
        let answer = self.call(call).await?;
        rows::array(&answer.body, self.drift_counter()).map_err(|issue| answer.undecodable(issue))
    }

    /// Sends an action and checks that it was done.
    pub(crate) async fn act(&self, call: &Call) -> Result<ActionResponse, Error> {
        let answer = self.call(call).await?;
        if answer.is_empty() {
            return Ok(ActionResponse { success: None, message: None, extra: super::Extra::default() });
        }
        self.action(&answer)
    }

    pub(crate) fn action(&self, answer: &Answer) -> Result<ActionResponse, Error> {
        let response: ActionResponse = self.decode(answer)?;
        match response.success {
            Some(true) => Ok(response),
            Some(false) => Err(answer.refused()),
            None => Err(answer.lacks("success")),
        }
    }

    pub(crate) fn decode<T: Field>(&self, answer: &Answer) -> Result<T, Error> {
        rows::one(&answer.body, self.drift_counter()).map_err(|issue| answer.undecodable(issue))
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
        if answer.is_empty() {
            return Ok(Updated { resource: None, message: None });
        }
        if rows::member(&answer.body, "success").is_none() {
            return Ok(Updated { resource: Some(self.decode(&answer)?), message: None });
        }
        let response = self.action(&answer)?;
        Ok(Updated { resource: None, message: response.message })
    }
}

impl Answer {
    /// Whether it says that the operation failed, in place of what it promises.
    fn says_no(&self) -> bool {
        rows::member(&self.body, "success")
            .is_some_and(|success| success.trim_matches('"').eq_ignore_ascii_case("false"))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.body.trim_ascii().is_empty()
    }

    /// A resource that does not exist has been seen to be answered with `null` under HTTP 200. An answer without a body is
    /// something else: it was cut off on its way, and says nothing about the resource.
    fn is_nothing(&self) -> bool {
        self.body.trim_ascii() == b"null"
    }

    fn problem(&self, problem: Problem) -> Error {
        Problem { status: Some(self.status), ..problem }.at(&self.endpoint, self.attempts)
    }

    /// It has the right shape and does not say what it is for.
    pub(crate) fn lacks(&self, member: &str) -> Error {
        self.undecodable(DecodeIssue::whole(format!("expected `{member}`")))
    }

    /// It has the right shape and is about another resource than the one that was asked for.
    pub(crate) fn of_another(&self) -> Error {
        self.undecodable(DecodeIssue::whole("the answer is about another one than was asked for"))
    }

    /// A failure that came under HTTP 200: ShipStation decided, and said no.
    pub(crate) fn refused(&self) -> Error {
        let body = ErrorBody::read(&self.body);
        self.problem(Problem { body, ..Problem::new(ErrorKind::Invalid, Outcome::Answered) })
    }

    /// A success whose body is not what the operation promises. For a write that is no proof of anything.
    pub(crate) fn undecodable(&self, issue: DecodeIssue) -> Error {
        let (issue, body) = (Some(issue), ErrorBody::read(&self.body));
        self.problem(Problem { body, issue, ..Problem::new(ErrorKind::Decode, Outcome::Unknown) })
    }
}
