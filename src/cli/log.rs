//! The log: into a file of its owner alone, with every key blacked out, and never onto a terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;

use crate::failure::{Exit, Failure};
use crate::secret::{ApiKey, redact_google_keys};

/// The key that the log must not show, once it is known.
#[derive(Clone, Default)]
pub struct Hidden(Arc<OnceLock<ApiKey>>);

impl Hidden {
    /// The one of this process: what the log, and what is told of a panic, must not show.
    pub fn of_process() -> Self {
        static HIDDEN: LazyLock<Hidden> = LazyLock::new(Hidden::default);
        HIDDEN.clone()
    }

    /// Blacks this key out from now on. Anything shaped like a key of Google is blacked out from the beginning.
    pub fn hide(&self, key: &ApiKey) {
        // A process uses one key; should it ever learn another, the shape still gives that one away.
        let _ = self.0.set(key.clone());
    }

    /// The text without any key.
    pub fn redact(&self, text: &str) -> String {
        match self.0.get() {
            Some(key) => key.redact(text),
            None => redact_google_keys(text),
        }
    }
}

/// Begins to log into a file: what happens; with `-v` how; with `-vv` everything of ours. Libraries only warn, because
/// their details hold addresses and headers.
pub fn begin(path: &Path, verbose: u8) -> Result<Hidden, Failure> {
    let cannot = |error: io::Error| {
        let shown = crate::text::clean(&path.display().to_string());
        Failure::with_exit(Exit::Disk, format!("cannot write the log {shown}: {error}"))
    };
    let file = private(path).map_err(cannot)?;
    refuse_unless_private(path, &file)?;
    if file.is_terminal() {
        return Err(Failure::with_exit(Exit::Usage, "the log cannot go to a terminal").hint("name a file after --log"));
    }
    let level = match verbose {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        2.. => LevelFilter::TRACE,
    };
    let hidden = Hidden::of_process();
    let writer = Redacting { file: Arc::new(Mutex::new(file)), hidden: hidden.clone() };
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    let filter = Targets::new().with_default(LevelFilter::WARN).with_target("gemtts_tui", level);
    // A second subscriber can only come from a test that runs two commands in one process; the first one stays.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
    Ok(hidden)
}

/// Refuses a log that others may read or change: what is done here is nobody else's business. A device is left alone.
fn refuse_unless_private(path: &Path, file: &File) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open_to_others = |file: std::fs::Metadata| file.is_file() && file.permissions().mode() & 0o077 != 0;
        if file.metadata().is_ok_and(open_to_others) {
            let shown = crate::text::clean(&path.display().to_string());
            let failure = Failure::with_exit(Exit::Disk, format!("others may read the log {shown}"));
            return Err(failure.hint(format!("run: chmod 600 '{}'", shown.replace('\'', "'\\''"))));
        }
    }
    let _ = (path, file);
    Ok(())
}

/// Opens a file for appending; a new one belongs to its owner alone.
fn private(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().append(true).create(true))
}

/// Makes a new file of its owner alone.
pub(super) fn new_private(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().append(true).create_new(true))
}

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

#[derive(Clone)]
struct Redacting {
    file: Arc<Mutex<File>>,
    hidden: Hidden,
}

impl Write for Redacting {
    /// One call is one line: the formatter hands over whole events.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = self.hidden.redact(&String::from_utf8_lossy(bytes));
        self.file.lock().expect("no holder of this lock can panic").write_all(line.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Redacting {
    type Writer = Redacting;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_private_and_shows_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let hidden = Hidden::default();
        let mut writer = Redacting { file: Arc::new(Mutex::new(private(&path).unwrap())), hidden: hidden.clone() };
        writer.write_all(b"early AIzaCANARY000000000000000000000000000000 line\n").unwrap();
        hidden.hide(&ApiKey::parse("plain-canary-key").unwrap());
        writer.write_all(b"late plain-canary-key line\n").unwrap();
        let log = std::fs::read_to_string(&path).unwrap();
        assert_eq!(log, "early [key] line\nlate [key] line\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
