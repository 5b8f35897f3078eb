//! The index beside a kept copy: its rows and the places of its lines, so that nothing is parsed twice.
//!
//! An index is a convenience. One that cannot be written is not there, one that does not fit its copy is made anew, and
//! nobody waits until it is safe on the disk: its checksums tell whether it got there. Two files are written under
//! temporary names and renamed once the copy is whole; a kill leaves at most files that a sweep removes.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ops::Session;
use crate::ops::SharedCopies;
use crate::results::index::{self, BLOCK_HEAD, HEADER, Header, LinePlace, PLACE, Stamp};
use crate::results::{PackedRows, Row};

use super::keep::Place;

/// The version of what is measured and judged, as far as the limits do not tell it. Raised with every change that makes
/// an old row wrong.
const MEASURING: u64 = 3;

/// Rows are written in blocks of at least so many bytes.
const BLOCK: usize = 256 * 1024;

/// A checksum of the rules by which rows are made now. An index by other rules is made anew.
pub(super) fn rules(session: &Session) -> u64 {
    index::checksum(MEASURING, format!("{:?}", session.limits).as_bytes())
}

/// Which copy an index must belong to.
fn stamp(place: &Place, rules: u64) -> io::Result<Stamp> {
    let metadata = fs::metadata(place.whole_path())?;
    let modified = metadata.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Ok(Stamp {
        form: place.form,
        length: metadata.len(),
        modified: modified.as_nanos() as u64,
        source: index::checksum(0, place.identity().as_bytes()),
        rules,
    })
}

/// Writes an index while rows go by, in the order of their lines. It never fails those who use it: what cannot be
/// written is said in the log, and the index is made another time.
#[derive(Debug, Default)]
pub(super) struct IndexWriter(Option<Writing>);

#[derive(Debug)]
struct Writing {
    place: Place,
    rules: u64,
    rows_file: tempfile::NamedTempFile,
    block: PackedRows,
    rows: u64,
    body: u64,
    places_path: tempfile::TempPath,
    growing: Growing,
    places: Vec<u8>,
    places_at: u64,
    next_line: u64,
}

/// The places that are being written, where others of this session find them.
#[derive(Debug)]
struct Growing {
    shared: SharedCopies,
    copy: PathBuf,
    file: Arc<File>,
}

impl Drop for Growing {
    fn drop(&mut self) {
        self.shared.stopped(&self.copy, &self.file);
    }
}

impl IndexWriter {
    /// Begins the index of a copy that is being made, or that has none. The folder of the copy must be there.
    pub(super) fn begin(session: &Session, place: &Place) -> Self {
        let (rules, shared) = (rules(session), session.shared.clone());
        match Writing::begin(place, rules, shared) {
            Ok(writing) => IndexWriter(Some(writing)),
            Err(error) => {
                tracing::debug!(%error, "the index of results cannot be written");
                IndexWriter(None)
            }
        }
    }

    fn carefully(&mut self, work: impl FnOnce(&mut Writing) -> io::Result<()>) {
        let Some(writing) = &mut self.0 else { return };
        if let Err(error) = work(writing) {
            tracing::debug!(%error, "the index of results cannot be written");
            self.0 = None;
        }
    }

    /// Adds a row. Lines are counted from 1 and must come in their order.
    pub(super) fn row(&mut self, row: &Row) {
        self.carefully(|writing| writing.row(row));
    }

    /// How many rows it has; none when it cannot be written.
    pub(super) fn rows(&self) -> u64 {
        self.0.as_ref().map_or(0, |writing| writing.rows)
    }

    /// From here on the places of all lines so far can be looked up, while the others are still on their way.
    pub(super) fn flush(&mut self) {
        self.carefully(Writing::flush_places);
    }

    /// The copy is whole and stands under its name: puts the index beside it. Blocks on the disk.
    pub(super) fn finish(mut self) {
        if let Some(writing) = self.0.take()
            && let Err(error) = writing.finish()
        {
            tracing::debug!(%error, "the index of results could not be written");
        }
    }
}

impl Writing {
    fn begin(place: &Place, rules: u64, shared: SharedCopies) -> io::Result<Self> {
        let folder = place.folder();
        let temporary = || tempfile::Builder::new().prefix(".").suffix(".index").tempfile_in(folder);
        let mut rows_file = temporary()?;
        let (places_file, places_path) = temporary()?.into_parts();
        // The headers are written last: what is cut short has none.
        rows_file.write_all(&[0; HEADER])?;
        let growing = Growing { shared, copy: place.whole_path(), file: Arc::new(places_file) };
        growing.shared.grows(&growing.copy, &growing.file);
        Ok(Writing {
            place: place.clone(),
            rules,
            rows_file,
            block: PackedRows::new(),
            rows: 0,
            body: 0,
            places_path,
            growing,
            places: Vec::new(),
            places_at: HEADER as u64,
            next_line: 1,
        })
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        if row.line < self.next_line {
            return Err(io::Error::other("rows came in another order than their lines"));
        }
        // A line that is missing has a record of zeros, which is that of no line.
        let missing = usize::try_from(row.line - self.next_line).map_err(io::Error::other)?;
        self.places.resize(self.places.len() + missing * PLACE, 0);
        self.places.extend_from_slice(&LinePlace::of(row).encode(row.line));
        self.next_line = row.line + 1;
        self.block.push(row);
        self.rows += 1;
        if self.places.len() >= BLOCK {
            self.flush_places()?;
        }
        if self.block.as_bytes().len() >= BLOCK { self.flush_rows() } else { Ok(()) }
    }

