//! Rows in the fewest bytes: one record behind the other, in memory and in the index on the disk alike.
//!
//! Everything of a [`Row`] is kept but the outline of its waveform. The layout of a record stands in this file alone;
//! whoever changes it raises [`LAYOUT`], and indexes of the old layout are made anew.

use super::{Outcome, Row, Tokens};
use crate::audio::{Format, Peaks, Sound, Texture, Verdict};

/// The version of the layout of a record.
pub const LAYOUT: u32 = 2;

/// The part that every record has: its size, line, offset, length, verdict, outcome, flags, and the size of its key.
const HEAD: usize = 36;
/// Where its verdict stands.
const VERDICT_AT: usize = 28;

/// The outcome of a row that could not be read as a result.
const MALFORMED: u8 = 3;

/// Which of its optional parts a record has, in this order behind the key.
mod flag {
    pub const KEY: u16 = 1;
    pub const SOUND: u16 = 2;
    pub const PROMPT: u16 = 4;
    pub const AUDIO: u16 = 8;
    pub const FINISH: u16 = 16;
    pub const CODE: u16 = 32;
    pub const ALL: u16 = 63;
}

/// Rows, packed. A hundred thousand of them take some 15 MB.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PackedRows {
    bytes: Vec<u8>,
    /// Where each record ends.
    ends: Vec<usize>,
}

/// A row that is looked at where it lies packed.
#[derive(Clone, Debug, PartialEq)]
pub struct RowView<'a> {
    /// As in [`Row::line`].
    pub line: u64,
    /// As in [`Row::offset`].
    pub offset: u64,
    /// As in [`Row::length`].
    pub length: u64,
    /// As in [`Row::key`].
    pub key: Option<&'a str>,
    /// As in [`Row::finish_reason`].
    pub finish_reason: Option<&'a str>,
    /// As in [`Row::tokens`].
    pub tokens: Tokens,
    /// As in [`Row::sound`], without the outline.
    pub sound: Option<Sound>,
    /// As in [`Row::verdict`].
    pub verdict: Verdict,
    outcome: u8,
    code: Option<i64>,
    words: &'a str,
}

impl PackedRows {
    /// No rows.
    pub fn new() -> Self {
        PackedRows::default()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        *self = PackedRows::default();
    }

    /// Adds a row. Its outline is left out.
    pub fn push(&mut self, row: &Row) {
        write(row, &mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// Adds the rows of another one behind its own.
    pub fn append(&mut self, more: &PackedRows) {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(&more.bytes);
        self.ends.extend(more.ends.iter().map(|end| before + end));
    }

    /// The rows of a stretch of records, or `None` when it is not made of so many whole records.
    pub fn from_bytes(bytes: Vec<u8>, rows: usize) -> Option<Self> {
        let mut ends = Vec::with_capacity(rows.min(bytes.len() / HEAD));
        let mut at = 0;
        while at < bytes.len() {
            let size = u32::from_le_bytes(*bytes[at..].first_chunk()?) as usize;
            RowView::read(bytes.get(at..at.checked_add(size)?)?)?;
            at += size;
            ends.push(at);
        }
        (ends.len() == rows).then_some(PackedRows { bytes, ends })
    }

    /// The records themselves.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn record(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start..end])
    }

    /// Looks at a row, counted from 0.
    pub fn view(&self, index: usize) -> Option<RowView<'_>> {
        Some(RowView::read(self.record(index)?).expect("records are checked where they come in"))
    }

    /// A row, without its outline, counted from 0.
    pub fn get(&self, index: usize) -> Option<Row> {
        self.view(index).map(|view| view.to_row())
    }

    /// All rows in their order.
    pub fn views(&self) -> impl Iterator<Item = RowView<'_>> {
        (0..self.len()).filter_map(|index| self.view(index))
    }

    /// The line of a row; 0 when there is no such row.
    pub fn line(&self, index: usize) -> u64 {
        self.record(index).map_or(0, |record| u64_at(record, 4))
    }

    /// Where the row of a line is.
    pub fn index_of(&self, line: u64) -> Option<usize> {
        // Rows come in the order of the file, so that a line is nearly always where its number says.
        let likely = usize::try_from(line).ok()?.checked_sub(1)?;
        if likely < self.len() && self.line(likely) == line {
            return Some(likely);
        }
        (0..self.len()).find(|index| self.line(*index) == line)
    }

    /// The key of a row.
    pub fn key(&self, index: usize) -> Option<&str> {
        let record = self.record(index)?;
        let size = u32::from_le_bytes(*record[32..].first_chunk()?) as usize;
        let key =
            (u16::from_le_bytes([record[30], record[31]]) & flag::KEY != 0).then(|| &record[HEAD..HEAD + size])?;
        std::str::from_utf8(key).ok()
    }

    /// What is thought of a row.
    pub fn verdict(&self, index: usize) -> Option<Verdict> {
        verdict(self.record(index)?[VERDICT_AT])
    }

    /// Thinks something else of a row, which the rows around it may have shown.
    pub fn set_verdict(&mut self, index: usize, verdict: Verdict) {
        let start = index.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or(usize::MAX));
        if let Some(byte) = start.checked_add(VERDICT_AT).and_then(|at| self.bytes.get_mut(at)) {
            *byte = verdict as u8;
        }
    }

    /// The length of its audio in seconds.
    pub fn seconds(&self, index: usize) -> Option<f64> {
        let record = self.record(index)?;
        let size = u32::from_le_bytes(*record[32..].first_chunk()?) as usize;
        let has_sound = u16::from_le_bytes([record[30], record[31]]) & flag::SOUND != 0;
        has_sound.then(|| f64::from_bits(u64_at(record, HEAD + size)))
    }
}

