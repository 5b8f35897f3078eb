//! Files and folders that only their owner may read, and documents that are replaced as a whole.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Error;

/// Creates a folder, and those above it, for its owner alone.
pub fn create_folder(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(Error::write(path))
}

/// Refuses a folder into which others may write, and a file that others may read or change: what it says is about texts
/// and money, and is relied on.
#[cfg(unix)]
pub(super) fn refuse_unless_private(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let is_folder = metadata.is_dir();
    let forbidden = if is_folder { 0o022 } else { 0o077 };
    match metadata.permissions().mode() & forbidden {
        0 => Ok(()),
        _ => Err(Error::NotPrivate { path: path.to_owned(), is_folder }),
    }
}

/// Elsewhere the folders of a user are private by default, and there are no such bits to read.
#[cfg(not(unix))]
pub(super) fn refuse_unless_private(_: &Path, _: &Metadata) -> Result<(), Error> {
    Ok(())
}

/// What is in a folder; nothing when it cannot be read.
pub(super) fn paths_in(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Options that create files for their owner alone, whatever the umask says.
pub(super) fn private() -> OpenOptions {
    #[allow(unused_mut, reason = "only Unix has modes")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Makes the entries of a folder last: a file whose name is not on the disk is lost with the power.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Whether a document must be on the disk before we go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// It cannot be made again.
    Synced,
    /// A crash may bring the old one back.
    Cached,
}

/// Replaces a document: readers see the old one or the new one, never half of either.
pub(super) fn replace(path: &Path, bytes: &[u8], durability: Durability) -> Result<(), Error> {
    let folder = path.parent().expect("a document stands in the state folder");
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder)?;
        file.write_all(bytes)?;
        match durability {
            Durability::Synced => {
                file.as_file().sync_all()?;
                file.persist(path)?;
                sync_folder(folder)
            }
            Durability::Cached => Ok(file.persist(path).map(drop)?),
        }
    };
    write().map_err(Error::write(path))
}

/// Reads a document of at most `most` bytes; `None` when there is none.
pub(super) fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, Error> {
    use std::io::Read;
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::read(path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(Error::read(path))?;
    Ok(Some(bytes))
}

/// Removes the files of a folder that were written more than so many hours ago.
pub fn sweep(folder: &Path, now: Timestamp, hours: i64) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::read(folder))?.flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let modified = modified.and_then(|time| Timestamp::try_from(time).ok());
        if modified.is_some_and(|modified| now.duration_since(modified).as_hours() >= hours) {
            // What cannot be removed now is tried again the next time.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}
