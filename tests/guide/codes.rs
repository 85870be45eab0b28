//! Lists without samples: kinds, finding codes, metrics.

use std::collections::BTreeSet;

use crate::text::{names, read, rows, snake_case, sources, variants};

const ERRORS: &str = "docs/guide/errors.md";
/// The value of a newer version, which the guide explains once.
const NEWER: &str = "Unrecognized";

fn of_code(path: &str, name: &str) -> BTreeSet<String> {
    variants(path, name).into_iter().filter(|variant| variant != NEWER).collect()
}

#[test]
fn kinds_in_the_guide_are_those_of_the_code() {
    for (name, path) in [
        ("ErrorKind", "src/client/error.rs"),
        ("Outcome", "src/client/error.rs"),
        ("Refusal", "src/channel/error.rs"),
        ("StoreErrorKind", "src/channel/store/error.rs"),
        ("Incomplete", "src/client/page/end.rs"),
        ("OpenProblem", "src/stores/sqlite/open_error.rs"),
        ("ConnectProblem", "src/stores/postgres/connect_error.rs"),
    ] {
        assert_eq!(names(ERRORS, name), of_code(path, name), "{name}");
    }
    for (name, path) in [
        ("RetryClass", "src/channel/shipment/reason.rs"),
        ("SupersedeReason", "src/channel/shipment/reason.rs"),
        ("NotificationStatus", "src/channel/shipment/state.rs"),
        ("RunStatus", "src/channel/report/mod.rs"),
    ] {
        let code = of_code(path, name).iter().map(|variant| snake_case(variant)).collect();
        assert_eq!(names(ERRORS, name), code, "{name}");
    }
}

/// What `failure.rs` tells an operator to do about a kind of error stands in its row.
#[test]
fn remedies_of_errors_are_those_of_the_code() {
    let text = read("src/connector/failure.rs");
    let start = text.find("fn remedy(").unwrap();
    let body = text[start..].split("\n}\n").next().unwrap();
    let rows = rows(ERRORS, "ErrorKind");
    let mut seen = 0;
    for arm in body.split("        ErrorKind::").skip(1) {
        let (pattern, result) = arm.split_once("=>").unwrap();
        let Some(remedy) = result.split('"').nth(1) else { continue };
        for kind in pattern.split(" if ").next().unwrap().split('|') {
            let kind = kind.trim().trim_start_matches("ErrorKind::");
            let (_, cells) = rows.iter().find(|(name, _)| name == kind).unwrap();
            assert!(cells.concat().contains(remedy), "{kind}: {remedy}");
            seen += 1;
        }
    }
    assert!(seen >= 8, "{seen} remedies were found: the function is written otherwise now");
}

/// Finding codes stand in the source as the first argument of what makes a finding.
#[test]
fn finding_codes_in_the_guide_are_those_of_the_code() {
    let mut codes = BTreeSet::new();
    for file in sources("src/connector").iter().chain(&sources("src/channel")) {
        let code = file.split("#[cfg(test)]").next().unwrap();
        for call in ["Finding::error(", "Finding::warning(", "Finding::info(", "unfit(", "finding("] {
            let arguments = code.split(call).skip(1).map(str::trim_start);
            let texts = arguments.filter_map(|rest| rest.strip_prefix('"')).map(first_text);
            codes.extend(texts.filter(|text| !text.contains(' ')));
        }
        // Where the code is drawn from several, they are the only plain words with an underscore in the file.
        if code.contains("(code, SUBJECT") {
            let texts = code.split('"').skip(1).step_by(2);
            let plain =
                |text: &&str| text.contains('_') && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            codes.extend(texts.filter(plain).map(str::to_owned));
        }
    }
    assert!(codes.len() > 30, "{codes:?}");
    assert_eq!(names(ERRORS, "Finding"), codes);
}

fn first_text(rest: &str) -> String {
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn metrics_in_the_guide_are_those_of_the_code() {
    let source = read("src/metrics.rs");
    let code: BTreeSet<String> = source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| text.starts_with("shipstation_"))
        .map(str::to_owned)
        .collect();
    assert_eq!(names("docs/guide/production.md", "MetricsObserver"), code);
}

/// What `shipstation probe` asks an account stands in the guide to the evidence, and nothing that it does not ask.
#[test]
fn the_evidence_names_what_the_probe_asks() {
    let mut asked = BTreeSet::new();
    for file in ["questions", "headers", "mark"] {
        let source = read(&format!("src/bin/shipstation/probe/{file}.rs"));
        let lists = source.split("const ASSUMPTIONS: ").skip(1).map(|rest| rest.split(";\n").next().unwrap());
        let listed =
            lists.flat_map(|list| list.rsplit('[').next().unwrap().trim_end_matches(']').split(", "));
        let listed = listed.map(|name| format!("const {name}: &str ="));
        let said = ["self.say(", "const ASSUMPTION: &str ="].map(str::to_owned);
        for begin in listed.chain(said) {
            let texts = source.split(&begin).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
            asked.extend(texts.map(first_text));
        }
    }
    let guide = read("docs/guide/evidence.md");
    let cells =
        guide.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.rsplit(" | ").next());
    let cells = cells.map(|cell| cell.strip_prefix("*by consent*: ").unwrap_or(cell));
    let named: BTreeSet<String> = cells.filter_map(|cell| cell.strip_prefix('"')).map(first_text).collect();
    assert!(asked.len() > 10, "{asked:?}");
    assert_eq!(named, asked);
}

/// Why the next run of a fleet's job waits longer, as its status says it.
#[test]
fn waits_of_a_fleet_in_the_guide_are_those_of_the_code() {
    let source = read("src/fleet/next_run.rs");
    let code = source.split("#[cfg(test)]").next().unwrap();
    // The last argument of what makes a job wait: the text that is followed by the closing parenthesis.
    let texts = code.split('"').collect::<Vec<_>>();
    let waits = texts.windows(2).skip(1).step_by(2).filter(|pair| pair[1].starts_with(')'));
    let waits: BTreeSet<String> = waits.map(|pair| pair[0].to_owned()).collect();
    let guide = read(ERRORS);
    let section = guide.split("## A fleet's job waits").nth(1).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")).skip(2);
    let named: BTreeSet<String> = rows.map(|row| row.split(" |").next().unwrap().to_owned()).collect();
    assert!(waits.len() > 5, "{waits:?}");
    assert_eq!(named, waits);
}
