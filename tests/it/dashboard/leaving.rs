//! Every way out gives the terminal back as it was.

use std::io::Read;
use std::os::fd::AsFd;

use pty_process::Size;
use pty_process::blocking::Command;
use rustix::process::Signal;
use rustix::termios::{LocalModes, Termios, tcgetattr};

use super::{Account, DEADLINE, FINISHED, PROGRAM, at_home, demo, end_of, eventually, pid, send_signal};
use crate::pty::Terminal;
use gemtts_tui::sim::Call;

/// A shell that waits for Enter, runs a program, says how it ended, and stays. A terminal forgets its modes with the
/// session that it belongs to, so the session must not end with the program.
const SHELL: &str =
    r#"trap : HUP INT QUIT TERM; printf ready; read -r line; "$@"; printf 'left with %s.' "$?"; read -r line"#;

/// The line modes of a terminal, in a form that can be compared.
pub fn modes(device: impl AsFd) -> String {
    let Termios { input_modes, output_modes, control_modes, local_modes, special_codes, .. } =
        tcgetattr(device).unwrap();
    format!("{input_modes:?} {output_modes:?} {control_modes:?} {local_modes:?} {special_codes:?}")
}

/// Whether a program takes every key as it comes, unseen.
pub fn is_raw(device: impl AsFd) -> bool {
    !tcgetattr(device).unwrap().local_modes.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
}

/// The modes of a terminal's screen that the dashboard uses or might use.
pub fn is_given_back(screen: &vt100::Screen) -> bool {
    !screen.alternate_screen()
        && !screen.hide_cursor()
        && !screen.bracketed_paste()
        && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        && screen.fgcolor() == vt100::Color::Default
        && !screen.inverse()
        && !screen.bold()
}

/// On so many lines one frame is more than a terminal takes unread, which is about twenty thousand bytes.
fn vast() -> Size {
    Size::new(200, 400)
}

fn leaves(account: &Account, what: &str, code: i32, leave: impl Fn(&Terminal)) {
    let shell = at_home(Command::new("/bin/sh"), account.home.path());
    let shell = shell.args(["-c", SHELL, "sh", PROGRAM]).env("GEMINI_API_KEY", super::KEY);
    let terminal = Terminal::start(shell.env("GOOGLE_GEMINI_BASE_URL", &account.base_url), 100, 24);
    terminal.wait_for("ready");
    let before = modes(terminal.device());
    assert!(!is_raw(terminal.device()));
    terminal.send("\r");
    terminal.wait_for("chapter-one");
    // With everything switched on that can be.
    terminal.send("m");
    terminal.wait_for("the mouse is on");
    assert!(is_raw(terminal.device()), "{what}");
    let screen = terminal.cells();
    assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste(), "{what}");
    assert!(screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "{what}");

    leave(&terminal);

    terminal.wait_for(&format!("left with {code}."));
    assert!(is_given_back(&terminal.cells()), "{what}");
    assert_eq!(modes(terminal.device()), before, "{what}");
}

#[test]
fn every_way_out_restores_the_terminal() {
    let account = Account::of(FINISHED);
    leaves(&account, "q", 0, |terminal| terminal.send("q"));
    leaves(&account, "Ctrl-c twice", 0, |terminal| {
        terminal.send("\x03");
        terminal.wait_for("Ctrl-c again leaves");
        terminal.send("\x03");
    });
    for signal in [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM] {
        let code = 128 + signal.as_raw();
        leaves(&account, &format!("{signal:?}"), code, |terminal| {
            rustix::process::kill_process_group(pid(terminal.id()), signal).unwrap();
        });
    }
}

#[test]
fn a_signal_is_an_exit_code_also_while_a_listing_hangs() {
    for signal in [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM] {
        let account = Account::of("[[fault]]\non = \"list\"\nanswer = \"silence\"");
        let mut terminal = Terminal::start(account.dashboard(&[]), 80, 24);
        terminal.wait_for("Asking the service");
        send_signal(terminal.id(), signal);
        // Not killed by the signal, but left because of it.
        assert_eq!(terminal.end().code(), Some(128 + signal.as_raw()));
        assert!(is_given_back(&terminal.cells()), "{signal:?}");
    }
}

#[test]
fn a_signal_right_after_the_screen_was_taken_restores_it() {
    let home = tempfile::tempdir().unwrap();
    for _ in 0..4 {
        let mut terminal = Terminal::start(demo(home.path()), 80, 24);
        terminal.look_for("the first mode", |screen, _| screen.alternate_screen().then_some(()));
        send_signal(terminal.id(), Signal::TERM);
        assert_eq!(terminal.end().code(), Some(143));
        assert!(is_given_back(&terminal.cells()));
    }
}

#[test]
fn a_terminal_that_nobody_reads_does_not_hold_the_end_up() {
    let account = Account::of("clock = \"manual\"\nmany_jobs = 300");
    let (pty, pts) = pty_process::blocking::open().unwrap();
    pty.resize(vast()).unwrap();
    let child = account.dashboard(&[]).spawn(pts).unwrap();
    eventually("a listing", || account.control().count(Call::List) >= 3);
    send_signal(child.id(), Signal::TERM);
    let (status, took) = end_of(child);
    assert_eq!(status.code(), Some(143));
    // It is promised within two seconds; the rest is for a machine that is busy with other tests.
    assert!(took < DEADLINE / 6, "{took:?}");
    drop(pty);
}

#[test]
fn a_terminal_that_is_read_late_gets_the_whole_frame() {
    let account = Account::of("clock = \"manual\"\nmany_jobs = 300");
    for without_waiting in [false, true] {
        let (mut pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(vast()).unwrap();
        let shared = pts.as_fd().try_clone_to_owned().unwrap();
        if without_waiting {
            // Some programs leave the terminal that they share with us like this: a write to a full one fails.
            let flags = rustix::fs::fcntl_getfl(&shared).unwrap();
            rustix::fs::fcntl_setfl(&shared, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
        }
        let command = account.dashboard(&[]).stdin(shared.try_clone().unwrap()).stdout(shared);
        let listings = account.control().count(Call::List);
        let mut child = command.spawn(pts).unwrap();
        eventually("a listing", || account.control().count(Call::List) >= listings + 3);
        let mut parser = vt100::Parser::new(200.try_into().unwrap(), 400.try_into().unwrap(), 0);
        let mut buffer = [0; 512];
        while !parser.screen().contents().contains("Jobs  300") || !is_whole(parser.screen()) {
            let length = pty.read(&mut buffer).expect("the program still runs");
            parser.process(&buffer[..length]);
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Whether the last line is there.
fn is_whole(screen: &vt100::Screen) -> bool {
    screen.rows(0, 400).last().is_some_and(|line| line.ends_with("q quit"))
}
