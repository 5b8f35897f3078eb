//! Results on their way out: any stretch of any number of gigabytes, made when it is asked for.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::input::Input;
use super::result::{Maker, Piece, Plan};
use super::sound::Pour;

/// The results of a job.
#[derive(Debug)]
pub struct Output {
    input: Arc<Input>,
    maker: Maker,
    /// Results from this one on are those of requests that a cancel stopped.
    stopped_from: usize,
    /// Where each result begins; one more for the end of the last.
    offsets: Vec<u64>,
    /// Whether something stands behind the last result as well.
    last_separator: bool,
}

impl Output {
    /// The results of the first `done` requests; all others say that they were cancelled.
    pub fn new(input: Arc<Input>, maker: Maker, done: usize, last_separator: bool) -> io::Result<Self> {
        let mut offsets = Vec::with_capacity(input.lines.len() + 1);
        let mut offset = 0;
        for (index, line) in input.lines.iter().enumerate() {
            offsets.push(offset);
            let length = if index < done { line.result_length } else { maker.stopped(&input.json(index)?).len() };
            offset += length + 1;
        }
        offsets.push(offset);
        Ok(Output { input, maker, stopped_from: done, offsets, last_separator })
    }

    /// Length in bytes, separators included.
    pub fn len(&self) -> u64 {
        let end = self.offsets.last().copied().unwrap_or(0);
        if self.last_separator { end } else { end.saturating_sub(1) }
    }

    fn plan(&self, index: usize) -> io::Result<Plan> {
        let json = self.input.json(index)?;
        if index >= self.stopped_from {
            return Ok(self.maker.stopped(&json));
        }
        let before = self.input.before(index, &self.maker, &json)?;
        Ok(self.maker.plan(index as u64 + 1, &json, before.as_ref()))
    }

    fn separator(&self) -> u8 {
        if self.maker.inline { b',' } else { b'\n' }
    }
}

/// A part of a body.
#[derive(Clone, Debug)]
pub enum Part {
    /// As it is.
    Bytes(Bytes),
    /// All results of a job.
    Results(Arc<Output>),
    /// Text and audio.
    Pieces(Vec<Piece>),
}

impl Part {
    fn len(&self) -> u64 {
        match self {
            Part::Bytes(bytes) => bytes.len() as u64,
            Part::Results(output) => output.len(),
            Part::Pieces(pieces) => pieces.iter().map(Piece::len).sum(),
        }
    }
}

/// A body that is made while it is read.
#[derive(Debug)]
pub struct Flow {
    parts: VecDeque<Part>,
    pieces: VecDeque<Piece>,
    pour: Option<Pour>,
    /// The part with results that is being written, and the next of them.
    results: Option<(Arc<Output>, usize)>,
    skip: u64,
    left: u64,
}

/// The size from which a chunk is handed out.
const CHUNK: usize = 32 * 1024;

impl Flow {
    /// All of it.
    pub fn new(parts: Vec<Part>) -> Self {
        let left = parts.iter().map(Part::len).sum();
        Flow { parts: parts.into(), pieces: VecDeque::new(), pour: None, results: None, skip: 0, left }
    }

    /// Length of what is still to come.
    pub fn len(&self) -> u64 {
        self.left
    }

    /// Only what stands from `start` up to `end`, which must lie within it.
    pub fn range(mut self, start: u64, end: u64) -> Self {
        self.skip = start;
        self.left = end.saturating_sub(start).min(self.left.saturating_sub(start));
        self
    }

