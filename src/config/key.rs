//! Where the key comes from, and the reading of it.
//!
//! Finding the source touches nothing; only [`KeySource::read`] opens a file or starts a command.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::env::Env;
use super::error::Error;
use super::file::Profile;
use super::private::{self, Secrecy};
use crate::secret::{ApiKey, redact_google_keys};
use crate::text::{clean, clean_short};

/// The variables that may hold a key of the Gemini API; the first wins.
const VARIABLES: [&str; 2] = ["GOOGLE_API_KEY", "GEMINI_API_KEY"];

/// Variables that hold a key, whatever it looks like.
const SECRET_VARIABLES: [&str; 3] = ["GOOGLE_API_KEY", "GEMINI_API_KEY", "VTRIX_API_KEY"];

/// Takes every key out of the environment that a child process gets: the variables that are there to hold one, and any
/// other in whose value one stands.
pub fn without_keys(command: &mut Command) -> &mut Command {
    for (name, value) in std::env::vars_os() {
        let value = value.to_string_lossy();
        if SECRET_VARIABLES.iter().any(|secret| name == *secret) || redact_google_keys(&value) != value {
            command.env_remove(name);
        }
    }
    command
}

/// How long a `key_command` may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// More than any key; what comes after it is not read.
const LONGEST: u64 = 64 * 1024;

/// Where the key is. `Debug` and `Display` name the place and never the key.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Nowhere.
    None,
    /// In a variable.
    Environment {
        /// The variable.
        name: &'static str,
        /// Its value; private to this module's users by the type's `Debug`.
        text: SecretText,
    },
    /// Printed by a command of the profile.
    Command(Vec<String>),
    /// In a file of its own.
    File {
        /// The file.
        path: PathBuf,
        /// The folder that a name within it must not lead out of.
        home: Option<PathBuf>,
    },
    /// The embedded service takes any key.
    Demo,
}

/// A text that may be a key, before it was checked.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText([redacted])")
    }
}

impl KeySource {
    /// Decides where the key is: option before environment before profile.
    pub(super) fn find(named: Option<&Path>, env: &Env, profile: &Profile, warnings: &mut Vec<String>) -> Self {
        let file = |path: &Path| KeySource::File { path: path.to_owned(), home: env.get("HOME").map(PathBuf::from) };
        if let Some(path) = named {
            return file(path);
        }
        let told = |name| env.get(name).filter(|text| !text.trim().is_empty());
        let [first, second] = VARIABLES;
        if told(first).is_some() && told(second).is_some() {
            // The words of Google's own SDKs, so that a search finds their explanation.
            warnings.push(format!("Both {first} and {second} are set. Using {first}."));
        }
        for name in VARIABLES {
            if let Some(text) = told(name) {
                return KeySource::Environment { name, text: SecretText(text.to_owned()) };
            }
        }
        match (&profile.key_command, &profile.key_file) {
            (Some(words), _) => KeySource::Command(words.clone()),
            (None, Some(path)) => file(path),
            (None, None) => KeySource::None,
        }
    }

    /// Reads the key. Every failure is [`Exit::Key`](crate::failure::Exit::Key), but for a file that cannot be read.
    pub fn read(&self) -> Result<ApiKey, Error> {
        match self {
            KeySource::None => Err(Error::NoKey),
            KeySource::Environment { text, .. } => self.parse(&text.0),
            KeySource::File { path, home } => {
                let unreadable = |source| Error::Read { path: path.clone(), source };
                let file = std::fs::File::open(path).map_err(unreadable)?;
                private::check(&file, path, Secrecy::Unreadable)?;
                private::stays_at_home(path, home.as_deref())?;
                let mut bytes = Vec::new();
                file.take(LONGEST).read_to_end(&mut bytes).map_err(unreadable)?;
                self.one_line(&bytes)
            }
            KeySource::Command(words) => self.one_line(&run(words, COMMAND_TIMEOUT)?),
            KeySource::Demo => self.parse("demo-key-of-the-embedded-service"),
        }
    }

    fn parse(&self, text: &str) -> Result<ApiKey, Error> {
        ApiKey::parse(text).map_err(|source| Error::Key { origin: self.to_string(), source })
    }

    fn one_line(&self, bytes: &[u8]) -> Result<ApiKey, Error> {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        if lines > 1 {
            return Err(Error::ManyLines { origin: self.to_string(), lines });
        }
        self.parse(&text)
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySource::None => f.write_str("nowhere"),
            KeySource::Environment { name, .. } => f.write_str(name),
            KeySource::Command(words) => write!(f, "the key_command {}", program(words)),
            KeySource::File { path, .. } => write!(f, "the file {}", clean(&path.display().to_string())),
            KeySource::Demo => f.write_str("the demo"),
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySource({self})")
    }
}

