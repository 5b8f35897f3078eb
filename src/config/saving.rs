//! `[save]`: what the dashboard saves by itself, and where it saves to.
//!
//! ```toml
//! [save]
//! auto = "all"
//! folder = "/srv/audio"
//! ```

use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Which jobs the dashboard saves by itself, once they are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoSave {
    /// Those that were created on this machine.
    #[default]
    Ours,
    /// All that the key can see.
    All,
    /// None.
    Off,
}

/// What is saved by itself, and where to, for every profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Saving {
    /// Which jobs.
    #[serde(deserialize_with = "auto")]
    pub auto: AutoSave,
    /// The folder below which the dashboard saves each job; `None` is the working directory.
    #[serde(deserialize_with = "folder")]
    pub folder: Option<PathBuf>,
}

impl Saving {
    /// Nothing is saved by itself.
    pub fn off() -> Self {
        Saving { auto: AutoSave::Off, folder: None }
    }
}

fn auto<'de, D: Deserializer<'de>>(from: D) -> Result<AutoSave, D::Error> {
    match String::deserialize(from)?.as_str() {
        "ours" => Ok(AutoSave::Ours),
        "all" => Ok(AutoSave::All),
        "off" => Ok(AutoSave::Off),
        _ => Err(D::Error::custom("auto is \"ours\", \"all\" or \"off\"")),
    }
}

/// A path that depends on where the program is started would scatter results over the disk.
fn folder<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    let folder = PathBuf::deserialize(from)?;
    match folder.is_absolute() {
        true => Ok(Some(folder)),
        false => Err(D::Error::custom("folder is a whole path, such as \"/home/ann/audio\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_by_itself_is_one_of_three_words_and_goes_to_a_whole_path() {
        let read = |text: &str| toml::from_str::<Saving>(text).map_err(|error| error.message().to_owned());
        assert_eq!(read(""), Ok(Saving { auto: AutoSave::Ours, folder: None }));
        for (word, auto) in [("ours", AutoSave::Ours), ("all", AutoSave::All), ("off", AutoSave::Off)] {
            assert_eq!(read(&format!("auto = \"{word}\"")).map(|saving| saving.auto), Ok(auto), "{word}");
        }
        let whole = if cfg!(windows) { "C:/audio" } else { "/srv/audio" };
        assert_eq!(read(&format!("folder = \"{whole}\"")).map(|saving| saving.folder), Ok(Some(whole.into())));
        for wrong in ["auto = true", "auto = \"on\"", "folder = \"audio\"", "folder = \"\"", "folders = \"/x\""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
