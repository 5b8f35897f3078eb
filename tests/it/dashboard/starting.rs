//! The first screen, on terminals of every size, and the refusal of what is no terminal.

use std::process::Stdio;
use std::time::{Duration, Instant};

use pty_process::Size;

use super::wire::{self, Piece};
use super::{Account, FINISHED, at_home, demo, end_of, eventually};
use crate::pty::Terminal;
use gemtts_tui::sim::Call;

#[test]
fn the_demo_shows_its_jobs_and_leaves_with_q() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(demo(home.path()), 120, 32);
    let screen = terminal.wait_for("Jobs  15");
    assert!(screen.contains("gemtts-tui") && screen.contains("q quit"), "{screen}");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn a_screen_follows_the_size_of_its_terminal() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(demo(home.path()), 120, 32);
    terminal.wait_for("Jobs  15");
    for (columns, rows, borders) in [(10, 3, false), (40, 10, true), (39, 9, false)] {
        let before = terminal.bytes().len();
        terminal.resize(columns, rows);
        // Its own frame, and not what is left of the last one: a key that comes together with a size waits in the
        // library that reads them until the next key.
        terminal.look_for(&format!("{columns} x {rows}"), |screen, bytes| {
            let right = screen.cell(2, columns - 1).map(|cell| cell.contents().to_owned());
            let fits = screen.contents().contains("Jobs  15") && (right.as_deref() == Some("╮")) == borders;
            (fits && bytes.len() > before && bytes.ends_with(b"\x1b[?2026l")).then_some(())
        });
    }
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn fault_68_a_storm_of_sizes_costs_few_frames_and_ends_with_a_screen_that_fits() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(demo(home.path()), 120, 32);
    terminal.wait_for("Jobs  15");
    let frames = |terminal: &Terminal| String::from_utf8_lossy(&terminal.bytes()).matches("\x1b[?2026h").count();
    let (before, began) = (frames(&terminal), Instant::now());
    let mut random = 12_345_u32;
    let mut up_to = |most: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) % (most + 1)
    };
    for step in 0..1_000 {
        // Some terminals say 0x0 for a moment when a window opens.
        let (columns, rows) = match step % 50 {
            7 => (0, 0),
            8 => (1, 1),
            _ => (up_to(500) as u16, up_to(500) as u16),
        };
        terminal.device().resize(Size::new(rows, columns)).unwrap();
        // A storm that lasts, so that there would be time for a frame for each of them.
        std::thread::sleep(Duration::from_millis(1));
    }
    let lasted = began.elapsed();
    terminal.resize(1, 1);
    terminal.resize(120, 32);
    let fits = |screen: &vt100::Screen| {
        let shown = |row, column| screen.cell(row, column).map(|cell| cell.contents().to_owned());
        let is = |row, column, text: &str| shown(row, column).as_deref() == Some(text);
        let lines: Vec<String> = screen.rows(0, 120).collect();
        is(2, 0, "╭") && is(2, 119, "╮") && is(3, 119, "│") && lines[31].ends_with("q quit")
    };
    terminal.look_for("a screen of 120 x 32", |screen, _| fits(screen).then_some(()));
    // One every 50 ms, those at both ends, and the demo's own.
    let most = lasted.as_millis() / 50 + 6;
    let drawn = frames(&terminal) - before;
    assert!(drawn as u128 <= most, "{drawn} frames in {lasted:?}");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn a_screen_as_large_as_it_was_is_not_drawn_anew() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(demo(home.path()), 120, 32);
    terminal.wait_for("Jobs  15");
    terminal.look_for("a screen of 120 x 32", |screen, _| {
        let shown = |row, column| screen.cell(row, column).map(|cell| cell.contents().to_owned());
        let is = |row, column, text: &str| shown(row, column).as_deref() == Some(text);
        let lines: Vec<String> = screen.rows(0, 120).collect();
        let fits = is(2, 0, "╭") && is(2, 119, "╮") && is(3, 119, "│") && lines[31].ends_with("q quit");
        fits.then_some(())
    });
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn a_tiny_terminal_is_enough_to_start_in() {
    let home = tempfile::tempdir().unwrap();
    for (columns, rows) in [(10, 3), (39, 9), (1, 1)] {
        let mut terminal = Terminal::start(demo(home.path()), columns, rows);
        terminal.look_for("a screen", |screen, _| (!screen.contents().trim().is_empty()).then_some(()));
        terminal.send("q");
        assert_eq!(terminal.end().code(), Some(0), "{columns} x {rows}");
    }
}

#[test]
fn the_dashboard_stands_before_the_service_answers() {
    let account = Account::of("[[fault]]\non = \"list\"\nanswer = \"silence\"");
    let mut terminal = Terminal::start(account.dashboard(&[]), 80, 24);
    terminal.wait_for("Asking the service for its jobs");
    eventually("the listing to be asked for", || account.control().count(Call::List) > 0);
    terminal.send("?");
    terminal.wait_for("Help");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0), "a request that hangs does not keep the person");
}

