//! Looks at a folder after a save, with eyes of its own: the manifest as JSON, the files as bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::case::{Case, Expect, Name, sha256};
use super::sound::Sound;
use crate::cli::program::Ran;

/// What stands in a tree of folders: by path, the bytes of files, the targets of links, the kind of the rest, and for
/// each of them inode and time, so that even a rewrite with the same bytes is noticed.
pub type Tree = BTreeMap<String, (Vec<u8>, u64, i64, i64)>;

pub fn tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let meta = path.symlink_metadata().unwrap();
            let content = match meta.file_type() {
                kind if kind.is_dir() => b"a folder".to_vec(),
                kind if kind.is_symlink() => fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
                kind if kind.is_file() => fs::read(&path).unwrap(),
                kind => format!("{kind:?}").into_bytes(),
            };
            let (inode, seconds, nanoseconds) = match meta.is_dir() {
                // A folder has another time once something was made and removed in it.
                true => (meta.ino(), 0, 0),
                false => (meta.ino(), meta.mtime(), meta.mtime_nsec()),
            };
            if meta.is_dir() {
                open.push(path.clone());
            }
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            tree.insert(name, (content, inode, seconds, nanoseconds));
        }
    }
    tree
}

/// The records of a manifest, in their order.
pub fn manifest(out: &Path) -> Vec<Value> {
    let text = fs::read_to_string(out.join("manifest.jsonl")).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "the manifest ends within a line");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// The record of each line of one job; more than one is a failure.
pub fn by_line(out: &Path) -> BTreeMap<u64, Value> {
    let rows = by_row(out);
    let n_rows = rows.len();
    let records: BTreeMap<u64, Value> = rows.into_iter().map(|((_, line), record)| (line, record)).collect();
    assert_eq!(records.len(), n_rows, "lines of several jobs");
    records
}

/// The record of each line of each job; more than one is a failure.
fn by_row(out: &Path) -> BTreeMap<(String, u64), Value> {
    let mut records = BTreeMap::new();
    for record in manifest(out) {
        let row = (record["job"].to_string(), record["line"].as_u64().unwrap());
        if let Some(other) = records.insert(row.clone(), record.clone()) {
            panic!("{row:?} stands twice:\n{other}\n{record}");
        }
    }
    records
}

/// Collects what is wrong, so that one run names all of it.
#[derive(Default)]
pub struct Wrong(Vec<String>);

impl Wrong {
    pub fn unless(&mut self, is_right: bool, what: impl FnOnce() -> String) {
        if !is_right {
            self.0.push(what());
        }
    }

    #[track_caller]
    pub fn none(self, where_: &str) {
        assert!(self.0.is_empty(), "{where_}: {} wrong\n{}", self.0.len(), self.0.join("\n"));
    }
}

/// Checks that every case has its row, its verdict and its file or its reason, and that nothing else is there.
/// `told` is what the command wrote with `--json`.
#[track_caller]
pub fn check(where_: &str, out: &Path, cases: &[&Case], told: &[Value]) {
    let mut wrong = Wrong::default();
    let records = by_line(out);
    let mut files: BTreeSet<String> = fs::read_dir(out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "manifest.jsonl")
        .collect();
    let folded: BTreeSet<String> = files.iter().map(|name| name.nfc().flat_map(char::to_lowercase).collect()).collect();
    wrong.unless(folded.len() == files.len(), || format!("names differ only in case or spelling: {files:?}"));
    wrong.unless(records.len() == cases.len(), || format!("{} records for {} lines", records.len(), cases.len()));
    for (line, case) in (1..).zip(cases) {
        let Some(record) = records.get(&line) else {
            wrong.unless(false, || format!("line {line}, {}: no record", case.what));
            continue;
        };
        if let Some(file) = record["file"].as_str() {
            wrong.unless(files.remove(file), || format!("line {line}: {file} is not there, or of two rows"));
        }
        judge(&mut wrong, out, line, case, record);
        let same = |row: &&Value| {
            ["key", "file", "status", "verdict", "line"].iter().all(|field| row[*field] == record[*field])
        };
        let times = told.iter().filter(|row| row["line"] == line).filter(same).count();
        wrong.unless(times == 1, || format!("line {line}, {}: told {times} times as it stands: {record}", case.what));
    }
    wrong.unless(files.is_empty(), || format!("nobody knows {files:?}"));
    wrong.unless(told.len() == cases.len(), || format!("{} rows told for {} lines", told.len(), cases.len()));
    wrong.none(where_);
}

