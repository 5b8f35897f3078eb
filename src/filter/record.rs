//! What a filter looks at.
//!
//! Pure.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::job::{Doubt, Job};

/// Something that can be filtered: a job, a key, a file, a message.
pub trait Record {
    /// The value of a column of `columns`; `None` when this kind of record has no such column or no value in it.
    ///
    /// Numbers are plain digits, ages and lengths are seconds, sizes are bytes.
    fn column(&self, name: &str) -> Option<Cow<'_, str>>;

    /// The number in a column, where it can be had without its digits.
    fn number(&self, name: &str) -> Option<f64> {
        self.column(name)?.parse().ok()
    }

    /// Every text that a plain word is looked for in.
    fn text(&self, each: &mut dyn FnMut(&str));
}

/// A job as a filter sees it: with its age, and with the word that the screen shows for its state.
#[derive(Clone, Copy, Debug)]
pub struct JobRecord<'a> {
    /// The job.
    pub job: &'a Job,
    /// `RUNNING`, or a word of ours: `CANCELLING`, `UNKNOWN`.
    pub state: &'a str,
    /// What is odd about it.
    pub doubt: Option<&'a Doubt>,
    /// By the clock that ages are told by.
    pub now: Timestamp,
}

impl Record for JobRecord<'_> {
    fn column(&self, name: &str) -> Option<Cow<'_, str>> {
        let job = self.job;
        let text = |text: &'_ str| Some(Cow::Owned(text.to_owned()));
        let number = |number: Option<u64>| number.map(|number| Cow::Owned(number.to_string()));
        match name {
            "state" => Some(Cow::Borrowed(self.state)),
            "name" => Some(Cow::Borrowed(job.title())),
            "id" => Some(Cow::Borrowed(job.name.id())),
            "model" => job.model.as_deref().map(Cow::Borrowed),
            "kind" => text(job.kind.as_str()),
            "requests" => number(job.counts.map(|counts| counts.requests)),
            "done" => number(job.counts.map(|counts| counts.done())),
            "ok" => number(job.counts.map(|counts| counts.succeeded)),
            "fail" => number(job.counts.map(|counts| counts.failed)),
            "age" => {
                number(job.create_time.map(|time| self.now.duration_since(time).as_secs().try_into().unwrap_or(0)))
            }
            "doubt" => self.doubt.map(|doubt| Cow::Borrowed(doubt.word())),
            "error" => job.error.as_ref().map(|error| Cow::Borrowed(error.message.as_str())),
            _ => None,
        }
    }

    fn text(&self, each: &mut dyn FnMut(&str)) {
        each(self.job.title());
        each(self.job.name.id());
        each(self.state);
        self.job.model.iter().for_each(|model| each(model));
        self.job.error.iter().for_each(|error| each(&error.message));
    }
}
