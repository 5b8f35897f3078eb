//! What audio of which requests lies where: a file for each job and each folder that it was saved to.
//!
//! Only digests are kept, 48 bytes for each clip, and they are read one after the other when a job is planned: neither
//! the start of the program nor a save takes longer for them. Where the clip is now, under which name, and what is
//! thought of it, says the manifest of the folder. A record that was damaged fits no clip, or none that has the SHA-256
//! that it tells, and is passed over like one whose clip is gone.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Error, Store, files};
use crate::request::Identity;

/// The format that this program writes and reads.
const VERSION: u64 = 1;

/// Of the first line, which tells what the file is about.
const LONGEST_HEADER: u64 = 64 * 1024;

/// The ending of the files.
const ENDING: &str = "clips";

/// What is said between two requests and their audio.
const RECORD: usize = 16 + 32;

/// Whose clips lie in which folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    v: u64,
    /// Where the job is: audio of a test server is no audio of the service.
    pub origin: String,
    /// Without `models/`.
    pub model: String,
    /// `batches/ID`: the job that was saved.
    pub job: String,
    /// Absolute.
    pub folder: PathBuf,
    /// When it was saved, by this machine's clock.
    pub at: Timestamp,
}

impl Contents {
    /// Of a save.
    pub fn new(origin: &str, model: &str, job: &str, folder: PathBuf, at: Timestamp) -> Contents {
        let (origin, model, job) = (origin.to_owned(), model.to_owned(), job.to_owned());
        Contents { v: VERSION, origin, model, job, folder, at }
    }

    fn file_name(&self) -> Option<String> {
        let name = Identity::of_texts([self.origin.as_str(), &self.job, self.folder.to_str()?]);
        Some(format!("{}.{ENDING}", super::hex(&name.to_bytes())))
    }
}

/// One clip: the request that it is of, and the SHA-256 of its file.
pub type Clip = (Identity, [u8; 32]);

impl Store {
    /// Remembers the clips of a job in a folder, in the place of what was known of them before. Does nothing for a folder
    /// whose name is no text.
    pub fn remember_clips(&self, contents: &Contents, clips: impl Iterator<Item = Clip>) -> Result<(), Error> {
        let Some(name) = contents.file_name() else { return Ok(()) };
        let folder = self.contents_folder();
        files::create_folder(&folder)?;
        let path = folder.join(name);
        let write = || -> io::Result<()> {
            let file = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(&folder)?;
            let mut writer = BufWriter::new(file);
            serde_json::to_writer(&mut writer, contents)?;
            writer.write_all(b"\n")?;
            for (identity, sha256) in clips {
                writer.write_all(&identity.to_bytes())?;
                writer.write_all(&sha256)?;
            }
            let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
            // Whoever loses it pays for the same audio again.
            file.as_file().sync_all()?;
            file.persist(&path)?;
            files::sync_folder(&folder)
        };
        write().map_err(Error::write(&path))
    }

    /// Whether the clips of a job in a folder are remembered.
    pub fn remembers_clips(&self, contents: &Contents) -> bool {
        contents.file_name().is_some_and(|name| self.contents_folder().join(name).is_file())
    }

