//! `save` and `verify`: results to files, and files against their manifest.

use super::program::{World, finish, samples};

const JOBS: &str = r#"
[[job]]
age = "3h"
name = "ch 01/a"
id = "good1"
keys = "line-##"
texts = ["One is spoken.", "Two is spoken.", "Three is spoken."]

[[job]]
age = "3h"
name = "mixed"
id = "mixed1"
keys = "m-##"
texts = ["One.", "Two.", "Three.", "Four."]
result = [{ kind = "error", lines = [2] }, { kind = "silent", lines = [3] }]

[[job]]
age = "3h"
name = "inline"
id = "inline1"
inline = true
texts = ["One is spoken.", "Two is spoken."]

[[job]]
age = "3h"
name = "broken"
id = "broken1"
state = "failed"
texts = ["One."]
"#;

#[test]
fn a_job_is_saved_once_and_then_it_is_there() {
    let world = World::of(JOBS);
    let rows = world.run(&["save", "good1", "--out", "out", "--json"]).code(0).says("3 files in out").json();
    let keys: Vec<&str> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["line-01", "line-02", "line-03"]);
    for row in &rows {
        assert_eq!((&row["status"], &row["verdict"]), (&"saved".into(), &"ok".into()));
        assert!(!samples(&world.path("out").join(row["file"].as_str().unwrap())).is_empty());
    }
    let before = std::fs::metadata(world.path("out/line-01.wav")).unwrap().modified().unwrap();
    world.run(&["save", "good1", "--out", "out"]).code(0);
    assert_eq!(std::fs::metadata(world.path("out/line-01.wav")).unwrap().modified().unwrap(), before);
    assert!(world.run(&["verify", "out"]).code(0).out.contains("3 files as the manifest says"));
}

#[test]
fn without_a_folder_a_job_goes_into_one_named_after_it() {
    let world = World::of(JOBS);
    let ran = world.run(&["save", "good1"]).code(0);
    let folders: Vec<_> =
        std::fs::read_dir(world.home.path()).unwrap().flatten().filter(|entry| entry.path().is_dir()).collect();
    let folder = folders.iter().find(|entry| entry.path().join("manifest.jsonl").exists()).unwrap();
    assert!(ran.out.contains(folder.file_name().to_str().unwrap()), "{ran:?}");
}

#[test]
fn several_jobs_get_a_folder_each() {
    let world = World::of(JOBS);
    world.run(&["save", "good1", "inline1", "--out", "all"]).code(0);
    let folders: Vec<_> = std::fs::read_dir(world.path("all")).unwrap().flatten().collect();
    assert_eq!(folders.len(), 2);
    assert!(folders.iter().all(|folder| folder.path().join("manifest.jsonl").exists()));
}

#[test]
fn what_failed_or_looks_bad_is_4() {
    let world = World::of(JOBS);
    let rows = world.run(&["save", "mixed1", "--out", "out", "--json"]).code(4).json();
    let told: Vec<(&str, &str)> =
        rows.iter().map(|row| (row["status"].as_str().unwrap(), row["verdict"].as_str().unwrap())).collect();
    assert_eq!(told, [("saved", "ok"), ("failed", "error"), ("saved", "silent"), ("saved", "ok")]);
    assert!(!world.path("out/m-02.wav").exists());
    world.run(&["save", "mixed1", "--out", "only", "--key", "m-01", "--key", "*4"]).code(0);
    assert!(world.path("only/m-04.wav").exists() && !world.path("only/m-03.wav").exists());
}

#[test]
fn a_job_without_output_is_1() {
    let world = World::of(JOBS);
    world.run(&["save", "broken1"]).code(1).says("broken1");
    world.run(&["save", "nosuch"]).code(1).says("nosuch");
}

#[test]
fn a_job_that_cannot_be_saved_does_not_keep_the_others_from_it() {
    let world = World::of(JOBS);
    let ran = world.run(&["save", "broken1", "good1", "--out", "all"]).code(1).says("broken1");
    assert!(ran.out.contains("3 files"), "{ran:?}");
    world.run(&["save", "mixed1", "broken1", "inline1", "--out", "more"]).code(1);
    assert_eq!(std::fs::read_dir(world.path("more")).unwrap().count(), 2);
    std::fs::create_dir(world.path("waited")).unwrap();
    let blocked = world.path("waited").join("ch_01_a");
    std::fs::write(blocked, "a file stands where a folder should be").unwrap();
    world.run(&["wait", "good1", "inline1", "--save", "waited"]).code(6).says("ch_01_a");
    assert!(world.path("waited/inline/manifest.jsonl").exists());
}

