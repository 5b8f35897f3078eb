//! An append-only journal of JSON lines, each with its own checksum, and the view that its records add up to.
//!
//! Nothing is ever rewritten. A record that was torn by a crash or damaged by a disk is passed over and stays where it
//! is for whoever wants to look; every other record counts. What was torn was never relied on, as its writer did not live
//! to go on; what was damaged is counted, so that somebody is told. Other processes may append at any time: each look reads
//! what is new first.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::lines::{self, Halt, Progress};
use super::{Damage, Error, Locking, files, lock};

/// What the records of one journal add up to.
pub(super) trait View: Default {
    /// One line.
    type Record: Serialize + DeserializeOwned;
    /// The name of the file.
    const FILE: &'static str;
    /// Whether a record must be on the disk before [`Journal::append`] returns.
    const DURABLE: bool;
    /// Takes one more record in.
    fn apply(&mut self, record: Self::Record);
}

/// A journal on disk.
#[derive(Debug)]
pub(super) struct Journal<V> {
    path: PathBuf,
    locking: Locking,
    read: Mutex<ReadSoFar<V>>,
}

#[derive(Debug, Default)]
struct ReadSoFar<V> {
    view: V,
    progress: Progress,
}

impl<V: View> Journal<V> {
    /// Names the journal in a folder and reads it. One that cannot be read is a trouble, and fails whenever it is looked at.
    pub(super) fn open(folder: &Path, locking: Locking, troubles: &mut Vec<Error>) -> Self {
        let journal = Journal { path: folder.join(V::FILE), locking, read: Mutex::default() };
        troubles.extend(journal.look(|_| ()).err());
        journal
    }

    /// Looks at what the records add up to.
    pub(super) fn look<T>(&self, look: impl FnOnce(&V) -> T) -> Result<T, Error> {
        let mut read = self.hold();
        match never_waiting(OpenOptions::new()).read(true).open(&self.path) {
            Ok(file) => self.catch_up(&mut read, &file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::read(&self.path)(error)),
        }
        Ok(look(&read.view))
    }

    /// Appends what `decide` makes of everything that was written before, by whomever; nobody else writes meanwhile.
    pub(super) fn append(&self, decide: impl FnOnce(&V) -> Vec<V::Record>) -> Result<(), Error> {
        let mut read = self.hold();
        let failed = |error| Error::write(&self.path)(error);
        let mut options = never_waiting(files::private());
        let mut file = options.create(true).append(true).read(true).open(&self.path).map_err(failed)?;
        file.lock().or_else(|error| lock::spared(&self.path, error, self.locking))?;
        self.catch_up(&mut read, &file)?;
        let mut lines = Vec::new();
        for record in decide(&read.view) {
            lines::write(&mut lines, &record);
        }
        if lines.is_empty() {
            return Ok(());
        }
        let write = (|| {
            // A crash may have torn the last record; a line end keeps it from swallowing this one.
            if !ends_with_a_line_end(&mut file)? {
                lines.splice(0..0, [lines::TORN, b'\n']);
            }
            file.write_all(&lines)?;
            if V::DURABLE {
                file.sync_all()?;
                files::sync_folder(self.path.parent().expect("a journal stands in the state folder"))?;
            }
            Ok(())
        })();
        self.catch_up(&mut read, &file)?;
        write.map_err(|error| Error::write(&self.path)(error))
    }

    /// The lines that could not be read, if there are any.
    pub(super) fn damage(&self) -> Option<Damage> {
        let Progress { damaged, first_damaged, .. } = self.hold().progress;
        let damage = Damage { path: self.path.clone(), lines: damaged, first: first_damaged };
        (damaged > 0).then_some(damage)
    }

    fn hold(&self) -> MutexGuard<'_, ReadSoFar<V>> {
        // A panic between two records leaves the view without the later ones; the next look reads them again.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn catch_up(&self, read: &mut ReadSoFar<V>, file: &File) -> Result<(), Error> {
        let failed = |error| Error::read(&self.path)(error);
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(Error::read(&self.path)(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")));
        }
        files::refuse_unless_private(&self.path, &metadata)?;
        let length = metadata.len();
        if length < read.progress.offset {
            // Somebody put an older copy in its place.
            *read = ReadSoFar::default();
        }
        if length == read.progress.offset {
            return Ok(());
        }
        let mut reader = BufReader::with_capacity(64 * 1024, file);
        reader.seek(SeekFrom::Start(read.progress.offset)).map_err(|error| Error::read(&self.path)(error))?;
        let ReadSoFar { view, progress } = read;
        lines::read_on(&mut reader, progress, |record| view.apply(record)).map_err(|halt| match halt {
            Halt::Read(error) => Error::read(&self.path)(error),
            Halt::Newer(version) => Error::Newer { path: self.path.clone(), version },
        })
    }
}

