//! Base64 that arrives in pieces, decoded in blocks as it comes. Strict: what is not canonical is a fault with its
//! place, because a tolerant decoder turns a damaged line into audio that is a little too short.

use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::{DecodeSliceError, Engine};

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type Fast = base64::engine::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Fast = base64::engine::GeneralPurpose;

fn fast_engine() -> Fast {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    return Fast::standard(GeneralPurposeConfig::new());
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return Fast::new(&base64::alphabet::STANDARD, GeneralPurposeConfig::new());
}

/// Input bytes of a block; with its output it stays in the first cache of the processor.
const BLOCK: usize = 16 * 1024;

/// A decoder for one string after another.
pub(super) struct Decoder {
    engine: Fast,
    output: Box<[u8]>,
    /// Characters of a group of four that is not whole, and where each one stood.
    group: [(u8, u64); 4],
    held: usize,
    /// The padding has come: nothing may follow.
    padded: bool,
}

/// Why a string is not base64, and at which byte of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A byte outside of the alphabet, or padding in the wrong place.
    Byte(u8, u64),
    /// Something follows the padding.
    BehindPadding(u64),
    /// The last character has bits that belong to no byte.
    LooseBits(u64),
    /// The string ends within a group of four.
    Cut,
}

/// A fault, or the reason why the taker of the bytes stopped.
pub(super) enum Halt<Stop> {
    Fault(Fault),
    Stop(Stop),
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("held", &self.held).field("padded", &self.padded).finish_non_exhaustive()
    }
}

impl Decoder {
    pub(super) fn new() -> Self {
        Decoder {
            engine: fast_engine(),
            output: vec![0; BLOCK / 4 * 3].into_boxed_slice(),
            group: [(0, 0); 4],
            held: 0,
            padded: false,
        }
    }

    /// Begins a new string.
    pub(super) fn restart(&mut self) {
        self.held = 0;
        self.padded = false;
    }

    /// Decodes the next piece, which begins at `at`, and hands on the bytes.
    pub(super) fn push<Stop>(
        &mut self,
        mut piece: &[u8],
        mut at: u64,
        take: &mut impl FnMut(&[u8]) -> Result<(), Stop>,
    ) -> Result<(), Halt<Stop>> {
        while let [byte, rest @ ..] = piece
            && self.held > 0
        {
            self.hold(*byte, at, take)?;
            (piece, at) = (rest, at + 1);
        }
        let (groups, rest) = piece.split_at(piece.len() / 4 * 4);
        for block in groups.chunks(BLOCK) {
            if self.padded {
                return Err(Halt::Fault(Fault::BehindPadding(at)));
            }
            match self.engine.decode_slice(block, &mut self.output) {
                Ok(decoded) => take(&self.output[..decoded]).map_err(Halt::Stop)?,
                Err(DecodeSliceError::DecodeError(_)) => return Err(self.locate(block, at)),
                Err(DecodeSliceError::OutputSliceTooSmall) => {
                    unreachable!("the output holds three quarters of a block")
                }
            }
            self.padded = block.last() == Some(&b'=');
            at += block.len() as u64;
        }
        for byte in rest {
            self.hold(*byte, at, take)?;
            at += 1;
        }
        Ok(())
    }

    /// The string has ended.
    pub(super) fn finish(&self) -> Result<(), Fault> {
        if self.held == 0 { Ok(()) } else { Err(Fault::Cut) }
    }

    fn hold<Stop>(
        &mut self,
        byte: u8,
        at: u64,
        take: &mut impl FnMut(&[u8]) -> Result<(), Stop>,
    ) -> Result<(), Halt<Stop>> {
        if self.padded {
            return Err(Halt::Fault(Fault::BehindPadding(at)));
        }
        // A byte that can never be right is reported when it comes, whether its group gets whole or not.
        let may_stand_here = is_symbol(byte) || (byte == b'=' && self.held >= 2);
        if !may_stand_here {
            return Err(Halt::Fault(Fault::Byte(byte, at)));
        }
        self.group[self.held] = (byte, at);
        self.held += 1;
        if self.held < 4 {
            return Ok(());
        }
        self.held = 0;
        let mut output = [0; 3];
        match self.engine.decode_slice(self.group.map(|(byte, _)| byte), &mut output) {
            Ok(decoded) => {
                self.padded = byte == b'=';
                take(&output[..decoded]).map_err(Halt::Stop)
            }
            Err(_) => Err(Halt::Fault(fault_in(self.group))),
        }
    }

