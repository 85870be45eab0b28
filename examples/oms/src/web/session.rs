//! Who is signed in, and which forms are this site's own.
//!
//! The token of a session stands in a cookie that only this site gets, over TLS or on this machine. A form carries a digest of it, which
//! no other site can know; besides, a browser says where a request comes from, and every other place is refused.

use std::time::Duration;

use axum::{
    extract::{FromRequest, FromRequestParts, RawForm, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use maud::{Markup, html};

use super::{App, error::NoPage};
use crate::shop::{decisions, operators};

const COOKIE: &str = "__Host-oms";
/// As many characters as any field may have.
const LONGEST: usize = 500;
/// How long somebody stays signed in.
pub(super) const LENGTH: Duration = Duration::from_secs(12 * 3_600);

/// An operator who is signed in.
#[derive(Clone)]
pub(super) struct Operator {
    pub(super) name: String,
    token: String,
}

impl Operator {
    /// What every form of this operator carries.
    pub(super) fn form_token(&self) -> Markup {
        form_token(&self.token)
    }

    /// Has the next page say this.
    pub(super) async fn say(&self, app: &App, said: &str) -> Result<(), NoPage> {
        Ok(operators::say(&app.database, &self.token, said).await?)
    }

    /// Keeps what the operator has done, and has the next page say it.
    pub(super) async fn did(&self, app: &App, what: &str) -> Result<(), NoPage> {
        decisions::record(&app.database, app.clock.now(), &self.name, what).await?;
        self.say(app, what).await
    }

    pub(super) async fn take_said(&self, app: &App) -> Result<Option<String>, NoPage> {
        Ok(operators::take_said(&app.database, &self.token).await?)
    }

    pub(super) async fn sign_out(&self, app: &App) -> Result<(), NoPage> {
        Ok(operators::close(&app.database, &self.token).await?)
    }
}

pub(super) fn form_token(token: &str) -> Markup {
    html! { input type="hidden" name="form" value=(operators::digest("form", token)); }
}

/// The token of the visitor's cookie.
pub(super) fn token(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split("; ")).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, token)| token.to_owned())
}

/// The cookie with a token, for so many seconds.
pub(super) fn cookie(token: &str, seconds: u64) -> String {
    format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}")
}

impl FromRequestParts<App> for Operator {
    type Rejection = NoPage;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, NoPage> {
        let here = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let Some(token) = token(&parts.headers) else { return Err(NoPage::SignIn(here)) };
        let signed_in = operators::signed_in(&app.database, &token, app.clock.now()).await;
        match signed_in.map_err(NoPage::Closed)? {
            Some(name) => Ok(Self { name, token }),
            None => Err(NoPage::SignIn(here)),
        }
    }
}

/// The fields of a form, without white space around them. One may be a password.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a form of this site's own, which the visitor with this token was shown.
    pub(super) async fn read(request: Request, token: &str) -> Result<Self, NoPage> {
        if !is_own(request.headers()) {
            return Err(foreign());
        }
        let RawForm(bytes) =
            RawForm::from_request(request, &()).await.map_err(|why| NoPage::bad(why.to_string()))?;
        let fields = url::form_urlencoded::parse(&bytes);
        let fields = Self(fields.map(|(name, value)| (name.into_owned(), value.trim().to_owned())).collect());
        if fields.0.iter().any(|(_, value)| value.chars().count() > LONGEST) {
            return Err(NoPage::bad(format!("A field has at most {LONGEST} characters.")));
        }
        let expected = operators::digest("form", token);
        // Digests of digests: how long the comparison takes says nothing of the token.
        let same =
            operators::digest("compare", &expected) == operators::digest("compare", fields.get("form"));
        if same { Ok(fields) } else { Err(foreign()) }
    }

    /// A field; empty if it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        self.maybe(name).unwrap_or_default()
    }

    /// A field, unless it is empty.
    pub(super) fn maybe(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        fields.find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

fn foreign() -> NoPage {
    let why =
        "This form is old, or not this site's own. Go back, load the page again, and send the form again.";
    NoPage::Refused(StatusCode::FORBIDDEN, why.to_owned())
}

/// Whether the browser says that the request comes from this site. Every browser of today says one of the two.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = text("origin").and_then(|origin| origin.split_once("://"));
    origin.is_some_and(|(_, host)| Some(host) == text("host"))
}

/// A form that an operator has sent.
pub(super) struct Sent {
    pub(super) operator: Operator,
    pub(super) fields: Fields,
}

impl FromRequest<App> for Sent {
    type Rejection = NoPage;

    async fn from_request(request: Request, app: &App) -> Result<Self, NoPage> {
        let (mut parts, body) = request.into_parts();
        let operator = match Operator::from_request_parts(&mut parts, app).await {
            Err(NoPage::SignIn(_)) => return Err(NoPage::SignedOut),
            operator => operator?,
        };
        let fields = Fields::read(Request::from_parts(parts, body), &operator.token).await?;
        Ok(Self { operator, fields })
    }
}