    /// The next bytes, at most some hundred kilobytes; `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut chunk = Vec::with_capacity(CHUNK * 2);
        while chunk.len() < CHUNK && (chunk.len() as u64) < self.left {
            if !self.grow(&mut chunk)? {
                return Err(io::Error::other("a result is shorter than it was planned"));
            }
        }
        chunk.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= chunk.len() as u64;
        Ok(Some(chunk.into()))
    }

    /// Appends something to the chunk, or moves on to the next part; `false` at the very end.
    fn grow(&mut self, chunk: &mut Vec<u8>) -> io::Result<bool> {
        if let Some(pour) = &mut self.pour {
            let start = chunk.len();
            if pour.next(chunk) {
                self.drop_skipped(chunk, start);
            } else {
                self.pour = None;
            }
            return Ok(true);
        }
        if let Some(piece) = self.pieces.pop_front() {
            if piece.len() <= self.skip {
                self.skip -= piece.len();
                return Ok(true);
            }
            match piece {
                Piece::Text(text) => {
                    let start = chunk.len();
                    chunk.extend_from_slice(&text);
                    self.drop_skipped(chunk, start);
                }
                Piece::Sound(sound) => self.pour = Some(sound.pour()),
            }
            return Ok(true);
        }
        if let Some((output, index)) = self.results.take() {
            if index < output.input.lines.len() {
                self.result(&output, index)?;
            }
            return Ok(true);
        }
        match self.parts.pop_front() {
            None => Ok(false),
            Some(part) if part.len() <= self.skip => {
                self.skip -= part.len();
                Ok(true)
            }
            Some(Part::Bytes(bytes)) => {
                chunk.extend_from_slice(&bytes[self.skip as usize..]);
                self.skip = 0;
                Ok(true)
            }
            Some(Part::Pieces(pieces)) => {
                self.pieces = pieces.into();
                Ok(true)
            }
            Some(Part::Results(output)) => {
                // The offsets rise, so this is the last result that begins at or before the first wanted byte.
                let index = output.offsets.partition_point(|offset| *offset <= self.skip).saturating_sub(1);
                self.skip -= output.offsets[index];
                self.results = Some((output, index));
                Ok(true)
            }
        }
    }

    fn result(&mut self, output: &Arc<Output>, index: usize) -> io::Result<()> {
        let is_last = index + 1 == output.input.lines.len();
        self.pieces = output.plan(index)?.pieces.into();
        if !is_last || output.last_separator {
            self.pieces.push_back(Piece::Text(vec![output.separator()]));
        }
        self.results = Some((Arc::clone(output), index + 1));
        Ok(())
    }

    fn drop_skipped(&mut self, chunk: &mut Vec<u8>, start: usize) {
        let skipped = self.skip.min((chunk.len() - start) as u64);
        chunk.drain(start..start + skipped as usize);
        self.skip -= skipped;
    }
}

#[cfg(test)]
mod tests {
    use super::super::blob::Blob;
    use super::super::models::MODELS;
    use super::*;

    fn output(done: usize) -> Arc<Output> {
        let lines: String = (0..5)
            .map(|n| {
                format!(
                    "{{\"key\":\"k{n}\",\"request\":{{\"contents\":[{{\"parts\":[{{\"text\":\"Line {n}.\"}}]}}],\
                     \"generationConfig\":{{\"responseModalities\":[\"AUDIO\"]}}}}}}\n"
                )
            })
            .collect();
        let mut maker =
            Maker { model: &MODELS[1], seed: 1, seconds: None, rules: Vec::new(), first_key: None, inline: false };
        let input = Input::read(Blob::Memory(lines.into()), &mut maker).unwrap();
        Arc::new(Output::new(input, maker, done, true).unwrap())
    }

    fn drain(mut flow: Flow) -> Vec<u8> {
        let announced = flow.len();
        let mut all = Vec::new();
        while let Some(chunk) = flow.next().unwrap() {
            all.extend_from_slice(&chunk);
        }
        assert_eq!(all.len() as u64, announced);
        all
    }

    #[test]
    fn any_stretch_is_the_same_as_in_the_whole() {
        let output = output(3);
        let parts = vec![Part::Bytes("head".into()), Part::Results(Arc::clone(&output)), Part::Bytes("tail".into())];
        let whole = drain(Flow::new(parts.clone()));
        assert_eq!(whole.len() as u64, output.len() + 8);
        let length = whole.len() as u64;
        for (start, end) in [(0, 1), (3, 5), (4, 5_000), (70_001, 70_002), (40_000, length - 2), (length - 3, length)] {
            let part = drain(Flow::new(parts.clone()).range(start, end));
            assert!(part == whole[start as usize..end as usize], "{start}..{end}");
        }
        let text = String::from_utf8(whole[4..whole.len() - 4].to_vec()).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[2]["response"]["candidates"].is_array());
        assert_eq!(lines[3]["error"]["code"], 1);
    }
}
