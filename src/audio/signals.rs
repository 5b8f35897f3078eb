//! Made-up signals at several levels and sample rates, and what is thought of each: the rules from samples to verdict.

use super::{Facts, Format, Letters, Limits, Meter, Sound, Verdict, cause, judge};

const RATES: [u32; 6] = [8_000, 16_000, 22_050, 24_000, 44_100, 48_000];

/// Samples from −1 to 1.
type Signal = Vec<f64>;

/// Numbers that look like chance and are always the same.
struct Dice(u32);

impl Dice {
    /// From −1 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0 >> 8) / 8_388_608.0 - 1.0
    }
}

/// Pitch pulses through two resonances, in syllables with pauses between words and a little breath: as rough as speech
/// can be made in a few lines, with its levels and its correlation.
fn babble(seconds: f64, rate: u32) -> Signal {
    let rate = f64::from(rate);
    let mut dice = Dice(7);
    let resonance = |hertz: f64, width: f64| {
        let radius = (-std::f64::consts::PI * width / rate).exp();
        (2.0 * radius * (std::f64::consts::TAU * hertz / rate).cos(), -radius * radius)
    };
    let (mut first, mut second) = ([0.0f64; 2], [0.0f64; 2]);
    let mut phase = 0.0;
    let samples = (0..(seconds * rate) as usize).map(|n| {
        let at = n as f64 / rate;
        let (syllable, word) = ((at * 4.0) as usize, at * 4.0 % 7.0);
        phase += (115.0 + 25.0 * (at * 2.1).sin()) / rate;
        let pulse = if phase >= 1.0 {
            phase -= 1.0;
            1.0
        } else {
            0.0
        };
        let (a, b) = resonance([350.0, 600.0, 800.0][syllable % 3], 80.0);
        let one = pulse + dice.next() * 0.01 + a * first[0] + b * first[1];
        first = [one, first[0]];
        let (a, b) = resonance([1_200.0f64, 1_900.0, 2_400.0][syllable % 3].min(rate * 0.4), 120.0);
        let two = one * 0.3 + a * second[0] + b * second[1];
        second = [two, second[0]];
        let swell = (at * 4.0 * std::f64::consts::PI).sin().abs().powf(0.7);
        let is_pause = word > 6.0;
        (one + 0.3 * two) * if is_pause { 0.003 } else { swell }
    });
    // The floor of a room, without which the lowest bits would be those of a machine.
    let mut dice = Dice(11);
    level(samples.collect(), -20.0).into_iter().map(|sample| sample + dice.next() * 0.0008).collect()
}

fn tone(seconds: f64, rate: u32, hertz: f64) -> Signal {
    let step = std::f64::consts::TAU * hertz / f64::from(rate);
    level((0..(seconds * f64::from(rate)) as usize).map(|n| (n as f64 * step).sin()).collect(), -20.0)
}

fn noise(seconds: f64, rate: u32) -> Signal {
    let mut dice = Dice(3);
    level((0..(seconds * f64::from(rate)) as usize).map(|_| dice.next() + dice.next() + dice.next()).collect(), -20.0)
}

/// Three notes at a time, each struck and fading, half a second apart.
fn music(seconds: f64, rate: u32) -> Signal {
    let note = |n: usize| {
        let at = n as f64 / f64::from(rate);
        let chord = [[220.0, 277.2, 329.6], [196.0, 246.9, 293.7], [174.6, 220.0, 261.6]][(at * 2.0) as usize % 3];
        let fade = (-4.0 * (at * 2.0).fract()).exp();
        chord.iter().map(|hertz| (at * hertz * std::f64::consts::TAU).sin()).sum::<f64>() * fade
    };
    level((0..(seconds * f64::from(rate)) as usize).map(note).collect(), -20.0)
}

