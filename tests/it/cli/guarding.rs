//! Who may change something, what is private, and what becomes of a command where nothing can be kept.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use gemtts_tui::sim::{Answer, Call, Fault, Scenario};
use gemtts_tui::store::Store;

use super::program::{Ran, World, finish};

const LINES: &str = "The first line to be spoken.\nThe second line to be spoken.\nAnd a third one.\n";

/// What a create, a cancel and the like look like.
const CHANGES: [&[&str]; 6] = [
    &["create", "a.txt"],
    &["cancel", "job-1", "--yes"],
    &["delete", "job-1", "--yes"],
    &["retake", "job-1", "--yes"],
    &["files", "delete", "files/abc", "--yes"],
    &["campaigns", "run"],
];

fn state(world: &World) -> PathBuf {
    world.path(".local/state/gemtts-tui")
}

fn start(world: &World, arguments: &[&str]) -> Child {
    world.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn ended(child: Child) -> Ran {
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn fault_7_of_many_that_send_the_same_one_sends_it_and_the_others_name_it() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    let control = world.control();
    control.add_fault(Fault { answer: Answer::Silence, ..Fault::on(Call::UploadStart) });
    let mut racing: Vec<Child> = (0..6).map(|_| start(&world, &["create", "a.txt"])).collect();
    // The one that holds the lock waits for an answer that does not come; all others end.
    while racing.len() > 1 {
        std::thread::yield_now();
        let Some(at) = racing.iter_mut().position(|child| child.try_wait().unwrap().is_some()) else { continue };
        let refused = ended(racing.swap_remove(at)).code(7);
        let holder =
            racing.iter().any(|child| refused.err.contains(&format!("in the hands of process {} ", child.id())));
        assert!(holder, "{refused:?}");
    }
    let mut holder = racing.remove(0);
    assert!(holder.try_wait().unwrap().is_none(), "it goes on");
    assert_eq!(control.n_created(), 0);
    holder.kill().unwrap();
    holder.wait().unwrap();
    control.clear_faults();

    // Its end has made room; and of eight that nobody holds up, one gets through.
    let racing: Vec<Child> = (0..8).map(|_| start(&world, &["create", "a.txt"])).collect();
    let mut codes: Vec<i32> = racing.into_iter().map(|child| ended(child).code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 7, 7, 7, 7, 7, 7, 7]);
    assert_eq!((control.n_created(), control.n_jobs()), (1, 1));
}

#[test]
fn whatever_makes_a_session_read_only_every_change_is_refused_with_7_before_anything_is_asked() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    let config = world.file("config.toml", "read_only = true\n[profile.free]\nread_only = false\n");
    let config = config.to_str().unwrap();
    let profile = world.file("profile.toml", "[profile.shut]\nread_only = true\n");
    let profile = profile.to_str().unwrap();
    let sources: [(&[&str], Option<&str>, &str); 5] = [
        (&["--read-only"], None, "--read-only"),
        (&[], Some("1"), "GEMTTS_READ_ONLY"),
        (&["--config", config], None, "configuration file"),
        (&["--config", config, "--profile", "free"], Some("0"), "configuration file"),
        (&["--config", profile, "--profile", "shut"], None, "configuration file"),
    ];
    for (options, variable, said) in sources {
        for change in CHANGES {
            let mut command = world.command(&[change, options].concat());
            if let Some(value) = variable {
                command.env("GEMTTS_READ_ONLY", value);
            }
            finish(command).code(7).says("read-only").says(said);
        }
    }
    assert_eq!(world.control().requests().len(), 0, "nobody was asked");
    let mut odd = world.command(&["list"]);
    odd.env("GEMTTS_READ_ONLY", "maybe");
    finish(odd).code(2).says("GEMTTS_READ_ONLY");
}

#[test]
fn fault_54_beside_a_journal_that_cannot_be_read_a_command_only_reads() {
    let world = World::with(Scenario::test());
    world.file("a.txt", LINES);
    world.run(&["list"]).code(0);
    let journal = state(&world).join("intents.jsonl");
    std::fs::create_dir_all(&journal).unwrap();
    world.run(&["list"]).code(0).says("warning: ").says("intents.jsonl");
    let asked = world.control().requests().len();
    world.run(&["create", "a.txt"]);
    let changes = world.control().requests().split_off(asked).into_iter().filter(|request| request.method != "GET");
    assert_eq!(changes.count(), 0);
    assert_eq!(world.control().n_created(), 0);
    assert!(journal.is_dir());
    std::fs::remove_dir(&journal).unwrap();
    world.run(&["create", "a.txt"]).code(0);
}

