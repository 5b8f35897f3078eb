//! The ledger: what jobs came to, what they may still come to, and what is left below the caps.
//!
//! Results write it while they are read for something else; estimates learn from it, caps are held by it, and people look
//! at it. Nothing here asks the service.

mod books;
mod caps;
mod learning;
mod report;
mod taking;

use std::collections::BTreeMap;

use crate::job::JobName;
use crate::store::Accounted;

use super::Session;
use books::Books;

pub(super) use caps::{intend, over_cap, refuse_over_cap};
pub(super) use learning::learned;
pub use report::{Outlay, outlays};
pub(super) use taking::Taking;

/// What one job came to, in US dollars where the price is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Paid {
    /// For good audio.
    pub useful: f64,
    /// For audio that cannot be used, or for none.
    pub unusable: f64,
    /// How many results those are.
    pub n_unusable: u64,
    /// Whether all results of the job were read.
    pub is_whole: bool,
}

impl Paid {
    /// Both together.
    pub fn dollars(&self) -> f64 {
        self.useful + self.unusable
    }

    fn of(accounted: &Accounted) -> Option<Paid> {
        let (useful, unusable) = accounted.dollars()?;
        let n_unusable = accounted.unusable().clips;
        Some(Paid { useful, unusable, n_unusable, is_whole: accounted.is_whole })
    }
}

/// What a dashboard shows of the ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spending {
    /// What the jobs that were created today come to in US dollars: what is known of them, else the upper ends of their
    /// estimates.
    pub today: f64,
    /// The cap for a day.
    pub per_day: Option<f64>,
    /// What jobs came to whose results were read.
    pub paid: BTreeMap<JobName, Paid>,
}

/// Reads what a dashboard shows. Blocks on the disk.
pub fn spending(session: &Session) -> Spending {
    let read = || {
        let intents = session.store.intents()?;
        let books = Books::read(session, &intents)?;
        Ok::<_, crate::store::Error>(Spending {
            today: books.spent_today(&intents).dollars,
            per_day: session.caps.per_day,
            paid: books.paid(),
        })
    };
    read().unwrap_or_else(|error| {
        tracing::warn!(%error, "the ledger cannot be read");
        Spending { per_day: session.caps.per_day, ..Spending::default() }
    })
}