/// Options by which opening a pipe that somebody put there waits for nobody.
fn never_waiting(mut options: OpenOptions) -> OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    #[cfg(not(unix))]
    let _ = &mut options;
    options
}

fn ends_with_a_line_end(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[derive(Default, Debug)]
    struct Words(Vec<String>);
    impl View for Words {
        type Record = String;
        const FILE: &'static str = "words.jsonl";
        const DURABLE: bool = true;
        fn apply(&mut self, word: String) {
            self.0.push(word);
        }
    }

    fn open(folder: &Path) -> Journal<Words> {
        let mut troubles = Vec::new();
        let journal = Journal::open(folder, Locking::Needed, &mut troubles);
        assert!(troubles.is_empty(), "{troubles:?}");
        journal
    }

    fn words(folder: &Path) -> Vec<String> {
        open(folder).look(|words| words.0.clone()).unwrap()
    }

    fn three(folder: &Path) -> Vec<u8> {
        let journal = open(folder);
        for word in ["one", "two", "three"] {
            journal.append(|_| vec![word.to_owned()]).unwrap();
        }
        fs::read(folder.join(Words::FILE)).unwrap()
    }

    #[test]
    fn a_journal_cut_at_any_byte_keeps_every_whole_record_and_takes_new_ones() {
        let folder = tempfile::tempdir().unwrap();
        let whole = three(folder.path());
        for cut in 0..=whole.len() {
            fs::write(folder.path().join(Words::FILE), &whole[..cut]).unwrap();
            let left = words(folder.path());
            let ends = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
            assert!(left.len() == ends || left.len() == ends + 1, "cut {cut}: {left:?}");
            assert_eq!(left, ["one", "two", "three"][..left.len()]);
            let journal = open(folder.path());
            journal.append(|_| vec!["four".to_owned()]).unwrap();
            let now = words(folder.path());
            assert_eq!((now.len(), now.last().map(String::as_str)), (left.len() + 1, Some("four")), "cut {cut}");
        }
    }

    #[test]
    fn one_flipped_bit_costs_one_record_at_most_and_rewrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let whole = three(folder.path());
        for at in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            fs::write(folder.path().join(Words::FILE), &damaged).unwrap();
            let journal = open(folder.path());
            let left = journal.look(|words| words.0.clone()).unwrap();
            assert!(left.len() >= 2, "bit {at}: {left:?}");
            assert!(left.iter().all(|word| ["one", "two", "three"].contains(&word.as_str())));
            assert_eq!(fs::read(folder.path().join(Words::FILE)).unwrap(), damaged);
        }
    }

    #[test]
    fn two_holders_see_each_other_and_decide_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let journal = open(folder.path());
                    for _ in 0..25 {
                        journal.append(|words| vec![words.0.len().to_string()]).unwrap();
                    }
                });
            }
        });
        let expected: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(words(folder.path()), expected);
    }

    #[test]
    fn a_later_format_is_refused_and_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let line = format!("{{\"v\":2,\"sum\":\"{}\",\"record\":\"new\"}}", lines::checksum(2, "\"new\""));
        three(folder.path());
        fs::write(folder.path().join(Words::FILE), line).unwrap();
        let mut troubles = Vec::new();
        let journal = Journal::<Words>::open(folder.path(), Locking::Needed, &mut troubles);
        assert!(matches!(troubles[..], [Error::Newer { version: 2, .. }]), "{troubles:?}");
        let refused = [journal.look(|_| ()).unwrap_err(), journal.append(|_| vec!["old".into()]).unwrap_err()];
        assert!(refused.iter().all(|error| matches!(error, Error::Newer { .. })), "{refused:?}");
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = vec![b'x'; 3 << 20];
        file.push(b'\n');
        file.extend(three(folder.path()));
        fs::write(folder.path().join(Words::FILE), file).unwrap();
        let journal = open(folder.path());
        assert_eq!(journal.look(|words| words.0.len()).unwrap(), 3);
        let damage = journal.damage().unwrap();
        assert_eq!((damage.lines, damage.first), (1, 1));
    }
}
