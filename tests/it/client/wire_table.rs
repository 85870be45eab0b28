//! The table of endpoints, the documentation and the vendor's index agree.

use std::collections::BTreeSet;

use shipstation_connector::client::endpoints;

use crate::support::fixture;

#[test]
fn wire_the_table_is_the_vendors_index() {
    let ours: BTreeSet<String> = endpoints().iter().map(|op| format!("{} /{}", op.method, op.path)).collect();
    let index = String::from_utf8(fixture("operations.txt")).unwrap();
    let theirs: BTreeSet<String> = index.lines().map(str::to_owned).collect();
    assert_eq!(ours, theirs);
    assert_eq!(endpoints().len(), 48);
}

/// The links in that table are checked by rustdoc, so that every method it names exists.
#[test]
fn wire_the_documentation_shows_the_table() {
    let source = include_str!("../../../src/client/mod.rs");
    let rows = source.lines().filter(|line| line.starts_with("//! | `")).count();
    assert_eq!(rows, endpoints().len());
    for op in endpoints() {
        let row = format!("//! | `{} /{}` | [`{}`](", op.method, op.path, op.call);
        let class = format!("| {:?} |", op.class);
        let found = source.lines().find(|line| line.starts_with(&row));
        assert!(found.is_some_and(|line| line.ends_with(&class)), "{row} … {class}");
    }
}
