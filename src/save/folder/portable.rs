//! What the operating system does for a folder, where it is none of the Unix kind: by path.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU32;

use super::{Folder, Found, not_a_file, random_number};
use std::fs::OpenOptions;

impl Folder {
    pub(in super::super) fn open(path: &Path) -> io::Result<Folder> {
        std::fs::create_dir_all(path)?;
        Self::open_existing(path)
    }

    pub(in super::super) fn open_existing(path: &Path) -> io::Result<Folder> {
        let path = std::fs::canonicalize(path)?;
        Ok(Folder { path, serial: AtomicU32::new(random_number()), syncs_together: false })
    }

    pub(in super::super) fn learn_mode(&mut self, _name: &str) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.place(name))
    }

    pub(in super::super) fn open_up(&self, _file: &File) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn open_append(&self, name: &str) -> io::Result<File> {
        if self.look(name)? == Found::Other {
            return Err(not_a_file());
        }
        OpenOptions::new().read(true).append(true).create(true).open(self.place(name))
    }

    pub(in super::super) fn open_file(&self, name: &str) -> io::Result<File> {
        if self.look(name)? == Found::Other {
            return Err(not_a_file());
        }
        File::open(self.place(name))
    }

    pub(in super::super) fn look(&self, name: &str) -> io::Result<Found> {
        match std::fs::symlink_metadata(self.place(name)) {
            Ok(meta) if meta.is_file() => Ok(Found::File { bytes: meta.len() }),
            Ok(_) => Ok(Found::Other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(error),
        }
    }

    pub(in super::super) fn publish(&self, part: &str, name: &str) -> io::Result<bool> {
        match std::fs::hard_link(self.place(part), self.place(name)) {
            Ok(()) => self.remove(part).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(_) if self.look(name)? != Found::Nothing => Ok(false),
            Err(_) => std::fs::rename(self.place(part), self.place(name)).map(|()| true),
        }
    }

    pub(in super::super) fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.place(name))
    }

    pub(in super::super) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn sync_all(&self) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn link(&self, _old: &str, _new: &str) -> io::Result<Option<bool>> {
        // Whether two names are one file cannot be told without more than the standard library has.
        Ok(None)
    }

    pub(in super::super) fn link_from(&self, there: &Folder, file: &str, name: &str) -> io::Result<bool> {
        match std::fs::hard_link(there.place(file), self.place(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            Err(_) => Ok(false),
        }
    }

    pub(in super::super) fn is_same(&self, _one: &str, _other: &str) -> io::Result<bool> {
        Ok(false)
    }

    pub(in super::super) fn is_this(&self, _name: &str, _file: &File) -> io::Result<bool> {
        Ok(true)
    }

    pub(in super::super) fn is_in_place(&self) -> io::Result<bool> {
        Ok(self.path.is_dir())
    }

    pub(in super::super) fn replace(&self, part: &str, name: &str) -> io::Result<()> {
        std::fs::rename(self.place(part), self.place(name))
    }

    pub(in super::super) fn names(&self, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            match entry?.file_name().into_string() {
                Ok(name) if wanted(&name) => names.push(name),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(names)
    }
}
