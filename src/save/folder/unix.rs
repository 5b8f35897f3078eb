//! What the operating system does for a folder, where it is a Unix: all of it relative to the open folder.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU32;

use super::{Folder, Found, not_a_file, random_number};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

impl Folder {
    /// Opens a folder, and makes it first if it is not there.
    pub(in super::super) fn open(path: &Path) -> io::Result<Folder> {
        std::fs::create_dir_all(path)?;
        Self::open_existing(path)
    }

    /// Opens a folder that is there.
    pub(in super::super) fn open_existing(path: &Path) -> io::Result<Folder> {
        let handle =
            rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let handle: File = handle.into();
        Ok(Folder {
            path: path.to_owned(),
            serial: AtomicU32::new(random_number()),
            syncs_together: super::together::is_honest(&handle),
            handle,
            public_mode: Mode::from_raw_mode(0o600),
        })
    }

    /// Finds out which mode new files of this process get. The mask cannot be asked for without changing it for
    /// a moment, for all threads, so a file is made and looked at.
    pub(in super::super) fn learn_mode(&mut self, name: &str) -> io::Result<()> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
        let probe = rustix::fs::openat(&self.handle, name, flags, Mode::from_raw_mode(0o666))?;
        let stat = rustix::fs::fstat(&probe);
        self.remove(name)?;
        self.public_mode = Mode::from_raw_mode(stat?.st_mode & 0o777);
        Ok(())
    }

    /// Makes a new file that only its owner can read, until [`Folder::open_up`].
    pub(in super::super) fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDWR | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.handle, name, flags, Mode::from_raw_mode(0o600))?.into())
    }

    /// Gives a file the mode that other new files of this process have.
    pub(in super::super) fn open_up(&self, file: &File) -> io::Result<()> {
        if self.public_mode == Mode::from_raw_mode(0o600) {
            return Ok(());
        }
        match rustix::fs::fchmod(file, self.public_mode) {
            // File systems without modes refuse this, and there is nothing to open up on them.
            Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS | Errno::INVAL) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a file for appending and reading, and makes it if it is not there.
    pub(in super::super) fn open_append(&self, name: &str) -> io::Result<File> {
        let flags =
            OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::RDWR | OFlags::APPEND | OFlags::CLOEXEC;
        let file: File = rustix::fs::openat(&self.handle, name, flags, Mode::from_raw_mode(0o666))?.into();
        if file.metadata()?.is_file() { Ok(file) } else { Err(not_a_file()) }
    }

    /// Opens a file for reading. A pipe does not block, a link is not followed; both are errors.
    pub(in super::super) fn open_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::RDONLY | OFlags::CLOEXEC;
        let file: File = rustix::fs::openat(&self.handle, name, flags, Mode::empty())?.into();
        if file.metadata()?.is_file() { Ok(file) } else { Err(not_a_file()) }
    }

    /// What stands under a name.
    pub(in super::super) fn look(&self, name: &str) -> io::Result<Found> {
        match rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                Ok(Found::File { bytes: stat.st_size.cast_unsigned() })
            }
            Ok(_) => Ok(Found::Other),
            Err(Errno::NOENT) => Ok(Found::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a file its final name; `false` when something has that name already.
    pub(in super::super) fn publish(&self, part: &str, name: &str) -> io::Result<bool> {
        #[cfg(any(target_vendor = "apple", target_os = "linux", target_os = "android"))]
        match rustix::fs::renameat_with(&self.handle, part, &self.handle, name, rustix::fs::RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(true),
            Err(Errno::EXIST) => return Ok(false),
            // Not every file system can do it; a link does the same in two steps.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            Err(error) => return Err(error.into()),
        }
        match rustix::fs::linkat(&self.handle, part, &self.handle, name, AtFlags::empty()) {
            Ok(()) => self.remove(part).map(|()| true),
            Err(Errno::EXIST) => Ok(false),
            Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS | Errno::MLINK) => {
                if self.look(name)? != Found::Nothing {
                    return Ok(false);
                }
                rustix::fs::renameat(&self.handle, part, &self.handle, name)?;
                Ok(true)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(in super::super) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::empty())?)
    }

    /// Makes the names in the folder durable.
    pub(in super::super) fn sync(&self) -> io::Result<()> {
        match rustix::fs::fsync(&self.handle) {
            // Some file systems cannot do it for folders, and have nothing to lose then.
            Err(Errno::INVAL | Errno::NOTSUP) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes out everything at once, because one file after the other waits for the disk each time: ten times
    /// longer for small files. Where it is not [`Folder::syncs_together`], only a help: each file is synced and
    /// checked on its own afterwards.
    pub(in super::super) fn sync_all(&self) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        rustix::fs::syncfs(&self.handle)?;
        Ok(())
    }

    /// A second name for a file; `false` when something has that name already, `None` when the file system has
    /// no second names.
    pub(in super::super) fn link(&self, old: &str, new: &str) -> io::Result<Option<bool>> {
        match rustix::fs::linkat(&self.handle, old, &self.handle, new, AtFlags::empty()) {
            Ok(()) => Ok(Some(true)),
            Err(Errno::EXIST) => Ok(Some(false)),
            Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS | Errno::MLINK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A second name, in this folder, for a file of another one; `false` when the file system, or somebody's rights to
    /// the file, do not allow it.
    pub(in super::super) fn link_from(&self, there: &Folder, file: &str, name: &str) -> io::Result<bool> {
        match rustix::fs::linkat(&there.handle, file, &self.handle, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Err(Errno::EXIST.into()),
            // What forbids a second name need not forbid a copy; and if it does, the copy tells why.
            Err(_) => Ok(false),
        }
    }

    /// Whether two names are those of one file.
    pub(in super::super) fn is_same(&self, one: &str, other: &str) -> io::Result<bool> {
        let stat = |name| rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW);
        match (stat(one), stat(other)) {
            (Ok(one), Ok(other)) => Ok((one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)),
            (Err(Errno::NOENT), _) | (_, Err(Errno::NOENT)) => Ok(false),
            (Err(error), _) | (_, Err(error)) => Err(error.into()),
        }
    }

    /// Whether a name is that of an open file.
    pub(in super::super) fn is_this(&self, name: &str, file: &File) -> io::Result<bool> {
        let open = rustix::fs::fstat(file)?;
        match rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(named) => Ok((named.st_dev, named.st_ino) == (open.st_dev, open.st_ino)),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the path still leads to the open folder, and not to nothing or to another one.
    pub(in super::super) fn is_in_place(&self) -> io::Result<bool> {
        let open = rustix::fs::fstat(&self.handle)?;
        match rustix::fs::stat(&self.path) {
            Ok(named) => Ok((named.st_dev, named.st_ino) == (open.st_dev, open.st_ino)),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts a file in the place of another one of ours.
    pub(in super::super) fn replace(&self, part: &str, name: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.handle, part, &self.handle, name)?)
    }

    /// The names in the folder that are wanted, of those that are UTF-8, as all of ours are.
    pub(in super::super) fn names(&self, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.handle)? {
            match entry?.file_name().to_str() {
                Ok(name) if wanted(name) => names.push(name.to_owned()),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(names)
    }
}
