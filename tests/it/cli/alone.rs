//! What needs no service, no key and no terminal; and what needs a terminal and has none.

use std::process::Stdio;

use rustix::process::{Pid, Signal};

use super::program::{World, finish, first_line};

fn without_key(world: &World, arguments: &[&str]) -> super::program::Ran {
    let mut command = world.command(arguments);
    command.env_remove("GEMINI_API_KEY").env_remove("GOOGLE_GEMINI_BASE_URL");
    finish(command)
}

#[test]
fn without_a_terminal_the_dashboard_names_the_command_to_use() {
    let world = World::alone();
    for arguments in [&[][..], &["--demo"], &["--read-only"]] {
        let ran = world.run(arguments).code(2).says("terminal").says("gemtts-tui");
        assert!(ran.err.contains(" list`"), "{ran:?}");
        assert_eq!(ran.out, "");
    }
}

#[test]
fn wrong_command_lines_are_2() {
    let world = World::alone();
    for arguments in [
        &["frobnicate"][..],
        &["list", "--frobnicate"],
        &["list", "--state", "runing"],
        &["list", "--filter", "stat:running"],
        &["list", "--limit", "many"],
        &["get"],
        &["get", "a", "--json", "--raw"],
        &["create"],
        &["cancel"],
        &["cancel", "--filter", ""],
        &["wait", "a", "--timeout", "soon"],
        &["save", "a", "--format", "midi"],
        &["sim", "--listen", "0.0.0.0:0"],
        &["sim", "--speed", "0"],
        &["completions", "tcsh"],
        &["retake"],
        &["assemble", "a"],
        &["list", "--api-key", "x"],
    ] {
        let ran = world.run(arguments).code(2);
        assert_eq!(ran.out, "", "{arguments:?}");
    }
}

#[test]
fn lint_works_without_key_and_network() {
    let world = World::alone();
    world.file("good.txt", "Hello there.\nA second line.\n");
    without_key(&world, &["lint", "good.txt"]).code(0);
    let good = r#"{"key":"a","request":{"contents":[{"parts":[{"text":"Hi."}]}]}}"#;
    world.file("bad.jsonl", &format!("{good}\n{good}\nnot json\n"));
    let ran = without_key(&world, &["lint", "bad.jsonl", "--json"]).code(1);
    let findings = ran.json();
    assert!(findings.len() >= 2, "{ran:?}");
    for finding in &findings {
        let fields: Vec<&str> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["source", "line", "column", "key", "severity", "rule", "message", "fix", "fixed"]);
        assert_eq!(finding["source"], "bad.jsonl");
    }
    assert!(findings.iter().any(|finding| finding["line"] == 3 && finding["severity"] == "error"), "{findings:?}");
    assert!(findings.iter().any(|finding| finding["line"] == 2 && finding["key"] == "a"), "{findings:?}");
    without_key(&world, &["lint", "nosuch.txt"]).code(1).says("nosuch.txt");
    let left: Vec<_> = std::fs::read_dir(world.home.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 2, "lint writes nothing: {left:?}");
}

#[test]
fn tables_that_the_program_carries_need_nothing() {
    let world = World::alone();
    let models = without_key(&world, &["models", "--json"]).code(0).json();
    assert!(models.iter().any(|model| model["default"] == true && model["inputTokenLimit"].is_number()), "{models:?}");
    assert_eq!(without_key(&world, &["voices", "--json"]).code(0).json().len(), 30);
    assert!(without_key(&world, &["voices"]).code(0).out.contains("Kore"));
    let keys = without_key(&world, &["keys"]).code(0).out;
    for part in ["Jobs\t", "Ctrl-d", "Space"] {
        assert!(keys.contains(part), "{part}: {keys}");
    }
    assert!(without_key(&world, &["completions", "bash"]).code(0).out.contains("complete -F"));
    assert!(without_key(&world, &["man"]).code(0).out.contains(".TH"));
    assert!(without_key(&world, &["--version"]).code(0).out.starts_with("gemtts-tui "));
}

#[test]
fn help_lists_what_there_is_and_nothing_else() {
    let world = World::alone();
    let help = without_key(&world, &["--help"]).code(0).out;
    for verb in [
        "list",
        "get",
        "create",
        "lint",
        "cancel",
        "delete",
        "wait",
        "save",
        "verify",
        "retake",
        "files",
        "models",
        "voices",
        "sim",
        "doctor",
        "keys",
        "completions",
        "man",
    ] {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb}: {help}");
    }
    assert!(!help.contains("assemble"), "{help}");
}

#[test]
fn the_service_says_where_it_listens_and_serves_until_it_is_stopped() {
    let world = World::alone();
    world.file("jobs.toml", "[[job]]\nname = \"ch01\"\nid = \"abc\"\ntexts = [\"One.\"]\n");
    let mut sim = world.command(&["sim", "--scenario", "jobs.toml"]).stdout(Stdio::piped()).spawn().unwrap();
    let line = first_line(&mut sim);
    let url = line.strip_prefix("listening on ").unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{line}");
    let ran = world.run(&["list", "--json", "--base-url", url]).code(0);
    assert_eq!(ran.only()["name"], "batches/abc");
    stop(&sim, Signal::TERM);
    assert_eq!(sim.wait().unwrap().code(), Some(143));
    world.file("bad.toml", "[[job]]\nnames = 1\n");
    world.run(&["sim", "--scenario", "bad.toml"]).code(2);
}

#[test]
fn a_signal_ends_a_command_with_its_number() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let world = World::of("[[job]]\nname = \"stuck\"\nid = \"abc\"\nstate = \"running\"\ntexts = [\"One.\"]\n");
        let mut wait = world.command(&["wait", "abc"]).stdout(Stdio::piped()).spawn().unwrap();
        assert!(first_line(&mut wait).contains("RUNNING"));
        stop(&wait, signal);
        assert_eq!(wait.wait().unwrap().code(), Some(code), "{signal:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let world = World::of("[[job]]\nname = \"stuck\"\nid = \"abc\"\nstate = \"running\"\ntexts = [\"One.\"]\n");
    let plain = world.command(&["wait", "abc"]);
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(plain.get_program()).args(plain.get_args()).env_clear();
    for (name, value) in plain.get_envs() {
        shell.env(name, value.unwrap());
    }
    let mut wait = shell.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    assert!(first_line(&mut wait).contains("RUNNING"));
    // The one that is ignored comes first, so it had its chance by the time the other one ends the program.
    stop(&wait, Signal::HUP);
    stop(&wait, Signal::TERM);
    assert_eq!(wait.wait().unwrap().code(), Some(143));
}

/// Ends a program of ours by its own id.
fn stop(child: &std::process::Child, signal: Signal) {
    rustix::process::kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn a_name_on_the_disk_cannot_drive_a_terminal() {
    let world = World::alone();
    let evil = "evil\u{1b}[2J\u{9b}2J\u{202e}";
    std::fs::create_dir(world.path(evil)).unwrap();
    world.file(&format!("{evil}.jsonl"), "{\n");
    let lines: [&[&str]; 4] = [
        &["verify", evil],
        &["lint", &format!("{evil}.jsonl")],
        &["lint", &format!("no-{evil}.txt")],
        &["save", &format!("{evil}.jsonl"), "--out", &format!("{evil}.jsonl")],
    ];
    for line in lines {
        let ran = world.run(line);
        let shown = format!("{}{}", ran.out, ran.err);
        assert!(shown.contains("evil␛[2J") || shown.contains("evil\\u001b[2J"), "{line:?}: {shown:?}");
        assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{line:?}: {shown:?}");
    }
}
