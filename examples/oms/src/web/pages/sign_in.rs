//! Signing in and out.

use axum::{
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use url::{Position, Url};

use super::super::{
    App,
    error::NoPage,
    layout,
    session::{self, Fields, Sent},
};
use crate::shop::operators;

#[derive(Debug, Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    next: String,
    /// Whether a form was sent that nobody took.
    lost: Option<String>,
}

/// Where somebody goes after the sign-in: on this site. A browser reads an address less strictly than it looks.
fn destination(next: &str) -> String {
    let Ok(here) = Url::parse("https://here.invalid/") else { return "/".to_owned() };
    match here.join(next) {
        Ok(url) if url.origin() == here.origin() && !next.contains(char::is_control) => {
            url[Position::BeforePath..Position::AfterQuery].to_owned()
        }
        _ => "/".to_owned(),
    }
}

fn form(token: &str, next: &str, name: &str, wrong: Option<&str>) -> Markup {
    let described = wrong.map(|_| "wrong");
    layout::bare(
        "Sign in",
        &html! {
            h1 { "Sign in" }
            @if let Some(wrong) = wrong { p.error #wrong role="alert" { (wrong) } }
            form.stack action="/sign-in" method="post" {
                (session::form_token(token))
                input type="hidden" name="next" value=(destination(next));
                label for="name" { "Name" }
                input #name name="name" value=(name) required autocomplete="username" aria-invalid=[wrong.map(|_| "true")] aria-describedby=[described];
                label for="password" { "Password" }
                input #password name="password" type="password" required autocomplete="current-password" aria-invalid=[wrong.map(|_| "true")] aria-describedby=[described];
                button { "Sign in" }
            }
        },
    )
}

fn with_cookie(token: &str, length: u64, answer: impl IntoResponse) -> Response {
    ([(header::SET_COOKIE, session::cookie(token, length))], answer).into_response()
}

pub(crate) async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Query(next): Query<Next>,
) -> Result<Response, NoPage> {
    // Another page of the same visitor may have a form of the same cookie.
    let token = match session::token(&headers).filter(|token| !token.is_empty()) {
        Some(token) => token,
        None => operators::secret()?,
    };
    let signed_in = operators::signed_in(&app.database, &token, app.clock.now()).await;
    if signed_in.map_err(NoPage::Closed)?.is_some() {
        return Ok(Redirect::to(&destination(&next.next)).into_response());
    }
    let lost = next
        .lost
        .map(|_| "You were signed out meanwhile: what you sent was not taken. Sign in, and send it again.");
    Ok(with_cookie(&token, 3_600, form(&token, &next.next, "", lost)))
}

pub(crate) async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, NoPage> {
    let visitor = session::token(&headers).ok_or_else(|| {
        NoPage::bad(
            "The browser sends no cookie. It keeps this site's cookies over https, or on this machine.",
        )
    })?;
    let fields = Fields::read(request, &visitor).await?;
    let (name, now) = (fields.get("name"), app.clock.now());
    let again = |status: StatusCode, wrong: &str| {
        (status, form(&visitor, fields.get("next"), name, Some(wrong))).into_response()
    };
    let Some(permit) = app.tries.begin(name, now) else {
        let wrong = "Too many tries: wait a minute, and try again.";
        return Ok(again(StatusCode::TOO_MANY_REQUESTS, wrong));
    };
    let is_right = operators::verify(&app.database, name, fields.get("password").to_owned()).await;
    drop(permit);
    if !is_right.map_err(NoPage::Closed)? {
        return Ok(again(StatusCode::FORBIDDEN, "The name or the password is wrong."));
    }
    app.tries.was_right(name);
    // Another token than before the sign-in, so that nobody can have planted it.
    let token = operators::secret()?;
    operators::open(&app.database, &token, name, now, now + session::LENGTH).await.map_err(NoPage::Closed)?;
    let answer = Redirect::to(&destination(fields.get("next")));
    Ok(with_cookie(&token, session::LENGTH.as_secs(), answer))
}

pub(crate) async fn sign_out(State(app): State<App>, sent: Sent) -> Result<Response, NoPage> {
    sent.operator.sign_out(&app).await?;
    Ok(with_cookie("", 0, Redirect::to("/sign-in")))
}
