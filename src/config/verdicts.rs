//! `[verdicts]`: the thresholds by which audio is thought good or bad, each under its own word.
//!
//! ```toml
//! [verdicts]
//! quiet_db = -40
//! silence_seconds = 4.5
//! ```

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::audio::{Limit, Limits};
use crate::request::closest;

/// What the file says about them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Verdicts(pub Limits);

impl<'de> Deserialize<'de> for Verdicts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Words)
    }
}

struct Words;

impl<'de> Visitor<'de> for Words {
    type Value = Verdicts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("thresholds, such as quiet_db = -45")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut words: A) -> Result<Verdicts, A::Error> {
        let mut limits = Limits::default();
        while let Some(limit) = words.next_key_seed(Known)? {
            *(limit.of)(&mut limits) = words.next_value_seed(Within(limit))?;
        }
        if limits.silent_db > limits.quiet_db {
            let Limits { silent_db, quiet_db, .. } = limits;
            return Err(A::Error::custom(format!("silent_db ({silent_db}) must not be above quiet_db ({quiet_db})")));
        }
        Ok(Verdicts(limits))
    }
}

/// The word of a threshold. Read as a seed, so that an error has the place of the word.
struct Known;

impl<'de> serde::de::DeserializeSeed<'de> for Known {
    type Value = &'static Limit;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<&'static Limit, D::Error> {
        let word = String::deserialize(from)?;
        let known = Limits::ALL.iter().find(|limit| limit.word == word);
        known.ok_or_else(|| {
            let meant = closest(&word, Limits::ALL.iter().map(|limit| limit.word));
            let meant = meant.map_or_else(|| "the README lists all thresholds".to_owned(), |it| format!("is it {it}?"));
            D::Error::custom(format!("unknown field `{word}`; {meant}"))
        })
    }
}

/// A number within the range of a threshold, whole or not. Read as a seed too.
struct Within(&'static Limit);

impl<'de> serde::de::DeserializeSeed<'de> for Within {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<f64, D::Error> {
        let Limit { word, least, most, .. } = self.0;
        let number = f64::deserialize(from).map_err(|_| D::Error::custom(format!("{word} is no number")))?;
        if (*least..=*most).contains(&number) {
            return Ok(number);
        }
        Err(D::Error::custom(format!("{word} is {number}, and it goes from {least} to {most}")))
    }
}
