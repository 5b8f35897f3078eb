//! `doctor`: each thing is broken once, and it says so in its own line, for people and for scripts.

use std::fs;
use std::path::PathBuf;

use gemtts_tui::clock::Timestamp;
use gemtts_tui::secret::SessionAddress;
use gemtts_tui::sim::Scenario;
use gemtts_tui::store::{Store, UnderWay};
use serde_json::Value;

use super::program::{Ran, World, finish};

fn state(world: &World) -> PathBuf {
    world.path(".local/state/gemtts-tui")
}

/// Status and detail of the first line of that name that is not well, else of the first.
#[track_caller]
fn check(ran: &Ran, what: &str) -> (String, String) {
    let lines = ran.json();
    let of = |line: &&Value| line["check"] == what;
    let word = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let bad = lines.iter().filter(of).find(|line| line["status"] != "ok");
    let line = bad.or_else(|| lines.iter().find(of)).unwrap_or_else(|| panic!("no {what}: {ran:#?}"));
    (word(line, "status"), word(line, "detail"))
}

#[track_caller]
fn says(ran: &Ran, what: &str, status: &str, part: &str) {
    let (found, detail) = check(ran, what);
    assert!(found == status && detail.contains(part), "{what}: {status} {part:?}, and it is {found} {detail:?}");
}

#[test]
fn where_all_is_well_the_doctor_says_so_of_everything() {
    let world = World::with(Scenario::test());
    world.run(&["list"]).code(0);
    let ran = world.run(&["doctor", "--json"]).code(0);
    for what in ["configuration", "key", "endpoint", "state", "cache", "journals", "locks", "campaigns"] {
        says(&ran, what, "ok", "");
    }
    for what in ["uploads", "temporary", "clipboard"] {
        says(&ran, what, "ok", "");
    }
    says(&ran, "state", "ok", " free");
    // The day of the embedded service stands still.
    says(&ran, "clock", "note", " of the service");
    says(&ran, "terminal", "note", "TERM=xterm, UTF-8 by LANG=C.UTF-8");
    let text = world.run(&["doctor"]).code(0);
    assert_eq!(text.out.lines().count(), ran.json().len(), "{}", text.out);
    assert!(text.out.lines().all(|line| line.starts_with("ok ") || line.starts_with("note ")), "{}", text.out);
}

#[test]
fn what_the_state_folder_tells_is_told() {
    let world = World::with(Scenario::test());
    world.file("a.txt", "One line.\n");
    world.run(&["create", "a.txt"]).code(0);
    let folder = state(&world);

    // An upload that stopped, a temporary file of last year, a dashboard, and a line that a disk has damaged.
    let store = Store::open(&folder).unwrap();
    let upload = UnderWay {
        sha256: "ab".repeat(32),
        size: 9_000_000,
        origin: "https://example.org".into(),
        key_fingerprint: None,
        display_name: "ch\u{1b}01".into(),
        piece: 8 << 20,
        at: Timestamp::UNIX_EPOCH,
        address: SessionAddress::new("https://example.org/up?upload_id=secret"),
    };
    store.upload_begun(&upload).unwrap();
    let stale = folder.join("documents/.old.part");
    let file = fs::File::create(&stale).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000)).unwrap();
    let _held = Store::lock_dashboard(&folder, ", pts/9, since 2026-01-02T03:04:05Z").unwrap();
    let _action = store.lock("create-ab", "a create").unwrap();
    let journal = folder.join("intents.jsonl");
    let damaged = fs::read_to_string(&journal).unwrap().replacen("\"record\"", "\"recorb\"", 1);
    fs::write(&journal, &damaged).unwrap();

    let ran = world.run(&["doctor", "--json"]).code(0);
    says(&ran, "uploads", "note", "ch\u{241b}01 (9.0 MB, begun ");
    says(&ran, "temporary", "note", ".old.part");
    says(&ran, "locks", "note", &format!("dashboard is held by process {} on ", std::process::id()));
    assert!(ran.out.contains("create-ab is held by process "), "{}", ran.out);
    says(&ran, "journals", "note", "intents.jsonl cannot be read, the first is line 1");
    assert!(!ran.out.contains("secret"), "the address of an upload is told");
    let text = world.run(&["doctor"]).code(0).out;
    assert!(text.contains("journals") && text.contains("line 1") && !text.contains("secret"), "{text}");
    assert_eq!(fs::read_to_string(&journal).unwrap(), damaged, "it was only looked at");
}

#[test]
fn what_does_not_work_decides_the_exit_code() {
    let world = World::with(Scenario::test());
    world.run(&["list"]).code(0);
    let folder = state(&world);

    fs::create_dir(folder.join("saves.jsonl")).unwrap();
    says(&world.run(&["doctor", "--json"]).code(6), "journals", "problem", "saves.jsonl");
    fs::remove_dir(folder.join("saves.jsonl")).unwrap();

    let mut unwritable = world.command(&["doctor", "--json"]);
    unwritable.env("XDG_STATE_HOME", "/proc");
    says(&finish(unwritable).code(6), "state", "problem", "cannot be written into");

    let config = world.file("config.toml", "read_only = maybe\n");
    let broken = world.run(&["doctor", "--json", "--config", config.to_str().unwrap()]).code(2);
    says(&broken, "configuration", "problem", "line 1");
    says(&broken, "state", "ok", "");

    let mut refused = world.command(&["doctor", "--json"]);
    refused.env("GEMINI_API_KEY", "bad");
    says(&finish(refused).code(3), "endpoint", "problem", "key");
    let mut none = world.command(&["doctor", "--json"]);
    none.env_remove("GEMINI_API_KEY");
    let none = finish(none).code(0);
    says(&none, "key", "note", "none: set GEMINI_API_KEY");
    says(&none, "journals", "ok", "whole");

    let mut shut = world.command(&["doctor", "--json"]);
    shut.env("GEMTTS_READ_ONLY", "1").env("TMUX", "/tmp/tmux").env("TERM", "tmux-256color").env("LANG", "C");
    let shut = finish(shut).code(0);
    says(&shut, "mode", "note", "read-only by environment GEMTTS_READ_ONLY");
    says(&shut, "clipboard", "note", "set-clipboard on");
    says(&shut, "terminal", "note", "ASCII by LANG=C");

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        says(&world.run(&["doctor", "--json"]).code(0), "state", "note", "run: chmod 700 ");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        says(&world.run(&["doctor", "--json"]).code(6), "journals", "problem", "run: chmod 700 ");
    }
}
