//! `create`, `cancel`, `delete`, `wait`, and how they ask or refuse.

use std::process::Stdio;

use gemtts_tui::sim::{Answer, Call, Fault, Scenario};
use rustix::process::{Pid, Signal};

use super::program::{World, finish};

const LINES: &str = "The first line to be spoken.\nThe second line to be spoken.\nAnd a third one.\n";

/// Four jobs that nothing ends by itself, and one that is over.
const STUCK: &str = r##"
[[job]]
name = "stuck-#"
state = "running"
texts = ["One.", "Two."]
copies = 3
age = "2h"

[[job]]
name = "waiting"
id = "waiting1"
state = "pending"
texts = ["One."]
age = "1h"

[[job]]
name = "over"
id = "over1"
texts = ["One.", "Two."]
age = "3h"
"##;

#[test]
fn a_job_lives_from_create_to_delete() {
    let world = World::with(Scenario::test());
    world.file("ch01.txt", LINES);
    let ran = world.run(&["create", "ch01.txt", "--name", "Chapter 1", "--json"]).code(0);
    let job = ran.only();
    let name = job["name"].as_str().unwrap();
    assert!(name.starts_with("batches/"), "{job}");
    assert_eq!((&job["displayName"], &job["outcome"]), (&"Chapter 1".into(), &"confirmed".into()));
    assert_eq!(job["state"], "JOB_STATE_PENDING");

    let waited = world.run(&["wait", name, "--json", "--timeout", "2m"]).code(0).json();
    let last = waited.last().unwrap();
    assert_eq!((&last["state"], &last["name"]), (&"JOB_STATE_SUCCEEDED".into(), &name.into()));
    assert!(last["previousState"].is_string() || waited.len() == 1, "{last}");

    world.run(&["delete", name, "--yes"]).code(7).says("not on this disk").says("hint: ");
    world.run(&["save", name, "--out", "audio"]).code(0);
    let wavs: Vec<_> = std::fs::read_dir(world.path("audio")).unwrap().flatten().map(|entry| entry.path()).collect();
    let wavs: Vec<_> = wavs.iter().filter(|path| path.extension().is_some_and(|end| end == "wav")).collect();
    assert_eq!(wavs.len(), 3, "{wavs:?}");
    for wav in wavs {
        let samples = super::program::samples(wav);
        assert!(samples.len() > 10_000 && samples.iter().any(|sample| sample.abs() > 1_000), "{wav:?} is silent");
    }

    let deleted = world.run(&["delete", name, "--yes", "--json"]).code(0).only();
    assert_eq!((&deleted["name"], &deleted["outcome"]), (&name.into(), &"deleted".into()));
    assert_eq!(world.run(&["list", "--json"]).code(0).out, "");
    world.run(&["get", name]).code(1);
    assert_eq!(world.control().n_created(), 1);
}

#[test]
fn create_says_the_name_on_stdout_and_the_rest_on_stderr() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    let ran = world.run(&["create", "a.txt"]).code(0).says("3 requests").says("\"a\"");
    assert!(ran.out.starts_with("batches/") && ran.out.lines().count() == 1, "{ran:?}");
    // Words, not a bar: standard error is no terminal here.
    assert!(!ran.err.contains('\r'), "{ran:?}");
}

#[test]
fn create_can_wait_and_take_its_texts_from_standard_input() {
    let world = World::with(Scenario::test());
    let path = world.file("in.txt", LINES);
    let mut command = world.command(&["create", "-", "--name", "piped", "--inline", "--wait", "--json"]);
    command.stdin(std::fs::File::open(path).unwrap());
    let job = finish(command).code(0).only();
    assert_eq!((&job["state"], &job["displayName"]), (&"JOB_STATE_SUCCEEDED".into(), &"piped".into()));
    assert_eq!(world.control().count(Call::UploadStart), 0);
}

#[test]
fn several_sources_become_one_job_in_their_order() {
    let world = World::with(Scenario::test());
    world.file("a.txt", "One.\n");
    world.file("b.txt", "Two.\nThree.\n");
    let job = world.run(&["create", "b.txt", "a.txt", "--json"]).code(0).only();
    assert_eq!((&job["displayName"], &job["batchStats"]["requestCount"]), (&"b".into(), &3.into()));
    assert_eq!(world.control().n_created(), 1);
}

#[test]
fn a_dry_run_sends_nothing_and_needs_no_key() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    let mut command = world.command(&["create", "a.txt", "--dry-run", "--json", "--sample", "2"]);
    command.env_remove("GEMINI_API_KEY");
    let plan = finish(command).code(0).only();
    assert_eq!((&plan["requestCount"], &plan["displayName"]), (&2.into(), &"a".into()));
    assert!(plan["estimate"]["seconds"].is_array() && plan["findings"].is_array(), "{plan}");
    world.run(&["create", "a.txt", "--dry-run", "--read-only"]).code(0);
    assert_eq!(world.control().requests().len(), 0);
}

