//! Numbers that stand for texts, for telling texts apart without keeping them.

/// FNV-1a over the texts, one after the other: stable over versions and machines, unlike the standard library's hashers.
pub(crate) fn number_of<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for text in texts {
        // A separator that no text holds keeps "ab", "c" from "a", "bc".
        for byte in text.bytes().chain(std::iter::once(0xff)) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}
