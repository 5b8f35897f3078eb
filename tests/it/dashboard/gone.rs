//! A terminal that goes away takes the program with it, whatever the program's parent thinks of that.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

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
fn fault_63_a_program_that_nobody_may_hang_up_on_ends_with_its_terminal_and_burns_nothing() {
    super::is_quick("a hang-up", Duration::from_secs(2), hang_up_where_nobody_may);
}

/// Takes the terminal away and says how long the program took to end.
fn hang_up_where_nobody_may() -> Duration {
    let account = Account::of(FINISHED);
    let shell = at_home(Command::new("/bin/sh"), account.home.path())
        .args(["-c", SHELL, "sh", PROGRAM])
        .env("GEMINI_API_KEY", super::KEY)
        .env("GOOGLE_GEMINI_BASE_URL", &account.base_url);
    let (mut pty, child) = showing_jobs(shell);
    let file = |name: &str| std::fs::read_to_string(account.home.path().join(name)).unwrap();
    let before = burnt_by(file("pid").trim());
    // Typed ahead, and never to be read.
    pty.write_all(b"jjkkjjkkjjkk").unwrap();
    let closed = Instant::now();
    drop(pty);
    end_of(child);
    let took = closed.elapsed();
    assert_eq!(file("code").trim(), "129");
    // A program that reads from a dead terminal again and again burns a core for as long as it takes to notice.
    let burnt = children_seconds(&file("times"));
    if let Some(before) = before {
        // The system counts in hundredths of a second.
        assert!(burnt - before <= 0.07, "{} s of processor time after the end", burnt - before);
    }
    assert!(burnt < 1.0, "{burnt} s of processor time from the start to the end");
    took
}

/// Writes down the id of the program, its exit code, and the processor time of all.
const SHELL: &str = r#"trap "" HUP; sh -c 'echo $$ >pid; exec "$@"' sh "$@"; echo "$?" >code; times >times"#;

/// The processor time of a process so far in seconds, where the system tells it.
fn burnt_by(id: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // Behind the name, which may hold anything: the twelfth and the thirteenth word.
    let words: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = words.get(11..13)?.iter().filter_map(|word| word.parse::<f64>().ok()).sum();
    Some(ticks / 100.0)
}

/// The second line of `times`: processor time of the children, such as `0m0.050s 0m0.010s`.
fn children_seconds(times: &str) -> f64 {
    let seconds = |time: &str| {
        let (minutes, seconds) = time.trim_end_matches('s').split_once('m').unwrap();
        minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
    };
    times.lines().nth(1).unwrap().split_whitespace().map(seconds).sum()
}
