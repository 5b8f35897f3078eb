//! Stopped and continued: the shell gets its terminal, and the dashboard gets it back.

use std::path::Path;

use pty_process::blocking::Command;
use rustix::process::Signal;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::leaving::{is_given_back, is_raw};
use super::{Account, FINISHED, KEY, PROGRAM, at_home, send_signal};
use crate::pty::Terminal;

/// How often the screen was taken over.
fn taken(bytes: &[u8]) -> usize {
    String::from_utf8_lossy(bytes).matches("\x1b[?1049h").count()
}

#[test]
fn fault_67_ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_back() {
    let account = Account::of(FINISHED);
    let folder = Path::new(PROGRAM).parent().unwrap();
    let shell = at_home(Command::new("/bin/sh"), account.home.path())
        .arg("-i")
        .env("PATH", folder)
        .env("PS1", "$ ")
        .env("GEMINI_API_KEY", KEY)
        .env("GOOGLE_GEMINI_BASE_URL", &account.base_url);
    let mut terminal = Terminal::start(shell, 100, 24);
    terminal.wait_for("$ ");
    terminal.send("gemtts-tui\r");
    terminal.wait_for("chapter-one");
    for round in 1..=2 {
        terminal.send("\x1a");
        terminal.look_for("the shell's prompt", |screen, _| {
            (is_given_back(screen) && screen.contents().trim_end().ends_with('$')).then_some(())
        });
        assert!(!is_raw(terminal.device()));
        terminal.send("fg\r");
        terminal.look_for("the dashboard again", |screen, bytes| {
            let modes = screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste();
            (modes && taken(bytes) > round && screen.contents().contains("chapter-one")).then_some(())
        });
        // A key that is answered was read as a key.
        terminal.send("?");
        terminal.wait_for("Help");
        assert!(is_raw(terminal.device()));
        terminal.send("\x1b");
        terminal.wait_for("chapter-one");
    }
    terminal.send("q");
    terminal.look_for("the shell's prompt", |screen, _| {
        (is_given_back(screen) && screen.contents().trim_end().ends_with('$')).then_some(())
    });
    terminal.send("exit\r");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn fault_67_ctrl_z_stops_nothing_where_nobody_could_go_on() {
    let account = Account::of(FINISHED);
    let shell = at_home(Command::new("/bin/sh"), account.home.path())
        .args(["-c", r#"trap "" TSTP; exec "$@""#, "sh", PROGRAM])
        .env("GEMINI_API_KEY", KEY)
        .env("GOOGLE_GEMINI_BASE_URL", &account.base_url);
    let mut terminal = Terminal::start(shell, 100, 24);
    terminal.wait_for("chapter-one");
    terminal.send("\x1a");
    terminal.wait_for("Ctrl-z does nothing here");
    assert!(is_raw(terminal.device()) && terminal.cells().alternate_screen());
    assert_eq!(taken(&terminal.bytes()), 1, "the screen was never given away");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn fault_67_continued_after_a_stop_from_outside_it_takes_the_terminal_over_again() {
    let account = Account::of(FINISHED);
    let (before, mut terminal) = {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        let before = tcgetattr(&pty).unwrap();
        drop((pty, pts));
        (before, account.open(&[]))
    };
    terminal.send("m");
    terminal.wait_for("the mouse is on");
    send_signal(terminal.id(), Signal::STOP);
    rustix::process::waitid(
        rustix::process::WaitId::Pid(super::pid(terminal.id())),
        rustix::process::WaitIdOptions::STOPPED,
    )
    .unwrap();
    // What a shell does with the terminal of a program that stopped without a word.
    tcsetattr(terminal.device(), OptionalActions::Now, &before).unwrap();
    terminal.resize(90, 20);
    let taken_before = taken(&terminal.bytes());
    send_signal(terminal.id(), Signal::CONT);
    terminal.look_for("the dashboard again", |screen, bytes| {
        (taken(bytes) > taken_before && screen.contents().contains("chapter-one")).then_some(())
    });
    terminal.send("?");
    terminal.wait_for("Help");
    assert!(is_raw(terminal.device()));
    let screen = terminal.cells();
    assert!(screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "the mouse is on again");
    assert!(screen.rows(0, 90).all(|line| !line.contains("  Help  Help")));
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}
