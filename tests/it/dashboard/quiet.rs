//! Nothing moves unless the world moved, and nothing is written that the terminal did not ask for by its environment.

use std::time::Duration;

use super::{Account, FINISHED, wire};
use crate::pty::Terminal;

/// Three beats of the dashboard's clock, and a half.
const WATCHED: Duration = Duration::from_millis(3_500);

#[test]
fn fault_75_nothing_is_written_while_nothing_happens() {
    let account = Account::of(FINISHED);
    let terminal = account.open(&["--refresh", "2"]);
    // The first rows may come before the listing is whole; what a key changes comes after both. The filter works while
    // it is typed, so that only the footer shows that Enter has come as well.
    terminal.send("/two\r");
    let is_set = |screen: &str| ["Jobs  1 of 2", "live", "Space mark"].iter().all(|text| screen.contains(text));
    terminal.wait("the filter", is_set);
    let before = terminal.bytes().len();
    let listings = account.control().count(gemtts_tui::sim::Call::List);
    // Silence is no event that could be waited for: it is watched for a while instead, which can only miss a fault,
    // never invent one.
    std::thread::sleep(WATCHED);
    let after = terminal.bytes();
    assert_eq!(String::from_utf8_lossy(&after[before..]), "");
    assert!(account.control().count(gemtts_tui::sim::Call::List) > listings, "it was not even looking");
}

#[test]
fn a_moved_selection_costs_a_few_hundred_bytes() {
    let account = Account::of("clock = \"manual\"\nmany_jobs = 100");
    // A larger screen tells more about the job.
    for (columns, rows, most) in [(80, 24, 700), (120, 32, 800)] {
        let terminal = Terminal::start(account.dashboard(&["--refresh", "3600"]), columns, rows);
        terminal.wait("the jobs", |screen| screen.contains("live") && screen.contains("Jobs  100"));
        let top = terminal.look_for("the selection", |screen, _| selected(screen));
        let before = terminal.bytes().len();
        terminal.send("j");
        let bytes = terminal.look_for("the next row", |screen, bytes| {
            (selected(screen)? != top && bytes.ends_with(b"\x1b[?2026l")).then(|| bytes.len() - before)
        });
        assert!(bytes <= most, "{bytes} bytes at {columns} x {rows}");
    }
}

/// The row that is selected.
fn selected(screen: &vt100::Screen) -> Option<u16> {
    (0..screen.size().0.get()).find(|row| screen.cell(*row, 1).is_some_and(|cell| cell.contents() == "▸"))
}

/// Jobs whose results are still there.
fn recent() -> String {
    FINISHED.replace("960h", "20h").replace("984h", "40h")
}

/// Opens what has looks of its own: help, a job and its keys, a dialog, the form.
fn look_around(terminal: &Terminal) {
    for (keys, text) in [
        ("?", "Help"),
        ("\x1b", "chapter-one"),
        ("D", "Delete"),
        ("\x1b", "chapter-one"),
        ("n", "New job"),
        ("\x1b", "chapter-one"),
        ("\r", "2 done"),
    ] {
        terminal.send(keys);
        terminal.wait_for(text);
    }
    terminal.send("q");
}

#[test]
fn no_color_means_no_colour() {
    let account = Account::of(&recent());
    for (plain, set) in [(true, ("NO_COLOR", "1")), (false, ("COLORTERM", "truecolor"))] {
        let mut terminal = Terminal::start(account.dashboard(&[]).env(set.0, set.1), 100, 24);
        terminal.wait_for("live");
        look_around(&terminal);
        assert_eq!(terminal.end().code(), Some(0));
        assert_eq!(wire::has_colour(&terminal.bytes()), !plain, "{set:?}");
    }
}

#[test]
fn a_locale_of_ascii_gets_ascii() {
    let name = "\n[[job]]\nname = \"Überschrift — 第一章 🌞\"\nage = \"30h\"\ntexts = [\"“Größe”\"]\n";
    let account = Account::of(&(recent() + name));
    for (variable, value) in [("LC_ALL", "C"), ("TERM", "linux")] {
        let mut terminal = Terminal::start(account.dashboard(&[]).env(variable, value), 100, 24);
        terminal.wait_for("live");
        look_around(&terminal);
        assert_eq!(terminal.end().code(), Some(0));
        let bytes = terminal.bytes();
        assert!(bytes.is_ascii(), "{:?}", String::from_utf8_lossy(&bytes).chars().find(|letter| !letter.is_ascii()));
    }
}
