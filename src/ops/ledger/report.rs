//! What was spent, by day and model.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::Books;
use super::books::Bill;
use crate::failure::Failure;
use crate::money::Billed;
use crate::ops::Session;

/// What the jobs of one day and model, or of several, come to. Amounts in US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outlay {
    /// How many jobs.
    pub jobs: u64,
    /// What their results were billed for, as far as they were read.
    pub billed: Billed,
    /// What of that went into good audio.
    pub useful: f64,
    /// And what into audio that cannot be used, or none.
    pub unusable: f64,
    /// What the service is still at work on may cost, low and high.
    pub in_flight: (f64, f64),
    /// What jobs may have cost that are over and whose results were not read, low and high.
    pub estimate_only: (f64, f64),
    /// Jobs of which nobody knows the price; they are in no amount.
    pub unpriced: u64,
}

impl Outlay {
    fn of(bill: &Bill) -> Outlay {
        let paid = bill.paid.unwrap_or_default();
        let (in_flight, estimate_only) =
            if bill.is_in_flight { (bill.expected, (0.0, 0.0)) } else { ((0.0, 0.0), bill.expected) };
        Outlay {
            jobs: 1,
            billed: bill.useful + bill.unusable,
            useful: paid.useful,
            unusable: paid.unusable,
            in_flight,
            estimate_only,
            unpriced: u64::from(bill.is_unpriced),
        }
    }
}

impl AddAssign for Outlay {
    fn add_assign(&mut self, other: Outlay) {
        let sum = |a: (f64, f64), b: (f64, f64)| (a.0 + b.0, a.1 + b.1);
        self.jobs += other.jobs;
        self.billed += other.billed;
        self.useful += other.useful;
        self.unusable += other.unusable;
        self.in_flight = sum(self.in_flight, other.in_flight);
        self.estimate_only = sum(self.estimate_only, other.estimate_only);
        self.unpriced += other.unpriced;
    }
}

/// A day of the local calendar, and a model without `models/` where one is known.
pub type DayAndModel = (Date, Option<String>);

/// What was spent on each of the last so many days of the local calendar and each model without `models/`, the latest day
/// first. Blocks on the disk.
pub fn outlays(session: &Session, n_days: u32) -> Result<Vec<(DayAndModel, Outlay)>, Failure> {
    let intents = session.store.intents()?;
    let books = Books::read(session, &intents)?;
    let back: Span = i64::from(n_days.saturating_sub(1)).days();
    let first = books.today().checked_sub(back).unwrap_or(Date::MIN);
    let mut lines: BTreeMap<DayAndModel, Outlay> = BTreeMap::new();
    for bill in books.bills(&intents) {
        if bill.day >= first {
            *lines.entry((bill.day, bill.model.clone())).or_default() += Outlay::of(&bill);
        }
    }
    let mut lines: Vec<_> = lines.into_iter().collect();
    lines.sort_by(|((day, model), _), ((other_day, other), _)| other_day.cmp(day).then_with(|| model.cmp(other)));
    Ok(lines)
}
