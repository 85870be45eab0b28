//! The simulator as a program of its own.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::post};
use serde_json::{Value, json};
use shipstation_connector::client::{Clock, SystemClock};

use crate::bench::{Bench, ended, interrupt};

/// A simulator that serves, and what it has said.
struct Served {
    child: Child,
    at: Value,
}

impl Served {
    fn start(bench: &Bench, words: &[&str]) -> Self {
        let words = [&["simulate", "--json"], words].concat();
        let mut child = bench.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let at = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{words:?}: {line:?}"));
        Self { child, at }
    }

    fn word(&self, name: &str) -> &str {
        self.at[name].as_str().unwrap()
    }

    async fn control(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.word("control"));
        let answer = reqwest::Client::new().request(method, url).body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    async fn add_order(&self, number: &str) {
        self.control(reqwest::Method::POST, "orders", json!({ "orderNumber": number })).await;
    }

    async fn numbers(&self) -> Vec<String> {
        let orders = self.control(reqwest::Method::GET, "orders", Value::Null).await;
        orders.as_array().unwrap().iter().map(|order| order["orderNumber"].as_str().unwrap().into()).collect()
    }

    fn stop(mut self) {
        interrupt(&self.child);
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

/// Asks again until it is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..300 {
        if is_so().await {
            return;
        }
        SystemClock.sleep(Duration::from_millis(50)).await;
    }
    panic!("not after 15 seconds: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_programs_use_every_account() {
    let bench = Bench::new().await;
    let served = Served::start(&bench, &["--orders", "5", "--accounts", "2"]);
    let accounts = served.at["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 2);
    for (place, account) in accounts.iter().enumerate() {
        let store = format!("sqlite:{place}.sqlite");
        let mut import = bench.command(&["import", "--store", &store]);
        import
            .env("SHIPSTATION_API_KEY", account["api_key"].as_str().unwrap())
            .env("SHIPSTATION_API_SECRET", account["api_secret"].as_str().unwrap())
            .env("SHIPSTATION_BASE_URL", served.word("base_url"));
        let imported = ended(import.output().unwrap());
        assert!(imported.out.contains("5 new"), "{imported:?}");
    }
    served.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_gives_the_same_orders() {
    let bench = Bench::new().await;
    let lines = async |seed: &str| {
        let served = Served::start(&bench, &["--seed", seed]);
        let orders = served.control(reqwest::Method::GET, "orders", Value::Null).await;
        let all = orders.as_array().unwrap().iter();
        let skus = |order: &Value| {
            order["items"].as_array().unwrap().iter().map(|line| line["sku"].clone()).collect()
        };
        let lines: Vec<Vec<Value>> = all.map(skus).collect();
        served.stop();
        lines
    };
    let one = lines("7").await;
    assert_eq!((one.len(), &one), (20, &lines("7").await));
    assert_ne!(one, lines("8").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_what_was_kept_is_there_again_and_time_goes_on() {
    let bench = Bench::new().await;
    let words = ["--orders", "2", "--state", "account.json"];
    let mut served = Served::start(&bench, &words);
    served.add_order("KEPT-1").await;
    served.control(reqwest::Method::PUT, "clock", json!({ "advanceSeconds": 86_400 })).await;
    served.control(reqwest::Method::PUT, "keys/simulated-key", json!({})).await;
    let file = bench.path().join("account.json");
    until("the order is in the file", async || {
        let text = std::fs::read_to_string(&file).unwrap();
        text.contains("KEPT-1") && !text.contains("\"expires\":null")
    })
    .await;
    served.child.kill().unwrap();
    served.child.wait().unwrap();

    let served = Served::start(&bench, &words);
    assert_eq!(served.numbers().await, ["1001", "1002", "KEPT-1"]);
    let now = served.control(reqwest::Method::GET, "clock", Value::Null).await;
    let now = now["now"].as_str().unwrap().parse().unwrap();
    assert!(SystemClock.now() + Duration::from_secs(80_000) < now, "what was let pass stays passed");
    let refused = reqwest::Client::new()
        .get(format!("{}stores", served.word("base_url")))
        .basic_auth(served.word("api_key"), Some(served.word("api_secret")));
    assert_eq!(refused.send().await.unwrap().status(), 401);
    served.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_tried_again_and_come_twice() {
    let bench = Bench::new().await;
    let received = Arc::new(Mutex::new(Vec::<String>::new()));
    let kept = Arc::clone(&received);
    // The first one is not taken.
    let hook = async move |body: String| {
        let mut kept = kept.lock().unwrap();
        kept.push(body);
        if kept.len() == 1 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(hook));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let served = Served::start(&bench, &["--orders", "1", "--webhook", &url, "--fault", "webhookTwice=1"]);
    served.add_order("NEW-1").await;
    let count = || received.lock().unwrap().len();
    until("two deliveries, one of them tried again", async || count() == 3).await;
    let all = received.lock().unwrap().clone();
    let body: Value = serde_json::from_str(&all[0]).unwrap();
    assert!(all.iter().all(|one| *one == all[0]));
    assert_eq!(body["resource_type"], "ORDER_NOTIFY");
    let answer = reqwest::Client::new()
        .get(body["resource_url"].as_str().unwrap())
        .basic_auth(served.word("api_key"), Some(served.word("api_secret")));
    assert!(answer.send().await.unwrap().text().await.unwrap().contains("\"NEW-1\""));
    served.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_met_at_their_rate() {
    let bench = Bench::new().await;
    let served = Served::start(&bench, &["--fault", "html=1"]);
    let ask = async || {
        let asked = reqwest::Client::new().get(format!("{}stores", served.word("base_url")));
        let asked = asked.basic_auth(served.word("api_key"), Some(served.word("api_secret")));
        asked.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask().await, 502);
    served.control(reqwest::Method::DELETE, "faults", Value::Null).await;
    let slow = json!({ "kind": { "slow": { "secs": 0, "nanos": 300_000_000 } } });
    served.control(reqwest::Method::POST, "faults", slow).await;
    let due = SystemClock.monotonic().unwrap() + Duration::from_millis(300);
    assert_eq!(ask().await, 200);
    assert!(SystemClock.monotonic().unwrap() >= due, "it takes real time");
    served.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_is_said() {
    let bench = Bench::new().await;
    bench.write("other.json", "{\"version\": 1}");
    let port = bench.sim.url().rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
    for (words, said) in [
        (["--fault", "dropAfterEffekt=0.1"], "there is no \"dropAfterEffekt\"; there are serverError"),
        (["--fault", "hang=2"], "a rate from 0 to 1"),
        (["--fault", "hang"], "a rate from 0 to 1"),
        (["--webhook", "hooks.example.com"], "no http address"),
        (["--state", "other.json"], "no file of a simulator"),
        (["--state", "."], "cannot be read"),
        (["--port", &port], "cannot be opened"),
        (["--accounts", "0"], "1..=1000"),
    ] {
        let refused = bench.refused(2, &[&["simulate"][..], &words].concat());
        assert!(refused.contains(said), "{words:?}: {refused}");
    }
    assert_eq!(std::fs::read_to_string(bench.path().join("other.json")).unwrap(), "{\"version\": 1}");
}
