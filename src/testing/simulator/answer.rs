//! What ShipStation answers: JSON, nothing, or one of its shapes of error.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value, json};

use super::list::List;

/// An answer before it is damaged by a fault and sent.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// `None` is an answer without body and content type.
    pub(super) body: Option<Vec<u8>>,
    /// What the body is made of, if it is a page of a list.
    pub(super) list: Option<List>,
    pub(super) html: bool,
    /// Whether a write took effect.
    pub(super) effect: bool,
}

impl Answer {
    /// 200 with this JSON text.
    pub(super) fn text(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, body: Some(body.into()), list: None, html: false, effect: false }
    }

    /// 200 with this page of a list.
    pub(super) fn list(list: List) -> Self {
        let text = list.text();
        Self { list: Some(list), ..Self::text(text) }
    }

    /// 200 with this value as JSON.
    pub(super) fn json(value: &impl Serialize) -> Self {
        Self::text(serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()))
    }

    /// 200 with these members in this order.
    pub(super) fn object(members: &[(&str, Value)]) -> Self {
        Self::json(&Members(members))
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, body: None, list: None, html: false, effect: false }
    }

    pub(super) fn html(status: u16) -> Self {
        let page =
            format!("<!DOCTYPE html><html><head><title>{status}</title></head><body>{status}</body></html>");
        Self { html: true, ..Self::text(page).with_status(status) }
    }

    /// Error shape E3: `{"Message": …}`.
    pub(super) fn message(status: u16, message: &str) -> Self {
        Self::object(&[("Message", json!(message))]).with_status(status)
    }

    /// Error shape E4: `{"message": …}`.
    pub(super) fn lower_message(status: u16, message: &str) -> Self {
        Self::object(&[("message", json!(message))]).with_status(status)
    }

    /// Error shape E1: 400 with the messages of one member.
    pub(super) fn invalid(member: &str, message: &str) -> Self {
        let state = json!({ member: [message] });
        Self::object(&[("Message", json!("The request is invalid.")), ("ModelState", state)]).with_status(400)
    }

    /// Error shape E2: 500 with an exception. Validation failures look like this, too.
    pub(super) fn exception(reason: &str) -> Self {
        const TRACE: &str = "   at SS.OpenApi.Controllers.OrdersController.Execute(Order apiOrder)\r\n   \
                             at System.Web.Http.Dispatcher.HttpControllerDispatcher.SendAsync()";
        Self::object(&[
            ("Message", json!("An error has occurred.")),
            ("ExceptionMessage", json!(reason)),
            ("ExceptionType", json!("System.Exception")),
            ("StackTrace", json!(TRACE)),
        ])
        .with_status(500)
    }

    /// A write that was done: `{"success":true,"message":…}`.
    pub(super) fn done(message: &str) -> Self {
        Self::object(&[("success", json!(true)), ("message", json!(message))]).took_effect()
    }

    /// Error shape E5: `{"success":false,"message":…}`, with 200.
    pub(super) fn refused(message: &str) -> Self {
        Self::object(&[("success", json!(false)), ("message", json!(message))])
    }

    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn took_effect(mut self) -> Self {
        self.effect = true;
        self
    }
}

/// A JSON object that keeps the order of its members, which `serde_json::Map` need not do.
struct Members<'a>(&'a [(&'a str, Value)]);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
