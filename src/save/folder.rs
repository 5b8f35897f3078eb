//! The folder that results are saved into. It is opened once, and every file is named relative to it, so that
//! nothing is written elsewhere when somebody moves the folder or puts a link in its place.
//!
//! Links, pipes and devices under a name of ours are never followed, opened for writing or replaced.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};

use super::aligned::Aligned;

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    #[cfg(unix)]
    handle: File,
    /// The mode that the process gives to new files; known once one has been made.
    #[cfg(unix)]
    public_mode: rustix::fs::Mode,
}

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    File {
        bytes: u64,
    },
    /// A link, a pipe, a folder, a device.
    Other,
}

/// How much is read at once.
const PIECE: usize = 256 * 1024;

impl Folder {
    /// Where it was opened.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The place of a file in it, for messages.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The size and the SHA-256 of a file, in hex digits; `None` when there is no such file.
    pub(super) fn digest(&self, name: &str) -> io::Result<Option<(u64, String)>> {
        match self.open_file(name) {
            Ok(file) => digest_of(file).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The size and the SHA-256 of what a file holds from here on, in hex digits.
pub(super) fn digest_of(mut file: impl Read) -> io::Result<(u64, String)> {
    let mut piece = Aligned::new(PIECE);
    let mut context = Context::new(&SHA256);
    let mut bytes = 0;
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok((bytes, super::hex(context.finish().as_ref()))),
            Ok(n) => {
                context.update(&piece[..n]);
                bytes += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn not_a_file() -> io::Error {
    io::Error::other("not a regular file")
}

#[cfg(unix)]
mod unix {
    use super::*;
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
            Ok(Folder { path: path.to_owned(), handle: handle.into(), public_mode: Mode::from_raw_mode(0o600) })
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
            match rustix::fs::renameat_with(&self.handle, part, &self.handle, name, rustix::fs::RenameFlags::NOREPLACE)
            {
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

        /// Starts writing everything out at once, because one file after the other waits for the disk each time: ten
        /// times longer for small files. Only a help: each file is synced and checked on its own afterwards.
        pub(in super::super) fn hasten(&self) {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            let _ = rustix::fs::syncfs(&self.handle);
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
}

#[cfg(not(unix))]
mod portable {
    use super::*;
    use std::fs::OpenOptions;

    impl Folder {
        pub(in super::super) fn open(path: &Path) -> io::Result<Folder> {
            std::fs::create_dir_all(path)?;
            Self::open_existing(path)
        }

        pub(in super::super) fn open_existing(path: &Path) -> io::Result<Folder> {
            Ok(Folder { path: std::fs::canonicalize(path)? })
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

        pub(in super::super) fn hasten(&self) {}

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
}
