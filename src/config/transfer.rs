//! What downloads may take: how many at once, and how fast all of them together.
//!
//! ```toml
//! [transfer]
//! downloads = 3
//! max_rate = "20 MB/s"
//! max_result = "16 GB"
//! ```

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The most downloads at once: beyond this a service calls it abuse sooner than it becomes faster.
pub const MOST_DOWNLOADS: usize = 16;

/// The slowest rate, in bytes a second: a slower one only looks like a connection that hangs.
const SLOWEST: u64 = 1_000;

/// What downloads may take, of all jobs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Transfer {
    /// How many run at once; from 1 to [`MOST_DOWNLOADS`].
    #[serde(deserialize_with = "downloads")]
    pub downloads: usize,
    /// Bytes a second, all of them together; `None` for as fast as it goes.
    #[serde(deserialize_with = "max_rate")]
    pub max_rate: Option<u64>,
    /// Bytes that the results of one job may have; what is larger is not taken. `None` leaves it to what the job can make.
    #[serde(deserialize_with = "max_result")]
    pub max_result: Option<u64>,
}

impl Default for Transfer {
    fn default() -> Self {
        Transfer { downloads: 3, max_rate: None, max_result: None }
    }
}

fn downloads<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    let number = i64::deserialize(from)?;
    let number = usize::try_from(number).ok().filter(|number| (1..=MOST_DOWNLOADS).contains(number));
    number.ok_or_else(|| D::Error::custom(format!("downloads is a number from 1 to {MOST_DOWNLOADS}")))
}

fn max_rate<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(from)?;
    parse_rate(&text).map(Some).ok_or_else(|| {
        D::Error::custom("max_rate is a number and one of B/s, kB/s, MB/s, GB/s, such as 20 MB/s, and at least 1 kB/s")
    })
}

fn max_result<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(from)?;
    parse_size(&text).filter(|bytes| *bytes >= SLOWEST).map(Some).ok_or_else(|| {
        D::Error::custom("max_result is a number and one of B, kB, MB, GB, such as 16 GB, and at least 1 kB")
    })
}

/// Bytes a second from text such as `20 MB/s`. Units are decimal, as everywhere in this program; `KiB/s` and its like
/// mean what they say. Bits are refused: whoever mistakes them for bytes is wrong by a factor of eight.
fn parse_rate(text: &str) -> Option<u64> {
    let rate = parse_size(text.trim().strip_suffix("/s")?)?;
    (rate >= SLOWEST).then_some(rate)
}

/// Bytes from text such as `20 MB`.
fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..split].parse().ok()?;
    let unit: f64 = match text[split..].trim() {
        "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    // A number too large for 64 bits becomes the largest one, which limits nothing either.
    Some((number * unit) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_of_bytes_a_second() {
        let table = [
            ("20 MB/s", Some(20_000_000)),
            ("20MB/s", Some(20_000_000)),
            (" 1.5 GB/s ", Some(1_500_000_000)),
            ("500 kB/s", Some(500_000)),
            ("2048 B/s", Some(2_048)),
            ("1 MiB/s", Some(1 << 20)),
            ("0 MB/s", None),
            ("999 B/s", None),
            ("20 Mbit/s", None),
            ("20 Mb/s", None),
            ("20 MB", None),
            ("20", None),
            ("-1 MB/s", None),
            ("fast", None),
            ("", None),
            ("1.2.3 MB/s", None),
        ];
        for (text, rate) in table {
            assert_eq!(parse_rate(text), rate, "{text:?}");
        }
    }
}
