//! Upload sessions that are under way, so that a program that was killed goes on where it stopped.
//!
//! Each is one small document, named by the content that it takes up. The address in it is a secret: the document is
//! its owner's alone, is removed when the upload ends, and is swept away after a day, as the service forgets it too.

use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::files::{self, Durability};
use super::{Error, Store};
use crate::secret::SessionAddress;

/// For how long a session may be gone on with.
const MOST_HOURS: i64 = 24;

/// The largest document that is read back.
const LARGEST: u64 = 64 << 10;

/// An upload that was begun.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// SHA-256 of the content, lower-case hex.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// The origin that takes it.
    pub origin: String,
    /// Which key it was begun with, when the session says.
    pub key_fingerprint: Option<String>,
    /// As the service was told.
    pub display_name: String,
    /// The size of its pieces in bytes.
    pub piece: u64,
    /// When it was begun, by this machine's clock.
    pub at: Timestamp,
    /// Where its pieces go. A secret.
    #[serde(with = "raw")]
    pub address: SessionAddress,
}

/// Leaves the address out.
impl fmt::Debug for UnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "upload of {} ({} bytes) begun {}", self.display_name, self.size, self.at)
    }
}

/// The one place that writes an address out.
mod raw {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::secret::SessionAddress;

    pub fn serialize<S: Serializer>(address: &SessionAddress, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(address.expose())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SessionAddress, D::Error> {
        String::deserialize(deserializer).map(SessionAddress::new)
    }
}

impl Store {
    /// The upload of this content that is under way at an origin with a key, unless it is too old. `None` also when its
    /// document cannot be read: then another session is begun.
    pub fn upload_under_way(
        &self,
        sha256: &str,
        origin: &str,
        key_fingerprint: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<UnderWay>, Error> {
        let Some(bytes) = files::read(&self.upload_path(sha256), LARGEST)? else { return Ok(None) };
        let known = serde_json::from_slice::<UnderWay>(&bytes).ok();
        Ok(known.filter(|known| {
            known.sha256 == sha256
                && known.origin == origin
                && known.key_fingerprint.as_deref() == key_fingerprint
                && (0..MOST_HOURS).contains(&now.duration_since(known.at).as_hours())
        }))
    }

    /// Remembers an upload that was begun, in the place of any other of the same content.
    pub fn upload_begun(&self, upload: &UnderWay) -> Result<(), Error> {
        let bytes = serde_json::to_vec(upload).expect("a record of texts and numbers can be written");
        files::replace(&self.upload_path(&upload.sha256), &bytes, Durability::Synced)
    }

    /// Forgets an upload: it came to its end, or leads nowhere.
    pub fn upload_over(&self, sha256: &str) -> Result<(), Error> {
        let path = self.upload_path(sha256);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::write(&path)(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The uploads that were begun and did not come to their end, oldest first. What cannot be read is passed over.
    pub fn uploads_under_way(&self) -> Vec<UnderWay> {
        let read = |path: PathBuf| serde_json::from_slice(&files::read(&path, LARGEST).ok()??).ok();
        let mut all: Vec<UnderWay> = files::paths_in(&self.uploads_folder()).filter_map(read).collect();
        all.sort_by_key(|upload| upload.at);
        all
    }

    /// Removes uploads that were begun more than a day ago.
    pub(super) fn sweep_uploads(&self, now: Timestamp) -> Result<(), Error> {
        files::sweep(&self.uploads_folder(), now, MOST_HOURS)
    }

    fn uploads_folder(&self) -> PathBuf {
        self.folder().join("uploads")
    }

    fn upload_path(&self, sha256: &str) -> PathBuf {
        let name: String = sha256.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        self.uploads_folder().join(format!("{name}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-07-02T14:00:00Z";

    fn under_way() -> UnderWay {
        UnderWay {
            sha256: "ab".repeat(32),
            size: 9,
            origin: "https://example.org".into(),
            key_fingerprint: Some("0011".into()),
            display_name: "ch01".into(),
            piece: 8 << 20,
            at: NOW.parse().unwrap(),
            address: SessionAddress::new("https://example.org/up?upload_id=secret"),
        }
    }

    #[test]
    fn an_upload_is_found_again_by_its_content_origin_and_key_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let known = under_way();
        store.upload_begun(&known).unwrap();
        let store = Store::open(folder.path()).unwrap();
        let find = |sha256: &str, origin: &str, key: Option<&str>, now: &str| {
            store.upload_under_way(sha256, origin, key, now.parse().unwrap()).unwrap()
        };
        let (sha256, origin, key) = (known.sha256.as_str(), known.origin.as_str(), known.key_fingerprint.as_deref());
        assert_eq!(find(sha256, origin, key, NOW), Some(known.clone()));
        assert_eq!(store.uploads_under_way(), std::slice::from_ref(&known));
        assert_eq!(find(sha256, origin, key, "2026-07-03T13:59:59Z"), Some(known.clone()));
        let elsewhere = [
            ("cd", origin, key, NOW),
            (sha256, "https://example.com", key, NOW),
            (sha256, origin, Some("2233"), NOW),
            (sha256, origin, None, NOW),
            (sha256, origin, key, "2026-07-03T14:00:00Z"),
            (sha256, origin, key, "2026-07-02T12:00:00Z"),
        ];
        for (sha256, origin, key, now) in elsewhere {
            assert_eq!(find(sha256, origin, key, now), None, "{sha256} {origin} {key:?} {now}");
        }
        store.upload_over(sha256).unwrap();
        store.upload_over(sha256).unwrap();
        assert_eq!(find(sha256, origin, key, NOW), None);
    }

    #[test]
    fn a_broken_document_is_passed_over_and_an_old_one_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let known = under_way();
        store.upload_begun(&known).unwrap();
        let path = store.upload_path(&known.sha256);
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 1, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let key = known.key_fingerprint.as_deref();
            assert_eq!(store.upload_under_way(&known.sha256, &known.origin, key, known.at).unwrap(), None);
        }
        let written = Timestamp::try_from(path.metadata().unwrap().modified().unwrap()).unwrap();
        let after = |hours: u64| written + std::time::Duration::from_secs(3600 * hours);
        store.sweep(after(23)).unwrap();
        assert!(path.exists());
        store.sweep(after(25)).unwrap();
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn the_address_is_its_owners_alone_and_is_not_printed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let known = under_way();
        store.upload_begun(&known).unwrap();
        let path = store.upload_path(&known.sha256);
        assert!(std::fs::read_to_string(&path).unwrap().contains("upload_id=secret"));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{known:?} {:?}", known.address).contains("secret"));
    }
}
