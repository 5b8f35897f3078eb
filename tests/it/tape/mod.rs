//! Plays `demo.tape` against the real program: every key that it types, every screen that it promises.
//!
//! The recorder's pauses are for people who watch; here only its waits count, so the tape plays as fast as the
//! program answers.

mod parse;
mod picture;

use std::path::Path;

use pty_process::blocking::Command;
use regex::Regex;

use crate::pty::Terminal;
use parse::{Key, Step, Where};

#[test]
fn the_tape_shows_what_it_promises() {
    let tape = include_str!("../../../demo.tape");
    let home = tempfile::tempdir().expect("a folder");
    let played = play(tape, home.path());
    assert!(played.waits >= 10, "the tape promises only {} screens", played.waits);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        std::fs::create_dir_all(&folder).expect("the docs folder");
        for (name, svg) in &played.pictures {
            std::fs::write(folder.join(name), svg).expect("a picture");
        }
    }
    assert!(!played.pictures.is_empty(), "the tape takes no picture");
}

#[test]
fn a_word_that_the_recorder_does_not_know_fails() {
    for bad in ["Tpye \"x\"", "Set Colour 1", "Type 'open", "Wait+Page /x/", "Ctrl+", "Sleep soon"] {
        assert!(parse::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_grammar_of_the_recorder_is_read() {
    let steps =
        parse::parse("# talk\nSet FontSize 14\nType@50ms \"q`\" Enter\nDown 3\nWait+Screen@10s /a\\/b/\nCtrl+s")
            .unwrap();
    let keys = |key: Key| Step::Press(key);
    assert_eq!(
        steps,
        [
            Step::Set("FontSize".into(), "14".into()),
            Step::Type("q`".into()),
            keys(Key::Enter),
            keys(Key::Down),
            keys(Key::Down),
            keys(Key::Down),
            Step::Wait(Where::Screen, "a/b".into()),
            keys(Key::Ctrl('s')),
        ]
    );
}

struct Played {
    waits: usize,
    pictures: Vec<(String, String)>,
}

/// Plays a tape in a shell of its own with an empty home. The program under test stands first on the path.
fn play(tape: &str, home: &Path) -> Played {
    let steps = parse::parse(tape).expect("a tape that the recorder can read");
    let program = Path::new(env!("CARGO_BIN_EXE_gemtts-tui"));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.parent().expect("a folder").display());
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    copy_folder(&examples, &home.join("examples"));
    let shell = Command::new("/bin/sh")
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("PS1", "$ ")
        .env("TERM", "xterm-256color")
        .env("LANG", "C.UTF-8")
        .current_dir(home);
    let mut terminal = Terminal::start(shell, 120, 32);
    terminal.wait_for("$ ");
    let mut played = Played { waits: 0, pictures: Vec::new() };
    for step in steps {
        match step {
            Step::Type(text) => terminal.send(&text),
            Step::Press(key) => terminal.send(&key.bytes()),
            Step::Wait(place, pattern) => {
                let pattern = Regex::new(&pattern).expect("a pattern");
                terminal.wait(&format!("/{pattern}/"), |screen| match place {
                    Where::Screen => pattern.is_match(screen),
                    Where::Line => screen.lines().last().is_some_and(|line| pattern.is_match(line)),
                });
                played.waits += 1;
            }
            Step::Screenshot(name) => {
                let name = Path::new(&name).file_stem().expect("a name").to_string_lossy().into_owned();
                played.pictures.push((format!("{name}.svg"), picture::svg(&terminal.cells())));
            }
            Step::Set(..)
            | Step::Output(_)
            | Step::Require(_)
            | Step::Env(..)
            | Step::Sleep
            | Step::Hide
            | Step::Show => {}
        }
    }
    // The tape ends with the program: only the shell must read what comes now.
    terminal.wait("the prompt", |screen| screen.trim_end().lines().last().is_some_and(|line| line.trim_end() == "$"));
    terminal.send("exit\r");
    terminal.end();
    played
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the examples") {
        let entry = entry.expect("an entry");
        match entry.path().is_dir() {
            true => copy_folder(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy")),
        }
    }
}
