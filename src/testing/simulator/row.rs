//! The text of a row, and one member in it printed otherwise.

use std::ops::Range;

/// Prints a member as these bytes, whatever they are. A member of a member is named with a dot between; a row that has no such
/// member stays as it is.
pub(super) fn overwrite(row: &mut Vec<u8>, path: &str, value: &[u8]) {
    let mut place = 0..row.len();
    for name in path.split('.') {
        let Some(inner) = row.get(place.clone()).and_then(|object| value_of(object, name)) else { return };
        place = place.start + inner.start..place.start + inner.end;
    }
    row.splice(place, value.iter().copied());
}

/// Whether this is the row of the order, shipment or product with this number, or of something that belongs to it: whether one of
/// its first members is the number.
pub(super) fn is_about(row: &[u8], id: i64) -> bool {
    /// Room for two numbers of ten digits; what follows may name other orders.
    const HEAD: usize = 70;
    let head = String::from_utf8_lossy(row.get(..HEAD).unwrap_or(row));
    head.contains(&format!("Id\":{id},"))
}

/// The number of the row: its first member that is one.
pub(super) fn number(row: &[u8]) -> Option<i64> {
    let text = String::from_utf8_lossy(row);
    let (_, digits) = text.split_once("Id\":")?;
    digits.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// Where the value of a member stands in the text of an object. Nothing else about the text need be JSON.
fn value_of(object: &[u8], name: &str) -> Option<Range<usize>> {
    let name = format!("\"{name}\"");
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let (mut member, mut value) = (0, None);
    for (at, byte) in object.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b':' if depth == 1 => value = (object.get(member..at) == Some(name.as_bytes())).then_some(at + 1),
            b',' | b'}' if depth == 1 && value.is_some() => return value.map(|from| from..at),
            b',' if depth == 1 => member = at + 1,
            b'{' | b'[' => {
                depth += 1;
                if depth == 1 {
                    member = at + 1;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overwrites_one_member_and_leaves_the_rest_alone() {
        let row = |path: &str, value: &[u8]| {
            let mut row = br#"{"a":"x,\"b\":1}","b":{"c":[1,{"b":2}],"d":null},"e":3}"#.to_vec();
            overwrite(&mut row, path, value);
            String::from_utf8_lossy(&row).into_owned()
        };
        assert_eq!(row("b", b"NaN"), r#"{"a":"x,\"b\":1}","b":NaN,"e":3}"#);
        assert_eq!(
            row("b.d", b"\"\xff\""),
            "{\"a\":\"x,\\\"b\\\":1}\",\"b\":{\"c\":[1,{\"b\":2}],\"d\":\"\u{fffd}\"},\"e\":3}"
        );
        assert_eq!(
            row("e", b"\"\n\""),
            "{\"a\":\"x,\\\"b\\\":1}\",\"b\":{\"c\":[1,{\"b\":2}],\"d\":null},\"e\":\"\n\"}"
        );
        assert_eq!(row("b.e", b"0"), row("", b"0"), "there is no such member");
    }

    #[test]
    fn knows_whose_row_it_is() {
        let row = br#"{"fulfillmentId":66120011,"orderId":2184550001,"orderNumber":"2"}"#;
        assert!(is_about(row, 66_120_011) && is_about(row, 2_184_550_001));
        assert!(!is_about(row, 6_612) && !is_about(row, 2));
        assert_eq!((number(row), number(b"null")), (Some(66_120_011), None));
    }
}
