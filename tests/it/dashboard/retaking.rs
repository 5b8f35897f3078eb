//! A retake by keyboard alone.

use super::{Account, KEY, PROGRAM};

const LAST_FAILS: &str = r#"
[[result]]
kind = "error"
lines = [3]

[timing]
pending = "40ms"
per_request = "10ms"
shortest_run = "40ms"
"#;

#[test]
fn what_failed_is_taken_again_after_a_question() {
    let account = Account::of(LAST_FAILS);
    let home = account.home.path();
    std::fs::write(home.join("story.txt"), "One is spoken.\nTwo is spoken.\nThree is spoken.\n").unwrap();
    let mut create = std::process::Command::new(PROGRAM);
    create.args(["create", "story.txt", "--key-template", "k{n}", "--wait"]).env_clear().current_dir(home);
    create.env("HOME", home).env("GEMINI_API_KEY", KEY).env("GOOGLE_GEMINI_BASE_URL", &account.base_url);
    let made = create.output().unwrap();
    assert!(String::from_utf8(made.stdout).unwrap().starts_with("batches/"), "{:?}", made.status);

    let mut terminal = account.open(&[]);
    terminal.wait_for("story");
    terminal.send("t");
    let screen = terminal.wait_for("Yes, retake 1 key");
    assert!(screen.contains("Retake 1 key of story?") && screen.contains("[ Cancel ]"), "{screen}");
    assert!(screen.contains("k3") && screen.contains("the same again") && screen.contains('$'), "{screen}");
    // The harmless button has the focus.
    terminal.send("\r");
    terminal.wait("the question to be gone", |screen| !screen.contains("Yes, retake"));
    assert_eq!(account.control().n_created(), 1);

    terminal.send("t");
    terminal.wait_for("Yes, retake 1 key");
    terminal.send("y");
    // What was prepared goes to its place once the answer is there.
    terminal.wait_for("story retake 1 submitted");
    assert_eq!(account.control().n_created(), 2);
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
    let prepared = home.join(".local/state/gemtts-tui/prepared");
    assert_eq!(std::fs::read_dir(prepared).unwrap().count(), 0, "nothing prepared is left behind");
}
