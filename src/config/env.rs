//! A snapshot of the environment, so that what depends on it is a function.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::folders::Folders;

/// The environment at one moment. `Debug` shows names only: values may be keys.
#[derive(Clone, Default)]
pub struct Env {
    variables: BTreeMap<String, String>,
    pub(super) platform: Option<Folders>,
    folder: PathBuf,
}

impl Env {
    /// The environment of this process. A variable that is not Unicode is left out.
    pub fn from_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        // A working directory that is gone shows itself when something is to be saved into it.
        let folder = std::env::current_dir().unwrap_or_default();
        Env { variables, platform: Folders::of_platform(), folder }
    }

    /// An environment for tests: these variables, and folders under this one.
    pub fn of(variables: &[(&str, &str)], folder: &Path) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Env { variables, platform: Some(Folders::under(folder)), folder: folder.to_owned() }
    }

    /// The value of a variable; an empty one counts as unset.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The working directory: results are saved there, nothing is read from it unasked.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
