//! The one order that a probe marks as shipped: what it finds out by that, and when nothing is written.

use std::time::Duration;

use serde_json::{Value, json};
use shipstation_connector::{
    client::{Clock, SystemClock},
    testing::simulator::{
        Account, Fault, FaultKind, ListFlaw, Method, Quirks, RepeatMarkAsShipped, SimAddress, SimLine,
        SimOrder, Simulator, SimulatorConfig,
    },
};

use crate::bench::{BUYER, Bench, Ended};

const NUMBER: &str = "MAN-10042";
const MARK: &str = "/orders/markasshipped";

/// An account in which time passes as on this machine, and its order.
async fn account(quirks: Quirks) -> (Bench, i64) {
    let config = SimulatorConfig::default().now(SystemClock.now()).quirks(quirks);
    let sim = Simulator::start(config).await.unwrap();
    let clock = sim.clock();
    tokio::spawn(async move {
        loop {
            clock.set(SystemClock.now());
            SystemClock.sleep(Duration::from_millis(5)).await;
        }
    });
    let bench = Bench { sim, folder: tempfile::tempdir().unwrap() };
    let id = add(&bench, |order| order);
    (bench, id)
}

/// One more order of the same number that may be marked, but for this.
fn add(bench: &Bench, change: impl FnOnce(SimOrder) -> SimOrder) -> i64 {
    let order = SimOrder::new(NUMBER).set("customerEmail", None::<String>);
    let order =
        order.ship_to(SimAddress::sample().set("name", BUYER)).line(SimLine::new("MUG-1", 1, "18.50"));
    bench.sim.account(|account| account.add_order(change(order)))
}

/// Probes with the order, and types its number again.
fn probe(bench: &Bench, words: &[&str]) -> Ended {
    let words = [&["probe", "--write", NUMBER, "--settle", "0"], words].concat();
    let ended = bench.with_input(&words, &format!("{NUMBER}\n"));
    let typed = bench.sim.journal().writes().all(|write| {
        write.is("POST", MARK)
            && write.body["notifyCustomer"] == false
            && write.body["notifySalesChannel"] == false
    });
    assert!(typed && writes(bench) <= 2 && bench.sim.account(|account| account.notices.is_empty()));
    let said = format!("{}{}", ended.out, ended.err);
    for secret in [BUYER, NUMBER, "PROBE1", bench.sim.api_secret()] {
        assert!(!said.contains(secret), "{secret}: {ended:?}");
    }
    ended
}

fn sheet(bench: &Bench, code: i32, words: &[&str]) -> Value {
    let ended = probe(bench, &[words, &["--json"]].concat());
    assert_eq!(ended.code, code, "{ended:?}");
    let sheet: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:?}"));
    assert_eq!(
        (&sheet["requests"], &sheet["writes"]),
        (&json!(bench.sim.journal().len()), &json!(writes(bench)))
    );
    sheet
}

fn writes(bench: &Bench) -> usize {
    bench.sim.journal().writes().count()
}

