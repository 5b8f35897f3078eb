//! Results that are gone, results of jobs that were stopped, and a brake over a link that breaks.

use gemtts_tui::sim::{Answer, Call, Fault};
use rustix::process::{Pid, Signal};

use super::program::World;

const FOUR: &str = r##"
[[job]]
name = "nightly-#"
state = "running"
texts = ["One.", "Two."]
copies = 4
age = "2h"
"##;

#[test]
fn fault_46_results_that_the_service_dropped_are_called_so_and_nothing_that_costs_is_offered() {
    let world = World::of("[[job]]\nname = \"old\"\nid = \"old1\"\ntexts = [\"One.\"]\nage = \"60h\"\n");
    let ran = world.run(&["save", "old1"]).code(1).says("the service drops results after 48 hours").says(" ago");
    for offer in ["retake", "create", "submit"] {
        assert!(!ran.err.contains(offer), "{ran:?}");
    }
    assert_eq!(std::fs::read_dir(world.path("old")).into_iter().flatten().flatten().filter(is_wav).count(), 0);
    let ran = world.run(&["delete", "old1", "--yes"]).code(7);
    assert!(ran.err.contains("not on this disk"), "{ran:?}");
    assert!(world.control().requests().iter().all(|request| request.method == "GET"));
}

fn is_wav(entry: &std::fs::DirEntry) -> bool {
    entry.path().extension().is_some_and(|ending| ending == "wav")
}

#[test]
fn what_a_stopped_job_has_left_is_fetched_by_save_and_by_wait() {
    for inline in [false, true] {
        let world = World::of(&format!(
            "[[job]]\nname = \"part\"\nid = \"part1\"\nstate = \"cancelled\"\nage = \"2h\"\ndone = 0.5\n\
             inline = {inline}\ntexts = [\"One.\", \"Two.\"]\n[service]\ncancelled_keeps_output = true\n"
        ));
        world.run(&["save", "part1", "--out", "saved"]).code(4);
        world.run(&["wait", "part1", "--save", "waited"]).code(4);
        for folder in ["saved", "waited"] {
            let n_wavs = std::fs::read_dir(world.path(folder)).unwrap().flatten().filter(is_wav).count();
            assert_eq!(n_wavs, 1, "{folder}, inline {inline}");
        }
    }
}

#[test]
fn a_brake_goes_on_over_a_link_that_breaks_in_the_middle() {
    let world = World::of(FOUR);
    // Cancels are lost on the way there, on the way back, and looks in between as well.
    world.control().add_fault(Fault { nth: Some(2), times: Some(4), answer: Answer::Close, ..Fault::on(Call::Cancel) });
    world.control().add_fault(Fault { nth: Some(7), times: Some(6), ..Fault::lost_answer(Call::Cancel) });
    world.control().add_fault(Fault { nth: Some(6), times: Some(8), answer: Answer::Close, ..Fault::on(Call::Get) });
    let ran = world.run(&["cancel", "--filter", "name:~nightly", "--yes", "--refresh", "2"]).code(0);
    assert!(ran.err.contains("4 cancelled"), "{ran:?}");
    assert_eq!(world.run(&["list", "--state", "CANCELLED", "--json"]).code(0).json().len(), 4);
}

#[test]
fn a_brake_that_is_killed_in_the_middle_has_written_every_job_down() {
    let world = World::of(FOUR);
    let control = world.control();
    control.add_fault(Fault { answer: Answer::Silence, ..Fault::on(Call::Cancel) });
    let mut brake = world.command(&["cancel", "--filter", "nightly", "--yes"]).spawn().unwrap();
    while control.count(Call::Cancel) == 0 {
        assert!(brake.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    rustix::process::kill_process(Pid::from_child(&brake), Signal::KILL).unwrap();
    brake.wait().unwrap();
    control.clear_faults();
    // Whoever lists next sees what is wanted, and the dashboard asks again.
    assert_eq!(world.run(&["list", "--state", "CANCELLING", "--json"]).code(0).json().len(), 4);
    world.run(&["cancel", "--filter", "state:cancelling", "--yes"]).code(0).says("4 cancelled");
}
