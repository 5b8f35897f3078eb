//! Kept copies of results in the cache folder: parts that grow, and whole files.
//!
//! A part is renamed when it is whole. A small document beside it says where the bytes are from, so that nothing is
//! ever put together from two different files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::failure::{Exit, Failure};
use crate::job::{Dest, Job};
use crate::ops::{Copies, Session};
use crate::results::Form;
use crate::store::{Lock, Store};

use super::{cache, index};

/// Where a copy of one job's results is kept.
#[derive(Clone, Debug)]
pub(super) struct Place {
    id: String,
    source: String,
    folder: PathBuf,
    store: Store,
    clock: Clock,
    copies: Copies,
    /// What the bytes are.
    pub(super) form: Form,
}

/// What is known about a copy or a part of one.
#[derive(Debug, Serialize, Deserialize)]
struct Origin {
    source: String,
    /// The announced size.
    total: Option<u64>,
    /// The size of the whole copy, once it is whole.
    whole: Option<u64>,
}

impl Place {
    /// The place for a job of a session. A name alone does not tell jobs apart: another service may give the same one,
    /// and one that begins anew may give it again.
    pub(super) fn new(session: &Session, job: &Job, dest: &Dest) -> Self {
        let (source, form) = match dest {
            Dest::File(file) => (file.to_string(), Form::Lines),
            Dest::Inline => ("inline".to_owned(), Form::Inline),
        };
        let created = job.create_time.map(|time| time.to_string()).unwrap_or_default();
        let digest = digest(&SHA256, format!("{}\n{created}", session.origin()).as_bytes());
        let which: String = digest.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let id = format!("{}-{which}", job.name.id());
        let folder = match session.copies.keep {
            true => session.cache.join("results"),
            false => {
                let below = session.cache.join("sessions");
                // Where no folder can be made, no copy can be begun there either, and that says why.
                session.shared.scratch(&below).unwrap_or_else(|_| below.join("none"))
            }
        };
        let (store, clock, copies) = (session.store.clone(), session.clock.clone(), session.copies.clone());
        Place { id, source, folder, store, clock, copies, form }
    }

    /// The places of both forms. The list does not show inline results, so the form may only be known from what was kept.
    pub(super) fn either(session: &Session, job: &Job) -> Vec<Self> {
        let dests = [job.dest.clone(), Some(Dest::Inline)].into_iter().flatten();
        dests.map(|dest| Place::new(session, job, &dest)).collect()
    }

    /// The folder of the copy.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What tells this copy from every other one.
    pub(super) fn identity(&self) -> String {
        format!("{}\n{}", self.id, self.source)
    }

    /// The rows of the index of the copy.
    pub(super) fn rows_path(&self) -> PathBuf {
        self.path("rows")
    }

