//! What goes into a pipe is data: seen through `cat -v`, nothing in it drives a terminal or hides what it says, whatever
//! the names of jobs, files, keys and folders are.

use serde_json::Value;

use super::program::{World, finish};

/// Every kind of sequence that drives or hides: a title, a clear, 8-bit controls, a bell, turned text, nothing at all.
const JOBS: &str = r#"
[[job]]
name = "evil \u001b]0;x\u0007 \u001b[2J \u009b2J \u202e turned \u200b \u007f \t tab \\ end"
id = "evil1"
keys = "k-#"
texts = ["One is spoken.", "Two is spoken."]
age = "3h"
result = [{ kind = "error", lines = [2] }]

[[job]]
name = "\u001b[31mred\r\n"
id = "evil2"
texts = ["One."]
state = "failed"
error = "it \u001b]52;c;AAAA\u0007 broke \u202e"
age = "2h"
"#;

/// What `cat -v` shows.
fn cat_v(text: &str) -> String {
    let mut seen = String::new();
    for byte in text.bytes() {
        let (meta, byte) = if byte >= 0x80 { ("M-", byte - 0x80) } else { ("", byte) };
        seen.push_str(meta);
        match byte {
            b'\n' | b'\t' if meta.is_empty() => seen.push(char::from(byte)),
            0x7f => seen.push_str("^?"),
            byte if byte < 0x20 => seen.extend(['^', char::from(byte + 0x40)]),
            byte => seen.push(char::from(byte)),
        }
    }
    seen
}

#[track_caller]
fn is_data(what: &str, text: &str) -> String {
    let seen = cat_v(text);
    assert!(!seen.contains("^["), "{what}: an escape, or a byte of one: {seen}");
    assert!(!seen.contains('^') && !seen.contains("M-b"), "{what}: {seen}");
    seen
}

/// Lines of JSON that a terminal could show as well: a name that was made clean when it came, and a key as it is.
#[track_caller]
fn is_json(what: &str, text: &str) -> Vec<Value> {
    let hides = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{200b}' | '\u{202e}');
    assert!(!text.contains(hides), "{what}: {text:?}");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn what_goes_into_a_pipe_is_data_whatever_names_say() {
    let world = World::of(JOBS);
    let list = is_data("list", &world.run(&["list"]).code(0).out);
    let rows: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 8), "eight columns in each line: {list}");
    let name = r"evil \u001b]0;x\u0007 \u001b[2J \x9b2J \u202e turned \u200b \u007f   tab \ end";
    assert_eq!((rows[1][1], rows[2][1]), (r"\u001b[31mred  ", name));
    let told = is_json("list --json", &world.run(&["list", "--json"]).code(0).out);
    let clean = "evil ␛]0;x␇ ␛[2J \\x9b2J ⟨U+202E⟩ turned ⟨U+200B⟩ ␡   tab \\ end";
    assert_eq!(told[1]["displayName"], clean);

    let get = is_data("get", &world.run(&["get", "evil2"]).code(0).out);
    assert!(get.contains("Name        \\u001b[31mred  \n"), "{get}");
    assert!(get.contains("Error       it \\u001b]52;c;AAAA\\u0007 broke \\u202e (code "), "{get}");
    is_json("get --json", &world.run(&["get", "evil2", "--json"]).code(0).out);
    let raw = is_data("get --raw", &world.run(&["get", "evil2", "--raw"]).code(0).out);
    let raw: Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(raw["metadata"]["displayName"], "\u{1b}[31mred\r\n", "escaped, and as the service sent it");

    let folder = "out \u{1b}[2J\u{202e}";
    let save = is_data("save", &world.run(&["save", "evil1", "--out", folder]).code(4).out);
    assert!(save.contains("2 done") && save.contains("in out \\u001b[2J\\u202e"), "{save}");
    let rows = is_json("save --json", &world.run(&["save", "evil1", "--out", folder, "--json"]).code(4).out);
    assert_eq!(rows.len(), 2, "{rows:?}");
    is_data("verify", &world.run(&["verify", folder]).code(0).out);

    let files = is_data("files list", &world.run(&["files", "list"]).code(0).out);
    assert!(files.lines().all(|line| line.split('\t').count() == 6), "six columns in each line: {files}");
    is_json("files list --json", &world.run(&["files", "list", "--json"]).code(0).out);

    // A folder of state with such a name.
    let state = world.path("state \u{1b}[2J");
    let doctor = |arguments: &[&str]| {
        let mut command = world.command(arguments);
        command.env("XDG_STATE_HOME", &state);
        finish(command).out
    };
    let told = is_data("doctor", &doctor(&["doctor"]));
    assert!(told.contains(r"state \u001b[2J"), "{told}");
    is_json("doctor --json", &doctor(&["doctor", "--json"]));
}
