//! Strangers' text in every answer, through every command that shows it: on standard output, standard error, in JSON and in
//! the log there is nothing that a terminal obeys or hides.

use super::program::World;

/// As they stand in a scenario.
const PAYLOADS: [&str; 7] = [
    r"\u001b]52;c;aGVsbG8=\u0007clip",
    r"\u001b]8;;http://evil.example/\u001b\\click",
    r"\u001b[2J\u001b[H\u009b31m\u009d0;t\u009c",
    r"\u001bP1$r\u001b\\ \u001b_x\u001b\\",
    r"\u202Egnp.exe\u2066\u200B\uFEFF\u200D",
    r"bell\u0007\u0008\u0008\u0008tab\tnew\nline\r\u007f",
    r"\u001b[6n\u001b[c\u001b]11;?\u0007",
];

fn is_harmless(c: char) -> bool {
    // Line ends, and what parts the columns of a table in a pipe.
    matches!(c, '\n' | '\t') || gemtts_tui::text::is_harmless(c)
}

#[test]
fn hostile_text_drives_nothing_through_any_command() {
    let mut scenario = String::new();
    for (at, payload) in PAYLOADS.iter().enumerate() {
        scenario += &format!(
            "[[job]]\nid = \"good{at}\"\nname = \"x{payload}\"\nage = \"20h\"\nkeys = \"{payload}#\"\ntexts = [\"{payload}\"]\n\
             [[job]]\nid = \"bad{at}\"\nname = \"y{payload}\"\nage = \"21h\"\nstate = \"failed\"\nerror = \"{payload}\"\ntexts = [\"w\"]\n"
        );
    }
    let world = World::of(&scenario);
    let mut lines: Vec<Vec<String>> =
        ["list", "list --json", "list --state FAILED", "files list", "files list --json", "doctor"]
            .iter()
            .map(|line| line.split(' ').map(str::to_owned).collect())
            .collect();
    for at in 0..PAYLOADS.len() {
        for line in [
            format!("get good{at}"),
            format!("get bad{at}"),
            format!("get bad{at} --json"),
            format!("save good{at} --out out{at} --json"),
            format!("save good{at} --out again{at}"),
            format!("wait good{at}"),
            format!("delete bad{at}"),
            format!("get no{at}"),
        ] {
            lines.push(line.split(' ').map(str::to_owned).collect());
        }
    }
    for line in lines {
        let mut arguments: Vec<&str> = line.iter().map(String::as_str).collect();
        arguments.extend(["--log", "log.txt", "-vv"]);
        let ran = world.run(&arguments);
        for (channel, text) in [("output", &ran.out), ("error", &ran.err)] {
            let strange = text.chars().find(|c| !is_harmless(*c));
            assert_eq!(strange, None, "{line:?} on standard {channel}: {text:?}");
        }
    }
    let log = std::fs::read_to_string(world.path("log.txt")).unwrap();
    assert_eq!(log.chars().find(|c| !is_harmless(*c)), None, "in the log");
}