#[test]
fn bad_sources_are_told_and_nothing_is_sent() {
    let world = World::with(Scenario::test());
    world.file("bad.jsonl", "not json\n");
    world.run(&["create", "bad.jsonl"]).code(1).says("bad.jsonl:1").says("nothing was sent");
    world.run(&["create", "bad.jsonl", "--dry-run"]).code(1);
    world.run(&["create", "nosuch.txt"]).code(1).says("nosuch.txt");
    std::fs::create_dir(world.path("folder")).unwrap();
    world.run(&["create", "folder"]).code(1).says("folder");
    assert_eq!(world.control().requests().len(), 0);
}

#[test]
fn a_create_leaves_nothing_prepared_behind() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    world.file("bad.jsonl", "not json\n");
    let is_clean = || {
        let prepared = world.path(".local/state/gemtts-tui/prepared");
        let left: Vec<_> = std::fs::read_dir(prepared).unwrap().flatten().map(|entry| entry.path()).collect();
        assert!(left.is_empty(), "{left:?}");
    };
    for (arguments, exit) in [
        (&["create", "a.txt", "--dry-run"][..], 0),
        (&["create", "bad.jsonl"], 1),
        (&["create", "nosuch.txt"], 1),
        (&["create", "a.txt"], 0),
        (&["create", "a.txt"], 7),
    ] {
        world.run(arguments).code(exit);
        is_clean();
    }
    world.control().add_fault(Fault::status(Call::Create, 400));
    world.run(&["create", "a.txt", "--yes"]).code(1);
    is_clean();
}

#[test]
fn a_repeat_is_refused_without_a_terminal_and_sent_with_yes() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    world.run(&["create", "a.txt"]).code(0);
    world.run(&["create", "a.txt"]).code(7).says("--yes");
    assert_eq!(world.control().n_created(), 1);
    world.run(&["create", "a.txt", "--yes"]).code(0);
    assert_eq!(world.control().n_created(), 2);
}

#[test]
fn a_lost_create_is_found_in_the_list() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    world.control().add_fault(Fault::lost_answer(Call::Create));
    let job = world.run(&["create", "a.txt", "--json"]).code(0).says("lost").only();
    assert_eq!(job["outcome"], "adopted");
    assert_eq!((world.control().n_created(), world.control().count(Call::Create)), (1, 1));
}

#[test]
fn a_create_whose_outcome_stays_unknown_is_5_and_is_looked_for_later() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    // The service never got to it: no list will ever show it.
    let control = world.control();
    control.add_fault(Fault { answer: Answer::Close, ..Fault::on(Call::Create) });
    let ran = world.run(&["create", "a.txt", "--json"]).code(5).says("do not send it again");
    let lost = ran.only();
    assert_eq!((&lost["state"], &lost["name"]), (&"UNKNOWN".into(), &serde_json::Value::Null));
    let token = lost["token"].as_str().unwrap();
    assert!(ran.err.contains(token));
    // People see it in the list, scripts see only the service's jobs, the doctor tells about it.
    assert!(world.run(&["list"]).code(0).out.contains("UNKNOWN"));
    assert_eq!(world.run(&["list", "--json"]).code(0).out, "");
    assert!(world.run(&["doctor"]).code(0).out.contains(&format!("{token}  UNKNOWN  a")));
    let told = world.run(&["doctor", "--json"]).code(0).json();
    assert!(told.iter().any(|line| line["token"] == token && line["displayName"] == "a"), "{told:?}");
    // The same content is not sent again, whatever is said.
    control.clear_faults();
    world.run(&["create", "a.txt", "--yes"]).code(7);
    assert_eq!(control.count(Call::Create), 1);
}