    fn flush_places(&mut self) -> io::Result<()> {
        write_at(&self.growing.file, &self.places, self.places_at)?;
        self.places_at += self.places.len() as u64;
        self.places.clear();
        Ok(())
    }

    fn flush_rows(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        self.rows_file.write_all(&index::block_head(&self.block))?;
        self.rows_file.write_all(self.block.as_bytes())?;
        self.body += (BLOCK_HEAD + self.block.as_bytes().len()) as u64;
        self.block.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.flush_rows()?;
        self.flush_places()?;
        let stamp = stamp(&self.place, self.rules)?;
        let header = |body| Header { stamp, rows: self.rows, body };
        write_at(self.rows_file.as_file(), &header(self.body).encode(index::File::Rows), 0)?;
        let places = header(self.places_at - HEADER as u64).encode(index::File::Places);
        write_at(&self.growing.file, &places, 0)?;
        self.places_path.persist(self.place.places_path())?;
        self.rows_file.persist(self.place.rows_path())?;
        Ok(())
    }
}

/// Whether a whole copy has an index that fits it and the rules.
pub(super) fn is_there(place: &Place, rules: u64) -> bool {
    let Ok(stamp) = stamp(place, rules) else { return false };
    let fits = |path: PathBuf, which| Some(fitting(&mut File::open(path).ok()?, which, &stamp)?.rows);
    let rows = fits(place.rows_path(), index::File::Rows);
    rows.is_some() && rows == fits(place.places_path(), index::File::Places)
}

/// The rows of a copy, from its index.
#[derive(Debug)]
pub(super) struct IndexReader {
    file: File,
    left: u64,
    rows_left: u64,
}

/// An index that is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

impl IndexReader {
    /// The index of a whole copy; `None` when there is none that fits the copy and the rules.
    pub(super) fn open(place: &Place, rules: u64) -> Option<Self> {
        let mut file = File::open(place.rows_path()).ok()?;
        let header = fitting(&mut file, index::File::Rows, &stamp(place, rules).ok()?)?;
        Some(IndexReader { file, left: header.body, rows_left: header.rows })
    }

    /// The next rows; `None` behind the last ones.
    pub(super) fn next(&mut self) -> Result<Option<PackedRows>, Damaged> {
        if self.left == 0 {
            return if self.rows_left == 0 { Ok(None) } else { Err(Damaged) };
        }
        let mut head = [0; BLOCK_HEAD];
        self.file.read_exact(&mut head).map_err(|_| Damaged)?;
        let size = index::block_size(&head).ok_or(Damaged)?;
        self.left = self.left.checked_sub((BLOCK_HEAD + size) as u64).ok_or(Damaged)?;
        let mut bytes = vec![0; size];
        self.file.read_exact(&mut bytes).map_err(|_| Damaged)?;
        let rows = index::block_rows(&head, bytes).ok_or(Damaged)?;
        self.rows_left = self.rows_left.checked_sub(rows.len() as u64).ok_or(Damaged)?;
        Ok(Some(rows))
    }
}

/// The header of a file that belongs to that copy and is as long as it should be.
fn fitting(file: &mut File, which: index::File, stamp: &Stamp) -> Option<Header> {
    let mut bytes = [0; HEADER];
    file.read_exact(&mut bytes).ok()?;
    let header = Header::decode(which, &bytes)?;
    let is_whole = file.metadata().ok()?.len() == header.body.checked_add(HEADER as u64)?;
    (header.stamp == *stamp && is_whole).then_some(header)
}

/// Where a line of a copy is, and the outline of its sound, without reading anything else. `None` when no index tells:
/// there is none, or the line is still on its way.
pub(super) fn line_place(session: &Session, place: &Place, line: u64) -> Option<LinePlace> {
    let at = index::place_at(line)?;
    let read = |file: &File| {
        let mut bytes = [0; PLACE];
        read_at(file, &mut bytes, at).ok()?;
        LinePlace::decode(line, &bytes)
    };
    if let Some(growing) = session.shared.growing(&place.whole_path()) {
        return read(&growing);
    }
    let mut file = File::open(place.places_path()).ok()?;
    fitting(&mut file, index::File::Places, &stamp(place, rules(session)).ok()?)?;
    read(&file)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

// Both move the cursor of the file, which nobody uses where they are used.
#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    if file.seek_read(bytes, at)? == bytes.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        let n = file.seek_write(bytes, at)?;
        (bytes, at) = (&bytes[n..], at + n as u64);
    }
    Ok(())
}

/// Removes an index that turned out to be wrong. What cannot be removed is found wrong again the next time.
pub(super) fn drop_index(place: &Place) {
    let drop_file = |path: &Path| {
        let _ = fs::remove_file(path);
    };
    drop_file(&place.rows_path());
    drop_file(&place.places_path());
}
