//! Saving with several hands, from files that are whole and from files that still grow: the order, the names, the ends.

// Helpers of tests may unwrap as the tests themselves do.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gemtts_tui::job::JobName;
use gemtts_tui::results::{Form, Parser, Totals};
use gemtts_tui::save::{self, Error, Record, Saver, Selection, Source, Status};
use serde_json::json;

/// So much is read at once.
const BUFFER: usize = 1024 * 1024;

fn samples(n: usize, seed: usize) -> Vec<u8> {
    (0..n).flat_map(|at| (((at * (seed + 3) % 97) as i16 - 48) * 300).to_le_bytes()).collect()
}

fn line(key: &str, n: usize, seed: usize) -> String {
    let data = STANDARD.encode(samples(n, seed));
    let part = json!({"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": data}});
    let response = json!({"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]});
    format!("{}\n", json!({"response": response, "key": key}))
}

/// Lines of many lengths, with several megabytes in all.
fn many() -> String {
    let mut lines = String::new();
    for n in 0..90 {
        lines.push_str(&line(&format!("key-{n}"), [90_000, 300, 20_000, 5_000][n % 4], n));
        match n % 9 {
            3 => lines.push_str("not json\n"),
            5 => lines.push_str(&format!("{{\"key\":\"bad-{n}\",\"error\":{{\"code\":13}}}}\n\n")),
            _ => {}
        }
    }
    lines
}

fn open_with(out: &Path, on_row: save::OnRow) -> Saver {
    Saver::open(out, JobName::parse("batches/abc"), Selection::All, on_row).unwrap()
}

fn open(out: &Path) -> Saver {
    open_with(out, Box::new(|_| {}))
}

/// Saves a file with as many hands as there are.
fn save_file(text: &[u8], out: &Path) -> (save::Summary, Totals) {
    let source = tempfile::NamedTempFile::new().unwrap();
    fs::write(source.path(), text).unwrap();
    let mut saver = open(out);
    let totals = save::from_file(source.path(), Form::Lines, &mut saver).unwrap();
    (saver.finish().unwrap(), totals)
}

/// Saves bytes with one hand, as they come.
fn save_stream(text: &[u8], out: &Path) -> (save::Summary, Totals) {
    let mut saver = open(out);
    let mut parser = Parser::new(Form::Lines);
    parser.push(text, &mut saver).unwrap();
    let totals = parser.finish(&mut saver).unwrap();
    (saver.finish().unwrap(), totals)
}

fn records(out: &Path) -> Vec<Record> {
    let mut records = Vec::new();
    assert_eq!(save::read(out, |record| records.push(record)).unwrap(), 0);
    records
}

/// All files of a folder.
fn content(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(out).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

fn names(out: &Path) -> Vec<String> {
    content(out).into_keys().filter(|name| name != "manifest.jsonl").collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn rows_are_noted_and_told_in_the_order_of_their_lines() {
    let text = many();
    let (one, two) = (folder(), folder());
    let source = one.path().join("source");
    fs::write(&source, &text).unwrap();
    let (tell, told) = mpsc::channel();
    let on_row: save::OnRow = Box::new(move |progress| tell.send((progress.record.line, progress.is_last)).unwrap());
    let mut saver = open_with(&one.path().join("out"), on_row);
    save::from_file(&source, Form::Lines, &mut saver).unwrap();
    saver.finish().unwrap();
    let told: Vec<(u64, bool)> = told.iter().collect();
    let lines: Vec<u64> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, (1..=110).collect::<Vec<u64>>());
    assert!(told.last().unwrap().1);
    assert_eq!(records(&one.path().join("out")).iter().map(|record| record.line).collect::<Vec<_>>(), lines);
    save_stream(text.as_bytes(), two.path());
    assert!(content(&one.path().join("out")) == content(two.path()), "the same bytes, manifest included");
}

#[test]
fn the_first_of_two_rows_with_one_key_is_saved_however_far_apart_they_are() {
    for _ in 0..4 {
        let out = folder();
        let text = line("twice", 400_000, 1) + &many() + &line("twice", 200, 2) + &line("key-1", 100, 2);
        let (summary, _) = save_file(text.as_bytes(), out.path());
        assert_eq!((summary.saved, summary.duplicates, summary.failed), (91, 2, 20));
        assert!(content(out.path())["twice.wav"][44..] == samples(400_000, 1));
        let last = records(out.path()).pop().unwrap();
        assert_eq!((last.status, last.file), (Status::Duplicate, None));
    }
}

#[test]
fn twins_get_a_slug_each_however_late_the_second_one_comes() {
    let out = folder();
    let text = line("Key", 2_000, 1) + &many().repeat(5) + &line("key", 3_000, 2) + &line("KEY", 4_000, 3);
    let (summary, _) = save_file(text.as_bytes(), out.path());
    assert_eq!(summary.saved, 93);
    let twins: Vec<String> = names(out.path())
        .into_iter()
        .filter(|name| name.to_lowercase().starts_with("key-") && name.len() > 12)
        .collect();
    assert_eq!(twins.len(), 3, "{twins:?}");
    assert!(!names(out.path()).contains(&"Key.wav".to_owned()));
    let noted = records(out.path());
    assert_eq!(noted.len() as u64, summary.rows());
    assert!(noted.windows(2).all(|pair| pair[0].line < pair[1].line));
    assert_eq!(noted[0].key.as_deref(), Some("Key"));
    assert!(content(out.path())[noted[0].file.as_ref().unwrap()][44..] == samples(2_000, 1));
    assert_eq!(save::verify(out.path()).unwrap().right, 93);
    let before = content(out.path());
    assert_eq!(save_file(text.as_bytes(), out.path()).0.already, 93);
    assert!(content(out.path()) == before);
}

#[test]
fn a_twin_of_an_earlier_run_gives_up_its_plain_name_too() {
    let (out, at_once) = (folder(), folder());
    save_stream(line("Key", 2_000, 1).as_bytes(), out.path());
    assert_eq!(names(out.path()), ["Key.wav"]);
    let both = line("Key", 2_000, 1) + &line("key", 3_000, 2);
    save_stream(both.as_bytes(), at_once.path());
    assert_eq!(save_stream(both.as_bytes(), out.path()).0.already, 1);
    assert!(content(out.path()) == content(at_once.path()), "as if both had come at once");
    let third = both + &line("kEY", 100, 3);
    save_stream(third.as_bytes(), out.path());
    assert!(names(out.path()).iter().all(|name| name.len() == "key-12345678.wav".len()), "{:?}", names(out.path()));
}

/// The folder as a kill between two steps of renaming leaves it is mended by the next run.
#[cfg(unix)]
#[test]
fn a_kill_while_a_twin_is_renamed_leaves_what_the_next_run_finishes() {
    let both = line("Key", 2_000, 1) + &line("key", 3_000, 2);
    let whole = folder();
    save_stream(both.as_bytes(), whole.path());
    let slug = records(whole.path())[0].file.clone().unwrap();
    let lines = fs::read_to_string(whole.path().join("manifest.jsonl")).unwrap();
    let (first, second) = lines.split_at(lines.find('\n').unwrap() + 1);
    let plain = first.replace(&slug, "Key.wav");
    // What stands in the manifest, and which names the file of the first row has.
    let table: [(String, &[&str]); 6] = [
        (plain.clone() + second, &["Key.wav"]),
        (plain.clone() + second, &["Key.wav", &slug]),
        (plain.clone() + second + first, &["Key.wav", &slug]),
        (plain.clone() + second + first, &[&slug]),
        (plain.clone() + second + &first[..first.len() / 2], &["Key.wav", &slug]),
        // On a disk where a file has one name only, it is renamed before its line is written.
        (plain.clone() + second, &[&slug]),
    ];
    for (n, (manifest, files)) in table.into_iter().enumerate() {
        let out = folder();
        save_stream(both.as_bytes(), out.path());
        fs::rename(out.path().join(&slug), out.path().join(".first")).unwrap();
        for file in files {
            fs::hard_link(out.path().join(".first"), out.path().join(file)).unwrap();
        }
        fs::remove_file(out.path().join(".first")).unwrap();
        fs::write(out.path().join("manifest.jsonl"), manifest).unwrap();
        fs::write(out.path().join(".manifest.0123abcd.part"), first).unwrap();
        let check = save::verify(out.path()).unwrap();
        assert!(n == 5 || check.different.is_empty(), "the manifest says the truth, {n}: {check:?}");
        let (summary, _) = save_file(both.as_bytes(), out.path());
        assert_eq!((summary.saved, summary.already), (0, 2), "{n}");
        let left = content(out.path());
        assert!(left.get(&slug) == content(whole.path()).get(&slug) && !left.contains_key("Key.wav"), "{n}");
        assert_eq!(names(out.path()).len(), 2, "{n}");
        assert_eq!(save::verify(out.path()).unwrap().right, 2, "{n}");
        assert_eq!(records(out.path()).len(), 2, "{n}");
    }
}

#[test]
fn a_file_that_somebody_changed_keeps_its_name() {
    let out = folder();
    save_stream(line("Key", 2_000, 1).as_bytes(), out.path());
    fs::write(out.path().join("Key.wav"), "mine").unwrap();
    let both = line("Key", 2_000, 1) + &line("key", 3_000, 2);
    let (summary, _) = save_stream(both.as_bytes(), out.path());
    assert_eq!(summary.saved, 2);
    for already in [2, 2] {
        assert_eq!(content(out.path())["Key.wav"], b"mine");
        assert_eq!(names(out.path()).len(), 3);
        assert_eq!(save_stream(both.as_bytes(), out.path()).0.already, already);
    }
}

#[test]
fn twins_with_the_same_audio_have_a_file_each() {
    let out = folder();
    save_stream(line("Key", 2_000, 1).as_bytes(), out.path());
    fs::remove_file(out.path().join("manifest.jsonl")).unwrap();
    let both = line("key", 2_000, 1) + &line("Key", 2_000, 1);
    save_stream(both.as_bytes(), out.path());
    let files: Vec<_> = records(out.path()).into_iter().filter_map(|record| record.file).collect();
    assert_eq!(files.len(), 2);
    assert_ne!(files[0], files[1]);
    assert_eq!(save::verify(out.path()).unwrap().right, 2);
}

#[test]
fn several_hands_read_every_file_as_one_parser_does() {
    let exactly = |bytes: usize| {
        let short = line("exact", 300_000, 9);
        format!("{}{}\n", " ".repeat(bytes - short.len()), short.trim_end())
    };
    let (a, b) = (line("a", 700, 1), line("b", 900, 2));
    let giant = line("giant", 1_500_000, 3);
    let table: Vec<(&str, String)> = vec![
        ("nothing", String::new()),
        ("a line feed", "\n".into()),
        ("blanks", "  \t\r\n\n \n".into()),
        ("a mark alone", "\u{feff}".into()),
        ("a mark and a blank", format!("\u{feff} \r\n{a}")),
        ("a mark", format!("\u{feff}{a}{b}")),
        ("half a mark", "\u{feff}".to_owned() + "\u{feff}" + &a + &b),
        ("CRLF", (a.clone() + &b).replace('\n', "\r\n")),
        ("blanks between", format!("\n{a} \n\r\n{b}\n\n")),
        ("no line feed at the end", (a.clone() + &b).trim_end().to_owned()),
        ("a cut line", format!("{a}{}", &b[..b.len() / 2])),
        ("a buffer full", exactly(BUFFER) + &a),
        ("a buffer full and no more", exactly(BUFFER)),
        ("one byte less", exactly(BUFFER - 1) + &a + &b),
        ("one byte more", exactly(BUFFER + 1) + &a + &b),
        ("two buffers", exactly(BUFFER) + &exactly(BUFFER) + &a),
        ("a long line", giant.clone() + &a + &giant + &b),
        ("a long line at the end", a.clone() + giant.trim_end()),
        ("a long line that is cut", a.clone() + &giant[..giant.len() - 9]),
        ("a long line of blanks", format!("{a}{}\n{b}", " ".repeat(3 * BUFFER))),
        ("a long line of blanks at the end", format!("{a}{}", " ".repeat(3 * BUFFER))),
        ("many short lines", "{\"key\":\"x\",\"error\":{\"code\":13}}\n".repeat(3_000) + &a),
    ];
    for (what, text) in table {
        let (one, several) = (folder(), folder());
        let by_one = save_stream(text.as_bytes(), one.path());
        let by_several = save_file(text.as_bytes(), several.path());
        assert_eq!(by_one, by_several, "{what}");
        assert!(content(one.path()) == content(several.path()), "{what}");
        let grown = folder();
        assert_eq!(save_growing(text.as_bytes(), grown.path(), 77_777).unwrap(), by_one.1, "{what}, growing");
        assert!(content(one.path()) == content(grown.path()), "{what}, growing");
    }
}

/// Saves from a file that grows meanwhile, in steps of so many bytes.
fn save_growing(text: &[u8], out: &Path, step: usize) -> Result<Totals, Error> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (source, feeder) = Source::growing(File::open(file.path()).unwrap(), file.path(), 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut at = 0;
            for piece in text.chunks(step) {
                file.as_file().write_all(piece).unwrap();
                at += piece.len() as u64;
                feeder.reached(at);
            }
            feeder.end();
        });
        let mut saver = open(out);
        let totals = save::from_source(&source, Form::Lines, &mut saver);
        saver.finish().unwrap();
        totals
    })
}

