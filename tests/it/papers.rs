//! The README says what the program says: its tables come from the tables of the program.
//!
//! `UPDATE_DOCS=1 cargo test` rewrites them.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use gemtts_tui::audio::{Limit, Limits};
use gemtts_tui::tui::keys::{BINDINGS, Context};

/// Two tests rewrite the same file.
static README: Mutex<()> = Mutex::new(());

#[test]
fn the_readme_lists_the_keys_of_the_key_table() {
    let mut table = "| keys | what they do | where |\n|---|---|---|\n".to_owned();
    for binding in BINDINGS {
        let keys: Vec<_> = binding.chords.iter().map(|chord| format!("`{}`", chord.label())).collect();
        let places: Vec<_> = binding.contexts.iter().map(|context| context.title().to_lowercase()).collect();
        let places = if binding.contexts.len() == Context::ALL.len() { "everywhere".into() } else { places.join(", ") };
        table.push_str(&format!("| {} | {} | {places} |\n", keys.join(" "), binding.help));
    }
    holds("keys", &table);
}

#[test]
fn the_readme_lists_the_commands_of_the_program() {
    let help = run(&["--help"]);
    let commands = help.split("Commands:").nth(1).expect("a list of commands").split("\n\n").next().expect("its end");
    let mut table = "| command | what it does |\n|---|---|\n".to_owned();
    for line in commands.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, about) = line.split_once("  ").expect("a name and what it does");
        if name != "help" {
            table.push_str(&format!("| `gemtts-tui {name}` | {} |\n", about.trim().to_lowercase_first()));
        }
    }
    holds("commands", &table);
}

#[test]
fn the_readme_lists_the_thresholds_of_the_verdicts() {
    let mut table = "| word | default | from | to | decides | meaning |\n|---|---|---|---|---|---|\n".to_owned();
    let mut limits = Limits::default();
    for Limit { word, least, most, verdict, meaning, of } in &Limits::ALL {
        let verdicts = verdict.replace(' ', ", ");
        table.push_str(&format!("| `{word}` | {} | {least} | {most} | {verdicts} | {meaning} |\n", of(&mut limits)));
    }
    holds("verdicts", &table);
}

#[test]
fn every_command_that_the_readme_shows_is_one() {
    let readme = std::fs::read_to_string(readme()).expect("the README");
    let shown = readme.lines().filter_map(|line| line.strip_prefix("gemtts-tui "));
    let mut n_shown = 0;
    for line in shown {
        n_shown += 1;
        let verb = line.split_whitespace().next().expect("a verb");
        let help = run(&[verb, "--help"]);
        for option in line.split_whitespace().filter(|word| word.starts_with("--")) {
            assert!(help.contains(option), "`gemtts-tui {verb}` has no {option}");
        }
    }
    assert!(n_shown > 0);
}

fn holds(block: &str, text: &str) {
    let _alone = README.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (begin, end) = (format!("<!-- {block} -->\n"), format!("<!-- /{block} -->"));
    let readme_text = std::fs::read_to_string(readme()).expect("the README");
    let start = readme_text.find(&begin).expect("the begin of the block") + begin.len();
    let stop = readme_text.find(&end).expect("the end of the block");
    if readme_text[start..stop] == *text {
        return;
    }
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    assert!(update, "the README's {block} are stale; `UPDATE_DOCS=1 cargo test` rewrites them");
    let fresh = format!("{}{text}{}", &readme_text[..start], &readme_text[stop..]);
    std::fs::write(readme(), fresh).expect("the README can be written");
}

fn readme() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

fn run(words: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_gemtts-tui")).args(words).env("COLUMNS", "400").output().expect("the program");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

trait LowercaseFirst {
    fn to_lowercase_first(&self) -> String;
}

impl LowercaseFirst for str {
    fn to_lowercase_first(&self) -> String {
        let mut chars = self.chars();
        chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
    }
}