#[test]
fn the_terminal_is_asked_nothing() {
    let account = Account::of(FINISHED);
    let mut terminal = account.open(&[]);
    terminal.send("?");
    terminal.wait_for("Help");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
    let bytes = terminal.bytes();
    wire::is_clean(&bytes);
    // Said once more by name, whatever the list of what is clean may become: where the cursor is, what the terminal is,
    // which keyboard it has, what its background is.
    for piece in wire::pieces(&bytes) {
        assert!(!matches!(&piece, Piece::Control(_, 'n' | 'c' | 'u' | 'q' | 'p')), "{piece:?}");
        assert!(!matches!(&piece, Piece::Other(_)), "{piece:?}");
    }
}

#[test]
fn faults_73_74_what_is_no_terminal_is_refused_with_the_command_to_use() {
    let home = tempfile::tempdir().unwrap();
    for term in [Some("dumb"), Some(""), None] {
        let command = demo(home.path()).env_remove("TERM");
        let command = term.iter().fold(command, |command, term| command.env("TERM", term));
        let mut terminal = Terminal::start(command, 200, 24);
        assert_eq!(terminal.end().code(), Some(2), "{term:?}");
        let screen = terminal.screen();
        assert!(screen.contains("needs a terminal") && screen.contains("gemtts-tui --demo list"), "{screen}");
        assert!(!terminal.bytes().contains(&0x1b), "nothing was taken over: {screen}");
    }
    for (input, output) in [(true, false), (false, true)] {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        let mut command = demo(home.path()).stderr(Stdio::piped());
        if !input {
            command = command.stdin(Stdio::null());
        }
        if !output {
            command = command.stdout(Stdio::null());
        }
        let mut child = command.spawn(pts).unwrap();
        let mut told = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut told).unwrap();
        assert_eq!(end_of(child).0.code(), Some(2), "{input} {output}");
        assert!(told.contains("needs a terminal") && told.contains("gemtts-tui --demo list"), "{told}");
        drop(pty);
    }
}

#[test]
fn fault_74_closed_and_piped_ends_are_refused_at_once() {
    let home = tempfile::tempdir().unwrap();
    for ends in ["<&- >&-", "</dev/null >/dev/null", "<&-", "| cat", "<&- >&- 2>&-"] {
        super::is_quick(ends, Duration::from_millis(200), || {
            let mut shell = std::process::Command::new("/bin/sh");
            // Through a pipe the code of the last command counts, so the program says its own.
            shell.args(["-c", &format!("{{ \"$0\" --demo; echo $? >code; }} {ends}"), super::PROGRAM]);
            shell.env_clear().env("HOME", home.path()).env("TERM", "xterm").current_dir(home.path());
            let began = Instant::now();
            let output = shell.stdin(Stdio::piped()).output().unwrap();
            let took = began.elapsed();
            assert_eq!(std::fs::read_to_string(home.path().join("code")).unwrap().trim(), "2", "{ends}");
            assert!(output.stdout.is_empty(), "{ends}");
            took
        });
    }
}

#[test]
fn offline_it_shows_the_list_of_the_last_time_and_its_age() {
    let mut account = Account::of(FINISHED);
    let mut terminal = account.open(&[]);
    terminal.wait_for("chapter-two");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
    account.end_service();
    grow_old(&account);

    let mut terminal = Terminal::start(account.dashboard(&[]), 120, 24);
    let screen = terminal.wait("the old list", |screen| {
        screen.contains("offline since") && screen.contains(" old") && screen.contains("chapter-one")
    });
    assert!(screen.contains("list of "), "{screen}");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

/// Dates the list that was kept back by some weeks.
fn grow_old(account: &Account) {
    let mut folders = vec![account.home.path().to_owned()];
    let mut kept = None;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match entry.is_dir() {
                true => folders.push(entry),
                false => kept = Some(entry).filter(|path| path.to_string_lossy().contains("known-")).or(kept),
            }
        }
    }
    let kept = kept.expect("a list was kept");
    let mut list: serde_json::Value = serde_json::from_slice(&std::fs::read(&kept).unwrap()).unwrap();
    list["at"] = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(500)).to_string().into();
    std::fs::write(&kept, list.to_string()).unwrap();
}

#[test]
fn offline_without_a_list_it_says_so() {
    let mut account = Account::of(FINISHED);
    account.end_service();
    let mut terminal = Terminal::start(account.dashboard(&[]), 80, 24);
    terminal.wait_for("The jobs cannot be listed");
    terminal.wait_for("offline");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn a_key_that_is_refused_is_said_so() {
    let account = Account::of(FINISHED);
    let command = account.dashboard(&[]).env("GEMINI_API_KEY", "invalid-key-of-somebody");
    let mut terminal = Terminal::start(command, 80, 24);
    let screen = terminal.wait_for("The key was refused.");
    assert!(screen.contains("key refused") && !screen.contains("invalid-key-of-somebody"), "{screen}");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn without_a_key_it_ends_with_3_before_it_takes_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let command = at_home(pty_process::blocking::Command::new(super::PROGRAM), home.path());
    let mut terminal = Terminal::start(command, 120, 24);
    assert_eq!(terminal.end().code(), Some(3));
    assert!(terminal.screen().contains("GEMINI_API_KEY"), "{}", terminal.screen());
    assert!(!String::from_utf8(terminal.bytes()).unwrap().contains("?1049"));
}