/// A create that the service never got to, and its token.
fn lost_create(world: &World) -> String {
    world.file("a.txt", LINES);
    world.control().add_fault(Fault { answer: Answer::Close, ..Fault::on(Call::Create) });
    let lost = world.run(&["create", "a.txt", "--json"]).code(5).says("gemtts-tui delete ").only();
    world.control().clear_faults();
    lost["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_lost_create_is_given_up_by_its_token_and_may_be_sent_again() {
    let world = World::with(Scenario::test());
    let token = lost_create(&world);
    let command = format!("gemtts-tui delete {token}");
    world.run(&["doctor"]).code(0).says(&command);
    world.run(&["create", "a.txt", "--yes"]).code(7).says(&command);
    world.run(&["delete", &token]).code(2).says("--yes");
    world.run(&["delete", &token, "--yes", "--read-only"]).code(7);
    assert!(world.run(&["list"]).code(0).out.contains(&token));

    let marked = format!("~gt-{token}");
    let given_up = world.run(&["delete", &marked, &token, "--yes", "--json"]).code(0).says("may be sent again").only();
    assert_eq!((&given_up["token"], &given_up["outcome"]), (&token.as_str().into(), &"given-up".into()));
    assert!(!world.run(&["list"]).code(0).out.contains(&token));
    assert!(!world.run(&["doctor"]).code(0).out.contains(&token));
    world.run(&["delete", &format!("gt-{token}"), "--yes"]).code(1).says("was given up already");
    world.run(&["create", "a.txt"]).code(0);
    assert_eq!((world.control().n_created(), world.control().count(Call::Create)), (1, 2));
}

#[test]
fn what_the_list_shows_by_now_is_not_given_up() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    let control = world.control();
    control.add_fault(Fault { processed: true, answer: Answer::Close, ..Fault::on(Call::Create) });
    control.add_fault(Fault::status(Call::List, 400));
    let lost = world.run(&["create", "a.txt", "--json"]).code(5).only();
    control.clear_faults();
    let token = lost["token"].as_str().unwrap();
    world.run(&["delete", token, "--yes"]).code(1).says("was not given up").says("batches/");
    world.run(&["delete", token, "--yes"]).code(1).says("it became batches/");
    assert_eq!(control.count(Call::Delete), 0);
}

#[test]
fn tokens_are_not_taken_for_jobs_and_not_mixed_with_them() {
    let world = World::of(STUCK);
    let nobodys = "01JZ5XW0000000000000000000";
    world.run(&["delete", &format!("~gt-{nobodys}"), "--yes"]).code(1).says("there is no create").says("doctor");
    world.run(&["delete", "gt-short", "--yes"]).code(1).says("there is no create short");
    world.run(&["delete", nobodys, "--yes"]).code(1).says("there is no job");
    let token = lost_create(&world);
    world.run(&["delete", "over1", &token, "--yes", "--unsaved"]).code(2).says("one after the other");
    assert_eq!(world.control().count(Call::Delete), 0);
    assert!(world.run(&["doctor"]).code(0).out.contains(&token));
}

#[test]
fn a_signal_while_a_create_waits_for_its_answer_leaves_an_intent() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    let control = world.control();
    control.add_fault(Fault { processed: true, answer: Answer::Silence, ..Fault::on(Call::Create) });
    let mut create = world.command(&["create", "a.txt"]).stderr(Stdio::null()).spawn().unwrap();
    while control.n_created() == 0 {
        assert!(create.try_wait().unwrap().is_none(), "the create ended without having been sent");
        std::thread::yield_now();
    }
    rustix::process::kill_process(Pid::from_child(&create), Signal::TERM).unwrap();
    assert_eq!(create.wait().unwrap().code(), Some(143));
    // It was sent and is not sent again; the next listing finds it.
    control.clear_faults();
    assert!(world.run(&["doctor"]).code(0).out.contains("UNKNOWN  a"));
    assert_eq!(world.run(&["list", "--json"]).code(0).only()["displayName"], "a");
    assert!(!world.run(&["doctor"]).code(0).out.contains("UNKNOWN"));
    world.run(&["create", "a.txt"]).code(7);
    assert_eq!(control.n_created(), 1);
}

#[test]
fn cancel_follows_until_the_service_agrees() {
    let world = World::of(STUCK);
    let job = world.run(&["cancel", "waiting1", "--yes", "--json"]).code(0).only();
    assert_eq!((&job["state"], &job["outcome"]), (&"JOB_STATE_CANCELLED".into(), &"cancelled".into()));
    let job = world.run(&["cancel", "over1", "--yes", "--json"]).code(0).only();
    assert_eq!((&job["state"], &job["outcome"]), (&"JOB_STATE_SUCCEEDED".into(), &"already-over".into()));
    assert_eq!(world.control().count(Call::Cancel), 1);
    let jobs = world.run(&["cancel", "--filter", "name:stuck", "--yes", "--json"]).code(0).json();
    assert_eq!(jobs.len(), 3);
    assert!(jobs.iter().all(|job| job["state"] == "JOB_STATE_CANCELLED"), "{jobs:?}");
    world.run(&["cancel", "--filter", "name:stuck", "--yes"]).code(0).says("nothing to cancel");
}

#[test]
fn what_asks_needs_a_terminal_or_yes() {
    let world = World::of(STUCK);
    for arguments in [
        &["cancel", "waiting1"][..],
        &["cancel", "--filter", "state:running"],
        &["delete", "over1"],
        &["delete", "over1", "--unsaved"],
        &["files", "delete", "files/abc"],
    ] {
        world.run(arguments).code(2).says("--yes");
    }
    assert_eq!(world.control().requests().len(), 0);
}

