//! What a MIME type says about audio. The service spells the same thing in several ways.

use super::{Format, wav};

/// The sample rate of every model that we know, when the MIME type leaves it out.
const DEFAULT_RATE: u32 = 24_000;

/// Audio, as a MIME type announces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mime {
    /// Bare 16-bit samples. RFC 3551 makes them big-endian; the service sends them little-endian.
    Pcm(Format),
    /// A file with a header of its own.
    Wav,
    /// Something that we do not write; its name without parameters, lower-case.
    Other(String),
}

impl Mime {
    /// Reads `audio/L16;codec=pcm;rate=24000`, `audio/l16; rate=24000; channels=1`, `audio/wav` and their like.
    pub fn parse(text: &str) -> Mime {
        let lower = text.to_ascii_lowercase();
        let mut parts = lower.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        match name {
            "audio/l16" | "audio/pcm" | "audio/raw" => {}
            "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => return Mime::Wav,
            _ => return Mime::Other(name.to_owned()),
        }
        let mut format = Format { sample_rate: DEFAULT_RATE, channels: 1 };
        for parameter in parts {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            let value = value.trim().trim_matches('"');
            let readable = match name.trim() {
                "rate" => value.parse().map(|rate| format.sample_rate = rate).is_ok() && format.sample_rate > 0,
                "channels" => value.parse().map(|channels| format.channels = channels).is_ok() && format.channels > 0,
                _ => true,
            };
            if !readable {
                return Mime::Other(lower);
            }
        }
        // A rate or a number of channels that no header can hold is no format that can be written.
        if wav::header(format, 0).is_none() { Mime::Other(lower) } else { Mime::Pcm(format) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_service_is_read() {
        let pcm = |sample_rate, channels| Mime::Pcm(Format { sample_rate, channels });
        let other = |name: &str| Mime::Other(name.into());
        let table = [
            ("audio/L16;codec=pcm;rate=24000", pcm(24_000, 1)),
            ("audio/l16; rate=24000; channels=1", pcm(24_000, 1)),
            ("Audio/L16 ; Rate = 44100 ; Channels = \"2\"", pcm(44_100, 2)),
            ("audio/L16", pcm(24_000, 1)),
            ("audio/L16;;rate", pcm(24_000, 1)),
            ("audio/wav", Mime::Wav),
            ("AUDIO/X-WAV; foo=bar", Mime::Wav),
            ("audio/mpeg", other("audio/mpeg")),
            ("audio/mulaw;rate=8000", other("audio/mulaw")),
            ("audio/l16;rate=0", other("audio/l16;rate=0")),
            ("audio/l16;rate=4294967295", other("audio/l16;rate=4294967295")),
            ("audio/l16;channels=32768", other("audio/l16;channels=32768")),
            ("audio/l16;rate=fast", other("audio/l16;rate=fast")),
            ("audio/l16;channels=0", other("audio/l16;channels=0")),
            ("", other("")),
        ];
        for (text, mime) in table {
            assert_eq!(Mime::parse(text), mime, "{text}");
        }
    }
}
