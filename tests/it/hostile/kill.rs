//! A large save that is killed at random moments, again and again until it ends.
//!
//! A moment is a number of changes in the folders that the save writes to, which the kernel tells, so that nothing here
//! waits for a time to pass. `tests/crash/run` does the same many more times.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open};

use super::case::{good, sha256};
use super::check::{half_done, hashes, same_as};
use super::sound::Sound;
use crate::cli::program::{World, finish};

/// Long enough for a loaded machine; a run that goes on does not use it up.
const DEADLINE: Duration = Duration::from_secs(120);

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Killed,
    Exit(i32),
}

/// Runs a command and kills it once so many changes were seen in the folders. Gives the changes that were seen.
fn kill_after(changes: usize, folders: &[PathBuf], mut command: Command) -> (End, usize) {
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
    let kinds =
        WatchFlags::CREATE | WatchFlags::MODIFY | WatchFlags::MOVED_TO | WatchFlags::DELETE | WatchFlags::ATTRIB;
    for folder in folders {
        inotify::add_watch(&watch, folder, kinds).unwrap();
    }
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    let process = pidfd_open(pid, PidfdFlags::empty()).unwrap();
    let mut buffer = [MaybeUninit::uninit(); 4_096];
    let mut reader = Reader::new(&watch, &mut buffer);
    let mut seen = 0;
    loop {
        loop {
            match reader.next() {
                Ok(_) => seen += 1,
                Err(Errno::AGAIN) => break,
                Err(error) => {
                    child.kill().unwrap();
                    let status = child.wait().unwrap();
                    panic!("{error}: {status}");
                }
            }
            if seen >= changes {
                child.kill().unwrap();
                let status = child.wait().unwrap();
                // It may have ended by itself at the last moment.
                return (status.code().map_or(End::Killed, End::Exit), seen);
            }
        }
        let mut fds = [PollFd::new(&watch, PollFlags::IN), PollFd::new(&process, PollFlags::IN)];
        let limit = Timespec { tv_sec: DEADLINE.as_secs() as i64, tv_nsec: 0 };
        let ready = poll(&mut fds, Some(&limit)).unwrap();
        if ready == 0 {
            child.kill().unwrap();
            let status = child.wait().unwrap();
            panic!("nothing happens: {status}");
        }
        if fds[0].revents().is_empty() && !fds[1].revents().is_empty() {
            return (End::Exit(child.wait().unwrap().code().unwrap()), seen);
        }
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

/// A save that can be started again and again.
struct Save<'a> {
    world: &'a World,
    words: &'a [&'a str],
    /// How a run that is not disturbed ends.
    exit: i32,
}

impl Save<'_> {
    /// The command into a folder, with a cache of its own.
    fn command(&self, name: &str) -> (Command, Vec<PathBuf>) {
        let (out, cache) = (self.world.path(name), self.world.path(&format!("{name}-cache")));
        let results = cache.join("gemtts-tui/results");
        for folder in [&out, &results] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let mut command = self.world.command(&[self.words, &["--out", name]].concat());
        command.env("XDG_CACHE_HOME", &cache);
        (command, vec![out, results])
    }

    /// Kills it at random moments until it ends, so many times over; gives the number of kills.
    fn again_and_again(&self, rounds: usize, seed: u64) -> usize {
        let undisturbed = self.world.path("undisturbed");
        let (command, folders) = self.command("undisturbed");
        let (end, changes) = kill_after(usize::MAX, &folders, command);
        assert_eq!(end, End::Exit(self.exit));
        let right: BTreeMap<String, String> = hashes(&undisturbed);
        assert!(right.len() > 50 && changes > 300, "{} files, {changes} changes", right.len());
        let (mut dice, mut kills) = (Dice(seed), 0);
        for round in 0..rounds {
            let name = format!("round-{round}");
            let (_, folders) = self.command(&name);
            let mut runs = 0;
            loop {
                let at = 1 + dice.below(changes * 2 / 3);
                let (end, seen) = kill_after(at, &folders, self.command(&name).0);
                let where_ = format!("round {round}, run {runs}, {end:?} after {seen} of {changes} changes");
                let there = half_done(&where_, &folders[0], &right);
                runs += 1;
                if end == End::Exit(self.exit) {
                    assert_eq!(there.len(), right.len(), "{where_}");
                    break;
                }
                assert_eq!(end, End::Killed, "{where_}");
                kills += 1;
                if runs >= 12 {
                    // So often that chance would have let it end: the last one is left alone.
                    finish(self.command(&name).0).code(self.exit);
                    break;
                }
            }
            same_as(&name, &folders[0], &undisturbed);
            self.world.run(&["verify", &name]).code(0);
            // What was half fetched is whole, or gone.
            let parts = std::fs::read_dir(&folders[1])
                .unwrap()
                .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part"));
            assert_eq!(parts.count(), 0, "{name}: half a copy is left");
        }
        println!("{kills} kills in {rounds} rounds, {changes} changes in a run that is left alone");
        kills
    }
}

