//! Whether a file that leads to a key is out of the reach of others.

use std::path::Path;

use super::error::Error;

/// What others must not be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// Neither read nor change.
    Unreadable,
    /// Change; reading does no harm.
    Unchangeable,
}

/// Refuses a file that group or others can reach, or that belongs to another user. Root's files are trusted.
#[cfg(unix)]
pub(super) fn check(path: &Path, secrecy: Secrecy) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;

    let metadata = std::fs::metadata(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let me = rustix::process::geteuid().as_raw();
    if metadata.uid() != me && metadata.uid() != 0 {
        return Err(Error::ForeignOwner { path: path.to_owned() });
    }
    let (bits, verb) = match secrecy {
        Secrecy::Unreadable => (0o077, "read"),
        Secrecy::Unchangeable => (0o022, "change"),
    };
    if metadata.mode() & bits != 0 {
        return Err(Error::NotPrivate { path: path.to_owned(), verb });
    }
    Ok(())
}

/// Elsewhere the folder of the user is private by default, and there are no such bits to read.
#[cfg(not(unix))]
pub(super) fn check(_path: &Path, _secrecy: Secrecy) -> Result<(), Error> {
    Ok(())
}
