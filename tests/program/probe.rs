//! What a probe finds out about an account, tried against each habit of the simulator.

use std::time::Duration;

use serde_json::{Value, json};
use shipstation_connector::{
    client::{Clock, SystemClock},
    testing::simulator::{Fault, FaultKind, Method, Quirks, RateLimit, Simulator, SimulatorConfig},
};

use crate::bench::{BUYER, Bench};

async fn bench(quirks: Quirks, limit: u32) -> Bench {
    let config = SimulatorConfig::default().now(SystemClock.now()).quirks(quirks);
    let sim = Simulator::start(config.rate_limit(RateLimit::PerMinute(limit))).await.unwrap();
    let bench = Bench { sim, folder: tempfile::tempdir().unwrap() };
    for number in 0..30 {
        bench.order(&format!("10{number:02}"), "Standard");
        bench.sim.clock().advance(Duration::from_secs(20));
    }
    bench.sim.clock().set(SystemClock.now());
    bench
}

fn found(sheet: &Value, name: &str) -> Value {
    sheet["quirks"][name].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_an_ordinary_account_takes_ten_reads_and_fits() {
    let bench = bench(Quirks::default(), 40).await;
    let sheet = bench.json(0, &["probe"]);
    assert_eq!(sheet["quirks"], serde_json::to_value(Quirks::default()).unwrap(), "{sheet:#}");
    assert_eq!((&sheet["rate_limit"], &sheet["advice"]), (&json!(40), &json!([])));
    assert_eq!(sheet["requests"], bench.sim.journal().len());
    assert!(bench.sim.journal().len() <= 12);
    assert_eq!(bench.sim.journal().writes().count(), 0);
    assert!(!bench.path().join("shipstation.sqlite").exists());
    let otherwise = |evidence: &Value| evidence["verdict"] == "otherwise";
    assert!(!sheet["evidence"].as_array().unwrap().iter().any(otherwise), "{sheet:#}");
    assert!(bench.text(0, &["probe"]).contains("The crate's defaults fit."));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_habit_that_reads_can_show_is_found() {
    type Set = fn(Quirks) -> Quirks;
    let habits: [(&str, Set, Value); 10] = [
        ("pagesZero", |quirks| quirks.pages_zero(true), json!(true)),
        ("nullRows", |quirks| quirks.null_rows(true), json!(true)),
        ("missingRateHeaders", |quirks| quirks.missing_rate_headers(true), json!(true)),
        ("absurdRateHeaders", |quirks| quirks.absurd_rate_headers(true), json!(true)),
        ("remainingLags", |quirks| quirks.remaining_lags(true), json!(true)),
        ("modifyAfterCreation", |quirks| quirks.modify_after_creation(true), json!(true)),
        ("boundsExclusive", |quirks| quirks.bounds_exclusive(true), json!(true)),
        ("notFoundEmptyBody", |quirks| quirks.not_found_empty_body(false), json!(false)),
        ("blankDate", |quirks| quirks.blank_date(true), json!(true)),
        ("drift", |quirks| quirks.drift(true), json!(true)),
    ];
    for (name, set, wanted) in habits {
        let bench = bench(set(Quirks::default()), 40).await;
        let ended = bench.run(&["probe", "--json"]);
        let sheet: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{name}: {ended:?}"));
        assert_eq!(found(&sheet, name), wanted, "{name}: {sheet:#}");
        let same = serde_json::to_value(set(Quirks::default())).unwrap();
        assert_eq!(sheet["quirks"], same, "nothing else is suspected: {name}: {sheet:#}");
    }
    let bench = bench(Quirks::default().clock_skew(90), 60).await;
    let sheet = bench.json(3, &["probe"]);
    assert!((88..=92).contains(&found(&sheet, "clockSkew").as_i64().unwrap()), "{sheet:#}");
    assert!(sheet["advice"].to_string().contains("requests_per_minute to 60"), "{sheet:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_fixtures_hold_shapes_and_nothing_of_the_account() {
    let bench = bench(Quirks::default(), 40).await;
    bench.text(0, &["probe", "--record", "shapes"]);
    let mut files = 0;
    for file in std::fs::read_dir(bench.path().join("shapes")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for secret in [BUYER, "1001", "MUG", "example.com", bench.sim.api_key()] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert!(serde_json::from_str::<Value>(&text).unwrap()["status"].is_u64());
        files += 1;
    }
    assert_eq!(files, bench.sim.journal().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_teaches_nothing() {
    let bench = bench(Quirks::default(), 40).await;
    let refused = bench.command(&["probe"]).env("SHIPSTATION_API_SECRET", "planted-secret").output().unwrap();
    assert_eq!(refused.status.code(), Some(6), "{refused:?}");
    assert!(!String::from_utf8(refused.stderr).unwrap().contains("planted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_an_account_that_does_not_answer_is_no_evidence() {
    let bench = bench(Quirks::default(), 40).await;
    bench.sim.fault(Fault::on(Method::GET, "/orders").always().with(FaultKind::Html { status: 503 }));
    assert!(bench.refused(5, &["probe"]).contains("nothing was learned"));
    assert_eq!(bench.sim.journal().len(), 1, "nothing is asked twice");
    let elsewhere = format!("{}nowhere/", bench.sim.url());
    let lost = bench.command(&["probe"]).env("SHIPSTATION_BASE_URL", elsewhere).output().unwrap();
    assert_eq!(lost.status.code(), Some(5), "{lost:?}");
}