/// Verdict and detail of the assumption that begins so.
fn said(sheet: &Value, assumption: &str) -> (String, String) {
    let all = sheet["evidence"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found = all.iter().find(|evidence| text(&evidence["assumption"]).starts_with(assumption));
    let found = found.unwrap_or_else(|| panic!("{assumption}: {sheet:#}"));
    (text(&found["verdict"]), text(&found["seen"]))
}

const REPEATED: &str = "a second mark";
const SHOWN: &str = "an order that was marked";
const LISTED: &str = "a mark shows";

#[tokio::test(flavor = "multi_thread")]
async fn faults_what_a_second_mark_does_is_found() {
    for (habit, requests) in [
        (RepeatMarkAsShipped::SecondFulfillment, 14),
        (RepeatMarkAsShipped::Error500, 15),
        (RepeatMarkAsShipped::Ok, 15),
    ] {
        for delay in [0, 150] {
            let delay = Duration::from_millis(delay);
            let quirks = Quirks::default().repeat_mark_as_shipped(habit).fulfillment_delay(delay);
            let (bench, id) = account(quirks).await;
            let sheet = sheet(&bench, 0, &[]);
            assert_eq!(sheet["quirks"]["repeatMarkAsShipped"], json!(habit), "{sheet:#}");
            assert_eq!(said(&sheet, REPEATED).0, "as_assumed", "{sheet:#}");
            assert_eq!(said(&sheet, SHOWN).0, "as_assumed", "{sheet:#}");
            assert_eq!(writes(&bench), 2);
            if delay.is_zero() {
                assert_eq!(sheet["requests"], requests, "{habit:?}: {sheet:#}");
            }
            let is_seen = sheet["quirks"]["fulfillmentDelay"] != json!(Duration::ZERO);
            assert_eq!(is_seen, !delay.is_zero(), "{sheet:#}");
            assert_eq!(
                bench.sim.account(|account| account
                    .order(id)
                    .unwrap()
                    .text("orderStatus")
                    .unwrap()
                    .to_owned()),
                "shipped"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_the_budget_is_said_first_and_the_sheet_counts_writes() {
    let (bench, _) = account(Quirks::default()).await;
    let ended = probe(&bench, &[]);
    assert!(ended.err.starts_with("at most 30 requests: 28 reads and 2 writes\n"), "{ended:?}");
    assert!(
        ended.err.contains("stays marked as shipped") && ended.err.contains("Neither the customer"),
        "{ended:?}"
    );
    assert!(ended.out.starts_with("14 requests, 2 of them writes\n"), "{ended:?}");
    let (bench, _) = account(Quirks::default()).await;
    let ended = bench.run(&["probe"]);
    assert!(ended.err.starts_with("at most 12 requests, all of them reads"), "{ended:?}");
    assert!(ended.out.starts_with("8 requests, all of them reads\n"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_no_budget_is_exceeded_and_what_it_leaves_out_is_said() {
    for requests in 1..=30 {
        let quirks = Quirks::default().repeat_mark_as_shipped(RepeatMarkAsShipped::Ok);
        let (bench, _) = account(quirks).await;
        let text = requests.to_string();
        let sheet = sheet(&bench, 0, &["--requests", &text]);
        assert!(bench.sim.journal().len() <= requests, "{requests}");
        assert!(sheet["evidence"].as_array().unwrap().len() >= 17, "{requests}: {sheet:#}");
        let (verdict, seen) = said(&sheet, REPEATED);
        let is_marked = requests >= 8;
        assert_eq!(writes(&bench), if is_marked { 2 } else { 0 }, "{requests}");
        assert_eq!(verdict, if is_marked { "as_assumed" } else { "not_shown" }, "{requests}: {seen}");
        let (verdict, seen) = said(&sheet, "deliveries name");
        assert!(
            verdict == "not_shown"
                && (seen.contains("no request was left") == (requests < 7 || (8..15).contains(&requests))),
            "{requests}: {seen}"
        );
    }
    let (bench, _) = account(Quirks::default()).await;
    bench.refused(2, &["probe", "--requests", "0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_a_stale_read_is_waited_for_and_measured() {
    let (bench, id) = account(Quirks::default()).await;
    let stale = Fault::on(Method::GET, &format!("/orders/{id}")).times(2);
    bench.sim.fault(stale.after(1).with(FaultKind::StaleRead(Duration::from_secs(60))));
    let sheet = sheet(&bench, 0, &[]);
    let (verdict, seen) = said(&sheet, SHOWN);
    assert!(verdict == "otherwise" && seen.starts_with("look 3 showed it: not yet 0.1 s"), "{seen}");
    assert_eq!(writes(&bench), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_an_order_that_never_shows_as_shipped_is_not_marked_again() {
    let (bench, id) = account(Quirks::default()).await;
    let stale = Fault::on(Method::GET, &format!("/orders/{id}")).always();
    bench.sim.fault(stale.with(FaultKind::StaleRead(Duration::from_secs(60))));
    let sheet = sheet(&bench, 0, &["--requests", "9"]);
    assert_eq!((said(&sheet, SHOWN).0, said(&sheet, REPEATED).0), ("otherwise".into(), "not_shown".into()));
    assert_eq!(said(&sheet, LISTED).0, "as_assumed", "{sheet:#}");
    assert_eq!(writes(&bench), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_after_a_mark_of_unknown_outcome_nothing_is_written() {
    use FaultKind as Kind;
    let body = || r#"{"Message":"no"}"#.to_owned();
    let ends = [
        (Kind::DropAfterEffect, 0, "the first look", "is unknown"),
        (Kind::CutBody, 0, "the first look", "is unknown"),
        (Kind::HtmlAfterEffect { status: 502 }, 0, "the first look", "is unknown"),
        (Kind::ErrorAfterEffect, 0, "the first look", "exception"),
        (Kind::DropBefore, 3, "none of", "is unknown"),
        (Kind::Throttle { reset: None }, 0, "there was no look", "not carried out"),
        (Kind::Status { code: 400, body: body() }, 0, "none of 1", "refused with status 400"),
    ];
    for (kind, code, shown, first) in ends {
        let (bench, _) = account(Quirks::default()).await;
        bench.sim.fault(Fault::on(Method::POST, MARK).times(1).with(kind.clone()));
        let sheet = sheet(&bench, code, &["--requests", "10"]);
        assert_eq!(writes(&bench), 1, "{kind:?}");
        assert!(said(&sheet, "a mark is answered").1.contains(first), "{kind:?}: {sheet:#}");
        let (verdict, seen) = said(&sheet, SHOWN);
        assert!(verdict == "not_shown" && seen.starts_with(shown), "{kind:?}: {seen}");
        assert_eq!(said(&sheet, REPEATED).0, "not_shown", "{kind:?}");
        assert_eq!(sheet["quirks"], serde_json::to_value(Quirks::default()).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_a_second_mark_without_an_answer_settles_only_what_rows_show() {
    for (kind, habit, verdict) in [
        (FaultKind::DropAfterEffect, RepeatMarkAsShipped::SecondFulfillment, "otherwise"),
        (FaultKind::DropAfterEffect, RepeatMarkAsShipped::Ok, "not_shown"),
        (FaultKind::Html { status: 500 }, RepeatMarkAsShipped::Error500, "not_shown"),
    ] {
        let (bench, _) = account(Quirks::default().repeat_mark_as_shipped(habit)).await;
        bench.sim.fault(Fault::on(Method::POST, MARK).after(1).with(kind.clone()));
        let sheet = sheet(&bench, 0, &[]);
        assert_eq!(said(&sheet, REPEATED).0, verdict, "{kind:?}: {sheet:#}");
        assert_eq!(writes(&bench), 2);
        assert_eq!(
            sheet["quirks"]["repeatMarkAsShipped"], "secondFulfillment",
            "{kind:?}: as found, or the default"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_a_look_that_is_not_answered_is_no_delay() {
    for kind in [FaultKind::Html { status: 502 }, FaultKind::List(ListFlaw::NoRows), FaultKind::DropBefore] {
        let (bench, _) = account(Quirks::default()).await;
        bench.sim.fault(Fault::on(Method::GET, "/fulfillments").after(1).with(kind.clone()));
        let sheet = sheet(&bench, 0, &[]);
        assert_eq!(sheet["quirks"], serde_json::to_value(Quirks::default()).unwrap(), "{kind:?}");
        let (verdict, seen) = said(&sheet, LISTED);
        assert!(verdict == "as_assumed" && seen.contains("none before it was answered"), "{kind:?}: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_may_not_be_marked_is_refused() {
    type Change = fn(&mut Account, i64);
    let wrong: [(&str, Change); 5] = [
        ("entered by hand", |account, id| {
            let store = account.add_store("Shop", "Shopify");
            account.edit(id, |order| order.set("advancedOptions.storeId", store));
        }),
        ("an e-mail address", |account, id| {
            account.edit(id, |order| order.set("customerEmail", "robin@example.com"));
        }),
        ("does not await shipment", |account, id| {
            account.set_status(id, "on_hold");
        }),
        ("somebody else", |account, id| {
            account.edit(id, |order| order.set("externallyFulfilled", true));
        }),
        ("more than one order", |account, _| {
            account.add_order(SimOrder::new(NUMBER));
        }),
    ];
    for (why, change) in wrong {
        let (bench, id) = account(Quirks::default()).await;
        bench.sim.account(|account| change(account, id));
        let ended = probe(&bench, &[]);
        assert!(ended.code == 2 && ended.err.contains(why), "{why}: {ended:?}");
        assert_eq!((writes(&bench), bench.sim.journal().len()), (0, 2), "{why}");
        // The same, when it becomes so after it was found.
        let (bench, id) = account(Quirks::default()).await;
        bench.sim.before(Method::GET, &format!("/orders/{id}"), 1, move |account| change(account, id));
        if why != "more than one order" {
            let sheet = sheet(&bench, 0, &[]);
            assert!(said(&sheet, REPEATED).1.contains(why), "{sheet:#}");
            assert_eq!(writes(&bench), 0, "{why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_a_list_cannot_settle_is_refused() {
    let (bench, _) = account(Quirks::default()).await;
    bench.sim.account(|account| account.add_order(SimOrder::new(format!("{NUMBER}-2"))));
    assert_eq!(probe(&bench, &["--dry-run"]).code, 0, "an order whose number only begins so is another one");
    for (kind, code) in [
        (FaultKind::List(ListFlaw::Missing(1)), 2),
        (FaultKind::List(ListFlaw::Total(700)), 2),
        (FaultKind::Html { status: 502 }, 5),
    ] {
        bench.sim.clear_faults();
        bench.sim.fault(Fault::on(Method::GET, "/orders").always().with(kind.clone()));
        let ended = probe(&bench, &[]);
        assert_eq!(ended.code, code, "{kind:?}: {ended:?}");
    }
    bench.sim.clear_faults();
    for (number, code) in [("MAN-1004", 8), ("nothing-of-this", 8), ("", 2), (" ", 8)] {
        let ended = bench.with_input(&["probe", "--write", number], &format!("{number}\n"));
        assert_eq!(ended.code, code, "{number}: {ended:?}");
    }
    assert_eq!(writes(&bench), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_or_the_number_typed_again_nothing_is_written() {
    let (bench, _) = account(Quirks::default()).await;
    for typed in ["", "\n", "yes\n", "MAN-1004\n", " MAN-10042\n", "man-10042\n"] {
        let ended = bench.with_input(&["probe", "--write", NUMBER, "--yes"], typed);
        assert!(ended.code == 2 && ended.err.contains("nothing was written"), "{typed:?}: {ended:?}");
    }
    assert_eq!(bench.run(&["probe", "--write", NUMBER, "--yes"]).code, 2, "there is no standard input");
    let mut command = bench.command(&["probe", "--write", NUMBER]);
    let said = command.env("SHIPSTATION_BASE_URL", "https://ssapi.example.com/").output().unwrap();
    assert_eq!(said.status.code(), Some(2));
    assert!(String::from_utf8(said.stderr).unwrap().contains("--yes"));

    bench.sim.clear_journal();
    let dry = sheet(&bench, 0, &["--dry-run"]);
    assert_eq!((dry["writes"].clone(), said_of(&dry)), (json!(0), "a dry run marks nothing".to_owned()));
    let warned = probe(&bench, &["--dry-run"]).err;
    assert!(
        warned.starts_with("at most 14 requests, all of them reads") && !warned.contains("Type"),
        "{warned}"
    );
    assert_eq!(writes(&bench), 0);
}

fn said_of(sheet: &Value) -> String {
    said(sheet, REPEATED).1
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_the_shapes_of_a_write_hold_nothing_of_the_order() {
    let (bench, id) = account(Quirks::default()).await;
    assert_eq!(probe(&bench, &["--record", "shapes"]).code, 0);
    let files: Vec<_> = std::fs::read_dir(bench.path().join("shapes")).unwrap().collect();
    assert_eq!(files.len(), bench.sim.journal().len());
    for file in files {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for secret in [BUYER, NUMBER, "10042", "PROBE", "MUG", "example.com", &id.to_string()] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    let mark = std::fs::read_to_string(bench.path().join("shapes/11_orders_markasshipped.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&mark).unwrap()["method"], "POST");
}
