//! The dashboard in a terminal: what only a terminal can show.
//!
//! What the screens say is tested without one, in `update` and `view`. Here it is the modes, the bytes on the wire,
//! the signals, and a terminal that shrinks, stands still or goes away.

mod copying;
mod creating;
mod gone;
mod leaving;
mod lifeline;
mod paced;
mod quiet;
mod replaying;
mod retaking;
mod safe;
mod second;
mod sources;
mod starting;
mod stopping;
mod sudden;
mod wire;

use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use gemtts_tui::sim::{Control, Options, Running, Scenario, serve};
use pty_process::blocking::Command;
use rustix::process::{Pid, Signal};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::pty::Terminal;

/// Long enough for a loaded machine; a wait that succeeds does not use it up.
const DEADLINE: Duration = Duration::from_secs(60);

/// A key that the embedded service takes.
const KEY: &str = "AIzaCANARY000000000000000000000000000000";

const PROGRAM: &str = env!("CARGO_BIN_EXE_gemtts-tui");

/// Two jobs that ended weeks ago at a service whose time stands still: nothing will ever happen to them.
const FINISHED: &str = r#"
clock = "manual"
[[job]]
name = "chapter-one"
age = "960h"
texts = ["The corridor was longer than she remembered.", "Wait."]
[[job]]
name = "chapter-two"
state = "failed"
age = "984h"
error = "the model is overloaded"
texts = ["Nobody had told them."]
"#;

/// A person's machine: a throwaway home, a key, and a service.
struct Account {
    home: TempDir,
    service: Option<(Runtime, Running)>,
    base_url: String,
}

impl Account {
    /// An account at a service of that scenario.
    fn of(scenario: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let running = runtime.block_on(serve(Options::new(Scenario::parse(scenario).unwrap()))).unwrap();
        let base_url = running.base_url();
        Account { home: tempfile::tempdir().unwrap(), service: Some((runtime, running)), base_url }
    }

    /// What the service saw, and what can be done to it.
    fn control(&self) -> Control {
        self.service.as_ref().unwrap().1.control()
    }

    /// The service goes away; its address refuses connections from now on.
    fn end_service(&mut self) {
        let (runtime, running) = self.service.take().unwrap();
        runtime.block_on(running.shutdown());
    }

    /// The dashboard on this account.
    fn dashboard(&self, arguments: &[&str]) -> Command {
        at_home(Command::new(PROGRAM), self.home.path())
            .args(arguments)
            .env("GEMINI_API_KEY", KEY)
            .env("GOOGLE_GEMINI_BASE_URL", &self.base_url)
    }

    /// The dashboard on this account, with its jobs on the screen.
    fn open(&self, arguments: &[&str]) -> Terminal {
        let terminal = Terminal::start(self.dashboard(arguments), 100, 24);
        terminal.wait_for("live");
        terminal
    }

    /// Fails when the service was ever asked for anything but to be read.
    fn was_only_read(&self) {
        let changes: Vec<_> = self.control().requests().into_iter().filter(|request| request.method != "GET").collect();
        assert!(changes.is_empty(), "{changes:?}");
    }
}

/// A command in a home of its own, with nothing of the environment of the tests.
fn at_home(command: Command, home: &Path) -> Command {
    command.env_clear().env("HOME", home).env("TERM", "xterm-256color").env("LANG", "C.UTF-8").current_dir(home)
}

/// The demo, in a home that nobody looks at afterwards.
fn demo(home: &Path) -> Command {
    at_home(Command::new(PROGRAM), home).arg("--demo")
}

/// Does something up to three times, until it was as quick as is promised: the machine may be busy with other tests, and
/// what is slow by itself is slow each time.
#[track_caller]
fn is_quick(what: &str, limit: Duration, mut run: impl FnMut() -> Duration) {
    let mut took = Vec::new();
    for _ in 0..3 {
        took.push(run());
        if took.last().is_some_and(|took| *took <= limit) {
            return;
        }
    }
    panic!("{what} took {took:?}, and {limit:?} is promised");
}

fn send_signal(id: u32, signal: Signal) {
    rustix::process::kill_process(pid(id), signal).unwrap();
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
}

/// Waits for something that tells nobody when it comes.
#[track_caller]
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < until, "waited for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for the end of a process and says how long that took; one that does not end is a failed test, not a hanging
/// one.
fn end_of(mut child: Child) -> (ExitStatus, Duration) {
    let (id, began) = (child.id(), Instant::now());
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(child.wait()));
    match receive.recv_timeout(DEADLINE) {
        Ok(status) => (status.unwrap(), began.elapsed()),
        Err(_) => {
            send_signal(id, Signal::KILL);
            panic!("the program does not end");
        }
    }
}