#[cfg(unix)]
mod modes {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Everything below a folder, with its mode.
    fn modes(folder: &Path) -> Vec<(PathBuf, bool, u32)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, metadata) = (entry.path(), entry.metadata().unwrap());
            found.push((path.clone(), metadata.is_dir(), metadata.permissions().mode() & 0o777));
            if metadata.is_dir() {
                found.extend(modes(&path));
            }
        }
        found
    }

    #[test]
    fn fault_55_whatever_the_umask_what_is_kept_is_its_owners_alone() {
        let world = World::with(Scenario::test());
        world.file("a.txt", LINES);
        let own = world.path("own");
        fs::create_dir(&own).unwrap();
        let plain = world.command(&["create", "../a.txt", "--log", "run.log", "--record", "talk.jsonl", "-vv"]);
        let mut command = Command::new("sh");
        command.args(["-c", "umask 000 && exec \"$0\" \"$@\""]).arg(plain.get_program()).args(plain.get_args());
        command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(&own).stdin(Stdio::null());
        finish(command).code(0);
        let mut found = modes(&own);
        found.extend(modes(&world.path(".local")));
        assert!(found.len() > 10, "{found:?}");
        for (path, is_folder, mode) in found {
            // Folders on the way may be there before; ours begin with our name.
            let is_ours = path.components().any(|part| part.as_os_str() == "gemtts-tui") || path.starts_with(&own);
            let expected = if is_folder { 0o700 } else { 0o600 };
            assert!(!is_ours || mode == expected, "{}: {mode:o}", path.display());
        }
    }

    #[test]
    fn fault_55_what_others_may_read_is_refused_with_the_line_that_mends_it() {
        let world = World::with(Scenario::test());
        world.file("a.txt", LINES);
        world.run(&["create", "a.txt"]).code(0);
        let log = world.file("run.log", "");
        set_mode(&log, 0o644);
        world
            .run(&["list", "--log", "run.log"])
            .code(6)
            .says("others may read the log")
            .says("run: chmod 600 'run.log'");
        set_mode(&log, 0o600);
        world.run(&["list", "--log", "run.log"]).code(0);

        let config = world.file("config.toml", "[profile.default]\nkey_file = \"/nowhere\"\n");
        set_mode(&config, 0o644);
        let path = config.to_str().unwrap();
        world.run(&["list", "--config", path]).code(3).says(&format!("run: chmod 600 {path}"));

        let journal = state(&world).join("intents.jsonl");
        set_mode(&journal, 0o644);
        let line = format!("run: chmod 600 {}", journal.display());
        world.run(&["list"]).code(0).says(&line);
        world.file("b.txt", "Something else.\n");
        world.run(&["create", "b.txt"]);
        assert_eq!(world.control().n_created(), 1, "nothing is sent beside a journal that others may write");
        set_mode(&journal, 0o600);

        set_mode(&state(&world), 0o777);
        world.run(&["list"]).code(6).says(&format!("run: chmod 700 {}", state(&world).display()));
        set_mode(&state(&world), 0o700);
        world.run(&["list"]).code(0);
    }

    #[test]
    fn fault_56_without_a_home_of_its_own_a_command_says_what_is_missing() {
        let world = World::with(Scenario::test());
        let mut unset = world.command(&["list"]);
        unset.env_remove("HOME");
        finish(unset).code(2).says("HOME is not set").says("set HOME");
        for (name, value) in [("HOME", "home"), ("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "./config")] {
            let mut relative = world.command(&["list"]);
            relative.env(name, value);
            finish(relative).code(2).says(&format!("{name} is a relative path"));
        }
        // Nobody can make a folder there, whoever they are.
        let mut unwritable = world.command(&["list"]);
        unwritable.env("HOME", "/proc");
        finish(unwritable).code(6).says("cannot write").says("XDG_STATE_HOME");
        assert_eq!(world.control().requests().len(), 0);
        assert!(!world.path("home").exists() && !world.path("state").exists() && !world.path("config").exists());
    }

    /// Whether the kernel can be made to fail here; where it cannot, `tests/crash/create` does the same wherever it can.
    fn can_inject() -> bool {
        let tried = Command::new("strace").args(["-f", "-q", "-o", "/dev/null", "true"]).status();
        tried.is_ok_and(|status| status.success())
    }

    #[test]
    fn fault_57_an_intent_that_is_not_on_the_disk_is_not_sent() {
        if !can_inject() {
            eprintln!("strace is missing: nothing was tried");
            return;
        }
        let world = World::with(Scenario::test());
        world.file("a.txt", LINES);
        world.run(&["list"]).code(0);
        let plain = world.command(&["create", "a.txt"]);
        let journal = state(&world).join("intents.jsonl");
        drop(Store::open(&state(&world)).unwrap());
        let mut command = Command::new("strace");
        command.args(["-f", "-q", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO", "-P"]);
        command.arg(&journal).arg(plain.get_program()).args(plain.get_args());
        command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.current_dir(world.home.path()).stdin(Stdio::null());
        finish(command).code(6).says("intents.jsonl");
        let control = world.control();
        assert!(control.count(Call::UploadStart) == 1 && control.count(Call::Create) == 0);
        assert_eq!(control.n_created(), 0);
    }
}
