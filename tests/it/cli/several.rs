//! Several jobs at once: what each leaves, what is told of all of them, and what one does not do to the others.

use std::collections::BTreeSet;

use gemtts_tui::sim::Call;

use super::program::{Ran, World, finish};

const JOBS: &str = r#"
[[job]]
age = "3h"
name = "same"
id = "first1"
texts = ["One is spoken.", "Two is spoken."]

[[job]]
age = "3h"
name = "same"
id = "second1"
texts = ["Three is spoken.", "Four is spoken."]

[[job]]
age = "3h"
name = "many"
id = "many1"
keys = "m-##"
requests = 30
texts = ["A."]
seconds = 0.2
result = [{ kind = "error" }]

[[job]]
age = "3h"
name = "stuck"
id = "stuck1"
state = "running"
texts = ["One."]

[[job]]
age = "3h"
name = "half"
id = "half1"
state = "cancelled"
done = 0.5
inline = true
texts = ["One.", "Two.", "Three.", "Four."]

[[job]]
age = "3h"
name = "more"
copies = 8
texts = ["One."]

[service]
cancelled_keeps_output = true
"#;

/// The files below a folder, by their path in it.
fn files(world: &World, folder: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for below in std::fs::read_dir(world.path(folder)).unwrap().map(|entry| entry.unwrap().path()) {
        for file in std::fs::read_dir(&below).unwrap().map(|entry| entry.unwrap().path()) {
            found.insert(file.strip_prefix(world.path(folder)).unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

fn talk(ran: &Ran, part: &str) -> usize {
    ran.err.lines().filter(|line| line.contains(part)).count()
}

#[test]
fn two_jobs_of_one_title_are_saved_at_once_into_folders_of_their_own() {
    let world = World::of(JOBS);
    world.file("config.toml", "[transfer]\ndownloads = 2\nmax_rate = \"1 GB/s\"\n");
    let ran = world.run(&["save", "first1", "second1", "first1", "--out", "all", "--config", "config.toml"]).code(0);
    assert_eq!(ran.out.lines().count(), 2, "a job that is named twice is saved once: {ran:?}");
    let found = files(&world, "all");
    for folder in ["same", "same-second1"] {
        assert_eq!(found.iter().filter(|file| file.starts_with(&format!("{folder}/"))).count(), 3, "{found:?}");
    }
    // Another time each of them finds its own again.
    world.run(&["save", "second1", "first1", "--out", "all"]).code(0);
    assert_eq!(files(&world, "all"), found);
}

#[test]
fn rows_of_several_jobs_are_whole_lines_that_name_their_job() {
    let world = World::of(JOBS);
    let ran = world.run(&["save", "first1", "many1", "second1", "--out", "all", "--json"]).code(4);
    let mut jobs: Vec<String> = ran.json().iter().map(|row| row["job"].as_str().unwrap().to_owned()).collect();
    jobs.sort();
    jobs.dedup_by_key(|job| job.clone());
    assert_eq!(jobs, ["batches/first1", "batches/many1", "batches/second1"]);
    assert_eq!(ran.json().len(), 34);
}

#[test]
fn of_many_bad_keys_some_are_told_and_the_manifest_has_all() {
    let world = World::of(JOBS);
    let alone =
        world.run(&["save", "many1", "--out", "out"]).code(4).says("  … and 10 more: see manifest.jsonl in out");
    assert_eq!(talk(&alone, "error (failed)"), 20, "{alone:?}");
    assert_eq!(std::fs::read_to_string(world.path("out/manifest.jsonl")).unwrap().lines().count(), 30);
    assert_eq!(world.run(&["save", "many1", "--out", "out", "--json"]).code(4).json().len(), 30);
    let waited = world.run(&["wait", "many1", "first1", "--save", "waited"]).code(4);
    assert_eq!((talk(&waited, "error (failed)"), talk(&waited, "… and 10 more")), (20, 1), "{waited:?}");
    // Beside others its lines stand together below its name.
    let lines: Vec<&str> = waited.err.lines().collect();
    let name = lines.iter().position(|line| *line == "batches/many1:").unwrap();
    assert!(lines[name + 1..name + 21].iter().all(|line| line.contains("error (failed)")), "{waited:?}");
}

#[test]
fn a_job_that_cannot_be_written_does_not_stop_those_beside_it() {
    let world = World::of(JOBS);
    std::fs::create_dir_all(world.path("all/many")).unwrap();
    std::fs::create_dir(world.path("all/many/manifest.jsonl")).unwrap();
    let ran = world.run(&["save", "first1", "many1", "second1", "--out", "all"]).code(6).says("manifest.jsonl");
    assert_eq!(ran.out.lines().count(), 2, "{ran:?}");
    assert_eq!(files(&world, "all").iter().filter(|file| file.ends_with(".wav")).count(), 4);
}

#[test]
fn results_files_of_one_name_get_folders_of_their_own() {
    let world = World::alone();
    let line = r#"{"key":"a","error":{"code":13,"message":"no"}}"#;
    for folder in ["one", "two"] {
        std::fs::create_dir(world.path(folder)).unwrap();
        world.file(&format!("{folder}/results.jsonl"), &format!("{line}\n"));
    }
    world.run(&["save", "one/results.jsonl", "two/results.jsonl"]).code(4);
    assert!(world.path("results/manifest.jsonl").exists() && world.path("results-2/manifest.jsonl").exists());
}

#[test]
fn a_results_file_is_saved_without_a_home() {
    let world = World::alone();
    world.file("results.jsonl", "{\"key\":\"a\",\"error\":{\"code\":13,\"message\":\"no\"}}\n");
    let mut command = world.command(&["save", "results.jsonl", "--out", "out"]);
    command.env_remove("HOME").env_remove("GEMINI_API_KEY");
    finish(command).code(4);
    assert!(world.path("out/manifest.jsonl").exists());
    // What needs to remember something still asks for one.
    let mut command = world.command(&["list"]);
    command.env_remove("HOME");
    finish(command).code(2).says("HOME");
}

#[test]
fn a_wait_without_time_looks_once() {
    let world = World::of(JOBS);
    assert_eq!(world.run(&["wait", "first1", "--timeout", "0s"]).code(0).out.lines().count(), 1);
    let late = world.run(&["wait", "stuck1", "--timeout", "0s"]).code(124);
    assert!(late.out.contains("RUNNING"), "{late:?}");
}

#[test]
fn partial_results_of_a_stopped_inline_job_are_saved_when_its_state_came_from_a_list() {
    let world = World::of(JOBS);
    // So many jobs are looked at through the list, which shows no inline results.
    let names: Vec<String> = world
        .run(&["list", "--json"])
        .code(0)
        .json()
        .iter()
        .filter(|job| job["displayName"].as_str().is_some_and(|name| name.starts_with("more") || name == "half"))
        .map(|job| job["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 9, "{names:?}");
    let mut arguments: Vec<&str> = vec!["wait", "--save", "waited"];
    arguments.extend(names.iter().map(String::as_str));
    world.run(&arguments).code(4);
    assert_eq!(
        files(&world, "waited").iter().filter(|file| file.starts_with("half/") && file.ends_with(".wav")).count(),
        2
    );
    assert!(world.control().count(Call::List) > 0);
}
