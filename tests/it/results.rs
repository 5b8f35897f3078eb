//! Results that the service sends, read from files and from bodies, in pieces of any size.

// Helpers of tests may unwrap as the tests themselves do.
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;

use gemtts_tui::audio::Verdict;
use gemtts_tui::results::{Form, Outcome, Parser, Row, Sink, Totals};

/// Keeps everything.
#[derive(Debug, Default, PartialEq)]
struct Kept {
    samples: Vec<u8>,
    rows: Vec<(Row, Vec<u8>)>,
}

impl Sink for Kept {
    type Error = Infallible;

    fn audio(&mut self, samples: &[u8]) -> Result<(), Infallible> {
        self.samples.extend_from_slice(samples);
        Ok(())
    }

    fn row(&mut self, row: Row) -> Result<(), Infallible> {
        let mut samples = std::mem::take(&mut self.samples);
        if row.outcome != Outcome::Audio {
            samples.clear();
        }
        self.rows.push((row, samples));
        Ok(())
    }
}

fn parse<'a>(form: Form, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Kept, Totals) {
    let mut kept = Kept::default();
    let mut parser = Parser::new(form);
    for piece in pieces {
        parser.push(piece, &mut kept).unwrap();
    }
    let totals = parser.finish(&mut kept).unwrap();
    (kept, totals)
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/wire/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn every_line_of_the_mixed_file_has_its_outcome() {
    let (kept, totals) = parse(Form::Lines, [&fixture("output_mixed.jsonl")[..]]);
    let error = |code, message: &str| Outcome::Error { code: Some(code), message: message.into() };
    let none = |reason: &str| Outcome::NoAudio { reason: reason.into() };
    let key = |n: u8| Some(format!("ch01-00{n:02}"));
    let internal = "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting";
    let table = [
        (key(3), Outcome::Audio, Verdict::Ok),
        (key(1), Outcome::Audio, Verdict::Ok),
        (key(4), Outcome::Audio, Verdict::Ok),
        (key(2), error(13, internal), Verdict::Error),
        (key(5), error(4, "Deadline expired before operation could complete."), Verdict::Error),
        (key(6), error(8, "Resource has been exhausted (e.g. check quota)."), Verdict::Error),
        (key(7), none("blocked: PROHIBITED_CONTENT"), Verdict::Refused),
        (key(8), none("no audio: OTHER"), Verdict::Empty),
        (key(9), none("no audio: OTHER"), Verdict::Empty),
        (key(10), Outcome::Audio, Verdict::Truncated),
        (key(11), none("text instead of audio: I'm sorry, I can only speak text."), Verdict::Empty),
        (key(12), Outcome::Audio, Verdict::Ok),
        (key(13), none("the audio is empty"), Verdict::Empty),
        (key(1), Outcome::Audio, Verdict::Ok),
        (None, Outcome::Audio, Verdict::Ok),
        (key(14), Outcome::Malformed { reason: "neither an answer nor an error".into() }, Verdict::Error),
    ];
    assert_eq!(kept.rows.len(), table.len());
    for ((n, (row, samples)), (key, outcome, verdict)) in (1..).zip(&kept.rows).zip(table) {
        assert_eq!((row.line, &row.key, &row.outcome, row.verdict), (n, &key, &outcome, verdict));
        assert_eq!(row.sound.is_some(), row.outcome == Outcome::Audio, "line {n}");
        assert_eq!(row.sound.as_ref().map_or(0, |sound| sound.pcm_bytes), samples.len() as u64, "line {n}");
    }
    assert_eq!((totals.rows, totals.is_whole, totals.ends_with_newline, totals.lost), (16, true, true, None));
}

#[test]
fn the_cut_of_the_bytes_does_not_matter() {
    for (name, form) in [
        ("output_mixed.jsonl", Form::Lines),
        ("output_real_shape.jsonl", Form::Lines),
        ("output_embed.jsonl", Form::Lines),
        ("get_succeeded_inline_mixed.json", Form::Inline),
    ] {
        let bytes = fixture(name);
        let whole = parse(form, [&bytes[..]]);
        assert!(!whole.0.rows.is_empty(), "{name}");
        assert!(parse(form, bytes.chunks(1)) == whole, "{name}, byte by byte");
        for size in [2, 3, 7, 64, 1_000] {
            assert!(parse(form, bytes.chunks(size)) == whole, "{name} in pieces of {size}");
        }
        for piece in
            if form == Form::Lines { bytes.split_inclusive(|byte| *byte == b'\n').collect() } else { vec![&bytes[..]] }
        {
            let whole = parse(form, [piece]);
            for cut in 0..=piece.len() {
                let (head, tail) = piece.split_at(cut);
                assert!(parse(form, [head, tail]) == whole, "{name} cut at {cut}: {}", String::from_utf8_lossy(piece));
            }
        }
    }
}

#[test]
fn inline_results_are_read_once_although_they_stand_twice() {
    let (kept, totals) = parse(Form::Inline, [&fixture("get_succeeded_inline_mixed.json")[..]]);
    let rows: Vec<_> = kept.rows.iter().map(|(row, _)| (row.line, row.key.as_deref(), row.verdict)).collect();
    assert_eq!(
        rows,
        [(1, Some("ch01-0001"), Verdict::Ok), (2, Some("ch01-0002"), Verdict::Error), (3, None, Verdict::Error)]
    );
    assert_eq!((totals.rows, totals.is_whole, totals.lost), (3, true, None));
}

#[test]
fn a_row_can_be_read_again_alone() {
    for (name, form) in [("output_mixed.jsonl", Form::Lines), ("get_succeeded_inline_mixed.json", Form::Inline)] {
        let bytes = fixture(name);
        let (kept, _) = parse(form, [&bytes[..]]);
        for (row, samples) in kept.rows {
            let range = row.offset as usize..(row.offset + row.length) as usize;
            let mut again = Kept::default();
            let mut parser = Parser::starting_at(Form::One, row.line, row.offset);
            parser.push(&bytes[range], &mut again).unwrap();
            parser.finish(&mut again).unwrap();
            assert_eq!(again.rows, [(row, samples)], "{name}");
        }
    }
}