impl<'a> FromIterator<&'a Row> for PackedRows {
    fn from_iter<I: IntoIterator<Item = &'a Row>>(rows: I) -> Self {
        let mut packed = PackedRows::new();
        rows.into_iter().for_each(|row| packed.push(row));
        packed
    }
}

impl FromIterator<Row> for PackedRows {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        let mut packed = PackedRows::new();
        rows.into_iter().for_each(|row| packed.push(&row));
        packed
    }
}

impl From<Vec<Row>> for PackedRows {
    fn from(rows: Vec<Row>) -> Self {
        rows.iter().collect()
    }
}

/// The rows, unpacked one by one.
impl IntoIterator for PackedRows {
    type Item = Row;
    type IntoIter = Box<dyn Iterator<Item = Row>>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new((0..self.len()).filter_map(move |index| self.get(index)))
    }
}

impl<'a> RowView<'a> {
    /// Whether a person should look at it: anything but good audio.
    pub fn is_bad(&self) -> bool {
        self.verdict != Verdict::Ok
    }

    /// Whether it could be read as a result at all.
    pub fn is_result(&self) -> bool {
        self.outcome != MALFORMED
    }

    /// Why it has no audio, if it has none.
    pub fn reason(&self) -> Option<&'a str> {
        (self.outcome != 0).then_some(self.words)
    }

    /// The row itself.
    pub fn to_row(&self) -> Row {
        let words = || self.words.to_owned();
        Row {
            line: self.line,
            offset: self.offset,
            length: self.length,
            key: self.key.map(str::to_owned),
            outcome: match self.outcome {
                0 => Outcome::Audio,
                1 => Outcome::NoAudio { reason: words() },
                2 => Outcome::Error { code: self.code, message: words() },
                _ => Outcome::Malformed { reason: words() },
            },
            finish_reason: self.finish_reason.map(str::to_owned),
            tokens: self.tokens,
            sound: self.sound.clone(),
            verdict: self.verdict,
        }
    }

    /// Reads one record; `None` when it is none.
    fn read(record: &'a [u8]) -> Option<Self> {
        let mut rest = Rest(record);
        if rest.u32()? as usize != record.len() {
            return None;
        }
        let (line, offset, length) = (rest.u64()?, rest.u64()?, rest.u64()?);
        let [kind, outcome] = rest.take::<2>()?;
        let verdict = verdict(kind)?;
        let flags = u16::from_le_bytes(rest.take()?);
        let key_size = rest.u32()?;
        if flags & !flag::ALL != 0 || outcome > MALFORMED {
            return None;
        }
        let has = |flag: u16| flags & flag != 0;
        let key = rest.text(key_size)?;
        let sound = if has(flag::SOUND) { Some(rest.sound()?) } else { None };
        let prompt = if has(flag::PROMPT) { Some(rest.u64()?) } else { None };
        let audio = if has(flag::AUDIO) { Some(rest.u64()?) } else { None };
        let finish_reason = if has(flag::FINISH) { Some(rest.sized_text()?) } else { None };
        let code = if has(flag::CODE) { Some(rest.u64()? as i64) } else { None };
        let words = if outcome == 0 { "" } else { rest.sized_text()? };
        rest.0.is_empty().then_some(RowView {
            line,
            offset,
            length,
            key: has(flag::KEY).then_some(key),
            finish_reason,
            tokens: Tokens { prompt, audio },
            sound,
            verdict,
            outcome,
            code,
            words,
        })
    }
}

fn verdict(byte: u8) -> Option<Verdict> {
    Verdict::ALL.get(usize::from(byte)).copied()
}