fn judge(wrong: &mut Wrong, out: &Path, line: u64, case: &Case, record: &Value) {
    let what = || format!("line {line}, {}: {record}", case.what);
    wrong.unless(record["key"].as_str() == case.key.as_deref(), || format!("key is not {:?}: {}", case.key, what()));
    let (status, verdict) = match &case.expect {
        Expect::File { verdict, .. } => ("saved", Some(*verdict)),
        Expect::Reason { verdict, .. } => ("failed", Some(*verdict)),
        Expect::Duplicate => ("duplicate", None),
    };
    wrong.unless(record["status"] == status, || format!("status is not {status}: {}", what()));
    wrong.unless(verdict.is_none_or(|verdict| record["verdict"] == verdict), || {
        format!("verdict is not {}: {}", verdict.unwrap_or_default(), what())
    });
    match &case.expect {
        Expect::File { name, sound, .. } => audio(wrong, out, line, case, record, (name, sound)),
        Expect::Reason { says, .. } => {
            let reason = record["error"].as_str().unwrap_or_default();
            wrong.unless(reason.contains(says), || format!("reason is not “{says}”: {}", what()));
            wrong.unless(reason.chars().count() <= 240, || format!("reason of {} letters", reason.len()));
            wrong.unless(!reason.contains(['\u{1b}', '\n', '\0', '\u{202e}']), || format!("not clean: {}", what()));
            wrong.unless(record["file"].is_null() && record["sha256"].is_null(), || format!("a file: {}", what()));
        }
        Expect::Duplicate => {
            wrong.unless(record["file"].is_null() && record["sha256"].is_null(), || format!("a file: {}", what()));
        }
    }
}

fn audio(wrong: &mut Wrong, out: &Path, line: u64, case: &Case, record: &Value, (name, sound): (&Name, &Sound)) {
    let what = || format!("line {line}, {}: {record}", case.what);
    let Some(file) = record["file"].as_str() else {
        return wrong.unless(false, || format!("no file: {}", what()));
    };
    let is_inside = !file.contains(['/', '\\', '\0']) && file != ".." && file.len() <= 120;
    wrong.unless(is_inside && case.fits_name(name, file, line), || format!("name is not {name:?}: {}", what()));
    let bytes = fs::read(out.join(file)).unwrap_or_default();
    wrong.unless(bytes == sound.file(), || {
        format!("bytes differ, {} in place of {}: {}", bytes.len(), sound.file().len(), what())
    });
    let right = record["bytes"] == bytes.len()
        && record["sha256"] == sha256(&bytes)
        && record["sampleRate"] == sound.rate
        && record["channels"] == sound.channels
        && record["error"].is_null()
        && (record["durationSeconds"].as_f64().unwrap_or(-1.0) - sound.seconds()).abs() < 0.000_051;
    wrong.unless(right, || format!("the record does not fit the file: {}", what()));
}

/// Every file is whole and every record true, in whatever state a run has left the folder. `right` has the files of an
/// undisturbed run by name, with their hashes; gives the names that are there.
#[track_caller]
pub fn half_done(where_: &str, out: &Path, right: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut there = BTreeSet::new();
    for entry in fs::read_dir(out).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let is_part = name.starts_with('.') && name.ends_with(".part");
        if name == "manifest.jsonl" || is_part {
            continue;
        }
        let known = hash_of(&name, right).unwrap_or_else(|| panic!("{where_}: nobody knows {name}"));
        let bytes = fs::read(entry.path()).unwrap();
        assert_eq!(*known, sha256(&bytes), "{where_}: {name} is not whole, {} bytes", bytes.len());
        there.insert(name);
    }
    let Ok(text) = fs::read_to_string(out.join("manifest.jsonl")) else { return there };
    // The last line may be cut; what stands in front of it may not.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for line in whole.lines() {
        let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{where_}: {error}: {line}"));
        if let Some(file) = record["file"].as_str() {
            assert!(there.contains(file), "{where_}: the manifest names {file}, which is not there");
            assert_eq!(record["sha256"].as_str(), hash_of(file, right).map(String::as_str), "{where_}: {line}");
        }
    }
    there
}

/// What a file of a run that was disturbed must hold: a key whose twin has not come yet has its plain name still.
fn hash_of<'a>(name: &str, right: &'a BTreeMap<String, String>) -> Option<&'a String> {
    let stem = name.strip_suffix(".wav").unwrap_or(name);
    let slug = format!("{stem}-{}.wav", &sha256(stem.as_bytes())[..8]);
    right.get(name).or_else(|| right.get(&slug))
}

/// The hashes of all audio files of a folder, by name.
pub fn hashes(out: &Path) -> BTreeMap<String, String> {
    let names = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let audio = names.filter(|name| name.ends_with(".wav"));
    audio.map(|name| (name.clone(), sha256(&fs::read(out.join(&name)).unwrap()))).collect()
}

/// Whether a folder is what an undisturbed run leaves: the same files, one record for each line, and nothing else.
#[track_caller]
pub fn same_as(where_: &str, out: &Path, undisturbed: &Path) {
    assert_eq!(hashes(out), hashes(undisturbed), "{where_}: other files");
    let (records, right) = (by_row(out), by_row(undisturbed));
    for (row, record) in &right {
        assert_eq!(records.get(row), Some(record), "{where_}: another record of {row:?}");
    }
    assert_eq!(records.len(), right.len(), "{where_}: other lines");
    let names: Vec<String> =
        fs::read_dir(out).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.ends_with(".part")), "{where_}: {names:?}");
}

/// A run that ended well, except for what it found.
#[track_caller]
pub fn some_bad(ran: Ran) -> Vec<Value> {
    ran.code(4).json()
}
