//! Results on the disk: names, manifests, second runs, and whatever stands in the way.

// Helpers of tests may unwrap as the tests themselves do.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gemtts_tui::audio::Verdict;
use gemtts_tui::audio::{Format, Letters, Limits, wav};
use gemtts_tui::failure::Exit;
use gemtts_tui::job::JobName;
use gemtts_tui::results::review::Heard;
use gemtts_tui::results::{Form, Judging, PackedRows, Parser, Row, Rows, Texts};
use gemtts_tui::save::{self, Done, Error, Given, Record, Saver, Selection, Status, Summary, What};
use serde_json::{Value, json};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/wire").join(name)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn open(out: &Path) -> Saver {
    Saver::open(out, JobName::parse("batches/abc"), Selection::All, Box::new(|_| {})).unwrap()
}

/// Saves a file that is on the disk.
fn save_file(path: &Path, form: Form, out: &Path) -> Summary {
    let mut saver = open(out);
    save::from_file(path, form, &mut saver).unwrap();
    saver.finish().unwrap()
}

/// Saves lines as they come, without a look ahead.
fn save_stream(lines: &str, out: &Path) -> Summary {
    let mut saver = open(out);
    let mut parser = Parser::new(Form::Lines);
    parser.push(lines.as_bytes(), &mut saver).unwrap();
    parser.finish(&mut saver).unwrap();
    saver.finish().unwrap()
}

fn records(out: &Path) -> Vec<Record> {
    let mut records = Vec::new();
    assert_eq!(save::read(out, |record| records.push(record)).unwrap(), 0);
    records
}

/// Name, content, inode and time of every file in a folder.
fn snapshot(out: &Path) -> BTreeMap<String, (Vec<u8>, u64, std::time::SystemTime)> {
    fs::read_dir(out)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let meta = entry.metadata().unwrap();
            let content = fs::read(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), (content, inode(&meta), meta.modified().unwrap()))
        })
        .collect()
}

#[cfg(unix)]
fn inode(meta: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn inode(_meta: &fs::Metadata) -> u64 {
    0
}

fn wavs(out: &Path) -> Vec<String> {
    snapshot(out).into_keys().filter(|name| name.ends_with(".wav")).collect()
}

/// Samples of a rough tone that swells and fades, as nothing that is steady passes for speech; another seed gives other
/// ones.
fn samples(n: usize, seed: usize) -> Vec<u8> {
    let loudness = |at: usize| 60 + (at / 1_200 % 7) as i16 * 50;
    (0..n).flat_map(|at| (((at * (seed + 3) % 97) as i16 - 48) * loudness(at)).to_le_bytes()).collect()
}

fn line(key: Value, pcm: &[u8]) -> String {
    let part = json!({"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": STANDARD.encode(pcm)}});
    let response = json!({"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]});
    format!("{}\n", json!({"response": response, "key": key}))
}

#[test]
fn every_line_of_the_mixed_file_leaves_a_file_or_a_reason() {
    let out = folder();
    let summary = save_file(&fixture("output_mixed.jsonl"), Form::Lines, out.path());
    let expected = Summary {
        saved: 6,
        failed: 9,
        duplicates: 1,
        looks_bad: 1,
        unmatched: 1,
        seconds: summary.seconds,
        bytes: summary.bytes,
        ..Summary::default()
    };
    assert_eq!(summary, expected);
    assert_eq!(summary.exit(), Exit::SomeBad);

    let rows = {
        let mut rows = Rows::default();
        let mut parser = Parser::new(Form::Lines);
        parser.push(&fs::read(fixture("output_mixed.jsonl")).unwrap(), &mut rows).unwrap();
        rows.0
    };
    let records = records(out.path());
    let lines: Vec<u64> = records.iter().map(|record| record.line).collect();
    assert_eq!(lines, (1..=16).collect::<Vec<u64>>());
    for (row, record) in rows.iter().zip(&records) {
        assert_eq!((&row.key, row.verdict), (&record.key, record.verdict), "line {}", row.line);
        assert_eq!(record.job.as_deref(), Some("batches/abc"));
        assert_eq!(record.file.is_some(), record.status == Status::Saved, "line {}", row.line);
        assert_eq!(record.error.is_none(), record.status == Status::Saved, "line {}", row.line);
    }
    let named = |n: usize| records[n - 1].file.as_deref().unwrap();
    assert_eq!(
        [1, 2, 3, 10, 12].map(named),
        ["ch01-0003.wav", "ch01-0001.wav", "ch01-0004.wav", "ch01-0010.wav", "ch01-0012.wav"]
    );
    assert!(named(15).starts_with("unmatched-"));
    assert_eq!(records[13].status, Status::Duplicate);
    assert_eq!(records[9].verdict, Verdict::Truncated);
    let spoken = records[6].error.as_deref();
    assert_eq!(spoken, Some("blocked: PROHIBITED_CONTENT"));

    assert_eq!(wavs(out.path()).len(), 6);
    for record in records.iter().filter(|record| record.status == Status::Saved) {
        let path = out.path().join(record.file.as_ref().unwrap());
        let mut reader = hound::WavReader::open(&path).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.sample_rate, spec.channels, spec.bits_per_sample), (24_000, 1, 16));
        assert_eq!((Some(spec.sample_rate), Some(spec.channels)), (record.sample_rate, record.channels));
        let n = reader.samples::<i16>().map(Result::unwrap).count();
        assert_eq!(
            (n as u64 * 2 + 44, fs::metadata(&path).unwrap().len()),
            (record.bytes.unwrap(), record.bytes.unwrap())
        );
        assert!(n > 0, "no file without samples");
        assert!((record.duration_seconds.unwrap() - n as f64 / 24_000.0).abs() < 0.0001);
    }
    assert_eq!(save::verify(out.path()).unwrap().right, 6);
}

