//! A job of very many keys, streamed by the embedded service, opened in the dashboard, filtered and saved: how much
//! memory it takes, and that it comes out right.
//!
//! Small here, so that it runs with all other tests. `tests/scale/run` runs it with a hundred thousand keys and ten
//! gigabytes: `GEMTTS_SCALE_KEYS` and `GEMTTS_SCALE_SECONDS` give the numbers, `GEMTTS_SCALE_HOME` a disk with room, and
//! `GEMTTS_BIN` a build of the program that is fast.

use std::io::BufRead;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use pty_process::blocking::Command as InTerminal;

use super::check::{by_line, hashes};
use crate::cli::program::finish;
use crate::pty::Terminal;

const KEY: &str = "AIzaCANARY000000000000000000000000000000";

/// So much more than with nothing open may the dashboard hold at any time, however many keys there are; and so much the
/// service.
const MOST_BYTES: u64 = 64 << 20;

/// The program that was built with the tests, or another build of it.
fn program() -> String {
    std::env::var("GEMTTS_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_gemtts-tui").to_owned())
}

fn number<T: std::str::FromStr>(name: &str, usual: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// A service as a process of its own, so that its memory can be told from ours.
struct Service {
    child: Child,
    base_url: String,
}

impl Service {
    fn start(home: &std::path::Path, scenario: &str) -> Self {
        std::fs::write(home.join("scenario.toml"), scenario).unwrap();
        let mut command = Command::new(program());
        command.args(["sim", "--scenario", "scenario.toml"]).current_dir(home).env_clear().env("HOME", home);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let base_url = line.trim().strip_prefix("listening on ").expect("an address").to_owned();
        Service { child, base_url }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that a process has held so far, in bytes.
fn peak(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}

fn scenario(keys: usize, seconds: f64) -> String {
    format!(
        "[[job]]\nage = \"3h\"\nid = \"scale1\"\nname = \"scale-of-it\"\nkeys = \"key-######\"\nrequests = {keys}\n\
         seconds = {seconds}\ntexts = [\"Something is spoken.\", \"And something else.\"]\n\
         result = [{{ kind = \"error\", lines = [7] }}, {{ kind = \"silent\", lines = [8] }}]\n"
    )
}

/// The digits of a number as the screen groups them, whatever stands between the groups.
fn shows_number(screen: &str, number: usize, word: &str) -> bool {
    let squeezed: String = screen.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    squeezed.contains(&format!("{number}{word}"))
}

#[test]
fn fault_49_a_job_of_very_many_keys_is_opened_filtered_and_saved_in_little_memory() {
    let keys: usize = number("GEMTTS_SCALE_KEYS", 1_000);
    let seconds: f64 = number("GEMTTS_SCALE_SECONDS", 0.1);
    let home = match std::env::var_os("GEMTTS_SCALE_HOME") {
        Some(disk) => tempfile::tempdir_in(disk).unwrap(),
        None => tempfile::tempdir().unwrap(),
    };
    let at_home = |command: InTerminal, base_url: &str| {
        let command = command.env_clear().env("HOME", home.path()).env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        command.current_dir(home.path()).env("GEMINI_API_KEY", KEY).env("GOOGLE_GEMINI_BASE_URL", base_url)
    };
    let began = Instant::now();
    let service = Service::start(home.path(), &scenario(keys, seconds));
    println!("{keys} keys of {seconds} s; the service is up after {:.1?}", began.elapsed());

    let terminal = Terminal::start(at_home(InTerminal::new(program()), &service.base_url), 120, 32);
    terminal.wait_for("scale-of-it");
    terminal.wait_for("live");
    let idle = peak(terminal.id());
    let opened = Instant::now();
    terminal.send("\r");
    terminal.wait_for("key-000001");
    println!("first key on the screen after {:.1?}", opened.elapsed());
    // It can be worked with while keys come: the filter is typed at once.
    terminal.send(&format!("/key-{:06}\r", keys - 3));
    terminal.wait("the key among all", |screen| screen.contains("Keys  1 of"));
    println!("a key near the end found by filter after {:.1?}", opened.elapsed());
    terminal.send("s");
    let saved = format!("key-{:06}.wav", keys - 3);
    terminal.wait("the key to be saved", |screen| screen.contains(&saved) || screen.contains("1 file"));
    terminal.send("\x1b");
    terminal.wait("all keys", |screen| shows_number(screen, keys, "done") && !screen.contains("downloading"));
    println!("opened, filtered and one key saved after {:.1?}", opened.elapsed());
    let (client, served) = (peak(terminal.id()), peak(service.child.id()));
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    println!(
        "peak memory: dashboard {:.0} MB ({:.0} MB with nothing open), service {:.0} MB",
        megabytes(client),
        megabytes(idle),
        megabytes(served)
    );
    assert!(client < idle + MOST_BYTES, "{client} over {idle}");
    assert!(served < MOST_BYTES, "the service holds {served}");
    terminal.send("q");
    drop(terminal);
    let found = walk(home.path()).into_iter().find(|path| path.ends_with(&saved)).expect("the saved file");
    let samples = crate::cli::program::samples(&found);
    assert!((samples.len() as f64 / 24_000.0 - seconds).abs() < 0.05, "{} samples", samples.len());

    // From the command line by key, out of the copy or of the service.
    let began = Instant::now();
    let mut command = Command::new(program());
    command
        .args(["save", "scale1", "--out", "some", "--json", "--key", "key-0000*"])
        .current_dir(home.path())
        .env_clear();
    command.env("HOME", home.path()).env("GEMINI_API_KEY", KEY).env("GOOGLE_GEMINI_BASE_URL", &service.base_url);
    let told = finish(command).code(4).json();
    assert_eq!(told.len(), 99.min(keys));
    let records = by_line(&home.path().join("some"));
    assert_eq!((&records[&7]["status"], &records[&8]["verdict"]), (&"failed".into(), &"silent".into()));
    assert_eq!(hashes(&home.path().join("some")).len(), 98.min(keys - 1));
    println!("99 keys saved by pattern after {:.1?}", began.elapsed());
}

/// All files below a folder.
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found
}
