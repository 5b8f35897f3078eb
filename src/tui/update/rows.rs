//! The rows of the three lists: what each is known by, sorted by and searched for.
//!
//! Pure. Columns are those of `model/columns.rs`, counted from 1.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::api::StoredFile;
use crate::audio::Verdict;
use crate::filter::Filter;
use crate::job::{Doubt, FileName, Job, JobName};
use crate::ops::{Next, Paid};
use crate::results::PackedRows;
use crate::tui::event::{TextHead, Texts};
use crate::tui::model::{Entry, EntryId, FILE_COLUMNS, Haystack, JOB_COLUMNS, KEY_COLUMNS};
use crate::tui::update::cursor::Rows;
use crate::tui::update::record::{EntryRecord, FileRecord, KeyRecord};
use crate::tui::update::sorting::Value;

/// The list of jobs.
pub struct JobRows<'a> {
    /// In the default order.
    pub entries: &'a [Entry],
    /// What jobs may cost, for those whose estimate we know.
    pub costs: &'a BTreeMap<JobName, (f64, f64)>,
    /// What jobs came to whose results were read.
    pub paid: &'a BTreeMap<JobName, Paid>,
    /// What is odd about them.
    pub doubts: &'a BTreeMap<JobName, Doubt>,
    /// By the service's clock.
    pub now: Timestamp,
}

impl Rows for JobRows<'_> {
    type Id = EntryId;

    fn count(&self) -> usize {
        self.entries.len()
    }

    fn id(&self, index: usize) -> EntryId {
        self.entries[index].id()
    }

    fn is(&self, index: usize, id: &EntryId) -> bool {
        match (&self.entries[index], id) {
            (Entry::Job(tracked), EntryId::Job(name)) => tracked.job.name == *name,
            (Entry::Lost(lost), EntryId::Lost(token)) => lost.token == *token,
            (Entry::Campaign(status), EntryId::Campaign(id)) => status.id == *id,
            (Entry::Job(_) | Entry::Lost(_) | Entry::Campaign(_), _) => false,
        }
    }

    fn is_bad(&self, index: usize) -> bool {
        match &self.entries[index] {
            Entry::Job(tracked) => tracked.is_bad(),
            Entry::Lost(_) => true,
            Entry::Campaign(status) => status.next == Next::Paused,
        }
    }

    fn passing(&self, filter: &Filter, from: usize) -> Vec<u32> {
        let passes = |index: &usize| filter.matches(&EntryRecord::of(&self.entries[*index], self.doubts, self.now));
        (from..self.entries.len()).filter(passes).map(|index| index as u32).collect()
    }

    fn value(&self, column: u8, index: usize) -> Value<'_> {
        let tracked = match &self.entries[index] {
            Entry::Job(tracked) => tracked,
            Entry::Campaign(status) => {
                return match column {
                    1 => Value::Text("CAMPAIGN"),
                    2 => Value::Text(&status.name),
                    3 => Value::Text(&status.model),
                    7 => Value::Number(-seconds(status.at)),
                    _ => Value::Nothing,
                };
            }
            Entry::Lost(lost) => {
                return match column {
                    1 => Value::Text("UNKNOWN"),
                    2 => Value::Text(&lost.display_name),
                    3 => Value::Text(&lost.model),
                    7 => Value::Number(-seconds(lost.at)),
                    _ => Value::Nothing,
                };
            }
        };
        let job: &Job = &tracked.job;
        let count = |of: fn(crate::job::Counts) -> f64| Value::number(job.counts.map(of));
        match column {
            1 => Value::Text(tracked.word()),
            2 => Value::Text(job.title()),
            3 => Value::text(job.model.as_deref()),
            4 => count(|counts| counts.done() as f64 / counts.requests.max(1) as f64),
            5 => count(|counts| counts.succeeded as f64),
            6 => count(|counts| counts.failed as f64),
            // The youngest job has the smallest age, so ages sort against times.
            7 => Value::number(job.create_time.map(|time| -seconds(time))),
            8 => Value::number(tracked.left().map(|left| left.as_secs_f64())),
            9 => Value::number(cost(self.costs.get(&job.name), self.paid.get(&job.name))),
            _ => Value::Nothing,
        }
    }

    fn columns(&self) -> &'static [&'static str] {
        &JOB_COLUMNS
    }
}

/// What a job came to, else what it may come to.
fn cost(estimate: Option<&(f64, f64)>, paid: Option<&Paid>) -> Option<f64> {
    let estimate = estimate.map(|(low, high)| (low + high) / 2.0);
    paid.filter(|paid| paid.is_whole || estimate.is_none()).map(Paid::dollars).or(estimate)
}

