//! The pages as a program asks for them, without a browser.
use std::net::Ipv4Addr;

use oms::{Options, Running, Scene};
use reqwest::{Client, RequestBuilder, Response, header, redirect::Policy};

/// The system under test, and a client that follows nothing by itself.
pub(crate) struct Site {
    pub(crate) running: Running,
    client: Client,
}

impl Site {
    pub(crate) async fn start(scene: Scene) -> Self {
        Self::with(None, Some(scene)).await
    }

    pub(crate) async fn with(database: Option<String>, scene: Option<Scene>) -> Self {
        let listen = (Ipv4Addr::LOCALHOST, 0).into();
        let options = Options { listen, database, public_url: None, scene };
        let running = Running::start(options).await.unwrap();
        Self { running, client: Client::builder().no_proxy().redirect(Policy::none()).build().unwrap() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address)
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Response {
        self.client.get(self.url(path)).header(header::COOKIE, cookie).send().await.unwrap()
    }

    /// A form as a browser sends it from a page of this site.
    pub(crate) fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let post = self.client.post(self.url(path)).header(header::COOKIE, cookie).body(body);
        post.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    /// Tries to sign in: the answer, and the cookie before it.
    pub(crate) async fn try_password(&self, password: &str, next: &str) -> (Response, String) {
        let shown = self.get("/sign-in", "").await;
        let cookie = cookie(&shown);
        let form = form_token(&shown.text().await.unwrap());
        let fields = [("form", form.as_str()), ("name", "operator"), ("password", password), ("next", next)];
        let post = self.post("/sign-in", &cookie, &fields).header("sec-fetch-site", "same-origin");
        (post.send().await.unwrap(), cookie)
    }

    pub(crate) async fn sign_in(&self) -> String {
        let (_, password) = self.running.operator.as_ref().unwrap();
        cookie(&self.try_password(password, "/").await.0)
    }
}

/// The cookie that an answer sets, as the browser sends it back.
pub(crate) fn cookie(answer: &Response) -> String {
    let set = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("__Host-oms=") && set.contains("; Secure; HttpOnly; SameSite=Lax"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

pub(crate) fn form_token(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"form\" value=\"").expect("the page has a form");
    rest.split('"').next().unwrap().to_owned()
}
