//! `[spend]` and `[profile.NAME.spend]`: the most that jobs may cost without a question, in US dollars.
//!
//! ```toml
//! [spend]
//! per_job = 5.0
//! per_day = 25.0
//! ```

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::money::Caps;

/// More than anybody spends in a day: such a number was meant otherwise.
const MOST: f64 = 1_000_000.0;

/// What the file says about caps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Spend {
    /// For one job.
    #[serde(deserialize_with = "dollars")]
    per_job: Option<f64>,
    /// For one day.
    #[serde(deserialize_with = "dollars")]
    per_day: Option<f64>,
}

impl Spend {
    /// The caps of a profile: its own word wins over that for all profiles, be it larger or smaller.
    pub(super) fn caps(self, of_profile: Spend) -> Caps {
        Caps { per_job: of_profile.per_job.or(self.per_job), per_day: of_profile.per_day.or(self.per_day) }
    }
}

fn dollars<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    let amount = f64::deserialize(from).ok().filter(|amount| (0.0..=MOST).contains(amount));
    let wrong = || D::Error::custom("a cap is a number of US dollars from 0 to 1000000, such as 5.0");
    amount.map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_says_its_own_cap_and_takes_the_others() {
        let spend = |text: &str| toml::from_str::<Spend>(text).unwrap();
        let all = spend("per_job = 5\nper_day = 25.0");
        let table = [
            ("", Some(5.0), Some(25.0)),
            ("per_day = 100", Some(5.0), Some(100.0)),
            ("per_job = 0.5", Some(0.5), Some(25.0)),
            ("per_job = 0", Some(0.0), Some(25.0)),
        ];
        for (text, per_job, per_day) in table {
            assert_eq!(all.caps(spend(text)), Caps { per_job, per_day }, "{text}");
        }
        assert!(Spend::default().caps(Spend::default()).is_empty());
    }
}
