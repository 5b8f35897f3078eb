//! The journal of what jobs came to: one record for each job whose results were read, the latest one counts.
//!
//! A record of some results never takes the place of one of all of them. The price that was used and its day stand in the
//! record, so that a later catalog changes nothing about the past.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::job::JobName;
use crate::money::{BatchPrice, Billed, Share};

use super::intents::{Intent, Record, Tracked};
use super::journal::View;
use super::{Error, Store};

/// What one job came to, as far as its results were read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accounted {
    /// `batches/ID`.
    pub job: String,
    /// The service that has it.
    pub origin: String,
    /// Which key its results were read with, when the session said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_fingerprint: Option<String>,
    /// Without `models/`; `None` when the service does not say it.
    pub model: Option<String>,
    /// By the service's clock; `None` when it does not say it.
    pub created: Option<Timestamp>,
    /// When the results were read, by this machine's clock.
    pub read_at: Timestamp,
    /// Results that were read.
    pub n_results: u64,
    /// Whether these are all results of the job.
    pub is_whole: bool,
    /// The day whose price was taken: that on which the job was created, in UTC.
    pub priced_on: Date,
    /// That price in US dollars for a million tokens; `None` when nobody knows it.
    pub price: Option<BatchPrice>,
    /// What the results came to, by voice and language.
    pub shares: Vec<Share>,
}

impl Accounted {
    /// What was paid for good audio.
    pub fn useful(&self) -> Billed {
        self.shares.iter().map(|share| share.useful).sum()
    }

    /// What was paid for audio that cannot be used, or for none.
    pub fn unusable(&self) -> Billed {
        self.shares.iter().map(|share| share.unusable).sum()
    }

    /// The same in US dollars: useful and unusable; `None` when nobody knows the price.
    pub fn dollars(&self) -> Option<(f64, f64)> {
        let price = self.price?;
        Some((self.useful().dollars(price), self.unusable().dollars(price)))
    }

    /// Clips from which something can be learned.
    fn n_measured(&self) -> u64 {
        self.shares.iter().map(|share| share.measured.clips).sum()
    }

    /// Whether this record is worth writing down after that one.
    fn is_news_after(&self, known: &Accounted) -> bool {
        // A service that begins anew may give a name again.
        if known.created != self.created {
            return true;
        }
        let figures = |of: &Accounted| (of.n_results, of.useful(), of.unusable());
        let is_the_same = figures(known) == figures(self) && is_same_price(known.price, self.price);
        match (known.is_whole, self.is_whole) {
            (true, false) => false,
            // The texts of a job are not kept for ever: what was learned from them is.
            (true, true) | (false, false) if is_the_same => self.n_measured() > known.n_measured(),
            (true, true) | (false, true) => true,
            (false, false) => self.n_results >= known.n_results,
        }
    }
}

