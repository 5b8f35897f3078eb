//! What earlier saves of a job have left in a folder, as its manifest tells. Looks at nothing but the manifest.

use std::path::{Component, Path};

use crate::failure::Failure;
use crate::job::JobName;
use crate::save::Status;

/// Tells the files of a job in a folder, oldest first: the line of the result, the name of the file, and its SHA-256.
/// Of several about one line the last one holds. Blocks, and keeps nothing.
pub fn each_saved(folder: &Path, job: &JobName, mut take: impl FnMut(u64, &str, Option<&str>)) -> Result<(), Failure> {
    crate::save::read(folder, |record| {
        let is_ours = record.job.as_deref() == Some(job.as_str()) && record.status == Status::Saved;
        if let (true, Some(file)) = (is_ours, &record.file)
            && is_inside(file)
        {
            take(record.line, file, record.sha256.as_deref());
        }
    })?;
    Ok(())
}

/// A manifest is a file that anybody may have written: its names must not lead out of the folder.
fn is_inside(file: &str) -> bool {
    let mut parts = Path::new(file).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) && !file.contains(['/', '\\'])
}
