//! The configuration file: TOML, every word of it known.
//!
//! ```toml
//! default_profile = "work"
//! refresh = 30
//! low_bandwidth = true
//!
//! [profile.work]
//! key_command = ["pass", "show", "gemini"]
//! read_only = true
//!
//! [cache]
//! max_bytes = "20 GB"
//!
//! [transfer]
//! max_rate = "20 MB/s"
//!
//! [save]
//! auto = "ours"
//!
//! [spend]
//! per_day = 25.0
//! ```

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::DEFAULT_PROFILE;
use super::cache::Cache;
use super::catalog::CatalogFiles;
use super::error::Error;
use super::private::{self, Secrecy};
use super::saving::Saving;
use super::spend::Spend;
use super::transfer::Transfer;
use super::verdicts::Verdicts;
use crate::secret::redact_google_keys;
use crate::text::{clean, clean_short};

/// No configuration is longer; something else was named.
const LONGEST: u64 = 1 << 20;

/// The whole file. What is absent is decided elsewhere.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The profile that is used without `--profile`.
    pub default_profile: Option<String>,
    /// For every profile.
    #[serde(default)]
    pub read_only: bool,
    /// For every profile that does not say its own. Seconds.
    pub refresh: Option<u64>,
    /// The line to the terminal is thin.
    #[serde(default)]
    pub low_bandwidth: bool,
    /// The thresholds of the verdicts, for every profile.
    #[serde(default)]
    pub verdicts: Verdicts,
    /// How copies of results are kept, for every profile.
    #[serde(default)]
    pub cache: Cache,
    /// What downloads may take, of all profiles.
    #[serde(default)]
    pub transfer: Transfer,
    /// What the dashboard saves by itself, and where to, for every profile.
    #[serde(default)]
    pub save: Saving,
    /// The person's own models, voices and languages.
    #[serde(default)]
    pub catalog: CatalogFiles,
    /// What jobs may cost without a question, for every profile that does not say its own.
    #[serde(default)]
    pub spend: Spend,
    /// `[profiles.NAME]` is how other programs have it, and means the same.
    #[serde(default, alias = "profiles")]
    profile: BTreeMap<String, Profile>,
}

/// One `[profile.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    /// Where requests go.
    pub base_url: Option<String>,
    /// A program and its arguments; prints the key. No shell is involved.
    pub key_command: Option<Vec<String>>,
    /// A file with the key alone.
    #[serde(alias = "api_key_file")]
    pub key_file: Option<PathBuf>,
    /// Refuses everything that changes something.
    #[serde(default)]
    pub read_only: bool,
    /// Seconds between polls.
    pub refresh: Option<u64>,
    /// What jobs may cost without a question.
    #[serde(default)]
    pub spend: Spend,
}

impl Profile {
    /// Whether this profile says where a key is.
    pub(super) fn has_key(&self) -> bool {
        self.key_command.is_some() || self.key_file.is_some()
    }
}

impl File {
    /// Reads the file. `None` when there is none and none was asked for.
    pub(super) fn read(path: &Path, must_exist: bool, home: Option<&Path>) -> Result<Option<Self>, Error> {
        let Some(opened) = open(path, must_exist)? else { return Ok(None) };
        let file = Self::parse(&text_of(&opened, path)?, path)?;
        // A changed configuration could run any command; one that names a key file should not tell others where it is.
        if file.profile.values().any(|profile| profile.key_file.is_some()) {
            private::check(&opened, path, Secrecy::Unreadable)?;
            private::stays_at_home(path, home)?;
        } else if file.profile.values().any(|profile| profile.key_command.is_some()) {
            private::check(&opened, path, Secrecy::Unchangeable)?;
        }
        Ok(Some(file))
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let wrong = |at: Option<usize>, message: String| {
            let before = &text.as_bytes()[..at.unwrap_or(0).min(text.len())];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            Error::Syntax { path: path.to_owned(), line, message }
        };
        let file: File = toml::from_str(text).map_err(|error| {
            // The error's own display quotes the line, and a line may hold a key that somebody wrote there.
            let at = error.span().map(|span| span.start);
            let message = error.message();
            let mut message = clean_short(&redact_google_keys(&without_quotes(message)), 200);
            if ["key", "api_key"].iter().any(|word| error.message().contains(&format!("unknown field `{word}`"))) {
                message.push_str("; a key does not belong into this file: use key_command or key_file");
            }
            wrong(at, message)
        })?;
        for (name, profile) in &file.profile {
            let name = clean(name);
            if profile.key_command.as_ref().is_some_and(|words| words.first().is_none_or(|word| word.is_empty())) {
                let message =
                    format!("key_command of profile {name} is empty; write it like [\"pass\", \"show\", \"gemini\"]");
                return Err(wrong(text.find("key_command"), message));
            }
            if profile.key_command.is_some() && profile.key_file.is_some() {
                let message = format!("profile {name} has both key_command and key_file; keep one");
                return Err(wrong(text.find("key_file"), message));
            }
        }
        Ok(file)
    }

