//! The end of a run: files whose plain name turned out to be wanted by two keys are renamed, and the manifest gets one
//! line for each row again.
//!
//! A kill at any moment leaves every file under a name that a line of the manifest tells, and something that the next
//! run finishes: the file has its second name before the line about it is written, and loses the first one after that.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use super::Error;
use super::desk::Desk;
use super::folder::Folder;
use super::manifest::{Lines, MANIFEST, Manifest, Record};
use super::name::{Identity, candidates, plain};
use super::part::part_name;
use super::saver::Shared;
use crate::job::JobName;

/// Renames the files that have a plain name although another key would take it as well.
pub(super) fn rename(desk: &mut Desk, shared: &Shared) -> Result<(), Error> {
    let Shared { folder, earlier, .. } = shared;
    let read_error = |source| Error::Read { path: folder.place(MANIFEST), source };
    let write_error = |source| Error::Write { path: folder.path().to_owned(), source };
    let mut old_names = Vec::new();
    // What a run began that was killed: the line about the new name is there, and the old name may still be.
    for (older, newer) in &earlier.renamed {
        let file = |at| earlier.record_at(at).map(|record| record.and_then(|record| record.file)).map_err(read_error);
        if let (Some(old), Some(new)) = (file(*older)?, file(*newer)?) {
            old_names.push((old, new));
        }
    }
    let mut newer = Vec::new();
    for at in desk.names.take_late() {
        let Some(mut record) = earlier.record_at(at).map_err(read_error)? else { continue };
        let Some(old) = record.file.clone() else { continue };
        if record.key.as_deref().and_then(plain).as_ref() != Some(&old) {
            continue;
        }
        // What somebody has changed, or taken away, is none of ours any more.
        if !folder.is_right(&old, &record) {
            continue;
        }
        for name in candidates(record.key.as_deref(), record.line, true) {
            if give(folder, &old, &name).map_err(write_error)? {
                record.file = Some(name.clone());
                old_names.push((old, name));
                newer.push(record);
                break;
            }
        }
    }
    if !newer.is_empty() {
        folder.sync().map_err(write_error)?;
        desk.manifest.supersede(&newer).map_err(|source| Error::Write { path: folder.place(MANIFEST), source })?;
        newer.retain(|record| record.job.as_deref() == shared.job.as_ref().map(JobName::as_str));
        desk.tell_renamed(&newer);
    }
    for (old, new) in old_names {
        // Only a second name of the same file goes.
        if old != new && folder.is_same(&old, &new).map_err(write_error)? {
            folder.remove(&old).map_err(write_error)?;
        }
    }
    Ok(())
}

/// Gives a file another name, and leaves it the old one where it can have two; tells whether it has got it.
fn give(folder: &Folder, old: &str, new: &str) -> io::Result<bool> {
    match folder.link(old, new)? {
        Some(true) => Ok(true),
        // As after a kill.
        Some(false) => folder.is_same(old, new),
        // A kill before the next line of the manifest leaves a file that the next run finds under its name.
        None => folder.publish(old, new),
    }
}

/// Writes the manifest anew when lines of it are superseded.
pub(super) fn compact(manifest: &Manifest, folder: &Folder) -> Result<(), Error> {
    if !manifest.superseded {
        return Ok(());
    }
    let part = part_name("manifest", folder);
    let compacted = write_anew(folder, &part).and_then(|()| {
        folder.replace(&part, MANIFEST)?;
        folder.sync()
    });
    compacted.map_err(|source| {
        let _ = folder.remove(&part);
        Error::Write { path: folder.place(MANIFEST), source }
    })
}

fn write_anew(folder: &Folder, part: &str) -> io::Result<()> {
    let (instead, moved) = superseded(folder)?;
    let manifest = folder.open_file(MANIFEST)?;
    let file = folder.create(part)?;
    let mut anew = io::BufWriter::with_capacity(256 * 1024, &file);
    let mut lines = Lines::new(manifest.try_clone()?);
    while let Some(line) = lines.next()? {
        if moved.contains(&line.at) {
            continue;
        }
        let mut at = line.at;
        while let Some(newer) = instead.get(&at) {
            at = *newer;
        }
        if at == line.at {
            anew.write_all(line.text)?;
        } else {
            anew.write_all(&super::manifest::line_at(&manifest, at)?)?;
        }
    }
    anew.flush()?;
    drop(anew);
    folder.open_up(&file)?;
    file.sync_all()
}

/// Which lines are superseded, and by which; and which ones take the place of another.
fn superseded(folder: &Folder) -> io::Result<(HashMap<u64, u64>, HashSet<u64>)> {
    let mut lines = Lines::new(folder.open_file(MANIFEST)?);
    let mut last: HashMap<Identity, (u64, Option<String>)> = HashMap::new();
    let (mut instead, mut moved) = (HashMap::new(), HashSet::new());
    while let Some(line) = lines.next()? {
        let Ok(record) = serde_json::from_slice::<Record>(line.text) else { continue };
        let row = format!("{:?} {:?} {}", record.job, record.key, record.line);
        let entry = last.entry(Identity::of_text(&row));
        let newest = entry.or_insert_with(|| (line.at, record.sha256.clone()));
        // Two takes of one row have two files, and two lines.
        if newest.0 != line.at && (newest.1.is_none() || newest.1 == record.sha256) {
            instead.insert(newest.0, line.at);
            moved.insert(line.at);
        }
        *newest = (line.at, record.sha256);
    }
    Ok((instead, moved))
}
