//! The records of a folder that somebody looks for by what they say, and the files that they name. Changes nothing.

use std::fs::File;
use std::path::Path;

use super::Error;
use super::folder::{Folder, Found};
use super::manifest::{Lines, MANIFEST, Record, line_at};
use super::name::leads_out;

/// The manifest of a folder, open: what another run puts in its place meanwhile is not looked at.
#[derive(Debug)]
pub struct Records {
    folder: Folder,
    manifest: File,
}

impl Records {
    /// Opens the manifest of a folder.
    pub fn open(path: &Path) -> Result<Records, Error> {
        let read_error = |source| Error::Read { path: path.to_owned(), source };
        let folder = Folder::open_existing(path).map_err(read_error)?;
        let manifest = folder.open_file(MANIFEST).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::NoManifest { path: path.to_owned() },
            _ => Error::Read { path: folder.place(MANIFEST), source: error },
        })?;
        Ok(Records { folder, manifest })
    }

    /// Tells each record and where it begins, oldest first. What is no record is passed over.
    pub fn each(&self, mut take: impl FnMut(u64, Record)) -> Result<(), Error> {
        let read_error = |source| Error::Read { path: self.folder.place(MANIFEST), source };
        let mut lines = Lines::new(self.manifest.try_clone().map_err(read_error)?);
        while let Some(line) = lines.next().map_err(read_error)? {
            if let Ok(record) = serde_json::from_slice(line.text) {
                take(line.at, record);
            }
        }
        Ok(())
    }

    /// The record that begins at a place.
    pub fn at(&self, at: u64) -> Option<Record> {
        serde_json::from_slice(&line_at(&self.manifest, at).ok()?).ok()
    }

    /// Whether the file of a record is there and has its size. What it holds is not looked at.
    pub fn has_file(&self, record: &Record) -> bool {
        let Some(file) = record.file.as_deref().filter(|file| !leads_out(file)) else { return false };
        matches!(self.folder.look(file), Ok(Found::File { bytes }) if Some(bytes) == record.bytes)
    }
}
