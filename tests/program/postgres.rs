//! The program on a PostgreSQL database.

#[path = "../it/support/postgres.rs"]
#[allow(dead_code, reason = "shared with the scenarios")]
mod cluster;

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::bench::{Bench, ended, interrupt};

/// The address of a fresh database.
async fn address() -> String {
    let database = cluster::cluster().new_schema();
    cluster::cluster().run(&format!("CREATE DATABASE {database}")).await;
    let part = |name: &str| cluster::cluster().url.split(' ').find_map(|pair| pair.strip_prefix(name));
    let (host, user) = (part("host=").unwrap(), part("user=").unwrap());
    format!("postgres://{user}@{}/{database}", host.replace('/', "%2F"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL's programs"]
async fn two_watches_share_the_work_and_a_terminal_sees_it() {
    let bench = Bench::new().await;
    bench.order("1001", "Standard");
    bench.write("store", &address().await);
    let store = std::fs::read_to_string(bench.path().join("store")).unwrap();
    bench.configure("[connections.shop.every]\nget_orders = \"5m\"\nsync_shipments = \"0s\"\n");
    let file = std::fs::read_to_string(bench.path().join("shipstation.toml")).unwrap();
    bench.write("shipstation.toml", &format!("store = \"{store}\"\n{file}"));
    bench.text(0, &["mappings", "add", "Standard", "ground"]);
    bench.text(0, &["carriers", "add", "UPS", "ups"]);

    let watch = || {
        let mut command = bench.command(&["watch", "--json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut watches = [watch(), watch()];
    let (send, lines) = std::sync::mpsc::channel();
    for child in &mut watches {
        let (out, send) = (BufReader::new(child.stdout.take().unwrap()), send.clone());
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    }
    assert!(lines.iter().any(|line| line.contains("1 new")));
    assert!(bench.text(0, &["orders"]).contains("1001"));
    bench.text(0, &["ship", "1001", "--carrier", "UPS", "--tracking", "1Z0000000000000017"]);
    bench.text(0, &["sync"]);
    assert!(bench.text(0, &["timeline", "1001"]).contains("imported"));
    assert_eq!(bench.json(0, &["runs"]).as_array().map(Vec::is_empty), Some(false));
    for child in watches {
        interrupt(&child);
        assert_eq!(ended(child.wait_with_output().unwrap()).code, 0);
    }
    assert!(!lines.try_iter().any(|line| line.contains("1 new")), "it is imported once");
    assert_eq!(bench.sim.journal().count("POST", "/orders/markasshipped"), 1);
    assert!(!bench.path().join("shipstation.sqlite").exists());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL's programs"]
async fn secrets_the_password_of_a_database_is_not_shown() {
    let bench = Bench::new().await;
    let address =
        address().await.replace('@', ":planted@").replace("postgres://postgres", "postgres://nobody");
    for address in [&*address, "postgres://u:planted@127.0.0.1:1/x", "postgres://u:planted@[::bad/x"] {
        let ended = bench.run(&["runs", "--store", address]);
        assert!(matches!(ended.code, 2 | 5) && !ended.err.contains("planted"), "{ended:?}");
    }
}
