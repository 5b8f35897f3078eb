//! Numbers as words: ages, spans, sizes, money.

use std::time::Duration;

/// An age in two steps of precision: `8 s`, `12 m`, `2 h 04`, `3 d`.
pub fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} m"),
        3600..86_400 => format!("{hours} h {:02}", minutes % 60),
        86_400..172_800 => format!("{hours} h"),
        _ => format!("{days} d"),
    }
}

/// [`age`], as something past: `12 m ago`.
pub fn ago(age: Duration) -> String {
    format!("{} ago", self::age(age))
}

/// A span of audio: `0.4 s`, `59.9 s`, `2 m 05`, `2 h 41`.
pub fn span(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    if whole < 3600 {
        format!("{} m {:02}", whole / 60, whole % 60)
    } else {
        format!("{} h {:02}", whole / 3600, whole / 60 % 60)
    }
}

/// A position in audio: `0:05.9`.
pub fn clock_seconds(seconds: f64) -> String {
    let tenths = (seconds.max(0.0) * 10.0).round() as u64;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// A size in decimal units, as the service counts its limits: `312 MB`.
pub fn bytes(bytes: u64) -> String {
    let scaled = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..999_500 => format!("{:.0} kB", scaled(1_000)),
        999_500..10_000_000 => format!("{:.1} MB", scaled(1_000_000)),
        10_000_000..999_500_000 => format!("{:.0} MB", scaled(1_000_000)),
        _ => format!("{:.1} GB", scaled(1_000_000_000)),
    }
}

/// A number in groups of three: `1 268`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// A grouped number with its noun, and an `s` unless there is one: `1 job`, `1 268 keys`.
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// What the results of a job come to: `50 done · 47 good · 3 bad`.
pub fn done_good_bad(done: u64, good: u64, bad: u64) -> String {
    format!("{} done · {} good · {} bad", thousands(done), thousands(good), thousands(bad))
}

/// An amount of money in US dollars; small amounts keep two significant digits: `$4.12`, `$0.0071`.
pub fn dollars(amount: f64) -> String {
    if amount == 0.0 || amount >= 0.10 {
        return format!("${amount:.2}");
    }
    if amount < 0.0001 {
        "<$0.0001".to_owned()
    } else if amount < 0.01 {
        format!("${amount:.4}")
    } else {
        format!("${amount:.3}")
    }
}

/// An amount that nobody knows exactly, from low to high, behind a word or a sign for that: `about $0.29 to $0.35`,
/// `≈ $3.01`, and only `<$0.0001` where it is next to nothing.
pub fn dollars_about(sign: &str, (low, high): (f64, f64)) -> String {
    let (low, high) = (dollars(low), dollars(high));
    match (low == high, low.starts_with('<')) {
        (true, true) => low,
        (true, false) => format!("{sign} {low}"),
        (false, _) => format!("{sign} {low} to {high}"),
    }
}

/// An amount of money in whole US dollars, rounded up: `5` for `4.12`, and `1` for the least of it.
pub fn whole_dollars(amount: f64) -> u64 {
    // What is a thousandth of a cent over a whole dollar is that dollar, written in binary.
    ((amount - 0.000_01).ceil() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_words() {
        let seconds = Duration::from_secs;
        assert_eq!(
            [0, 59, 60, 7_440, 90_000, 259_200].map(|s| age(seconds(s))),
            ["0 s", "59 s", "1 m", "2 h 04", "25 h", "3 d"]
        );
        assert_eq!([0.0, 5.94, 59.96, 125.0, 9_660.0].map(span), ["0.0 s", "5.9 s", "1 m 00", "2 m 05", "2 h 41"]);
        assert_eq!(
            [999, 1_500, 999_600, 371_000_000, 2_000_000_000].map(bytes),
            ["999 B", "2 kB", "1.0 MB", "371 MB", "2.0 GB"]
        );
        assert_eq!([0, 12, 1_268, 1_000_000].map(thousands), ["0", "12", "1 268", "1 000 000"]);
        assert_eq!(
            [0.0, 4.123, 0.0301, 0.00712, 0.00001].map(dollars),
            ["$0.00", "$4.12", "$0.030", "$0.0071", "<$0.0001"]
        );
        assert_eq!(
            [(0.29, 0.351), (3.01, 3.0101), (0.00001, 0.00002), (0.00001, 0.3)]
                .map(|range| dollars_about("about", range)),
            ["about $0.29 to $0.35", "about $3.01", "<$0.0001", "about <$0.0001 to $0.30"]
        );
        assert_eq!([0.0, 0.004, 1.0, 4.12, 5.0, 5.01].map(whole_dollars), [1, 1, 1, 5, 5, 6]);
        assert_eq!(done_good_bad(1_268, 1_265, 3), "1 268 done · 1 265 good · 3 bad");
        assert_eq!(clock_seconds(65.94), "1:05.9");
        assert_eq!((count(1, "job"), count(1_200, "job")), ("1 job".into(), "1 200 jobs".into()));
    }
}
