//! How much memory a save holds at most, measured in a process of its own: whatever the size of a row.
//!
//! The process is looked at when its row is in the manifest and before it ends: it stands still there, because nobody
//! reads the full pipe that it tells its result to.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write, pipe};
use std::mem::MaybeUninit;
use std::process::{Command, Stdio};

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::case::{L16, answer, good, part};
use super::check::by_line;
use super::server::{JOB, Results, Server};
use super::sound::Sound;
use crate::cli::program::World;

/// So much more may a large row take than a small one.
const MOST_BYTES: u64 = 16 << 20;

/// Runs a save into `out` of one row and gives the most memory that it held, in bytes.
fn peak(world: &World, out: &str, mut command: Command) -> u64 {
    std::fs::create_dir(world.path(out)).unwrap();
    let watch = inotify::init(CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&watch, world.path(out), WatchFlags::MODIFY | WatchFlags::CREATE).unwrap();
    let (mut reader, mut writer) = pipe().unwrap();
    let flags = fcntl_getfl(&writer).unwrap();
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
    while writer.write(&[b'\n'; 4_096]).is_ok() {}
    while writer.write(b"\n").is_ok() {}
    fcntl_setfl(&writer, flags).unwrap();
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    // The command holds an end of the pipe as well, which would never be closed.
    drop(command);
    let mut buffer = [MaybeUninit::uninit(); 4_096];
    let mut events = Reader::new(&watch, &mut buffer);
    // Nothing writes to the manifest but the line of the row, once it has been dealt with.
    loop {
        let event = events.next().unwrap();
        let is_manifest = event.file_name().is_some_and(|name| name.to_bytes() == b"manifest.jsonl");
        if is_manifest && event.events().contains(inotify::ReadFlags::MODIFY) {
            break;
        }
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the process stands still");
    let peak = line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024;
    let mut told = String::new();
    reader.read_to_string(&mut told).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.code().is_some_and(|code| [0, 4].contains(&code)), "{output:?}");
    assert!(told.contains("1 done"), "{told}");
    peak
}

fn small(world: &World) -> u64 {
    let row = format!("{{\"key\":\"row\",{}}}\n", good(&Sound::usual(1)));
    std::fs::write(world.path("small.jsonl"), row).unwrap();
    peak(world, "small", world.command(&["save", "small.jsonl", "--out", "small"]))
}

#[test]
fn fault_47_a_row_of_64_mebibytes_takes_no_more_memory_than_a_small_one() {
    let long = Sound::of(2, 24_000, 1, 24_000);
    let long = Sound { pcm: long.pcm.repeat((48 << 20) / 48_000 + 1), ..long };
    let text = long.base64();
    assert!(text.len() >= 64 << 20);
    let row = format!("{{{},\"key\":\"row\"}}\n", answer(&part(L16, &text))).into_bytes();
    let world = World::alone();
    let idle = small(&world);
    std::fs::write(world.path("large.jsonl"), &row).unwrap();
    let from_file = peak(&world, "file", world.command(&["save", "large.jsonl", "--out", "file"]));
    let server = Server::start(Results::File { bytes: row, requests: 1 });
    let from_service = peak(&world, "service", server.command(&world, &["save", JOB, "--out", "service"]));
    println!("{} kB idle, {} kB from a file, {} kB from a service", idle >> 10, from_file >> 10, from_service >> 10);
    for (out, peak) in [("file", from_file), ("service", from_service)] {
        assert!(peak <= idle + MOST_BYTES, "{out}: {peak} over {idle}");
        assert!(std::fs::read(world.path(out).join("row.wav")).unwrap() == long.file(), "{out}");
    }
}

/// More than a row may have of it is a string; the rest are bytes that nothing was written to, which take no room on the
/// disk and are read all the same.
#[test]
fn fault_48_a_line_of_two_gibibytes_without_an_end_is_one_failed_row() {
    let world = World::alone();
    let idle = small(&world);
    let mut file = File::create(world.path("large.jsonl")).unwrap();
    file.write_all(b"{\"key\":\"row\",\"x\":\"").unwrap();
    let piece = vec![b'A'; 1 << 20];
    for _ in 0..257 {
        file.write_all(&piece).unwrap();
    }
    file.seek(SeekFrom::Start((2 << 30) - 1)).unwrap();
    file.write_all(b"A").unwrap();
    drop(file);
    let peak = peak(&world, "out", world.command(&["save", "large.jsonl", "--out", "out"]));
    println!("{} kB idle, {} kB for the line", idle >> 10, peak >> 10);
    assert!(peak <= idle + MOST_BYTES, "{peak} over {idle}");
    let records = by_line(&world.path("out"));
    assert_eq!((records.len(), &records[&1]["status"]), (1, &"failed".into()));
    assert_eq!(records[&1]["error"], "longer than 268435456 bytes");
}
