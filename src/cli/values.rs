//! The values of options, as people type them: each is read once, and an error says how it is written.
//!
//! Pure.

use std::time::Duration;

use crate::filter::{self, Filter};
use crate::job::JobState;
use crate::request::Speaker;

/// A model with or without `models/`, as it may stand in a URL.
pub fn model(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("models/").unwrap_or(text);
    let is_safe = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if name.is_empty() || !name.bytes().all(is_safe) {
        return Err("a model is named like gemini-3.1-flash-tts-preview".to_owned());
    }
    Ok(name.to_owned())
}

/// A speaker and their voice, `Ann=Kore`.
pub fn speaker(text: &str) -> Result<Speaker, String> {
    match text.split_once('=').map(|(name, voice)| (name.trim(), voice.trim())) {
        Some((name, voice)) if !name.is_empty() && !voice.is_empty() => {
            Ok(Speaker { name: name.to_owned(), voice: voice.to_owned() })
        }
        Some(_) | None => Err("a speaker and a voice are written as Ann=Kore".to_owned()),
    }
}

/// A state in any case, with or without the service's prefix, as the word on the screen.
pub fn state_word(text: &str) -> Result<String, String> {
    let upper = text.trim().to_ascii_uppercase();
    let word = JobState::from_wire(&upper).word().to_owned();
    let known = ["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "CANCELLING", "UNKNOWN"];
    // A state of tomorrow can be asked for by its full name; a typing error must not give an empty list.
    if known.contains(&word.as_str()) || (word != upper && !word.is_empty()) {
        return Ok(word);
    }
    Err(format!("states are {}", known.join(", ")))
}

/// A filter that chooses: an empty one would choose everything, which nobody means by it.
pub fn real_filter(text: &str) -> Result<Filter, String> {
    match Filter::parse(text) {
        Ok(filter) if filter.is_empty() => Err("an empty filter would choose every job".to_owned()),
        Ok(filter) => Ok(filter),
        Err(error) => Err(error.to_string()),
    }
}

/// A length of time.
pub fn duration(text: &str) -> Result<Duration, String> {
    filter::duration(text).ok_or_else(|| "a duration is written like 90s, 30m, 2h or 1d".to_owned())
}

/// A size in bytes that is not nothing.
pub fn size(text: &str) -> Result<u64, String> {
    match filter::size(text) {
        Some(bytes) if (1.0..9e15).contains(&bytes) => Ok(bytes as u64),
        Some(_) | None => Err("a size is written like 500MB, 2GB or 20000".to_owned()),
    }
}

/// How many times faster than the clock: `60`, `60x`.
pub fn speed(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('x').parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        Ok(_) | Err(_) => Err("a speed is a number above 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_any_spelling_and_typing_errors_are_refused() {
        for (text, word) in [
            ("running", "RUNNING"),
            ("JOB_STATE_FAILED", "FAILED"),
            ("batch_state_expired", "EXPIRED"),
            ("UNKNOWN", "UNKNOWN"),
            ("job_state_paused", "PAUSED"),
        ] {
            assert_eq!(state_word(text).as_deref(), Ok(word), "{text}");
        }
        for text in ["runing", "", "JOB_STATE_"] {
            assert!(state_word(text).is_err(), "{text}");
        }
    }
}
