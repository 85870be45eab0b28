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
}
