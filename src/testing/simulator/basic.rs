//! The Basic header, as far as one has to know it to compare it. A hand-made encoder keeps the feature free of a further dependency.

/// Key and secret as they stand in the header.
pub(super) fn pair(key: &str, secret: &str) -> String {
    base64(format!("{key}:{secret}").as_bytes())
}

/// Whether an `Authorization` header is of the Basic scheme and holds this pair.
pub(super) fn holds(header: &str, wanted: &str) -> bool {
    header
        .split_once(' ')
        .is_some_and(|(scheme, pair)| scheme.eq_ignore_ascii_case("basic") && pair.trim() == wanted)
}

/// Base64 without line breaks.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| ALPHABET.get((bits & 63) as usize).map_or('=', |byte| char::from(*byte));
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut three = [0; 3];
        three.iter_mut().zip(chunk).for_each(|(slot, byte)| *slot = *byte);
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..4 {
            text.push(if place <= chunk.len() { letter(bits >> (18 - 6 * place)) } else { '=' });
        }
    }
    text
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

    #[test]
    fn fills_up_short_texts() {
        assert_eq!(base64(b"a"), "YQ==");
        assert_eq!(base64(b"ab"), "YWI=");
        assert_eq!(base64(b""), "");
    }
}