    /// The profile of this name. The default profile need not be written down.
    pub(super) fn profile(&self, name: &str, path: &Path) -> Result<Profile, Error> {
        match self.profile.get(name) {
            Some(profile) => Ok(profile.clone()),
            None if name == DEFAULT_PROFILE => Ok(Profile::default()),
            None => Err(Error::UnknownProfile {
                name: clean(name),
                path: path.to_owned(),
                known: self.profile.keys().map(|name| clean(name)).collect(),
            }),
        }
    }
}

/// Reads a text file of the configuration. `None` when there is none and none was asked for.
pub(super) fn read_text(path: &Path, must_exist: bool) -> Result<Option<String>, Error> {
    open(path, must_exist)?.map(|opened| text_of(&opened, path)).transpose()
}

fn open(path: &Path, must_exist: bool) -> Result<Option<std::fs::File>, Error> {
    match std::fs::File::open(path) {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if error.kind() == ErrorKind::NotFound && !must_exist => Ok(None),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}

fn text_of(opened: &std::fs::File, path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    let read = opened.take(LONGEST).read_to_string(&mut text);
    read.map(|_| text).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// Serde quotes a value of the wrong type: `invalid type: string "…", expected …`. The value may be a key.
fn without_quotes(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => format!("{}\"…{}", &message[..first], &message[last..]),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Limits;

    fn failure(text: &str) -> String {
        File::parse(text, Path::new("/c.toml")).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_line_and_never_quote_a_value() {
        assert_eq!(
            failure("\n\nrefersh = 3\n").split(", expected").next().unwrap(),
            "/c.toml, line 3: unknown field `refersh`"
        );
        let key = "AIzaCANARY000000000000000000000000000000";
        let table = [
            format!("[profile.a]\nkey_command = \"{key}\"\n"),
            format!("[profile.a]\napi_key = \"{key}\"\n"),
            format!("[profile.a]\nkey = \"{key}\"\n"),
            format!("[profile.a]\nrefresh = \"plain-secret {key}\"\n"),
            format!("[profile.a]\nbase_url = {key}\n"),
        ];
        for text in table {
            let message = failure(&text);
            assert!(message.starts_with("/c.toml, line 2: "), "{message}");
            assert!(!message.contains("CANARY") && !message.contains("plain-secret"), "{message}");
        }
        assert!(failure("[profile.a]\napi_key = \"x\"\n").contains("use key_command or key_file"));
    }

    #[test]
    fn thresholds_are_checked_where_they_stand() {
        let limits = |text: &str| File::parse(text, Path::new("/c.toml")).unwrap().verdicts.0;
        assert_eq!(limits(""), Limits::default());
        assert_eq!(limits("[verdicts]\n"), Limits::default());
        let changed = limits("[verdicts]\nquiet_db = -40\nsilence_seconds = 4.5\n");
        assert_eq!(changed, Limits { quiet_db: -40.0, silence_seconds: 4.5, ..Limits::default() });
        for (text, part) in [
            ("quiet_db = 3", "line 2: quiet_db is 3, and it goes from -120 to 0"),
            ("steady_seconds = 1\nnoise_flatness = -0.5", "line 3: noise_flatness is -0.5, and it goes from 0 to 1.01"),
            ("quiet_db = nan", "line 2: quiet_db is NaN, and it goes from"),
            ("quiet_db = \"soft\"", "line 2: quiet_db is no number"),
            ("quite_db = -40", "line 2: unknown field `quite_db`; is it quiet_db?"),
            ("silent_db = -30", "silent_db (-30) must not be above quiet_db (-45)"),
        ] {
            let message = failure(&format!("[verdicts]\n{text}\n"));
            assert!(message.starts_with("/c.toml, line ") && message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn what_copies_may_take_is_checked_where_it_stands() {
        let cache = |text: &str| File::parse(text, Path::new("/c.toml")).unwrap().cache;
        assert_eq!(cache(""), Cache { keep: true, max_bytes: 20_000_000_000, days: 30 });
        assert_eq!(
            cache("[cache]\nkeep = false\nmax_bytes = \"1.5 GB\"\ndays = 7\n"),
            Cache { keep: false, max_bytes: 1_500_000_000, days: 7 }
        );
        assert_eq!(cache("[cache]\nmax_bytes = 5000\n").max_bytes, 5_000);
        for (text, part) in [
            ("max_bytes = \"lots\"", "max_bytes is a size, such as \"…\"; keep = false"),
            ("max_bytes = -1", "max_bytes is a size"),
            ("days = 0", "days is a number from 1 to 36500"),
            ("days = \"seven\"", "days is a number from 1 to 36500"),
            ("keep = 1", "invalid type"),
            ("max = 1", "unknown field `max`"),
        ] {
            let message = failure(&format!("[cache]\n{text}\n"));
            assert!(message.starts_with("/c.toml, line 2: ") && message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn what_downloads_may_take_is_checked_where_it_stands() {
        let transfer = |text: &str| File::parse(text, Path::new("/c.toml")).unwrap().transfer;
        assert_eq!(transfer(""), Transfer { downloads: 3, max_rate: None, max_result: None });
        assert_eq!(
            transfer("[transfer]\ndownloads = 1\nmax_rate = \"20 MB/s\"\nmax_result = \"16 GB\"\n"),
            Transfer { downloads: 1, max_rate: Some(20_000_000), max_result: Some(16_000_000_000) }
        );
        for (text, part) in [
            ("downloads = 0", "downloads is a number from 1 to 16"),
            ("downloads = 17", "downloads is a number from 1 to 16"),
            ("downloads = -1", "downloads is a number from 1 to 16"),
            ("max_rate = \"20 Mbit/s\"", "such as 20 MB/s"),
            ("max_rate = 20", "invalid type"),
            ("max_result = \"none\"", "such as 16 GB"),
            ("rate = \"20 MB/s\"", "unknown field `rate`"),
        ] {
            let message = failure(&format!("[transfer]\n{text}\n"));
            assert!(message.starts_with("/c.toml, line 2: ") && message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn caps_are_checked_where_they_stand() {
        let caps = |text: &str| {
            let file = File::parse(text, Path::new("/c.toml")).unwrap();
            file.spend.caps(file.profile("default", Path::new("/c.toml")).unwrap().spend)
        };
        assert!(caps("").is_empty());
        let text = "[spend]\nper_job = 5.0\nper_day = 25\n\n[profile.default.spend]\nper_day = 2.5\n";
        assert_eq!(caps(text), crate::money::Caps { per_job: Some(5.0), per_day: Some(2.5) });
        for (text, part) in [
            ("per_job = -1", "a cap is a number of US dollars"),
            ("per_day = \"5\"", "a cap is a number of US dollars"),
            ("per_day = inf", "a cap is a number of US dollars"),
            ("per_month = 5", "unknown field `per_month`"),
        ] {
            for table in ["[spend]", "[profile.x.spend]"] {
                let message = failure(&format!("{table}\n{text}\n"));
                assert!(message.starts_with("/c.toml, line 2: ") && message.contains(part), "{text}: {message}");
            }
        }
    }

    #[test]
    fn profiles_may_be_written_in_the_plural() {
        let file = File::parse("[profiles.work]\nkey_command = [\"pass\"]\n", Path::new("/c.toml")).unwrap();
        assert!(file.profile["work"].has_key());
    }

    #[test]
    fn a_command_must_have_a_program() {
        for text in ["[profile.a]\nkey_command = []\n", "[profile.a]\nkey_command = [\"\"]\n"] {
            assert!(failure(text).starts_with("/c.toml, line 2: key_command of profile a is empty"), "{text}");
        }
        assert!(failure("[profile.a]\nkey_command = [\"a\"]\nkey_file = \"b\"\n").contains("keep one"));
    }
}
