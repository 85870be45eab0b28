//! The table of endpoints, from which the documentation is made, and the vendor's index agree.

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
