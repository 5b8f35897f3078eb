//! A terminal that goes away takes the program with it, whatever the program's parent thinks of that.

use std::io::{Read, Write};
use std::time::Duration;

use pty_process::blocking::{Command, Pty};

use super::{Account, DEADLINE, FINISHED, PROGRAM, at_home, end_of};

/// It is promised within two seconds; the rest is for a machine that is busy with other tests. What is looked for
/// here never ends at all.
const SOON: Duration = DEADLINE.checked_div(6).unwrap();

/// Starts a command and reads what it writes until its jobs are shown.
fn showing_jobs(command: Command) -> (Pty, std::process::Child) {
    let (mut pty, pts) = pty_process::blocking::open().unwrap();
    pty.resize(pty_process::Size::new(24, 100)).unwrap();
    let child = command.spawn(pts).unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains("chapter-one") {
        let length = pty.read(&mut buffer).expect("the program runs");
        seen.extend_from_slice(&buffer[..length]);
    }
    (pty, child)
}

#[test]
fn without_its_terminal_the_program_ends() {
    let account = Account::of(FINISHED);
    let (pty, child) = showing_jobs(account.dashboard(&[]));
    drop(pty);
    let (status, took) = end_of(child);
    assert_eq!(status.code(), Some(129));
    assert!(took < SOON, "{took:?}");
}

#[test]
fn without_its_terminal_the_program_ends_also_when_nobody_may_hang_up_on_it() {
    let account = Account::of(FINISHED);
    let shell = at_home(Command::new("/bin/sh"), account.home.path())
        .args(["-c", r#"trap "" HUP; "$@"; echo "$?" >code; times >times"#, "sh", PROGRAM])
        .env("GEMINI_API_KEY", super::KEY)
        .env("GOOGLE_GEMINI_BASE_URL", &account.base_url);
    let (mut pty, child) = showing_jobs(shell);
    // Typed ahead, and never to be read.
    pty.write_all(b"jjkkjjkkjjkk").unwrap();
    drop(pty);
    let (_, took) = end_of(child);
    assert!(took < SOON, "{took:?}");
    let file = |name: &str| std::fs::read_to_string(account.home.path().join(name)).unwrap();
    assert_eq!(file("code").trim(), "129");
    // A program that reads from a dead terminal again and again burns a core for as long as it takes to notice.
    let burnt = children_seconds(&file("times"));
    assert!(burnt < 1.0, "{burnt} s of processor time from the start to the end");
}

/// The second line of `times`: processor time of the children, such as `0m0.050s 0m0.010s`.
fn children_seconds(times: &str) -> f64 {
    let seconds = |time: &str| {
        let (minutes, seconds) = time.trim_end_matches('s').split_once('m').unwrap();
        minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
    };
    times.lines().nth(1).unwrap().split_whitespace().map(seconds).sum()
}
