//! Whether a file that leads to a key is out of the reach of others.

use std::fs::File;
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

/// Refuses a file that group or others can reach, or that belongs to another user. Root's files are trusted. Looks at
/// the file that was opened, so that another one under its name comes too late.
#[cfg(unix)]
pub(super) fn check(file: &File, path: &Path, secrecy: Secrecy) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;

    let metadata = file.metadata().map_err(|source| Error::Read { path: path.to_owned(), source })?;
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
pub(super) fn check(_file: &File, _path: &Path, _secrecy: Secrecy) -> Result<(), Error> {
    Ok(())
}

/// Refuses a name within the home folder that leads out of it: whoever holds the other folder would hold the key.
pub(super) fn stays_at_home(path: &Path, home: Option<&Path>) -> Result<(), Error> {
    let Some(home) = home.filter(|home| path.starts_with(home)) else { return Ok(()) };
    let real = |path: &Path| path.canonicalize().map_err(|source| Error::Read { path: path.to_owned(), source });
    if real(path)?.starts_with(real(home)?) { Ok(()) } else { Err(Error::LeavesHome { path: path.to_owned() }) }
}
