//! What the program was told: options, environment, configuration file and defaults, in this order.
//!
//! The only reader of the environment, and of the configuration folder. Nothing is read from the working
//! directory. [`Settings::load`] is a function of its arguments and of one file, so that it can be tested;
//! a key is looked for only when [`Settings::api_key`] asks for it.

mod address;
mod cache;
mod catalog;
mod env;
mod error;
mod file;
mod folders;
mod key;
mod private;
mod saving;
mod spend;
mod terminal;
mod transfer;
mod verdicts;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use address::{AddressError, BaseUrl};
pub use cache::Cache;
pub use env::Env;
pub use error::Error;
pub use folders::Folders;
pub use key::{KeySource, without_keys};
pub use saving::{AutoSave, Saving};
pub use terminal::{ColorChoice, Colors, Multiplexer, Terminal};
pub use transfer::{MOST_DOWNLOADS, Transfer};

use crate::audio::Limits;
use crate::money::Caps;
use crate::money::Catalog;
use crate::secret::ApiKey;
use crate::text::{clean, clean_short};
use file::{File, Profile};

/// The profile that is used when none is named.
pub const DEFAULT_PROFILE: &str = "default";

/// The shortest time between two polls.
pub const SHORTEST_REFRESH: Duration = Duration::from_secs(2);

/// The longest time between two polls. Results live for two days, so whoever looks less often may lose them.
pub const LONGEST_REFRESH: Duration = Duration::from_secs(86_400);

/// The options that every command takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--profile NAME`.
    pub profile: Option<String>,
    /// `--base-url URL`.
    pub base_url: Option<String>,
    /// `--config FILE`.
    pub config: Option<PathBuf>,
    /// `--key-file FILE`.
    pub key_file: Option<PathBuf>,
    /// `--read-only`.
    pub read_only: bool,
    /// `--demo`.
    pub demo: bool,
    /// `--ascii`.
    pub ascii: bool,
    /// `--color auto|always|never`.
    pub color: ColorChoice,
    /// `--low-bandwidth`.
    pub low_bandwidth: bool,
    /// `--log FILE`.
    pub log: Option<PathBuf>,
    /// How often `-v` was given.
    pub verbose: u8,
    /// `--refresh SECONDS`.
    pub refresh: Option<u64>,
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An option of the command line, by name.
    Flag(&'static str),
    /// A variable, by name.
    Environment(&'static str),
    /// The configuration file.
    File,
    /// Nobody said anything.
    Default,
    /// The demo.
    Demo,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Flag(name) => f.write_str(name),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::File => f.write_str("configuration file"),
            Origin::Default => f.write_str("default"),
            Origin::Demo => f.write_str("demo"),
        }
    }
}

/// Everything that was decided before the first command runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the profile in use.
    pub profile: String,
    /// Where requests go.
    pub base_url: BaseUrl,
    /// Who said so.
    pub base_url_origin: Origin,
    /// Where the key comes from; not read yet.
    pub key_source: KeySource,
    /// Whether nothing may be changed at the service. One source that says so is enough, and none can undo it.
    pub read_only: bool,
    /// Who says so, when somebody does.
    pub read_only_origin: Origin,
    /// Whether the embedded service is used.
    pub demo: bool,
    /// Where files of the program are.
    pub folders: Folders,
    /// The configuration file that was read.
    pub config_file: Option<PathBuf>,
    /// The time between polls when somebody chose one; from [`SHORTEST_REFRESH`] to [`LONGEST_REFRESH`].
    pub refresh: Option<Duration>,
    /// By what results are thought good or bad.
    pub verdicts: Limits,
    /// How copies of results are kept.
    pub cache: Cache,
    /// What downloads may take.
    pub transfer: Transfer,
    /// What the dashboard saves by itself, and where to.
    pub saving: Saving,
    /// Models, voices and languages: those of this build with the person's own files laid over them.
    pub catalog: Arc<Catalog>,
    /// What jobs may cost without a question.
    pub caps: Caps,
    /// What the terminal can show.
    pub terminal: Terminal,
    /// Whether as little as possible goes to the terminal and to the service.
    pub low_bandwidth: bool,
    /// Where to log.
    pub log: Option<PathBuf>,
    /// How much to log.
    pub verbose: u8,
    /// Lines that a person should see once, on standard error.
    pub warnings: Vec<String>,
}

impl Settings {
    /// Decides all settings. Errors name the thing, the place and the way out, and know their exit code.
    pub fn load(flags: &Flags, env: &Env) -> Result<Self, Error> {
        Self::load_in(flags, env, Folders::find(env)?)
    }

