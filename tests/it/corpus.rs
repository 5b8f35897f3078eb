//! What fuzzing has found and what it starts from, once more: each file of `fuzz/corpus` goes through the check of its
//! target, without a fuzzer. `tests/fuzz/run` looks for more.

use std::path::{Path, PathBuf};

#[path = "../fuzz/clean.rs"]
mod clean;
#[path = "../fuzz/journal.rs"]
mod journal;
#[path = "../fuzz/results.rs"]
mod results;
#[path = "../fuzz/wire.rs"]
mod wire;

/// All of the corpus together, in bytes: it is cloned with the project.
const LARGEST: u64 = 1_000_000;

#[test]
fn results_of_the_corpus_are_read_the_same_however_they_are_cut() {
    replay("results", results::results);
}

#[test]
fn answers_of_the_corpus_are_read_and_harmless() {
    replay("wire", wire::wire);
}

#[test]
fn journals_of_the_corpus_open_and_lose_nothing() {
    replay("journal", journal::journal);
}

#[test]
fn texts_of_the_corpus_are_made_harmless() {
    replay("clean", clean::clean);
}

#[test]
fn the_corpus_is_small() {
    let files = ["results", "wire", "journal", "clean"].into_iter().flat_map(files);
    let bytes: u64 = files.map(|path| path.metadata().expect("a file").len()).sum();
    assert!(bytes < LARGEST, "{bytes} bytes");
}

fn replay(target: &str, check: fn(&[u8])) {
    let files = files(target);
    assert!(files.len() >= 10, "there are {} files for {target}", files.len());
    for path in files {
        let bytes = std::fs::read(&path).expect("a file of the corpus");
        let checked = std::panic::catch_unwind(|| check(&bytes));
        assert!(checked.is_ok(), "{} fails, see above", path.display());
    }
}

fn files(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}
