//! What ShipStation answers: JSON, nothing, or one of its shapes of error.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use serde::Serialize;

use super::{JournalEntry, Record, ShownList, account::Table, record, record::OPEN};

/// What becomes of a request on its connection.
pub(super) enum WireResponse {
    Complete(Response<Bytes>),
    /// Send the head and this part of the body, or nothing, and then end in this way.
    Broken(Option<Response<Bytes>>, ConnectionEnd),
    /// Take no connection.
    Refuse,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum ConnectionEnd {
    Close,
    /// Send nothing more, and keep the connection open.
    Hang,
}

/// An answer before a fault changes it and it is sent.
pub(super) struct Reply {
    pub(super) status: u16,
    /// `None` is an answer without body and content type.
    pub(super) body: Option<Vec<u8>>,
    /// What the body is made of, if it is a page of a list.
    pub(super) page: Option<ListPage>,
    pub(super) html: bool,
    /// Whether a write took effect.
    pub(super) effect: bool,
}

impl Reply {
    pub(super) fn empty(status: u16) -> Self {
        Self { status, body: None, page: None, html: false, effect: false }
    }

    pub(super) fn text(body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..Self::empty(200) }
    }

    pub(super) fn page(page: ListPage) -> Self {
        let ListPage { name, rows, total, number, pages } = &page;
        let rows = rows.iter().map(|row| &*row.text).collect::<Vec<_>>().join(&b","[..]);
        let (head, tail) =
            (format!("{{\"{name}\":["), format!("],\"total\":{total},\"page\":{number},\"pages\":{pages}}}"));
        let text = [head.as_bytes(), &rows, tail.as_bytes()].concat();
        Self { page: Some(page), ..Self::text(text) }
    }

    pub(super) fn json(value: &impl Serialize) -> Self {
        Self::text(serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()))
    }

    pub(super) fn rows(rows: &Table) -> Self {
        Self::json(&rows.values().collect::<Vec<_>>())
    }

    pub(super) fn html(status: u16) -> Self {
        let page =
            format!("<!DOCTYPE html><html><head><title>{status}</title></head><body>{status}</body></html>");
        Self { html: true, ..Self::text(page).with_status(status) }
    }

    /// Error shape E3: `{"Message": …}`.
    pub(super) fn message(status: u16, message: &str) -> Self {
        Self::json(&record!({ "Message": message })).with_status(status)
    }

    /// Error shape E1: 400 with the messages of one member.
    pub(super) fn invalid(member: &str, message: &str) -> Self {
        let state = Record { shape: &OPEN, set: vec![(member.to_owned().into(), vec![message].into())] };
        let body = record!({ "Message": "The request is invalid.", "ModelState": state });
        Self::json(&body).with_status(400)
    }

    /// Error shape E2: 500 with an exception. Validation failures look like this, too.
    pub(super) fn exception(reason: &str) -> Self {
        const TRACE: &str = "   at SS.OpenApi.Controllers.OrdersController.Execute(Order apiOrder)\r\n   \
                             at System.Web.Http.Dispatcher.HttpControllerDispatcher.SendAsync()";
        let body = record!({
            "Message": "An error has occurred.", "ExceptionMessage": reason, "ExceptionType": "System.Exception",
            "StackTrace": TRACE,
        });
        Self::json(&body).with_status(500)
    }

    /// A write that was done: `{"success":true,"message":…}`.
    pub(super) fn done(message: &str) -> Self {
        Self::json(&record!({ "success": true, "message": message })).took_effect()
    }

    /// Error shape E5: `{"success":false,"message":…}`, with 200.
    pub(super) fn refused(message: &str) -> Self {
        Self::json(&record!({ "success": false, "message": message }))
    }

    /// 400 because the body lacks a member.
    pub(super) fn required(member: &str) -> Self {
        Self::invalid(&format!("request.{member}"), &format!("The {member} field is required."))
    }

    pub(super) fn unknown_resource() -> Self {
        Self::message(404, "No HTTP resource was found that matches the request URI.")
    }

    /// Error shape E4: `{"message": …}`.
    pub(super) fn turned_away(status: u16, message: &str) -> Self {
        Self::json(&record!({ "message": message })).with_status(status)
    }

    pub(super) fn too_many() -> Self {
        Self::turned_away(429, "Too Many Requests")
    }

    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn took_effect(mut self) -> Self {
        self.effect = true;
        self
    }

    /// Sends the answer, and notes in the journal what was sent.
    pub(super) fn send(self, headers: HeaderMap, entry: &mut JournalEntry) -> WireResponse {
        let ids = |page: &ListPage| page.rows.iter().map(|row| row.id).collect();
        entry.status = Some(self.status);
        entry.list = self.page.as_ref().map(|page| ShownList { ids: ids(page), total: page.total });
        WireResponse::Complete(self.into_response(headers))
    }

    pub(super) fn into_response(self, mut headers: HeaderMap) -> Response<Bytes> {
        let kind = if self.html { "text/html; charset=utf-8" } else { "application/json; charset=utf-8" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let mut response = Response::new(self.body.unwrap_or_default().into());
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        *response.headers_mut() = headers;
        response
    }
}

pub(super) struct ListPage {
    pub(super) name: &'static str,
    pub(super) rows: Vec<ListRow>,
    pub(super) total: usize,
    pub(super) number: usize,
    pub(super) pages: usize,
}

/// A row as text, which need not be JSON, and whose row it is.
pub(super) struct ListRow {
    pub(super) id: Option<i64>,
    pub(super) order_id: Option<i64>,
    pub(super) text: Vec<u8>,
}

impl ListRow {
    pub(super) fn null() -> Self {
        Self { id: None, order_id: None, text: b"null".to_vec() }
    }
}
