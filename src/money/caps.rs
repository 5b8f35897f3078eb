//! Caps on what jobs may cost, and the moment at which a person has to agree to more.
//!
//! Pure. What counts is the upper end of an estimate: whoever sets a cap wants to be asked too early rather than too late.

use crate::text::{dollars, whole_dollars};

/// Sums of dollars below this are the same: a thousandth of a cent.
const SAME: f64 = 0.000_01;

/// The most that a person wants to spend without being asked, in US dollars. `None` is no cap.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Caps {
    /// For one job.
    pub per_job: Option<f64>,
    /// For all jobs that are created on one day of the local calendar.
    pub per_day: Option<f64>,
}

impl Caps {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.per_job.is_none() && self.per_day.is_none()
    }

    /// Which caps a job would pass that adds so much, at most, to what the day has cost so far. A cap that is reached
    /// exactly is kept. What nobody can price passes every cap.
    pub fn over(&self, spent_today: f64, adds: Option<f64>) -> Option<OverCap> {
        let passed = |cap: Option<f64>, sum: Option<f64>| cap.filter(|cap| sum.is_none_or(|sum| sum > cap + SAME));
        let over = OverCap {
            per_job: passed(self.per_job, adds),
            per_day: passed(self.per_day, adds.map(|adds| spent_today + adds)),
            spent_today,
            adds,
        };
        (over.per_job.is_some() || over.per_day.is_some()).then_some(over)
    }
}

/// Caps that a job would pass: at least one of the two is there. All amounts in US dollars.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct OverCap {
    /// The cap for one job, when the job alone would pass it.
    pub per_job: Option<f64>,
    /// The cap for a day, when the day would pass it with the job.
    pub per_day: Option<f64>,
    /// What the jobs of the day come to without it: what is known of them, else the upper ends of their estimates.
    pub spent_today: f64,
    /// What it adds, at most; `None` when nobody knows the price.
    pub adds: Option<f64>,
}

impl OverCap {
    /// Whether somebody who agreed to this has agreed to `now` as well: no other cap, and no larger sum.
    pub fn covers(&self, now: &OverCap) -> bool {
        let is_within = |agreed: Option<f64>, now: Option<f64>| match (agreed, now) {
            (_, None) => true,
            (None, Some(_)) => false,
            // Somebody who lowered the cap meanwhile wants to be asked again.
            (Some(agreed), Some(now)) => now >= agreed - SAME,
        };
        let is_no_more = match (self.adds, now.adds) {
            (None, _) => self.spent_today + SAME >= now.spent_today,
            (Some(_), None) => false,
            (Some(agreed), Some(adds)) => self.spent_today + agreed + SAME >= now.spent_today + adds,
        };
        is_within(self.per_job, now.per_job) && is_within(self.per_day, now.per_day) && is_no_more
    }

    /// What a person types to agree: the dollars that it adds, rounded up; `None` when nobody knows them.
    pub fn to_type(&self) -> Option<u64> {
        self.adds.map(whole_dollars)
    }

