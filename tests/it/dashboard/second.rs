//! One dashboard changes things, those beside it look on: who holds the place, and what becomes of it.

use std::path::PathBuf;

use gemtts_tui::clock::Timestamp;
use gemtts_tui::sim::{Call, Control};
use gemtts_tui::store::{Intent, Store, Wished};
use rustix::process::Signal;

use super::safe::{CHANGEABLE, change_something, press_everything};
use super::{Account, FINISHED, eventually, send_signal};
use crate::pty::Terminal;

fn state(account: &Account) -> PathBuf {
    account.home.path().join(".local/state/gemtts-tui")
}

/// Whatever follows from what was done before is there after two more listings.
fn two_more_listings(control: &Control) {
    let listings = control.count(Call::List);
    eventually("two more listings", || control.count(Call::List) >= listings + 2);
}

fn leave(mut terminal: Terminal) {
    terminal.send("\x03\x03");
    assert_eq!(terminal.end().code(), Some(0));
}

fn n_changes(control: &Control) -> usize {
    control.requests().iter().filter(|request| request.method != "GET").count()
}

#[test]
fn a_second_dashboard_looks_on_names_the_first_and_does_nothing_of_its_own() {
    let account = Account::of(CHANGEABLE);
    let control = account.control();
    let first = account.open(&[]);
    let mut second = Terminal::start(account.dashboard(&["--refresh", "2"]), 120, 32);
    let who = format!("process {} on ", first.id());
    let screen = second.wait("who has it", |screen| screen.contains(&who) && screen.contains("live"));
    assert!(screen.contains(" read-only ") && screen.contains("pts/") && screen.contains(", since "), "{screen}");
    press_everything(&second);
    two_more_listings(&control);
    second.send("\x1b\x1b\x1b\x1bL");
    let screen = second.wait_for("has the dashboard open");
    assert!(screen.contains(&who), "{screen}");
    account.was_only_read();

    // Its end gives nothing away, and that of the first makes room, however it comes.
    second.send("\x03\x03");
    assert_eq!(second.end().code(), Some(0));
    let third = Terminal::start(account.dashboard(&[]), 120, 32);
    third.wait("still taken", |screen| screen.contains(&who) && screen.contains("live"));
    leave(third);
    send_signal(first.id(), Signal::KILL);
    let mut first = first;
    first.end();
    let fourth = account.open(&[]);
    assert!(!fourth.screen().contains("read-only"), "{}", fourth.screen());
    change_something(&fourth);
    eventually("a change", || n_changes(&control) > 0);
    leave(fourth);
}

#[test]
fn who_asks_for_it_changes_things_beside_another_and_who_only_reads_takes_no_place() {
    let account = Account::of(CHANGEABLE);
    let control = account.control();
    let reader = account.open(&["--read-only"]);
    let writer = account.open(&[]);
    assert!(!writer.screen().contains("read-only"), "{}", writer.screen());
    let beside = account.open(&["--no-lock"]);
    assert!(!beside.screen().contains("read-only"), "{}", beside.screen());
    account.was_only_read();
    change_something(&beside);
    eventually("a change", || n_changes(&control) > 0);
    [reader, writer, beside].into_iter().for_each(leave);
}

#[test]
fn what_an_earlier_session_left_open_is_nothing_to_one_that_looks_on() {
    let account = Account::of(CHANGEABLE);
    let control = account.control();
    leave(account.open(&["--read-only"]));
    let list = account.control().requests().len();
    assert!(list > 0);

    // A cancel that nobody answered, and a create whose answer was lost.
    let folder = state(&account);
    let store = Store::open(&folder).unwrap();
    let origin = account.base_url.trim_end_matches('/').to_owned();
    let known = store.known_jobs("default", &origin).unwrap().jobs;
    let job = known.iter().find(|job| !job.state.is_terminal()).expect("a job is under way").name.clone();
    let key_fingerprint = Some(store.fingerprint(super::KEY).unwrap());
    let at = Timestamp::UNIX_EPOCH;
    let wished = Wished { job, at, origin: origin.clone(), key_fingerprint: key_fingerprint.clone() };
    store.wish_cancelled(&[wished]).unwrap();
    let intent = Intent {
        token: "01JZ0000000000000000000000".into(),
        sha256: "ab".repeat(32),
        n_requests: 2,
        characters: 20,
        model: "gemini-2.5-flash-preview-tts".into(),
        dollars: None,
        origin,
        key_fingerprint,
        display_name: "lost ~gt-01JZ0000000000000000000000".into(),
        input_file: None,
        at,
        retake_of: None,
        n_unchanged: 0,
        part_of: None,
        text_tokens: None,
    };
    store.intend(&intent).unwrap();

    let held = Store::lock_dashboard(&folder, ", pts/9, since 2026-01-02T03:04:05Z").unwrap();
    let onlooker = Terminal::start(account.dashboard(&["--refresh", "2"]), 120, 32);
    let who = format!("process {} on ", std::process::id());
    let screen = onlooker.wait("who has it", |screen| screen.contains(&who) && screen.contains("UNKNOWN"));
    assert!(screen.contains(", pts/9, since 2 January "), "{screen}");
    two_more_listings(&control);
    account.was_only_read();
    leave(onlooker);

    // With the place free, the same start goes on with the cancel.
    drop(held);
    let writer = account.open(&["--refresh", "2"]);
    eventually("the cancel is asked again", || control.count(Call::Cancel) > 0);
    leave(writer);
}

#[test]
fn fault_54_beside_a_broken_journal_the_dashboard_looks_on_and_says_why() {
    let account = Account::of(FINISHED);
    leave(account.open(&[]));
    let journal = state(&account).join("intents.jsonl");
    std::fs::create_dir(&journal).unwrap();
    let terminal = Terminal::start(account.dashboard(&[]), 120, 32);
    let screen = terminal.wait("the jobs", |screen| screen.contains("live") && screen.contains("chapter-one"));
    assert!(screen.contains(" read-only "), "{screen}");
    terminal.send("L");
    terminal.wait_for("intents.jsonl");
    leave(terminal);
    assert!(journal.is_dir(), "nothing took its place");
}
