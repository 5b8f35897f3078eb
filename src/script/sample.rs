//! Which lines of a job are tried first: the first ones, the longest ones, or some by chance.
//!
//! Pure. The same seed chooses the same lines of the same source, on every machine.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;

/// A small job before the large one. Its lines stay in the order of their source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// So many from the beginning; what comes behind them is not read.
    First(u64),
    /// So many with the most characters; of equally long ones the earlier.
    Longest(u64),
    /// So many by chance.
    Random {
        /// How many.
        n: u64,
        /// By which they are chosen; `None` until somebody has drawn one.
        seed: Option<u32>,
    },
}

impl Sample {
    /// How many lines it has at the most.
    pub fn size(self) -> u64 {
        match self {
            Sample::First(n) | Sample::Longest(n) | Sample::Random { n, .. } => n,
        }
    }

    /// Whether no more of a source need be read once so many requests are there.
    pub fn first(self) -> Option<usize> {
        match self {
            Sample::First(n) => Some(usize::try_from(n).unwrap_or(usize::MAX)),
            Sample::Longest(_) | Sample::Random { .. } => None,
        }
    }

    /// The same sample, with a seed where it needs one and has none.
    pub fn with_seed(self, drawn: u32) -> Sample {
        match self {
            Sample::Random { n, seed } => Sample::Random { n, seed: seed.or(Some(drawn)) },
            Sample::First(_) | Sample::Longest(_) => self,
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sample::First(n) => write!(f, "{n}"),
            Sample::Longest(n) => write!(f, "longest:{n}"),
            Sample::Random { n, seed: None } => write!(f, "random:{n}"),
            Sample::Random { n, seed: Some(seed) } => write!(f, "random:{n}:{seed}"),
        }
    }
}

/// What is wrong with a word that should name a sample.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// A way to choose that we do not know.
    #[error("{0} is no sample; write N, longest:N or random:N[:SEED]")]
    Unknown(String),
    /// A number that is none, or zero.
    #[error("{0} is no number of lines; write 1 or more")]
    Number(String),
    /// A seed that is no number.
    #[error("{0} is no seed; write a number from 0 to 4294967295")]
    Seed(String),
}

impl FromStr for Sample {
    type Err = SampleError;

    fn from_str(word: &str) -> Result<Self, SampleError> {
        let word = word.trim();
        let number = |text: &str| {
            let n = text.trim().parse().ok().filter(|n: &u64| *n > 0);
            n.ok_or_else(|| SampleError::Number(text.trim().to_owned()))
        };
        let Some((way, rest)) = word.split_once(':') else {
            return if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
                number(word).map(Sample::First)
            } else {
                Err(SampleError::Unknown(word.to_owned()))
            };
        };
        match way.trim() {
            "first" => number(rest).map(Sample::First),
            "longest" => number(rest).map(Sample::Longest),
            "random" => {
                let (n, seed) = match rest.split_once(':') {
                    None => (number(rest)?, None),
                    Some((n, seed)) => {
                        let seed = seed.trim();
                        (number(n)?, Some(seed.parse().map_err(|_| SampleError::Seed(seed.to_owned()))?))
                    }
                };
                Ok(Sample::Random { n, seed })
            }
            _ => Err(SampleError::Unknown(word.to_owned())),
        }
    }
}

/// Chooses lines while they go by. Holds no more of them than are wanted.
#[derive(Debug)]
pub struct Choosing(Way);

#[derive(Debug)]
enum Way {
    All,
    First {
        left: u64,
        lines: Vec<u64>,
    },
    /// The shortest on top.
    Longest {
        most: usize,
        lines: BinaryHeap<Reverse<(u64, Reverse<u64>)>>,
    },
    Random {
        most: usize,
        seen: u64,
        chance: Chance,
        lines: Vec<u64>,
    },
}

impl Choosing {
    /// Of all lines when there is no sample.
    pub fn new(sample: Option<Sample>) -> Self {
        let most = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Choosing(match sample {
            None => Way::All,
            Some(Sample::First(n)) => Way::First { left: n, lines: Vec::new() },
            Some(Sample::Longest(n)) => Way::Longest { most: most(n), lines: BinaryHeap::new() },
            Some(Sample::Random { n, seed }) => Way::Random {
                most: most(n),
                seen: 0,
                chance: Chance(u64::from(seed.unwrap_or_default())),
                lines: Vec::new(),
            },
        })
    }

    /// Whether any line may be left out.
    pub fn leaves_out(&self) -> bool {
        match self.0 {
            Way::All => false,
            Way::First { .. } | Way::Longest { .. } | Way::Random { .. } => true,
        }
    }