#[test]
fn read_only_refuses_before_anything_is_asked() {
    let world = World::of(STUCK);
    world.file("a.txt", LINES);
    for arguments in [
        &["--read-only", "create", "a.txt"][..],
        &["cancel", "waiting1", "--yes", "--read-only"],
        &["delete", "over1", "--yes", "--unsaved", "--read-only"],
        &["files", "delete", "files/abc", "--yes", "--read-only"],
    ] {
        let ran = world.run(arguments).code(7).says("read-only");
        assert_eq!(ran.out, "");
    }
    world.file("config.toml", "read_only = true\n");
    world.run(&["cancel", "waiting1", "--yes", "--config", "config.toml"]).code(7).says("read-only");
    assert_eq!(world.control().requests().len(), 0);
    world.run(&["list", "--read-only"]).code(0);
}

#[test]
fn nothing_is_touched_when_one_of_the_jobs_is_unknown() {
    let world = World::of(STUCK);
    world.run(&["cancel", "waiting1", "nosuch", "--yes"]).code(1).says("nosuch");
    world.run(&["delete", "over1", "nosuch", "--yes", "--unsaved"]).code(1);
    world.run(&["cancel", "stuck", "--yes"]).code(1);
    assert_eq!((world.control().count(Call::Cancel), world.control().count(Call::Delete)), (0, 0));
}

#[test]
fn results_that_are_not_saved_are_deleted_only_when_that_is_meant() {
    let world = World::of(STUCK);
    let ran = world.run(&["delete", "over1", "--yes"]).code(7);
    assert_eq!((ran.out.as_str(), world.control().count(Call::Delete)), ("", 0));
    world.run(&["delete", "over1", "--yes", "--unsaved"]).code(0);
    assert_eq!(world.control().count(Call::Delete), 1);
    // A job without results has nothing to lose.
    world.run(&["cancel", "waiting1", "--yes"]).code(0);
    world.run(&["delete", "waiting1", "--yes"]).code(0);
}

#[test]
fn a_live_job_is_not_deleted() {
    let world = World::of(STUCK);
    world.run(&["delete", "waiting1", "--yes", "--unsaved"]).code(7).says("cancel it first");
}

#[test]
fn wait_tells_how_jobs_came_out() {
    let world = World::of(
        r#"
[[job]]
age = "3h"
name = "part"
id = "part1"
texts = ["One.", "Two."]
result = [{ kind = "error", lines = [2] }]

[[job]]
age = "3h"
name = "broken"
id = "broken1"
state = "failed"
texts = ["One."]

[[job]]
age = "3h"
name = "good"
id = "good1"
texts = ["One."]

[[job]]
age = "3h"
name = "stuck"
id = "stuck1"
state = "running"
texts = ["One."]
"#,
    );
    world.run(&["wait", "good1"]).code(0);
    world.run(&["wait", "good1", "part1"]).code(4);
    world.run(&["wait", "broken1"]).code(4);
    let ran = world.run(&["wait", "stuck1", "--timeout", "1s"]).code(124);
    assert!(ran.out.contains("RUNNING"), "{ran:?}");
    world.run(&["wait", "nosuch", "--timeout", "1s"]).code(1);
    world.run(&["wait", "good1", "--save", "there"]).code(0);
    assert!(world.path("there/manifest.jsonl").exists());
}

#[test]
fn stored_files_are_deleted() {
    let world = World::of(STUCK);
    let files = world.run(&["files", "list", "--json"]).code(0).json();
    let name = files.iter().map(|file| file["name"].as_str().unwrap()).find(|name| name.len() < 40).unwrap();
    let deleted = world.run(&["files", "delete", name, "--yes", "--json"]).code(0).only();
    assert_eq!((&deleted["name"], &deleted["outcome"]), (&name.into(), &"deleted".into()));
    assert_eq!(world.run(&["files", "list", "--json"]).code(0).json().len(), files.len() - 1);
    world.run(&["files", "delete", "../x", "--yes"]).code(2);
}

#[test]
fn a_choice_from_a_part_of_the_list_says_so() {
    // The token leads in circles, so that nobody sees the end of the list.
    let page = r#"{"operations":[],"nextPageToken":"t"}"#;
    let server = crate::api::server::Server::start(move |exchange| exchange.json(200, page));
    for verb in ["cancel", "delete"] {
        let world = World::alone();
        let ran = world.run(&["--base-url", &server.origin, verb, "--filter", "x", "--yes"]).code(0);
        ran.says("nothing to ").says("warning: the list is incomplete");
    }
}
