//! Where the program keeps its files: the folders of the platform, or others that were named.

use std::path::{Path, PathBuf};

use super::env::Env;
use super::error::Error;

/// The program's own folders. None of them is created here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// `config.toml` is here.
    pub config: PathBuf,
    /// The journal, the ledger, what the view remembers.
    pub state: PathBuf,
    /// What may be deleted at any time.
    pub cache: PathBuf,
}

impl Folders {
    /// All three below one folder.
    pub fn under(folder: &Path) -> Self {
        Folders { config: folder.join("config"), state: folder.join("state"), cache: folder.join("cache") }
    }

    /// The folders that the platform prescribes.
    pub(super) fn of_platform() -> Option<Self> {
        let folders = directories::ProjectDirs::from("", "", "gemtts-tui")?;
        Some(Folders {
            config: folders.config_dir().to_owned(),
            state: folders.state_dir().unwrap_or(folders.data_local_dir()).to_owned(),
            cache: folders.cache_dir().to_owned(),
        })
    }

    /// The folders of this environment. A relative `XDG_*` folder would depend on the working directory, and the
    /// library ignores it silently; a person who sets one expects it to be used, so it is an error.
    pub fn find(env: &Env) -> Result<Self, Error> {
        let xdg = ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"];
        for name in xdg {
            if env.get(name).is_some_and(|value| Path::new(value).is_relative()) {
                return Err(Error::RelativeFolder { name });
            }
        }
        let needs_home = cfg!(unix) && xdg.iter().any(|name| env.get(name).is_none());
        match env.get("HOME") {
            None if needs_home => return Err(Error::NoHome),
            Some(home) if needs_home && Path::new(home).is_relative() => {
                return Err(Error::RelativeFolder { name: "HOME" });
            }
            Some(_) | None => {}
        }
        env.platform.clone().ok_or(Error::NoHome)
    }
}
