//! Creates that are killed in the middle: nothing is sent twice, and what was prepared is still there.

use std::path::PathBuf;
use std::process::Stdio;

use gemtts_tui::sim::{Answer, Call, Fault, Scenario};
use rustix::process::{Pid, Signal};

use super::program::World;

const LINES: &str = "The first line to be spoken.\nThe second line to be spoken.\nAnd a third one.\n";

/// Starts a create and kills it once the service has seen enough of it.
fn kill_when(world: &World, arguments: &[&str], is_time: impl Fn() -> bool) {
    let mut create = world.command(arguments).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    while !is_time() {
        assert!(create.try_wait().unwrap().is_none(), "the create ended by itself");
        std::thread::yield_now();
    }
    rustix::process::kill_process(Pid::from_child(&create), Signal::KILL).unwrap();
    create.wait().unwrap();
}

fn state(world: &World) -> PathBuf {
    world.path(".local/state/gemtts-tui")
}

fn files_in(world: &World, folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        std::fs::read_dir(state(world).join(folder)).unwrap().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

#[test]
fn a_create_that_is_killed_before_its_answer_keeps_its_texts_and_can_be_taken_again() {
    let world = World::of("[[result]]\nkind = \"silent\"\nlines = [2]\n");
    world.file("a.txt", LINES);
    let control = world.control();
    control.add_fault(Fault { processed: true, answer: Answer::Silence, ..Fault::on(Call::Create) });
    kill_when(&world, &["create", "a.txt"], || control.n_created() == 1);
    control.clear_faults();

    let job = world.run(&["list", "--json"]).code(0).only();
    let name = job["name"].as_str().unwrap();
    let kept = files_in(&world, "requests");
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(std::fs::read_to_string(&kept[0]).unwrap().lines().count(), 3);
    world.run(&["create", "a.txt"]).code(7);
    assert_eq!(control.n_created(), 1);
    world.run(&["wait", name]).code(0);
    world.run(&["save", name]).code(4);
    let take = world.run(&["retake", name, "--dry-run", "--json"]).code(0).only();
    assert_eq!(take["verdict"], "silent");
}

#[test]
fn an_upload_that_is_killed_goes_on_and_its_address_is_nobodys_business() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    let control = world.control();
    control.add_fault(Fault { answer: Answer::Silence, ..Fault::on(Call::UploadChunk) });
    let arguments = ["create", "a.txt"];
    kill_when(&world, &arguments, || control.count(Call::UploadChunk) == 1);
    control.clear_faults();
    let under_way = files_in(&world, "uploads");
    assert_eq!(under_way.len(), 1, "{under_way:?}");
    let address = std::fs::read_to_string(&under_way[0]).unwrap();
    let secret = address.split("upload_id=").nth(1).unwrap().split(['&', '"']).next().unwrap().to_owned();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(under_way[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    for arguments in
        [&["doctor"][..], &["doctor", "--json"], &["list", "--json"], &["create", "a.txt", "--dry-run", "--json"]]
    {
        let ran = world.run(arguments).code(0);
        assert!(!ran.out.contains(&secret) && !ran.err.contains(&secret), "{arguments:?}");
    }

    let starts = control.count(Call::UploadStart);
    let ran = world.run(&arguments).code(0);
    assert!(!ran.err.contains(&secret));
    assert_eq!((starts, control.count(Call::UploadStart)), (1, 1), "the session went on");
    assert_eq!((control.count(Call::UploadQuery), control.n_created()), (1, 1), "it was asked how far it came");
    assert_eq!(files_in(&world, "uploads"), Vec::<PathBuf>::new());
}
