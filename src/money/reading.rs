//! What the readers of all data files share: days, amounts, and errors that name the line.

use jiff::civil::Date;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use crate::text::clean_short;

/// A data file that cannot be read. Whoever knows its path says it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct CatalogError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, with the word that is.
    pub message: String,
}

impl CatalogError {
    /// What is wrong at this byte of the text.
    pub(super) fn at(text: &str, byte: usize, message: &str) -> Self {
        let before = &text.as_bytes()[..byte.min(text.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        CatalogError { line, message: clean_short(message, 300) }
    }
}

/// Reads a whole file, or nothing of it.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, CatalogError> {
    // An editor of another system puts a mark in front that TOML does not know.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    toml::from_str(text).map_err(|error| {
        let byte = error.span().map_or(0, |span| span.start);
        CatalogError::at(text, byte, error.message())
    })
}

/// A day; a TOML date that is only a time is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day(pub(super) Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = toml::value::Datetime::deserialize(from)
            .map_err(|_| D::Error::custom("a day is written without quotes, as 2026-11-20"))?;
        let day = raw.date.and_then(|day| {
            let (year, month, day) = (i16::try_from(day.year).ok()?, i8::try_from(day.month).ok()?, day.day);
            Date::new(year, month, i8::try_from(day).ok()?).ok()
        });
        day.map(Day).ok_or_else(|| D::Error::custom(format!("{raw} is no day; one is written as 2026-11-20")))
    }
}

/// US dollars for a million tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dollars(pub(super) f64);

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let amount = f64::deserialize(from)?;
        // A price from which a million minutes cost more than all money is a slip of the unit.
        if !(0.0..=1e6).contains(&amount) {
            return Err(D::Error::custom(format!(
                "a price of {amount} is none; it is in US dollars for 1 000 000 tokens"
            )));
        }
        Ok(Dollars(amount))
    }
}

/// A number of something that is above zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Positive(pub(super) f64);

impl<'de> Deserialize<'de> for Positive {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(from)?;
        if !(number.is_finite() && number > 0.0) {
            return Err(D::Error::custom(format!("{number} is not above 0")));
        }
        Ok(Positive(number))
    }
}

/// A whole number above zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count(pub(super) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(from)?;
        let count = u64::try_from(number).ok().filter(|count| *count > 0);
        count.map(Count).ok_or_else(|| D::Error::custom(format!("{number} is not above 0")))
    }
}

/// A name of the person's own file, as it can be shown; `None` when nothing is left of it.
pub(super) fn name(text: &str) -> Option<String> {
    Some(clean_short(text.trim(), 200)).filter(|name| !name.is_empty())
}
