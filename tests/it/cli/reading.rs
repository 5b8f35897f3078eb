//! `list`, `get`, `doctor`, `files list`: what only reads.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use gemtts_tui::sim::{Answer, Call, Fault, Scenario};

use super::program::{World, finish};

const JOBS: &str = r#"
[[job]]
name = "ch01"
id = "alpha1"
texts = ["One.", "Two.", "Three."]
age = "3h"

[[job]]
name = "evil \u001b[2J \u202e name"
id = "alpha2"
texts = ["One."]
state = "failed"
error = "it \u001b]0;broke"
age = "2h"

[[job]]
name = "stuck"
id = "beta"
texts = ["One.", "Two."]
state = "running"
done = 0.5
age = "1h"
"#;

#[test]
fn every_page_is_listed_newest_first() {
    let world = World::with(Scenario { many_jobs: 232, ..Scenario::test() });
    let jobs = world.run(&["list", "--json"]).code(0).json();
    assert_eq!(jobs.len(), 232);
    let times: Vec<&str> = jobs.iter().map(|job| job["createTime"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b));
    assert_eq!(world.run(&["list"]).code(0).out.lines().count(), 233);
    assert_eq!(world.run(&["list", "--limit", "5", "--json"]).code(0).json(), jobs[..5]);
}

#[test]
fn a_job_without_a_name_is_wrong_usage() {
    let world = World::of(JOBS);
    for verb in ["get", "save", "wait"] {
        world.run(&[verb, ""]).code(2).says("the name of a job is empty").says("variable");
    }
}

#[test]
fn json_of_a_job_is_that_of_the_contract() {
    let world = World::of(JOBS);
    let job = world.run(&["get", "alpha1", "--json"]).code(0).only();
    let fields: Vec<&str> = job.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        [
            "name",
            "displayName",
            "kind",
            "model",
            "state",
            "batchStats",
            "createTime",
            "updateTime",
            "endTime",
            "source",
            "dest",
            "error",
            "backend",
            "profile"
        ]
    );
    assert_eq!(job["name"], "batches/alpha1");
    assert_eq!(job["state"], "JOB_STATE_SUCCEEDED");
    assert_eq!(job["batchStats"]["successfulRequestCount"], 3);
    assert_eq!(job["batchStats"]["failedRequestCount"], 0);
    assert_eq!(job["dest"]["fileName"], "files/batch-alpha1");
    assert_eq!((&job["backend"], &job["profile"]), (&"gemini".into(), &"default".into()));
    let failed = world.run(&["get", "batches/alpha2", "--json"]).code(0).only();
    assert_eq!((&failed["error"]["code"], &failed["dest"]), (&13.into(), &serde_json::Value::Null));
    // What is listed and what is got are one thing.
    assert_eq!(world.run(&["list", "--filter", "id:alpha1", "--json"]).code(0).only(), job);
}

#[test]
fn text_of_others_cannot_drive_the_terminal() {
    let world = World::of(JOBS);
    for arguments in [&["list"][..], &["get", "alpha2"], &["get", "alpha2", "--raw"], &["list", "--json"]] {
        let ran = world.run(arguments).code(0);
        assert!(!ran.out.contains(['\u{1b}', '\u{202e}']), "{arguments:?} {ran:?}");
        assert!(ran.out.contains("[2J"), "{arguments:?} {ran:?}");
    }
    let ascii = world.run(&["list", "--ascii"]).code(0);
    assert!(ascii.out.is_ascii(), "{ascii:?}");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let world = World::of(JOBS);
    assert!(!world.run(&["list"]).code(0).out.contains('\u{1b}'));
    let colored = world.run(&["list", "--color", "always"]).code(0).out;
    assert!(colored.contains("\u{1b}[31mFAILED\u{1b}[0m\t"), "{colored}");
    assert!(!world.run(&["list", "--json", "--color", "always"]).code(0).out.contains('\u{1b}'));
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_6() {
    let world = World::of(JOBS);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = world.command(&["list"]);
    command.stdout(full).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(6) && err.contains("standard output"), "{err}");
}