/// The keys of a job.
pub struct KeyRows<'a> {
    /// In the order of the results file.
    pub rows: &'a PackedRows,
    /// Beginnings of the texts.
    pub texts: &'a Texts,
    /// Where the text of each row is found among them.
    pub heads: &'a [u32],
    /// What a plain word is looked for in.
    pub haystack: &'a Haystack,
}

impl KeyRows<'_> {
    fn head(&self, index: usize) -> Option<TextHead<'_>> {
        self.texts.head(*self.heads.get(index)? as usize)
    }
}

impl Rows for KeyRows<'_> {
    type Id = u64;

    fn count(&self) -> usize {
        self.rows.len()
    }

    fn id(&self, index: usize) -> u64 {
        self.rows.line(index)
    }

    fn is(&self, index: usize, id: &u64) -> bool {
        self.rows.line(index) == *id
    }

    fn index_of(&self, id: &u64) -> Option<usize> {
        self.rows.index_of(*id)
    }

    fn is_bad(&self, index: usize) -> bool {
        self.rows.verdict(index) != Some(Verdict::Ok)
    }

    fn passing(&self, filter: &Filter, from: usize) -> Vec<u32> {
        let mut passing: Vec<u32> = (from as u32..self.rows.len() as u32).collect();
        for (word, wanted) in filter.words() {
            let found = self.haystack.find(word, from);
            passing = if wanted { both(&passing, &found) } else { without(&passing, &found) };
        }
        if filter.is_more_than_words() {
            passing.retain(|index| {
                let record = KeyRecord { rows: self.rows, index: *index as usize, head: self.head(*index as usize) };
                filter.matches_beyond_words(&record)
            });
        }
        passing
    }

    fn value(&self, column: u8, index: usize) -> Value<'_> {
        match column {
            1 => Value::text(self.rows.key(index)),
            2 => Value::number(self.rows.seconds(index)),
            3 => Value::text(self.rows.verdict(index).map(Verdict::as_str)),
            4 => Value::text(self.head(index).and_then(|head| head.voice)),
            5 => Value::text(self.head(index).map(|head| head.text)),
            _ => Value::Nothing,
        }
    }

    fn columns(&self) -> &'static [&'static str] {
        &KEY_COLUMNS
    }
}

/// The stored files.
pub struct FileRows<'a> {
    /// As listed.
    pub files: &'a [StoredFile],
    /// By the service's clock.
    pub now: Timestamp,
}

impl Rows for FileRows<'_> {
    type Id = FileName;

    fn count(&self) -> usize {
        self.files.len()
    }

    fn id(&self, index: usize) -> FileName {
        self.files[index].name.clone()
    }

    fn is(&self, index: usize, id: &FileName) -> bool {
        self.files[index].name == *id
    }

    fn is_bad(&self, index: usize) -> bool {
        self.files[index].state.as_deref() == Some("FAILED")
    }

    fn passing(&self, filter: &Filter, from: usize) -> Vec<u32> {
        let passes = |index: &usize| filter.matches(&FileRecord { file: &self.files[*index], now: self.now });
        (from..self.files.len()).filter(passes).map(|index| index as u32).collect()
    }

    fn value(&self, column: u8, index: usize) -> Value<'_> {
        let file = &self.files[index];
        match column {
            1 => Value::text(file.display_name.as_deref()),
            2 => Value::Text(file.name.id()),
            3 => Value::number(file.size_bytes.map(|bytes| bytes as f64)),
            4 => Value::text(file.mime_type.as_deref()),
            5 => Value::number(file.create_time.map(|time| -seconds(time))),
            6 => Value::number(file.expiration_time.map(seconds)),
            _ => Value::Nothing,
        }
    }

    fn columns(&self) -> &'static [&'static str] {
        &FILE_COLUMNS
    }
}

fn seconds(time: Timestamp) -> f64 {
    time.as_duration().as_secs_f64()
}

/// What is in both of two lists that ascend.
fn both(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut a = a.iter().copied().peekable();
    b.iter().copied().filter(|b| std::iter::from_fn(|| a.next_if(|a| a <= b)).last() == Some(*b)).collect()
}

/// What is in the first of two lists that ascend and not in the second.
fn without(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut b = b.iter().copied().peekable();
    a.iter().copied().filter(|a| std::iter::from_fn(|| b.next_if(|b| b <= a)).last() != Some(*a)).collect()
}
