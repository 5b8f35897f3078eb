//! `[catalog]`: the person's own models, voices and languages, and the tier of their project.
//!
//! ```toml
//! [catalog]
//! tier = 2
//! voices = "our-voices.toml"
//! ```
//!
//! Files that are not named are looked for beside the configuration: `models.toml`, `voices.toml`, `languages.toml`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::error::Error;
use super::file::read_text;
use crate::money::{Catalog, CatalogError, Origin};

/// What the configuration says about the catalog, for every profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CatalogFiles {
    models: Option<PathBuf>,
    voices: Option<PathBuf>,
    languages: Option<PathBuf>,
    #[serde(deserialize_with = "tier")]
    tier: Option<u8>,
}

impl CatalogFiles {
    /// The facts of this build with the person's own files laid over them. `folder` is the folder of the configuration,
    /// and `config` its file: a path that it names is relative to where it stands.
    pub(super) fn read(&self, folder: &Path, config: &Path) -> Result<Arc<Catalog>, Error> {
        type Add = fn(&mut Catalog, &str, &Origin) -> Result<(), CatalogError>;
        let files: [(&Option<PathBuf>, &str, Add); 3] = [
            (&self.models, "models.toml", Catalog::add_models),
            (&self.voices, "voices.toml", Catalog::add_voices),
            (&self.languages, "languages.toml", Catalog::add_languages),
        ];
        let mut catalog = Catalog::built_in();
        for (named, usual, add) in files {
            let path = match named {
                Some(named) => config.parent().unwrap_or(Path::new("")).join(named),
                None => folder.join(usual),
            };
            let Some(text) = read_text(&path, named.is_some())? else { continue };
            let name = path.file_name().map_or_else(|| usual.into(), |name| name.to_string_lossy());
            let origin = Origin::Yours(crate::text::clean_short(&name, 60).into());
            add(Arc::make_mut(&mut catalog), &text, &origin).map_err(|error| Error::Syntax {
                path,
                line: error.line,
                message: error.message,
            })?;
        }
        if let Some(tier) = self.tier {
            Arc::make_mut(&mut catalog).tier = tier;
        }
        Ok(catalog)
    }
}

fn tier<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    use serde::de::Error;
    let tier = i64::deserialize(from).ok().filter(|tier| (1..=3).contains(tier));
    let tier = tier.ok_or_else(|| D::Error::custom("tier is 1, 2 or 3; a project without billing has no batches"))?;
    Ok(Some(tier as u8))
}