#[test]
fn what_is_whole_gets_its_name_when_no_more_bytes_come() {
    let out = folder();
    let file = tempfile::NamedTempFile::new().unwrap();
    let (source, feeder) = Source::growing(File::open(file.path()).unwrap(), file.path(), 0);
    let (tell, told) = mpsc::channel();
    let mut saver = open_with(out.path(), Box::new(move |progress| tell.send(progress.record.line).unwrap()));
    let saving = std::thread::spawn(move || {
        let saved = save::from_source(&source, Form::Lines, &mut saver);
        (saver.finish().unwrap(), saved)
    });
    let text = line("a", 700, 1) + &line("b", 900, 2);
    let rest = line("c", 800, 3);
    file.as_file().write_all((text.clone() + &rest[..50]).as_bytes()).unwrap();
    feeder.reached(text.len() as u64 + 50);
    let within = Duration::from_secs(60);
    assert_eq!([told.recv_timeout(within).unwrap(), told.recv_timeout(within).unwrap()], [1, 2]);
    assert_eq!(names(out.path()), ["a.wav", "b.wav"]);
    file.as_file().write_all(&rest.as_bytes()[50..]).unwrap();
    feeder.reached((text.len() + rest.len()) as u64);
    assert_eq!(told.recv_timeout(within).unwrap(), 3);
    feeder.end();
    let (summary, saved) = saving.join().unwrap();
    assert_eq!((summary.saved, saved.unwrap().rows), (3, 3));
}

