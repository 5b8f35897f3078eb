//! The bytes of one WAV file before it has its name: in memory while they are few, else in a temporary file.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use super::aligned::Aligned;
use super::folder::{Folder, digest_of};
use crate::audio::Format;
use crate::audio::wav::{HEADER_BYTES, header};

/// As many bytes of audio are held in memory: 20 seconds. A row of that length then needs one write, and its
/// temporary file is only made when its name is known.
const MOST_HELD: usize = 1024 * 1024;

/// Ends the names of all temporary files.
const SUFFIX: &str = ".part";

/// The audio of the row at hand.
#[derive(Debug)]
pub(super) struct Collector {
    /// Begins with room for the header, as long as nothing has been written.
    memory: Aligned,
    held: usize,
    part: Option<Part>,
}

/// A temporary file.
#[derive(Debug)]
pub(super) struct Part {
    pub name: String,
    pub file: File,
}

/// A whole WAV file without a name.
#[derive(Debug)]
pub(super) struct Whole {
    pub bytes: u64,
    pub sha256: String,
    /// `None` while it is in memory.
    part: Option<Part>,
}

/// Why there is no whole file.
#[derive(Debug)]
pub(super) enum Failed {
    /// More samples than a WAV file can hold.
    TooLong,
    /// The disk.
    Disk { name: String, source: io::Error },
}

impl Collector {
    pub(super) fn new() -> Self {
        Collector { memory: Aligned::new(MOST_HELD), held: HEADER_BYTES, part: None }
    }

    fn held(&self) -> &[u8] {
        &self.memory[..self.held]
    }

    /// Adds samples of the row at hand.
    pub(super) fn push(&mut self, samples: &[u8], folder: &Folder, line: u64) -> Result<(), Failed> {
        let mut samples = samples;
        while self.held + samples.len() > self.memory.len() {
            // Whole pages are written, so that the next write begins with one too.
            let (now, rest) = samples.split_at(self.memory.len() - self.held);
            self.memory[self.held..].copy_from_slice(now);
            self.held = self.memory.len();
            self.spill(folder, line)?;
            samples = rest;
        }
        self.memory[self.held..self.held + samples.len()].copy_from_slice(samples);
        self.held += samples.len();
        Ok(())
    }

    fn spill(&mut self, folder: &Folder, line: u64) -> Result<(), Failed> {
        let part = match &mut self.part {
            Some(part) => part,
            // The key stands behind the audio in most lines, so the line has to name the file.
            None => self.part.insert(Part::create(folder, &format!("line-{line}"))?),
        };
        let written = part.file.write_all(&self.memory[..self.held]);
        self.held = 0;
        written.map_err(|source| Failed::Disk { name: part.name.clone(), source })
    }

    /// Forgets the audio of the row at hand.
    pub(super) fn discard(&mut self, folder: &Folder) {
        self.held = HEADER_BYTES;
        if let Some(part) = self.part.take() {
            part.discard(folder);
        }
    }

    /// The row has ended: the header is known now.
    pub(super) fn finish(&mut self, format: Format, pcm_bytes: u64) -> Result<Whole, Failed> {
        let header = header(format, pcm_bytes).ok_or(Failed::TooLong)?;
        let bytes = HEADER_BYTES as u64 + pcm_bytes;
        let Some(part) = &mut self.part else {
            self.memory[..HEADER_BYTES].copy_from_slice(&header);
            return Ok(Whole { bytes, sha256: super::hex(digest(&SHA256, self.held()).as_ref()), part: None });
        };
        // The header stands in front of the samples and depends on their number, so the hash has to be made last.
        let finished = (|| {
            part.file.write_all(&self.memory[..self.held])?;
            part.file.seek(SeekFrom::Start(0))?;
            part.file.write_all(&header)?;
            part.file.seek(SeekFrom::Start(0))?;
            digest_of(&part.file)
        })();
        match finished {
            Ok((written, sha256)) if written == bytes => Ok(Whole { bytes, sha256, part: self.part.take() }),
            Ok((written, _)) => Err(Failed::Disk {
                name: part.name.clone(),
                source: io::Error::other(format!("{written} bytes stand in the file instead of {bytes}")),
            }),
            Err(source) => Err(Failed::Disk { name: part.name.clone(), source }),
        }
    }

    /// Puts a whole file on the disk, if it is not there yet.
    pub(super) fn write(&mut self, whole: Whole, folder: &Folder, stem: &str) -> Result<Part, Failed> {
        let part = match whole.part {
            Some(part) => part,
            None => {
                let mut part = Part::create(folder, stem)?;
                if let Err(source) = part.file.write_all(self.held()) {
                    let name = part.name.clone();
                    part.discard(folder);
                    return Err(Failed::Disk { name, source });
                }
                part
            }
        };
        self.held = HEADER_BYTES;
        Ok(part)
    }
}

impl Whole {
    /// Drops it.
    pub(super) fn discard(self, folder: &Folder) {
        if let Some(part) = self.part {
            part.discard(folder);
        }
    }
}

impl Part {
    fn create(folder: &Folder, stem: &str) -> Result<Part, Failed> {
        loop {
            let name = format!(".{stem}.{}{SUFFIX}", random_hex());
            match folder.create(&name) {
                Ok(file) => return Ok(Part { name, file }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(Failed::Disk { name, source }),
            }
        }
    }

    /// Removes the file. One that cannot be removed is swept by the next run.
    pub(super) fn discard(self, folder: &Folder) {
        let _ = folder.remove(&self.name);
    }
}

/// Whether a file is a temporary one of ours.
pub(super) fn is_part(name: &str) -> bool {
    let Some(stem) = name.strip_prefix('.').and_then(|name| name.strip_suffix(SUFFIX)) else { return false };
    let is_hex = |text: &str| text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    stem.rsplit_once('.').is_some_and(|(stem, random)| !stem.is_empty() && is_hex(random))
}

/// Eight hex digits that nobody else comes upon.
pub(super) fn random_hex() -> String {
    let mut bytes = [0; 4];
    SystemRandom::new().fill(&mut bytes).expect("the operating system has random bytes");
    super::hex(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_temporary_files_are_swept() {
        for ours in [".a.0123abcd.part", ".line-7.00000000.part", ".a.b.wav.deadbeef.part"] {
            assert!(is_part(ours), "{ours}");
        }
        for other in ["a.0123abcd.part", ".a.0123ABCD.part", ".a.part", ".0123abcd.part", "..part", ".a.0123abc.part"] {
            assert!(!is_part(other), "{other}");
        }
    }
}