fn u64_at(record: &[u8], at: usize) -> u64 {
    record[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// What is left of a record.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn f64(&mut self) -> Option<f64> {
        self.u64().map(f64::from_bits)
    }

    fn text(&mut self, size: u32) -> Option<&'a str> {
        let (text, rest) = self.0.split_at_checked(size as usize)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn sized_text(&mut self) -> Option<&'a str> {
        let size = self.u32()?;
        self.text(size)
    }

    /// In the order in which [`write`] writes it; the seconds come first, where [`PackedRows::seconds`] finds them.
    fn sound(&mut self) -> Option<Sound> {
        Some(Sound {
            seconds: self.f64()?,
            format: Format { sample_rate: self.u32()?, channels: u16::from_le_bytes(self.take()?) },
            pcm_bytes: self.u64()?,
            peak_db: self.f64()?,
            rms_db: self.f64()?,
            clipped: self.u64()?,
            leading_silence: self.f64()?,
            trailing_silence: self.f64()?,
            longest_gap: self.f64()?,
            noise: self.f64()?,
            texture: Texture {
                windows: self.u32()?,
                blocks: self.u32()?,
                heard_db: self.f64()?,
                movement_db: self.f64()?,
            },
            peaks: Peaks::default(),
        })
    }
}

fn write(row: &Row, bytes: &mut Vec<u8>) {
    let Row { line, offset, length, key, outcome, finish_reason, tokens, sound, verdict } = row;
    let (kind, code, words) = match outcome {
        Outcome::Audio => (0, None, None),
        Outcome::NoAudio { reason } => (1, None, Some(reason)),
        Outcome::Error { code, message } => (2, *code, Some(message)),
        Outcome::Malformed { reason } => (MALFORMED, None, Some(reason)),
    };
    let flags = [
        (key.is_some(), flag::KEY),
        (sound.is_some(), flag::SOUND),
        (tokens.prompt.is_some(), flag::PROMPT),
        (tokens.audio.is_some(), flag::AUDIO),
        (finish_reason.is_some(), flag::FINISH),
        (code.is_some(), flag::CODE),
    ];
    let flags = flags.iter().filter(|(is_there, _)| *is_there).fold(0, |all, (_, flag)| all | flag);
    let key = key.as_deref().unwrap_or_default();
    let start = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    [line, offset, length].iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
    bytes.extend_from_slice(&[*verdict as u8, kind]);
    bytes.extend_from_slice(&u16::to_le_bytes(flags));
    bytes.extend_from_slice(&size(key));
    bytes.extend_from_slice(key.as_bytes());
    if let Some(sound) = sound {
        write_sound(sound, bytes);
    }
    for number in [tokens.prompt, tokens.audio].into_iter().flatten() {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    if let Some(reason) = finish_reason {
        bytes.extend_from_slice(&size(reason));
        bytes.extend_from_slice(reason.as_bytes());
    }
    if let Some(code) = code {
        bytes.extend_from_slice(&code.to_le_bytes());
    }
    if let Some(words) = words {
        bytes.extend_from_slice(&size(words));
        bytes.extend_from_slice(words.as_bytes());
    }
    let whole = u32::try_from(bytes.len() - start).expect("no row is as long as four gigabytes");
    bytes[start..start + 4].copy_from_slice(&whole.to_le_bytes());
}

fn write_sound(sound: &Sound, bytes: &mut Vec<u8>) {
    let Sound { format, pcm_bytes, seconds, peak_db, rms_db, clipped, .. } = sound;
    let Sound { leading_silence, trailing_silence, longest_gap, noise, texture, .. } = sound;
    bytes.extend_from_slice(&seconds.to_bits().to_le_bytes());
    bytes.extend_from_slice(&format.sample_rate.to_le_bytes());
    bytes.extend_from_slice(&format.channels.to_le_bytes());
    let levels = [*pcm_bytes, peak_db.to_bits(), rms_db.to_bits(), *clipped];
    let silences = [leading_silence, trailing_silence, longest_gap, noise].map(|number| number.to_bits());
    levels.iter().chain(&silences).for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
    let Texture { windows, blocks, heard_db, movement_db } = texture;
    [windows, blocks].iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
    [heard_db, movement_db].iter().for_each(|number| bytes.extend_from_slice(&number.to_bits().to_le_bytes()));
}

/// The size of a text in a record. The parser gives a row up that is longer than [`MOST_ROW_BYTES`](super::MOST_ROW_BYTES).
fn size(text: &str) -> [u8; 4] {
    u32::try_from(text.len()).expect("no row is as long as four gigabytes").to_le_bytes()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::audio::Peak;
    use proptest::prelude::*;

    /// Any row that the parser could make, and some that it could not.
    pub(in crate::results) fn any_row() -> impl Strategy<Value = Row> {
        let outcome = prop_oneof![
            Just(Outcome::Audio),
            ".{0,40}".prop_map(|reason| Outcome::NoAudio { reason }),
            (any::<Option<i64>>(), ".{0,40}").prop_map(|(code, message)| Outcome::Error { code, message }),
            ".{0,40}".prop_map(|reason| Outcome::Malformed { reason }),
        ];
        let level = prop_oneof![Just(f64::NEG_INFINITY), Just(0.0), -200.0..200.0f64];
        let sound = (any::<(u32, u16, u64, u64)>(), prop::collection::vec(level, 7), any_peaks()).prop_map(
            |((sample_rate, channels, pcm_bytes, clipped), levels, peaks)| Sound {
                format: Format { sample_rate, channels },
                pcm_bytes,
                seconds: levels[0],
                peak_db: levels[1],
                rms_db: levels[2],
                clipped,
                leading_silence: levels[3],
                trailing_silence: levels[4],
                longest_gap: levels[5],
                noise: levels[6],
                texture: Texture { windows: sample_rate, blocks: 7, heard_db: levels[1], movement_db: levels[2] },
                peaks,
            },
        );
        let key = prop::option::of(prop_oneof![".{0,30}", "k{3000,5000}"]);
        let finish_reason = prop::option::of("[A-Z_]{0,20}");
        let tokens = any::<(Option<u64>, Option<u64>)>().prop_map(|(prompt, audio)| Tokens { prompt, audio });
        let verdict = prop::sample::select(Verdict::ALL.to_vec());
        (any::<(u64, u64, u64)>(), key, outcome, finish_reason, tokens, prop::option::of(sound), verdict).prop_map(
            |((line, offset, length), key, outcome, finish_reason, tokens, sound, verdict)| Row {
                line,
                offset,
                length,
                key,
                outcome,
                finish_reason,
                tokens,
                sound,
                verdict,
            },
        )
    }

    pub(in crate::results) fn any_peaks() -> impl Strategy<Value = Peaks> {
        let peak = any::<(i8, i8, i8)>().prop_map(|(lowest, highest, level)| Peak { lowest, highest, level });
        prop::collection::vec(peak, 0..=Peaks::MOST).prop_map(|peaks| Peaks(peaks.into()))
    }

    /// The row as it comes back: its outline lies elsewhere.
    pub(in crate::results) fn without_outline(mut row: Row) -> Row {
        if let Some(sound) = &mut row.sound {
            sound.peaks = Peaks::default();
        }
        row
    }

    proptest! {
        #[test]
        fn every_row_comes_back_and_its_columns_agree_with_it(rows in prop::collection::vec(any_row(), 0..6)) {
            let mut packed: PackedRows = rows[..rows.len() / 2].iter().collect();
            packed.append(&rows[rows.len() / 2..].iter().collect());
            prop_assert_eq!(&PackedRows::from_bytes(packed.as_bytes().to_vec(), rows.len()), &Some(packed.clone()));
            for (index, row) in rows.into_iter().map(without_outline).enumerate() {
                prop_assert_eq!(packed.line(index), row.line);
                prop_assert_eq!(packed.key(index), row.key.as_deref());
                prop_assert_eq!(packed.verdict(index), Some(row.verdict));
                prop_assert_eq!(packed.seconds(index), row.sound.as_ref().map(|sound| sound.seconds));
                prop_assert_eq!(packed.view(index).unwrap().is_bad(), row.is_bad());
                packed.set_verdict(index, Verdict::Runaway);
                prop_assert_eq!(packed.get(index), Some(Row { verdict: Verdict::Runaway, ..row }));
            }
        }

        #[test]
        fn bytes_that_are_no_records_are_refused_or_make_rows_but_never_a_panic(
            row in any_row(),
            at in any::<prop::sample::Index>(),
            change in 1..=255u8,
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = PackedRows::from(vec![row]).as_bytes().to_vec();
            let cut_off = bytes[..cut.index(bytes.len())].to_vec();
            prop_assert_eq!(PackedRows::from_bytes(cut_off, 1), None);
            let mut changed = bytes;
            let at = at.index(changed.len());
            changed[at] ^= change;
            if let Some(packed) = PackedRows::from_bytes(changed, 1) {
                prop_assert!(packed.get(0).is_some());
            }
        }
    }

    #[test]
    fn a_row_is_found_by_its_line_even_where_lines_are_missing() {
        let row = |line| Row {
            line,
            offset: 0,
            length: 0,
            key: None,
            outcome: Outcome::Audio,
            finish_reason: None,
            tokens: Tokens::default(),
            sound: None,
            verdict: Verdict::Ok,
        };
        let packed: PackedRows = [1, 2, 5, 3].map(row).into_iter().collect();
        let found = [1, 2, 3, 5, 4, 0].map(|line| packed.index_of(line));
        assert_eq!(found, [Some(0), Some(1), Some(3), Some(2), None, None]);
    }
}