/// Breath: noise through a broad resonance that swells and fades.
fn breath(seconds: f64, rate: u32) -> Signal {
    let (mut dice, mut before) = (Dice(5), [0.0f64; 2]);
    let samples = (0..(seconds * f64::from(rate)) as usize).map(|n| {
        let out = dice.next() + 1.2 * before[0] - 0.5 * before[1];
        before = [out, before[0]];
        out * (n as f64 / f64::from(rate) * 2.0).sin().abs()
    });
    level(samples.collect(), -20.0)
}

/// The same at this mean level, in dB.
fn level(signal: Signal, db: f64) -> Signal {
    let mean = (signal.iter().map(|sample| sample * sample).sum::<f64>() / signal.len().max(1) as f64).sqrt();
    gain(signal, 20.0f64.mul_add(-mean.max(1e-12).log10(), db))
}

fn gain(signal: Signal, db: f64) -> Signal {
    let times = 10f64.powf(db / 20.0);
    signal.into_iter().map(|sample| sample * times).collect()
}

fn mix(one: Signal, other: &Signal) -> Signal {
    one.iter().zip(other).map(|(one, other)| one + other).collect()
}

fn silence(seconds: f64, rate: u32) -> Signal {
    vec![0.0; (seconds * f64::from(rate)) as usize]
}

fn bytes(signal: &Signal) -> Vec<u8> {
    let sample = |sample: &f64| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
    signal.iter().flat_map(|value| sample(value).to_le_bytes()).collect()
}

fn heard(bytes: &[u8], rate: u32) -> Sound {
    let mut meter = Meter::default();
    meter.push(&bytes[..bytes.len() / 2 * 2]);
    meter.finish(Format { sample_rate: rate, channels: 1 }).unwrap()
}

fn check(name: &str, rate: u32, bytes: &[u8], facts: Facts<'_>, expected: Verdict) {
    let sound = heard(bytes, rate);
    let verdict = judge(&sound, facts, &Limits::default());
    let cause = cause(&sound, facts, &Limits::default());
    assert_eq!(
        verdict,
        expected,
        "{name} at {rate} Hz: {cause:?} {:?} {:?}",
        sound.texture,
        Sound { peaks: super::Peaks::default(), ..sound.clone() }
    );
}

#[test]
fn every_kind_of_sound_has_its_verdict_at_every_rate() {
    for rate in RATES {
        let speech = || babble(4.0, rate);
        let offset = |signal: Signal, by: f64| signal.into_iter().map(|sample| sample + by).collect::<Signal>();
        let table: Vec<(&str, Signal, Verdict)> = vec![
            ("speech", speech(), Verdict::Ok),
            ("loud speech", level(speech(), -17.0), Verdict::Ok),
            ("soft speech", level(speech(), -40.0), Verdict::Ok),
            ("speech that is hardly heard", level(speech(), -50.0), Verdict::Quiet),
            ("speech that is not heard", level(speech(), -64.0), Verdict::Silent),
            ("digital silence", silence(4.0, rate), Verdict::Silent),
            ("nothing", silence(0.0, rate), Verdict::Empty),
            ("half a step of noise", level(noise(4.0, rate), -96.0), Verdict::Silent),
            ("a constant offset alone", offset(silence(4.0, rate), 0.25), Verdict::Silent),
            ("an offset with a little noise", offset(level(noise(4.0, rate), -90.0), -0.1), Verdict::Silent),
            ("speech on an offset", offset(speech(), 0.05), Verdict::Ok),
            ("white noise", noise(4.0, rate), Verdict::Noise),
            ("loud white noise", level(noise(4.0, rate), -6.0), Verdict::Noise),
            ("a soft hiss and nothing else", level(noise(4.0, rate), -42.0), Verdict::Noise),
            ("a beep", tone(4.0, rate, 1_000.0), Verdict::Noise),
            ("a hum", tone(4.0, rate, 120.0), Verdict::Noise),
            ("a short beep", tone(0.2, rate, 1_000.0), Verdict::Ok),
            ("hiss 20 dB under speech", mix(speech(), &level(noise(4.0, rate), -40.0)), Verdict::Ok),
            ("hiss 10 dB under speech", mix(speech(), &level(noise(4.0, rate), -30.0)), Verdict::Ok),
            ("hiss 12 dB over speech", mix(speech(), &level(noise(4.0, rate), -8.0)), Verdict::Noise),
            ("music", music(4.0, rate), Verdict::Ok),
            ("loud breath", breath(4.0, rate), Verdict::Ok),
            ("clipped speech", gain(speech(), 26.0), Verdict::Clipped),
            ("speech of flat tops alone", gain(speech(), 60.0), Verdict::Clipped),
            ("speech before a long silence", [speech(), silence(12.0, rate)].concat(), Verdict::Runaway),
            ("speech with a long gap", [speech(), silence(11.0, rate), speech()].concat(), Verdict::Runaway),
            ("speech after a long silence", [silence(10.5, rate), speech()].concat(), Verdict::Runaway),
            (
                "a word in much silence",
                [silence(2.0, rate), babble(0.6, rate), silence(2.0, rate)].concat(),
                Verdict::Runaway,
            ),
            (
                "a word with a second on each side",
                [silence(1.0, rate), babble(0.6, rate), silence(1.0, rate)].concat(),
                Verdict::Ok,
            ),
            ("speech with a pause of 3 s", [speech(), silence(3.0, rate), speech()].concat(), Verdict::Ok),
        ];
        for (name, signal, expected) in table {
            check(name, rate, &bytes(&signal), Facts::default(), expected);
        }
    }
}

