//! A bug report is a file: the dashboard on a recording, without key, network or state.

use super::{Account, PROGRAM, at_home};
use crate::pty::Terminal;
use pty_process::blocking::Command;

const JOBS: &str = r#"
[[job]]
name = "chapter-one"
age = "5h"
keys = "line-##"
texts = ["The corridor was longer than she remembered.", "Wait."]
[[job]]
name = "chapter-two"
state = "failed"
age = "7h"
error = "the model is overloaded"
texts = ["Nobody had told them."]
"#;

#[test]
fn a_recorded_session_is_looked_at_again_elsewhere() {
    let mut account = Account::of(JOBS);
    let mut terminal = account.open(&["--record", "bug.rec"]);
    terminal.wait_for("chapter-one");
    terminal.send("\r");
    terminal.wait_for("line-02");
    terminal.wait("all keys judged", |screen| screen.contains("ok") && !screen.contains("downloading"));
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
    account.end_service();

    let elsewhere = tempfile::tempdir().unwrap();
    let recording = account.home.path().join("bug.rec");
    let command = at_home(Command::new(PROGRAM), elsewhere.path()).arg("--replay").arg(&recording);
    let mut terminal = Terminal::start(command, 100, 24);
    let screen = terminal.wait_for("chapter-two");
    assert!(screen.contains("replay of"), "{screen}");
    terminal.wait_for("live");
    terminal.send("\r");
    terminal.wait_for("line-02");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
    assert!(!elsewhere.path().join(".local").exists(), "a replay leaves no state behind");
}
