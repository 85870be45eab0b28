//! What is shown when a page cannot be: what happened, to what, and what to do.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::html;
use shipstation_connector::channel::{ChannelError, store::StoreError};

use super::layout;
use crate::Failure;

const SILENT: &str = "Something does not answer";
const AGAIN: &str = "Try again in a moment. If it stays so, show this page to whoever runs this system, or";

/// Why there is no page.
#[derive(Debug)]
pub(super) enum NoPage {
    /// Nobody is signed in: the sign-in page, and then this one.
    SignIn(String),
    /// A form was sent, and nobody is signed in any more.
    SignedOut,
    /// The request is not one of this site's own forms, or asks for what cannot be.
    Refused(StatusCode, String),
    /// Something that is needed does not answer.
    Failed(Failure),
    /// The same, for somebody who may not know more.
    Closed(Failure),
}

impl NoPage {
    pub(super) fn not_found(what: impl Into<String>) -> Self {
        Self::Refused(StatusCode::NOT_FOUND, what.into())
    }

    pub(super) fn bad(what: impl Into<String>) -> Self {
        Self::Refused(StatusCode::BAD_REQUEST, what.into())
    }
}

impl From<Failure> for NoPage {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for NoPage {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ChannelError> for NoPage {
    fn from(error: ChannelError) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for NoPage {
    fn into_response(self) -> Response {
        let (status, title, why, help) = match self {
            Self::SignIn(next) => {
                let query =
                    url::form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
                return Redirect::to(&format!("/sign-in?{query}")).into_response();
            }
            Self::SignedOut => return Redirect::to("/sign-in?lost=yes").into_response(),
            Self::Refused(status, why) => {
                (status, "That cannot be done", why, "Nothing was changed. Go back to correct it, or")
            }
            Self::Failed(failure) => {
                tracing::error!("a page cannot be shown: {failure}");
                (StatusCode::INTERNAL_SERVER_ERROR, SILENT, failure.to_string(), AGAIN)
            }
            Self::Closed(failure) => {
                tracing::error!("nobody can sign in: {failure}");
                (StatusCode::INTERNAL_SERVER_ERROR, SILENT, "The database cannot be asked.".to_owned(), AGAIN)
            }
        };
        let page = layout::bare(
            title,
            &html! {
                h1 { (title) }
                p.error role="alert" { (why) }
                p { (help) " " a href="/" { "go to the overview" } "." }
            },
        );
        (status, page).into_response()
    }
}

pub(super) async fn only_a_form() -> NoPage {
    let why = "This address takes a form, and shows nothing by itself.".to_owned();
    NoPage::Refused(StatusCode::METHOD_NOT_ALLOWED, why)
}

pub(super) async fn no_page() -> NoPage {
    NoPage::not_found("There is no such page.")
}
