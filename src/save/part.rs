//! The bytes of one WAV file before it has its name: in memory while they are few, else in a temporary file.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use super::aligned::Aligned;
use super::folder::{Folder, digest_with};
use crate::audio::Format;
use crate::audio::wav::{HEADER_BYTES, header};

/// As many bytes of audio are held in memory: 20 seconds. A row of that length then needs one write.
const MOST_HELD: usize = 1024 * 1024;

/// Ends the names of all temporary files.
const SUFFIX: &str = ".part";

/// The audio of the row at hand.
#[derive(Debug)]
pub(super) struct Collector {
    /// Begins with room for the header, as long as nothing has been written.
    memory: Aligned,
    held: usize,
    /// All bytes of audio of the row so far.
    taken: u64,
    part: Option<Part>,
}

/// A temporary file; removed when it is dropped before it has its name.
#[derive(Debug)]
pub(super) struct Part {
    folder: Arc<Folder>,
    /// Empty once it has its name.
    name: String,
    /// Open while it is being written, and until it is on the disk where each file has to be seen to for itself.
    file: Option<File>,
}

/// A whole WAV file without a name.
#[derive(Debug)]
pub(super) struct Whole {
    pub bytes: u64,
    pub sha256: String,
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
        Collector { memory: Aligned::new(MOST_HELD), held: HEADER_BYTES, taken: 0, part: None }
    }

    fn held(&self) -> &[u8] {
        &self.memory[..self.held]
    }

    /// Adds samples of the row at hand.
    pub(super) fn push(&mut self, samples: &[u8], folder: &Arc<Folder>, line: u64) -> Result<(), Failed> {
        self.taken += samples.len() as u64;
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

    fn spill(&mut self, folder: &Arc<Folder>, line: u64) -> Result<(), Failed> {
        let part = match &mut self.part {
            Some(part) => part,
            None => self.part.insert(Part::create(folder, line)?),
        };
        let written = part.write(&self.memory[..self.held]);
        self.held = 0;
        written
    }

    /// How many bytes the file of the row at hand has at least.
    pub(super) fn bytes(&self) -> u64 {
        HEADER_BYTES as u64 + self.taken
    }

    /// Forgets the audio of the row at hand.
    pub(super) fn discard(&mut self) {
        self.held = HEADER_BYTES;
        self.taken = 0;
        self.part = None;
    }

    /// The row has ended: the header is known now.
    pub(super) fn finish(&mut self, format: Format, pcm_bytes: u64) -> Result<Whole, Failed> {
        let header = header(format, pcm_bytes).ok_or(Failed::TooLong)?;
        let bytes = HEADER_BYTES as u64 + pcm_bytes;
        let Some(Part { name, file: Some(file), .. }) = &mut self.part else {
            self.memory[..HEADER_BYTES].copy_from_slice(&header);
            return Ok(Whole { bytes, sha256: super::hex(digest(&SHA256, self.held()).as_ref()) });
        };
        // The header stands in front of the samples and depends on their number, so the hash has to be made last.
        let finished = (|| {
            file.write_all(&self.memory[..self.held])?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&header)?;
            file.seek(SeekFrom::Start(0))?;
            digest_with(&*file, &mut self.memory)
        })();
        match finished {
            Ok((written, sha256)) if written == bytes => Ok(Whole { bytes, sha256 }),
            Ok((written, _)) => Err(Failed::Disk {
                name: name.clone(),
                source: io::Error::other(format!("{written} bytes stand in the file instead of {bytes}")),
            }),
            Err(source) => Err(Failed::Disk { name: name.clone(), source }),
        }
    }

    /// Gives the whole file of the row at hand to the system, if that is not done yet.
    pub(super) fn write(&mut self, folder: &Arc<Folder>, line: u64) -> Result<Part, Failed> {
        let part = match self.part.take() {
            Some(part) => part,
            None => {
                let mut part = Part::create(folder, line)?;
                part.write(self.held())?;
                part
            }
        };
        self.held = HEADER_BYTES;
        Ok(part)
    }
}

impl Part {
    /// Makes a new file. The key stands behind the audio in most lines, so the line has to name it.
    pub(super) fn create(folder: &Arc<Folder>, line: u64) -> Result<Part, Failed> {
        loop {
            let name = format!(".line-{line}.{}{SUFFIX}", folder.next_hex());
            match folder.create(&name) {
                Ok(file) => return Ok(Part { folder: Arc::clone(folder), name, file: Some(file) }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(Failed::Disk { name, source }),
            }
        }
    }

    /// A second name for a file of another folder; `None` when the file system does not give it one.
    pub(super) fn link(folder: &Arc<Folder>, there: &Folder, file: &str, line: u64) -> io::Result<Option<Part>> {
        loop {
            let name = format!(".line-{line}.{}{SUFFIX}", folder.next_hex());
            match folder.link_from(there, file, &name) {
                Ok(true) => return Ok(Some(Part { folder: Arc::clone(folder), name, file: None })),
                Ok(false) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(bytes).map_err(|source| Failed::Disk { name: self.name.clone(), source })
    }

    /// Lets everybody read it who may read other files of this process, and closes it unless it has to be synced.
    pub(super) fn open_up(&mut self, and_close: bool) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        self.folder.open_up(file)?;
        if and_close {
            self.file = None;
        }
        Ok(())
    }

    /// Waits until it is on the disk, and closes it.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        match self.file.take() {
            Some(file) => file.sync_all(),
            // An error that nobody has seen yet is told to whoever opens the file anew.
            None => self.folder.open_file(&self.name)?.sync_all(),
        }
    }

    /// Gives it its name; `false` when something has that name already.
    pub(super) fn publish(&mut self, name: &str) -> io::Result<bool> {
        let published = self.folder.publish(&self.name, name)?;
        if published {
            self.name.clear();
        }
        Ok(published)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            // One that cannot be removed is swept by the next run.
            let _ = self.folder.remove(&self.name);
        }
    }
}

/// Whether a file is a temporary one of ours.
pub(super) fn is_part(name: &str) -> bool {
    let Some(stem) = name.strip_prefix('.').and_then(|name| name.strip_suffix(SUFFIX)) else { return false };
    let is_hex = |text: &str| text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    stem.rsplit_once('.').is_some_and(|(stem, random)| !stem.is_empty() && is_hex(random))
}

/// A number that nobody else comes upon.
pub(super) fn random_number() -> u32 {
    let mut bytes = [0; 4];
    SystemRandom::new().fill(&mut bytes).expect("the operating system has random bytes");
    u32::from_le_bytes(bytes)
}

/// The name of a temporary file for another purpose than a row.
pub(super) fn part_name(what: &str, folder: &Folder) -> String {
    format!(".{what}.{}{SUFFIX}", folder.next_hex())
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