#[test]
fn a_manifest_line_has_the_fields_of_the_contract() {
    let out = folder();
    save_stream(&line(json!("a/b"), &samples(143_520, 1)), out.path());
    let text = fs::read_to_string(out.path().join("manifest.jsonl")).unwrap();
    assert!(text.starts_with(r#"{"key":"a/b","file":"a_b-c14cddc0.wav","status":"saved","verdict":"ok","durationSeconds":5.98,"sampleRate":24000,"channels":1,"bytes":287084,"sha256":""#), "{text}");
    assert!(
        text.ends_with(
            r#"","finishReason":"STOP","error":null,"promptTokens":null,"audioTokens":null,"job":"batches/abc","line":1}
"#
        ),
        "{text}"
    );
}

#[test]
fn inline_results_are_saved_too() {
    let out = folder();
    let summary = save_file(&fixture("get_succeeded_inline_mixed.json"), Form::Inline, out.path());
    assert_eq!((summary.saved, summary.failed, summary.rows()), (1, 2, 3));
    assert_eq!(wavs(out.path()), ["ch01-0001.wav"]);
}

#[test]
fn a_second_run_rewrites_nothing() {
    let out = folder();
    let first = save_file(&fixture("output_mixed.jsonl"), Form::Lines, out.path());
    let before = snapshot(out.path());
    let second = save_file(&fixture("output_mixed.jsonl"), Form::Lines, out.path());
    assert_eq!(snapshot(out.path()), before);
    assert_eq!(second, Summary { saved: 0, already: first.saved, ..first });
}

#[test]
fn a_second_run_writes_what_is_missing() {
    let out = folder();
    save_file(&fixture("output_mixed.jsonl"), Form::Lines, out.path());
    let before = snapshot(out.path());
    fs::remove_file(out.path().join("ch01-0001.wav")).unwrap();
    let second = save_file(&fixture("output_mixed.jsonl"), Form::Lines, out.path());
    assert_eq!((second.saved, second.already), (1, 5));
    let after = snapshot(out.path());
    assert_eq!(before["ch01-0001.wav"].0, after["ch01-0001.wav"].0);
    assert_eq!(before["ch01-0003.wav"], after["ch01-0003.wav"]);
    assert_eq!(save::verify(out.path()).unwrap().right, 6);
}

#[test]
fn a_killed_run_is_finished_by_the_next() {
    let out = folder();
    save_file(&fixture("output_mixed.jsonl"), Form::Lines, out.path());
    let before = snapshot(out.path());
    // As after a kill: temporary files, a file whose line was not noted yet, half a line.
    fs::write(out.path().join(".ch01-0001.0123abcd.part"), "half").unwrap();
    fs::write(out.path().join(".mine.part"), "not ours").unwrap();
    let manifest = out.path().join("manifest.jsonl");
    let text = fs::read_to_string(&manifest).unwrap();
    for cut in [0, 1, text.find('\n').unwrap(), text.find('\n').unwrap() + 1, text.len() - 1, text.len() / 2] {
        fs::write(&manifest, &text[..cut]).unwrap();
        let summary = save_file(&fixture("output_mixed.jsonl"), Form::Lines, out.path());
        assert_eq!((summary.saved, summary.already), (0, 6), "cut at {cut}");
        assert_eq!(records(out.path()).len(), 16, "cut at {cut}");
        let after = snapshot(out.path());
        for name in wavs(out.path()) {
            assert_eq!(before[&name], after[&name], "cut at {cut}");
        }
    }
    assert!(!out.path().join(".ch01-0001.0123abcd.part").exists());
    assert!(out.path().join(".mine.part").exists());
}

#[test]
fn hostile_keys_stay_in_the_folder_and_apart() {
    let outer = folder();
    let out = outer.path().join("inner");
    let long = "k".repeat(5_000);
    let keys = [
        "../../etc/passwd",
        "/abs",
        "..",
        "",
        ".",
        "a/b",
        "a\\b",
        "C:\\x",
        "\\\\srv\\s",
        "CON",
        "nul.wav",
        "com1.",
        "aux ",
        "x:ads",
        &long,
        "é",
        "e\u{301}",
        "\u{212a}",
        "k",
        "K",
        "abc\u{202e}def",
        "\n",
        "\0",
        "-rf",
        "~",
        "$(id)",
        "👩‍👧‍👦",
        "a b",
        "manifest",
        "manifest.jsonl",
    ];
    let mut lines: String = keys.iter().enumerate().map(|(n, key)| line(json!(key), &samples(1500 + n, n))).collect();
    lines.push_str(&line(json!(7), &samples(1400, 7)));
    lines.push_str(&line(json!({"a": [1]}), &samples(1401, 8)));
    lines.push_str(&line(Value::Null, &samples(1402, 9)));
    let source = outer.path().join("lines.jsonl");
    fs::write(&source, &lines).unwrap();
    let summary = save_file(&source, Form::Lines, &out);
    assert_eq!((summary.saved, summary.failed, summary.duplicates), (keys.len() as u64 + 3, 0, 0));

    let names = wavs(&out);
    assert_eq!(names.len(), keys.len() + 3);
    let mut folded: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    folded.sort();
    folded.dedup();
    assert_eq!(folded.len(), names.len(), "unique without case too");
    for name in &names {
        assert!(name.len() <= 120 && !name.starts_with(['.', '-']), "{name}");
        assert!(name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c)), "{name}");
    }
    // All of a colliding group take the slug.
    assert!(!names.contains(&"k.wav".to_owned()) && !names.contains(&"K.wav".to_owned()));
    let kept: Vec<Option<String>> = records(&out).into_iter().map(|record| record.key).collect();
    let original = |n: usize| kept[n].as_deref();
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(original(n), Some(*key));
    }
    assert_eq!(
        [original(keys.len()), original(keys.len() + 1), original(keys.len() + 2)],
        [Some("7"), Some(r#"{"a":[1]}"#), None]
    );
    let beside: Vec<_> = fs::read_dir(outer.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside.len(), 2, "nothing beside the folder: {beside:?}");

    let before = snapshot(&out);
    assert_eq!(save_file(&source, Form::Lines, &out).already, keys.len() as u64 + 3);
    assert_eq!(snapshot(&out), before);
}

#[test]
fn in_a_stream_both_twins_take_the_slug() {
    let out = folder();
    let lines = line(json!("Key"), &samples(1500, 1)) + &line(json!("key"), &samples(1500, 2));
    save_stream(&lines, out.path());
    let names = wavs(out.path());
    assert!(names[0].starts_with("Key-") && names[1].starts_with("key-"), "{names:?}");
    let before = snapshot(out.path());
    assert_eq!(save_stream(&lines, out.path()).already, 2);
    let source = folder();
    fs::write(source.path().join("lines"), lines).unwrap();
    assert_eq!(save_file(&source.path().join("lines"), Form::Lines, out.path()).already, 2);
    assert_eq!(snapshot(out.path()), before);
}

#[test]
fn of_two_rows_with_one_key_the_first_is_saved() {
    let out = folder();
    let (one, two) = (samples(1500, 1), samples(1600, 2));
    let lines = line(json!("a"), &one) + &line(json!("a"), &two) + "{\"key\":\"a\",\"error\":{\"code\":13}}\n";
    let summary = save_stream(&lines, out.path());
    assert_eq!((summary.saved, summary.duplicates, summary.failed), (1, 2, 0));
    assert_eq!(fs::read(out.path().join("a.wav")).unwrap()[44..], one);
    assert_eq!(wavs(out.path()), ["a.wav"]);
}

#[test]
fn a_row_that_failed_does_not_keep_a_later_one_from_its_file() {
    let out = folder();
    let lines = "{\"key\":\"a\",\"error\":{\"code\":13}}\n".to_owned() + &line(json!("a"), &samples(1500, 1));
    let summary = save_stream(&lines, out.path());
    assert_eq!((summary.saved, summary.failed), (1, 1));
    assert_eq!(wavs(out.path()), ["a.wav"]);
}

#[test]
fn a_file_of_somebody_else_is_never_replaced() {
    let out = folder();
    fs::write(out.path().join("a.wav"), "mine").unwrap();
    let summary = save_stream(&line(json!("a"), &samples(1500, 1)), out.path());
    assert_eq!(summary.saved, 1);
    assert_eq!(fs::read(out.path().join("a.wav")).unwrap(), b"mine");
    assert!(wavs(out.path())[0].starts_with("a-"));
    let before = snapshot(out.path());
    assert_eq!(save_stream(&line(json!("a"), &samples(1500, 1)), out.path()).already, 1);
    assert_eq!(snapshot(out.path()), before);
}

#[test]
fn another_take_of_a_key_goes_beside_the_first() {
    let out = folder();
    save_stream(&line(json!("a"), &samples(1500, 1)), out.path());
    let mut saver =
        Saver::open(out.path(), JobName::parse("batches/retake"), Selection::All, Box::new(|_| {})).unwrap();
    let mut parser = Parser::new(Form::Lines);
    parser.push(line(json!("a"), &samples(1500, 2)).as_bytes(), &mut saver).unwrap();
    parser.finish(&mut saver).unwrap();
    assert_eq!(saver.finish().unwrap().saved, 1);
    assert_eq!(wavs(out.path()).len(), 2);
    assert_eq!(save::verify(out.path()).unwrap().right, 2);
}

#[cfg(unix)]
#[test]
fn links_pipes_and_folders_are_neither_followed_nor_replaced() {
    let outer = folder();
    let out = outer.path().join("out");
    fs::create_dir(&out).unwrap();
    let target = outer.path().join("target");
    fs::write(&target, "target").unwrap();
    std::os::unix::fs::symlink(&target, out.join("link.wav")).unwrap();
    std::os::unix::fs::symlink(outer.path().join("nowhere"), out.join("dangling.wav")).unwrap();
    fs::create_dir(out.join("folder.wav")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, out.join("pipe.wav"), rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    let keys = ["link", "dangling", "folder", "pipe"];
    let lines: String = keys.iter().map(|key| line(json!(key), &samples(1500, 1))).collect();
    for saved in [4, 0] {
        assert_eq!(save_stream(&lines, &out).saved, saved);
    }
    assert_eq!(fs::read(&target).unwrap(), b"target");
    assert!(!outer.path().join("nowhere").exists());
    assert!(fs::symlink_metadata(out.join("link.wav")).unwrap().is_symlink());
    assert!(out.join("folder.wav").is_dir());
    let written: Vec<String> = records(&out).into_iter().filter_map(|record| record.file).collect();
    assert_eq!(written.len(), 4);
    for (key, file) in keys.iter().zip(written) {
        assert!(file.starts_with(&format!("{key}-")), "{file}");
    }
}

#[cfg(unix)]
#[test]
fn a_manifest_that_is_a_link_or_a_pipe_is_refused() {
    let outer = folder();
    for kind in ["link", "pipe", "folder"] {
        let out = outer.path().join(kind);
        fs::create_dir(&out).unwrap();
        let manifest = out.join("manifest.jsonl");
        match kind {
            "link" => std::os::unix::fs::symlink(outer.path().join("elsewhere"), &manifest).unwrap(),
            "pipe" => {
                rustix::fs::mkfifoat(rustix::fs::CWD, &manifest, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
            }
            _ => fs::create_dir(&manifest).unwrap(),
        }
        let error = Saver::open(&out, None, Selection::All, Box::new(|_| {})).unwrap_err();
        assert!(matches!(error, Error::Write { .. }), "{kind}: {error:?}");
        assert_eq!(error.exit(), Exit::Disk);
    }
    assert!(!outer.path().join("elsewhere").exists());
}

#[cfg(unix)]
#[test]
fn files_get_the_mode_that_the_process_gives() {
    use std::os::unix::fs::PermissionsExt;
    let out = folder();
    save_stream(&line(json!("a"), &samples(1500, 1)), out.path());
    fs::write(out.path().join("other"), "").unwrap();
    let mode = |name: &str| fs::metadata(out.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("a.wav"), mode("other"));
    assert_eq!(mode("manifest.jsonl"), mode("other"));
}

#[test]
fn a_folder_belongs_to_one_run_at_a_time() {
    let out = folder();
    let first = open(out.path());
    let error = Saver::open(out.path(), None, Selection::All, Box::new(|_| {})).unwrap_err();
    assert_eq!((error.exit(), matches!(error, Error::Locked { .. })), (Exit::Refused, true));
    drop(first);
    open(out.path()).finish().unwrap();
}

#[test]
fn only_what_is_selected_is_saved() {
    let lines: String = (0..4).map(|n| line(json!(format!("k{n}")), &samples(1500, n))).collect();
    let table: [(Selection, &[&str]); 3] = [
        (Selection::All, &["k0.wav", "k1.wav", "k2.wav", "k3.wav"]),
        (Selection::Keys(["k1".to_owned(), "k9".to_owned()].into()), &["k1.wav"]),
        (Selection::Matching(Box::new(|key, line| key == Some("k0") || line == 4)), &["k0.wav", "k3.wav"]),
    ];
    for (selection, names) in table {
        let out = folder();
        let mut saver = Saver::open(out.path(), None, selection, Box::new(|_| {})).unwrap();
        let mut parser = Parser::new(Form::Lines);
        parser.push(lines.as_bytes(), &mut saver).unwrap();
        parser.finish(&mut saver).unwrap();
        let summary = saver.finish().unwrap();
        assert_eq!(wavs(out.path()), names);
        assert_eq!(summary.passed_over, 4 - names.len() as u64);
        assert_eq!(records(out.path()).len(), names.len());
        assert_eq!(summary.exit(), Exit::Ok);
    }
}

#[test]
fn one_row_can_be_saved_from_its_place() {
    for (name, form) in [("output_mixed.jsonl", Form::Lines), ("get_succeeded_inline_mixed.json", Form::Inline)] {
        let all = folder();
        save_file(&fixture(name), form, all.path());
        let mut rows = Rows::default();
        let mut parser = Parser::new(form);
        parser.push(&fs::read(fixture(name)).unwrap(), &mut rows).unwrap();
        let out = folder();
        for row in &rows.0 {
            let mut saver = open(out.path());
            let packed: PackedRows = [row.clone()].into_iter().collect();
            let given: Vec<_> = packed.views().map(|row| Given::of(&row)).collect();
            save::from_places(&fixture(name), form, &given, &mut saver).unwrap();
            saver.finish().unwrap();
        }
        assert_eq!(wavs(out.path()), wavs(all.path()), "{name}");
        assert_eq!(records(out.path()), records(all.path()), "{name}");
    }
}

#[test]
fn audio_larger_than_memory_allows_goes_through_a_temporary_file() {
    let out = folder();
    let (long, other) = (samples(2_000_001, 5), samples(700_000, 6));
    let lines = line(json!("long"), &long) + &line(json!("other"), &other) + &line(json!("short"), &samples(10_000, 7));
    let mut saver = open(out.path());
    let mut parser = Parser::new(Form::Lines);
    for piece in lines.as_bytes().chunks(100_000) {
        parser.push(piece, &mut saver).unwrap();
    }
    parser.finish(&mut saver).unwrap();
    let parts = || snapshot(out.path()).into_keys().filter(|name| name.ends_with(".part")).count();
    assert_eq!(parts(), 3);
    saver.flush().unwrap();
    assert_eq!((parts(), wavs(out.path()).len()), (0, 3));
    saver.finish().unwrap();
    for (name, pcm) in [("long.wav", long), ("other.wav", other)] {
        assert!(fs::read(out.path().join(name)).unwrap()[44..] == pcm, "{name}");
    }
    assert_eq!(save::verify(out.path()).unwrap().right, 3);
    let before = snapshot(out.path());
    assert_eq!(save_stream(&lines, out.path()).already, 3);
    assert_eq!(snapshot(out.path()), before);
}

#[test]
fn a_broken_off_run_leaves_no_temporary_files() {
    let out = folder();
    let mut saver = open(out.path());
    let mut parser = Parser::new(Form::Lines);
    let lines = line(json!("a"), &samples(1500, 1)) + &line(json!("long"), &samples(2_000_000, 2));
    parser.push(&lines.as_bytes()[..lines.len() - 100], &mut saver).unwrap();
    drop(saver);
    assert_eq!(snapshot(out.path()).into_keys().collect::<Vec<_>>(), ["manifest.jsonl"]);
}

#[test]
fn rows_are_told_when_their_file_is_there() {
    let out = folder();
    let told = Arc::new(Mutex::new(Vec::new()));
    let (tell, path) = (Arc::clone(&told), out.path().to_owned());
    let on_row: save::OnRow = Box::new(move |progress| {
        if let Some(file) = &progress.record.file {
            assert!(path.join(file).is_file());
        }
        tell.lock().unwrap().push((progress.record.line, progress.done));
    });
    let mut saver = Saver::open(out.path(), None, Selection::All, on_row).unwrap();
    save::from_file(&fixture("output_mixed.jsonl"), Form::Lines, &mut saver).unwrap();
    saver.finish().unwrap();
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 16);
    assert_eq!((told[0], told[3], told[13]), ((1, Done::Saved), (4, Done::Failed), (14, Done::Duplicate)));
}

#[test]
fn verify_names_what_differs() {
    let out = folder();
    assert!(matches!(save::verify(out.path()), Err(Error::NoManifest { .. })));
    let lines: String = (0..5).map(|n| line(json!(format!("k{n}")), &samples(1500, n))).collect();
    save_stream(&lines, out.path());
    let file = |n: usize| out.path().join(format!("k{n}.wav"));
    fs::remove_file(file(0)).unwrap();
    fs::write(file(1), "short").unwrap();
    let mut flipped = fs::read(file(2)).unwrap();
    flipped[100] ^= 1;
    fs::write(file(2), flipped).unwrap();
    fs::remove_file(file(3)).unwrap();
    fs::create_dir(file(3)).unwrap();
    let check = save::verify(out.path()).unwrap();
    let found: Vec<_> =
        check.different.iter().map(|found| (found.record.key.clone().unwrap(), found.what.clone())).collect();
    assert_eq!(
        found,
        [
            ("k0".into(), What::Missing),
            ("k1".into(), What::Size(5)),
            ("k2".into(), What::Content),
            ("k3".into(), What::NotAFile)
        ]
    );
    assert_eq!((check.right, check.without_file), (1, 0));
}

/// A disk on which no file may grow beyond 64 kB stands for a full one: the write fails half-way through a file.
///
/// The limit holds for a whole process, so the test runs itself again as a child and looks at what that left behind.
#[cfg(unix)]
#[test]
fn a_full_disk_stops_the_run_and_keeps_what_is_good() {
    const FOLDER: &str = "GEMTTS_TEST_FULL_DISK";
    let lines = |second: &[u8]| {
        line(json!("a"), &samples(5_000, 1)) + &line(json!("b"), second) + &line(json!("c"), &samples(5_000, 3))
    };
    // One row that is held in memory until it is whole, and one that needs a temporary file while it comes.
    let sizes = [100_000, 900_000];
    if let Some(folder) = std::env::var_os(FOLDER) {
        limit_file_size(64 * 1024);
        for n in sizes {
            let out = Path::new(&folder).join(n.to_string());
            let mut parser = Parser::new(Form::Lines);
            let by_one = parser.push(lines(&samples(n, 2)).as_bytes(), &mut open(&out)).unwrap_err();
            let source = Path::new(&folder).join(format!("{n}.jsonl"));
            let by_several = save::from_file(&source, Form::Lines, &mut open(&out)).unwrap_err();
            for error in [by_one, by_several] {
                assert!(
                    matches!(&error, Error::Write { source, .. } if source.kind() == std::io::ErrorKind::FileTooLarge),
                    "{error:?}"
                );
                assert_eq!(error.exit(), Exit::Disk);
            }
        }
        return;
    }
    let outer = folder();
    for n in sizes {
        fs::write(outer.path().join(format!("{n}.jsonl")), lines(&samples(n, 2))).unwrap();
    }
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "save::a_full_disk_stops_the_run_and_keeps_what_is_good"])
        .env(FOLDER, outer.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    for n in sizes {
        let out = outer.path().join(n.to_string());
        let left: Vec<String> = snapshot(&out).into_keys().collect();
        assert_eq!(left, ["a.wav", "manifest.jsonl"]);
        assert_eq!(save::verify(&out).unwrap().right, 1);
        let before = snapshot(&out);
        let summary = save_stream(&lines(&samples(n, 2)), &out);
        assert_eq!((summary.already, summary.saved, summary.exit()), (1, 2, Exit::Ok));
        assert_eq!(snapshot(&out)["a.wav"], before["a.wav"]);
        assert_eq!(save::verify(&out).unwrap().right, 3);
    }
}

/// Without a handler the signal that comes with the limit would end the process.
#[cfg(unix)]
fn limit_file_size(bytes: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let kind = tokio::signal::unix::SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    // The handler stays when its stream goes.
    drop(tokio::signal::unix::signal(kind).unwrap());
    let limit = rustix::process::Rlimit { current: Some(bytes), maximum: Some(bytes) };
    rustix::process::setrlimit(rustix::process::Resource::Fsize, limit).unwrap();
}

#[test]
fn many_hands_do_what_one_does() {
    let outer = folder();
    let source = outer.path().join("lines.jsonl");
    let mut lines = String::new();
    // 18 MB: pieces of 8 MB each are shared out among threads.
    for n in 0..60 {
        lines.push_str(&line(json!(format!("key-{n}")), &samples(110_000 + n, n)));
        match n {
            5 => lines.push_str("not json\n"),
            10 | 40 => lines.push_str(&line(json!("key-3"), &samples(2_000, n))),
            20 => lines.push_str("{\"key\":\"later\",\"error\":{\"code\":13}}\n\n"),
            25 | 50 => lines.push_str(&line(json!("later"), &samples(3_000, n))),
            30 => lines.push_str(&line(json!("KEY-44"), &samples(2_500, n))),
            _ => {}
        }
    }
    fs::write(&source, &lines).unwrap();
    let (one, many) = (outer.path().join("one"), outer.path().join("many"));
    let by_one = save_stream(&lines, &one);
    let by_many = save_file(&source, Form::Lines, &many);
    assert_eq!((by_many.saved, by_many.failed, by_many.duplicates), (62, 2, 3));
    assert!((by_one.seconds - by_many.seconds).abs() < 0.001);
    assert_eq!(by_one, Summary { seconds: by_one.seconds, ..by_many.clone() });
    assert_eq!(records(&one), records(&many));
    assert_eq!(save::verify(&many).unwrap().right, 62);
    let before = snapshot(&many);
    let again = save_file(&source, Form::Lines, &many);
    assert_eq!(again, Summary { saved: 0, already: 62, seconds: again.seconds, ..by_many });
    assert!(snapshot(&many) == before);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_where_the_folder_once_was() {
    let outer = folder();
    let (out, elsewhere) = (outer.path().join("out"), outer.path().join("elsewhere"));
    fs::create_dir(&elsewhere).unwrap();
    let mut saver = open(&out);
    fs::rename(&out, outer.path().join("moved")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &out).unwrap();
    let mut parser = Parser::new(Form::Lines);
    parser.push(line(json!("a"), &samples(1500, 1)).as_bytes(), &mut saver).unwrap();
    saver.flush().unwrap();
    assert_eq!(wavs(&outer.path().join("moved")), ["a.wav"]);
    assert_eq!(snapshot(&elsewhere).len(), 0);

    fs::remove_dir_all(outer.path().join("moved")).unwrap();
    let error = parser
        .push(line(json!("b"), &samples(1500, 1)).as_bytes(), &mut saver)
        .and_then(|()| saver.flush())
        .unwrap_err();
    assert_eq!((error.exit(), matches!(error, Error::Write { .. })), (Exit::Disk, true));
}

#[test]
fn a_saver_may_work_on_a_thread_of_its_own() {
    let out = folder();
    let mut saver = open(out.path()).in_background();
    let summary = std::thread::spawn(move || {
        save::from_file(&fixture("output_mixed.jsonl"), Form::Lines, &mut saver).unwrap();
        saver.finish().unwrap()
    });
    assert_eq!(summary.join().unwrap().saved, 6);
}

/// What rows are judged by when a job had these keys, each with a text of so many letters.
fn judging<'a>(keys: impl IntoIterator<Item = &'a str>, letters: u32) -> Judging {
    let mut texts = Texts::default();
    keys.into_iter().for_each(|key| texts.push(key, Letters { least: letters, most: letters }, "one voice"));
    Judging { limits: Limits::default(), texts: Some(Arc::new(texts)) }
}

/// Saves some lines of a job whose requests are known; what the others say may be known too.
fn save_judged(
    lines: &str,
    out: &Path,
    selection: Selection,
    judging: &Judging,
    others: impl IntoIterator<Item = Row>,
) -> Summary {
    let job = JobName::parse("batches/abc");
    let mut saver = Saver::open_judging(out, job, selection, judging.clone(), Box::new(|_| {})).unwrap();
    let heard = |row: Row| Heard::of(row.line, row.key.as_deref(), row.sound.as_ref(), row.tokens, row.verdict);
    saver.know_others(others.into_iter().map(heard).collect());
    let mut parser = Parser::new(Form::Lines).judging(judging.clone());
    parser.push(lines.as_bytes(), &mut saver).unwrap();
    parser.finish(&mut saver).unwrap();
    saver.finish().unwrap()
}

#[test]
fn fault_25_a_key_that_no_request_has_is_saved_and_flagged() {
    let lines: String =
        ["k0", "k1", "other"].iter().enumerate().map(|(n, key)| line(json!(key), &samples(1_500, n))).collect();
    for (keys, unknown) in [(&["k0", "k1"][..], 1), (&["k0", "k1", "other"], 0)] {
        let out = folder();
        let summary = save_judged(&lines, out.path(), Selection::All, &judging(keys.iter().copied(), 0), []);
        assert_eq!((summary.saved, summary.review.unknown), (3, unknown));
        assert_eq!(summary.exit(), if unknown == 0 { Exit::Ok } else { Exit::SomeBad });
        let told = summary.review.lines(&|line| line.to_string());
        assert_eq!(told.len() as u64, unknown, "{told:?}");
        if unknown > 0 {
            assert_eq!(told, ["key unknown: 1 result comes with a key that no request has"]);
        }
        let kept: Vec<_> = records(out.path()).into_iter().map(|record| record.key.unwrap()).collect();
        assert_eq!(kept, ["k0", "k1", "other"]);
        assert_eq!(wavs(out.path()), ["k0.wav", "k1.wav", "other.wav"]);
    }
}

#[test]
fn a_row_that_is_saved_alone_is_held_against_all_others() {
    let keys: Vec<String> = (1..=20).map(|n| format!("k{n}")).collect();
    let judging = judging(keys.iter().map(String::as_str), 80);
    let length = |n: usize| if n == 6 { 144_000 } else { 48_000 + n * 100 };
    let lines: String = keys.iter().zip(1..).map(|(key, n)| line(json!(key), &samples(length(n), n))).collect();
    let mut rows = Rows::default();
    let mut parser = Parser::new(Form::Lines).judging(judging.clone());
    parser.push(lines.as_bytes(), &mut rows).unwrap();
    assert!(rows.0.iter().all(|row| row.verdict == Verdict::Ok), "each of them seems good");
    let whole = folder();
    let all = save_judged(&lines, whole.path(), Selection::All, &judging, []);
    assert_eq!(all.review.changes.iter().map(|change| change.line).collect::<Vec<_>>(), [6]);
    for chosen in [6, 7] {
        let out = folder();
        let others = rows.0.iter().filter(|row| row.line != chosen).cloned();
        let summary = save_judged(&lines, out.path(), Selection::Lines([chosen].into()), &judging, others);
        let verdict = if chosen == 6 { Verdict::Runaway } else { Verdict::Ok };
        assert_eq!(records(out.path()).iter().map(|record| record.verdict).collect::<Vec<_>>(), [verdict]);
        assert_eq!(summary.exit(), if chosen == 6 { Exit::SomeBad } else { Exit::Ok }, "{summary:?}");
        let record = records(whole.path()).into_iter().find(|record| record.line == chosen).unwrap();
        assert_eq!(records(out.path()), [record], "as in a save of all of them");
    }
}

#[test]
fn sizes_at_the_border_of_a_header_give_a_file_or_a_reason() {
    let out = folder();
    let sizes = [0, 1, 2, 43, 44];
    let lines: String = sizes.iter().map(|n| line(json!(format!("k{n}")), &samples(22, 1)[..*n])).collect();
    let summary = save_stream(&lines, out.path());
    assert_eq!((summary.saved, summary.failed), (2, 3));
    assert_eq!(wavs(out.path()), ["k2.wav", "k44.wav"], "nothing of a header alone, nothing of half a sample");
    let told: Vec<_> = records(out.path()).into_iter().map(|record| (record.verdict, record.error)).collect();
    let odd = || Some("the audio has an odd number of bytes".to_owned());
    assert_eq!(told[0], (Verdict::Empty, Some("the audio is empty".to_owned())));
    assert_eq!((&told[1], &told[3]), (&(Verdict::Error, odd()), &(Verdict::Error, odd())));
    assert!(told[2].0 != Verdict::Ok && told[4].0 != Verdict::Ok, "no word is so short: {told:?}");
    let golden = |pcm: &[u8]| {
        let size = pcm.len() as u8;
        let mut file =
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\xc0\x5d\0\0\x80\xbb\0\0\x02\0\x10\0data\0\0\0\0".to_vec();
        (file[4], file[40]) = (36 + size, size);
        [&file[..], pcm].concat()
    };
    for n in [2, 44] {
        let file = fs::read(out.path().join(format!("k{n}.wav"))).unwrap();
        assert_eq!(file, golden(&samples(22, 1)[..n]), "{n} bytes of samples");
    }
    // The most that the fields of a header can say; nobody has to write four gigabytes for that.
    let most = (1_u64 << 32) - 40;
    let mono = Format { sample_rate: 24_000, channels: 1 };
    let header = wav::header(mono, most).unwrap();
    assert_eq!(
        (&header[4..8], &header[40..44]),
        (&u32::MAX.wrapping_sub(3).to_le_bytes()[..], &(most as u32).to_le_bytes()[..])
    );
    assert_eq!(wav::header(mono, most + 2), None);
}
