//! The system under test, with a scene of its own, and an operator who is signed in.
use std::net::Ipv4Addr;

use oms::{Options, Running, Scene};

use crate::{
    browser::{Browser, Scheme, Size},
    driver::Driver,
};

pub(crate) struct Site {
    running: Running,
    driver: Driver,
}

impl Site {
    pub(crate) async fn start(scene: Scene) -> Self {
        let listen = (Ipv4Addr::LOCALHOST, 0).into();
        let options = Options { listen, database: None, public_url: None, scene: Some(scene) };
        let running = Running::start(options).await.unwrap_or_else(|error| panic!("{error}"));
        Self { running, driver: Driver::start() }
    }

    /// A browser that nobody is signed in with.
    pub(crate) async fn visitor(&self, size: Size, scheme: Scheme) -> Browser {
        Browser::open(&self.driver, size, scheme).await.at(format!("http://{}", self.running.address))
    }

    /// A browser with which the operator is signed in.
    pub(crate) async fn operator(&self, size: Size, scheme: Scheme) -> Browser {
        let browser = self.visitor(size, scheme).await;
        browser.go("/").await;
        self.sign_in(&browser).await;
        browser
    }

    /// Fills in the sign-in page that is shown.
    pub(crate) async fn sign_in(&self, browser: &Browser) {
        let (name, password) = self.running.operator.as_ref().expect("the first operator is made");
        browser.fill("Name", name).await;
        browser.fill("Password", password).await;
        browser.press("Sign in").await;
    }
}
