//! Numbers that look random and are not: everything the service makes up is a function of names and counters.
//!
//! Pure. The same scenario gives the same ids, faults and sounds in every run, so that a test can name them.

/// A well-mixed number from another one (the finaliser of splitmix64).
pub fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number from any list of texts; the borders between the texts count.
pub fn hash(parts: &[&str]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325u64;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    mix(state)
}

/// A share from 0 (inclusive) to 1 (exclusive).
pub fn share(seed: u64) -> f64 {
    // 53 bits are what a double holds without rounding up to 1.
    (mix(seed) >> 11) as f64 / (1u64 << 53) as f64
}

/// An id of `length` characters of `[a-z0-9]`, the alphabet of the service's own ids.
pub fn id(seed: u64, length: usize) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..length as u64).map(|n| char::from(LETTERS[(mix(seed ^ mix(n)) % 36) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_repeatable_and_differ() {
        assert_eq!(id(7, 36), id(7, 36));
        assert_ne!(id(7, 36), id(8, 36));
        assert!(id(9, 36).bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert!((0..1000).all(|n| (0.0..1.0).contains(&share(n))));
    }
}