fn program(words: &[String]) -> String {
    clean(words.first().map_or("", String::as_str))
}

/// What the command prints. It inherits the environment without any key, and no input.
fn run(words: &[String], timeout: Duration) -> Result<Vec<u8>, Error> {
    let program = program(words);
    let (name, arguments) = words.split_first().ok_or(Error::NoKey)?;
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = without_keys(&mut command)
        .spawn()
        .map_err(|source| Error::CommandStart { program: program.clone(), source })?;
    let stdout = read_aside(child.stdout.take());
    let stderr = read_aside(child.stderr.take());
    let ended_badly = |problem: String| Error::Command { program: program.clone(), problem };

    // The end of its output is the event to wait for. A grandchild that keeps the pipe open counts as hanging.
    let Ok(printed) = stdout.recv_timeout(timeout) else {
        stop(&mut child);
        return Err(ended_badly(format!("gave no answer within {} s", timeout.as_secs())));
    };
    if printed.len() as u64 == LONGEST {
        stop(&mut child);
        return Err(ended_badly("printed more than any key can be".to_owned()));
    }
    let status = child.wait().map_err(|error| ended_badly(format!("could not be waited for: {error}")))?;
    if !status.success() {
        let said = stderr.recv_timeout(Duration::from_millis(200)).unwrap_or_default();
        let said = redact_google_keys(String::from_utf8_lossy(&said).trim());
        let how = match status.code() {
            Some(code) => format!("ended with code {code}"),
            None => "was ended by a signal".to_owned(),
        };
        return Err(ended_badly(if said.is_empty() { how } else { format!("{how}: {}", clean_short(&said, 200)) }));
    }
    Ok(printed)
}

/// Reads a pipe on a thread of its own, so that neither pipe can stall the other. One message, so the bound is 1.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // A pipe that breaks gives what came before; the exit code tells the rest.
            let _ = pipe.take(LONGEST).read_to_end(&mut bytes);
        }
        let _ = sender.send(bytes);
    });
    receiver
}

fn stop(child: &mut Child) {
    // It may have ended by itself in the meantime, which is as good.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn read(command: &[&str]) -> Result<String, String> {
        let source = KeySource::Command(words(command));
        match source.read() {
            Ok(key) => Ok(key.expose().to_owned()),
            Err(error) => Err(crate::failure::Failure::from(error).message),
        }
    }

    #[test]
    fn a_command_prints_the_key_on_one_line() {
        assert_eq!(read(&["printf", "  secret-of-the-test\\n\\n"]), Ok("secret-of-the-test".into()));
        let table: [(&[&str], &str); 5] = [
            (&["true"], "the key from the key_command true cannot be used: the key is empty"),
            (&["printf", "a\\nb\\n"], "the key_command printf gives 2 lines where one key should be"),
            (
                &["sh", "-c", "echo no such entry >&2; exit 3"],
                "sh, the key_command of this profile, ended with code 3: no such entry",
            ),
            (&["sh", "-c", "kill -9 $$"], "sh, the key_command of this profile, was ended by a signal"),
            (&["cat", "/dev/zero"], "cat, the key_command of this profile, printed more than any key can be"),
        ];
        for (command, message) in table {
            assert_eq!(read(command), Err(message.to_owned()), "{command:?}");
        }
        assert!(read(&["/no/such/program"]).unwrap_err().starts_with("cannot start /no/such/program"));
    }

    #[test]
    fn a_command_is_not_told_any_key() {
        let script = "printf '%s' \"${GOOGLE_API_KEY-}${GEMINI_API_KEY-}${VTRIX_API_KEY-}${URL_OF_MINE-}none\"";
        assert_eq!(read(&["sh", "-c", script]), Ok("none".into()));
    }

    /// The environment of a process cannot be changed from within safely, so the test above runs again in a child.
    #[test]
    fn a_command_is_not_told_any_key_even_if_there_is_one() {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "config::key::tests::a_command_is_not_told_any_key"]);
        child.env("URL_OF_MINE", "https://h/?key=AIzaCANARY000000000000000000000000000000&x=1");
        let output = child.envs(SECRET_VARIABLES.map(|name| (name, "AIzaCANARY"))).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    }

    #[test]
    fn a_command_that_hangs_is_stopped() {
        let error = run(&words(&["sleep", "1000"]), Duration::from_millis(20)).unwrap_err();
        assert!(error.to_string().contains("gave no answer"), "{error}");
    }

    #[test]
    fn no_key_can_be_read_off_a_source() {
        let env = Env::of(&[("GEMINI_API_KEY", "AIzaCANARY")], std::path::Path::new("/"));
        let source = KeySource::find(None, &env, &Profile::default(), &mut Vec::new());
        assert!(!format!("{source:?} {source} {env:?}").contains("CANARY"));
        assert_eq!(source.read().unwrap().expose(), "AIzaCANARY");
    }
}
