//! Names that change when all other results are long on the disk: who was told the first one is told the second one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::case::good;
use super::check::by_line;
use super::server::{JOB, Results, Server};
use super::sound::Sound;
use crate::cli::program::{World, finish};

/// More rows than wait for each other, and in the last one the twin of the first.
const ROWS: u64 = 1_400;

fn key(n: u64) -> String {
    match n {
        0 => "Twin".to_owned(),
        n if n + 1 == ROWS => "twin".to_owned(),
        n => format!("row-{n}"),
    }
}

/// The last name that each line was told with, and how many lines were told anew.
fn names(told: &[Value]) -> (BTreeMap<u64, Value>, usize) {
    let mut names = BTreeMap::new();
    let mut renamed = 0;
    for row in told {
        let is_new = names.insert(row["line"].as_u64().unwrap(), row["file"].clone()).is_none();
        assert_eq!(is_new, row["status"] != "renamed", "{row}");
        renamed += usize::from(!is_new);
    }
    (names, renamed)
}

#[test]
fn a_name_that_changes_at_the_end_is_told_again_whichever_way_results_come() {
    let rest = |n: u64| good(&Sound::of(n, 24_000, 1, 1_300));
    let lines: String = (0..ROWS).map(|n| format!("{{{},\"key\":\"{}\"}}\n", rest(n), key(n))).collect();
    let item = |n: u64| format!("{{\"metadata\":{{\"key\":\"{}\"}},{}}}", key(n), rest(n)).into_bytes();
    let file = Server::start(Results::File { bytes: lines.clone().into_bytes(), requests: ROWS as usize });
    let inline = Server::start(Results::Inline { items: (0..ROWS).map(item).collect() });
    let none = "[cache]\nkeep = false\n";
    for (what, server, config) in [
        ("a file on this disk", None, ""),
        ("a results file", Some(&file), ""),
        ("a results file without a copy", Some(&file), none),
        ("inline", Some(&inline), ""),
        ("inline without a copy", Some(&inline), none),
    ] {
        let world = World::alone();
        world.file("rows.jsonl", &lines);
        world.file("config.toml", config);
        let from = if server.is_some() { JOB } else { "rows.jsonl" };
        let arguments = ["save", from, "--out", "out", "--json", "--config", "config.toml"];
        let save = || match server {
            Some(server) => finish(server.command(&world, &arguments)),
            None => world.run(&arguments),
        };
        let first = save().json();
        let (told, renamed) = names(&first);
        let noted: BTreeMap<u64, Value> =
            by_line(&world.path("out")).into_iter().map(|(line, record)| (line, record["file"].clone())).collect();
        assert_eq!(noted.len() as u64, ROWS, "{what}");
        assert!(told == noted, "{what}: told are other names than those that stand in the manifest");
        assert_eq!(renamed, 1, "{what}");
        assert!(noted.values().all(|file| world.path("out").join(file.as_str().unwrap()).is_file()), "{what}");
        // Nothing changes any more, so nothing is told twice.
        let (again, renamed) = names(&save().json());
        assert!(again == noted && renamed == 0, "{what}");
    }
}
