//! Sets of made-up lengths: honest ones, and ones whose audio belongs to other keys.

use super::*;
use crate::audio::Letters;

/// Numbers that look like chance and are always the same.
pub(super) struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 32)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() * end as f64) as usize
    }

    /// Normally distributed around 0 with a standard deviation of 1.
    fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// An honest set.
pub(super) struct Honest {
    pub rows: usize,
    /// Of the logarithm of seconds a letter.
    pub spread: f64,
    /// Of the logarithm of letters.
    pub variety: f64,
    /// Letters in the middle.
    pub letters: f64,
}

impl Default for Honest {
    fn default() -> Self {
        Honest { rows: 100, spread: 0.15, variety: 0.6, letters: 80.0 }
    }
}

impl Honest {
    pub(super) fn rows(&self, dice: &mut Dice) -> Vec<Spoken> {
        let row = |line: usize| {
            let letters = (self.letters * (self.variety * dice.bell()).exp()).round().max(1.0);
            let seconds = letters / 15.0 * (self.spread * dice.bell()).exp();
            Spoken {
                line: line as u64,
                seconds: seconds as f32,
                is_good: true,
                least: letters as f32,
                most: letters as f32,
                group: 0,
            }
        };
        (1..=self.rows).map(row).collect()
    }
}

/// Gives the rows of a stretch the audio of those so many places on.
fn shift(rows: &mut [Spoken], stretch: std::ops::Range<usize>, by: i64) {
    let seconds: Vec<f32> = rows.iter().map(|row| row.seconds).collect();
    for at in stretch {
        let from = (at as i64 + by).rem_euclid(rows.len() as i64) as usize;
        rows[at].seconds = seconds[from];
    }
}

fn findings(rows: &[Spoken]) -> Vec<Finding> {
    look(rows, &Limits::default()).findings
}

#[test]
fn a_thousand_honest_sets_raise_no_alarm() {
    let mut dice = Dice(1);
    for number in 0..1_000 {
        let set = Honest {
            rows: 3 + dice.below(400),
            spread: 0.05 + 0.15 * dice.next(),
            variety: dice.next(),
            letters: 10.0 * (3.0 * dice.next()).exp(),
        };
        let mut rows = set.rows(&mut dice);
        // Some of them have failed, and some texts are not known.
        for row in &mut rows {
            if dice.next() < 0.03 {
                row.seconds = f32::NAN;
            }
            if dice.next() < 0.02 {
                (row.least, row.most) = (f32::NAN, f32::NAN);
            }
        }
        let found = look(&rows, &Limits::default());
        assert_eq!(found, Review::default(), "set {number}: {} rows, {}, {}", set.rows, set.spread, set.variety);
    }
}

#[test]
fn sets_of_alike_texts_and_noisy_ones_raise_no_alarm() {
    let mut dice = Dice(2);
    for number in 0..300 {
        let alike = Honest { rows: 200, variety: 0.1 * dice.next(), ..Honest::default() };
        assert_eq!(findings(&alike.rows(&mut dice)), [], "alike {number}");
        let noisy = Honest { rows: 150, spread: 0.5, variety: 0.2 + 0.6 * dice.next(), ..Honest::default() };
        assert_eq!(findings(&noisy.rows(&mut dice)), [], "noisy {number}");
    }
}

#[test]
fn a_shift_of_half_the_set_is_found_with_its_place() {
    let mut dice = Dice(3);
    let mut missed = 0;
    for number in 0..200 {
        let by = [1, -1, 2, 5, -16][number % 5];
        let n_rows = [60, 100, 1_000][number % 3];
        let mut rows = Honest { rows: n_rows, ..Honest::default() }.rows(&mut dice);
        let half = n_rows / 2;
        let end = if by > 0 { n_rows - by as usize } else { n_rows };
        shift(&mut rows, half..end, by);
        match findings(&rows).as_slice() {
            [Finding::Shifted { by: told, from, to: None }] if *told == by => {
                assert!(from.abs_diff(half as u64 + 1) <= 6, "set {number}: from {from}");
            }
            other => {
                println!("missed by {by} of {n_rows}: {other:?}");
                missed += 1;
            }
        }
    }
    assert!(missed <= 10, "{missed} of 200 missed");
}

#[test]
fn a_shift_in_the_middle_ends_where_it_ends() {
    let mut rows = Honest { rows: 300, ..Honest::default() }.rows(&mut Dice(11));
    shift(&mut rows, 100..160, 1);
    let found = findings(&rows);
    let [Finding::Shifted { by: 1, from, to: Some(to) }] = found[..] else { panic!("{found:?}") };
    assert!(from.abs_diff(101) <= 4 && to.abs_diff(160) <= 4, "{from} {to}");
}

