//! Results that save themselves, and questions whose targets do not move.

use std::path::Path;

use gemtts_tui::sim::Call;

use super::{Account, KEY, PROGRAM, eventually};

const QUICK: &str = r#"
[timing]
pending = "40ms"
per_request = "10ms"
shortest_run = "40ms"
"#;

/// Nothing happens by itself; `runs` is over ten minutes after it is asked to be.
const STILL: &str = r#"
clock = "manual"
[[job]]
name = "runs"
id = "runs1"
state = "running"
age = "2h"
left = "10m"
texts = ["One.", "Two."]
[[job]]
name = "failed"
id = "failed1"
state = "failed"
age = "3h"
error = "the model is overloaded"
texts = ["One."]
[[job]]
name = "cancelled"
id = "cancelled1"
state = "cancelled"
age = "4h"
texts = ["One."]
"#;

fn command(account: &Account, arguments: &[&str]) -> std::process::Output {
    let home = account.home.path();
    let mut command = std::process::Command::new(PROGRAM);
    command.args(arguments).env_clear().current_dir(home);
    command.env("HOME", home).env("GEMINI_API_KEY", KEY).env("GOOGLE_GEMINI_BASE_URL", &account.base_url);
    command.output().unwrap()
}

fn create(account: &Account, title: &str, more: &[&str]) {
    let file = format!("{title}.txt");
    std::fs::write(account.home.path().join(&file), format!("{title} is spoken.\nTwo is spoken.\n")).unwrap();
    let made = command(account, &[&["create", &file][..], more].concat());
    assert!(made.status.success(), "{made:?}");
}

fn n_wavs(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter(|file| file.path().extension().is_some_and(|ending| ending == "wav")).count()
}

#[test]
fn what_was_made_here_is_saved_by_itself_and_once_also_what_ended_while_nobody_looked() {
    let account = Account::of(&format!("{QUICK}\n[[job]]\nname = \"theirs\"\ntexts = [\"One.\"]\nage = \"3h\"\n"));
    let home = account.home.path();
    create(&account, "alone", &["--wait"]);
    let mut terminal = account.open(&["--refresh", "2"]);
    terminal.wait_for("alone saved to ./alone (2 of 2");
    assert_eq!((n_wavs(&home.join("alone")), home.join("theirs").exists()), (2, false));
    create(&account, "watched", &[]);
    terminal.wait_for("watched saved to ./watched (2 of 2");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
    let n_downloads = account.control().count(Call::Download);
    assert_eq!(n_downloads, 2);

    std::fs::remove_dir_all(home.join("alone")).unwrap();
    let mut again = account.open(&[]);
    again.wait_for("watched");
    again.send("q");
    assert_eq!(again.end().code(), Some(0));
    assert_eq!(account.control().count(Call::Download), n_downloads, "nothing is saved twice");
    assert!(!home.join("alone").exists(), "what a person removed does not come back");
}

#[test]
fn it_goes_where_the_configuration_says_and_nowhere_when_it_is_told_not_to() {
    let account = Account::of(QUICK);
    let home = account.home.path();
    let place = home.join("all/audio");
    let config = home.join(".config/gemtts-tui");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.toml"), format!("[save]\nfolder = {place:?}\n")).unwrap();
    create(&account, "story", &["--wait"]);
    let mut off = account.open(&["--no-auto-save"]);
    off.wait_for("story");
    off.send("q");
    assert_eq!(off.end().code(), Some(0));
    assert_eq!(account.control().count(Call::Download), 0);
    let mut reader = account.open(&["--read-only"]);
    reader.wait_for("story saved to ./all/audio/story");
    assert_eq!(n_wavs(&place.join("story")), 2);
    reader.send("q");
    assert_eq!(reader.end().code(), Some(0));
}

#[test]
fn fault_72_the_list_moves_and_the_state_changes_under_an_open_question() {
    let account = Account::of(STILL);
    let mut terminal = account.open(&["--refresh", "2"]);
    terminal.send("G");
    terminal.wait_for("batches/cancelled1");
    terminal.send("k");
    terminal.wait_for("batches/failed1");
    terminal.send("D");
    let asked = terminal.wait_for("Yes, delete the job");
    assert!(
        asked.contains("Delete failed?") && asked.contains("batches/failed1 · ") && asked.contains("FAILED"),
        "{asked}"
    );
    // Another row stands where the question was asked now.
    create(&account, "newer", &[]);
    terminal.wait_for("newer");
    terminal.send("y");
    terminal.wait_for("failed deleted");
    let changed = |method: &str| -> Vec<String> {
        let requests = account.control().requests().into_iter().filter(|request| request.method == method);
        requests.map(|request| request.path).collect()
    };
    let deleted = changed("DELETE");
    assert!(deleted.len() == 1 && deleted[0].contains("batches/failed1"), "{deleted:?}");

    terminal.send("gj");
    terminal.wait_for("batches/runs1");
    terminal.send("x");
    let asked = terminal.wait_for("Yes, cancel the job");
    assert!(asked.contains("Cancel runs?") && asked.contains("batches/runs1 · "), "{asked}");
    account.control().advance(std::time::Duration::from_secs(20 * 60));
    terminal.wait_for("runs SUCCEEDED");
    terminal.send("y");
    terminal.wait_for("was SUCCEEDED already; nothing was cancelled");
    assert_eq!(account.control().count(Call::Cancel), 0);
    eventually("one delete and no more", || account.control().count(Call::Delete) == 1);
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn a_key_that_is_held_down_answers_no_question() {
    let account = Account::of(STILL);
    let mut terminal = account.open(&[]);
    terminal.send("G");
    terminal.wait_for("batches/cancelled1");
    // The repeats of a held key and an answer that came too early are one write: none of them can have been meant.
    terminal.send("DDDDDDDDyy\ryy\r");
    let asked = terminal.wait_for("Yes, delete the job");
    assert!(asked.contains("Delete cancelled?"), "{asked}");
    // Enter presses the harmless button.
    terminal.send("\r");
    terminal.wait("the question to be gone", |screen| !screen.contains("Yes, delete"));
    terminal.send("xxxx");
    terminal.wait_for("cancelled is CANCELLED already");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
    account.was_only_read();
}
