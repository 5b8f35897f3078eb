//! Creates in a terminal that goes away, under keys that repeat, and whose answer is lost.

use std::io::{Read, Write};
use std::process::Command;

use gemtts_tui::sim::{Answer, Call, Fault};
use gemtts_tui::store::{Store, Verdict};

use super::{Account, KEY, PROGRAM, end_of, eventually};

/// A job that is there already, and a service that is quick.
const SERVICE: &str = r#"
[[job]]
name = "chapter-one"
id = "one1"
age = "3h"
texts = ["The corridor was longer than she remembered.", "Wait.", "Nobody had told them."]
[timing]
pending = "1h"
"#;

const LINES: &str = "The first line to be spoken.\nThe second line to be spoken.\n";

/// An account with a source, which the form was left with.
fn with_a_draft() -> Account {
    let account = Account::of(SERVICE);
    std::fs::write(account.home.path().join("a.txt"), LINES).unwrap();
    let mut terminal = account.open(&[]);
    terminal.wait_for("chapter-one");
    terminal.send("n");
    terminal.wait_for("New job");
    // The picker on the first field, and the file by its name.
    terminal.send("\r");
    terminal.wait_for("a.txt");
    terminal.send("a.txt\r");
    terminal.wait_for("2 requests");
    terminal.send("\x1b");
    terminal.wait("the list", |screen| !screen.contains("New job"));
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
    account
}

/// Runs the dashboard with its jobs shown, presses keys, and takes the terminal away once the service has seen enough.
fn hang_up(account: &Account, keys: &str, is_time: impl Fn() -> bool) {
    let (mut pty, pts) = pty_process::blocking::open().unwrap();
    pty.resize(pty_process::Size::new(24, 100)).unwrap();
    let child = account.dashboard(&[]).spawn(pts).unwrap();
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&seen).contains("chapter-one") {
        let length = pty.read(&mut buffer).expect("the program runs");
        seen.extend_from_slice(&buffer[..length]);
    }
    pty.write_all(keys.as_bytes()).unwrap();
    eventually("the service", is_time);
    drop(pty);
    let (status, _) = end_of(child);
    assert_eq!(status.code(), Some(129));
}

/// A command without a terminal on this account.
fn run(account: &Account, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", account.home.path()).env("TERM", "xterm").env("LANG", "C.UTF-8");
    command.env("GEMINI_API_KEY", KEY).env("GOOGLE_GEMINI_BASE_URL", &account.base_url);
    let output = command.args(arguments).current_dir(account.home.path()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn verdicts(account: &Account) -> Vec<Option<Verdict>> {
    let store = Store::open(&account.home.path().join(".local/state/gemtts-tui")).unwrap();
    store.intents().unwrap().into_iter().map(|tracked| tracked.verdict).collect()
}

#[test]
fn fault_64_a_hang_up_during_a_create_leaves_it_unknown_and_the_journal_whole() {
    let account = with_a_draft();
    let control = account.control();
    control.add_fault(Fault { processed: true, answer: Answer::Silence, ..Fault::on(Call::Create) });
    hang_up(&account, "n\x13", || control.n_created() == 1);
    assert_eq!(verdicts(&account), [None], "sent, and nobody knows what became of it");
    control.clear_faults();
    let (code, said) = run(&account, &["list"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(matches!(verdicts(&account)[..], [Some(Verdict::Adopted { .. })]), "{:?}", verdicts(&account));
    assert_eq!((control.n_created(), control.count(Call::Create)), (1, 1));
}

#[test]
fn fault_64_a_hang_up_during_a_download_leaves_nothing_torn() {
    let account = Account::of(SERVICE);
    let control = account.control();
    control.add_fault(Fault { answer: Answer::Stall, ..Fault::on(Call::Download) });
    hang_up(&account, "s", || control.count(Call::Download) >= 1);
    control.clear_faults();
    let (code, said) = run(&account, &["save", "one1", "--out", "saved"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&account, &["verify", "saved"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((control.n_created(), verdicts(&account)), (0, vec![]));
}

#[test]
fn fault_6_enter_held_down_on_submit_is_one_create() {
    let account = with_a_draft();
    let terminal = account.open(&[]);
    terminal.send("n");
    terminal.wait_for("2 requests");
    terminal.send(&"\t".repeat(7));
    terminal.wait("the focus on the button", |screen| screen.contains("▸[ Submit ]"));
    terminal.send(&"\r".repeat(20));
    let control = account.control();
    // The list that shows it was asked for after the last of the keys.
    terminal.wait("the job in the list", |screen| screen.contains("Jobs  ") && screen.contains("PENDING"));
    assert_eq!((control.n_created(), control.count(Call::Create)), (1, 1));
}

#[test]
fn a_lost_create_is_seen_and_adopted_on_the_screen() {
    let account = with_a_draft();
    let control = account.control();
    control.add_fault(Fault { processed: true, answer: Answer::Close, times: Some(1), ..Fault::on(Call::Create) });
    let terminal = account.open(&[]);
    terminal.send("n");
    terminal.wait_for("2 requests");
    terminal.send("\x13");
    terminal.wait_for("a submitted");
    assert_eq!((control.n_created(), control.count(Call::Create)), (1, 1));
}