    /// The places in the index of the copy.
    pub(super) fn places_path(&self) -> PathBuf {
        self.path("places")
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.id))
    }

    /// The whole copy.
    pub(super) fn whole_path(&self) -> PathBuf {
        match self.form {
            Form::Inline => self.path("json"),
            Form::Lines | Form::One => self.path("jsonl"),
        }
    }

    /// The whole copy, when there is one.
    pub(super) fn whole(&self) -> Option<PathBuf> {
        let path = self.whole_path();
        let length = fs::metadata(&path).ok()?.len();
        let origin = self.origin()?;
        (origin.source == self.source && origin.whole == Some(length)).then_some(path)
    }

    /// Removes the whole copy, which turned out to be none. What cannot be removed is found wrong again the next time.
    pub(super) fn discard_whole(&self) {
        index::drop_index(self);
        let _ = fs::remove_file(self.path("origin"));
        let _ = fs::remove_file(self.whole_path());
    }

    fn origin(&self) -> Option<Origin> {
        serde_json::from_slice(&fs::read(self.path("origin")).ok()?).ok()
    }

    fn write_origin(&self, total: Option<u64>, whole: Option<u64>) -> io::Result<()> {
        let origin = Origin { source: self.source.clone(), total, whole };
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(&origin).expect("numbers and text can be written"))?;
        file.persist(self.path("origin"))?;
        Ok(())
    }

    /// Whether a copy of this size is wanted beside what is saved.
    pub(super) fn wants(&self, total: Option<u64>) -> bool {
        self.copies.keep && total.is_none_or(|total| total <= self.copies.max_bytes)
    }

    /// Notes that the copy was used, so that it is among the last to be swept away.
    pub(super) fn touch(&self) {
        let Ok(origin) = OpenOptions::new().append(true).open(self.path("origin")) else { return };
        if let Err(error) = origin.set_modified(self.clock.now().into()) {
            tracing::debug!(%error, "the last use of a copy could not be noted");
        }
    }

    /// Removes copies that nobody has used for long, and then the ones that were not used for longest, until they take no
    /// more room than they may. This one stays, and so does every one that is in use.
    pub(super) fn sweep(&self, now: Timestamp) {
        if let Err(error) = cache::sweep(&self.folder, &self.store, &self.copies, now, &self.id) {
            tracing::debug!(%error, "old copies of results could not be swept away");
        }
        if let Some(cache) = self.folder.parent()
            && self.copies.keep
        {
            crate::ops::copies::sweep_scratch(&cache.join("sessions"));
        }
    }

    /// Begins a copy, or goes on with a part of one. Another task that is at it already gets its part left alone.
    pub(super) fn begin(&self, store: &Store) -> Result<Part, Failure> {
        let failed = |error: io::Error| {
            Failure::with_exit(Exit::Disk, format!("cannot keep results in {}: {error}", self.folder.display()))
        };
        crate::store::create_folder(&self.folder)?;
        let Ok(lock) = store.lock(&cache::lock_name(&self.id), "the kept copy of the results") else {
            let file = tempfile::NamedTempFile::new_in(&self.folder).map_err(failed)?;
            return Ok(Part { place: self.clone(), file: PartFile::Private(file), had: 0, total: None });
        };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(self.path("part")).map_err(failed)?;
        let origin = self.origin().filter(|origin| origin.source == self.source && origin.whole.is_none());
        let had = match &origin {
            // The answer to a GET is made anew each time: two halves need not fit.
            Some(_) if self.form == Form::Lines => file.metadata().map_err(failed)?.len(),
            Some(_) | None => 0,
        };
        let total = origin.and_then(|origin| origin.total);
        Ok(Part { place: self.clone(), file: PartFile::Shared(file, lock), had, total })
    }
}

/// A copy that is being made.
pub(super) struct Part {
    place: Place,
    file: PartFile,
    /// Bytes that were there at the beginning.
    pub(super) had: u64,
    /// The size that was announced when they came.
    total: Option<u64>,
}

enum PartFile {
    /// Stays for the next try when this one ends early.
    Shared(File, Lock),
    /// Goes with this try.
    Private(tempfile::NamedTempFile),
}

impl Part {
    /// Whether bytes from there on, of a file of that size, go on from what was there.
    pub(super) fn fits(&self, from: u64, total: Option<u64>) -> bool {
        from > 0 && from == self.had && total.is_some() && total == self.total
    }

    /// Says where the download begins. What was there and does not fit is dropped; gives back what is left of it.
    pub(super) fn start(&mut self, from: u64, total: Option<u64>) -> io::Result<Option<File>> {
        let fits = self.fits(from, total);
        match &mut self.file {
            PartFile::Shared(_, _) if fits => return File::open(self.place.path("part")).map(Some),
            PartFile::Shared(file, _) => {
                file.set_len(0)?;
                self.place.write_origin(total, None)?;
            }
            PartFile::Private(_) => {}
        }
        self.had = 0;
        Ok(None)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.file {
            PartFile::Shared(file, _) => file.write_all(bytes),
            PartFile::Private(file) => file.write_all(bytes),
        }
    }

    /// Where the bytes are, until there is a whole copy.
    pub(super) fn path(&self) -> PathBuf {
        match &self.file {
            PartFile::Shared(_, _) => self.place.path("part"),
            PartFile::Private(file) => file.path().to_owned(),
        }
    }

    /// The copy is whole. Its bytes are on the disk before its name: a length alone does not show that they got there.
    pub(super) fn finish(self, bytes: u64) -> io::Result<PathBuf> {
        let path = self.place.whole_path();
        // An index of what was there before would be of no use; one that is found to fit is used.
        index::drop_index(&self.place);
        match self.file {
            PartFile::Shared(file, _lock) => {
                file.sync_all()?;
                fs::rename(self.place.path("part"), &path)?;
                self.place.write_origin(None, Some(bytes))?;
            }
            PartFile::Private(file) => {
                file.as_file().sync_all()?;
                file.persist(&path)?;
                self.place.write_origin(None, Some(bytes))?;
            }
        }
        self.place.sweep(self.place.clock.now());
        Ok(path)
    }

    /// The copy is not worth going on with.
    pub(super) fn discard(self) {
        if let PartFile::Shared(file, _lock) = self.file {
            // What cannot be removed is dropped at the next start.
            let _ = file.set_len(0);
            let _ = fs::remove_file(self.place.path("part"));
        }
    }
}
