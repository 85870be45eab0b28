//! Chromium's driver as a process of the test, and the sessions that it opens.
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, wd::WebDriverCompatibleCommand};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

/// What every session runs with: as root in a container, and without the network.
const ARGUMENTS: [&str; 6] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-proxy-server",
    "--hide-scrollbars",
];

/// A running `chromedriver`. It ends with this value, and its browsers with it.
#[derive(Debug)]
pub(crate) struct Driver {
    process: Child,
    port: u16,
    /// Where the browsers keep their files.
    _files: TempDir,
}

impl Driver {
    /// Starts the driver on a free port, which it chooses itself.
    pub(crate) fn start() -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .envs([("HOME", files.path()), ("TMPDIR", files.path())])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect(
                "chromedriver is needed: apt-get install --no-install-recommends chromium chromium-driver",
            );
        let port = BufReader::new(process.stdout.as_mut().unwrap())
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok())
            .expect("the driver says which port it has");
        Self { process, port, _files: files }
    }

    /// A new browser, in which no page can run a script; those of the test do run.
    pub(crate) async fn session(&self) -> Client {
        let Value::Object(capabilities) = json!({
            "goog:chromeOptions": {
                "args": ARGUMENTS,
                "prefs": { "profile.managed_default_content_settings.javascript": 2 },
            },
            "timeouts": { "pageLoad": 20_000, "script": 20_000 },
        }) else {
            unreachable!()
        };
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.port))
            .await
            .expect("Chromium starts")
    }

    /// Asks the driver to end its browsers and itself; killed, it would leave them running.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        connection.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        connection.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.shut_down().is_err() {
            self.process.kill().ok();
        }
        self.process.wait().ok();
    }
}

/// A command of Chromium's own protocol and its parameters, for what fantoccini has no method for.
#[derive(Debug)]
pub(crate) struct Chromium(pub(crate) &'static str, pub(crate) Value);

impl WebDriverCompatibleCommand for Chromium {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}
