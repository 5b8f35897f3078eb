//! Files that stand in another folder of ours and are to stand in this one as well: the audio of lines that were not
//! sent again, because it was on the disk.
//!
//! A second name of the same file where the file system has that, else a copy. Either is checked against its SHA-256
//! before it gets its name, and gets it by the same rules, and with the same line in the manifest, as every other file.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::{Folder, Found};
use super::hand::{Hand, What, fail};
use super::manifest::Record;
use super::name::{Identity, leads_out};
use super::part::{Failed, Part};
use super::{Error, Saver};
use crate::audio::Verdict;
use crate::results::{Outcome, Row, Tokens};

/// A folder that files are taken from. Opened once for all of them.
#[derive(Debug)]
pub struct Elsewhere {
    path: PathBuf,
    /// Why not, when it cannot be opened.
    folder: Result<Folder, String>,
    /// The files that its manifest tells, by their SHA-256. Read when one is not where it was.
    files: OnceCell<HashMap<String, String>>,
}

impl Elsewhere {
    /// Opens a folder. One that is not there any more has no files.
    pub fn open(path: &Path) -> Elsewhere {
        let folder = Folder::open_existing(path).map_err(|error| error.to_string());
        Elsewhere { path: path.to_owned(), folder, files: OnceCell::new() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name that a file has now, by what it holds: it gives up its plain name when two keys want it.
    fn now(&self, record: &Record) -> Option<&str> {
        let files = self.files.get_or_init(|| {
            let mut files = HashMap::new();
            // Without a manifest nobody knows another name.
            let _ = super::read(&self.path, |record| {
                if let (Some(sha256), Some(file)) = (record.sha256, record.file) {
                    files.insert(sha256, file);
                }
            });
            files
        });
        files.get(record.sha256.as_ref()?).map(String::as_str).filter(|file| !leads_out(file))
    }
}

impl Saver {
    /// Takes in a file that stands elsewhere, as its record there tells, under the key that the record has. One that is
    /// gone, or holds something else now, becomes a row without a file that says so.
    ///
    /// To be used in a run of its own, after the rows of the job.
    pub fn bring(&mut self, elsewhere: &Elsewhere, record: Record) -> Result<(), Error> {
        let taken = self.hand().bring(elsewhere, record);
        self.or_flush(taken)?;
        self.flush_when_due()
    }
}

impl Hand {
    fn bring(&mut self, elsewhere: &Elsewhere, mut record: Record) -> Result<(), Error> {
        let file = record.file.take();
        let key = Identity::of(record.key.as_deref(), record.line);
        let row = row(&record);
        let (stands, is_again) = self.stands_here(key, &record)?;
        if let Some(what) = stands {
            self.push(row, record, key, what, is_again);
            return Ok(());
        }
        let made = match (file.as_deref().filter(|file| !leads_out(file)), &elsewhere.folder) {
            (None, _) => Err(NotThere::Gone("its name is no name of a file".to_owned())),
            (Some(_), Err(why)) => Err(NotThere::Gone(why.clone())),
            (Some(file), Ok(folder)) => match made(self.folder(), folder, file, &record) {
                Err(NotThere::Gone(why)) => match elsewhere.now(&record).filter(|now| *now != file) {
                    Some(now) => made(self.folder(), folder, now, &record),
                    None => Err(NotThere::Gone(why)),
                },
                made => made,
            },
        };
        match made {
            Ok(part) => {
                self.push_part(row, record, key, part, is_again);
                Ok(())
            }
            Err(NotThere::Disk(name, source)) => {
                let need = record.bytes.unwrap_or_default();
                Err(Error::write(self.folder().place(&name), need, source))
            }
            Err(NotThere::Gone(why)) => {
                let was = file.map_or_else(|| elsewhere.path.clone(), |file| elsewhere.path.join(file));
                let was = crate::text::clean(&was.display().to_string());
                fail(
                    &mut record,
                    &format!("it was not sent, as its audio was on this disk, and {was} is not usable: {why}"),
                );
                record.verdict = Verdict::Error;
                self.push(Row { verdict: Verdict::Error, ..row }, record, key, What::Nothing, false);
                Ok(())
            }
        }
    }
}

/// Why there is no file to take over.
enum NotThere {
    /// It is gone, cannot be read, or holds something else.
    Gone(String),
    /// The disk that it should go to.
    Disk(String, std::io::Error),
}

/// The file of a record, under a temporary name in this folder.
fn made(here: &Arc<Folder>, there: &Folder, file: &str, record: &Record) -> Result<Part, NotThere> {
    match there.look(file) {
        Ok(Found::File { bytes }) if Some(bytes) == record.bytes => {}
        Ok(Found::File { .. }) => return Err(NotThere::Gone("it has another size now".to_owned())),
        Ok(Found::Nothing) => return Err(NotThere::Gone("it is gone".to_owned())),
        Ok(Found::Other) => return Err(NotThere::Gone("it is no regular file".to_owned())),
        Err(error) => return Err(NotThere::Gone(error.to_string())),
    }
    let linked =
        Part::link(here, there, file, record.line).map_err(|source| NotThere::Disk(file.to_owned(), source))?;
    let (part, digest) = match linked {
        Some(part) => {
            let digest = here.digest(part.name()).map_err(|error| NotThere::Gone(error.to_string()))?;
            (part, digest)
        }
        None => copied(here, there, file, record.line)?,
    };
    match digest {
        Some((bytes, sha256)) if (Some(bytes), Some(&sha256)) == (record.bytes, record.sha256.as_ref()) => Ok(part),
        Some(_) => Err(NotThere::Gone("it holds something else now".to_owned())),
        None => Err(NotThere::Gone("it is gone".to_owned())),
    }
}

/// A copy, its size and its SHA-256.
fn copied(
    here: &Arc<Folder>,
    there: &Folder,
    file: &str,
    line: u64,
) -> Result<(Part, Option<(u64, String)>), NotThere> {
    let gone = |error: std::io::Error| NotThere::Gone(error.to_string());
    let disk = |failed| match failed {
        Failed::Disk { name, source } => NotThere::Disk(name, source),
        Failed::TooLong => NotThere::Disk(file.to_owned(), std::io::ErrorKind::FileTooLarge.into()),
    };
    let mut from = there.open_file(file).map_err(gone)?;
    let mut part = Part::create(here, line).map_err(disk)?;
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut piece = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        let n = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(gone(error)),
        };
        context.update(&piece[..n]);
        part.write(&piece[..n]).map_err(disk)?;
        bytes += n as u64;
    }
    part.open_up(here.syncs_together()).map_err(|source| NotThere::Disk(file.to_owned(), source))?;
    Ok((part, Some((bytes, super::hex(context.finish().as_ref())))))
}

/// The row that a record is about, as far as anybody asks.
fn row(record: &Record) -> Row {
    Row {
        line: record.line,
        offset: 0,
        length: 0,
        key: record.key.clone(),
        outcome: Outcome::Audio,
        finish_reason: record.finish_reason.clone(),
        tokens: Tokens { prompt: record.prompt_tokens, audio: record.audio_tokens },
        sound: None,
        verdict: record.verdict,
    }
}
