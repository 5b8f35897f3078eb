//! The hostile set by the other ways: waited for and saved, and opened, looked through and saved in the dashboard.

use pty_process::blocking::Command as InTerminal;

use super::case::Case;
use super::check::{by_line, same_as};
use super::server::{JOB, Results, Server};
use super::set;
use crate::cli::program::{World, finish};
use crate::pty::Terminal;

#[test]
fn waiting_and_the_dashboard_save_what_the_command_saves() {
    let cases = set::cases();
    let cases: Vec<&Case> = cases.iter().collect();
    let bytes = set::dressed(&cases, set::Dress::default());
    let server = Server::start(Results::File { bytes, requests: cases.len() });
    let world = World::alone();
    finish(server.command(&world, &["save", JOB, "--out", "out"])).code(4);
    finish(server.command(&world, &["wait", JOB, "--save", "waited"])).code(4);
    let waited = ["waited", "waited/hostile"].map(|folder| world.path(folder));
    let waited = waited.iter().find(|folder| folder.join("manifest.jsonl").exists()).expect("a manifest");
    same_as("wait --save", waited, &world.path("out"));

    // A home of its own, so that nothing is there beforehand.
    let home = World::alone();
    let program = server.command(&home, &[]);
    let mut command = InTerminal::new(program.get_program()).env_clear().current_dir(home.home.path());
    for (name, value) in program.get_envs() {
        command = command.env(name, value.unwrap_or_default());
    }
    let mut terminal = Terminal::start(command, 140, 40);
    terminal.wait_for("hostile");
    terminal.wait_for("live");
    terminal.send("\r");
    // All rows are there once both the first and the last one can be shown.
    terminal.wait_for("encoding-000");
    terminal.wait("every row", |screen| screen.contains(&format!("Keys  {} ", cases.len())));
    terminal.send("G");
    terminal.wait_for("mi_ne-");
    let last = by_line(&world.path("out"))[&(cases.len() as u64)].clone();
    assert!(last["key"].as_str().unwrap().starts_with("mi_ne-"), "{last}");
    // Page by page to the top, over every key, verdict and reason.
    for _ in 0..cases.len().div_ceil(20) {
        terminal.send("\x1b[5~");
    }
    terminal.wait_for("encoding-000");
    terminal.send("S");
    terminal.wait("the end of the save", |screen| screen.contains("saved") && !screen.contains("saving "));
    terminal.send("q");
    terminal.end();
    let written = terminal.bytes();
    for payload in [&b"\x1b]0;x"[..], b"\x1b[31mb", b"\x1b[31mg", "\u{202e}".as_bytes(), b"\x07"] {
        let found = written.windows(payload.len()).any(|window| window == payload);
        assert!(!found, "{payload:?} reached the terminal");
    }
    same_as("the dashboard", &home.path("hostile"), &world.path("out"));
    finish(home.command(&["verify", "hostile"])).code(0);
}