#[test]
fn a_source_that_is_given_up_leaves_what_was_whole_and_nothing_else() {
    for step in [50_000, 5_000_000] {
        let out = folder();
        let text = many();
        let cut = text.len() - 200_000;
        let file = tempfile::NamedTempFile::new().unwrap();
        let (source, feeder) = Source::growing(File::open(file.path()).unwrap(), file.path(), 0);
        let mut saver = open(out.path());
        let n_whole = text[..cut].lines().filter(|line| !line.is_empty()).count() as u64 - 1;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut at = 0;
                for piece in text.as_bytes()[..cut].chunks(step) {
                    file.as_file().write_all(piece).unwrap();
                    at += piece.len() as u64;
                    feeder.reached(at);
                }
                drop(feeder);
            });
            let error = save::from_source(&source, Form::Lines, &mut saver).unwrap_err();
            assert!(matches!(error, Error::GivenUp { .. }), "{error:?}");
        });
        assert_eq!(saver.finish().unwrap().rows(), n_whole);
        assert_eq!(records(out.path()).len() as u64, n_whole);
        assert!(names(out.path()).iter().all(|name| name.ends_with(".wav")));
        let (summary, _) = save_file(text.as_bytes(), out.path());
        assert_eq!((summary.saved + summary.already, summary.rows()), (90, 110));
    }
}