#[test]
fn an_exchange_is_found_when_the_lengths_differ_enough() {
    let mut dice = Dice(4);
    let (mut found, mut wrong) = (0, 0);
    for _ in 0..200 {
        let mut rows = Honest { rows: 120, ..Honest::default() }.rows(&mut dice);
        let (one, other) = (dice.below(60), 60 + dice.below(60));
        (rows[one].most, rows[other].most) = (30.0, 160.0);
        (rows[one].least, rows[other].least) = (30.0, 160.0);
        rows[one].seconds = (160.0 / 15.0 * (0.15 * dice.bell()).exp()) as f32;
        rows[other].seconds = (30.0 / 15.0 * (0.15 * dice.bell()).exp()) as f32;
        match findings(&rows).as_slice() {
            [Finding::Exchanged { one: a, other: b }] if (*a, *b) == (one as u64 + 1, other as u64 + 1) => found += 1,
            [] => {}
            _ => wrong += 1,
        }
    }
    assert!(found >= 180 && wrong <= 1, "{found} found, {wrong} wrong");
}

#[test]
fn results_in_no_order_are_told_and_no_row_is_blamed() {
    let mut dice = Dice(5);
    let mut told = 0;
    for _ in 0..50 {
        let mut rows = Honest { rows: 60, ..Honest::default() }.rows(&mut dice);
        for at in (1..rows.len()).rev() {
            let other = dice.below(at + 1);
            let seconds = rows[at].seconds;
            rows[at].seconds = rows[other].seconds;
            rows[other].seconds = seconds;
        }
        let review = look(&rows, &Limits::default());
        assert!(review.findings.iter().all(|finding| *finding == Finding::Mixed { rows: 60 }), "{review:?}");
        assert!(review.findings.is_empty() || review.changes.is_empty(), "{review:?}");
        told += review.findings.len();
    }
    assert!(told >= 45, "{told} of 50 told");
}

#[test]
fn a_hundred_thousand_rows_take_no_time_to_speak_of() {
    let mut rows = Honest { rows: 100_000, ..Honest::default() }.rows(&mut Dice(6));
    assert_eq!(findings(&rows), []);
    let end = rows.len() - 1;
    shift(&mut rows, 50_000..end, 1);
    assert!(matches!(findings(&rows)[..], [Finding::Shifted { by: 1, .. }]));
}

#[test]
fn findings_read_as_words() {
    let name = |line: u64| format!("k{line}");
    let table = [
        (
            Finding::Shifted { by: 1, from: 14, to: None },
            "audio may belong to other keys: durations fit better 1 place further on, from k14 on",
        ),
        (
            Finding::Shifted { by: -2, from: 14, to: Some(20) },
            "audio may belong to other keys: durations fit better 2 places further back, from k14 to k20",
        ),
        (
            Finding::Exchanged { one: 3, other: 9 },
            "audio may belong to other keys: durations fit better when k3 and k9 are exchanged",
        ),
        (
            Finding::Mixed { rows: 60 },
            "audio may belong to other keys: the durations of 60 results do not follow their texts",
        ),
    ];
    for (finding, told) in table {
        assert_eq!(finding.tell(&name), told);
    }
}

#[test]
fn a_row_is_told_by_its_key_and_without_one_by_its_place() {
    let mut texts = Texts::default();
    for (key, most) in [("a", 10), ("b", 20)] {
        texts.push(key, Letters { least: most, most }, "Kore");
    }
    let sound = Sound { seconds: 3.0, leading_silence: 0.5, trailing_silence: 0.25, ..Sound::default() };
    let tokens = Tokens { audio: Some(75), ..Tokens::default() };
    let table = [
        (Heard::of(1, Some("b"), Some(&sound), tokens, Verdict::Ok), 2.25, 20.0),
        (Heard::of(1, None, Some(&sound), tokens, Verdict::Quiet), 2.25, 10.0),
        (Heard::of(3, None, Some(&sound), tokens, Verdict::Ok), 2.25, f32::NAN),
        (Heard::of(1, Some("b"), Some(&sound), tokens, Verdict::Truncated), 2.25, 20.0),
        (Heard::of(1, Some("b"), Some(&sound), Tokens::default(), Verdict::Truncated), f32::NAN, 20.0),
        (Heard::of(1, Some("b"), Some(&sound), tokens, Verdict::Noise), f32::NAN, 20.0),
        (Heard::of(1, Some("b"), None, tokens, Verdict::Error), f32::NAN, 20.0),
    ];
    for (heard, seconds, most) in table {
        let spoken = heard.spoken(&texts);
        assert_eq!(
            (spoken.seconds.to_bits(), spoken.most.to_bits()),
            (f32::to_bits(seconds), f32::to_bits(most)),
            "{heard:?}"
        );
    }
}
