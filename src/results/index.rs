//! The bytes of an index: what stands in the two files that lie beside a kept copy of results.
//!
//! Pure. The file of rows holds a header and blocks of packed rows; the file of places holds a header and one record of
//! fixed size for each line: where the line is in the copy, and the outline of its sound. A header says which copy the
//! file belongs to and by which rules it was made. Everything is under checksums, so that a file that is torn, foreign
//! or of another time is refused and made anew; none is ever believed by half.

use super::packed::LAYOUT;
use super::{Form, Outcome, PackedRows, Row};
use crate::audio::{Peak, Peaks};

/// The size of a header.
pub const HEADER: usize = 72;
/// The size of what stands before the rows of a block.
pub const BLOCK_HEAD: usize = 16;
/// The size of a record in the file of places.
pub const PLACE: usize = 24 + 3 * Peaks::MOST;
/// A block with more bytes than this was not made by us.
pub const MOST_BLOCK: usize = 1 << 30;

/// The version of the two files, beside that of a packed row.
const VERSION: u32 = 1;

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// The rows, in blocks.
    Rows,
    /// The places and outlines, one record a line.
    Places,
}

/// Which copy an index belongs to, and by which rules it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// What the bytes of the copy are.
    pub form: Form,
    /// The length of the copy.
    pub length: u64,
    /// When the copy was written, in nanoseconds since 1970.
    pub modified: u64,
    /// A checksum of where the copy is from.
    pub source: u64,
    /// A checksum of the rules by which its audio was measured and judged.
    pub rules: u64,
}

/// The beginning of either file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it belongs to.
    pub stamp: Stamp,
    /// The rows in it.
    pub rows: u64,
    /// The bytes behind the header.
    pub body: u64,
}

