//! Every way out gives the terminal back as it was.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use rustix::process::Signal;
use rustix::termios::{LocalModes, Termios, tcgetattr};

use super::{Account, FINISHED, PROGRAM, at_home, demo, end_of, eventually, pid, send_signal};
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

/// Keys that lead somewhere, each with what the screen shows there.
type Way = &'static [(&'static str, &'static str)];

fn leaves(account: &Account, what: &str, code: i32, way: Way, leave: impl Fn(&Terminal)) {
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
    for (keys, shown) in way {
        terminal.send(keys);
        terminal.wait_for(shown);
    }

    leave(&terminal);

    terminal.wait_for(&format!("left with {code}."));
    assert!(is_given_back(&terminal.cells()), "{what}");
    assert_eq!(modes(terminal.device()), before, "{what}");
}

#[test]
fn every_way_out_restores_the_terminal() {
    let account = Account::of(FINISHED);
    leaves(&account, "q", 0, &[], |terminal| terminal.send("q"));
    leaves(&account, "Ctrl-c twice", 0, &[], |terminal| {
        terminal.send("\x03");
        terminal.wait_for("Ctrl-c again leaves");
        terminal.send("\x03");
    });
}

const SIGNALS: [Signal; 4] = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM];

/// Something of everything, so that every screen and every kind of dialog can be opened.
const FULL: &str = r#"
clock = "manual"
[[job]]
name = "under-way"
state = "running"
age = "1h"
texts = ["Wait."]
copies = 2
[[job]]
name = "chapter-one"
age = "20h"
keys = "line-#"
texts = ["The corridor was longer than she remembered.", "Wait."]
"#;

const SCREENS: &[Way] = &[
    &[],
    &[],
    &[],
    &[],
    &[("?", "Help")],
    &[("L", "▸ Messages")],
    &[("F", "▸ Files")],
    &[("n", "New job")],
    &[("n", "New job"), ("\r", "prompts.txt")],
    &[("G\r", "2 done")],
    &[("G\r", "2 done"), ("\r", "▸ line-")],
    &[("d", "Display name")],
];

const DIALOGS: &[Way] = &[
    &[("x", "Yes, cancel the job")],
    &[("ax", "Type 2 to confirm")],
    &[("GD", "Delete chapter-one?")],
    &[("/under", "/under")],
    &[(":can", "cancel")],
    // Sooner than the dialog can be answered.
    &[("x", "Cancel under-way")],
];

/// Each of these places is left by one of the signals; the signals take turns.
fn is_left_by_signals(places: &[Way]) {
    let account = Account::of(FULL);
    std::fs::write(account.home.path().join("prompts.txt"), "Hello there.\n").unwrap();
    for (way, signal) in places.iter().zip(SIGNALS.into_iter().cycle()) {
        leaves(&account, &format!("{signal:?} after {way:?}"), 128 + signal.as_raw(), way, |terminal| {
            rustix::process::kill_process_group(pid(terminal.id()), signal).unwrap();
        });
    }
    account.was_only_read();
}

#[test]
fn fault_66_a_signal_on_any_screen_gives_the_terminal_back() {
    is_left_by_signals(SCREENS);
}

#[test]
fn fault_66_a_signal_in_any_dialog_gives_the_terminal_back() {
    is_left_by_signals(DIALOGS);
}

#[test]
fn leaving_is_prompt_at_rest_and_while_results_come() {
    let account = Account::of(FINISHED);
    let leave = |terminal: &mut Terminal| {
        let began = Instant::now();
        terminal.send("q");
        assert_eq!(terminal.end().code(), Some(0));
        began.elapsed()
    };
    super::is_quick("leaving at rest", Duration::from_millis(200), || leave(&mut account.open(&[])));
    let account = Account::of(&format!("{FULL}\n[[fault]]\non = \"download\"\nanswer = \"stall\""));
    super::is_quick("leaving a download", Duration::from_secs(1), || {
        let downloads = account.control().count(Call::Download);
        let mut terminal = account.open(&[]);
        terminal.send("G\r");
        eventually("a download", || account.control().count(Call::Download) > downloads);
        leave(&mut terminal)
    });
}

#[test]
fn a_signal_is_an_exit_code_also_while_a_listing_hangs() {
    for signal in SIGNALS {
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
fn fault_65_a_terminal_that_nobody_reads_does_not_hold_the_end_up() {
    super::is_quick("the end of a stalled program", Duration::from_secs(1), || {
        let account = Account::of("clock = \"manual\"\nmany_jobs = 300");
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(vast()).unwrap();
        let child = account.dashboard(&[]).spawn(pts).unwrap();
        eventually("a listing", || account.control().count(Call::List) >= 3);
        send_signal(child.id(), Signal::TERM);
        let (status, took) = end_of(child);
        assert_eq!(status.code(), Some(143));
        drop(pty);
        took
    });
}

/// One job whose results are saved, and many below it that fill the screen.
const SAVABLE: &str = r#"
clock = "manual"
[[job]]
name = "chapter-one"
age = "20h"
keys = "line-##"
requests = 40
texts = ["The corridor was longer than she remembered.", "Wait."]
[[job]]
name = "filler-###"
state = "failed"
age = "30h"
texts = ["Nobody had told them."]
copies = 190
"#;

#[test]
fn fault_65_a_terminal_that_nobody_reads_holds_no_save_up_and_gets_a_whole_frame_at_last() {
    let account = Account::of(SAVABLE);
    let (mut pty, pts) = pty_process::blocking::open().unwrap();
    pty.resize(vast()).unwrap();
    let mut child = account.dashboard(&[]).spawn(pts).unwrap();
    let mut parser = vt100::Parser::new(200.try_into().unwrap(), 400.try_into().unwrap(), 0);
    let mut buffer = [0; 4096];
    let mut read_until = |pty: &mut Pty, fits: &dyn Fn(&str) -> bool| {
        loop {
            let length = pty.read(&mut buffer).expect("the program still runs");
            parser.process(&buffer[..length]);
            // In the middle of a frame the program would not come to what is typed.
            let is_over = buffer[..length].ends_with(b"\x1b[?2026l");
            if is_over && is_whole(parser.screen()) && fits(&parser.screen().contents()) {
                return;
            }
        }
    };
    read_until(&mut pty, &|screen| screen.contains("live") && screen.contains("Jobs  191"));
    // A save, and then more frames than the terminal takes unread.
    pty.write_all(b"S").unwrap();
    pty.write_all(&[0x0c; 12]).unwrap();
    let stalled = Instant::now();
    let folder = account.home.path().join("chapter-one");
    eventually("every key on the disk", || {
        let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap_or_default();
        manifest.lines().filter(|line| line.contains("\"saved\"")).count() == 40
    });
    // What is looked at is time itself: after five seconds it counts as a stall.
    std::thread::sleep(Duration::from_millis(5_500).saturating_sub(stalled.elapsed()));
    // On the list the end of the save may be told in its place.
    pty.write_all(b"L").unwrap();
    read_until(&mut pty, &|screen| screen.contains("Messages") && screen.contains("the display stalled for"));
    pty.write_all(b"q").unwrap();
    let drain = std::thread::spawn(move || while let Ok(1..) = pty.read(&mut buffer) {});
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drain.join().unwrap();
}

#[test]
fn fault_65_a_terminal_that_is_read_late_gets_the_whole_frame() {
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
