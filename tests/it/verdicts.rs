//! What all results of a job together show, from the bytes to the manifest.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use gemtts_tui::audio::{Letters, Limits, Verdict};
use gemtts_tui::results::review::Finding;
use gemtts_tui::results::{Form, Judging, Texts};
use gemtts_tui::save::{Record, Saver, Selection, Summary, from_file};

const RATE: f64 = 8_000.0;

/// A voice of two tones in syllables: enough for the verdict `ok`.
fn speech(seconds: f64) -> String {
    let sample = |n: usize| {
        let at = n as f64 / RATE;
        let tones = (at * 1_100.0).sin() + 0.5 * (at * 3_500.0).sin();
        ((at * 12.0).sin().abs() * tones * 6_000.0) as i16
    };
    let pcm: Vec<u8> = (0..(seconds * RATE) as usize).flat_map(|n| sample(n).to_le_bytes()).collect();
    base64::engine::general_purpose::STANDARD.encode(pcm)
}

fn line(key: Option<&str>, seconds: f64) -> String {
    let part = format!(r#"{{"inlineData":{{"mimeType":"audio/L16;rate=8000","data":"{}"}}}}"#, speech(seconds));
    let tokens = (seconds * 25.0).ceil();
    let key = key.map(|key| format!(r#","key":"{key}""#)).unwrap_or_default();
    format!(
        "{{\"response\":{{\"candidates\":[{{\"content\":{{\"parts\":[{part}]}},\"finishReason\":\"STOP\"}}],\
        \"usageMetadata\":{{\"candidatesTokenCount\":{tokens}}}}}{key}}}\n"
    )
}

/// Letters of the texts of a job: from 20 to 120, in no order.
fn letters(n: usize) -> Vec<u32> {
    (0..n).map(|at| 20 + ((at * at * 37 + at * 11) % 101) as u32).collect()
}

fn texts(letters: &[u32]) -> Arc<Texts> {
    let mut texts = Texts::default();
    for (at, most) in letters.iter().enumerate() {
        texts.push(&format!("k{at}"), Letters { least: *most, most: *most }, "Kore en-US");
    }
    Arc::new(texts)
}

fn save(folder: &Path, lines: &str, texts: &Arc<Texts>) -> (Summary, Vec<Record>) {
    let path = folder.join("results.jsonl");
    std::fs::write(&path, lines).unwrap();
    let judging = Judging { limits: Limits::default(), texts: Some(Arc::clone(texts)) };
    let out = folder.join("out");
    let mut saver = Saver::open_judging(&out, None, Selection::All, judging, Box::new(|_| ())).unwrap();
    from_file(&path, Form::Lines, &mut saver).unwrap();
    let summary = saver.finish().unwrap();
    let manifest = std::fs::read_to_string(out.join("manifest.jsonl")).unwrap();
    (summary, manifest.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn a_result_that_stands_out_from_the_rest_has_its_verdict_in_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let letters = letters(30);
    let seconds = |at: usize| f64::from(letters[at]) / 15.0 * if at == 17 { 3.4 } else { 1.0 };
    let lines: String = (0..30).map(|at| line(Some(&format!("k{at}")), seconds(at))).collect();
    for run in ["the first run", "a second run, which finds all files there"] {
        let (summary, records) = save(folder.path(), &lines, &texts(&letters));
        assert_eq!((summary.looks_bad, summary.review.changes.len()), (1, 1), "{run}: {summary:?}");
        assert_eq!(records.len(), 30, "{run}");
        let verdicts: HashMap<u64, Verdict> = records.iter().map(|record| (record.line, record.verdict)).collect();
        for line in 1..=30 {
            let expected = if line == 18 { Verdict::Runaway } else { Verdict::Ok };
            assert_eq!(verdicts[&line], expected, "{run}: line {line}");
        }
    }
}

#[test]
fn audio_of_other_keys_is_found_and_keys_that_are_missing_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let letters = letters(60);
    // From the 31st on, each key has the audio of the next one.
    let of = |at: usize| if at < 30 { at } else { (at + 1) % 60 };
    let seconds = |at: usize| f64::from(letters[of(at)]) / 15.0;
    let lines: String = (0..60).map(|at| line(Some(&format!("k{at}")), seconds(at))).collect();
    let (summary, _) = save(folder.path(), &lines, &texts(&letters));
    assert!(matches!(summary.review.findings[..], [Finding::Shifted { by: 1, from: 31, to: None }]), "{summary:?}");

    let honest: String = (0..60).map(|at| line(None, f64::from(letters[at]) / 15.0)).collect();
    let folder = tempfile::tempdir().unwrap();
    let (summary, _) = save(folder.path(), &honest, &texts(&letters));
    assert_eq!((summary.review.findings.len(), summary.unmatched), (0, 60));
}
