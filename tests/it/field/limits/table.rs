//! A table of a hundred thousand rows.

use std::fmt::Write as _;

use shipstation_connector::channel::shipping::{ShippingRule, csv};

use super::in_time;

/// Fewer where nothing is optimized, so that the suite ends soon.
const ROWS: usize = if cfg!(debug_assertions) { 20_000 } else { 100_000 };
const HEADER: &str = "match,text,store_id,marketplace,countries,policy,carrier_code,service_code,package_code,confirmation,rush,lock,enabled,note\r\n";

/// Writes a row, by its place.
type Write = fn(usize) -> String;

fn table(row: impl Fn(usize) -> String) -> String {
    let mut table = HEADER.to_owned();
    (0..ROWS).for_each(|n| writeln!(table, "{}\r", row(n)).unwrap());
    table
}

#[test]
fn a_hundred_thousand_rows_are_planned_and_exported_in_time() {
    let tables: [(&str, Write); 3] = [
        ("exact", |n| format!("exact,Ground {n},{},,US|CA,p,,,,,,,,", n % 7)),
        ("glob", |n| format!("glob,Ground {n:06}*x,,,,p,,,,,,,,")),
        ("by store", |n| format!("exact,Ground,{n},,,p,,,,,,,,")),
    ];
    for (name, row) in tables {
        let file = table(row);
        let plan = in_time(&format!("plan a new table ({name})"), || {
            csv::plan(&[], file.as_bytes(), &csv::ImportOptions::replace())
        });
        assert_eq!(
            plan.to_string(),
            format!("{ROWS} added, 0 changed, 0 removed, 0 unchanged, 0 problems"),
            "{name}"
        );
        let rules = plan.into_rules().unwrap();
        assert_eq!(rules.len(), ROWS);
        let again = in_time(&format!("plan the same table ({name})"), || {
            csv::plan(&rules, file.as_bytes(), &csv::ImportOptions::merge())
        });
        assert!(again.changes_nothing() && again.unchanged == ROWS, "{name}");
        let mut out = Vec::new();
        in_time("export", || csv::export(&rules, csv::FormulaGuard::Off, &mut out)).unwrap();
        let edited = table(|n| row(n).replace(",p,", ",q,"));
        let changed = in_time(&format!("plan an edited table ({name})"), || {
            csv::plan(&rules, edited.as_bytes(), &csv::ImportOptions::merge())
        });
        assert_eq!(changed.changed.len(), ROWS, "{name}");
    }
}

#[test]
fn a_hundred_thousand_wrong_rows_say_the_first_few_and_how_many() {
    let tables: [(&str, Write, usize); 4] = [
        ("kinds", |n| format!("kind {n},x,,,,p,,,,,,,,"), ROWS),
        ("repeated", |_| "glob,*Ground*,,,,p,,,,,,,,".to_owned(), ROWS - 1),
        ("overlapping", |n| format!("glob,*{n:06}*,,,,p,,,,,,,,"), ROWS - 1),
        ("short", |_| "exact,Ground".to_owned(), ROWS),
    ];
    for (name, row, problems) in tables {
        let file = table(row);
        let plan = in_time(&format!("plan wrong rows ({name})"), || {
            csv::plan(&[], file.as_bytes(), &csv::ImportOptions::replace())
        });
        assert_eq!(plan.problems.len() + plan.more_rule_errors, problems, "{name}");
        let shown = plan.to_string();
        assert!(shown.contains(&format!("{problems} problems")), "{name}");
        assert!(shown.ends_with(&format!("\n- and {} more", problems - 20)), "{name}: {shown}");
        let refused = plan.into_rules().unwrap_err().to_string();
        assert!(
            refused.starts_with(&format!("the table of shipping rules has {problems} problems\n")),
            "{name}"
        );
    }
}

#[test]
fn one_problem_is_one_problem() {
    let file = format!("{HEADER}kind,x,,,,p,,,,,,,,\r\n");
    let plan = csv::plan(&[], file.as_bytes(), &csv::ImportOptions::merge());
    assert_eq!(
        plan.to_string(),
        "0 added, 0 changed, 0 removed, 0 unchanged, 1 problem\n\
         - row 2: match is \"kind\", not exact, prefix, glob, absent or any"
    );
    let refused = plan.into_rules().unwrap_err().to_string();
    assert!(refused.starts_with("the table of shipping rules has 1 problem\n"), "{refused}");
}

#[test]
fn a_cell_of_a_megabyte_is_read_whole_and_shown_short() {
    let long = "x".repeat(1_000_000);
    let file = format!("{HEADER}exact,{long},,,,p,,,,,,,,\r\n");
    let plan = in_time("plan a long cell", || csv::plan(&[], file.as_bytes(), &csv::ImportOptions::merge()));
    assert_eq!(plan.into_rules().unwrap(), [ShippingRule::exact(long.clone(), "p")]);
    let file = format!("{HEADER}{long},x,,,,p,,,,,,,{long},\r\n");
    let plan =
        in_time("plan long problems", || csv::plan(&[], file.as_bytes(), &csv::ImportOptions::merge()));
    assert!(plan.to_string().len() < 5_000, "{}", plan.to_string().len());
}
