//! The thirty prebuilt voices, and how each of them sounds here.

use super::super::chance;

/// Names and whether the voice is high, in the order of the service's own table.
pub const VOICES: [(&str, bool); 30] = [
    ("Zephyr", true),
    ("Puck", false),
    ("Charon", false),
    ("Kore", true),
    ("Fenrir", false),
    ("Leda", true),
    ("Orus", false),
    ("Aoede", true),
    ("Callirrhoe", true),
    ("Autonoe", true),
    ("Enceladus", false),
    ("Iapetus", false),
    ("Umbriel", false),
    ("Algieba", false),
    ("Despina", true),
    ("Erinome", true),
    ("Algenib", false),
    ("Rasalgethi", false),
    ("Laomedeia", true),
    ("Achernar", true),
    ("Alnilam", false),
    ("Schedar", false),
    ("Gacrux", true),
    ("Pulcherrima", true),
    ("Achird", false),
    ("Zubenelgenubi", false),
    ("Vindemiatrix", true),
    ("Sadachbia", false),
    ("Sadaltager", false),
    ("Sulafat", true),
];

/// Whether a prebuilt voice has this name; case does not matter.
pub fn is_voice(name: &str) -> bool {
    VOICES.iter().any(|(voice, _)| voice.eq_ignore_ascii_case(name))
}

/// What tells one voice from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cast {
    /// The middle of its pitch, in hertz.
    pub pitch: f64,
    /// Which of the timbres it speaks with.
    pub timbre: usize,
}

/// How a voice sounds. A name outside the table gets a voice of its own from its letters.
pub fn cast(name: &str) -> Cast {
    let seed = chance::hash(&["voice", &name.to_ascii_lowercase()]);
    let known = VOICES.iter().find(|(voice, _)| voice.eq_ignore_ascii_case(name));
    let high = known.map_or(seed.is_multiple_of(2), |(_, high)| *high);
    let (low_end, range) = if high { (178.0, 56.0) } else { (92.0, 44.0) };
    let timbre = (chance::mix(seed) % 3) as usize + if high { 3 } else { 0 };
    Cast { pitch: low_end + range * chance::share(seed), timbre }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_voice_has_a_pitch_of_its_own() {
        let mut pitches: Vec<f64> = VOICES.iter().map(|(name, _)| cast(name).pitch).collect();
        pitches.sort_by(f64::total_cmp);
        assert!(pitches.windows(2).all(|pair| pair[0] < pair[1]), "{pitches:?}");
        assert!(cast("Kore").pitch > cast("Charon").pitch);
        assert_eq!(cast("kore"), cast("Kore"));
    }
}
