//! The requests of jobs that were created here: what is shown beside results, and what a retake makes again.
//!
//! They are prepared in one folder and kept, by the token of their create, in another. They are kept before the create
//! is sent, so that a program that is killed in the middle of it still has them when the job turns up.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::files::{self, Durability};
use super::{Error, Store};

impl Store {
    /// The folder for prepared requests.
    pub fn prepared_folder(&self) -> PathBuf {
        self.folder().join("prepared")
    }

    /// Where the requests of a create are kept, by its token. Only letters and digits of the token count.
    pub fn requests_path(&self, token: &str) -> PathBuf {
        let token: String = token.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        self.folder().join("requests").join(format!("{token}.jsonl"))
    }

    /// Where the texts of requests stand as their source has them, when they are spoken otherwise.
    pub fn texts_path(requests: &Path) -> PathBuf {
        requests.with_extension("texts")
    }

    /// Keeps prepared requests, with the texts of their source if there are any, under the token of a create that is
    /// about to be sent. They stay where they were prepared as well, until [`Store::requests_are_sent`].
    pub fn keep_requests(&self, prepared: &Path, token: &str) -> Result<(), Error> {
        let path = self.requests_path(token);
        let texts = Store::texts_path(prepared);
        if texts.exists() {
            keep(&texts, &Store::texts_path(&path))?;
        }
        keep(prepared, &path)?;
        let folder = path.parent().expect("requests are kept in a folder");
        files::sync_folder(folder).map_err(Error::write(folder))
    }

    /// The create may have reached the service: the kept requests are all that is needed.
    pub fn requests_are_sent(&self, prepared: &Path) {
        // What cannot be removed now is swept away after a day.
        for path in [Store::texts_path(prepared), Store::unchanged_path(prepared), prepared.to_owned()] {
            let _ = fs::remove_file(path);
        }
    }

    /// The create did not reach the service, or was refused: the next try needs what was prepared, and nobody what was
    /// kept.
    pub fn requests_are_unsent(&self, prepared: &Path, token: &str) {
        let kept = self.requests_path(token);
        let beside = [Store::texts_path, Store::unchanged_path].map(|beside| (beside(&kept), beside(prepared)));
        for (kept, prepared) in beside.into_iter().chain([(kept, prepared.to_owned())]) {
            if prepared.exists() {
                let _ = fs::remove_file(kept);
            } else {
                // Where two names for one file are not to be had, the only one moves back.
                let _ = fs::rename(kept, prepared);
            }
        }
    }

    /// Gives what stands beside kept requests, the texts of their source and what is unchanged, to the same requests that
    /// were prepared once more.
    pub fn give_beside(&self, kept: &Path, prepared: &Path) -> Result<(), Error> {
        let (from, to) = (Store::texts_path(kept), Store::texts_path(prepared));
        if from.exists() {
            fs::copy(&from, &to).map(drop).map_err(Error::write(&to))?;
        }
        self.give_unchanged(kept, prepared)
    }

    /// Keeps requests that were prepared elsewhere, as the lines of a file.
    pub fn put_requests(&self, lines: &str, token: &str) -> Result<(), Error> {
        files::replace(&self.requests_path(token), lines.as_bytes(), Durability::Cached)
    }
}

/// Gives a whole file a second name, or its only one where the file system has no second names.
fn keep(prepared: &Path, kept: &Path) -> Result<(), Error> {
    let durable = File::open(prepared).and_then(|file| file.sync_all());
    durable.map_err(Error::write(prepared))?;
    match fs::hard_link(prepared, kept) {
        Ok(()) => Ok(()),
        Err(_) => fs::rename(prepared, kept).map_err(Error::write(kept)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(store: &Store, with_texts: bool) -> PathBuf {
        let path = store.prepared_folder().join("p.jsonl");
        fs::write(&path, "requests").unwrap();
        if with_texts {
            fs::write(Store::texts_path(&path), "texts").unwrap();
        }
        path
    }

    fn left(path: &Path) -> (Option<String>, Option<String>) {
        (fs::read_to_string(path).ok(), fs::read_to_string(Store::texts_path(path)).ok())
    }

    #[test]
    fn requests_are_in_both_places_until_their_create_is_over() {
        for with_texts in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            let whole = (Some("requests".to_owned()), with_texts.then(|| "texts".to_owned()));
            let path = prepared(&store, with_texts);
            let kept = store.requests_path("T1");

            store.keep_requests(&path, "T1").unwrap();
            assert_eq!((left(&path), left(&kept)), (whole.clone(), whole.clone()));
            store.requests_are_unsent(&path, "T1");
            assert_eq!((left(&path), left(&kept)), (whole.clone(), (None, None)));

            store.keep_requests(&path, "T1").unwrap();
            store.requests_are_sent(&path);
            assert_eq!((left(&path), left(&kept)), ((None, None), whole));
        }
    }

    #[test]
    fn where_a_file_has_one_name_it_moves_there_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let path = prepared(&store, true);
        let (kept, whole) = (store.requests_path("T1"), left(&path));
        fs::rename(&path, &kept).unwrap();
        fs::rename(Store::texts_path(&path), Store::texts_path(&kept)).unwrap();
        store.requests_are_unsent(&path, "T1");
        assert_eq!((left(&path), left(&kept)), (whole, (None, None)));
    }
}
