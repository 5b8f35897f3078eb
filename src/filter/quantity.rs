//! Lengths of time and sizes as people type them.
//!
//! Pure.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// A length of time as people type it: `90s`, `30m`, `1h 30m`, `2d`; a bare number is seconds.
pub fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(duration).ok()
}

/// A size in decimal units: `500kB`, `10MB`, `2g`; a bare number is bytes.
pub fn size(text: &str) -> Option<f64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        _ => return None,
    };
    Some(number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_type_them() {
        let table = [
            ("90s", 90),
            ("30m", 1_800),
            ("2h", 7_200),
            ("1h30m", 5_400),
            ("2d", 172_800),
            ("1w", 604_800),
            ("45", 45),
        ];
        for (text, seconds) in table {
            assert_eq!(duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "soon", "-5m", "1mo", "1e400", "NaN", "-3"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