#[test]
fn fault_61_a_hand_that_comes_to_a_sudden_end_is_an_error() {
    let out = folder();
    let source = tempfile::NamedTempFile::new().unwrap();
    fs::write(source.path(), many()).unwrap();
    let mut saver =
        open_with(out.path(), Box::new(|progress| assert!(progress.record.line < 40, "a test that panics")));
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        save::from_file(source.path(), Form::Lines, &mut saver).unwrap_err()
    }));
    std::panic::set_hook(hook);
    assert!(matches!(ended.unwrap(), Error::Panicked));
    drop(saver);
    assert!(names(out.path()).iter().all(|name| name.ends_with(".wav")), "no temporary file is left");
    let (summary, _) = save_file(many().as_bytes(), out.path());
    assert_eq!((summary.saved + summary.already, summary.rows()), (90, 110));
}

#[test]
fn a_newer_record_takes_the_place_of_the_older_one() {
    let out = folder();
    let mut saver = open(out.path());
    let mut parser = Parser::new(Form::Lines);
    parser.push((line("a", 700, 1) + &line("b", 900, 2)).as_bytes(), &mut saver).unwrap();
    parser.finish(&mut saver).unwrap();
    saver.flush().unwrap();
    let noted = records(out.path());
    let newer = Record { verdict: gemtts_tui::audio::Verdict::Noise, ..noted[0].clone() };
    saver.amend(&newer).unwrap();
    assert_eq!(records(out.path()).last(), Some(&newer));
    saver.finish().unwrap();
    assert_eq!(records(out.path()), [newer, noted[1].clone()]);
    open(out.path()).finish().unwrap();
    assert_eq!(records(out.path()).len(), 2);
}
