//! The Basic header, as far as one has to know it to compare it.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Key and secret as they stand in the header.
pub(super) fn pair(key: &str, secret: &str) -> String {
    STANDARD.encode(format!("{key}:{secret}"))
}

/// Whether an `Authorization` header is of the Basic scheme and holds this pair.
pub(super) fn holds(header: &str, wanted: &str) -> bool {
    header
        .split_once(' ')
        .is_some_and(|(scheme, pair)| scheme.eq_ignore_ascii_case("basic") && pair.trim() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_the_documented_example() {
        assert_eq!(pair("ShipStation", "Rocks"), "U2hpcFN0YXRpb246Um9ja3M=");
        assert!(holds("basic U2hpcFN0YXRpb246Um9ja3M=", &pair("ShipStation", "Rocks")));
        assert!(!holds("Bearer U2hpcFN0YXRpb246Um9ja3M=", &pair("ShipStation", "Rocks")));
    }
}
