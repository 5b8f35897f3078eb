//! Several jobs as one: created, driven, paused, cancelled and killed, against a service with a quota of tokens.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use gemtts_tui::sim::{Call, Scenario, Span};
use serde_json::Value;

use super::program::{Ran, World};

/// A service with room for two parts of ten tokens at a time, whose jobs run for so many seconds.
fn with_quota(seconds: u64) -> World {
    let mut scenario = Scenario::test();
    scenario.service.enqueued_tokens = Some(20);
    (scenario.timing.shortest_run, scenario.timing.longest_run) = (Span::seconds(seconds), Span::seconds(seconds));
    World::with(scenario)
}

/// So many texts of forty characters, which are ten tokens each.
fn book(world: &World, n: usize) {
    let texts: String = (0..n).map(|n| format!("{n:0>39}.\n")).collect();
    world.file("book.txt", &texts);
}

const CREATE: [&str; 4] = ["create", "book.txt", "--max-requests", "1"];

fn create(world: &World, more: &[&str]) -> Ran {
    world.run(&[&CREATE, more].concat())
}

fn show(world: &World) -> Value {
    world.run(&["campaigns", "show", "book", "--json"]).code(0).only()
}

#[test]
fn create_submits_what_fits_and_says_what_waits_and_run_submits_the_rest() {
    let world = with_quota(3);
    book(&world, 5);
    let created = create(&world, &[]).code(0).says("5 jobs (1 request a job)").says("3 parts of 5 parts wait");
    assert_eq!(created.out.lines().filter(|line| line.starts_with("batches/")).count(), 2, "{created:#?}");
    assert!(created.err.contains("campaigns run 0"), "{created:#?}");
    assert_eq!(world.control().n_created(), 2);
    let status = show(&world);
    assert_eq!((&status["submitted"], &status["waiting"], &status["jobs"]), (&2.into(), &3.into(), &5.into()));
    let ran = world.run(&["campaigns", "run"]).code(0);
    assert_eq!(ran.out.lines().count(), 3, "{ran:#?}");
    assert_eq!(world.control().n_created(), 5);
    world.run(&["campaigns", "run"]).code(0);
    assert_eq!(world.control().n_created(), 5);
    let names: Vec<Value> =
        world.run(&["list", "--json"]).json().iter().map(|job| job["displayName"].clone()).collect();
    assert_eq!(names, (1..=5).rev().map(|n| format!("book ({n} of 5)")).collect::<Vec<_>>());
}

#[test]
fn a_dry_run_shows_the_parts_and_keeps_nothing() {
    let world = with_quota(1);
    book(&world, 3);
    let shown = create(&world, &["--dry-run"]).code(0);
    assert!(shown.out.contains("3 jobs: 1 request a job"), "{shown:#?}");
    assert!(shown.out.contains("  part 3: 1 request, 10 tokens, "), "{shown:#?}");
    let plan = create(&world, &["--dry-run", "--json"]).code(0).only();
    assert_eq!((&plan["jobs"], plan["parts"].as_array().map(Vec::len)), (&3.into(), Some(3)));
    assert_eq!((&plan["parts"][2]["textTokens"], &plan["jobsBecause"]), (&10.into(), &"1 request a job".into()));
    world.run(&["campaigns"]).code(0).says("no campaigns");
    assert_eq!(world.control().count(Call::Create), 0);
    create(&world, &["--dry-run", "--max-tokens", "9"]).code(1).says("request-too-large");
    create(&world, &["--dry-run", "--max-size", "0"]).code(2);
}

#[test]
fn create_with_wait_stays_until_everything_is_over() {
    let world = with_quota(1);
    book(&world, 3);
    let ran = create(&world, &["--wait", "--json"]).code(0);
    let objects = ran.json();
    let jobs: Vec<_> = objects.iter().filter(|object| object["outcome"] == "confirmed").collect();
    assert_eq!(jobs.iter().map(|job| job["part"].clone()).collect::<Vec<_>>(), [1, 2, 3]);
    let campaign = objects.last().unwrap();
    assert_eq!((&campaign["state"], &campaign["waiting"]), (&"over".into(), &0.into()));
    assert_eq!(campaign["campaign"], jobs[0]["campaign"]);
}

#[test]
fn a_pause_outlives_the_program_and_a_timer_that_runs_meanwhile() {
    let world = with_quota(2);
    book(&world, 4);
    create(&world, &[]).code(0);
    world.run(&["campaigns", "pause", "book"]).code(0);
    world.run(&["campaigns", "run", "--once"]).code(0).says("2 parts of 4 parts wait; paused");
    world.run(&["campaigns", "run"]).code(0).says("campaigns resume");
    assert_eq!((world.control().n_created(), &show(&world)["state"]), (2, &"paused".into()));
    world.run(&["campaigns", "resume", "book"]).code(0);
    world.run(&["campaigns", "run"]).code(0);
    assert_eq!(world.control().n_created(), 4);
    world.run(&["campaigns", "pause", "nosuch"]).code(1).says("no campaign nosuch");
    world.run(&["campaigns", "pause", "book", "--read-only"]).code(7);
    world.run(&["campaigns", "list", "--read-only"]).code(0);
}

#[test]
fn a_cancel_ends_the_live_jobs_and_keeps_the_rest_from_being_sent() {
    let world = with_quota(60);
    book(&world, 4);
    create(&world, &[]).code(0);
    world.run(&["campaigns", "cancel", "book"]).code(2).says("asks first");
    let ran = world.run(&["campaigns", "cancel", "book", "--yes", "--json"]).code(0);
    let campaign = ran.json().pop().unwrap();
    assert_eq!((&campaign["state"], &campaign["waiting"]), (&"cancelled".into(), &2.into()));
    world.run(&["campaigns", "run"]).code(0).says("no campaign is open");
    assert_eq!(world.control().n_created(), 2);
    let left = std::fs::read_dir(world.path(".local/state/gemtts-tui/campaigns")).unwrap().count();
    assert_eq!(left, 0, "requests that nobody will send are gone");
}

#[test]
fn a_program_that_is_killed_between_two_parts_goes_on_with_the_next_and_sends_none_twice() {
    let world = with_quota(1);
    book(&world, 6);
    // One more part each time, and the program is gone the moment its job is told.
    for n_told in 1..=3 {
        let words = if n_told == 1 { CREATE.to_vec() } else { vec!["campaigns", "run"] };
        let mut child = world.command(&words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert!(line.starts_with("batches/"), "{line}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    world.run(&["campaigns", "run"]).code(0);
    assert_eq!(world.control().n_created(), 6);
    let mut names: Vec<String> =
        world.run(&["list", "--json"]).json().iter().map(|job| job["displayName"].to_string()).collect();
    names.sort();
    assert_eq!(names, (1..=6).map(|n| format!("\"book ({n} of 6)\"")).collect::<Vec<_>>());
}

#[test]
fn two_programs_at_once_send_every_part_once() {
    let world = World::of("");
    book(&world, 8);
    create(&world, &["--json"]).code(0);
    assert_eq!(world.control().n_created(), 8, "without a limit everything goes at once");

    let world = with_quota(1);
    book(&world, 8);
    create(&world, &[]).code(0);
    let run = || world.command(&["campaigns", "run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut both = [run(), run()];
    for child in &mut both {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(world.control().n_created(), 8);
    let status = show(&world);
    assert!(status["parts"].as_array().unwrap().iter().all(|part| part["jobs"].as_array().unwrap().len() == 1));
}
