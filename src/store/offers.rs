//! What a service listed as its models and voices, one document for each profile and origin.
//!
//! A document that is lost is asked for again, so it need not outlive the power. Those who keep nothing may still look
//! into a folder that somebody else keeps.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Durability, Error, LARGEST_DOCUMENT, Store, files, hex, sha256};

impl Store {
    /// What was kept for this profile at this origin; `None` when nothing was, or when it is not JSON any more.
    pub fn offered(&self, profile: &str, origin: &str) -> Result<Option<Value>, Error> {
        Store::offered_in(self.folder(), profile, origin)
    }

    /// The same from a folder that need not be there, and that this leaves as it is.
    pub fn offered_in(folder: &Path, profile: &str, origin: &str) -> Result<Option<Value>, Error> {
        let bytes = files::read(&path(folder, profile, origin), LARGEST_DOCUMENT)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Replaces what is kept for this profile at this origin.
    pub fn keep_offered(&self, profile: &str, origin: &str, offered: &Value) -> Result<(), Error> {
        let bytes = serde_json::to_vec(offered).expect("a JSON value can be written");
        files::replace(&path(self.folder(), profile, origin), &bytes, Durability::Cached)
    }
}

fn path(folder: &Path, profile: &str, origin: &str) -> PathBuf {
    let id = hex(&sha256(format!("{profile}\n{origin}").as_bytes())[..8]);
    folder.join("documents").join(format!("offered-{id}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_offer_belongs_to_its_profile_and_origin() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        assert_eq!(Store::offered_in(&state, "p", "https://a").unwrap(), None);
        assert!(!state.exists(), "whoever only looks makes nothing");
        let store = Store::open(&state).unwrap();
        store.keep_offered("p", "https://a", &json!({ "models": 1 })).unwrap();
        store.keep_offered("q", "https://a", &json!({ "models": 2 })).unwrap();
        assert_eq!(store.offered("p", "https://a").unwrap(), Some(json!({ "models": 1 })));
        assert_eq!(Store::offered_in(&state, "q", "https://a").unwrap(), Some(json!({ "models": 2 })));
        assert_eq!(store.offered("p", "https://b").unwrap(), None);
        std::fs::write(path(&state, "p", "https://a"), "{").unwrap();
        assert_eq!(store.offered("p", "https://a").unwrap(), None, "what is broken is as good as none");
    }
}