    /// The next line, and how long it is.
    pub fn add(&mut self, line: u64, length: u64) {
        match &mut self.0 {
            Way::All => {}
            Way::First { left, lines } => {
                if *left > 0 {
                    *left -= 1;
                    lines.push(line);
                }
            }
            Way::Longest { most, lines } => {
                lines.push(Reverse((length, Reverse(line))));
                if lines.len() > *most {
                    lines.pop();
                }
            }
            // A reservoir: every line has the same chance to stay, however many there are.
            Way::Random { most, seen, chance, lines } => {
                *seen += 1;
                if lines.len() < *most {
                    lines.push(line);
                } else if let Some(place) = usize::try_from(chance.below(*seen)).ok().and_then(|at| lines.get_mut(at)) {
                    *place = line;
                }
            }
        }
    }

    /// What was chosen, in order; `None` for all.
    pub fn chosen(self) -> Option<Vec<u64>> {
        let mut lines = match self.0 {
            Way::All => return None,
            Way::First { lines, .. } | Way::Random { lines, .. } => lines,
            Way::Longest { lines, .. } => lines.into_iter().map(|Reverse((_, Reverse(line)))| line).collect(),
        };
        lines.sort_unstable();
        Some(lines)
    }
}

/// Numbers that look random and are the same for the same seed: SplitMix64.
#[derive(Debug)]
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`. The slight favour for small ones is far below what anybody could notice.
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn choose(sample: &str, lengths: &[u64]) -> Vec<u64> {
        let mut choosing = Choosing::new(Some(sample.parse().unwrap()));
        lengths.iter().enumerate().for_each(|(line, length)| choosing.add(line as u64, *length));
        choosing.chosen().unwrap()
    }

    #[test]
    fn a_sample_is_written_as_it_is_read() {
        for word in ["20", "longest:3", "random:5", "random:5:4294967295"] {
            assert_eq!(word.parse::<Sample>().unwrap().to_string(), word);
        }
        assert_eq!("first:7".parse(), Ok(Sample::First(7)));
        assert_eq!(" longest : 7 ".parse(), Ok(Sample::Longest(7)));
        for (word, expected) in [
            ("", "is no sample"),
            ("some", "is no sample"),
            ("short:3", "is no sample"),
            ("0", "0 is no number of lines"),
            ("-1", "-1 is no number of lines"),
            ("longest:x", "x is no number of lines"),
            ("random:0", "0 is no number of lines"),
            ("random:3:x", "x is no seed"),
            ("random:3:4294967296", "is no seed"),
        ] {
            let error = word.parse::<Sample>().unwrap_err().to_string();
            assert!(error.contains(expected), "{word}: {error}");
        }
    }

    #[test]
    fn the_longest_are_chosen_and_stay_in_their_order() {
        assert_eq!(choose("longest:3", &[5, 9, 1, 9, 7, 7]), [1, 3, 4]);
        assert_eq!(choose("longest:9", &[1, 2]), [0, 1]);
        assert_eq!(choose("2", &[1, 2, 3]), [0, 1]);
    }

    #[test]
    fn the_same_seed_chooses_the_same_lines() {
        let lengths = [1; 1000];
        assert_eq!(choose("random:20:7", &lengths), choose("random:20:7", &lengths));
        assert_ne!(choose("random:20:7", &lengths), choose("random:20:8", &lengths));
        // Fixed for good: somebody may have written the seed down.
        assert_eq!(choose("random:3:42", &[1; 10]), [5, 7, 9]);
    }

    #[test]
    fn every_line_has_the_same_chance() {
        let mut chosen = [0_u32; 20];
        for seed in 0..2_000 {
            for line in choose(&format!("random:5:{seed}"), &[1; 20]) {
                chosen[line as usize] += 1;
            }
        }
        // Five of twenty in two thousand draws: 500 each.
        assert!(chosen.iter().all(|n| (400..600).contains(n)), "{chosen:?}");
    }

    proptest! {
        #[test]
        fn a_sample_has_its_size_and_no_line_twice(
            lengths in prop::collection::vec(0_u64..9, 0..60),
            n in 1_u64..70,
            way in prop::sample::select(vec!["first", "longest", "random"]),
        ) {
            let chosen = choose(&format!("{way}:{n}"), &lengths);
            prop_assert_eq!(chosen.len(), lengths.len().min(n as usize));
            prop_assert!(chosen.is_sorted_by(|a, b| a < b));
            prop_assert!(chosen.iter().all(|line| (*line as usize) < lengths.len()));
        }
    }
}
