//! Which requests have their audio on this disk.
//!
//! Memory is twenty bytes for each request that is looked for, and some for each one that is found; clips are read one
//! after the other, and of the manifests only those of folders that have something.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::audio::Verdict;
use crate::failure::{Exit, Failure};
use crate::job::JobName;
use crate::ops::{Session, Unchanged};
use crate::request::Identity;
use crate::save::{Record, Records, Status};
use crate::store::Contents;

use super::line::Line;

/// What was found, until it is written down in the order of the requests.
pub(super) struct Found {
    lines: File,
    /// By number.
    places: Vec<Place>,
    /// Most of them first.
    pub(super) unchanged: Vec<Unchanged>,
}

/// Where a line was noted.
#[derive(Clone, Copy)]
struct Place {
    number: u32,
    length: u32,
    at: u64,
}

impl Found {
    /// How many requests.
    pub(super) fn n(&self) -> u64 {
        self.places.len() as u64
    }

    /// What was found of a request.
    pub(super) fn line(&mut self, number: u64) -> std::io::Result<Option<Line>> {
        let Ok(at) = self.places.binary_search_by_key(&number, |place| u64::from(place.number)) else {
            return Ok(None);
        };
        let Place { length, at, .. } = self.places[at];
        let mut line = vec![0; length as usize];
        self.lines.seek(SeekFrom::Start(at))?;
        self.lines.read_exact(&mut line)?;
        Ok(Some(serde_json::from_slice(&line)?))
    }
}

/// Looks for requests, each with its number, at this session's origin. Blocks.
pub(super) fn find(
    session: &Session,
    model: &str,
    mut wanted: Vec<(Identity, u32)>,
    stop: &AtomicBool,
) -> Result<Found, Failure> {
    let cannot =
        |error: std::io::Error| Failure::with_exit(Exit::Disk, format!("cannot write in the state folder: {error}"));
    let lines = tempfile::tempfile_in(session.store.prepared_folder()).map_err(cannot)?;
    let mut finding = Finding { out: BufWriter::new(lines), at: 0, places: Vec::new(), counts: HashMap::new() };
    wanted.sort_unstable();
    for contents in session.store.contents(session.origin(), model)? {
        if stop.load(Ordering::Relaxed) {
            return Err(Failure::new("stopped"));
        }
        if wanted.is_empty() {
            break;
        }
        // A folder that was moved, or whose manifest is gone, is no place to find anything.
        let Ok(records) = Records::open(&contents.folder) else { continue };
        let mut clips = Clips::default();
        session.store.each_clip(&contents, |(identity, sha256)| {
            if !numbers(&wanted, identity).is_empty() {
                clips.0.push(Clip { sha256, identity, at: None });
            }
        })?;
        if clips.0.is_empty() {
            continue;
        }
        clips.0.sort_unstable_by_key(|clip| clip.sha256);
        if records.each(|at, record| clips.see(at, &record)).is_ok() {
            // The latest first: of two takes of one request it is the one that somebody wanted.
            clips.0.retain(|clip| clip.at.is_some());
            clips.0.sort_unstable_by_key(|clip| std::cmp::Reverse(clip.at));
            finding.take(&contents, &records, &clips, &mut wanted).map_err(cannot)?;
        }
    }
    finding.end().map_err(cannot)
}

/// The numbers of the requests that are the same.
fn numbers(wanted: &[(Identity, u32)], identity: Identity) -> &[(Identity, u32)] {
    let from = wanted.partition_point(|(other, _)| *other < identity);
    let n = wanted[from..].partition_point(|(other, _)| *other == identity);
    &wanted[from..from + n]
}

/// Clips in one folder that are looked for, by the SHA-256 of their files.
#[derive(Default)]
struct Clips(Vec<Clip>);

struct Clip {
    sha256: [u8; 32],
    identity: Identity,
    /// Where the manifest tells of it.
    at: Option<u64>,
}

impl Clips {
    /// Looks at a record. The last one about a file holds: what was thought of it may have changed.
    fn see(&mut self, at: u64, record: &Record) {
        let Some(sha256) = record.sha256.as_deref().and_then(digest) else { return };
        let from = self.0.partition_point(|clip| clip.sha256 < sha256);
        for clip in self.0[from..].iter_mut().take_while(|clip| clip.sha256 == sha256) {
            clip.at = (record.status == Status::Saved && record.verdict == Verdict::Ok).then_some(at);
        }
    }
}

struct Finding {
    out: BufWriter<File>,
    at: u64,
    places: Vec<Place>,
    counts: HashMap<(JobName, std::path::PathBuf), u64>,
}

impl Finding {
    /// Takes what is there, and looks no further for it.
    fn take(
        &mut self,
        contents: &Contents,
        records: &Records,
        clips: &Clips,
        wanted: &mut Vec<(Identity, u32)>,
    ) -> std::io::Result<()> {
        let mut found: HashSet<Identity> = HashSet::new();
        for clip in &clips.0 {
            // Two clips of the same request may lie in one folder, as after a retake.
            if found.contains(&clip.identity) {
                continue;
            }
            let record = clip.at.and_then(|at| records.at(at)).filter(|record| records.has_file(record));
            let Some(record) = record else { continue };
            let Some(job) = record.job.as_deref().and_then(JobName::parse) else { continue };
            let same = numbers(wanted, clip.identity);
            let line = Line { identity: clip.identity, folder: contents.folder.clone(), record };
            let mut text = Vec::new();
            line.write(&mut text)?;
            self.out.write_all(&text)?;
            let length = u32::try_from(text.len()).map_err(std::io::Error::other)?;
            self.places.extend(same.iter().map(|(_, number)| Place { number: *number, length, at: self.at }));
            self.at += u64::from(length);
            *self.counts.entry((job, contents.folder.clone())).or_default() += same.len() as u64;
            found.insert(clip.identity);
        }
        wanted.retain(|(identity, _)| !found.contains(identity));
        Ok(())
    }

    fn end(self) -> std::io::Result<Found> {
        let Finding { out, mut places, counts, .. } = self;
        let lines = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        places.sort_unstable_by_key(|place| place.number);
        let unchanged = counts.into_iter().map(|((job, folder), n)| Unchanged { job, folder, n });
        let mut unchanged: Vec<Unchanged> = unchanged.collect();
        unchanged.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| (&a.job, &a.folder).cmp(&(&b.job, &b.folder))));
        Ok(Found { lines, places, unchanged })
    }
}

/// What 64 hex digits say.
pub(in crate::ops) fn digest(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}