    /// Finds the fault in a block that the engine refused: engines disagree about which one they name.
    fn locate<Stop>(&self, block: &[u8], at: u64) -> Halt<Stop> {
        let mut places = at..;
        let mut padded = false;
        for group in block.chunks_exact(4) {
            let group = [group[0], group[1], group[2], group[3]].map(|byte| (byte, places.next().unwrap_or(at)));
            if padded {
                return Halt::Fault(Fault::BehindPadding(group[0].1));
            }
            let mut output = [0; 3];
            if self.engine.decode_slice(group.map(|(byte, _)| byte), &mut output).is_err() {
                return Halt::Fault(fault_in(group));
            }
            padded = group[3].0 == b'=';
        }
        Halt::Fault(Fault::Cut)
    }
}

/// The fault of a group of four that is known to have one.
fn fault_in(group: [(u8, u64); 4]) -> Fault {
    for (n, (byte, at)) in group.into_iter().enumerate() {
        let may_stand_here = is_symbol(byte) || (byte == b'=' && n >= 2);
        if !may_stand_here {
            return Fault::Byte(byte, at);
        }
    }
    match group {
        [_, _, (b'=', _), (byte, at)] if byte != b'=' => Fault::Byte(b'=', at - 1),
        [_, (_, at), (b'=', _), _] => Fault::LooseBits(at),
        [_, _, (_, at), _] => Fault::LooseBits(at),
    }
}

fn is_symbol(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

impl Fault {
    /// In words, with places counted from `start`.
    pub(super) fn describe(self, start: u64) -> String {
        match self {
            Fault::Byte(byte @ 0x21..=0x7e, at) => {
                format!("the audio is not base64: “{}” at byte {}", char::from(byte), at - start)
            }
            Fault::Byte(byte, at) => format!("the audio is not base64: 0x{byte:02x} at byte {}", at - start),
            Fault::BehindPadding(at) => {
                format!("the audio is not base64: more follows the padding at byte {}", at - start)
            }
            Fault::LooseBits(at) => format!("the audio is not base64: loose bits at byte {}", at - start),
            Fault::Cut => "the audio is not base64: it ends within a group of four".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn decode(pieces: &[&[u8]]) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        let mut take = |decoded: &[u8]| {
            bytes.extend_from_slice(decoded);
            Ok::<(), Infallible>(())
        };
        let (mut decoder, mut at) = (Decoder::new(), 100);
        decoder.restart();
        for piece in pieces {
            match decoder.push(piece, at, &mut take) {
                Ok(()) => {}
                Err(Halt::Fault(fault)) => return Err(fault),
                Err(Halt::Stop(never)) => match never {},
            }
            at += piece.len() as u64;
        }
        decoder.finish()?;
        Ok(bytes)
    }

    #[test]
    fn a_fault_is_named_with_its_place_however_the_text_is_cut() {
        let long = "A".repeat(40_000);
        let table: Vec<(String, Fault)> = vec![
            ("AAAA!AAA".into(), Fault::Byte(b'!', 104)),
            (format!("{long}!AAA"), Fault::Byte(b'!', 40_100)),
            ("AAAA AAA".into(), Fault::Byte(b' ', 104)),
            ("AAA\nAAAA".into(), Fault::Byte(b'\n', 103)),
            ("AA-_".into(), Fault::Byte(b'-', 102)),
            ("AA".into(), Fault::Cut),
            ("AAA".into(), Fault::Cut),
            ("AAAAA".into(), Fault::Cut),
            ("A===".into(), Fault::Byte(b'=', 101)),
            ("====".into(), Fault::Byte(b'=', 100)),
            ("AA=A".into(), Fault::Byte(b'=', 102)),
            ("AA==AAAA".into(), Fault::BehindPadding(104)),
            ("AAA=A".into(), Fault::BehindPadding(104)),
            ("AB==".into(), Fault::LooseBits(101)),
            ("AAB=".into(), Fault::LooseBits(102)),
            ("AAAA\u{e9}AA".into(), Fault::Byte(0xc3, 104)),
        ];
        for (text, fault) in table {
            let bytes = text.as_bytes();
            for cut in (0..=bytes.len()).filter(|cut| bytes.len() < 100 || cut % 4_001 < 3) {
                let (head, tail) = bytes.split_at(cut);
                assert_eq!(decode(&[head, tail]), Err(fault), "{:.20} cut at {cut}", text);
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..40_000), cut in 0usize..60_000) {
            let text = STANDARD.encode(&bytes);
            let (head, tail) = text.as_bytes().split_at(cut.min(text.len()));
            prop_assert_eq!(decode(&[head, tail]), Ok(bytes));
        }

        #[test]
        fn what_the_crate_refuses_is_refused(text in "[A-D+/=!]{0,12}", cut in 0usize..12) {
            let (head, tail) = text.as_bytes().split_at(cut.min(text.len()));
            prop_assert_eq!(decode(&[head, tail]).ok(), STANDARD.decode(&text).ok());
        }
    }
}
