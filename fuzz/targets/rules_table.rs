//! A table of shipping rules from a spreadsheet. None panics, and one without a problem is exported as a table that changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shipstation_connector::channel::shipping::csv::{self, FormulaGuard, ImportOptions};

fuzz_target!(|file: &[u8]| {
    let Ok(rules) = csv::plan(&[], file, &ImportOptions::replace().guard(FormulaGuard::Off)).into_rules()
    else {
        return;
    };
    let mut table = Vec::new();
    csv::export(&rules, FormulaGuard::Off, &mut table).unwrap();
    let again = csv::plan(&rules, &table, &ImportOptions::replace().guard(FormulaGuard::Off));
    assert!(again.changes_nothing(), "{again}");
    assert_eq!(again.into_rules().unwrap(), rules);
});