#[test]
fn bytes_in_the_wrong_place_are_noise() {
    for rate in RATES {
        for db in [-14.0, -20.0, -30.0] {
            let speech = bytes(&level(babble(4.0, rate), db));
            let swapped: Vec<u8> = speech.as_chunks::<2>().0.iter().flat_map(|[low, high]| [*high, *low]).collect();
            check("swapped", rate, &swapped, Facts::default(), Verdict::Noise);
            check("shifted by one", rate, &speech[1..speech.len() - 1], Facts::default(), Verdict::Noise);
        }
    }
}

#[test]
fn the_wrong_rate_or_a_cut_shows_against_the_tokens_and_against_the_text() {
    let tokens = |seconds: f64| Facts { audio_tokens: Some((seconds * 25.0) as u64), ..Facts::default() };
    let text = |letters: u32| Facts { letters: Some(Letters { least: letters, most: letters }), ..Facts::default() };
    let at_24 = bytes(&babble(6.0, 24_000));
    let at_8 = bytes(&babble(6.0, 8_000));
    let upsampled = bytes(&babble(6.0, 8_000).into_iter().flat_map(|sample| [sample; 3]).collect());
    let table: Vec<(&str, u32, &[u8], Facts<'_>, Verdict)> = vec![
        ("as billed", 24_000, &at_24, tokens(6.0), Verdict::Ok),
        ("as written", 24_000, &at_24, text(90), Verdict::Ok),
        ("8 kHz told as 24, by its tokens", 24_000, &at_8, tokens(6.0), Verdict::Truncated),
        ("8 kHz told as 24, by its text", 24_000, &at_8, text(90), Verdict::Truncated),
        ("8 kHz made 24", 24_000, &upsampled, tokens(6.0), Verdict::Ok),
        ("24 kHz told as 8", 8_000, &at_24, tokens(6.0), Verdict::Runaway),
        ("cut to 70 %", 24_000, &at_24[..at_24.len() * 7 / 10], tokens(6.0), Verdict::Truncated),
        ("cut to 94 %", 24_000, &at_24[..at_24.len() * 94 / 100], tokens(6.0), Verdict::Truncated),
        ("cut to 97 %", 24_000, &at_24[..at_24.len() * 97 / 100], tokens(6.0), Verdict::Ok),
        ("cut to a fifth, by its text", 24_000, &at_24[..at_24.len() / 5 / 2 * 2], text(90), Verdict::Truncated),
        ("a sentence for a word", 24_000, &at_24, text(4), Verdict::Runaway),
    ];
    for (name, rate, bytes, facts, expected) in table {
        check(name, rate, bytes, facts, expected);
    }
}
