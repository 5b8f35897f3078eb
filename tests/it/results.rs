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

fn line(parts: &str) -> String {
    format!(r#"{{"key":"k","response":{{"candidates":[{{"content":{{"parts":[{parts}]}},"finishReason":"STOP"}}]}}}}"#)
}

fn part(mime: &str, data: &str) -> String {
    format!(r#"{{"inlineData":{{"mimeType":"{mime}","data":"{data}"}}}}"#)
}

const L16: &str = "audio/L16;codec=pcm;rate=24000";

/// The one row of a text, with its audio.
fn row(text: &str) -> (Row, Vec<u8>) {
    let (mut kept, _) = parse(Form::Lines, [text.as_bytes()]);
    assert_eq!(kept.rows.len(), 1, "{text}");
    kept.rows.remove(0)
}

#[test]
fn a_bad_row_says_what_is_wrong_and_where() {
    let audio = |data: &str| line(&part(L16, data));
    let start = audio("@").find('@').unwrap();
    let table: Vec<(String, &str)> = vec![
        (audio("AAAA!AAA"), "the audio is not base64: “!” at data byte 4"),
        (audio("AAAA AAA"), "the audio is not base64: 0x20 at data byte 4"),
        (audio("AAAA\\nAAAA"), "the audio is not base64: 0x0a at data byte 5"),
        (audio("AA-_"), "the audio is not base64: “-” at data byte 2"),
        (audio("AAAAA"), "the audio is not base64: it ends within a group of four"),
        (audio("AAAAAA"), "the audio is not base64: it ends within a group of four"),
        (audio("AAAAAA==AAAA"), "the audio is not base64: more follows the padding at data byte 8"),
        (audio("AAAAAB=="), "the audio is not base64: loose bits at data byte 5"),
        (audio("AAAA"), "the audio has an odd number of bytes"),
        (line(&part("audio/l16;channels=2", "AAAAAAAA")), "the audio ends within a frame of 2 channels"),
        ("[]".into(), "not a JSON object"),
        ("5".into(), "not a JSON object"),
        ("\"x\"".into(), "not a JSON object"),
        ("{}".into(), "neither an answer nor an error"),
        (r#"{"key":"k","response":null,"error":null}"#.into(), "neither an answer nor an error"),
        (r#"{"key":"k","response":[]}"#.into(), "neither an answer nor an error"),
        ("nonsense".into(), "a value was expected at byte 1"),
        (r#"{"key":"k","#.into(), "the line ends too early at byte 11"),
        (r#"{"key":"k"#.into(), "the line ends inside a string at byte 9"),
        (r#"{"key":"k"} x"#.into(), "text behind the value at byte 12"),
        (r#"{"key":"\ud800","response":{}}"#.into(), "half a surrogate pair at byte 14"),
        (r#"{"key":"k","x":1e999}"#.into(), "a number out of range at byte 20"),
        (r#"{"key":"k","x":NaN}"#.into(), "a value was expected at byte 15"),
        (r#"{"key":"k","key":"k","response":{}}"#.into(), "the member “key” stands twice"),
        (r#"{"key":"k","response":{"candidates":[]},"response":{}}"#.into(), "the member “response” stands twice"),
        (
            line(&format!(r#"{{"inlineData":{{"data":"AAAAAAAA","mimeType":"{L16}","data":"AAAA"}}}}"#)),
            "the member “data” stands twice",
        ),
        (format!("{{\"key\":\"{}\"}}", "k".repeat(70_000)), "a key of more than 65536 bytes"),
        (format!("{{\"key\":[{}]}}", "1,".repeat(70_000) + "1"), "a key of more than 65536 bytes"),
        ("[".repeat(200_000), "nested deeper than 127 levels at byte 127"),
        (r#"{"a":"#.repeat(200_000), "nested deeper than 127 levels at byte 635"),
    ];
    for (text, expected) in table {
        // Places in base64 are counted from its beginning in the table, and from that of the line in the message.
        let expected = match expected.split_once(" at data byte ") {
            Some((what, at)) => format!("{what} at byte {}", start + at.parse::<usize>().unwrap()),
            None => expected.to_owned(),
        };
        let reason = Outcome::Malformed { reason: expected };
        let (row, samples) = row(&text);
        assert_eq!(row.outcome, reason, "{text:.80}");
        assert_eq!((row.verdict, row.sound, samples.len()), (Verdict::Error, None, 0), "{text:.80}");
        let bytewise = parse(Form::Lines, text.as_bytes().chunks(1)).0;
        assert_eq!(bytewise.rows[0].0.outcome, reason, "{text:.80}");
    }
}

#[test]
fn an_answer_without_audio_says_why() {
    let candidate = |candidate: &str| format!(r#"{{"key":"k","response":{{"candidates":[{candidate}]}}}}"#);
    let table = [
        (line(&part(L16, "")), "the audio is empty", Verdict::Empty),
        (line(&part("audio/mpeg", "AAAA")), "cannot write audio/mpeg", Verdict::WrongFormat),
        (line(r#"{"inlineData":{"data":"AAAAAAAA"}}"#), "cannot write audio without a MIME type", Verdict::WrongFormat),
        (
            line(&part("audio/wav", "AAAAAAAAAAAAAAAAAAAAAAAA")),
            "cannot write audio/wav without a RIFF header",
            Verdict::WrongFormat,
        ),
        (line(&part("audio/\\u001b]0;x", "AAAA")), "cannot write audio/␛]0", Verdict::WrongFormat),
        (
            line(&format!("{},{}", part(L16, "AAAAAAAA"), part("audio/l16;rate=8000", "AAAAAAAA"))),
            "cannot write parts of different formats: 24000 Hz × 1 and 8000 Hz × 1",
            Verdict::WrongFormat,
        ),
        (line(""), "no audio", Verdict::Empty),
        (
            candidate(r#"{"finishReason":"SAFETY","finishMessage":"not this"}"#),
            "no audio: SAFETY: not this",
            Verdict::Refused,
        ),
        (candidate(""), "an answer without candidates", Verdict::Empty),
        (candidate("null"), "an answer without candidates", Verdict::Empty),
        (r#"{"key":"k","response":{}}"#.into(), "an answer without candidates", Verdict::Empty),
        (
            r#"{"response":{"tokenCount":"1","embedding":{"values":[-0.03,1e-9]}},"key":"k"}"#.into(),
            "an embedding, not audio",
            Verdict::Empty,
        ),
        (
            r#"{"key":"k","response":{"promptFeedback":{"blockReason":"SAFETY"}}}"#.into(),
            "blocked: SAFETY",
            Verdict::Refused,
        ),
    ];
    for (text, reason, verdict) in table {
        let (row, samples) = row(&text);
        assert_eq!((row.outcome, row.verdict), (Outcome::NoAudio { reason: reason.into() }, verdict), "{text}");
        assert_eq!((row.key.as_deref(), row.sound, samples.len()), (Some("k"), None, 0), "{text}");
    }
}

#[test]
fn errors_are_read_in_every_shape() {
    let long = format!(r#"{{"key":"k","error":{{"code":3,"message":"{}"}}}}"#, "x".repeat(3_000));
    let cut = "x".repeat(199) + "…";
    let table = [
        (r#"{"error":{"message":"no","code":4},"key":"k"}"#, Some(4), "no"),
        (r#"{"key":"k","status":{"code":"8","message":"no"}}"#, Some(8), "no"),
        (r#"{"key":"k","error":"no"}"#, None, "no"),
        (r#"{"key":"k","error":{}}"#, None, "the service gave no reason"),
        (r#"{"key":"k","error":{"code":13},"response":{"candidates":[]}}"#, Some(13), "the service gave no reason"),
        ("{\"key\":\"k\",\"error\":{\"code\":1,\"message\":\"\\u001b[31m\\u202ered\"}}", Some(1), "␛[31m⟨U+202E⟩red"),
        (&long, Some(3), &cut),
    ];
    for (text, code, message) in table {
        let (row, _) = row(text);
        assert_eq!(row.outcome, Outcome::Error { code, message: message.into() }, "{text:.80}");
        assert_eq!((row.key.as_deref(), row.verdict), (Some("k"), Verdict::Error), "{text:.80}");
    }
}

#[test]
fn good_audio_is_read_however_it_is_written() {
    let pcm = [0u8, 0, 16, 4, 255, 255];
    let wav: Vec<u8> =
        [&b"RIFF\x2a\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\x06\0\0\0"[..], &pcm]
            .concat();
    let wav = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, wav);
    let table = [
        (line(&part(L16, "AAAQBP//")), 24_000),
        (line(&part("audio/l16; rate=44100; channels=1", "AAAQBP//")), 44_100),
        (line(&part(L16, r"AAAQBP\/\/")), 24_000),
        (line(&part(L16, r"\u0041AAQ\u0042P/\u002f")), 24_000),
        (line(&format!(r#"{{"inlineData":{{"data":"AAAQBP//","mimeType":"{L16}"}}}}"#)), 24_000),
        (line(&format!(r#"{{"inline_data":{{"data":"AAAQBP//","mime_type":"{L16}"}}}}"#)), 24_000),
        (line(&format!("{},{}", part(L16, "AAA="), part(L16, r"EAT\/\u002f\u0077\u003D\u003d"))), 24_000),
        (line(&part("audio/wav", &wav)), 16_000),
        (line(&part(L16, &wav)), 16_000),
        (line(&format!(r#"{{"text":"","thoughtSignature":"AAAA"}},{}"#, part(L16, "AAAQBP//"))), 24_000),
        (line(&part(L16, "AAAQBP//")).replace(r#""key":"k""#, r#""\u006bey":"k","status":"draft","tags":[]"#), 24_000),
        (line(&part(L16, "AAAQBP//")).replace(r#""key":"k""#, r#""key":"k","status":{}"#), 24_000),
        (line(&part(L16, "AAAQBP//")).replace(r#""key":"k""#, r#""metadata":{"key":"k"}"#), 24_000),
    ];
    for (text, rate) in table {
        let (row, samples) = row(&text);
        assert_eq!(row.outcome, Outcome::Audio, "{text}");
        assert_eq!((row.key.as_deref(), &samples[..]), (Some("k"), &pcm[..]), "{text}");
        assert_eq!(row.sound.map(|sound| sound.format.sample_rate), Some(rate), "{text}");
    }
}

#[test]
fn keys_are_kept_as_they_were_sent() {
    let table = [
        (r#"{"key":"a\nb\u0000\ud83d\ude00é"}"#, Some("a\nb\0😀é")),
        (r#"{"key":7}"#, Some("7")),
        (r#"{"key":1.50}"#, Some("1.50")),
        (r#"{"key":true}"#, Some("true")),
        (r#"{"key":null}"#, None),
        (r#"{"key":{"b": [1, "x"]}}"#, Some(r#"{"b": [1, "x"]}"#)),
        (r#"{"key":[]}"#, Some("[]")),
        (r#"{"key":""}"#, Some("")),
        (r#"{"metadata":{"key":"m"}}"#, Some("m")),
        (r#"{"metadata":{"key":7}}"#, Some("7")),
        (r#"{"metadata":{"key":"m"},"key":"k"}"#, Some("k")),
        (r#"{"other":{"key":"m"}}"#, None),
    ];
    for (text, key) in table {
        for pieces in [text.len(), 1] {
            let (kept, _) = parse(Form::Lines, text.as_bytes().chunks(pieces));
            assert_eq!(kept.rows[0].0.key.as_deref(), key, "{text}");
        }
    }
    let (kept, _) = parse(Form::Lines, [&b"{\"key\":\"a\xffb\xc3\"}"[..]]);
    assert_eq!(kept.rows[0].0.key.as_deref(), Some("a\u{fffd}ffb\u{fffd}c3"));
}

#[test]
fn a_bad_line_does_not_touch_its_neighbours() {
    let good = line(&part(L16, "AAAQBP//"));
    for bad in [
        "nonsense",
        "{",
        "\"",
        "{\"key\":\"a",
        "[[[",
        "{\"key\":\"\\",
        "-",
        "nul",
        "{\"key\":\"\\u00",
        "\u{0}",
        "{\"a\":\"\t\"}",
    ] {
        for end in ["\n", "\r\n", "\n\n \r\n"] {
            let text = format!("{good}{end}{bad}{end}{good}");
            let (kept, totals) = parse(Form::Lines, [text.as_bytes()]);
            let lines: Vec<_> =
                kept.rows.iter().map(|(row, pcm)| (row.line, row.outcome == Outcome::Audio, pcm.len())).collect();
            assert_eq!(lines, [(1, true, 6), (2, false, 0), (3, true, 6)], "{text:?}");
            assert!(totals.is_whole && !totals.ends_with_newline);
            for (row, _) in &kept.rows {
                let range = row.offset as usize..(row.offset + row.length) as usize;
                assert!([&good[..], bad].contains(&&text[range]), "{text:?} {row:?}");
            }
            assert_eq!(parse(Form::Lines, text.as_bytes().chunks(1)), (kept, totals), "{text:?}");
        }
    }
}

#[test]
fn a_file_may_begin_with_a_mark_and_end_without_a_line_feed() {
    let good = line(&part(L16, "AAAQBP//"));
    let marked = format!("\u{feff}{good}\r\n\r\n{good}");
    for size in [1, 2, 5, 1_000] {
        let (kept, totals) = parse(Form::Lines, marked.as_bytes().chunks(size));
        let places: Vec<_> = kept.rows.iter().map(|(row, _)| (row.line, row.offset, row.length)).collect();
        let length = good.len() as u64;
        assert_eq!(places, [(1, 3, length), (2, 3 + length + 4, length)]);
        assert_eq!((totals.rows, totals.is_whole, totals.ends_with_newline), (2, true, false));
    }
    for bytes in [&b""[..], b"\n", b" \r\n\n", b"\xef\xbb\xbf"] {
        assert_eq!(parse(Form::Lines, [bytes]).0.rows, [], "{bytes:?}");
    }
    for bytes in [&b"\xef\xbbx\n{}"[..], b"\xef{}\n{}"] {
        let (kept, _) = parse(Form::Lines, [bytes]);
        assert_eq!(kept.rows.len(), 2, "{bytes:?}");
        assert_eq!(parse(Form::Lines, bytes.chunks(1)).0, kept);
    }
}

#[test]
fn a_cut_file_is_known_to_be_cut() {
    let bytes = fixture("output_mixed.jsonl");
    for missing in [2, 100, 700] {
        let (kept, totals) = parse(Form::Lines, [&bytes[..bytes.len() - missing]]);
        assert!(!totals.is_whole, "{missing}");
        assert!(matches!(kept.rows.last(), Some((Row { outcome: Outcome::Malformed { .. }, .. }, _))), "{missing}");
    }
    let body = fixture("get_succeeded_inline_mixed.json");
    let (kept, totals) = parse(Form::Inline, [&body[..3_000]]);
    assert_eq!((kept.rows.len(), totals.is_whole), (1, false));
    assert!(totals.lost.is_some_and(|lost| lost.contains("at byte 3000")));
}

#[test]
fn a_body_may_name_its_results_in_other_places() {
    let item = r#"{"response":{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"audio/l16","data":"AAAQBP//"}}]}}]},"metadata":{"key":"k"}}"#;
    let table = [
        (format!(r#"{{"response":{{"inlinedResponses":{{"inlinedResponses":[{item},null]}}}}}}"#), 2),
        (format!(r#"{{"response":{{"output":{{"inlinedResponses":{{"inlinedResponses":[{item}]}}}}}}}}"#), 1),
        (format!(r#"{{"response":{{"inlinedResponses":[{item}]}}}}"#), 1),
        (
            format!(
                r#"{{"metadata":{{"output":{{"inlinedResponses":{{"inlinedResponses":[]}}}}}},"response":{{"inlinedResponses":{{"inlinedResponses":[{item}]}}}}}}"#
            ),
            1,
        ),
        (r#"{"name":"batches/a","metadata":{"state":"BATCH_STATE_RUNNING"}}"#.into(), 0),
        (format!(r#"{{"other":{{"inlinedResponses":{{"inlinedResponses":[{item}]}}}}}}"#), 0),
        ("[]".into(), 0),
    ];
    for (body, rows) in table {
        for size in [1, 7, 10_000] {
            let (kept, totals) = parse(Form::Inline, body.as_bytes().chunks(size));
            assert_eq!((kept.rows.len(), totals.rows, totals.is_whole), (rows, rows as u64, true), "{body}");
            if let Some((row, pcm)) = kept.rows.first() {
                assert_eq!((row.line, row.key.as_deref(), pcm.len()), (1, Some("k"), 6), "{body}");
                assert_eq!(&body[row.offset as usize..(row.offset + row.length) as usize], item);
            }
        }
    }
}

#[test]
fn a_row_that_is_too_long_is_read_over() {
    let long = line(&part(L16, &"AAAA".repeat(2_000)));
    let good = line(&part(L16, "AAAQBP//"));
    for text in [
        format!("{long}\n{good}\n"),
        format!("{}\n{good}\n", "x".repeat(9_000)),
        format!("{{\"{}\n{good}\n", "a".repeat(9_000)),
    ] {
        for size in [1, 64, 100_000] {
            let mut kept = Kept::default();
            let mut parser = Parser::new(Form::Lines).with_most_row_bytes(5_000);
            for piece in text.as_bytes().chunks(size) {
                parser.push(piece, &mut kept).unwrap();
            }
            parser.finish(&mut kept).unwrap();
            assert_eq!(kept.rows.len(), 2);
            assert_eq!(kept.rows[1].0.outcome, Outcome::Audio);
            assert!(matches!(&kept.rows[0].0.outcome, Outcome::Malformed { .. }), "{:?}", kept.rows[0].0);
        }
    }
}

mod oracle {
    //! Random rows, written in random ways, against a reader that holds the whole line.

    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use serde_json::Value;

    const MIMES: [&str; 2] = ["audio/L16;codec=pcm;rate=24000", "audio/l16; rate=24000; channels=1"];

    /// What a simple reader makes of a line.
    #[derive(Debug, PartialEq)]
    enum Read {
        Audio(Vec<u8>),
        NoAudio,
        Error(Option<i64>),
        Malformed,
    }

    fn read(line: &[u8]) -> (Option<String>, Read) {
        let Ok(value) = serde_json::from_slice::<Value>(line) else { return (None, Read::Malformed) };
        let key = value["key"].as_str().map(str::to_owned);
        if value["error"].is_object() {
            return (key, Read::Error(value["error"]["code"].as_i64()));
        }
        if !value["response"].is_object() {
            return (key, Read::Malformed);
        }
        let mut pcm = Vec::new();
        let mut wrong = false;
        for part in value["response"]["candidates"][0]["content"]["parts"].as_array().into_iter().flatten() {
            let Some(data) = part["inlineData"]["data"].as_str() else { continue };
            wrong |= !MIMES.contains(&part["inlineData"]["mimeType"].as_str().unwrap_or_default());
            if wrong {
                break;
            }
            let Ok(bytes) = STANDARD.decode(data) else { return (key, Read::Malformed) };
            if bytes.len() % 2 == 1 {
                return (key, Read::Malformed);
            }
            pcm.extend(bytes);
        }
        match (wrong, pcm.is_empty()) {
            (false, false) => (key, Read::Audio(pcm)),
            (true, _) | (_, true) => (key, Read::NoAudio),
        }
    }

    fn ours(row: &Row, pcm: Vec<u8>) -> (Option<String>, Read) {
        let read = match &row.outcome {
            Outcome::Audio => Read::Audio(pcm),
            Outcome::NoAudio { .. } => Read::NoAudio,
            Outcome::Error { code, .. } => Read::Error(*code),
            Outcome::Malformed { .. } => Read::Malformed,
        };
        (row.key.clone(), read)
    }

    /// A string, some of its characters as escapes.
    fn quoted(text: &str, escape: u32) -> String {
        let mut quoted = String::from('"');
        for (n, c) in text.chars().enumerate() {
            match (c, (n as u32).wrapping_mul(escape) % 7) {
                ('/', 1 | 2) => quoted.push_str("\\/"),
                ('"' | '\\', _) | (_, 3) if (c as u32) < 0x1_0000 => quoted.push_str(&format!("\\u{:04x}", c as u32)),
                _ => quoted.push(c),
            }
        }
        quoted + "\""
    }

    fn joined(members: &[String], turn: usize, space: &str) -> String {
        let mut members = members.to_vec();
        let n = members.len();
        members.rotate_left(turn % n);
        format!("{{{space}{}{space}}}", members.join(&format!("{space},{space}")))
    }

    fn part() -> impl Strategy<Value = (String, String)> {
        let mime = prop_oneof![
            8 => proptest::sample::select(MIMES.to_vec()).prop_map(str::to_owned),
            1 => Just("audio/mpeg".to_owned()),
        ];
        let data = prop_oneof![
            6 => proptest::collection::vec(any::<u16>(), 0..60).prop_map(|words| STANDARD.encode(words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>())),
            1 => proptest::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| STANDARD.encode(bytes)),
            1 => "[A-Za-z0-9+/=!-]{0,20}",
        ];
        // What is not a format of ours may stand before or behind its data, so both ways must come to the same.
        (mime, data)
            .prop_map(|(mime, data)| if mime == "audio/mpeg" { (mime, "AAAA".to_owned()) } else { (mime, data) })
    }

    fn unknown() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(r#""chapter":"1""#.to_owned()),
            Just(r#""tags":[]"#.to_owned()),
            Just(r#""deep":{"key":"no","response":{"a":[1,-2.5e-3,null,"\"x\\"]}}"#.to_owned()),
            any::<String>().prop_map(|text| format!("\"text\":{}", serde_json::to_string(&text).unwrap())),
        ]
    }

    fn row_text() -> impl Strategy<Value = String> {
        let answer = prop_oneof![
            8 => proptest::collection::vec(part(), 0..4).prop_map(Some),
            1 => Just(None),
        ];
        let space = prop_oneof![Just(""), Just(" "), Just("\t  ")];
        (answer, "[a-zé/\\\\\" ]{0,8}|[^\u{0}-\u{1f}]{0,8}", unknown(), any::<[u32; 3]>(), space, 0usize..20).prop_map(
            |(answer, key, unknown, [one, two, escape], space, damage)| {
                let turn = one as usize;
                let key = format!("\"key\"{space}:{}", quoted(&key, escape));
                let answer = match answer {
                    None => format!(r#""error":{{"code":{},"message":"no"}}"#, one % 20 + 1),
                    Some(parts) => {
                        let parts: Vec<String> = parts
                            .iter()
                            .map(|(mime, data)| {
                                let members = [
                                    format!("\"mimeType\":{}", quoted(mime, escape)),
                                    format!("\"data\":{space}{}", quoted(data, two)),
                                ];
                                format!("{{\"inlineData\":{}}}", joined(&members, turn, space))
                            })
                            .collect();
                        let candidate = [
                            format!("\"content\":{{\"role\":\"model\",\"parts\":[{}]}}", parts.join(",")),
                            "\"finishReason\":\"STOP\"".to_owned(),
                            "\"index\":0".to_owned(),
                        ];
                        let candidates = format!("\"candidates\":[{}]", joined(&candidate, two as usize, space));
                        let usage = "\"usageMetadata\":{\"totalTokenCount\":9}".to_owned();
                        format!("\"response\":{}", joined(&[candidates, usage], turn, space))
                    }
                };
                let mut text = joined(&[key, answer, unknown], two as usize, space);
                if damage == 0 {
                    // Some rows are damaged anywhere.
                    let at = (0..=one as usize % text.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap();
                    text.insert(at, '\u{1}');
                }
                text
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_reader_of_whole_lines_reads_the_same(
            texts in proptest::collection::vec(row_text(), 1..5), crlf in any::<bool>(), last in any::<bool>(), size in 1usize..400
        ) {
            let end = if crlf { "\r\n" } else { "\n" };
            let mut file = texts.join(end);
            if last {
                file.push_str(end);
            }
            let (kept, totals) = parse(Form::Lines, file.as_bytes().chunks(size));
            prop_assert_eq!(totals.rows as usize, texts.len());
            for (text, (row, pcm)) in texts.iter().zip(kept.rows) {
                prop_assert_eq!(&file[row.offset as usize..(row.offset + row.length) as usize], text);
                let (key, expected) = read(text.as_bytes());
                let (our_key, found) = ours(&row, pcm);
                prop_assert_eq!(&found, &expected, "{}: {:?}", text, row.outcome);
                if expected != Read::Malformed {
                    prop_assert_eq!(our_key, key, "{}", text);
                }
            }
        }
    }
}
