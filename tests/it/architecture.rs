//! The floors of the house, held true: who may import whom, who may touch which part of the world, how long a file may be.
//!
//! A failure names the file, the line and what to do.

use std::fs;
use std::path::{Path, PathBuf};

/// What a module may import, besides the values and itself. A module that is not listed is not allowed to exist.
const FLOORS: &[(&str, &[&str])] = &[
    // Values know only values.
    ("audio", &[]),
    ("exchange", &[]),
    ("failure", &[]),
    ("filter", &[]),
    ("job", &[]),
    ("money", &[]),
    ("request", &[]),
    ("results", &[]),
    ("secret", &[]),
    ("text", &[]),
    ("clock", &[]),
    ("config", &["clock"]),
    // Each touches one part of the world and knows nothing of the others.
    ("api", &["clock", "config"]),
    ("save", &["clock"]),
    ("script", &["clock"]),
    ("store", &["clock"]),
    ("ops", &["clock", "config", "api", "save", "script", "store"]),
    // The embedded service must not share the client's reading of the wire, or both could be wrong together.
    ("sim", &["clock"]),
    ("tui", &["clock", "config", "api", "ops", "store", "save", "script"]),
    ("cli", &["clock", "config", "api", "ops", "store", "save", "script", "sim", "tui"]),
    ("main", &["cli"]),
    ("lib", &[]),
];

const VALUES: &[&str] =
    &["audio", "exchange", "failure", "filter", "job", "money", "request", "results", "secret", "text"];

/// A part of the world, the words that touch it, and the files or folders below `src` that may.
const WORLD: &[(&str, &[&str], &[&str])] = &[
    ("the network", &["reqwest", "hyper::", "hyper_util", "tokio::net", "std::net::Tcp"], &["api/", "sim/"]),
    ("the environment", &["std::env::", "env::var", "env::vars", "directories::"], &["config", "main.rs"]),
    ("the clock", &["Timestamp::now(", "Instant::now(", "SystemTime::now("], &["clock.rs"]),
    (
        "the terminal",
        &[
            "crossterm::terminal",
            "crossterm::execute",
            "crossterm::event::read",
            "enable_raw_mode",
            "std::io::stdin",
            "io::stdin(",
        ],
        &["tui/term", "tui/input", "tui/run", "tui/screen", "cli/", "ops/create", "script/"],
    ),
    (
        "the disk",
        &["std::fs", "tokio::fs", "fs::File", "tempfile::"],
        &["store", "save", "script", "config", "api/upload", "ops/", "sim/", "tui/world", "cli/"],
    ),
];

const QUESTION: usize = 400;
const FAILURE: usize = 600;

#[test]
fn imports_run_downwards() {
    let mut wrong = Vec::new();
    for file in sources() {
        let room = room(&file);
        let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{file}: the module `{room}` stands on no floor; add it to FLOORS with a reason"));
            continue;
        };
        for (number, line) in code(&file) {
            for name in imported(&line) {
                let fine = name == room
                    || VALUES.contains(&name.as_str())
                    || allowed.contains(&name.as_str())
                    || room == "lib"
                    || !FLOORS.iter().any(|(floor, _)| *floor == name);
                if !fine {
                    wrong.push(format!(
                        "{file}:{number}: `{room}` must not know `{name}`; move the rule down or the call up"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_part_of_the_world_is_touched_in_its_own_place() {
    let mut wrong = Vec::new();
    for file in sources() {
        for (number, line) in code(&file) {
            for (part, words, places) in WORLD {
                let touched = words.iter().find(|word| line.contains(**word));
                let allowed = places.iter().any(|place| file.starts_with(&format!("src/{place}")));
                if let (Some(word), false) = (touched, allowed) {
                    wrong.push(format!("{file}:{number}: `{word}` touches {part}; only {places:?} may"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_file_grows_past_its_size() {
    let mut wrong = Vec::new();
    for file in sources() {
        let length = code(&file).len();
        if length > FAILURE {
            wrong.push(format!("{file}: {length} lines before its tests; what is the second subject in it?"));
        } else if length > QUESTION {
            println!("{file}: {length} lines before its tests");
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<_> = sources().into_iter().filter(|file| !read(file).starts_with("//! ")).collect();
    assert!(silent.is_empty(), "these files begin without `//!`: {silent:?}");
}

#[test]
fn nothing_is_left_open() {
    // Spelled in two halves, so that this file does not find itself.
    let marks =
        [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["todo", "!("], ["#[ig", "nore"]].map(|halves| halves.concat());
    let mut wrong = Vec::new();
    for file in sources().into_iter().chain(files_below("tests", "rs")) {
        for (number, line) in read(&file).lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(mark.as_str())) {
                wrong.push(format!(
                    "{file}:{}: `{mark}`: do it, or write what is missing and what would make it worth doing",
                    number + 1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<String> {
    files_below("src", "rs")
}

fn files_below(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in
            fs::read_dir(&folder).expect("a folder of the project").map(|entry| entry.expect("an entry").path())
        {
            if entry.is_dir() {
                open.push(entry);
            } else if entry.extension().is_some_and(|found| found == ending) {
                let relative = entry.strip_prefix(root()).expect("below the root");
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).expect("a source file")
}

/// The lines before the tests of the file, with their numbers, without comments. Files of tests have none.
fn code(file: &str) -> Vec<(usize, String)> {
    if file.ends_with("/tests.rs") || file.ends_with("/samples.rs") {
        return Vec::new();
    }
    read(file)
        .lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .map(|(number, line)| {
            (number + 1, if line.trim_start().starts_with("//") { String::new() } else { line.to_owned() })
        })
        .collect()
}

/// The top-level module that a file belongs to.
fn room(file: &str) -> String {
    let below = file.trim_start_matches("src/");
    below.split('/').next().unwrap_or(below).trim_end_matches(".rs").to_owned()
}

/// The names behind `crate::` and `gemtts_tui::` in a line, groups included.
fn imported(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    for prefix in ["crate::", "gemtts_tui::"] {
        for (at, _) in line.match_indices(prefix) {
            let rest = &line[at + prefix.len()..];
            if let Some(group) = rest.strip_prefix('{') {
                let first = |part: &str| part.trim().split("::").next().unwrap_or_default().to_owned();
                names.extend(group.trim_end_matches(['}', ';']).split(',').map(first));
            } else {
                names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
            }
        }
    }
    names
}
