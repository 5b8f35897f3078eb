//! WAV headers: the 44 bytes in front of what we write, and a reader for what the service sends as `audio/wav`.
//!
//! Pure. The reader takes bytes as they come, in pieces of any size, and holds no samples.

use super::Format;

/// The bytes of a WAV file in front of its samples.
pub const HEADER_BYTES: usize = 44;

/// The most PCM bytes that a WAV file can hold: its size fields are 32 bits wide and count the header's rest too.
pub const MOST_PCM_BYTES: u64 = u32::MAX as u64 - 36 - 3;

/// The header of a file with so many bytes of 16-bit PCM; `None` when they do not fit into a WAV file.
pub fn header(format: Format, pcm_bytes: u64) -> Option<[u8; HEADER_BYTES]> {
    if pcm_bytes > MOST_PCM_BYTES {
        return None;
    }
    let size = u32::try_from(pcm_bytes).ok()?;
    let frame = format.channels.checked_mul(2)?;
    let mut header = [0; HEADER_BYTES];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        header[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(b"RIFF");
    put(&(36 + size).to_le_bytes());
    put(b"WAVEfmt ");
    put(&16u32.to_le_bytes());
    put(&1u16.to_le_bytes());
    put(&format.channels.to_le_bytes());
    put(&format.sample_rate.to_le_bytes());
    put(&format.sample_rate.checked_mul(u32::from(frame))?.to_le_bytes());
    put(&frame.to_le_bytes());
    put(&16u16.to_le_bytes());
    put(b"data");
    put(&size.to_le_bytes());
    Some(header)
}

/// Takes the container off a payload: raw PCM passes through, of a RIFF file only the samples pass.
///
/// The bytes decide, not the MIME type: the service has sent whole WAV files and bare samples under similar names,
/// and a WAV file wrapped into a second one begins with a click that nobody notices in a table.
#[derive(Debug)]
pub struct Unwrap {
    state: State,
    /// Bytes of a header that has not arrived as a whole.
    held: Vec<u8>,
    fmt: Option<Fmt>,
    saw_data: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Fewer than twelve bytes have come.
    Sniffing,
    Raw,
    ChunkHeader,
    /// Inside `fmt `, with so many bytes left to hold.
    Fmt(u32),
    /// Inside a chunk that does not matter, or its padding.
    Skip(u64),
    Data(u64),
    /// In a data chunk whose size field cannot be true: up to the end.
    DataToTheEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fmt {
    tag: u16,
    format: Format,
    bits: u16,
}

/// What a payload turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Container {
    /// No container: the MIME type says what the samples are.
    Raw,
    /// A WAV file with 16-bit samples.
    Wav(Format),
    /// A WAV file that we cannot use; says why.
    Unusable(String),
}

impl Default for Unwrap {
    fn default() -> Self {
        Unwrap { state: State::Sniffing, held: Vec::new(), fmt: None, saw_data: false }
    }
}

/// More than any real `fmt ` chunk; a longer one is read as far as this.
const MOST_FMT_BYTES: usize = 64;

impl Unwrap {
    /// Takes the next bytes and hands on those that are samples.
    pub fn push<E>(&mut self, mut bytes: &[u8], samples: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        while !bytes.is_empty() {
            match self.state {
                State::Raw | State::DataToTheEnd => return samples(bytes),
                State::Sniffing => {
                    if !self.hold(&mut bytes, 12) {
                        return Ok(());
                    }
                    self.sniff(samples)?;
                }
                State::ChunkHeader => {
                    if !self.hold(&mut bytes, 8) {
                        return Ok(());
                    }
                    self.chunk(samples)?;
                }
                State::Fmt(size) => {
                    let kept = (size as usize).min(MOST_FMT_BYTES);
                    if !self.hold(&mut bytes, kept) {
                        return Ok(());
                    }
                    self.fmt = Fmt::read(&self.held);
                    self.held.clear();
                    self.skip(u64::from(size) - kept as u64 + u64::from(size % 2));
                }
                State::Skip(left) => {
                    let now = left.min(bytes.len() as u64);
                    bytes = &bytes[now as usize..];
                    self.skip(left - now);
                }
                State::Data(left) => {
                    let now = left.min(bytes.len() as u64);
                    let (data, rest) = bytes.split_at(now as usize);
                    samples(data)?;
                    bytes = rest;
                    self.state = if left == now { State::ChunkHeader } else { State::Data(left - now) };
                }
            }
        }
        Ok(())
    }

    /// The payload has ended: hands on what was held back, and says what it was.
    pub fn finish<E>(&mut self, samples: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<Container, E> {
        let done = std::mem::take(self);
        let container = match done.state {
            State::Sniffing => {
                samples(&done.held)?;
                Container::Raw
            }
            State::Raw => Container::Raw,
            State::ChunkHeader | State::Fmt(_) | State::Skip(_) | State::Data(_) | State::DataToTheEnd => {
                match done.fmt {
                    _ if !done.saw_data => Container::Unusable("a WAV file without a data chunk".into()),
                    None => Container::Unusable("a WAV file that does not say its format".into()),
                    Some(fmt) => fmt.container(),
                }
            }
        };
        Ok(container)
    }

    fn hold(&mut self, bytes: &mut &[u8], wanted: usize) -> bool {
        let now = wanted.saturating_sub(self.held.len()).min(bytes.len());
        self.held.extend_from_slice(&bytes[..now]);
        *bytes = &bytes[now..];
        self.held.len() >= wanted
    }

    fn sniff<E>(&mut self, samples: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.held.starts_with(b"RIFF") && self.held[8..12] == *b"WAVE" {
            self.state = State::ChunkHeader;
        } else {
            self.state = State::Raw;
            samples(&self.held)?;
        }
        self.held.clear();
        Ok(())
    }

    fn chunk<E>(&mut self, samples: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let id = [self.held[0], self.held[1], self.held[2], self.held[3]];
        let size = u32::from_le_bytes([self.held[4], self.held[5], self.held[6], self.held[7]]);
        if self.saw_data && !id.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
            // The data chunk was longer than its size field said, as in a stream whose length was not known ahead.
            self.state = State::DataToTheEnd;
            samples(&self.held)?;
            self.held.clear();
            return Ok(());
        }
        self.held.clear();
        match &id {
            b"fmt " => self.state = State::Fmt(size),
            b"data" => {
                self.saw_data = true;
                self.state = match size {
                    0 => State::ChunkHeader,
                    0x7fff_0000.. => State::DataToTheEnd,
                    _ => State::Data(u64::from(size)),
                };
            }
            _ => self.skip(u64::from(size) + u64::from(size % 2)),
        }
        Ok(())
    }

    fn skip(&mut self, left: u64) {
        self.state = if left == 0 { State::ChunkHeader } else { State::Skip(left) };
    }
}

impl Fmt {
    fn read(chunk: &[u8]) -> Option<Fmt> {
        let word = |at: usize| chunk.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
        let (low, high) = (word(4)?, word(6)?);
        let tag = match word(0)? {
            // WAVE_FORMAT_EXTENSIBLE: the real tag opens the sub-format.
            0xfffe => word(24)?,
            tag => tag,
        };
        let format = Format { sample_rate: u32::from(low) | u32::from(high) << 16, channels: word(2)? };
        Some(Fmt { tag, format, bits: word(14)? })
    }

    fn container(self) -> Container {
        let Fmt { tag, format, bits } = self;
        match (tag, bits) {
            _ if format.sample_rate == 0 || format.channels == 0 => {
                Container::Unusable("a WAV file with a sample rate or a channel count of zero".into())
            }
            (1, 16) if header(format, 0).is_none() => {
                Container::Unusable("a WAV file with an absurd sample rate or channel count".into())
            }
            (1, 16) => Container::Wav(format),
            (1, bits) => Container::Unusable(format!("a WAV file with {bits}-bit samples")),
            (3, _) => Container::Unusable("a WAV file with floating-point samples".into()),
            (6, _) => Container::Unusable("a WAV file with A-law samples".into()),
            (7, _) => Container::Unusable("a WAV file with µ-law samples".into()),
            (tag, _) => Container::Unusable(format!("a WAV file in format {tag}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    const MONO: Format = Format { sample_rate: 24_000, channels: 1 };

    fn unwrap(pieces: &[&[u8]]) -> (Container, Vec<u8>) {
        let mut samples = Vec::new();
        let mut sink = |bytes: &[u8]| {
            samples.extend_from_slice(bytes);
            Ok::<(), Infallible>(())
        };
        let mut unwrap = Unwrap::default();
        for piece in pieces {
            unwrap.push(piece, &mut sink).unwrap();
        }
        let container = unwrap.finish(&mut sink).unwrap();
        (container, samples)
    }

    fn wav(chunks: &[(&[u8; 4], u32, &[u8])]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
        for (id, size, body) in chunks {
            file.extend_from_slice(*id);
            file.extend_from_slice(&size.to_le_bytes());
            file.extend_from_slice(body);
        }
        file
    }

    fn fmt(tag: u16, bits: u16) -> Vec<u8> {
        let mut fmt = Vec::new();
        for word in [tag, 2, 44_100, 0, 0, 0, 4, bits] {
            fmt.extend_from_slice(&word.to_le_bytes());
        }
        fmt
    }

    #[test]
    fn another_reader_reads_our_header() {
        let samples: Vec<u8> = (0..200i16).flat_map(|n| (n * 100).to_le_bytes()).collect();
        for format in [MONO, Format { sample_rate: 44_100, channels: 2 }] {
            let mut file = header(format, samples.len() as u64).unwrap().to_vec();
            file.extend_from_slice(&samples);
            let mut reader = hound::WavReader::new(&file[..]).unwrap();
            let spec = reader.spec();
            assert_eq!(
                (spec.sample_rate, spec.channels, spec.bits_per_sample),
                (format.sample_rate, format.channels, 16)
            );
            let read: Vec<i16> = reader.samples().map(Result::unwrap).collect();
            assert_eq!(read, (0..200).map(|n| n * 100).collect::<Vec<i16>>());
        }
    }

    #[test]
    fn a_header_that_cannot_be_true_is_not_made() {
        assert!(header(MONO, 0).is_some());
        assert!(header(MONO, MOST_PCM_BYTES).is_some());
        assert_eq!(header(MONO, MOST_PCM_BYTES + 1), None);
        assert_eq!(header(MONO, 1 << 32), None);
        assert_eq!(header(Format { sample_rate: u32::MAX, channels: 2 }, 4), None);
    }

    #[test]
    fn a_container_comes_off_once_however_it_is_cut() {
        let stereo = Container::Wav(Format { sample_rate: 44_100, channels: 2 });
        let pcm = fmt(1, 16);
        let mut extensible = fmt(0xfffe, 16);
        extensible.extend_from_slice(&[22, 0, 16, 0, 3, 0, 0, 0, 1, 0]);
        extensible.extend_from_slice(&[0; 14]);
        let table: Vec<(&str, Vec<u8>, Container, &[u8])> = vec![
            ("raw", vec![1, 2, 3, 4], Container::Raw, &[1, 2, 3, 4]),
            ("raw, longer than a RIFF head", vec![9; 40], Container::Raw, &[9; 40]),
            ("nothing", vec![], Container::Raw, &[]),
            ("only a head", b"RIFF\0\0\0\0WAV".to_vec(), Container::Raw, b"RIFF\0\0\0\0WAV"),
            ("plain", wav(&[(b"fmt ", 16, &pcm), (b"data", 4, &[1, 2, 3, 4])]), stereo.clone(), &[1, 2, 3, 4]),
            ("extensible", wav(&[(b"fmt ", 40, &extensible), (b"data", 2, &[1, 2])]), stereo.clone(), &[1, 2]),
            (
                "extra chunks, one of odd size",
                wav(&[(b"JUNK", 3, &[0; 4]), (b"fmt ", 16, &pcm), (b"data", 4, &[1, 2, 3, 4]), (b"LIST", 4, &[7; 4])]),
                stereo.clone(),
                &[1, 2, 3, 4],
            ),
            (
                "no size yet",
                wav(&[(b"fmt ", 16, &pcm), (b"data", 0, &[1, 2, 0, 4, 5, 6, 7, 8, 9, 10])]),
                stereo.clone(),
                &[1, 2, 0, 4, 5, 6, 7, 8, 9, 10],
            ),
            ("size of a stream", wav(&[(b"fmt ", 16, &pcm), (b"data", u32::MAX, &[1, 2])]), stereo.clone(), &[1, 2]),
            ("size too large", wav(&[(b"fmt ", 16, &pcm), (b"data", 90, &[1, 2])]), stereo.clone(), &[1, 2]),
            ("no samples", wav(&[(b"fmt ", 16, &pcm), (b"data", 0, &[])]), stereo, &[]),
            (
                "24 bits",
                wav(&[(b"fmt ", 16, &fmt(1, 24)), (b"data", 2, &[1, 2])]),
                Container::Unusable("a WAV file with 24-bit samples".into()),
                &[1, 2],
            ),
            (
                "no data chunk",
                wav(&[(b"fmt ", 16, &pcm)]),
                Container::Unusable("a WAV file without a data chunk".into()),
                &[],
            ),
            (
                "no format",
                wav(&[(b"data", 2, &[1, 2])]),
                Container::Unusable("a WAV file that does not say its format".into()),
                &[1, 2],
            ),
        ];
        for (name, file, container, samples) in table {
            for cut in 0..=file.len() {
                let (head, tail) = file.split_at(cut);
                assert_eq!(unwrap(&[head, tail]), (container.clone(), samples.to_vec()), "{name}, cut at {cut}");
            }
            let bytes: Vec<&[u8]> = file.chunks(1).collect();
            assert_eq!(unwrap(&bytes), (container, samples.to_vec()), "{name}, byte by byte");
        }
    }
}