/// A home in memory where there is one: what is tested is the order of things, not the speed of a disk.
fn in_memory(mut world: World) -> World {
    if let Ok(home) = tempfile::tempdir_in("/dev/shm") {
        world.home = home;
    }
    world
}

/// Short rows and long ones, good and bad, twins and repeated keys.
fn large_file() -> Vec<u8> {
    let mut file = Vec::new();
    let mut row = |key: &str, rest: &str| file.extend_from_slice(format!("{{{rest},\"key\":\"{key}\"}}\n").as_bytes());
    let long = Sound::of(3, 24_000, 1, 12_000);
    for n in 0..90_u64 {
        let sound = Sound::of(n, 24_000, 1, 1_200 + n as usize * 3);
        row(&format!("ch/{n:03}"), &good(&sound));
        match n {
            7 | 40 => row(&format!("line-{n}"), r#""error":{"code":13,"message":"internal"}"#),
            20 => row("Twin", &good(&sound)),
            70 => row("twin", &good(&sound)),
            30 | 60 => row("ch/005", &good(&sound)),
            15 | 65 => {
                // More than is held in memory, so that a temporary file grows.
                let longer = Sound { pcm: long.pcm.repeat(45 + n as usize / 10), ..long.clone() };
                row(&format!("long-{n}"), &good(&longer));
            }
            // Nothing to write, but enough to read that threads share the file out.
            25 | 35 | 45 | 55 => {
                row(&format!("filler-{n}"), &format!("\"x\":\"{}\",\"error\":{{\"code\":4}}", "A".repeat(2 << 20)));
            }
            80 => row("silent", &good(&Sound { pcm: vec![0; 50_000], ..sound })),
            _ => {}
        }
    }
    file
}

#[test]
fn a_save_from_a_file_survives_kills_at_any_moment() {
    let world = in_memory(World::alone());
    let file = large_file();
    assert!(file.len() > 9 << 20, "more than one piece for the threads: {}", sha256(&file));
    std::fs::write(world.path("large.jsonl"), file).unwrap();
    let save = Save { world: &world, words: &["save", "large.jsonl"], exit: 4 };
    let kills = save.again_and_again(5, 1);
    assert!(kills >= 10, "only {kills} kills");
}

#[test]
fn a_save_from_a_service_survives_kills_while_it_downloads_and_after() {
    let world = in_memory(World::of(
        "[[job]]\nage = \"3h\"\nid = \"large1\"\nname = \"large\"\nkeys = \"ch/###\"\nrequests = 90\nseconds = 1.0\n\
         texts = [\"One second is spoken.\"]\n\
         result = [{ kind = \"error\", lines = [7] }, { kind = \"first_key\", lines = [50] }, { kind = \"two_parts\", lines = [60] }]\n",
    ));
    let save = Save { world: &world, words: &["save", "large1"], exit: 4 };
    let kills = save.again_and_again(4, 2);
    assert!(kills >= 6, "only {kills} kills");
}

#[test]
fn a_save_that_brings_what_was_not_sent_survives_kills_at_any_moment() {
    let world = in_memory(World::of(""));
    let book = |changed: &str| {
        let line = |n: u64| format!("Line {n} is spoken{}.\n", if n % 3 == 0 { changed } else { "" });
        world.file("book.txt", &(1..=120).map(line).collect::<String>());
        let job = world.run(&["create", "book.txt", "--wait", "--json", "--key-template", "ch/{n}"]).code(0).only();
        job["name"].as_str().unwrap().to_owned()
    };
    let first = book("");
    world.run(&["save", &first, "--out", "first"]).code(0);
    let second = book(" otherwise");
    let save = Save { world: &world, words: &["save", &second], exit: 0 };
    let kills = save.again_and_again(4, 3);
    assert!(kills >= 6, "only {kills} kills");
}
