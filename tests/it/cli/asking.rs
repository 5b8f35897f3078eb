//! What is asked on a terminal, and what the answers do.

use gemtts_tui::sim::{Answer, Call, Fault};
use pty_process::blocking::Command;

use super::program::World;
use crate::pty::Terminal;

const STUCK: &str = r##"
[[job]]
name = "stuck-#"
state = "running"
texts = ["One.", "Two."]
copies = 3
age = "2h"

[[job]]
name = "over"
id = "over1"
texts = ["One."]
age = "3h"
"##;

fn on_terminal(world: &World, arguments: &[&str]) -> Terminal {
    let plain = world.command(arguments);
    let mut command =
        Command::new(plain.get_program()).args(plain.get_args()).current_dir(world.home.path()).env_clear();
    for (name, value) in plain.get_envs() {
        command = command.env(name, value.unwrap());
    }
    Terminal::start(command, 100, 30)
}

#[test]
fn a_cancel_names_its_jobs_and_wants_their_count() {
    let world = World::of(STUCK);
    let mut terminal = on_terminal(&world, &["cancel", "--filter", "state:running"]);
    let screen = terminal.wait_for("Type 3 to confirm:");
    for name in ["stuck-1", "stuck-2", "stuck-3"] {
        assert!(screen.contains(name), "{screen}");
    }
    terminal.send("y\n");
    terminal.wait_for("nothing was cancelled");
    assert_eq!(terminal.end().code(), Some(1));
    assert_eq!(world.control().count(Call::Cancel), 0);

    let mut terminal = on_terminal(&world, &["cancel", "--filter", "state:running"]);
    terminal.wait_for("Type 3 to confirm:");
    terminal.send("3\n");
    assert_eq!(terminal.end().code(), Some(0));
    assert_eq!(world.control().count(Call::Cancel), 3);
}

#[test]
fn one_job_is_answered_with_y_and_lost_results_with_the_count() {
    let world = World::of(STUCK);
    let mut terminal = on_terminal(&world, &["delete", "over1", "--unsaved"]);
    let screen = terminal.wait_for("Type 1 to confirm:");
    assert!(screen.contains("0 of 1 results are saved"), "{screen}");
    terminal.send("\n");
    assert_eq!(terminal.end().code(), Some(1));
    assert_eq!(world.control().count(Call::Delete), 0);

    let mut terminal = on_terminal(&world, &["cancel", "--filter", "name:stuck-2"]);
    terminal.wait_for("[y/N]");
    terminal.send("y\n");
    assert_eq!(terminal.end().code(), Some(0));
    assert_eq!(world.control().count(Call::Cancel), 1);
}

#[test]
fn giving_a_lost_create_up_wants_the_count_of_its_requests() {
    let world = World::of(STUCK);
    world.file("a.txt", "One.\nTwo.\nThree.\n");
    world.control().add_fault(Fault { answer: Answer::Close, ..Fault::on(Call::Create) });
    let lost = world.run(&["create", "a.txt", "--json"]).code(5).only();
    world.control().clear_faults();
    let token = lost["token"].as_str().unwrap();
    for (answer, exit) in [("y\n", 1), ("1\n", 1), ("3\n", 0), ("", 1)] {
        let mut terminal = on_terminal(&world, &["delete", token]);
        if answer.is_empty() {
            terminal.wait_for("was given up already");
        } else {
            let screen = terminal.wait_for("Type 3 to confirm:");
            assert!(screen.contains("3 requests") && screen.contains("billed twice"), "{screen}");
            terminal.send(answer);
        }
        assert_eq!(terminal.end().code(), Some(exit), "{answer:?}");
    }
}

#[test]
fn a_signal_at_a_question_is_a_no() {
    let world = World::of(STUCK);
    let mut terminal = on_terminal(&world, &["cancel", "--filter", "name:stuck-2"]);
    terminal.wait_for("[y/N]");
    terminal.send("\u{3}");
    assert_eq!(terminal.end().code(), Some(130));
    assert_eq!(world.control().count(Call::Cancel), 0);
}

#[test]
fn a_repeat_that_is_not_sent_leaves_nothing_prepared_behind() {
    let world = World::of(STUCK);
    world.file("a.txt", "One.\nTwo.\nThree.\n");
    world.run(&["create", "a.txt"]).code(0);
    for (answer, exit) in [("n\n", 1), ("\u{3}", 130)] {
        let mut terminal = on_terminal(&world, &["create", "a.txt"]);
        terminal.wait_for("[y/N]");
        let prepared = || std::fs::read_dir(world.path(".local/state/gemtts-tui/prepared")).unwrap().count();
        assert_eq!(prepared(), 1);
        terminal.send(answer);
        assert_eq!(terminal.end().code(), Some(exit), "{answer:?}");
        assert_eq!(prepared(), 0, "{answer:?}");
    }
    assert_eq!(world.control().n_created(), 1);
}

#[test]
fn a_table_fits_the_terminal() {
    let world = World::of(STUCK);
    let mut terminal = on_terminal(&world, &["list"]);
    let screen = terminal.wait_for("over1");
    assert_eq!(terminal.end().code(), Some(0));
    assert!(screen.lines().next().unwrap().starts_with("STATE      NAME"), "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 100) && !screen.contains('\t'), "{screen}");
}
