//! What is on the disk is not bought again, and a sample comes before the rest: as scripts see it.

use std::fs;

use gemtts_tui::sim::Scenario;
use serde_json::{Value, json};

use super::program::World;

const NINE: [&str; 9] = [
    "The first line is spoken.",
    "The second line is spoken.",
    "The third line is spoken.",
    "The fourth line is spoken.",
    "The fifth line is spoken.",
    "The sixth line is spoken.",
    "The seventh line is spoken.",
    "The eighth line is spoken.",
    "The ninth line is spoken.",
];

/// A job of a file that is over; its JSON.
fn run(world: &World, more: &[&str]) -> Value {
    let command = [&["create", "book.txt", "--wait", "--json", "--key-template", "k{n}"], more].concat();
    world.run(&command).code(0).only()
}

fn name(job: &Value) -> &str {
    job["name"].as_str().unwrap()
}

#[test]
fn changed_lines_are_bought_and_the_others_are_copied() {
    let world = World::with(Scenario::test());
    world.file("book.txt", &NINE.join("\n"));
    let first = run(&world, &[]);
    world.run(&["save", name(&first), "--out", "first"]).code(0);
    let mut lines = NINE.map(str::to_owned);
    lines[2].push_str(" Or not.");
    lines[6].push_str(" Or is it?");
    world.file("book.txt", &lines.join("\n"));

    let dry = ["create", "book.txt", "--key-template", "k{n}", "--dry-run"];
    let plan = world.run(&[&dry[..], &["--json"]].concat()).code(0).only();
    assert_eq!((&plan["requestCount"], &plan["unchanged"]["requestCount"]), (&2.into(), &7.into()));
    let since = json!([{ "job": name(&first), "folder": world.path("first"), "requestCount": 7 }]);
    assert_eq!((&plan["unchanged"]["since"], &plan["unchanged"]["isAll"]), (&since, &false.into()));
    let told = world.run(&dry).code(0).out;
    let summary = format!("7 unchanged since {}, 2 to buy: 2 requests for ", name(&first));
    assert!(told.starts_with(&summary) && told.contains(", in "), "{told}");

    let second = run(&world, &[]);
    assert_eq!(second["batchStats"]["requestCount"], 2);
    let saved = world.run(&["save", name(&second), "--out", "second"]).code(0);
    assert!(saved.out.contains("9 done · 9 good · 0 bad, 9 files in second (7 unchanged)"), "{}", saved.out);
    world.run(&["verify", "second"]).code(0);
    let again = world.run(&["save", name(&second), "--out", "second", "--json"]).code(0);
    let jobs: Vec<_> = again.json().iter().map(|row| row["job"] == first["name"]).collect();
    assert_eq!((jobs.len(), jobs.iter().filter(|is_first| **is_first).count()), (9, 7));
    assert!(again.err.contains("(9 there already, 7 unchanged)"), "{}", again.err);

    // The folder that nobody named is that of the job, whoever made the first of its keys.
    for _ in 0..2 {
        world.run(&["save", name(&second)]).code(0);
    }
    assert!(world.path("book").is_dir() && !fs::exists(world.path("book-1")).unwrap());
    let folders = fs::read_dir(world.home.path()).unwrap().flatten().filter(|entry| entry.path().is_dir());
    let folders = folders.filter(|entry| entry.file_name().to_string_lossy().starts_with("book")).count();
    assert_eq!(folders, 1);
}

#[test]
fn what_is_all_on_the_disk_is_bought_again_only_when_that_is_meant() {
    let world = World::with(Scenario::test());
    world.file("book.txt", &NINE.join("\n"));
    let first = run(&world, &["--sample", "4"]);
    world.run(&["save", name(&first), "--out", "first"]).code(0);
    let rest = run(&world, &[]);
    assert_eq!(rest["batchStats"]["requestCount"], 5, "a saved sample is not bought again");
    world.run(&["save", name(&rest), "--out", "rest"]).code(0);
    // Never sent as one job, so no repeat of any; and yet all of it would be paid for a second time.
    let all = ["create", "book.txt", "--key-template", "k{n}"];
    world.run(&all).code(7).says("all 9 unchanged since").says("is on this disk already").says("--yes");
    assert_eq!(world.control().n_created(), 2);
    let again = world.run(&[&all[..], &["--again", "--json"]].concat()).code(0).only();
    assert_eq!((world.control().n_created(), &again["batchStats"]["requestCount"]), (3, &9.into()));
}

#[test]
fn audio_that_vanished_is_named() {
    let world = World::with(Scenario::test());
    world.file("book.txt", &NINE.join("\n"));
    let first = run(&world, &[]);
    world.run(&["save", name(&first), "--out", "first"]).code(0);
    world.file("book.txt", &[&NINE[..8], &["Another ninth line is spoken."]].concat().join("\n"));
    let second = run(&world, &[]);
    fs::remove_file(world.path("first/k4.wav")).unwrap();
    let saved = world.run(&["save", name(&second), "--out", "second"]).code(4).says("k4: missing").says("it is gone");
    assert!(saved.out.contains("9 done · 8 good · 1 bad, 8 files in second (7 unchanged), 1 failed"), "{}", saved.out);
    let rows = world.run(&["save", name(&second), "--out", "second", "--json"]).code(4).json();
    let gone: Vec<&Value> = rows.iter().filter(|row| row["file"].is_null()).collect();
    assert_eq!((gone.len(), &gone[0]["key"], &gone[0]["status"]), (1, &"k4".into(), &"failed".into()));
    // What is gone is bought with the next job.
    let plan = world.run(&["create", "book.txt", "--key-template", "k{n}", "--dry-run", "--json"]).code(0).only();
    assert_eq!((&plan["requestCount"], &plan["unchanged"]["requestCount"]), (&1.into(), &8.into()));
}

#[test]
fn the_rest_comes_after_a_sample() {
    let world = World::with(Scenario::test());
    world.file("book.txt", &NINE.join("\n"));
    let mut command =
        world.command(&["create", "-", "--name", "book", "--key-template", "k{n}", "--dry-run", "--json"]);
    command.args(["--sample", "random:4:11"]).stdin(fs::File::open(world.path("book.txt")).unwrap());
    let piped = super::program::finish(command).code(0).only();
    assert_eq!((&piped["sample"], &piped["requestCount"]), (&"random:4:11".into(), &4.into()));

    let told = world.run(&["create", "book.txt", "--key-template", "k{n}", "--sample", "random:4"]).code(0);
    assert!(told.err.contains("sample random:4:") && told.err.contains("--rest-of batches/"), "{}", told.err);
    let sample = told.out.trim();
    let rest = run(&world, &["--rest-of", sample]);
    assert_eq!(rest["batchStats"]["requestCount"], 5);
    let rest_of = ["create", "book.txt", "--key-template", "k{n}", "--rest-of", sample];
    let both = [&rest_of[..], &["--rest-of", name(&rest)]].concat();
    world.run(&both).code(1).says("nothing is left to send").says("hint: ");
    world.run(&[&rest_of[..], &["--voice", "Puck"]].concat()).code(1).says("this is not the rest of it");
    world.run(&["create", "book.txt", "--rest-of", "nowhere"]).code(1).says("there is no job nowhere");
    for (word, said) in [("0", "no number of lines"), ("best:3", "is no sample"), ("random:3:x", "is no seed")] {
        world.run(&["create", "book.txt", "--sample", word]).code(2).says(said);
    }
    assert_eq!(world.control().n_created(), 2);
}