    /// The same for a command that remembers nothing, with folders for what it needs on the way: without a home it works
    /// as well.
    pub fn load_in(flags: &Flags, env: &Env, folders: Folders) -> Result<Self, Error> {
        let (path, must_exist) = match &flags.config {
            Some(path) => (path.clone(), true),
            None => (folders.config.join("config.toml"), false),
        };
        let file = File::read(&path, must_exist, env.get("HOME").map(Path::new))?;
        let config_file = file.is_some().then(|| path.clone());
        let file = file.unwrap_or_default();

        let name = flags.profile.clone().or_else(|| file.default_profile.clone());
        let name = name.unwrap_or_else(|| DEFAULT_PROFILE.to_owned());
        let profile = file.profile(&name, &path)?;

        let catalog = file.catalog.read(&folders.config, &path)?;
        let read_only_origin = read_only(flags, env, file.read_only || profile.read_only)?;

        let mut warnings = Vec::new();
        let (base_url, base_url_origin) = base_url(flags, env, &profile)?;
        if !base_url.is_google() && !base_url.is_loopback() {
            let origin = base_url.origin();
            warnings
                .push(format!("Requests and the key go to {origin} and not to Google, because of {base_url_origin}."));
        }
        let key_source = KeySource::find(flags.key_file.as_deref(), env, &profile, &mut warnings);
        if profile.has_key() && matches!(key_source, KeySource::Environment { .. }) {
            warnings.push(format!("{key_source} wins over the key of profile {}.", clean(&name)));
        }

        let refresh = refresh(flags, &profile, &file)?;
        if refresh.is_some_and(|refresh| refresh < SHORTEST_REFRESH) {
            warnings.push(format!("The refresh time is at least {} s.", SHORTEST_REFRESH.as_secs()));
        }

        Ok(Settings {
            profile: name,
            base_url,
            base_url_origin,
            key_source,
            read_only: read_only_origin != Origin::Default,
            read_only_origin,
            demo: false,
            folders,
            config_file,
            refresh: refresh.map(|refresh| refresh.max(SHORTEST_REFRESH)),
            verdicts: file.verdicts.0,
            cache: file.cache,
            transfer: file.transfer,
            saving: file.save,
            catalog,
            caps: file.spend.caps(profile.spend),
            terminal: Terminal::from_env(env, flags.ascii, flags.color),
            low_bandwidth: flags.low_bandwidth || file.low_bandwidth,
            log: flags.log.clone(),
            verbose: flags.verbose,
            warnings,
        })
    }

    /// The settings of a replay: as those of a demo, and nothing is called one.
    pub fn replay(base_url: BaseUrl, folder: &Path, flags: &Flags, env: &Env) -> Self {
        Settings { profile: "replay".to_owned(), demo: false, ..Self::demo(base_url, folder, flags, env) }
    }

    /// The settings of a demo: an embedded service and a folder of its own. Reads no file and no key of the user;
    /// of the environment, only what describes the terminal and what makes it read-only.
    pub fn demo(base_url: BaseUrl, folder: &Path, flags: &Flags, env: &Env) -> Self {
        // A word that means neither on nor off does not open what somebody wanted closed.
        let read_only_origin = read_only(flags, env, false).unwrap_or(Origin::Environment(READ_ONLY));
        Settings {
            profile: "demo".to_owned(),
            base_url,
            base_url_origin: Origin::Demo,
            key_source: KeySource::Demo,
            read_only: read_only_origin != Origin::Default,
            read_only_origin,
            demo: true,
            folders: Folders::under(folder),
            config_file: None,
            refresh: flags.refresh.map(|seconds| Duration::from_secs(seconds).clamp(SHORTEST_REFRESH, LONGEST_REFRESH)),
            verdicts: Limits::default(),
            cache: Cache::default(),
            transfer: Transfer::default(),
            // Nobody looks at a demo for its files, and a replay may hold only a part of them.
            saving: Saving::off(),
            catalog: Catalog::built_in(),
            caps: Caps::default(),
            terminal: Terminal::from_env(env, flags.ascii, flags.color),
            low_bandwidth: flags.low_bandwidth,
            log: flags.log.clone(),
            verbose: flags.verbose,
            warnings: Vec::new(),
        }
    }

    /// The key, read now from where it is. May run a command of the user, for ten seconds at most.
    pub fn api_key(&self) -> Result<ApiKey, Error> {
        self.key_source.read()
    }
}

/// Makes the session read-only, as the option and the configuration do.
const READ_ONLY: &str = "GEMTTS_READ_ONLY";

/// Who makes the session read-only; [`Origin::Default`] when nobody does. A word of the environment that means neither on
/// nor off is an error, also where another source says it: a person counts on it.
fn read_only(flags: &Flags, env: &Env, by_file: bool) -> Result<Origin, Error> {
    let said = env.get(READ_ONLY).map(str::trim).unwrap_or_default();
    let by_environment = match said.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => true,
        "" | "0" | "false" | "no" | "off" => false,
        _ => return Err(Error::Switch { name: READ_ONLY, said: clean_short(said, 40) }),
    };
    Ok(match (flags.read_only, by_environment, by_file) {
        (true, _, _) => Origin::Flag("--read-only"),
        (false, true, _) => Origin::Environment(READ_ONLY),
        (false, false, true) => Origin::File,
        (false, false, false) => Origin::Default,
    })
}

fn refresh(flags: &Flags, profile: &Profile, file: &File) -> Result<Option<Duration>, Error> {
    let (seconds, origin) = match (flags.refresh, profile.refresh.or(file.refresh)) {
        (Some(seconds), _) => (seconds, Origin::Flag("--refresh")),
        (None, Some(seconds)) => (seconds, Origin::File),
        (None, None) => return Ok(None),
    };
    let refresh = Duration::from_secs(seconds);
    if refresh > LONGEST_REFRESH {
        return Err(Error::Refresh { origin, seconds });
    }
    Ok(Some(refresh))
}

fn base_url(flags: &Flags, env: &Env, profile: &Profile) -> Result<(BaseUrl, Origin), Error> {
    let told = [
        (flags.base_url.as_deref(), Origin::Flag("--base-url")),
        (env.get("GOOGLE_GEMINI_BASE_URL"), Origin::Environment("GOOGLE_GEMINI_BASE_URL")),
        (profile.base_url.as_deref(), Origin::File),
    ];
    for (text, origin) in told {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { continue };
        return match BaseUrl::parse(text) {
            Ok(base_url) => Ok((base_url, origin)),
            Err(source) => Err(Error::BaseUrl { origin, source }),
        };
    }
    Ok((BaseUrl::google(), Origin::Default))
}

#[cfg(test)]
mod tests;
