//! `retake`: what failed or sounds wrong, again, as one create; and the takes together in one folder.

use std::collections::BTreeMap;
use std::path::Path;

use gemtts_tui::sim::{Call, Fault, Scenario};
use serde_json::{Value, json};

use super::program::{World, finish};

/// Of six requests the last four go wrong, and of four that are sent again none does.
const BAD_END: &str = r#"
[[result]]
kind = "error"
lines = [5]

[[result]]
kind = "silent"
lines = [6]

[[result]]
kind = "other"
lines = [7]

[[result]]
kind = "blocked"
lines = [8]
"#;

/// It takes a temperature.
const MODEL: &str = "gemini-3.1-flash-tts-preview";

fn request(key: &str, temperature: Value) -> String {
    let config = json!({
        "responseModalities": ["AUDIO"],
        "temperature": temperature,
        "speechConfig": { "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": "Kore" } } },
    });
    let text = format!("This is the text of {key}, as it is spoken.");
    let request = json!({ "contents": [{ "parts": [{ "text": text }] }], "generationConfig": config });
    format!("{}\n", json!({ "key": key, "request": request }))
}

/// A job of eight requests that is over and saved; its name.
fn saved_job(world: &World) -> String {
    let lines: String =
        (1..=8).map(|n| request(&format!("k{n}"), if n == 7 { json!(0.2) } else { json!(1) })).collect();
    world.file("story.jsonl", &lines);
    let job = world.run(&["create", "story.jsonl", "--model", MODEL, "--wait", "--json"]).code(4).only();
    let name = job["name"].as_str().unwrap().to_owned();
    world.run(&["save", &name]).code(4);
    name
}

/// The last line of the manifest about each key that has a file.
fn takes(folder: &Path) -> BTreeMap<String, (String, String)> {
    let mut takes = BTreeMap::new();
    for line in std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        if let (Some(key), Some(file)) = (record["key"].as_str(), record["file"].as_str()) {
            let verdict = record["verdict"].as_str().unwrap();
            takes.insert(key.to_owned(), (file.to_owned(), verdict.to_owned()));
        }
    }
    takes
}

#[test]
fn what_went_wrong_is_taken_again_once_and_saved_beside_the_rest() {
    let world = World::of(BAD_END);
    let name = saved_job(&world);

    let dry = world.run(&["retake", &name, "--dry-run", "--json"]).code(0).says("1 key that the service refused");
    let told: Vec<(String, String, String)> = dry
        .json()
        .iter()
        .map(|take| ["key", "verdict", "change"].map(|field| take[field].as_str().unwrap().to_owned()).into())
        .collect();
    let expected = [("k5", "error", "again"), ("k6", "silent", "again"), ("k7", "empty", "temperature")];
    assert_eq!(told, expected.map(|(key, verdict, change)| (key.into(), verdict.into(), change.into())));
    let warmer = &dry.json()[2];
    assert_eq!((&warmer["before"], &warmer["after"]), (&"temperature 0.2".into(), &"temperature 1".into()));
    assert_eq!(dry.json()[0]["before"], Value::Null);
    let shown = world.run(&["retake", &name, "--dry-run"]).code(0).says("nothing was sent").out;
    assert!(shown.contains("  - temperature 0.2\n  + temperature 1\n"), "{shown}");
    assert!(shown.contains("story retake 1"), "{shown}");
    assert_eq!(world.control().n_created(), 1);

    let made = world.run(&["retake", &name, "--wait", "--json"]).code(0).json();
    let job = made.last().unwrap();
    assert_eq!((made.len(), &job["displayName"]), (4, &"story retake 1".into()));
    assert_eq!((&job["state"], &job["outcome"]), (&"JOB_STATE_SUCCEEDED".into(), &"confirmed".into()));
    assert_eq!((world.control().n_created(), &job["batchStats"]["requestCount"]), (2, &3.into()));

    // Without a folder the takes go to where the original was saved, and what is there stays as it is.
    let before = std::fs::read(world.path("story/k6.wav")).unwrap();
    world.run(&["save", job["name"].as_str().unwrap()]).code(0);
    assert_eq!(std::fs::read(world.path("story/k6.wav")).unwrap(), before);
    let takes = takes(&world.path("story"));
    let keys: Vec<&str> = takes.keys().map(String::as_str).collect();
    assert_eq!(keys, ["k1", "k2", "k3", "k4", "k5", "k6", "k7"]);
    assert!(takes.values().all(|(_, verdict)| verdict == "ok"), "{takes:?}");
    assert_eq!((takes["k5"].0.as_str(), takes["k7"].0.as_str()), ("k5.wav", "k7.wav"));
    assert!(takes["k6"].0.starts_with("k6-"), "{takes:?}");
    world.run(&["verify", "story"]).code(0);

    // The same again may be a second press of the same key.
    world.run(&["retake", &name]).code(7).says("--yes");
    assert_eq!(world.control().n_created(), 2);
    let again = world.run(&["retake", &name, "--yes", "--json"]).code(0).json();
    assert_eq!(again.last().unwrap()["displayName"], "story retake 2");
    assert_eq!(world.control().n_created(), 3);
}

