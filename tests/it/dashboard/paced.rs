//! What a person sees while the service asks for a wait, and without any network at all.

use std::process::Command;

use super::{Account, FINISHED, PROGRAM, at_home};
use crate::pty::Terminal;

#[test]
fn a_wait_that_the_service_asks_for_is_counted_down_in_coarse_steps() {
    let fault = "[[fault]]\non = \"list\"\nnth = 1\nstatus = 429\nretry_delay = \"37s\"\n";
    let account = Account::of(&format!("{FINISHED}\n{fault}"));
    let mut terminal = Terminal::start(account.dashboard(&[]), 100, 24);
    terminal.wait_for("asked to wait 37 s");
    assert_eq!(account.control().requests().len(), 1, "nobody asks again meanwhile");
    let before = terminal.bytes().len();
    terminal.wait_for("asked to wait 30 s");
    // One step of the countdown, and nothing else, was written in seven seconds.
    let written = terminal.bytes().len() - before;
    assert!(written < 200, "{written} bytes");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn a_quota_of_the_day_that_is_used_up_says_when_it_is_refilled() {
    let fault = "[[fault]]\non = \"list\"\nstatus = 429\nper_day = true\n";
    let account = Account::of(&format!("{FINISHED}\n{fault}"));
    let mut terminal = Terminal::start(account.dashboard(&[]), 100, 24);
    let screen = terminal.wait_for("quota used up until ");
    assert!(!screen.contains("offline"), "{screen}");
    terminal.wait_for("midnight Pacific time");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}

/// Where the system lets nobody make a network of nothing, there is nothing to see.
#[cfg(target_os = "linux")]
#[test]
fn without_any_network_the_last_list_is_there_and_says_so() {
    let may = Command::new("unshare").args(["-rn", "true"]).status().is_ok_and(|status| status.success());
    if !may {
        eprintln!("not tried: this system does not allow `unshare -rn`");
        return;
    }
    let account = Account::of(FINISHED);
    let mut terminal = account.open(&[]);
    terminal.wait_for("chapter-two");
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));

    let alone = at_home(pty_process::blocking::Command::new("/usr/bin/env"), account.home.path())
        .args(["PATH=/usr/bin:/bin", "unshare", "-rn", PROGRAM])
        .env("GEMINI_API_KEY", super::KEY)
        .env("GOOGLE_GEMINI_BASE_URL", &account.base_url);
    let mut terminal = Terminal::start(alone, 120, 24);
    terminal.wait("the last list", |screen| {
        screen.contains("offline since") && screen.contains("chapter-one") && screen.contains("chapter-two")
    });
    terminal.send("q");
    assert_eq!(terminal.end().code(), Some(0));
}
