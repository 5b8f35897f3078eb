//! `docs/trust.md` says the truth: every promise and every fault is there once, and what it names as proof exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/trust.md";
/// The letter of a group of promises, and how many there are.
const PROMISES: [(&str, u32); 5] = [("N", 12), ("F", 8), ("S", 10), ("E", 3), ("T", 14)];
/// How many faults there are; they are numbered from 1.
const FAULTS: u32 = 78;

/// One line of a table of the page.
struct Row {
    id: String,
    happens: String,
    shown_by: String,
}

impl Row {
    /// What stands in backticks in the last column.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.shown_by.split('`').skip(1).step_by(2)
    }
}

#[test]
fn every_promise_and_every_fault_is_there_once() {
    let promises = PROMISES.iter().flat_map(|(letter, n)| (1..=*n).map(move |number| format!("{letter}{number}")));
    let wanted: BTreeSet<String> = promises.chain((1..=FAULTS).map(|number| number.to_string())).collect();
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    for row in rows() {
        *times.entry(row.id).or_default() += 1;
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert_eq!(twice, [], "ids that are there more than once");
    let there: BTreeSet<String> = times.into_keys().collect();
    assert_eq!(wanted.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new(), "ids that are missing");
    assert_eq!(there.difference(&wanted).collect::<Vec<_>>(), Vec::<&String>::new(), "ids that nobody knows");
}

#[test]
fn every_row_is_shown_by_tests_that_exist_or_says_why_not() {
    let tests = tests();
    let mut wrong = Vec::new();
    for row in rows() {
        let id = &row.id;
        if row.happens.is_empty() {
            wrong.push(format!("{id}: nothing is said of what happens"));
        }
        if row.names().next().is_none() && !row.shown_by.contains("not tested: ") {
            wrong.push(format!("{id}: neither a test nor a reason"));
        }
        for name in row.names() {
            if !tests.contains(name) && !root().join(name).is_file() {
                wrong.push(format!("{id}: there is no {name}"));
            }
        }
        let is_fault = id.bytes().all(|b| b.is_ascii_digit());
        let untested = row.shown_by.starts_with("not tested: ");
        if is_fault && !untested && !row.names().any(|name| numbers(name).contains(id.as_str())) {
            wrong.push(format!("{id}: none of its tests carries its number"));
        }
    }
    assert!(wrong.is_empty(), "{PAGE}:\n{}", wrong.join("\n"));
}

#[test]
fn the_fault_matrix_names_tests_that_exist() {
    let page = fs::read_to_string(root().join(PAGE)).expect("the page");
    let (_, matrix) = page.split_once("\n## The fault matrix\n").expect("the matrix is on the page");
    let (tests, rows): (_, Vec<&str>) = (tests(), matrix.lines().filter(|line| line.starts_with("* ")).collect());
    assert!(rows.len() >= 28, "{} rows", rows.len());
    let names = rows.iter().flat_map(|row| row.split('`').skip(1).step_by(2));
    let wrong: Vec<&str> = names.filter(|name| !tests.contains(*name)).collect();
    assert_eq!(wrong, Vec::<&str>::new(), "tests that are not there");
}

#[test]
fn a_test_that_carries_the_number_of_a_fault_stands_in_its_row() {
    let told: BTreeMap<String, Vec<String>> =
        rows().into_iter().map(|row| (row.id.clone(), row.names().map(str::to_owned).collect())).collect();
    for test in tests() {
        for number in numbers(&test) {
            let row = told.get(number).unwrap_or_else(|| panic!("{test} is about a fault that nobody knows"));
            assert!(row.contains(&test), "{PAGE}: row {number} does not name {test}");
        }
    }
}

#[test]
fn numbers_are_read_from_the_names_of_tests() {
    let read = |name| numbers(name).into_iter().collect::<Vec<_>>();
    assert_eq!(read("fault_7_two_instances"), ["7"]);
    assert_eq!(read("faults_17_18_of_20_rows"), ["17", "18"]);
    assert_eq!(read("fault_injection_of_5"), Vec::<&str>::new());
    assert_eq!(read("a_default_30_s"), Vec::<&str>::new());
}

/// The numbers right behind `fault_` or `faults_` at the beginning of a name.
fn numbers(test: &str) -> BTreeSet<&str> {
    let Some(rest) = test.strip_prefix("fault_").or_else(|| test.strip_prefix("faults_")) else {
        return BTreeSet::new();
    };
    rest.split('_').take_while(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())).collect()
}

fn rows() -> Vec<Row> {
    let page = fs::read_to_string(root().join(PAGE)).expect("the page");
    let cells = |line: &str| -> Option<Row> {
        let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
        let [id, happens, shown_by] = cells.as_slice() else {
            panic!("{PAGE}: three columns and no bar within them: {line}")
        };
        let row = Row { id: (*id).into(), happens: (*happens).into(), shown_by: (*shown_by).into() };
        (*id != "id").then_some(row)
    };
    page.lines().filter_map(cells).collect()
}

/// The names of all functions that are tests, in the sources and in `tests`.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["src", "tests"] {
        for path in sources(&root().join(folder)) {
            let text = fs::read_to_string(&path).expect("a source is text");
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                match line {
                    _ if line.starts_with("#[test") || line.starts_with("#[tokio::test") => is_test = true,
                    // Properties are functions within `proptest!`, marked like other tests.
                    _ if line.starts_with("#[") || line.starts_with("//") => {}
                    _ if is_test => {
                        let name = line.split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next());
                        names.extend(name.map(str::to_owned));
                        is_test = false;
                    }
                    _ => {}
                }
            }
        }
    }
    names
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources").map(|entry| entry.expect("an entry")) {
        let path = entry.path();
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
