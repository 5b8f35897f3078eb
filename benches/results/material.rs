//! Results files of every shape, made from a seed: audio that sounds enough like speech to be judged as such.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Samples a second.
const RATE: usize = 24_000;

/// Audio that is made; clips are cut out of it, and longer ones go round in it.
const POOL_SECONDS: usize = 60;

/// How many keys of what length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// 2,000 keys of about 6 s.
    Mid,
    /// 20 keys of 10 min.
    Giant,
    /// 100,000 keys of about 0.2 s.
    Small,
}

impl Shape {
    fn keys(self) -> usize {
        match self {
            Shape::Mid => 2_000,
            Shape::Giant => 20,
            Shape::Small => 100_000,
        }
    }

    fn samples(self, random: &mut Random) -> usize {
        let (mean, spread) = match self {
            Shape::Mid => (6 * RATE, true),
            Shape::Giant => (600 * RATE, false),
            Shape::Small => (RATE / 5, true),
        };
        if spread { mean / 2 + random.below(mean) } else { mean }
    }
}

/// A results file.
pub struct Results {
    pub path: PathBuf,
    pub keys: usize,
    /// File name and size of what shall come out.
    pub files: Vec<(String, usize)>,
    pub bytes: u64,
}

impl Results {
    /// Writes the file. One line of a hundred has no audio, one key of seven is not ASCII.
    pub fn make(path: &Path, shape: Shape, fewer: usize, seed: u64) -> Result<Results> {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let pool = speech(&mut random);
        let keys = (shape.keys() / fewer).max(2);
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path).context("the results file")?);
        let (mut files, mut pcm, mut text) = (Vec::new(), Vec::new(), String::new());
        for n in 0..keys {
            // As in real projects: some keys outside ASCII, and now and then a sign beyond 16 bits.
            let key = match (n % 70, n % 7) {
                (3, _) => format!("🎧clip-{n:06}"),
                (_, 3) => format!("ключ-ж{n:06}"),
                _ => format!("chapter-{n:06}"),
            };
            if n % 100 == 50 {
                writeln!(out, r#"{{"error":{{"code":13,"message":"internal error"}},"key":"{key}"}}"#)?;
                continue;
            }
            let mut left = 2 * shape.samples(&mut random);
            files.push((format!("{key}.wav"), left + 44));
            pcm.clear();
            let mut from = 2 * random.below(pool.len() / 4);
            while left > 0 {
                let now = left.min(pool.len() - from);
                pcm.extend_from_slice(&pool[from..from + now]);
                (left, from) = (left - now, 0);
            }
            text.clear();
            STANDARD.encode_string(&pcm, &mut text);
            let tokens = pcm.len() / 1920;
            out.write_all(br#"{"response":{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"audio/L16;codec=pcm;rate=24000","data":""#)?;
            out.write_all(text.as_bytes())?;
            writeln!(
                out,
                r#""}}}}],"role":"model"}},"finishReason":"STOP","index":0}}],"usageMetadata":{{"promptTokenCount":12,"candidatesTokenCount":{tokens},"totalTokenCount":{},"promptTokensDetails":[{{"modality":"TEXT","tokenCount":12}}],"candidatesTokensDetails":[{{"modality":"AUDIO","tokenCount":{tokens}}}]}},"modelVersion":"gemini-2.5-flash-preview-tts","responseId":"r{n:012}"}},"key":"{key}"}}"#,
                tokens + 12
            )?;
        }
        let bytes = out.into_inner().map_err(|error| error.into_error())?.metadata()?.len();
        Ok(Results { path: path.to_owned(), keys, files, bytes })
    }

    /// What it is called in the table.
    pub fn title(&self, shape: Shape) -> String {
        let length = match shape {
            Shape::Mid => "6 s",
            Shape::Giant => "10 min",
            Shape::Small => "0.2 s",
        };
        format!("{} keys of {length} ({} MB)", self.keys, self.bytes / 1_000_000)
    }
}

/// Pitch pulses through two resonances, in words with pauses between them, and a little breath.
fn speech(random: &mut Random) -> Vec<u8> {
    let (mut a, mut b) = ([0.0f64; 2], [0.0f64; 2]);
    let mut pcm = Vec::with_capacity(2 * RATE * POOL_SECONDS);
    for n in 0..RATE * POOL_SECONDS {
        let breath = (random.below(65_536) as f64 / 65_536.0 - 0.5) * 0.05;
        let pulse = if n % 190 == 0 { 1.0 } else { 0.0 } + breath;
        let first = pulse + 1.96 * a[0] - 0.975 * a[1];
        a = [first, a[0]];
        let second = first * 0.2 + 1.7 * b[0] - 0.94 * b[1];
        b = [second, b[0]];
        let swell = (n as f64 / 3_000.0).sin().abs();
        let sample = ((first + second) * swell * 1_200.0).clamp(-32_000.0, 32_000.0) as i16;
        pcm.extend_from_slice(&sample.to_le_bytes());
    }
    pcm
}

/// Xorshift: the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % most
    }
}
