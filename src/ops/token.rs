//! The token in the display name of every job that we create: a ULID, so that tokens sort by time.

/// The 32 digits of Crockford's base 32.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The 26 digits of a ULID: 48 bits of milliseconds and 80 random bits.
pub(super) fn ulid(milliseconds: u64, random: [u8; 10]) -> String {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random);
    let number = u128::from_be_bytes(bytes);
    let digit = |at: u32| DIGITS[(number >> (5 * at)) as usize & 31] as char;
    (0..26).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ulid_is_time_first_and_random_after() {
        assert_eq!(ulid(0, [0; 10]), "0".repeat(26));
        assert_eq!(ulid((1 << 48) - 1, [0xff; 10]), format!("7{}", "Z".repeat(25)));
        assert_eq!(&ulid(1_469_918_176_385, [0; 10])[..10], "01ARYZ6S41");
        assert!(ulid(1, [0; 10]) > ulid(0, [0xff; 10]));
    }
}