#[test]
fn raw_is_the_services_own_json_in_its_own_order() {
    let world = World::of(JOBS);
    let raw = world.run(&["get", "alpha1", "--raw"]).code(0).out;
    let value: serde_json::Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(value["metadata"]["state"], "BATCH_STATE_SUCCEEDED");
    assert_eq!(value["metadata"]["batchStats"]["requestCount"], "3");
    assert!(raw.find("\"name\"") < raw.find("\"metadata\""));
}

#[test]
fn raw_of_an_inline_job_holds_its_results_so_that_they_can_be_saved_later() {
    let world =
        World::of("[[job]]\nid = \"inl\"\nname = \"grüße\"\ninline = true\ntexts = [\"One.\", \"Two.\"]\nage = \"1h\"");
    let raw = world.run(&["get", "inl", "--raw"]).code(0).out;
    let value: serde_json::Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(value["metadata"]["displayName"], "grüße");
    let results = value["response"]["inlinedResponses"]["inlinedResponses"].as_array().unwrap();
    assert!(results.len() == 2 && results[1]["response"]["candidates"].is_array(), "{raw:.300}");
    world.file("raw.json", &raw);
    world.run(&["save", "raw.json", "--out", "out"]).code(0);
}

#[test]
fn jobs_are_chosen_by_state_and_filter() {
    let world = World::of(JOBS);
    let names = |arguments: &[&str]| {
        let all = [&["list", "--json"], arguments].concat();
        let jobs = world.run(&all).code(0).json();
        jobs.iter().map(|job| job["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&[]), ["batches/beta", "batches/alpha2", "batches/alpha1"]);
    assert_eq!(names(&["--state", "running,FAILED"]), ["batches/beta", "batches/alpha2"]);
    assert_eq!(names(&["--state", "JOB_STATE_RUNNING"]), ["batches/beta"]);
    assert_eq!(names(&["--filter", "state:running age:<90m"]), ["batches/beta"]);
    assert_eq!(names(&["--filter", "!stuck !/^evil/"]), ["batches/alpha1"]);
    assert_eq!(names(&["--filter", "nothing-like-it"]), Vec::<String>::new());
    world.run(&["list", "--filter", "nothing-like-it"]).code(0).says("no jobs");
}

#[test]
fn a_prefix_names_a_job_and_an_ambiguous_one_is_an_error() {
    let world = World::of(JOBS);
    assert!(world.run(&["get", "bet"]).code(0).out.contains("batches/beta"));
    let ran = world.run(&["get", "alpha"]).code(2).says("batches/alpha1").says("batches/alpha2");
    assert_eq!(ran.out, "");
    world.run(&["get", "nosuchjob"]).code(1).says("nosuchjob").says("hint: ");
    world.run(&["get", "../../etc"]).code(1);
}

#[test]
fn a_whole_name_is_asked_for_itself_even_when_the_list_fails() {
    let world = World::of(JOBS);
    world.control().add_fault(Fault::status(Call::List, 400));
    assert_eq!(world.run(&["get", "batches/beta", "--json"]).code(0).only()["name"], "batches/beta");
    world.run(&["get", "beta"]).code(1);
}

#[test]
fn a_description_has_the_counts_and_the_timeline() {
    let world = World::of(JOBS);
    let text = world.run(&["get", "beta"]).code(0).out;
    for part in ["batches/beta", "stuck", "RUNNING", "1 ok", "1 pending", "Timeline"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn keys_are_refused_or_missing_with_3() {
    let world = World::of(JOBS);
    let with = |key: Option<&str>, arguments: &[&str]| {
        let mut command = world.command(arguments);
        command.env_remove("GEMINI_API_KEY");
        key.map(|key| command.env("GEMINI_API_KEY", key));
        finish(command)
    };
    with(Some("bad"), &["list"]).code(3).says("GEMINI_API_KEY");
    with(Some("with space"), &["list"]).code(3);
    let ran = with(None, &["list"]).code(3);
    assert!(ran.err.starts_with("gemtts-tui: ") && ran.err.contains("\nhint: "), "{ran:?}");
    for arguments in [&["cancel", "beta", "--yes"][..], &["save", "alpha1"], &["files", "list"], &["wait", "beta"]] {
        with(None, arguments).code(3);
    }
    assert_eq!(world.control().count(Call::List), 1, "only the refused key was ever sent");
    // Both set: the first wins, with one line about it.
    let mut command = world.command(&["list", "--json"]);
    command.env("GOOGLE_API_KEY", "AIzaCANARY111111111111111111111111111111");
    let ran = finish(command).code(0).says("Both GOOGLE_API_KEY and GEMINI_API_KEY are set");
    assert_eq!((ran.json().len(), ran.err.lines().count()), (3, 1));
}

#[test]
fn a_service_that_cannot_be_reached_is_1() {
    let world = World::alone();
    world.run(&["list"]).code(1).says("gemtts-tui: ").says("hint: ");
}

#[test]
fn a_service_in_trouble_is_1_and_says_so() {
    let world = World::of(JOBS);
    world.control().add_fault(Fault { answer: Answer::HtmlOk, ..Fault::on(Call::List) });
    let ran = world.run(&["list", "--json"]).code(1);
    assert_eq!(ran.out, "");
}

#[test]
fn options_work_before_and_after_the_verb() {
    let world = World::alone();
    let service = World::of(JOBS);
    let address = service.control();
    drop(address);
    let url = service.command(&[]).get_envs().find_map(|(name, value)| {
        (name == "GOOGLE_GEMINI_BASE_URL").then(|| value.unwrap().to_str().unwrap().to_owned())
    });
    let url = url.unwrap();
    for arguments in [["--base-url", &url, "list", "--json"], ["list", "--json", "--base-url", &url]] {
        assert_eq!(world.run(&arguments).code(0).json().len(), 3, "{arguments:?}");
    }
    world.run(&["list", "--base-url", "http://example.com"]).code(2).says("--base-url");
    world.run(&["list", "--profile", "nosuch"]).code(2).says("nosuch");
    world.run(&["list", "--config", "/nonexistent/config.toml"]).code(2);
}

#[test]
fn fault_78_a_reader_that_goes_away_ends_the_command_quietly() {
    let world = World::with(Scenario { many_jobs: 2_000, ..Scenario::test() });
    let mut child = world.command(&["list", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut out = BufReader::with_capacity(64, child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(141), String::new()));
}

#[test]
fn the_demo_needs_nothing() {
    let world = World::alone();
    let mut command = world.command(&["--demo", "list", "--json"]);
    command.env_remove("GEMINI_API_KEY");
    let jobs = finish(command).code(0).json();
    assert!(jobs.len() > 3);
    assert!(jobs.iter().all(|job| job["profile"] == "demo"));
    let left: Vec<_> = std::fs::read_dir(world.home.path()).unwrap().collect();
    assert!(left.is_empty(), "the demo leaves nothing in the home: {left:?}");
}

#[test]
fn stored_files_are_listed() {
    let world = World::of(JOBS);
    let files = world.run(&["files", "list", "--json"]).code(0).json();
    assert!(!files.is_empty());
    assert!(files.iter().all(|file| file["name"].as_str().unwrap().starts_with("files/")), "{files:?}");
    assert!(world.run(&["files", "list"]).code(0).out.starts_with("FILE\t"));
}

#[test]
fn the_doctor_tells_what_it_finds() {
    let world = World::of(JOBS);
    let text = world.run(&["doctor"]).code(0).out;
    for part in ["GEMINI_API_KEY, ends in 0000", "answers and takes the key", "127.0.0.1", "state", "terminal"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let checks = world.run(&["doctor", "--json"]).code(0).json();
    assert!(checks.iter().any(|check| check["check"] == "endpoint" && check["status"] == "ok"), "{checks:?}");
    let mut without = world.command(&["doctor"]);
    without.env_remove("GEMINI_API_KEY");
    assert!(finish(without).code(0).out.contains("none: set GEMINI_API_KEY"));
    let mut refused = world.command(&["doctor"]);
    refused.env("GEMINI_API_KEY", "bad");
    finish(refused).code(3);
}

#[test]
fn a_log_is_written_where_it_was_asked_for_and_holds_no_key() {
    let world = World::of(JOBS);
    world.run(&["list", "--log", "run.log", "-vv"]).code(0);
    let log = std::fs::read_to_string(world.path("run.log")).unwrap();
    assert!(!log.contains("CANARY"), "{log}");
    // A file is no folder, whoever asks.
    world.run(&["list", "--log", "run.log/below.log"]).code(6);
}
