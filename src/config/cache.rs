//! `[cache]`: how copies of results are kept.

use serde::Deserialize;
use serde::de::Error;

use crate::filter::size;

/// How copies of results are kept, for every profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cache {
    /// Whether they outlive the program.
    pub keep: bool,
    /// What all of them may take, in bytes. Written as a number or as `"20 GB"`.
    #[serde(deserialize_with = "bytes")]
    pub max_bytes: u64,
    /// For how many days after their last use.
    #[serde(deserialize_with = "days")]
    pub days: u32,
}

impl Default for Cache {
    fn default() -> Self {
        Cache { keep: true, max_bytes: 20_000_000_000, days: 30 }
    }
}

fn bytes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Size {
        Bytes(u64),
        Text(String),
    }
    let wrong = || D::Error::custom("max_bytes is a size, such as \"20 GB\"; keep = false keeps no copies at all");
    match Size::deserialize(deserializer).map_err(|_| wrong())? {
        Size::Bytes(bytes) => Ok(bytes),
        Size::Text(text) => size(&text).filter(|bytes| *bytes < 1e18).map(|bytes| bytes as u64).ok_or_else(wrong),
    }
}

fn days<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let days = u32::deserialize(deserializer).ok().filter(|days| (1..=36_500).contains(days));
    days.ok_or_else(|| D::Error::custom("days is a number from 1 to 36500; keep = false keeps no copies at all"))
}