/// A number that was written and read again may differ in its last bit.
fn is_same_price(one: Option<BatchPrice>, other: Option<BatchPrice>) -> bool {
    let is_near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    match (one, other) {
        (Some(one), Some(other)) => is_near(one.text_in, other.text_in) && is_near(one.audio_out, other.audio_out),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// The latest record of every job.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    by_job: HashMap<(String, JobName), Accounted>,
}

impl Ledger {
    pub(super) fn of(&self, origin: &str, job: &JobName) -> Option<&Accounted> {
        self.by_job.get(&(origin.to_owned(), job.clone()))
    }
}

impl View for Ledger {
    type Record = Accounted;
    const FILE: &'static str = "ledger.jsonl";
    const DURABLE: bool = true;

    fn apply(&mut self, accounted: Accounted) {
        let Some(job) = JobName::parse(&accounted.job) else { return };
        self.by_job.insert((accounted.origin.clone(), job), accounted);
    }
}

impl Store {
    /// Writes down what a job came to, unless more is known of it. Tells whether anything was written.
    pub fn account(&self, accounted: &Accounted) -> Result<bool, Error> {
        let Some(job) = JobName::parse(&accounted.job) else { return Ok(false) };
        let is_news =
            |ledger: &Ledger| ledger.of(&accounted.origin, &job).is_none_or(|known| accounted.is_news_after(known));
        // Most readings find what is known already, and need not wait for the file.
        if !self.0.ledger.look(is_news)? {
            return Ok(false);
        }
        let mut is_written = false;
        self.0.ledger.append(|ledger| {
            is_written = is_news(ledger);
            if is_written { vec![accounted.clone()] } else { Vec::new() }
        })?;
        Ok(is_written)
    }

    /// What a job at an origin came to, as far as its results were read.
    pub fn accounted(&self, origin: &str, job: &JobName) -> Result<Option<Accounted>, Error> {
        self.0.ledger.look(|ledger| ledger.of(origin, job).cloned())
    }

    /// Looks at what every job at an origin came to.
    pub fn each_accounted(&self, origin: &str, mut each: impl FnMut(&JobName, &Accounted)) -> Result<(), Error> {
        self.0.ledger.look(|ledger| {
            let here = ledger.by_job.iter().filter(|((known, _), _)| known == origin);
            here.for_each(|((_, job), accounted)| each(job, accounted));
        })
    }

    /// [`Store::intend`], if `permits` says so of all creates that were written down before, by whomever: nobody else
    /// writes one down between the look and the intent, so that two jobs cannot both be the last that fits.
    pub fn intend_if(&self, intent: &Intent, permits: impl FnOnce(&[Tracked]) -> bool) -> Result<bool, Error> {
        let mut is_permitted = false;
        self.0.intents.append(|intents| {
            is_permitted = permits(intents.all());
            if is_permitted { vec![Record::Intent(intent.clone())] } else { Vec::new() }
        })?;
        Ok(is_permitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Account, Characters, Clip};

    fn accounted(n_useful: u64, n_unusable: u64, is_whole: bool) -> Accounted {
        let mut account = Account::new(25.0);
        for n in 0..n_useful + n_unusable {
            let clip = Clip {
                is_useful: n < n_useful,
                prompt_tokens: Some(10),
                audio_tokens: Some(100),
                seconds: 4.0,
                characters: Some(Characters::of("some text")),
            };
            account.take(Some("Kore"), Some("de-DE"), &clip);
        }
        Accounted {
            job: "batches/a".into(),
            origin: "https://h".into(),
            key_fingerprint: None,
            model: Some("m".into()),
            created: "2026-07-02T14:00:00Z".parse().ok(),
            read_at: "2026-07-02T15:00:00Z".parse().unwrap(),
            n_results: n_useful + n_unusable,
            is_whole,
            priced_on: "2026-07-02".parse().unwrap(),
            price: Some(BatchPrice { text_in: 0.5, audio_out: 10.0 }),
            shares: account.shares(),
        }
    }

    #[test]
    fn the_latest_record_of_a_job_counts_unless_it_knows_less() {
        let whole = accounted(3, 1, true);
        let without_texts = {
            let mut record = whole.clone();
            record.shares.iter_mut().for_each(|share| share.measured = Default::default());
            record
        };
        let again = Accounted { created: "2026-07-03T14:00:00Z".parse().ok(), ..accounted(1, 0, false) };
        let table = [
            ("the first of all", None, accounted(1, 0, false), true),
            ("more of them", Some(accounted(1, 0, false)), accounted(2, 0, false), true),
            ("fewer of them", Some(accounted(2, 0, false)), accounted(1, 0, false), false),
            ("all of them", Some(accounted(2, 2, false)), whole.clone(), true),
            ("some after all", Some(whole.clone()), accounted(4, 0, false), false),
            ("other verdicts", Some(whole.clone()), accounted(2, 2, true), true),
            ("the same", Some(whole.clone()), whole.clone(), false),
            ("the same without texts", Some(whole.clone()), without_texts.clone(), false),
            ("the same with texts", Some(without_texts), whole.clone(), true),
            ("another job of that name", Some(whole), again, true),
        ];
        for (name, before, after, is_news) in table {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            if let Some(before) = &before {
                assert!(store.account(before).unwrap(), "{name}");
            }
            assert_eq!(store.account(&after).unwrap(), is_news, "{name}");
            // Whoever comes later reads the same.
            let store = Store::open(folder.path()).unwrap();
            let job = JobName::parse("batches/a").unwrap();
            let expected = if is_news { Some(after) } else { before };
            assert_eq!(store.accounted("https://h", &job).unwrap(), expected, "{name}");
            assert_eq!(store.accounted("https://other", &job).unwrap(), None, "{name}");
        }
    }

    #[test]
    fn a_torn_record_is_passed_over_and_the_one_before_counts() {
        let folder = tempfile::tempdir().unwrap();
        let first = accounted(1, 0, false);
        Store::open(folder.path()).unwrap().account(&first).unwrap();
        let path = folder.path().join("ledger.jsonl");
        let whole = std::fs::read(&path).unwrap();
        Store::open(folder.path()).unwrap().account(&accounted(3, 0, true)).unwrap();
        let both = std::fs::read(&path).unwrap();
        let job = JobName::parse("batches/a").unwrap();
        for cut in [whole.len() + 1, whole.len() + 40, both.len() - 2] {
            std::fs::write(&path, &both[..cut]).unwrap();
            let store = Store::open(folder.path()).unwrap();
            assert_eq!(store.accounted("https://h", &job).unwrap().as_ref(), Some(&first), "{cut}");
            assert!(store.account(&accounted(3, 1, true)).unwrap(), "{cut}");
            let store = Store::open(folder.path()).unwrap();
            assert_eq!(store.accounted("https://h", &job).unwrap(), Some(accounted(3, 1, true)), "{cut}");
        }
    }

    #[test]
    fn dollars_are_those_of_the_price_in_the_record() {
        let record = accounted(3, 1, true);
        let (useful, unusable) = record.dollars().unwrap();
        assert!((useful - 3.0 * (10.0 * 0.5 + 100.0 * 10.0) / 1e6).abs() < 1e-12, "{useful}");
        assert!((unusable - useful / 3.0).abs() < 1e-12, "{unusable}");
        assert_eq!(Accounted { price: None, ..record }.dollars(), None);
    }

    #[test]
    fn an_intent_that_is_not_permitted_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let intent = |token: &str| Intent {
            token: token.into(),
            sha256: "ab".into(),
            n_requests: 1,
            characters: 1,
            model: "m".into(),
            dollars: None,
            origin: "https://h".into(),
            key_fingerprint: None,
            display_name: "x".into(),
            input_file: None,
            at: "2026-07-02T14:00:00Z".parse().unwrap(),
            retake_of: None,
            n_unchanged: 0,
            part_of: None,
            text_tokens: None,
        };
        assert!(store.intend_if(&intent("A"), <[Tracked]>::is_empty).unwrap());
        assert!(!Store::open(folder.path()).unwrap().intend_if(&intent("B"), <[Tracked]>::is_empty).unwrap());
        assert_eq!(store.intents().unwrap().len(), 1);
    }
}
