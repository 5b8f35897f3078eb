//! Checks a folder against its manifest, without changing anything.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use super::Error;
use super::folder::{Folder, Found};
use super::manifest::{Lines, MANIFEST, Record, Status};
use super::name::leads_out;

/// Reads the records of a folder, oldest first, and hands each one on. Lines that are no records are counted.
pub fn read(path: &Path, mut take: impl FnMut(Record)) -> Result<u64, Error> {
    let folder = open(path)?;
    let manifest = folder.place(MANIFEST);
    let file = match folder.open_file(MANIFEST) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::NoManifest { path: path.to_owned() });
        }
        Err(source) => return Err(Error::Read { path: manifest, source }),
    };
    let mut lines = Lines::new(file);
    let mut unreadable = 0;
    while let Some(line) = lines.next().map_err(|source| Error::Read { path: manifest.clone(), source })? {
        match serde_json::from_slice(line.text) {
            Ok(record) => take(record),
            Err(_) if line.text.trim_ascii().is_empty() => {}
            Err(_) => unreadable += 1,
        }
    }
    Ok(unreadable)
}

/// What is wrong with one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What the manifest says.
    pub record: Record,
    /// What the disk says.
    pub what: What,
}

/// How a file differs from its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is not there.
    Missing,
    /// Something else has its name: a link, a folder.
    NotAFile,
    /// It has another size, in bytes.
    Size(u64),
    /// It holds something else.
    Content,
    /// It cannot be read; says why.
    Unreadable(String),
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Check {
    /// Files that are as the manifest says.
    pub right: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are not.
    pub different: Vec<Difference>,
    /// Rows that have no file, and later rows of keys that have one.
    pub without_file: u64,
    /// Lines of the manifest that cannot be read.
    pub unreadable_lines: u64,
}

/// Checks size and SHA-256 of every file that the manifest of a folder names.
pub fn verify(path: &Path) -> Result<Check, Error> {
    let folder = open(path)?;
    let mut check = Check::default();
    let mut seen = HashSet::new();
    let mut right_rows = HashSet::new();
    let mut records = Vec::new();
    check.unreadable_lines = read(path, |record| match (record.status, &record.file) {
        (Status::Saved, Some(_)) => records.push(record),
        (Status::Saved | Status::Failed | Status::Duplicate, _) => check.without_file += 1,
    })?;
    // The last record of a file is the one that holds: an earlier one may be of a file that was deleted since.
    for record in records.into_iter().rev() {
        let Some(file) = record.file.clone() else { continue };
        if !seen.insert(file.clone()) {
            continue;
        }
        let row = (record.job.clone(), record.key.clone(), record.line);
        match difference(&folder, &file, &record) {
            None => {
                check.right += 1;
                check.bytes += record.bytes.unwrap_or(0);
                right_rows.insert(row);
            }
            // What somebody changed is never overwritten: the row was saved again under another name, and is right.
            Some(_) if right_rows.contains(&row) => {}
            Some(what) => check.different.push(Difference { record, what }),
        }
    }
    check.different.reverse();
    Ok(check)
}

fn difference(folder: &Folder, file: &str, record: &Record) -> Option<What> {
    // A manifest is a file that anybody may have written: its names must not lead out of the folder.
    if leads_out(file) {
        return Some(What::NotAFile);
    }
    match folder.look(file) {
        Ok(Found::Nothing) => return Some(What::Missing),
        Ok(Found::Other) => return Some(What::NotAFile),
        Ok(Found::File { bytes }) if Some(bytes) != record.bytes => return Some(What::Size(bytes)),
        Ok(Found::File { .. }) => {}
        Err(error) => return Some(What::Unreadable(error.to_string())),
    }
    match folder.digest(file) {
        Ok(Some((_, sha256))) if Some(&sha256) == record.sha256.as_ref() => None,
        Ok(Some(_)) => Some(What::Content),
        Ok(None) => Some(What::Missing),
        Err(error) => Some(What::Unreadable(error.to_string())),
    }
}

fn open(path: &Path) -> Result<Folder, Error> {
    Folder::open_existing(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}