#[test]
fn a_good_take_is_not_followed_by_a_bad_one() {
    let world = World::of("[[result]]\nkind = \"silent\"\nlines = [2]\n");
    world.file("a.txt", "One is spoken.\nTwo is spoken.\n");
    let job = world.run(&["create", "a.txt", "--wait", "--json", "--key-template", "k{n}"]).code(0).only();
    let name = job["name"].as_str().unwrap();
    // Only what is good of the original is saved first, so that its bad take would come last.
    world.run(&["save", name, "--key", "k1"]).code(0);
    let made = world.run(&["retake", name, "--wait", "--json"]).code(0).json();
    let retake = made.last().unwrap()["name"].as_str().unwrap();
    world.run(&["save", retake]).code(0);
    let rows = world.run(&["save", name, "--json"]).code(4).json();
    let of_k2 = rows.iter().find(|row| row["key"] == "k2").unwrap();
    assert_eq!((&of_k2["status"], &of_k2["verdict"]), (&"duplicate".into(), &"silent".into()));
    assert_eq!(takes(&world.path("a"))["k2"], ("k2.wav".into(), "ok".into()));
    world.run(&["verify", "a"]).code(0);
    // The other way round both can be named at once: the folder takes one after the other.
    world.run(&["save", name, retake]).code(4);
}

#[test]
fn of_two_bad_takes_the_later_one_holds_and_retakes_are_counted_on() {
    // The first request of every job fails, and so does the only one of a retake.
    let world = World::of("[[result]]\nkind = \"quiet\"\nlines = [1]\n");
    world.file("a.txt", "One is spoken.\nTwo is spoken.\n");
    let job = world.run(&["create", "a.txt", "--wait", "--json", "--key-template", "k{n}"]).code(0).only();
    let name = job["name"].as_str().unwrap();
    world.run(&["save", name]).code(4);
    let made = world.run(&["retake", name, "--wait", "--json"]).code(0).json();
    let retake = made.last().unwrap()["name"].as_str().unwrap();
    world.run(&["save", retake]).code(4);
    let takes = takes(&world.path("a"));
    assert!(takes["k1"].0.starts_with("k1-") && takes["k1"].1 == "quiet", "{takes:?}");
    let again = world.run(&["retake", retake, "--dry-run"]).code(0).out;
    assert!(again.contains("\"a retake 2\""), "{again}");
}

#[test]
fn refused_keys_are_taken_again_when_that_is_asked_for() {
    let world = World::of(BAD_END);
    let name = saved_job(&world);
    let takes = world.run(&["retake", &name, "--dry-run", "--json", "--refused"]).code(0).json();
    let refused: Vec<&Value> = takes.iter().filter(|take| take["verdict"] == "refused").collect();
    assert_eq!((takes.len(), refused.len(), &refused[0]["key"]), (4, 1, &"k8".into()));
}

#[test]
fn what_was_cancelled_before_it_was_done_is_missing_and_taken_again() {
    let world = World::with(Scenario::parse("[timing]\npending = \"1h\"\ncancel = \"10ms\"\n").unwrap());
    world.file("a.txt", "One is spoken.\nTwo is spoken.\n");
    let job = world.run(&["create", "a.txt", "--json"]).code(0).only();
    let name = job["name"].as_str().unwrap();
    world.run(&["retake", name]).code(1).says("cannot be retaken yet");
    world.run(&["cancel", name, "--yes"]).code(0);
    let takes = world.run(&["retake", name, "--dry-run", "--json"]).code(0).json();
    assert_eq!(takes.len(), 2, "{takes:?}");
    assert!(takes.iter().all(|take| take["verdict"] == "missing" || take["verdict"] == "error"), "{takes:?}");
    assert_eq!(world.control().n_created(), 1);
}

#[test]
fn a_lost_answer_of_a_retake_is_found_and_still_a_take_of_its_original() {
    let world = World::of(BAD_END);
    let name = saved_job(&world);
    world.control().add_fault(Fault::lost_answer(Call::Create));
    let made = world.run(&["retake", &name, "--wait", "--json"]).code(0).says("the answer was lost").json();
    assert_eq!((made.last().unwrap()["outcome"].as_str(), world.control().n_created()), (Some("adopted"), 2));
    world.run(&["save", made.last().unwrap()["name"].as_str().unwrap()]).code(0);
    assert_eq!(takes(&world.path("story")).len(), 7);
}

#[test]
fn what_cannot_be_retaken_is_told_and_nothing_is_sent() {
    let theirs = "[[job]]\nage = \"3h\"\nname = \"theirs\"\nid = \"theirs1\"\ntexts = [\"One.\"]\n";
    let world = World::of(&format!("{theirs}{BAD_END}"));
    world.run(&["retake", "theirs1"]).code(1).says("not on this machine").says("gemtts-tui create");
    world.run(&["retake", "nosuch1"]).code(1);
    let mut command = world.command(&["retake", "theirs1"]);
    command.arg("--read-only");
    finish(command).code(7);

    let name = saved_job(&world);
    world.run(&["retake", &name, "--read-only", "--yes"]).code(7);
    world.run(&["retake", &name, "--read-only", "--dry-run"]).code(0);
    assert_eq!(world.control().n_created(), 1);

    world.file("good.txt", "One is spoken.\n");
    let good = world.run(&["create", "good.txt", "--wait", "--json"]).code(0).only();
    let told = world.run(&["retake", good["name"].as_str().unwrap()]).code(0).says("nothing to retake");
    assert_eq!((told.out.as_str(), world.control().n_created()), ("", 2));
}
