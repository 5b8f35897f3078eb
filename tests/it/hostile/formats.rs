//! Audio in every format that may come: MIME types, WAV files whole and broken, several parts, several candidates.

use super::case::{Case, Expect, L16, Name, answer, candidate, file, part, part_mime_last, reason};
use super::sound::{Sound, base64, chunk, fmt, riff, riff_sized, sized};

pub fn cases() -> Vec<Case> {
    let mut cases = mimes();
    cases.extend(wavs());
    cases.extend(unusable_wavs());
    cases.extend(parts());
    cases.extend(verdicts());
    cases
}

fn numbered(prefix: &'static str) -> impl FnMut((usize, (String, String, Expect))) -> Case {
    move |(n, (what, rest, expect))| Case::new(&format!("{prefix}-{n:03}"), what, rest, expect)
}

fn mimes() -> Vec<Case> {
    let mut table: Vec<(String, String, Expect)> = Vec::new();
    let mut good = |mime: String, sound: Sound| {
        let data = sound.base64();
        table.push((mime.clone(), answer(&part(&mime, &data)), file(sound.clone())));
        table.push((format!("{mime}, behind the data"), answer(&part_mime_last(&mime, &data)), file(sound)));
    };
    for rate in [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000] {
        good(format!("audio/L16;codec=pcm;rate={rate}"), Sound::tone(u64::from(rate), rate, 1));
    }
    for channels in 1..=8 {
        good(format!("audio/l16; rate=16000; channels={channels}"), Sound::of(7, 16_000, channels, 2_000));
    }
    for mime in
        ["audio/L16", "audio/L16;codec=pcm", "AUDIO/PCM", "audio/l16; ; charset=x", "audio/L16;rate=\\\"24000\\\""]
    {
        good(mime.to_owned(), Sound::usual(8));
    }
    good("Audio/L16 ; Channels=2 ; Rate = 48000".to_owned(), Sound::tone(9, 48_000, 2));

    let tone = Sound::usual(10);
    for (mime, says) in [
        ("audio/L16;rate=0", "rate=0"),
        ("audio/L16;rate=-1", "rate=-1"),
        ("audio/L16;rate=fast", "rate=fast"),
        ("audio/L16;rate=4294967296", "rate=4294967296"),
        ("audio/L16;rate=4294967295", "4294967295"),
        ("audio/L16;rate=24000;channels=0", "channels=0"),
        ("audio/L16;rate=24000;channels=40000", "channels=40000"),
        ("audio/L16;rate=24000;channels=65536", "channels=65536"),
        ("audio/mpeg", "audio/mpeg"),
        ("audio/ogg; codecs=opus", "audio/ogg"),
        ("audio/mulaw;rate=8000", "audio/mulaw"),
        ("audio/L24;rate=24000", "audio/l24"),
        ("text/plain", "text/plain"),
        ("image/png", "image/png"),
        ("application/octet-stream", "application/octet-stream"),
        ("", "cannot write"),
        ("audio/\\u001b]0;x\\u0007", "audio/␛]0"),
    ] {
        let expect = reason("wrong-format", says);
        table.push((format!("MIME type {mime:?}"), answer(&part(mime, &tone.base64())), expect.clone()));
        table.push((format!("{mime:?} behind the data"), answer(&part_mime_last(mime, &tone.base64())), expect));
    }
    let without = format!(r#"{{"inlineData":{{"data":"{}"}}}}"#, tone.base64());
    table.push(("no MIME type".into(), answer(&without), reason("wrong-format", "without a MIME type")));
    let null = format!(r#"{{"inlineData":{{"mimeType":null,"data":"{}"}}}}"#, tone.base64());
    table.push(("a MIME type that is null".into(), answer(&null), reason("wrong-format", "without a MIME type")));
    let frames = answer(&part("audio/l16;rate=24000;channels=2", &base64(&tone.pcm[..tone.pcm.len() / 4 * 4 - 2])));
    table.push(("half a frame of two channels".into(), frames, reason("error", "within a frame")));
    table.into_iter().enumerate().map(numbered("mime")).collect()
}

/// WAV files that can be used, however odd they are.
fn wavs() -> Vec<Case> {
    let tone = Sound::usual(20);
    let stereo = Sound::tone(21, 44_100, 2);
    let (head, data) = (chunk(b"fmt ", &fmt(1, 1, 24_000, 16)), chunk(b"data", &tone.pcm));
    let mut extensible = fmt(0xfffe, 1, 24_000, 16);
    extensible.extend_from_slice(&[22, 0, 16, 0, 4, 0, 0, 0, 1, 0]);
    extensible.extend_from_slice(&[0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    let list = chunk(b"LIST", b"INFOISFT\x0a\0\0\0data fmt \0\0");
    let odd = chunk(b"LIST", b"INFOISFT\x03\0\0\0abc");
    let size = tone.pcm.len() as u32;
    let table: Vec<(&str, Vec<u8>)> = vec![
        ("a proper file", riff(&[&head[..], &data].concat())),
        (
            "a fmt of 18 bytes",
            riff(&[chunk(b"fmt ", &[&fmt(1, 1, 24_000, 16)[..], &[0, 0]].concat()), data.clone()].concat()),
        ),
        ("an extensible fmt", riff(&[chunk(b"fmt ", &extensible), data.clone()].concat())),
        ("a LIST in front of fmt", riff(&[&list[..], &head, &data].concat())),
        ("a LIST between fmt and data", riff(&[&head[..], &list, &data].concat())),
        ("a LIST behind the data", riff(&[&head[..], &data, &list].concat())),
        ("a LIST of odd size on both sides", riff(&[&head[..], &odd, &data, &odd].concat())),
        (
            "JUNK, fact, bext and id3",
            riff(
                &[
                    chunk(b"JUNK", &[0; 28]),
                    head.clone(),
                    chunk(b"fact", &size.to_le_bytes()),
                    chunk(b"bext", &[0; 602]),
                    data.clone(),
                    chunk(b"id3 ", b"ID3abc"),
                ]
                .concat(),
            ),
        ),
        ("a RIFF size of zero", riff_sized(0, &[&head[..], &data].concat())),
        ("a RIFF size of a stream", riff_sized(u32::MAX, &[&head[..], &data].concat())),
        ("a RIFF size that is too small", riff_sized(40, &[&head[..], &data].concat())),
        ("a data size of zero", riff_sized(0, &[&head[..], &sized(b"data", 0, &tone.pcm)].concat())),
        ("a data size of a stream", riff_sized(u32::MAX, &[&head[..], &sized(b"data", u32::MAX, &tone.pcm)].concat())),
        ("a data size of a signed stream", riff(&[&head[..], &sized(b"data", 0x7fff_ffff, &tone.pcm)].concat())),
        (
            "a data size of a stream less a header",
            riff(&[&head[..], &sized(b"data", u32::MAX - 36, &tone.pcm)].concat()),
        ),
        ("a data size that is too large", riff(&[&head[..], &sized(b"data", size + 4_096, &tone.pcm)].concat())),
        ("a data size that is too small", riff(&[&head[..], &sized(b"data", size / 2 / 4 * 4, &tone.pcm)].concat())),
    ];
    let mut rows: Vec<(String, String, Expect)> = Vec::new();
    for (what, bytes) in &table {
        rows.push(((*what).to_owned(), answer(&part("audio/wav", &base64(bytes))), file(tone.clone())));
    }
    let proper = base64(&table[0].1);
    for mime in ["audio/x-wav", "AUDIO/WAV; foo=bar", "audio/wave", "audio/vnd.wave", "audio/L16;rate=8000;channels=2"]
    {
        rows.push((format!("a file under {mime:?}"), answer(&part(mime, &proper)), file(tone.clone())));
        rows.push((format!("a file in front of {mime:?}"), answer(&part_mime_last(mime, &proper)), file(tone.clone())));
    }
    rows.push(("a file of 44100 Hz × 2".into(), answer(&part("audio/wav", &base64(&stereo.file()))), file(stereo)));
    rows.into_iter().enumerate().map(numbered("wav")).collect()
}

fn unusable_wavs() -> Vec<Case> {
    let tone = Sound::usual(30);
    let data = chunk(b"data", &tone.pcm);
    let with = |fmt: Vec<u8>| riff(&[chunk(b"fmt ", &fmt), data.clone()].concat());
    let empty = riff(&[chunk(b"fmt ", &fmt(1, 1, 24_000, 16)), chunk(b"data", &[])].concat());
    let table: Vec<(&str, Vec<u8>, &'static str, &'static str)> = vec![
        ("a header without samples", empty, "empty", "the audio is empty"),
        ("8 bits", with(fmt(1, 1, 24_000, 8)), "wrong-format", "8-bit"),
        ("24 bits", with(fmt(1, 1, 24_000, 24)), "wrong-format", "24-bit"),
        ("32 bits", with(fmt(1, 1, 24_000, 32)), "wrong-format", "32-bit"),
        ("floating point", with(fmt(3, 1, 24_000, 32)), "wrong-format", "floating-point"),
        ("A-law", with(fmt(6, 1, 8_000, 8)), "wrong-format", "A-law"),
        ("µ-law", with(fmt(7, 1, 8_000, 8)), "wrong-format", "µ-law"),
        ("ADPCM", with(fmt(2, 1, 8_000, 4)), "wrong-format", "format 2"),
        ("MP3 in RIFF", with(fmt(0x55, 1, 24_000, 0)), "wrong-format", "format 85"),
        ("a rate of zero", with(fmt(1, 1, 0, 16)), "wrong-format", "zero"),
        ("no channels", with(fmt(1, 0, 24_000, 16)), "wrong-format", "zero"),
        ("a rate of 4294967295", with(fmt(1, 1, u32::MAX, 16)), "wrong-format", "absurd"),
        ("40000 channels", with(fmt(1, 40_000, 24_000, 16)), "wrong-format", "absurd"),
        ("no fmt", riff(&data), "wrong-format", "does not say its format"),
        ("no data chunk", riff(&chunk(b"fmt ", &fmt(1, 1, 24_000, 16))), "wrong-format", "without a data chunk"),
        ("cut within fmt", riff(&chunk(b"fmt ", &fmt(1, 1, 24_000, 16))[..20]), "wrong-format", "without a data chunk"),
        ("only a RIFF head", riff(&[]), "wrong-format", "without a data chunk"),
        ("RF64", [b"RF64".as_slice(), &tone.file()[4..]].concat(), "wrong-format", "without a RIFF header"),
        ("big-endian RIFX", [b"RIFX".as_slice(), &tone.file()[4..]].concat(), "wrong-format", "without a RIFF header"),
        ("bare samples", tone.pcm.clone(), "wrong-format", "without a RIFF header"),
        (
            "an odd byte behind the samples",
            riff(&[chunk(b"fmt ", &fmt(1, 1, 24_000, 16)), sized(b"data", 5, &[1, 2, 3, 4, 5])].concat()),
            "error",
            "odd number of bytes",
        ),
    ];
    let row = |(what, bytes, verdict, says): (&str, Vec<u8>, &'static str, &'static str)| {
        (what.to_owned(), answer(&part("audio/wav", &base64(&bytes))), reason(verdict, says))
    };
    table.into_iter().map(row).enumerate().map(numbered("badwav")).collect()
}

fn parts() -> Vec<Case> {
    let (a, b) = (Sound::of(40, 24_000, 1, 3_001), Sound::of(41, 24_000, 1, 3_500));
    let both = Sound { pcm: [&a.pcm[..], &b.pcm].concat(), ..a.clone() };
    let (one, two) = (part(L16, &a.base64()), part(L16, &b.base64()));
    let wav = part("audio/wav", &base64(&b.file()));
    let text = r#"{"text":"Here it is: \u003c"}"#;
    let signed = r#"{"text":"","thoughtSignature":"bm90IGEgcmVhbCBzaWduYXR1cmU="}"#;
    let snake = one.replace("inlineData", "inline_data").replace("mimeType", "mime_type");
    let half_snake = one.replace("mimeType", "mime_type");
    let spoken = |parts: &str| format!(r#""content":{{"parts":[{parts}]}},"finishReason":"STOP""#);
    let refused = r#""finishReason":"OTHER","index":0"#;
    let candidates = |first: &str, second: &str| format!(r#""response":{{"candidates":[{{{first}}},{{{second}}}]}}"#);
    let table: Vec<(&str, String, Expect)> = vec![
        ("two parts", answer(&format!("{one},{two}")), file(both.clone())),
        ("a signature, two parts", answer(&format!("{signed},{one},{two}")), file(both.clone())),
        ("text between two parts", answer(&format!("{one},{text},{two}")), file(both.clone())),
        ("a part and a WAV file", answer(&format!("{one},{wav}")), file(both)),
        ("a text in front", answer(&format!("{text},{one}")), file(a.clone())),
        ("a text behind", answer(&format!("{one},{text}")), file(a.clone())),
        ("an empty part in front", answer(&format!("{},{one}", part(L16, ""))), file(a.clone())),
        ("parts that are no parts", answer(&format!("null,7,[],{{}},{one},\"x\"")), file(a.clone())),
        ("snake case", answer(&snake), file(a.clone())),
        ("half snake case", answer(&half_snake), file(a.clone())),
        (
            "escaped names",
            answer(&one.replace("inlineData", r"\u0069nlineDat\u0061").replace("data", r"d\u0061ta")),
            file(a.clone()),
        ),
        (
            "a file URI beside it",
            answer(&format!(r#"{{"fileData":{{"fileUri":"file:///etc/passwd"}}}},{one}"#)),
            file(a.clone()),
        ),
        (
            "different rates",
            answer(&format!("{one},{}", part("audio/l16;rate=16000", &b.base64()))),
            reason("wrong-format", "different formats"),
        ),
        (
            "different channels",
            answer(&format!("{one},{}", part("audio/l16;rate=24000;channels=2", &a.base64()))),
            reason("wrong-format", "different formats"),
        ),
        (
            "audio and MP3",
            answer(&format!("{one},{}", part("audio/mpeg", "AAAA"))),
            reason("wrong-format", "audio/mpeg"),
        ),
        (
            "MP3 and audio",
            answer(&format!("{},{one}", part("audio/mpeg", "AAAA"))),
            reason("wrong-format", "audio/mpeg"),
        ),
        (
            "a good part and a broken one",
            answer(&format!("{one},{}", part(L16, "AAA!"))),
            reason("error", "not base64"),
        ),
        ("two candidates", candidates(&spoken(&one), &spoken(&two)), file(a.clone())),
        ("a second candidate without audio", candidates(&spoken(&one), refused), file(a.clone())),
        ("audio in the second candidate only", candidates(refused, &spoken(&one)), reason("empty", "OTHER")),
        ("a broken second candidate", candidates(&spoken(&one), &spoken(&part(L16, "!!!!"))), file(a)),
    ];
    let row = |(what, rest, expect): (&str, String, Expect)| (what.to_owned(), rest, expect);
    table.into_iter().map(row).enumerate().map(numbered("part")).collect()
}

/// Audio that has a file and yet needs a look.
fn verdicts() -> Vec<Case> {
    let silence = Sound { rate: 24_000, channels: 1, pcm: vec![0; 48_000] };
    let mut state = 9_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as i16).to_le_bytes()
    });
    let noise = Sound { pcm: noise.take(24_000).flatten().collect(), ..silence.clone() };
    let square = (0..24_000).flat_map(|n| if n / 60 % 2 == 0 { i16::MAX } else { i16::MIN }.to_le_bytes());
    let square = Sound { pcm: square.collect(), ..silence.clone() };
    let soft = Sound::of(50, 24_000, 1, 24_000).pcm;
    let soft = soft.chunks(2).flat_map(|two| (i16::from_le_bytes([two[0], two[1]]) / 60).to_le_bytes());
    let soft = Sound { pcm: soft.collect(), ..silence.clone() };
    let tone = Sound::usual(51);
    let cut = format!(r#""content":{{"parts":[{}]}},"finishReason":"MAX_TOKENS""#, part(L16, &tone.base64()));
    let billed = format!(
        r#"{},"usageMetadata":{{"promptTokenCount":9,"candidatesTokensDetails":[{{"modality":"AUDIO","tokenCount":500}}]}}}}"#,
        answer(&part(L16, &tone.base64())).trim_end_matches('}')
    );
    let plain = |sound: &Sound| answer(&part(L16, &sound.base64()));
    let table = vec![
        ("silence", plain(&silence), "silent", silence),
        ("noise", plain(&noise), "noise", noise),
        ("a square of full scale", plain(&square), "clipped", square),
        ("hardly anything", plain(&soft), "quiet", soft),
        ("stopped at the limit", candidate(&cut), "truncated", tone.clone()),
        ("a quarter of a second for 500 tokens", billed, "truncated", tone),
    ];
    let row = |(what, rest, verdict, sound): (&str, String, &'static str, Sound)| {
        (what.to_owned(), rest, Expect::File { verdict, name: Name::Plain, sound })
    };
    table.into_iter().map(row).enumerate().map(numbered("verdict")).collect()
}
