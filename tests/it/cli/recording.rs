//! `--record` and `--replay`: what was said to the service and by it, and the same again without it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::program::{World, finish};

const JOBS: &str = r#"
[[job]]
age = "3h"
name = "story"
id = "story1"
keys = "k-##"
texts = ["One is spoken.", "Two is spoken.", "Three is spoken."]

[[job]]
age = "3h"
name = "broken"
id = "broken1"
state = "failed"
texts = ["One."]
"#;

/// The commands again, on a recording, in a home where nothing else is.
fn replayed(world: &World, recording: &str, arguments: &[&str]) -> super::program::Ran {
    let recording = world.path(recording);
    let mut arguments = arguments.to_vec();
    arguments.extend(["--replay", recording.to_str().unwrap()]);
    let other = World::alone();
    let mut command = other.command(&arguments);
    command.env_remove("GEMINI_API_KEY").env_remove("GOOGLE_GEMINI_BASE_URL");
    finish(command)
}

#[test]
fn a_recorded_command_says_the_same_without_the_service() {
    let world = World::of(JOBS);
    let listed = world.run(&["list", "--json", "--record", "list.rec"]).code(0);
    let saved = world.run(&["save", "batches/story1", "--json", "--out", "out", "--record", "save.rec"]).code(0);
    let again = replayed(&world, "list.rec", &["list", "--json"]).code(0);
    let of = |ran: &super::program::Ran| -> Vec<String> {
        ran.json().iter().map(|job| format!("{} {}", job["name"], job["state"])).collect()
    };
    assert_eq!(of(&again), of(&listed));
    let out = world.path("again");
    let again =
        replayed(&world, "save.rec", &["save", "batches/story1", "--json", "--out", out.to_str().unwrap()]).code(0);
    assert_eq!(again.json(), saved.json());
    for key in ["k-01", "k-02", "k-03"] {
        let name = format!("{key}.wav");
        assert_eq!(fs::read(out.join(&name)).unwrap(), fs::read(world.path("out").join(&name)).unwrap());
    }
}

#[test]
fn a_whole_create_is_recorded_and_played() {
    let world = World::of("");
    world.file("a.txt", "One is spoken.\nTwo is spoken.\n");
    world.run(&["create", "a.txt", "--wait", "--record", "create.rec"]).code(0);
    let source = world.path("a.txt");
    let again = replayed(&world, "create.rec", &["create", source.to_str().unwrap(), "--wait"]).code(0);
    assert!(again.out.starts_with("batches/"), "{again:?}");
    assert_eq!(world.control().n_created(), 1, "a replay reaches nobody");
}

#[test]
fn a_recording_is_private_and_holds_no_key_and_no_upload_session() {
    let world = World::of(JOBS);
    // A text that holds the key itself: it goes to the service, and not into the recording.
    let key = "AIzaCANARY000000000000000000000000000000";
    world.file("a.txt", &format!("The key is {key}.\n"));
    let mut command = world.command(&["create", "a.txt", "--record", "r.rec"]);
    command.env("GEMINI_API_KEY", key);
    finish(command).code(0);
    let recorded = fs::read_to_string(world.path("r.rec")).unwrap();
    assert!(!recorded.contains("CANARY"), "{recorded}");
    assert!(recorded.contains("[key]") && !recorded.to_lowercase().contains("x-goog-api-key"), "{recorded}");
    assert!(recorded.contains("upload_id") && recorded.contains("[hidden]"), "{recorded}");
    let sessions: Vec<&str> = recorded.split("upload_id=").skip(1).collect();
    assert!(sessions.iter().all(|rest| rest.starts_with("%5Bhidden%5D") || rest.starts_with("[hidden]")), "{recorded}");
    assert_eq!(fs::metadata(world.path("r.rec")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_recording_never_goes_over_another_file() {
    let world = World::of(JOBS);
    world.file("r.rec", "mine\n");
    world.run(&["list", "--record", "r.rec"]).code(6).says("cannot write the recording").says("name a new one");
    assert_eq!(fs::read_to_string(world.path("r.rec")).unwrap(), "mine\n");
}

#[test]
fn what_is_no_recording_is_named_by_its_line() {
    let world = World::alone();
    for (text, said) in [("", "line 1: the file is empty"), ("{}\n", "line 1"), ("not json\n", "line 1")] {
        world.file("r.rec", text);
        replayed(&world, "r.rec", &["list"]).code(2).says("is no recording").says(said);
    }
    replayed(&world, "none.rec", &["list"]).code(2).says("cannot read the recording");
}

#[test]
fn what_was_never_asked_is_refused_by_name() {
    let world = World::of(JOBS);
    world.run(&["get", "batches/story1", "--record", "r.rec"]).code(0);
    replayed(&world, "r.rec", &["get", "batches/story1"]).code(0);
    replayed(&world, "r.rec", &["get", "batches/broken1"]).code(1).says("is not in the recording");
}

#[test]
fn a_recording_that_was_cut_in_a_line_plays_up_to_there() {
    let world = World::of(JOBS);
    world.run(&["list", "--record", "r.rec"]).code(0);
    let whole = fs::read(world.path("r.rec")).unwrap();
    let second = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0;
    // The head of the answer and half of what follows it.
    for cut in [second + 20, whole.len() - 10] {
        fs::write(world.path("r.rec"), &whole[..cut]).unwrap();
        let ran = replayed(&world, "r.rec", &["list"]);
        assert!(!ran.err.contains("is no recording") && !ran.err.contains("panick"), "{ran:?}");
    }
}
