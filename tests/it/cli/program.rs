//! Runs the program with a home of its own, against a service of its own.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use gemtts_tui::sim::{Control, Options, Running, Scenario, serve};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Long enough for a loaded machine; a command that ends does not use it up. What takes longer by its size says so in
/// the environment, in seconds.
fn deadline() -> Duration {
    let said = std::env::var("GEMTTS_TEST_DEADLINE").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(said.unwrap_or(120))
}

/// A key that the embedded service takes.
const KEY: &str = "AIzaCANARY000000000000000000000000000000";

/// A throwaway home, and a service when there is one.
pub struct World {
    pub home: TempDir,
    service: Option<(Runtime, Running)>,
}

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl World {
    /// A home without any service.
    pub fn alone() -> Self {
        World { home: tempfile::tempdir().unwrap(), service: None }
    }

    /// A home and a service.
    pub fn with(scenario: Scenario) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let running = runtime.block_on(serve(Options::new(scenario))).unwrap();
        World { home: tempfile::tempdir().unwrap(), service: Some((runtime, running)) }
    }

    /// A home and a service from a scenario of a few lines, fast as all tests.
    pub fn of(toml: &str) -> Self {
        let timing =
            "[timing]\npending = \"40ms\"\nper_request = \"10ms\"\nshortest_run = \"40ms\"\ncancel = \"60ms\"\n";
        Self::with(Scenario::parse(&format!("{toml}\n{timing}")).unwrap())
    }

    /// What the service saw and what can be done to it.
    pub fn control(&self) -> Control {
        self.service.as_ref().unwrap().1.control()
    }

    /// A command that runs in the home and knows the service and a key.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gemtts-tui"));
        command.args(arguments).current_dir(self.home.path()).stdin(Stdio::null()).env_clear();
        command.env("HOME", self.home.path()).env("TERM", "xterm").env("LANG", "C.UTF-8").env("GEMINI_API_KEY", KEY);
        // Without a service nobody listens there: a command that asks all the same fails at once.
        let base_url =
            self.service.as_ref().map_or_else(|| closed_port().to_owned(), |(_, running)| running.base_url());
        command.env("GOOGLE_GEMINI_BASE_URL", base_url);
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        finish(self.command(arguments))
    }

    /// A file in the home.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

/// An address of this machine that refuses connections: its port was free a moment ago and is reserved for nothing.
pub fn closed_port() -> &'static str {
    "http://127.0.0.1:9"
}

/// Runs a command to its end; one that does not end is a failed test, not a hanging one.
pub fn finish(mut command: Command) -> Ran {
    let shown = format!("{command:?}");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = child.id();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(child.wait_with_output()));
    match receive.recv_timeout(deadline()) {
        Ok(output) => Ran::from(output.unwrap()),
        Err(_) => {
            let id = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw).unwrap();
            rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
            panic!("{shown} did not end");
        }
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let code = output.status.code().unwrap_or_else(|| -output.status.signal().unwrap());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Ran { code, out: text(output.stdout), err: text(output.stderr) };
        // Whatever a command does, it does not give the key away.
        assert!(!ran.out.contains("CANARY") && !ran.err.contains("CANARY"), "{ran:?}");
        assert!(!ran.err.contains("panicked"), "{ran:?}");
        ran
    }
}

impl Ran {
    /// The same, once its exit code is right.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Every line of standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.out.lines().map(read).collect()
    }

    /// The only line of standard output as JSON.
    #[track_caller]
    pub fn only(&self) -> Value {
        let mut lines = self.json();
        assert_eq!(lines.len(), 1, "{self:#?}");
        lines.remove(0)
    }

    #[track_caller]
    pub fn says(self, part: &str) -> Self {
        assert!(self.err.contains(part), "{part:?} is missing: {self:#?}");
        self
    }
}

/// Reads lines of a running command until one is there.
pub fn first_line(child: &mut Child) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    let out = child.stdout.as_mut().unwrap();
    while out.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}

/// The samples of a WAV file as we write it.
pub fn samples(path: &Path) -> Vec<i16> {
    hound::WavReader::open(path).unwrap().samples().map(Result::unwrap).collect()
}
