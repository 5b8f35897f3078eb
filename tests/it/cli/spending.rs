//! Caps and what was spent, from the command line.

use pty_process::blocking::Command;
use serde_json::Value;

use super::program::World;
use crate::pty::Terminal;

const TEXT: &str = "The first line is spoken.\nThe second line is spoken.\nThe third line is silent.\n";

/// Of three results the last one is silent.
const BAD_END: &str = "[[result]]\nkind = \"silent\"\nlines = [3]\n";

fn capped(world: &World, caps: &str) -> String {
    world.file("a.txt", TEXT);
    world.file("caps.toml", &format!("[spend]\n{caps}\n")).display().to_string()
}

#[test]
fn a_create_over_a_cap_is_refused_without_a_terminal_and_without_yes() {
    let world = World::of("");
    let caps = capped(&world, "per_job = 0.0001");
    let dry = world.run(&["create", "a.txt", "--dry-run", "--json", "--config", &caps]).code(0).only();
    let over = &dry["overCap"];
    assert_eq!((&over["perJob"], &over["perDay"], &over["spentToday"]), (&0.0001.into(), &Value::Null, &0.0.into()));
    assert!(over["adds"].as_f64().unwrap() > 0.0001, "{over}");
    world.run(&["create", "a.txt", "--dry-run", "--config", &caps]).code(0).says("nothing was sent");
    world.run(&["create", "a.txt", "--config", &caps]).code(7).says("over the cap of $0.0001 for a job").says("--yes");
    assert_eq!(world.control().n_created(), 0);
    world.run(&["create", "a.txt", "--config", &caps, "--yes"]).code(0);
    assert_eq!(world.control().n_created(), 1);
    // Without the caps nothing is asked, and nothing said.
    let free = world.run(&["create", "a.txt", "--dry-run", "--json"]).code(0).only();
    assert_eq!(free["overCap"], Value::Null);
}

#[test]
fn a_day_is_held_over_several_creates_and_a_retake_by_the_same_cap() {
    let world = World::of(BAD_END);
    let caps = capped(&world, "per_day = 0.001");
    let job = world.run(&["create", "a.txt", "--config", &caps, "--wait", "--yes", "--json"]).code(0).only();
    let name = job["name"].as_str().unwrap();
    world.run(&["save", name]).code(4);
    world.file("b.txt", &TEXT.repeat(20));
    world.run(&["create", "b.txt", "--config", &caps]).code(7).says("the cap of $0.0010 for a day").says("of today");
    let tight = world.file("tight.toml", "[spend]\nper_job = 0\n").display().to_string();
    world.run(&["retake", name, "--config", &tight]).code(7).says("the cap of $0.00 for a job");
    assert_eq!(world.control().n_created(), 1);
    world.run(&["retake", name, "--config", &tight, "--yes"]).code(0);
    assert_eq!(world.control().n_created(), 2);
}

#[test]
fn on_a_terminal_the_dollars_are_typed() {
    let world = World::of("");
    let caps = capped(&world, "per_day = 0");
    for (answer, exit, n_created) in [("y\n", 1, 0), ("2\n", 1, 0), ("\n", 1, 0), ("1\n", 0, 1)] {
        let plain = world.command(&["create", "a.txt", "--config", &caps]);
        let mut command =
            Command::new(plain.get_program()).args(plain.get_args()).current_dir(world.home.path()).env_clear();
        for (name, value) in plain.get_envs() {
            command = command.env(name, value.unwrap());
        }
        let mut terminal = Terminal::start(command, 100, 30);
        let screen = terminal.wait_for("Type 1 to confirm:");
        assert!(screen.contains("the cap of $0.00 for a day"), "{screen}");
        terminal.send(answer);
        assert_eq!(terminal.end().code(), Some(exit), "{answer:?}");
        assert_eq!(world.control().n_created(), n_created, "{answer:?}");
    }
}

#[test]
fn what_was_spent_is_told_without_a_key_and_adds_up() {
    let world = World::of(BAD_END);
    let caps = capped(&world, "per_day = 25.0");
    let none = world.run(&["spend"]).code(0).says("no job was created in the last 30 days");
    assert_eq!(none.out, "");
    let job = world.run(&["create", "a.txt", "--wait", "--json"]).code(0).only();
    world.file("b.txt", "Another text.\n");
    world.run(&["create", "b.txt", "--wait"]).code(0);
    let before = world.run(&["spend", "--json"]).code(0).json();
    assert_eq!((before.len(), &before[1]["useful"]), (2, &0.0.into()));
    assert!(before[1]["estimateOnly"][1].as_f64().unwrap() > 0.0, "{before:?}");
    world.run(&["save", job["name"].as_str().unwrap()]).code(4);

    let mut command = world.command(&["spend", "--json", "--config", &caps]);
    command.env_remove("GEMINI_API_KEY").env_remove("GOOGLE_API_KEY");
    let n_asked = world.control().requests().len();
    let told = super::program::finish(command).code(0).json();
    assert_eq!(world.control().requests().len(), n_asked, "nobody is asked");
    let [of_model, sum] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&of_model["jobCount"], &sum["jobCount"], &sum["day"]), (&2.into(), &2.into(), &Value::Null));
    assert!(of_model["model"].as_str().unwrap().starts_with("models/gemini-"), "{of_model}");
    for field in ["useful", "unusable", "audioTokens"] {
        assert!(sum[field].as_f64().unwrap() > 0.0 && sum[field] == of_model[field], "{field}: {sum}");
    }
    assert!(sum["estimateOnly"][1].as_f64() < before[1]["estimateOnly"][1].as_f64(), "{sum}");
    let shown = world.run(&["spend", "--days", "1", "--config", &caps]).code(0).says("spent today").says(" of $25.00");
    let lines: Vec<&str> = shown.out.lines().collect();
    assert!(lines[0].starts_with("DAY\tMODEL\tJOBS") && lines.len() == 3, "{}", shown.out);
    assert!(lines[2].starts_with("sum\t-\t2\t"), "{}", shown.out);
}

#[test]
fn a_cap_that_is_no_amount_is_refused_with_its_place() {
    let world = World::of("");
    let caps = capped(&world, "per_day = \"much\"");
    world.run(&["spend", "--config", &caps]).code(2).says("line 2: a cap is a number of US dollars");
}