    /// Which cap, what the day has cost, and what this adds, as one sentence without a full stop.
    pub fn sentence(&self) -> String {
        let caps: Vec<String> = [("a job", self.per_job), ("a day", self.per_day)]
            .into_iter()
            .filter_map(|(what, cap)| cap.map(|cap| format!("the cap of {} for {what}", dollars(cap))))
            .collect();
        let caps = caps.join(" and ");
        let spent = dollars(self.spent_today);
        match self.adds {
            Some(adds) => format!("over {caps}: this adds up to {} to the {spent} of today", dollars(adds)),
            None => format!("no price is known, so {caps} cannot be held; {spent} spent today"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn caps(per_job: Option<f64>, per_day: Option<f64>) -> Caps {
        Caps { per_job, per_day }
    }

    #[test]
    fn a_cap_is_passed_by_more_than_it_and_by_what_nobody_can_price() {
        let none = (None, None);
        let table = [
            (caps(None, None), 100.0, Some(100.0), none),
            (caps(None, None), 100.0, None, none),
            (caps(Some(5.0), None), 100.0, Some(5.0), none),
            (caps(Some(5.0), None), 0.0, Some(5.001), (Some(5.0), None)),
            (caps(None, Some(25.0)), 20.0, Some(5.0), none),
            (caps(None, Some(25.0)), 20.1, Some(4.9), none),
            (caps(None, Some(25.0)), 20.0, Some(5.01), (None, Some(25.0))),
            (caps(None, Some(25.0)), 25.0, Some(0.01), (None, Some(25.0))),
            (caps(None, Some(25.0)), 25.0, Some(0.0), none),
            (caps(Some(5.0), Some(25.0)), 24.0, Some(6.0), (Some(5.0), Some(25.0))),
            (caps(Some(5.0), Some(25.0)), 0.0, None, (Some(5.0), Some(25.0))),
            (caps(Some(0.0), None), 0.0, Some(0.001), (Some(0.0), None)),
        ];
        for (caps, spent, adds, expected) in table {
            let over = caps.over(spent, adds);
            let passed = over.map_or(none, |over| (over.per_job, over.per_day));
            assert_eq!(passed, expected, "{caps:?} {spent} {adds:?}");
        }
    }

    #[test]
    fn an_agreement_is_good_for_as_much_and_for_the_same_caps() {
        let agreed = OverCap { per_job: None, per_day: Some(25.0), spent_today: 24.0, adds: Some(2.0) };
        let table = [
            (agreed, true),
            // A part of what was agreed to, after another part.
            (OverCap { spent_today: 25.5, adds: Some(0.5), ..agreed }, true),
            (OverCap { spent_today: 25.5, ..agreed }, false),
            (OverCap { per_job: Some(1.0), ..agreed }, false),
            (OverCap { per_day: Some(20.0), ..agreed }, false),
            (OverCap { per_day: Some(25.9), ..agreed }, true),
            (OverCap { adds: None, ..agreed }, false),
        ];
        for (now, covered) in table {
            assert_eq!(agreed.covers(&now), covered, "{now:?}");
        }
        let unpriced = OverCap { adds: None, ..agreed };
        assert!(unpriced.covers(&unpriced) && !unpriced.covers(&OverCap { spent_today: 24.5, ..unpriced }));
    }

    #[test]
    fn the_sentence_names_cap_day_and_sum() {
        let over = OverCap { per_job: Some(5.0), per_day: Some(25.0), spent_today: 11.8, adds: Some(13.42) };
        assert_eq!(
            over.sentence(),
            "over the cap of $5.00 for a job and the cap of $25.00 for a day: this adds up to $13.42 to the $11.80 of today"
        );
        assert_eq!(over.to_type(), Some(14));
        let unpriced = OverCap { per_job: None, adds: None, ..over };
        assert_eq!(
            unpriced.sentence(),
            "no price is known, so the cap of $25.00 for a day cannot be held; $11.80 spent today"
        );
        assert_eq!(unpriced.to_type(), None);
    }

    proptest! {
        #[test]
        fn whoever_agrees_to_a_sum_has_agreed_to_its_parts(
            spent in 0.0..100.0f64, adds in 0.0..100.0f64, share in 0.0..1.0f64, cap in 0.0..50.0f64,
        ) {
            let caps = Caps { per_job: Some(cap), per_day: Some(cap) };
            let Some(agreed) = caps.over(spent, Some(adds)) else { return Ok(()) };
            for (spent, adds) in [(spent, adds * share), (spent + adds * share, adds * (1.0 - share))] {
                if let Some(now) = caps.over(spent, Some(adds)) {
                    prop_assert!(agreed.covers(&now), "{agreed:?} {now:?}");
                }
            }
        }
    }
}
