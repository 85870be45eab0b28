//! What is wrong is said, with the right code, and nothing is lost or changed.

use std::{process::Stdio, time::Duration};

use shipstation_connector::{
    channel::{
        Operation,
        store::{BeginOutcome, NewRun, RunStore},
    },
    client::{Clock, SystemClock},
    stores::SqliteStore,
    testing::simulator::{Fault, FaultKind, Method},
};

use crate::bench::{Bench, ended, interrupt};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_mistake_is_refused_with_what_was_meant() {
    let bench = Bench::new().await;
    for (file, parts) in [
        ("stores = \"sqlite:x\"\n", &["stores is not a setting", "did you mean store?"][..]),
        ("[connections.shop]\nkey_fil = \"x\"\n", &["connections.shop.key_fil", "did you mean key_file?"]),
        (
            "[connections.shop.settings.orders]\ncreated_within_day = 3\n",
            &["connections.shop.settings", "did you mean created_within_days?"],
        ),
        (
            "[connections.shop.client]\ntimout = \"3s\"\n",
            &["connections.shop.client", "did you mean timeout?"],
        ),
        ("[connections.shop.client]\ntimeout = \"soon\"\n", &["connections.shop.client", "timeout"]),
        ("[connections.shop.every]\nget_order = \"1m\"\n", &["every.get_order", "did you mean get_orders?"]),
        ("[connections.shop.every]\nback_fill = \"1d\"\n", &["every.back_fill", "not run on a schedule"]),
        ("[connections.shop]\nsecret_env = \"9f planted\"\n", &["shop.secret_env", "not the key itself"]),
        ("[connections.shop]\nsecret_env = \"planted\"\n", &["shop.secret_env names is not set"]),
        ("[connections.shop.every]\nget_orders = \"often\"\n", &["every.get_orders"]),
        ("[connections.shop]\nkey_expires_on = \"soon\"\n", &["key_expires_on", "2027-01-31"]),
        ("[connections.shop]\nkey_file = \"a\"\nkey_env = \"B\"\n", &["not both"]),
        ("[connections.shop\n", &["line 1"]),
        ("[connections.shop.settings]\nlease = \"1s\"\n", &["lease"]),
        ("", &["no connections"]),
        ("[connections.a]\n[connections.b]\n", &["--connection", "a, b"]),
        ("store = \"mysql://x\"\n[connections.a]\n", &["sqlite:PATH"]),
    ] {
        bench.write("shipstation.toml", file);
        let said = bench.refused(2, &["check"]);
        for part in parts {
            assert!(said.contains(part) && !said.contains("planted"), "{file:?}: {said}");
        }
    }
    assert_eq!(bench.sim.journal().len(), 0, "nothing was asked");
    assert!(!bench.path().join("shipstation.sqlite").exists(), "and no file was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_a_key_that_is_missing_open_or_wrong_is_never_shown() {
    let bench = Bench::new().await;
    let without = ended(bench.command(&["check"]).env_remove("SHIPSTATION_API_SECRET").output().unwrap());
    assert_eq!(without.code, 2);
    assert!(without.err.contains("SHIPSTATION_API_SECRET is not set"), "{without:?}");

    bench.configure("[connections.shop]\nkey_file = \"keys\"\n");
    let keys = format!("{}\n{}\n", bench.sim.api_key(), bench.sim.api_secret());
    bench.write("keys", &keys).mode("keys", 0o644);
    assert!(bench.refused(2, &["check"]).contains("chmod 600"));
    bench.mode("keys", 0o600);
    bench.text(0, &["check"]);
    bench.write("keys", "planted-key\n");
    assert!(bench.refused(2, &["check"]).contains("two lines"));

    bench.write("keys", "planted-key\nplanted-secret\n");
    let refused = bench.run(&["import"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(!format!("{refused:?}").contains("planted"), "{refused:?}");
    let checked = bench.run(&["check"]);
    assert_eq!(checked.code, 6, "the key: {checked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_account_is_not_changed_without_consent() {
    let bench = Bench::new().await;
    for words in [
        &["sync"][..],
        &["hold", "id:1", "--until", "2099-01-01T08:00:00Z"],
        &["release", "id:1"],
        &["tag", "id:1", "7"],
        &["untag", "id:1", "7"],
        &["webhooks", "https://hooks.example.com/x"],
        &["watch"],
    ] {
        let mut command = bench.command(words);
        let said = ended(command.env("SHIPSTATION_BASE_URL", "https://ssapi.example.com/").output().unwrap());
        assert_eq!(said.code, 2, "{words:?}: {said:?}");
        assert!(said.err.contains("--yes"), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found() {
    let bench = Bench::new().await;
    for words in [
        &["diagnose", "9999"][..],
        &["timeline", "9999"],
        &["timeline", "id:9999"],
        &["import", "9999"],
        &["ship", "9999", "--carrier", "UPS", "--tracking", "1Z"],
        &["held", "release", "9999"],
        &["shipments", "unblock", "carrier:none"],
    ] {
        bench.run(words);
        assert_eq!(bench.run(words).code, 8, "{words:?}: {:?}", bench.run(words));
    }
    bench.configure("");
    let said = bench.refused(8, &["check", "--connection", "shap"]);
    assert!(said.contains("did you mean shop?"), "{said}");
    for number in [1, 2] {
        bench.order("1001", if number == 1 { "Standard" } else { "Express" });
    }
    let said = bench.refused(2, &["import", "1001"]);
    assert!(said.contains("more than one"), "{said}");
    let said = bench.refused(2, &["ship", "1001", "--carrier", "UPS", "--tracking", "1Z"]);
    assert!(said.contains("name the one by its id"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_or_a_storage_that_does_not_answer_is_a_failure() {
    let bench = Bench::new().await;
    let gone = ended(
        bench.command(&["import"]).env("SHIPSTATION_BASE_URL", "http://127.0.0.1:1/").output().unwrap(),
    );
    assert_eq!(gone.code, 5, "{gone:?}");
    bench.write(
        "other.sqlite",
        "this is no database, and it is long enough to be read as the head of one; really.......",
    );
    let said = bench.refused(2, &["import", "--store", "sqlite:other.sqlite"]);
    assert!(said.contains("other.sqlite"), "{said}");
    let said = bench.refused(5, &["import", "--store", "postgres://someone:planted@127.0.0.1:1/x"]);
    assert!(!said.contains("planted"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_at_once_are_one() {
    let bench = Bench::new().await;
    bench.text(0, &["runs"]);
    let store = SqliteStore::open(bench.path().join("shipstation.sqlite")).unwrap();
    let lease = Duration::from_secs(600);
    let other = NewRun::new(
        "simulator".into(),
        Operation::GetOrders,
        "r".into(),
        "another process",
        lease,
        SystemClock.now(),
    );
    assert!(matches!(store.begin(other).await.unwrap(), BeginOutcome::Granted(_)));
    let said = bench.refused(7, &["import"]);
    assert!(said.contains("another process"), "{said}");
    assert_eq!(bench.sim.journal().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_a_run_with_its_report() {
    let bench = Bench::new().await;
    bench.order("1001", "Standard");
    bench.sim.fault(Fault::on(Method::GET, "/orders").always().with(FaultKind::Throttle { reset: Some(50) }));
    let (told, asked) = std::sync::mpsc::channel();
    bench.sim.before(Method::GET, "/orders", 1, move |_| told.send(()).unwrap());
    let mut command = bench.command(&["import", "--json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    asked.recv().unwrap();
    interrupt(&child);
    let ended = ended(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 4, "{ended:?}");
    assert!(ended.out.contains("partial"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_gone_breaks_nothing() {
    let bench = Bench::new().await;
    bench.order("1001", "Standard");
    let mut child = bench.command(&["import"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = ended(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 0);
    assert!(!ended.err.contains("panicked") && !ended.err.contains("pipe"), "{ended:?}");
    assert!(bench.text(0, &["held"]).contains("1001"), "the import was done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipment_is_not_mistaken_for_another_one() {
    let bench = Bench::new().await;
    let order = bench.order("1001", "Standard");
    bench.order("1002", "Standard");
    bench.order("10", "Standard");
    bench.text(0, &["ship", "#1001", "--carrier", "UPS", "--tracking", "1Z 17"]);
    let said = bench.text(0, &["ship", &format!("id:{order}"), "--carrier", "UPS", "--tracking", "1z17"]);
    assert!(said.contains("before (pending)") && !said.contains("17 of"), "{said}");
    let other = bench.refused(2, &["ship", "1001", "--carrier", "FedEx", "--tracking", "1z17"]);
    assert!(other.contains("--id of its own"), "{other}");
    bench.text(0, &["ship", "1001", "--carrier", "FedEx", "--tracking", "1Z18", "--id", "s-1"]);
    assert!(
        bench
            .refused(2, &["ship", "1002", "--carrier", "UPS", "--tracking", "1Z19", "--id", "s-1"])
            .contains("another order")
    );
    for words in [
        ["ship", "id:05", "--carrier", "UPS", "--tracking", "1Z"],
        ["ship", "1001", "--carrier", "UPS", "--tracking", " "],
    ] {
        bench.refused(2, &words);
    }
    assert!(
        bench
            .text(0, &["ship", "10", "--carrier", "UPS", "--tracking", "1Z20", "--dry-run"])
            .contains("would be")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_lies_beside_the_file_that_names_it() {
    let bench = Bench::new().await;
    bench.write("shop.toml", "store = \"sqlite:shop.sqlite\"\n[connections.shop]\n");
    let elsewhere = tempfile::tempdir().unwrap();
    let file = bench.path().join("shop.toml");
    let mut runs = bench.command(&["runs", "--config", file.to_str().unwrap()]);
    let first = ended(runs.current_dir(elsewhere.path()).output().unwrap());
    assert!(first.code == 0 && first.err.contains("is a new file"), "{first:?}");
    assert!(bench.path().join("shop.sqlite").exists());
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    assert_eq!(bench.run(&["runs", "--config", "shop.toml"]).err, "", "it is there now");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_is_said() {
    let bench = Bench::new().await;
    bench.write("shipstation.toml", "store = \"sqlite:x.sqlite\"\n");
    assert!(bench.refused(2, &["watch"]).contains("no connections"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_names_several_orders_names_none() {
    let bench = Bench::new().await;
    let ids = [bench.order("1001", "Standard"), bench.order("1001", "Standard")];
    bench.text(0, &["mappings", "add", "Standard", "ground"]);
    bench.text(0, &["import"]);
    for words in [
        &["ship", "1001", "--carrier", "UPS", "--tracking", "1Z0000000000000017"][..],
        &["timeline", "1001"],
        &["tag", "1001", "Rush"],
        &["import", "1001"],
    ] {
        let said = bench.refused(2, words);
        assert!(said.contains("more than one order with number 1001") && said.contains("id:"), "{said}");
        assert!(ids.iter().all(|id| said.contains(&id.to_string())), "{said}");
    }
    assert_eq!(bench.json(0, &["shipments"]), serde_json::json!([]));
    assert_eq!(bench.sim.journal().writes().count(), 0);
    assert_eq!(bench.text(0, &["diagnose", "1001"]).matches("IMPORTED").count(), 2);
    let one = format!("id:{}", ids[1]);
    bench.text(0, &["ship", &one, "--carrier", "UPS", "--tracking", "1Z0000000000000017"]);
    assert_eq!(bench.json(0, &["shipments"]).as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_another_version_is_refused_and_left_alone() {
    let bench = Bench::new().await;
    bench.text(0, &["import"]);
    let path = bench.path().join("shipstation.sqlite");
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute("UPDATE shipstation_schema SET version = 999", []).unwrap();
    drop(file);
    let requests = bench.sim.journal().len();
    let before = std::fs::read(&path).unwrap();
    let said = bench.refused(2, &["import"]);
    assert!(said.contains("version 999") && said.contains("use a newer program"), "{said}");
    assert!(std::fs::read(&path).unwrap() == before && bench.sim.journal().len() == requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_takes_the_place_of_the_one_for_the_same_case() {
    let bench = Bench::new().await;
    bench.text(0, &["carriers", "add", "DHL", "nosuch"]);
    assert!(bench.text(0, &["carriers", "add", "DHL", "ups"]).contains("in place of"));
    assert_eq!(bench.json(0, &["carriers", "rules"]).as_array().unwrap().len(), 1);
    bench.text(0, &["mappings", "add", "Standard", "ground"]);
    let added = bench.json(0, &["mappings", "add", "Standard", "air"]);
    assert_eq!(added["replaced"].as_array().unwrap().len(), 1);
    assert_eq!(bench.json(0, &["mappings"]).as_array().unwrap().len(), 1);
    bench.text(0, &["mappings", "add", "Standard", "sea", "--dry-run"]);
    assert!(bench.text(0, &["mappings"]).contains("air"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_shipment_is_released_by_what_the_table_names() {
    let bench = Bench::new().await;
    bench.order("1001", "Standard");
    bench.text(0, &["mappings", "add", "Standard", "ground"]);
    bench.text(0, &["import"]);
    bench.text(0, &["ship", "1001", "--carrier", "Acme", "--tracking", "1Z0000000000000017"]);
    bench.text(0, &["sync"]);
    let shown = bench.text(0, &["shipments"]);
    assert!(shown.contains("UNBLOCK") && shown.contains("  Acme\n"), "{shown}");
    assert!(bench.refused(8, &["shipments", "unblock", "carrier:Acme"]).contains("what to name"));
    assert!(bench.text(0, &["shipments", "unblock", "Acme"]).contains("1 released"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_wrongly_is_a_document_too() {
    let bench = Bench::new().await;
    for words in [&["nonsense"][..], &["hold"], &["diagnose", ""], &["backfill", "--from", "soon"]] {
        let document = bench.json(2, words);
        assert!(document["error"].is_string() && document["exit"] == 2, "{words:?}: {document}");
    }
    for store in ["sqlite:", "sqlite::memory:", "sqlite:file:x?mode=memory"] {
        assert!(bench.refused(2, &["runs", "--store", store]).contains("the path of a file"));
    }
    assert_eq!(std::fs::read_dir(bench.path()).unwrap().count(), 0);
    let nowhere = bench.run(&["runs", "--store", "sqlite:no/such/folder/x"]);
    assert!(!nowhere.err.contains("is a new file"), "{nowhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_shipstation_is_no_evidence() {
    let bench = Bench::new().await;
    bench.sim.fault(Fault::any().always().with(FaultKind::Html { status: 200 }));
    assert!(bench.refused(5, &["probe"]).contains("none of ShipStation's"));
    assert_eq!(bench.run(&["why"]).code, 5);
    bench.sim.clear_faults();
    let refused = bench.command(&["check"]).env("SHIPSTATION_API_SECRET", "planted").output().unwrap();
    assert_eq!(refused.status.code(), Some(6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_nobody_reads_ends() {
    let bench = Bench::new().await;
    bench.order("1001", "Standard");
    bench.configure("[connections.shop.every]\nget_orders = \"1m\"\n");
    let mut child = bench.command(&["watch"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(ended(child.wait_with_output().unwrap()).code, 0);
}
