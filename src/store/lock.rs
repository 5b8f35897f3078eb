//! One lock per mutating action, so that two processes never do the same thing to the same subject, and one for the
//! dashboard that may change things.
//!
//! A lock is a file that its holder keeps locked: the system frees it when the holder dies, however it dies.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Error, files};

/// What becomes of work on a file system that has no locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locking {
    /// It is refused: nobody could keep others away.
    #[default]
    Needed,
    /// It goes on; a person has said that nobody else is there.
    Spared,
}

/// A held lock; dropping it gives it back.
#[derive(Debug)]
pub struct Lock {
    // Named first so that the lock's file is gone before the lock is free.
    path: PathBuf,
    _file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Windows may refuse to remove an open file; then a small file stays behind, unlocked.
        let _ = fs::remove_file(&self.path);
    }
}

/// How a try ended that did not fail.
enum Tried {
    Ours,
    /// Somebody only looks whether it is held, and is gone in a moment.
    LookedAt,
    Held,
}

/// Takes the lock at once, or says who has it. `subject` names it for people; `about_us` tells others more of who we are
/// than process and machine.
pub(super) fn take(path: PathBuf, subject: &str, about_us: &str, locking: Locking) -> Result<Lock, Error> {
    loop {
        let mut file = files::private()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(Error::write(&path))?;
        match locked(&file) {
            Ok(Tried::Ours) => {}
            Ok(Tried::LookedAt) => {
                std::thread::yield_now();
                continue;
            }
            Ok(Tried::Held) => {
                return Err(Error::Held { subject: subject.to_owned(), holder: holder(&mut file) });
            }
            Err(error) => spared(&path, error, locking)?,
        }
        // The last holder may have removed the file between our opening and our locking it.
        if !is_the_file_at(&file, &path) {
            continue;
        }
        let us = format!("{}{about_us}", ourselves());
        let written = file.set_len(0).and_then(|()| file.write_all(us.as_bytes()));
        written.map_err(Error::write(&path))?;
        return Ok(Lock { path, _file: file });
    }
}

fn locked(file: &File) -> io::Result<Tried> {
    match file.try_lock() {
        Ok(()) => Ok(Tried::Ours),
        Err(TryLockError::WouldBlock) => match file.try_lock_shared() {
            // Given back with the file, before the next try.
            Ok(()) => Ok(Tried::LookedAt),
            Err(TryLockError::WouldBlock) => Ok(Tried::Held),
            Err(TryLockError::Error(error)) => Err(error),
        },
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether work goes on although a lock was not to be had.
pub(super) fn spared(path: &Path, error: io::Error, locking: Locking) -> Result<(), Error> {
    match (is_without_locks(&error), locking) {
        (true, Locking::Spared) => Ok(()),
        (true, Locking::Needed) => Err(Error::NoLocks { path: path.to_owned() }),
        (false, Locking::Needed | Locking::Spared) => Err(Error::write(path)(error)),
    }
}

/// Whether a file system says that it has no locks at all, as some network file systems do.
fn is_without_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    if let Some(number) = error.raw_os_error() {
        use rustix::io::Errno;
        return [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP]
            .map(Errno::raw_os_error)
            .contains(&number);
    }
    error.kind() == io::ErrorKind::Unsupported
}

/// Whether anybody holds the lock.
pub(super) fn is_held(path: &Path) -> bool {
    holder_of(path).is_some()
}

/// Who holds the lock, as they wrote themselves down; `None` when nobody does.
pub(super) fn holder_of(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| holder(&mut file))
}

/// Who we are, as others read it when they find the lock taken.
fn ourselves() -> String {
    let pid = std::process::id();
    match fs::read_to_string("/proc/sys/kernel/hostname") {
        Ok(host) => format!("process {pid} on {}", host.trim()),
        Err(_) => format!("process {pid}"),
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(200).read_to_string(&mut text));
    match read {
        Ok(_) if !text.trim().is_empty() => crate::text::clean(text.trim()),
        Ok(_) | Err(_) => "another process".to_owned(),
    }
}

#[cfg(unix)]
fn is_the_file_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        (Ok(_), Err(_)) | (Err(_), Ok(_)) | (Err(_), Err(_)) => false,
    }
}

#[cfg(not(unix))]
fn is_the_file_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_at(path: &Path) -> Result<Lock, Error> {
        take(path.to_owned(), "the create", "", Locking::Needed)
    }

    #[test]
    fn a_lock_is_held_once_names_its_holder_and_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("create-1.lock");
        assert!(!is_held(&path));
        let lock = take(path.clone(), "the create", ", pts/3", Locking::Needed).unwrap();
        assert!(is_held(&path));
        let refused = take_at(&path).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        assert!(holder_of(&path).unwrap().ends_with(", pts/3"), "{refused}");
        drop(lock);
        assert!(!is_held(&path));
        assert!(!path.exists());
        drop(take_at(&path).unwrap());
    }

    #[test]
    fn of_many_threads_one_holds_the_lock_at_a_time() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let (inside, entered) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let Ok(lock) = take_at(&folder.path().join("x.lock")) else { continue };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        entered.fetch_add(1, Ordering::SeqCst);
                        assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                        drop(lock);
                    }
                });
            }
        });
        assert!(entered.load(Ordering::SeqCst) > 0);
    }

    #[test]
    fn whoever_only_looks_keeps_nobody_out() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        is_held(&path);
                    }
                });
            }
            for _ in 0..500 {
                let taken = take_at(&path).map(drop);
                if taken.is_err() {
                    is_over.store(true, Ordering::Relaxed);
                }
                taken.unwrap();
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }

    #[cfg(unix)]
    #[test]
    fn without_locks_work_is_refused_unless_it_may_go_without() {
        use rustix::io::Errno;
        let path = Path::new("/state/x.lock");
        let failed = |errno: Errno| io::Error::from_raw_os_error(errno.raw_os_error());
        for errno in [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP] {
            assert!(matches!(spared(path, failed(errno), Locking::Needed), Err(Error::NoLocks { .. })), "{errno}");
            assert!(spared(path, failed(errno), Locking::Spared).is_ok(), "{errno}");
        }
        for locking in [Locking::Needed, Locking::Spared] {
            assert!(matches!(spared(path, failed(Errno::IO), locking), Err(Error::Write { .. })));
        }
    }
}
