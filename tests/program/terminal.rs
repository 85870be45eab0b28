//! A narrow terminal, a dumb one, and none at all.

use std::process::Command;

use crate::bench::{Bench, ended};

/// What a terminal of this many columns shows of the program.
fn raw(bench: &Bench, columns: u32, words: &str) -> String {
    let program = env!("CARGO_BIN_EXE_shipstation");
    let mut terminal = Command::new("script");
    terminal.args(["-qefc", &format!("stty cols {columns} rows 24; exec {program} {words}"), "/dev/null"]);
    for (name, value) in bench.command(&[]).get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    let shown = ended(
        terminal.env("TERM", "xterm").env_remove("NO_COLOR").current_dir(bench.path()).output().unwrap(),
    );
    assert_eq!(shown.code, 0, "{words}: {shown:?}");
    shown.out
}

/// The same without colors: what a line holds is what was written to it last.
fn on_terminal(bench: &Bench, columns: u32, words: &str) -> Vec<String> {
    let shown = raw(bench, columns, words);
    let lines = shown.lines().map(|line| line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default());
    lines.map(without_controls).collect()
}

/// The text without what moves the cursor or chooses a color.
fn without_controls(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    let after = |part: &str| part.find(|c: char| c.is_ascii_alphabetic()).map(|at| part[at + 1..].to_owned());
    parts.filter_map(after).fold(first, |line, part| line + &part)
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_fit_the_terminal() {
    let bench = Bench::new().await;
    for number in ["1001", "1002"] {
        bench.order(number, "Express delivery before noon, signature of an adult required");
    }
    bench.text(0, &["import"]);
    for columns in [40, 100] {
        let lines = on_terminal(&bench, columns, "held");
        assert!(lines.iter().any(|line| line.contains("1001")), "{columns}: {lines:#?}");
        let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(widest <= columns as usize, "{columns}: {widest}: {lines:#?}");
    }
    let file = bench.text(0, &["held"]);
    assert!(
        file.lines().any(|line| line.contains("1001") && line.contains("adult")),
        "one line a row: {file}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_what_a_run_does_and_machines_do_not() {
    let bench = Bench::new().await;
    bench.order("1001", "Standard");
    let shown = on_terminal(&bench, 80, "import").join("\n");
    assert!(shown.contains("get_orders") && shown.contains("\n  held      1"), "{shown}");
    let colored = raw(&bench, 80, "diagnose 1001");
    assert!(colored.contains("\u{1b}[32mpasses\u{1b}[0m"), "{colored}");
    let ended = bench.run(&["import"]);
    assert!(!ended.out.contains('\u{1b}') && !ended.err.contains('\u{1b}'), "{ended:?}");
}
