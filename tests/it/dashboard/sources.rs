//! Whole ways by keyboard alone: a file in the picker, its preview, a job, its results, one WAV for each key.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Account, PROGRAM};
use crate::examples::{ISLAND, Source, island};
use crate::pty::Terminal;

/// A service without jobs that does everything at once.
const FAST: &str = r#"
[timing]
pending = "40ms"
per_request = "10ms"
shortest_run = "40ms"
"#;

/// Keys, each with what the screen shows once they were taken. `{file}` is the name of the source, `{name}` that of the
/// job, `{n}` how many requests there are, `{text}` what the first one says, `{first}` its key.
///
/// These three are the only place that knows how the form and the picker are used.
type Way = [(&'static str, &'static [&'static str])];

const CHOOSE: &Way = &[
    // The form, and the picker on its first field.
    ("n", &["New job", "Source"]),
    ("\r", &["texts/"]),
    // Into the folder, and to the file by its name.
    ("texts/", &["signs.csv", "small-lights.epub"]),
    ("{file}\r", &["Preview", "{n} requests", "{text}", "[ Submit ]"]),
];

const GIVE_VOICES: &Way = &[
    // The sixth field after the source opens the others; of those, the third is the first speaker.
    ("\t\t\t\t\t\t\r", &["Speaker 1"]),
    ("\t\t\tInes\tLeda\tBo\tPuck\t", &["Leda + Puck"]),
];

const SEND_AND_SAVE: &Way = &[
    // Ctrl-s submits from anywhere.
    ("\x13", &["{name} submitted", "SUCCEEDED"]),
    ("\r", &["Keys  {n}", "{first}", "{n} done"]),
    ("S", &["saved to ./"]),
    ("\x1b", &["Jobs  1", "saved"]),
];

/// Walks the way of a source and gives back the home with what was saved.
fn walk(source: &Source, between: &Way) -> Account {
    let account = Account::of(FAST);
    let texts = account.home.path().join("texts");
    std::fs::create_dir(&texts).unwrap();
    for source in &ISLAND {
        std::fs::copy(island(source.file), texts.join(source.file)).unwrap();
    }
    let terminal = Terminal::start(account.dashboard(&["--refresh", "2"]), 120, 32);
    terminal.wait_for("live");
    let name = source.file.split('.').next().unwrap();
    let filled = |text: &str| {
        let n = source.keys.len().to_string();
        let text = text.replace("{file}", source.file).replace("{name}", name).replace("{n}", &n);
        text.replace("{text}", source.begins).replace("{first}", source.keys[0])
    };
    for (keys, shown) in CHOOSE.iter().chain(between).chain(SEND_AND_SAVE) {
        terminal.send(&filled(keys));
        for text in *shown {
            terminal.wait_for(&filled(text));
        }
    }
    // What the preview showed of Hindi is gone with it: a vowel has a cell of its own in most terminals.
    let is_hindi = |c: char| ('\u{900}'..'\u{980}').contains(&c);
    terminal.wait("the screen without Hindi", |screen| !screen.contains(is_hindi));
    leave(terminal);
    account
}

fn leave(mut terminal: Terminal) {
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

/// The names of the audio files of a folder, without their ending.
fn spoken(folder: &Path) -> BTreeSet<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(".wav").map(str::to_owned)).collect()
}

/// One WAV for each key of a source, and a manifest that agrees.
fn is_saved(source: &Source, between: &Way) {
    let account = walk(source, between);
    let name = source.file.split('.').next().unwrap();
    let expected: BTreeSet<String> = source.keys.iter().map(|key| (*key).to_owned()).collect();
    assert_eq!(spoken(&account.home.path().join(name)), expected);
    let mut verify = std::process::Command::new(PROGRAM);
    verify.args(["verify", name]).env_clear().env("HOME", account.home.path()).current_dir(account.home.path());
    let verified = verify.output().unwrap();
    let said = String::from_utf8(verified.stdout).unwrap();
    assert!(verified.status.success() && said.contains(&format!("{} files as", expected.len())), "{said}");
    assert_eq!(account.control().n_created(), 1);
}

#[test]
fn a_table_in_nine_languages_is_spoken_by_keyboard_alone() {
    is_saved(&ISLAND[0], &[]);
}

#[test]
fn captions_are_spoken_by_keyboard_alone() {
    is_saved(&ISLAND[1], &[]);
}

#[test]
fn a_chapter_in_markdown_is_spoken_by_keyboard_alone() {
    is_saved(&ISLAND[2], &[]);
}

#[test]
fn a_book_is_spoken_by_keyboard_alone() {
    is_saved(&ISLAND[3], &[]);
}

#[test]
fn two_people_get_a_voice_each_by_keyboard_alone() {
    is_saved(&ISLAND[1], GIVE_VOICES);
}