impl Header {
    /// Its bytes.
    pub fn encode(&self, file: File) -> [u8; HEADER] {
        let Header { stamp: Stamp { form, length, modified, source, rules }, rows, body } = *self;
        let versions = u64::from(VERSION) << 32 | u64::from(LAYOUT) << 8 | form_number(form);
        let numbers = [versions, length, modified, source, rules, rows, body];
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(magic(file));
        for (slot, number) in bytes[8..].chunks_exact_mut(8).zip(numbers) {
            slot.copy_from_slice(&number.to_le_bytes());
        }
        let check = checksum(0, &bytes[..HEADER - 8]);
        bytes[HEADER - 8..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// Reads it; `None` when it is not the header of such a file, or of another version.
    pub fn decode(file: File, bytes: &[u8; HEADER]) -> Option<Header> {
        let numbers: Vec<u64> = bytes.chunks_exact(8).map(number).collect();
        let [_, versions, length, modified, source, rules, rows, body, check] = numbers[..] else { return None };
        let form =
            [Form::Lines, Form::Inline, Form::One].into_iter().find(|form| form_number(*form) == versions & 0xff)?;
        let header = Header { stamp: Stamp { form, length, modified, source, rules }, rows, body };
        // What it would be encoded to says at once whether its magic, its versions and its checksum are right.
        (check == checksum(0, &bytes[..HEADER - 8]) && header.encode(file) == *bytes).then_some(header)
    }
}

fn magic(file: File) -> &'static [u8; 8] {
    match file {
        File::Rows => b"gtts-row",
        File::Places => b"gtts-plc",
    }
}

fn form_number(form: Form) -> u64 {
    match form {
        Form::Lines => 1,
        Form::Inline => 2,
        Form::One => 3,
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// What stands before the rows of a block: how many they are, their bytes, and their checksum.
pub fn block_head(rows: &PackedRows) -> [u8; BLOCK_HEAD] {
    let bytes = rows.as_bytes();
    let mut head = [0; BLOCK_HEAD];
    head[..4].copy_from_slice(&(rows.len() as u32).to_le_bytes());
    head[4..8].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
    let check = checksum(number(&head[..8]), bytes);
    head[8..].copy_from_slice(&check.to_le_bytes());
    head
}

/// How many bytes stand behind the head of a block; `None` when they are too many to be true.
pub fn block_size(head: &[u8; BLOCK_HEAD]) -> Option<usize> {
    let size = (number(&head[..8]) >> 32) as usize;
    (size <= MOST_BLOCK).then_some(size)
}

/// The rows of a block; `None` when a byte of it has changed.
pub fn block_rows(head: &[u8; BLOCK_HEAD], bytes: Vec<u8>) -> Option<PackedRows> {
    let rows = number(&head[..8]) as u32 as usize;
    let is_right = block_size(head) == Some(bytes.len()) && checksum(number(&head[..8]), &bytes) == number(&head[8..]);
    if is_right { PackedRows::from_bytes(bytes, rows) } else { None }
}

/// Where a line is in the copy, and the outline of its sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePlace {
    /// Where the line begins, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// Whether it could be read as a result when the index was made.
    pub is_result: bool,
    /// The outline; `None` when nothing was measured.
    pub peaks: Option<Peaks>,
}

impl LinePlace {
    /// The place of a row.
    pub fn of(row: &Row) -> Self {
        let is_result = match row.outcome {
            Outcome::Audio | Outcome::NoAudio { .. } | Outcome::Error { .. } => true,
            Outcome::Malformed { .. } => false,
        };
        let peaks = row.sound.as_ref().map(|sound| sound.peaks.clone());
        LinePlace { offset: row.offset, length: row.length, is_result, peaks }
    }

    /// Its bytes, which are right for that line alone.
    pub fn encode(&self, line: u64) -> [u8; PLACE] {
        let mut bytes = [0; PLACE];
        bytes[4..12].copy_from_slice(&self.offset.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.length.to_le_bytes());
        bytes[20] = 1 | u8::from(self.is_result) << 1 | u8::from(self.peaks.is_some()) << 2;
        let peaks: Vec<Peak> = self.peaks.iter().flat_map(|peaks| peaks.0.iter().copied()).take(Peaks::MOST).collect();
        bytes[21] = peaks.len() as u8;
        for (slot, peak) in bytes[24..].chunks_exact_mut(3).zip(peaks) {
            slot.copy_from_slice(&[peak.lowest, peak.highest, peak.level].map(i8::cast_unsigned));
        }
        let check = checksum(line, &bytes[4..]) as u32;
        bytes[..4].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// Reads it; `None` when it is not the record of that line.
    pub fn decode(line: u64, bytes: &[u8; PLACE]) -> Option<LinePlace> {
        if bytes[..4] != (checksum(line, &bytes[4..]) as u32).to_le_bytes() || bytes[20] & 1 == 0 {
            return None;
        }
        let peak = |bytes: &[u8]| {
            let [lowest, highest, level] = [bytes[0], bytes[1], bytes[2]].map(u8::cast_signed);
            Peak { lowest, highest, level }
        };
        let peaks = bytes[24..].chunks_exact(3).take(usize::from(bytes[21])).map(peak).collect();
        Some(LinePlace {
            offset: number(&bytes[4..12]),
            length: number(&bytes[12..20]),
            is_result: bytes[20] & 2 != 0,
            peaks: (bytes[20] & 4 != 0).then_some(Peaks(peaks)),
        })
    }
}

/// Where the record of a line begins in the file of places; lines are counted from 1.
pub fn place_at(line: u64) -> Option<u64> {
    line.checked_sub(1)?.checked_mul(PLACE as u64)?.checked_add(HEADER as u64)
}

/// A checksum that tells every change within eight bytes, and any other one with near certainty.
///
/// Each step can be undone, so that two inputs that differ in one step never meet again. It is not meant to keep
/// anybody out who wants to deceive: whoever can write the index can write the copy as well.
pub fn checksum(seed: u64, bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = step(seed, bytes.len() as u64);
    for word in words {
        hash = step(hash, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    hash = step(hash, u64::from_le_bytes(last));
    // The low half, which a place keeps alone, should have seen all of it.
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::super::packed::tests::{any_peaks, any_row};
    use super::*;
    use proptest::prelude::*;

    fn any_header() -> impl Strategy<Value = Header> {
        let form = prop::sample::select(vec![Form::Lines, Form::Inline, Form::One]);
        (form, any::<[u64; 6]>()).prop_map(|(form, [length, modified, source, rules, rows, body])| Header {
            stamp: Stamp { form, length, modified, source, rules },
            rows,
            body,
        })
    }

    proptest! {
        #[test]
        fn a_header_comes_back_and_a_changed_one_does_not(
            header in any_header(),
            at in 0..HEADER,
            change in 1..=255u8,
        ) {
            for file in [File::Rows, File::Places] {
                let mut bytes = header.encode(file);
                prop_assert_eq!(Header::decode(file, &bytes), Some(header));
                bytes[at] ^= change;
                prop_assert_eq!(Header::decode(file, &bytes), None);
            }
            prop_assert_eq!(Header::decode(File::Rows, &header.encode(File::Places)), None);
        }

        #[test]
        fn a_block_comes_back_and_a_changed_or_cut_one_does_not(
            rows in prop::collection::vec(any_row(), 0..5),
            at in any::<prop::sample::Index>(),
            change in 1..=255u8,
        ) {
            let packed: PackedRows = rows.iter().collect();
            let (head, bytes) = (block_head(&packed), packed.as_bytes().to_vec());
            prop_assert_eq!(block_size(&head), Some(bytes.len()));
            prop_assert_eq!(block_rows(&head, bytes.clone()), Some(packed));
            let mut whole = [&head[..], &bytes].concat();
            let at = at.index(whole.len());
            whole[at] ^= change;
            let (changed_head, changed) = whole.split_first_chunk().unwrap();
            prop_assert_eq!(block_rows(changed_head, changed.to_vec()), None);
            prop_assert_eq!(block_rows(&head, bytes[..at.min(bytes.len().saturating_sub(1))].to_vec()).filter(|_| !bytes.is_empty()), None);
        }

        #[test]
        fn a_place_comes_back_for_its_own_line_alone(
            (offset, length, is_result, line) in any::<(u64, u64, bool, u64)>(),
            peaks in prop::option::of(any_peaks()),
            at in 0..PLACE,
            change in 1..=255u8,
        ) {
            let place = LinePlace { offset, length, is_result, peaks };
            let mut bytes = place.encode(line);
            prop_assert_eq!(LinePlace::decode(line, &bytes), Some(place));
            prop_assert_eq!(LinePlace::decode(line ^ 1, &bytes), None);
            bytes[at] ^= change;
            prop_assert_eq!(LinePlace::decode(line, &bytes), None);
        }
    }

    #[test]
    fn nothing_but_zeros_is_neither_a_header_nor_a_place() {
        assert_eq!(Header::decode(File::Rows, &[0; HEADER]), None);
        assert_eq!(LinePlace::decode(1, &[0; PLACE]), None);
        assert_eq!((place_at(0), place_at(1), place_at(u64::MAX)), (None, Some(HEADER as u64), None));
    }
}
