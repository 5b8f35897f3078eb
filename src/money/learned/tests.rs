//! What is learned, and when.

use super::super::account::{Account, Clip};
use super::*;
use proptest::prelude::*;

const PRICE: BatchPrice = BatchPrice { text_in: 0.25, audio_out: 4.5 };

fn manner(voice: &str, language: &str) -> Manner {
    Manner { voice: voice.into(), language: language.into() }
}

/// A job of so many clips in one voice and language, each of this text and so long.
fn job(voice: &str, language: &str, n_clips: u64, text: &str, seconds: f64) -> (Manner, Measured) {
    with_tokens(voice, language, n_clips, text, (seconds, 25.0))
}

fn with_tokens(
    voice: &str,
    language: &str,
    n_clips: u64,
    text: &str,
    (seconds, rate): (f64, f64),
) -> (Manner, Measured) {
    let mut account = Account::new(25.0);
    for _ in 0..n_clips {
        let clip = Clip {
            is_useful: true,
            prompt_tokens: Some(8),
            audio_tokens: Some((seconds * rate).round() as u64),
            seconds,
            characters: Some(Characters::of(text)),
        };
        account.take(Some(voice), Some(language), &clip);
    }
    (manner(voice, language), account.shares()[0].measured)
}

fn to_speak(parts: &[(&str, &str, &str)]) -> ToSpeak {
    let mut to_speak = ToSpeak::default();
    for (voice, language, text) in parts {
        *to_speak.of(Some(voice), Some(language)) += Characters::of(text);
    }
    to_speak
}

fn told(learned: &Learned, to_speak: &ToSpeak) -> String {
    let basis = Catalog::built_in().estimate_learned(to_speak, learned, None).basis;
    basis.split(", 25 audio tokens").next().unwrap().to_owned()
}

#[test]
fn nothing_learned_is_the_built_in_estimate() {
    let catalog = Catalog::built_in();
    let text = "Der Weg war länger, als sie dachte.";
    let parts = to_speak(&[("Kore", "de-DE", text), ("Puck", "ja-JP", "こんにちは、世界。")]);
    let mut all = Characters::of(text);
    all += Characters::of("こんにちは、世界。");
    let few = Learned::new([job("Kore", "de-DE", 19, text, 9.0)]);
    for learned in [Learned::default(), few] {
        assert_eq!(catalog.estimate_learned(&parts, &learned, Some(PRICE)), catalog.estimate(&all, Some(PRICE)));
    }
}

#[test]
fn a_range_lies_around_what_was_heard() {
    let text = "a hundred characters ".repeat(5);
    let learned = Learned::new([job("Kore", "en-US", 400, &text, 10.5)]);
    let estimate =
        Catalog::built_in().estimate_learned(&to_speak(&[("Kore", "en-US", &text.repeat(10))]), &learned, Some(PRICE));
    // Every clip was alike, and the range is as narrow as it ever gets.
    let near = |a: f64, b: f64| (a - b).abs() < 0.01;
    assert!(near(estimate.seconds.0, 99.75) && near(estimate.seconds.1, 110.25), "{estimate:?}");
    assert!(near(estimate.audio_tokens.0, 25.0 * 99.75), "{estimate:?}");
    assert_eq!(
        estimate.basis,
        "learned from 400 clips of Kore, en-US, 25 audio tokens a second, $4.50 for a million of them at the batch price \
         as of 2026-11-20"
    );
}

#[test]
fn the_closest_clips_that_are_enough_are_taken() {
    let text = "Ein Satz von einiger Länge, wie er oft vorkommt.";
    let learned = Learned::new([
        job("Kore", "de-DE", 20, text, 4.0),
        job("Kore", "en-US", 5, text, 4.0),
        job("Puck", "en-US", 19, text, 3.0),
        job("Zephyr", "ja-JP", 30, "こんにちは、世界。", 2.0),
    ]);
    let table = [
        ("Kore", "de-DE", "learned from 20 clips of Kore, de-DE"),
        ("Kore", "", "learned from 25 clips of Kore in all languages"),
        ("Kore", "fr-FR", "learned from 25 clips of Kore in all languages"),
        ("Puck", "de-DE", "learned from 20 clips of de-DE in all voices"),
        ("Leda", "en-US", "learned from 24 clips of en-US in all voices"),
        ("Leda", "fr-FR", "learned from 44 clips of alphabetic script in all voices"),
        ("", "", "learned from 44 clips of alphabetic script in all voices"),
    ];
    for (voice, language, expected) in table {
        assert_eq!(told(&learned, &to_speak(&[(voice, language, text)])), expected, "{voice} {language}");
    }
    // Nobody has spoken Korean yet.
    let usual = "13–17 characters a second in alphabetic script";
    assert_eq!(told(&learned, &to_speak(&[("Leda", "ko-KR", "안녕하세요")])), usual);
    let mixed = to_speak(&[("Kore", "de-DE", text), ("Leda", "ko-KR", "안녕하세요")]);
    assert_eq!(
        told(&learned, &mixed),
        format!("learned from 20 clips of Kore, de-DE for 90 % of the characters, for the rest {usual}")
    );
    let several = to_speak(&[("Kore", "de-DE", text), ("Zephyr", "ja-JP", "こんにちは")]);
    assert_eq!(told(&learned, &several), "learned from 20 clips of Kore, de-DE and 30 clips of Zephyr, ja-JP");
}