    /// Where clips of this model from this origin were saved to, latest first. What cannot be read is passed over.
    pub fn contents(&self, origin: &str, model: &str) -> Result<Vec<Contents>, Error> {
        let folder = self.contents_folder();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::read(&folder)(error)),
        };
        let paths = entries.flatten().map(|entry| entry.path());
        let paths = paths.filter(|path| is_clips(path));
        let mut all: Vec<Contents> = paths.filter_map(|path| open(&path).map(|(contents, _)| contents)).collect();
        all.retain(|contents| contents.origin == origin && contents.model == model);
        all.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.job.cmp(&b.job)).then_with(|| a.folder.cmp(&b.folder)));
        Ok(all)
    }

    /// Tells the clips of a job in a folder one by one.
    pub fn each_clip(&self, contents: &Contents, mut take: impl FnMut(Clip)) -> Result<(), Error> {
        let Some(name) = contents.file_name() else { return Ok(()) };
        let path = self.contents_folder().join(name);
        let Some((_, mut reader)) = open(&path) else { return Ok(()) };
        let mut record = [0; RECORD];
        loop {
            match reader.read_exact(&mut record) {
                Ok(()) => {}
                // The end; or half a record, which nobody writes.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(Error::read(&path)(error)),
            }
            let (identity, sha256) = record.split_at(16);
            let identity = Identity::from_bytes(identity.try_into().expect("it is 16 bytes long"));
            take((identity, sha256.try_into().expect("it is 32 bytes long")));
        }
    }

    /// Removes what is known of clips that were saved so many hours ago to a folder that is gone.
    pub(super) fn sweep_contents(&self, now: Timestamp, hours: i64) {
        for path in files::paths_in(&self.contents_folder()).filter(|path| is_clips(path)) {
            let Some((contents, _)) = open(&path) else { continue };
            if now.duration_since(contents.at).as_hours() >= hours && !contents.folder.exists() {
                let _ = fs::remove_file(path);
            }
        }
    }

    fn contents_folder(&self) -> PathBuf {
        self.folder().join("contents")
    }

    /// Where the lines of a job stand that were not sent, because their audio is on the disk.
    pub fn unchanged_path(requests: &Path) -> PathBuf {
        requests.with_extension("unchanged")
    }

    /// How many lines of a plan are not sent.
    pub fn n_unchanged(&self, prepared: &Path) -> Result<u64, Error> {
        let path = Store::unchanged_path(prepared);
        match File::open(&path) {
            Ok(file) => {
                let mut lines = BufReader::with_capacity(64 * 1024, file);
                let mut n = 0;
                while lines.skip_until(b'\n').map_err(Error::read(&path))? > 0 {
                    n += 1;
                }
                Ok(n)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(Error::read(&path)(error)),
        }
    }

    /// Keeps the lines of a plan that are not sent, before the others are: whatever becomes of the program then, the
    /// folder of the job will have all keys. The plan keeps its own, as it may be sent again after a refusal.
    pub fn keep_unchanged(&self, prepared: &Path, token: &str) -> Result<(), Error> {
        self.give_unchanged(prepared, &self.requests_path(token))
    }

    /// Gives the lines that are not sent to other requests as well, if there are any.
    pub fn give_unchanged(&self, prepared: &Path, other: &Path) -> Result<(), Error> {
        let (from, to) = (Store::unchanged_path(prepared), Store::unchanged_path(other));
        if !from.exists() {
            return Ok(());
        }
        let given = fs::hard_link(&from, &to).or_else(|_| {
            fs::copy(&from, &to)?;
            File::open(&to)?.sync_all()
        });
        let synced = given.and_then(|()| files::sync_folder(to.parent().expect("requests stand in a folder")));
        synced.map_err(Error::write(&to))
    }
}

fn is_clips(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == ENDING)
}

/// The header of a file and what comes behind it; `None` when that is none of ours, or of a later version.
fn open(path: &Path) -> Option<(Contents, BufReader<File>)> {
    let mut reader = BufReader::with_capacity(64 * 1024, File::open(path).ok()?);
    let mut header = Vec::new();
    reader.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut header).ok()?;
    let contents: Contents = serde_json::from_slice(&header).ok()?;
    (contents.v == VERSION).then_some((contents, reader))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(n: u8) -> Clip {
        (Identity::of_texts([n.to_string().as_str()]), [n; 32])
    }

    fn contents(job: &str, folder: &str, at: &str) -> Contents {
        Contents::new("https://h", "m", job, folder.into(), at.parse().unwrap())
    }

    fn clips(store: &Store, contents: &Contents) -> Vec<Clip> {
        let mut clips = Vec::new();
        store.each_clip(contents, |clip| clips.push(clip)).unwrap();
        clips
    }

    #[test]
    fn clips_are_found_by_origin_and_model_and_the_latest_come_first() {
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(state.path()).unwrap();
        assert_eq!(store.contents("https://h", "m").unwrap(), []);
        let early = contents("batches/a", "/a", "2026-01-01T00:00:00Z");
        let late = contents("batches/a", "/b", "2026-01-02T00:00:00Z");
        store.remember_clips(&early, [clip(1), clip(2)].into_iter()).unwrap();
        store.remember_clips(&late, std::iter::empty()).unwrap();
        assert_eq!(store.contents("https://h", "m").unwrap(), [late.clone(), early.clone()]);
        assert_eq!((clips(&store, &early), clips(&store, &late)), (vec![clip(1), clip(2)], vec![]));
        for (origin, model) in [("https://other", "m"), ("https://h", "m2")] {
            assert_eq!(store.contents(origin, model).unwrap(), []);
        }
        let again = Contents { at: "2026-01-03T00:00:00Z".parse().unwrap(), ..early.clone() };
        store.remember_clips(&again, [clip(3)].into_iter()).unwrap();
        assert_eq!(store.contents("https://h", "m").unwrap(), [again.clone(), late]);
        assert_eq!((clips(&store, &again), store.remembers_clips(&early)), (vec![clip(3)], true));
    }

    #[test]
    fn a_file_cut_at_any_byte_tells_whole_records_or_none() {
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(state.path()).unwrap();
        let it = contents("batches/a", "/a", "2026-01-01T00:00:00Z");
        store.remember_clips(&it, [clip(1), clip(2)].into_iter()).unwrap();
        let path = store.contents_folder().join(it.file_name().unwrap());
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let left = clips(&store, &it);
            assert_eq!(left, [clip(1), clip(2)][..left.len()], "cut {cut}");
        }
    }
}
