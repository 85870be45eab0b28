//! What each verb does and says.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::bench::{BUYER, Bench, ended, interrupt};

/// Whether the text has all of these, in this order.
#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let place = rest.find(part).unwrap_or_else(|| panic!("{part:?} is missing in: {text}"));
        rest = &rest[place + part.len()..];
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_keys_to_the_tracking() {
    let bench = Bench::new().await;
    let order = bench.order("1001", "Standard");
    bench.order("1002", "By zeppelin");
    assert_says(&bench.text(0, &["check"]), &["ready", "there is no shipping mapping at all"]);
    assert_says(&bench.text(0, &["import"]), &["2 new (2 held)"]);
    assert_says(&bench.text(0, &["held"]), &["1001", "\"Standard\" is not mapped", "1002"]);
    assert_says(&bench.text(0, &["mappings", "suggest"]), &["TEXT", "HELD"]);
    assert_says(
        &bench.text(0, &["mappings", "add", "Standard", "ground"]),
        &["exact \"Standard\" -> ground"],
    );
    assert_says(&bench.text(0, &["mappings"]), &["exact \"Standard\" -> ground"]);
    assert_says(&bench.text(0, &["mappings", "explain", "Standard"]), &["ground"]);
    assert_says(&bench.text(0, &["held", "resolve"]), &["1 released, 1 still not mapped"]);
    assert_says(&bench.text(0, &["orders"]), &["NUMBER", "1001", "ground"]);

    assert_says(
        &bench.text(0, &["ship", "1001", "--carrier", "UPS", "--tracking", "1Z17"]),
        &["is in the outbox"],
    );
    assert_says(
        &bench.text(0, &["ship", "1001", "--carrier", "UPS", "--tracking", "1Z17"]),
        &["in the outbox before"],
    );
    assert_says(&bench.text(0, &["shipments"]), &["pending"]);
    assert_says(&bench.text(0, &["sync"]), &["no carrier rule for \"UPS\""]);
    assert_says(&bench.text(0, &["carriers"]), &["fedex"]);
    assert_says(&bench.text(0, &["carriers", "suggest", "UPS Ground"]), &["ups"]);
    assert_says(&bench.text(0, &["carriers", "add", "UPS", "ups"]), &["\"UPS\" -> ups"]);
    assert_says(&bench.text(0, &["carriers", "rules"]), &["\"UPS\" -> ups"]);
    assert_says(&bench.text(0, &["sync"]), &["1 marked shipped and confirmed"]);
    assert_eq!(bench.sim.journal().count("POST", "/orders/markasshipped"), 1);
    assert_says(&bench.text(0, &["shipments"]), &["nothing is open in the outbox"]);

    let story = bench.text(0, &["timeline", &format!("id:{order}")]);
    assert_says(&story, &["imported", "held", "released", "enqueued", "blocked", "sent", "confirmed"]);
    assert_says(&bench.text(0, &["why"]), &["last run", "awaiting_shipment"]);
    assert_says(&bench.text(0, &["diagnose", "1001"]), &["IMPORTED", "event"]);
    assert_says(&bench.text(0, &["runs"]), &["sync_shipments", "succeeded", "get_orders"]);
    assert_says(&bench.text(0, &["stuck"]), &["nothing"]);
    assert_says(&bench.text(0, &["held", "release", "1002"]), &["order 1002 released"]);
    assert_says(&bench.text(0, &["held"]), &["no order is held"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_a_document_too() {
    let bench = Bench::new().await;
    let order = bench.order("1001", "Standard");
    let id = &*format!("id:{order}");
    assert_eq!(bench.json(0, &["check"])["requests"], 3);
    assert_eq!(bench.json(0, &["import", "--dry-run"])["run"]["dry_run"], true);
    assert_eq!(bench.json(0, &["import", "1001"])["run"]["operation"], "import_order");
    assert_eq!(bench.json(0, &["import"])["run"]["status"]["status"], "succeeded");
    assert_eq!(bench.json(0, &["import", "--changes"])["run"]["operation"], "get_changes");
    let stretch =
        ["backfill", "--from", "2026-01-01T08:00:00Z", "--to", "2026-01-02T08:00:00Z", "--by", "paid"];
    assert_eq!(bench.json(0, &stretch)["run"]["operation"], "back_fill");
    assert_eq!(bench.json(0, &["held"])[0]["number"], "1001");
    assert_eq!(bench.json(0, &["mappings", "suggest"])[0]["held"], 1);
    assert!(bench.json(0, &["mappings", "export"])["csv"].as_str().unwrap().starts_with("match,text,"));
    bench.json(0, &["mappings", "add", "Standard", "ground"]);
    assert!(bench.json(0, &["mappings"])[0].is_object());
    assert!(bench.json(0, &["mappings", "explain", "Standard"]).is_object());
    bench.json(0, &["held", "resolve"]);
    assert_eq!(bench.json(0, &["orders"])[0]["method"], "ground");
    bench.json(0, &["ship", "1001", "--carrier", "UPS", "--tracking", "1Z17", "--id", "s-1"]);
    assert_eq!(bench.json(0, &["shipments"])[0]["shipment"]["id"], "s-1");
    assert!(bench.json(0, &["sync", "--dry-run"])["run"].is_object());
    assert!(bench.json(0, &["carriers"])[0]["code"].is_string());
    for words in [
        &["why"][..],
        &["diagnose", id],
        &["timeline", id],
        &["changes"],
        &["runs"],
        &["stuck"],
        &["links"],
        &["carriers", "rules"],
        &["carriers", "suggest", "UPS"],
    ] {
        assert!(!bench.json(0, words).is_null(), "{words:?}");
    }
    assert_eq!(bench.sim.journal().writes().count(), 0, "a dry run sends nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_handed_over_until_they_are_acknowledged() {
    let bench = Bench::new().await;
    let order = bench.order("1001", "Standard").to_string();
    bench.text(0, &["mappings", "add", "Standard", "ground"]);
    bench.text(0, &["import"]);
    for _ in 0..2 {
        let taken = ended(bench.command(&["orders", "take"]).output().unwrap());
        assert_eq!((taken.code, taken.out.lines().count()), (0, 1), "{taken:?}");
        assert!(taken.out.contains(BUYER), "who ships needs the address");
    }
    let acknowledged = bench.with_input(&["orders", "ack"], &format!("{order}\n"));
    assert_eq!((acknowledged.code, acknowledged.out.as_str()), (0, "1 acknowledged\n"));
    assert_eq!(bench.text(0, &["orders", "take"]), "");
    assert_eq!(bench.text(0, &["orders"]), "no order is ready\n");
    let held = bench.order("1002", "By zeppelin").to_string();
    bench.text(0, &["import"]);
    for (code, id) in [(8, "1001"), (8, "id:77"), (2, &*held)] {
        assert!(bench.refused(code, &["orders", "ack", &order, id]).contains("nothing was acknowledged"));
    }
    assert!(bench.text(0, &["orders", "ack", &format!("id:{order}"), "--dry-run"]).contains("would be"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_travel_through_a_spreadsheet() {
    let bench = Bench::new().await;
    bench.order("1001", "Standard");
    bench.text(0, &["import"]);
    let table = bench.text(0, &["mappings", "export", "--unmapped"]);
    let filled: Vec<String> = table.lines().map(|line| line.replacen(",,,,,,", ",,,,ground,,", 1)).collect();
    bench.write("rules.csv", &filled.join("\n"));
    let filled = filled.join("\n").replace(",ground,", ",,");
    bench.write("empty.csv", &filled);
    let said = bench.refused(2, &["mappings", "import", "empty.csv"]);
    assert_says(&said, &["nothing was changed"]);
    let table = "match,text,store_id,marketplace,countries,policy,carrier_code,service_code,package_code,confirmation,rush,lock,enabled,note\nexact,Standard,,,,ground,,,,,,,,\n";
    bench.write("rules.csv", table);
    assert_says(&bench.text(0, &["mappings", "import", "rules.csv", "--dry-run"]), &["1 added"]);
    assert_says(&bench.text(0, &["mappings"]), &["there is no shipping rule"]);
    assert_says(&bench.text(0, &["mappings", "import", "rules.csv"]), &["1 added"]);
    assert_eq!(bench.with_input(&["mappings", "import", "-", "--replace"], table).code, 0);
    assert_says(&bench.text(0, &["mappings", "export"]), &["exact,Standard,"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_are_linked() {
    let bench = Bench::new().await;
    bench.configure("[connections.shop.settings.listings]\n");
    bench.write("listings.csv", "sku,listing\nMUG-1,L-1\nNONE-0,L-2\n,L-3\n");
    assert_says(&bench.text(0, &["link", "--listings", "listings.csv"]), &["link_listings of shop"]);
    assert_says(&bench.text(0, &["links"]), &["L-1", "MUG-1", "linked"]);
    assert_eq!(bench.json(0, &["link"])["run"]["operation"], "link_listings");
    bench.write("wrong.csv", "sku,name\nMUG-1,L-1\n");
    assert_says(
        &bench.refused(2, &["link", "--listings", "wrong.csv"]),
        &["nothing was changed", "\"listing\""],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_held_and_tagged_and_webhooks_subscribed() {
    let bench = Bench::new().await;
    let order = bench.order("1001", "Standard");
    let tag = bench.sim.account(|account| account.add_tag("Rush")).to_string();
    bench.configure(
        "[connections.shop.settings.actions]\nenabled = true\n[connections.shop.settings.orders]\nwatch_changes = true\n",
    );
    bench.text(0, &["import"]);
    let status =
        || bench.sim.account(|account| account.order(order).unwrap().text("orderStatus").map(str::to_owned));
    assert_says(&bench.text(0, &["hold", "1001", "--until", "2099-01-01T08:00:00Z"]), &["1 done"]);
    assert_eq!(status().as_deref(), Some("on_hold"));
    assert!(bench.json(0, &["release", "1001"])["run"].is_object());
    assert_eq!(status().as_deref(), Some("awaiting_shipment"));
    bench.text(0, &["actions"]);
    bench.text(0, &["tag", "1001", &tag]);
    bench.text(0, &["untag", &format!("id:{order}"), &tag]);
    assert_says(&bench.refused(2, &["webhooks", "https://hooks.example.com/x"]), &["secret"]);
    let words = ["webhooks", "https://hooks.example.com/x"];
    let subscribed =
        bench.command(&words).env("SHIPSTATION_WEBHOOK_SECRET", "a-long-random-text-of-ours").output();
    let subscribed = ended(subscribed.unwrap());
    assert_eq!(subscribed.code, 0, "{subscribed:?}");
    assert!(!subscribed.out.contains("a-long-random"), "{subscribed:?}");

    bench.sim.account(|account| assert!(account.ship_by_hand(order, "94001", "USPS")));
    bench.text(0, &["import"]);
    assert_says(&bench.text(0, &["changes"]), &["1001", "shipped"]);
    assert_eq!(bench.json(0, &["changes", "--after", "99999"]).as_array().map(Vec::len), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_served_until_the_interrupt() {
    let bench = Bench::new().await;
    bench.order("1001", "Standard");
    bench.configure("[connections.shop.every]\nget_orders = \"5m\"\n");
    let mut child =
        bench.command(&["watch", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut runs = lines.map_while(Result::ok).filter(|line| line.contains("\"status\":\"succeeded\""));
    assert!(runs.any(|line| line.contains("1 new")), "a look or an import brings it");
    interrupt(&child);
    assert_eq!(ended(child.wait_with_output().unwrap()).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_that_is_written_again_is_read_again() {
    let bench = Bench::new().await;
    bench.order("1001", "Standard");
    let every = "[connections.shop.every]\nget_orders = \"5m\"\n";
    bench.configure(every);
    let file = std::fs::read_to_string(bench.path().join("shipstation.toml")).unwrap();
    bench.write("shipstation.toml", &format!("[connections.shop]\nkey_file = \"shop.key\"\n{file}"));
    bench.write("shop.key", &format!("{}\nyesterday\n", bench.sim.api_key())).mode("shop.key", 0o600);
    let mut child =
        bench.command(&["watch", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut troubles = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(troubles.any(|line| line.contains("get_orders of shop") && line.contains("refused")));
    bench.write("shop.key", &format!("{}\n{}\n", bench.sim.api_key(), bench.sim.api_secret()));
    assert!(lines.any(|line| line.contains("1 new")));
    interrupt(&child);
    assert_eq!(ended(child.wait_with_output().unwrap()).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demonstration_needs_no_keys() {
    let bench = Bench::new().await;
    let mut demo = bench.command(&["demo"]);
    demo.env_remove("SHIPSTATION_API_KEY")
        .env_remove("SHIPSTATION_API_SECRET")
        .env_remove("SHIPSTATION_BASE_URL");
    let shown = ended(demo.output().unwrap());
    assert_eq!(shown.code, 0, "{shown:?}");
    assert_says(
        &shown.out,
        &["check of demo", "get_orders", "resolve_held", "marked shipped and confirmed", "imported"],
    );
    assert_eq!(std::fs::read_dir(bench.path()).unwrap().count(), 0, "it leaves nothing behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn shells_and_manuals_know_the_program() {
    let bench = Bench::new().await;
    assert_says(&bench.text(0, &["--help"]), &["check", "import", "Exit codes"]);
    assert_says(&bench.text(0, &["--version"]), &["shipstation"]);
    for shell in ["bash", "zsh", "fish"] {
        assert_says(&bench.text(0, &["completions", shell]), &["shipstation"]);
    }
    assert_says(&bench.text(0, &["man"]), &[".TH shipstation"]);
    bench.text(0, &["man", "--dir", "pages"]);
    let page = std::fs::read_to_string(bench.path().join("pages/shipstation-held-resolve.1")).unwrap();
    assert_says(&page, &[".TH shipstation-held-resolve"]);
}