#[test]
fn a_results_file_on_disk_needs_no_key_and_no_network() {
    let world = World::alone();
    let audio = "AAAQACAAMABAAFAAYABwAIAAkACgALAAwADQAOAA8AAA".repeat(800);
    let line = |key: &str, data: &str| {
        format!(
            r#"{{"response":{{"candidates":[{{"content":{{"parts":[{{"inlineData":{{"mimeType":"audio/L16;codec=pcm;rate=24000","data":"{data}"}}}}]}},"finishReason":"STOP"}}]}},"key":"{key}"}}"#
        )
    };
    world.file("results.jsonl", &format!("{}\n{}\n", line("a", &audio), line("b/c", &audio)));
    let mut command = world.command(&["save", "results.jsonl", "--json"]);
    command.env_remove("GEMINI_API_KEY");
    let ran = finish(command);
    let rows = ran.json();
    assert_eq!(rows.len(), 2, "{ran:?}");
    assert_eq!((&rows[0]["file"], &rows[0]["key"]), (&"a.wav".into(), &"a".into()));
    assert!(rows[1]["file"].as_str().unwrap().starts_with("b_c-"), "{rows:?}");
    assert!(world.path("results/manifest.jsonl").exists());
}

#[test]
fn a_file_that_is_missing_or_holds_no_results_is_1_without_a_key() {
    let world = World::alone();
    world.file("empty.jsonl", "");
    world.file("failed.json", r#"{"name":"batches/abc","done":true,"error":{"code":13,"message":"no"}}"#);
    std::fs::create_dir(world.path("folder.jsonl")).unwrap();
    for (word, why) in [
        ("missing.jsonl", "No such file"),
        ("./missing", "No such file"),
        ("folder.jsonl", "not a file"),
        ("empty.jsonl", "no results"),
        ("failed.json", "no results"),
    ] {
        let mut command = world.command(&["save", word, "--out", "out", "--json"]);
        command.env_remove("GEMINI_API_KEY");
        let ran = finish(command).code(1).says(word).says(why);
        assert_eq!(ran.out, "", "{word}");
    }
}

#[test]
fn what_was_sent_and_what_was_read_are_no_results() {
    let world = World::alone();
    let requests = r#"{"key":"a","request":{"contents":[{"parts":[{"text":"Hi."}]}]}}"#;
    world.file("jobs.jsonl", &format!("{requests}\n"));
    world.file("story.txt", "One is spoken.\nTwo is spoken.\n");
    for (name, why) in [("jobs.jsonl", "holds requests, not results"), ("story.txt", "holds no results")] {
        world.run(&["save", name]).code(1).says(name).says(why).says("hint: ");
        assert!(!world.path(name.split('.').next().unwrap()).exists(), "{name} left a folder");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_6() {
    let world = World::of(JOBS);
    world.file("taken", "a file stands where a folder should be");
    world.run(&["save", "good1", "--out", "taken"]).code(6).says("taken");
}

#[test]
fn a_limit_on_the_size_of_files_is_like_a_full_disk() {
    let world = World::of(JOBS);
    let program = world.command(&["save", "good1", "--out", "out"]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -f 8; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    command.current_dir(world.home.path()).env_clear();
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    finish(command).code(6).says("hint: ");
    let left: Vec<_> = std::fs::read_dir(world.path("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".part")), "{left:?}");
}

#[test]
fn verify_tells_what_differs() {
    let world = World::of(JOBS);
    world.run(&["verify", "nothing-here"]).code(1);
    std::fs::create_dir(world.path("empty")).unwrap();
    world.run(&["verify", "empty"]).code(1).says("manifest");
    world.run(&["save", "good1", "--out", "out"]).code(0);
    std::fs::write(world.path("out/line-01.wav"), "something else").unwrap();
    std::fs::remove_file(world.path("out/line-02.wav")).unwrap();
    let ran = world.run(&["verify", "out"]).code(4);
    assert!(ran.out.contains("line-01.wav: ") && ran.out.contains("line-02.wav: missing"), "{ran:?}");
    let check = world.run(&["verify", "out", "--json"]).code(4).only();
    assert_eq!((&check["right"], check["different"].as_array().unwrap().len()), (&1.into(), 2));
    // Saving again mends it: what is missing comes back, what was changed is left alone and saved beside it.
    world.run(&["save", "good1", "--out", "out"]).code(0);
    world.run(&["verify", "out"]).code(0);
    assert_eq!(std::fs::read(world.path("out/line-01.wav")).unwrap(), b"something else");
}