#[test]
fn a_voice_that_is_slow_in_one_script_is_slow_in_another() {
    let catalog = Catalog::built_in();
    let text = "word ".repeat(30);
    let usual = catalog.length(&Characters::of(&text)).seconds;
    // Half as fast as the slowest that the built-in paces expect.
    let learned = Learned::new([job("Kore", "en-US", 50, &text, usual.1 * 2.0)]);
    let korean = "안녕하세요 ".repeat(40);
    let estimate = catalog.estimate_learned(&to_speak(&[("Kore", "ko-KR", &korean)]), &learned, None);
    assert!(estimate.seconds.0 > catalog.length(&Characters::of(&korean)).seconds.1, "{estimate:?}");
}

#[test]
fn jobs_that_differ_widen_the_range_and_chance_does_not() {
    let text = "a hundred characters ".repeat(5);
    let spread = |learned: &Learned| {
        let estimate = Catalog::built_in().estimate_learned(&to_speak(&[("K", "en-US", &text)]), learned, None);
        let (low, high) = estimate.seconds;
        (high - low) / (high + low)
    };
    let alike = Learned::new([job("K", "en-US", 50, &text, 7.0), job("K", "en-US", 50, &text, 7.0)]);
    let unlike = Learned::new([job("K", "en-US", 50, &text, 6.0), job("K", "en-US", 50, &text, 8.0)]);
    let wild = Learned::new([job("K", "en-US", 50, &text, 1.0), job("K", "en-US", 50, &text, 20.0)]);
    assert!((spread(&alike) - LEAST_SPREAD).abs() < 1e-9, "{}", spread(&alike));
    assert!((0.2..0.35).contains(&spread(&unlike)), "{}", spread(&unlike));
    assert!((spread(&wild) - MOST_SPREAD).abs() < 1e-9, "{}", spread(&wild));
    // The same clips in jobs of one each: what differs are clips.
    let clips = (0..100).map(|n| job("K", "en-US", 1, &text, if n % 2 == 0 { 6.0 } else { 8.0 }));
    assert!(spread(&Learned::new(clips)) < 0.06);
}

#[test]
fn tokens_a_second_are_learned_where_they_differ() {
    let text = "a hundred characters ".repeat(5);
    for (rate, expected) in [(25.0, 25.0), (25.3, 25.0), (32.0, 32.0), (12.5, 12.5)] {
        let learned = Learned::new([with_tokens("K", "en-US", 40, &text, (8.0, rate))]);
        let estimate = Catalog::built_in().estimate_learned(&to_speak(&[("K", "en-US", &text)]), &learned, Some(PRICE));
        let told = estimate.audio_tokens.1 / estimate.seconds.1;
        assert!((told - expected).abs() < 0.2, "{rate}: {told}");
        assert!(estimate.basis.contains(&format!("{expected} audio tokens a second")), "{}", estimate.basis);
    }
}

fn pieces() -> impl Strategy<Value = Vec<(Manner, Measured)>> {
    let piece = (0usize..3, 0usize..3, 1u64..60, 1usize..200, 0.1..30.0f64);
    let piece = piece.prop_map(|(voice, language, n_clips, length, seconds)| {
        let (voices, languages) = (["", "Kore", "Puck"], ["", "de-DE", "ja-JP"]);
        let text = if language == 2 { "語".repeat(length) } else { "x".repeat(length) };
        job(voices[voice], languages[language], n_clips, &text, seconds)
    });
    proptest::collection::vec(piece, 0..8)
}

fn texts() -> impl Strategy<Value = Vec<(usize, usize, String)>> {
    proptest::collection::vec((0usize..3, 0usize..3, "[a-zü語ん ]{0,80}"), 0..20)
}

proptest! {
    #[test]
    fn two_plans_of_one_source_cost_what_the_source_costs(pieces in pieces(), texts in texts(), cut in 0usize..20) {
        let (voices, languages) = (["", "Kore", "Puck"], ["", "de-DE", "en-US"]);
        let catalog = Catalog::built_in();
        let learned = Learned::new(pieces);
        let estimate = |texts: &[(usize, usize, String)]| {
            let parts: Vec<_> = texts.iter().map(|(v, l, text)| (voices[*v], languages[*l], text.as_str())).collect();
            catalog.estimate_learned(&to_speak(&parts), &learned, Some(PRICE))
        };
        let (first, second) = texts.split_at(cut.min(texts.len()));
        let (whole, first, second) = (estimate(&texts), estimate(first), estimate(second));
        let near = |a: f64, b: f64, by: f64| (a - b).abs() <= by;
        prop_assert_eq!(whole.characters, first.characters + second.characters);
        prop_assert!(whole.text_tokens.abs_diff(first.text_tokens + second.text_tokens) <= 1);
        prop_assert!(near(whole.seconds.0, first.seconds.0 + second.seconds.0, 1e-6));
        prop_assert!(near(whole.seconds.1, first.seconds.1 + second.seconds.1, 1e-6));
        // At most one token of text and one of audio are rounded twice.
        let (a, b, c) = (whole.dollars.unwrap(), first.dollars.unwrap(), second.dollars.unwrap());
        prop_assert!(near(a.0, b.0 + c.0, 1e-5) && near(a.1, b.1 + c.1, 1e-5), "{:?} {:?} {:?}", a, b, c);
    }

    #[test]
    fn low_is_below_high_and_never_below_nothing(pieces in pieces(), text in "[a-zü語ん ]{1,80}") {
        let estimate = Catalog::built_in().estimate_learned(
            &to_speak(&[("Kore", "de-DE", &text)]),
            &Learned::new(pieces),
            Some(PRICE),
        );
        prop_assert!(0.0 < estimate.seconds.0 && estimate.seconds.0 < estimate.seconds.1, "{:?}", estimate);
        let (low, high) = estimate.dollars.unwrap();
        prop_assert!(0.0 < low && low <= high);
    }
}
