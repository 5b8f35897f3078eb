//! One lock per mutating action, so that two processes never do the same thing to the same subject.
//!
//! A lock is a file that its holder keeps locked: the system frees it when the holder dies, however it dies.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Error, files};

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

/// Takes the lock at once, or says who has it. `subject` names it for people.
pub(super) fn take(path: PathBuf, subject: &str) -> Result<Lock, Error> {
    loop {
        let mut file = files::private()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(Error::write(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Held { subject: subject.to_owned(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(Error::write(&path)(error)),
        }
        // The last holder may have removed the file between our opening and our locking it.
        if !is_the_file_at(&file, &path) {
            continue;
        }
        let written = file.set_len(0).and_then(|()| file.write_all(ourselves().as_bytes()));
        written.map_err(Error::write(&path))?;
        return Ok(Lock { path, _file: file });
    }
}

/// Whether anybody holds the lock.
pub(super) fn is_held(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
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

    #[test]
    fn a_lock_is_held_once_names_its_holder_and_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("create-1.lock");
        assert!(!is_held(&path));
        let lock = take(path.clone(), "the create").unwrap();
        assert!(is_held(&path));
        let refused = take(path.clone(), "the create").unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(lock);
        assert!(!is_held(&path));
        assert!(!path.exists());
        drop(take(path, "the create").unwrap());
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
                        let Ok(lock) = take(folder.path().join("x.lock"), "x") else { continue };
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
}
