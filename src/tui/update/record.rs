//! What a filter sees of a row of each list.
//!
//! Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::api::StoredFile;
use crate::filter::{JobRecord, Record};
use crate::job::{Doubt, JobName};
use crate::results::{Outcome, PackedRows, Row, RowView};
use crate::tui::event::TextHead;
use crate::tui::model::Entry;

/// A row of the list of jobs.
pub struct EntryRecord<'a> {
    /// The row.
    pub entry: &'a Entry,
    /// What is odd about it.
    pub doubt: Option<&'a Doubt>,
    /// By the service's clock.
    pub now: Timestamp,
}

impl<'a> EntryRecord<'a> {
    /// A row, with what is odd about it.
    pub fn of(entry: &'a Entry, doubts: &'a BTreeMap<JobName, Doubt>, now: Timestamp) -> Self {
        let doubt = match entry {
            Entry::Job(tracked) => doubts.get(&tracked.job.name),
            Entry::Lost(_) | Entry::Campaign(_) => None,
        };
        EntryRecord { entry, doubt, now }
    }
}

impl Record for EntryRecord<'_> {
    fn column(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.entry {
            Entry::Job(tracked) => {
                let record = JobRecord { job: &tracked.job, state: tracked.word(), doubt: self.doubt, now: self.now };
                record.column(name).map(|value| Cow::Owned(value.into_owned()))
            }
            Entry::Campaign(status) => match name {
                "state" => Some(Cow::Borrowed("CAMPAIGN")),
                // As its jobs are named, so that a filter on their name keeps it above them.
                "name" => Some(Cow::Owned(format!("{} ({} jobs)", status.name, status.parts.len()))),
                "id" => Some(Cow::Borrowed(&status.id)),
                "model" => Some(Cow::Borrowed(&status.model)),
                "requests" => Some(Cow::Owned(status.n_requests().to_string())),
                "age" => Some(Cow::Owned(self.now.duration_since(status.at).as_secs().max(0).to_string())),
                _ => None,
            },
            Entry::Lost(lost) => match name {
                "state" => Some(Cow::Borrowed("UNKNOWN")),
                "name" => Some(Cow::Borrowed(&lost.display_name)),
                "id" => Some(Cow::Borrowed(&lost.token)),
                "model" => Some(Cow::Borrowed(&lost.model)),
                "requests" => Some(Cow::Owned(lost.n_requests.to_string())),
                "age" => Some(Cow::Owned(self.now.duration_since(lost.at).as_secs().max(0).to_string())),
                _ => None,
            },
        }
    }

    fn text(&self, each: &mut dyn FnMut(&str)) {
        match self.entry {
            Entry::Job(tracked) => {
                let job = &tracked.job;
                each(job.title());
                each(job.name.id());
                each(tracked.word());
                // Until the service agrees, a job that is being cancelled is found by what it still is, too: it must not
                // vanish under the hand of the person who cancels it.
                if tracked.cancelling {
                    each(job.state.word());
                }
                job.model.iter().for_each(|model| each(model));
                job.error.iter().for_each(|error| each(&error.message));
            }
            Entry::Campaign(status) => {
                ["CAMPAIGN", &status.name, &status.id, &status.model, status.word()].into_iter().for_each(each);
            }
            Entry::Lost(lost) => ["UNKNOWN", &lost.display_name, &lost.token, &lost.model].into_iter().for_each(each),
        }
    }
}

/// A row of the keys of a job.
pub struct KeyRecord<'a> {
    /// The row.
    pub rows: &'a PackedRows,
    /// Where it is among them.
    pub index: usize,
    /// What it says, as far as it is known.
    pub head: Option<TextHead<'a>>,
}

impl KeyRecord<'_> {
    fn row(&self) -> Option<RowView<'_>> {
        self.rows.view(self.index)
    }
}

impl Record for KeyRecord<'_> {
    fn column(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "key" | "name" | "id" => self.rows.key(self.index).map(Cow::Borrowed),
            "verdict" | "state" => self.rows.verdict(self.index).map(|verdict| Cow::Borrowed(verdict.as_str())),
            "voice" => self.head.and_then(|head| head.voice).map(Cow::Borrowed),
            "line" | "audio" | "size" => self.number(name).map(|number| Cow::Owned(number.to_string())),
            "error" => self.row()?.reason().map(Cow::Borrowed),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<f64> {
        match name {
            "line" => Some(self.rows.line(self.index) as f64),
            "audio" => self.rows.seconds(self.index),
            "size" => self.row()?.sound.map(|sound| sound.pcm_bytes as f64),
            _ => None,
        }
    }

    fn text(&self, each: &mut dyn FnMut(&str)) {
        let Some(row) = self.row() else { return };
        row.key.into_iter().for_each(&mut *each);
        each(row.verdict.as_str());
        row.finish_reason.into_iter().chain(row.reason()).for_each(&mut *each);
        if let Some(head) = self.head {
            head.voice.into_iter().for_each(&mut *each);
            each(head.text);
        }
    }
}

/// Why a row has no audio, when it has none.
pub fn reason(row: &Row) -> Option<&str> {
    match &row.outcome {
        Outcome::Audio => None,
        Outcome::NoAudio { reason } | Outcome::Malformed { reason } => Some(reason),
        Outcome::Error { message, .. } => Some(message),
    }
}

/// A row of the stored files.
pub struct FileRecord<'a> {
    /// The row.
    pub file: &'a StoredFile,
    /// By the service's clock.
    pub now: Timestamp,
}

impl Record for FileRecord<'_> {
    fn column(&self, name: &str) -> Option<Cow<'_, str>> {
        let file = self.file;
        match name {
            "name" => file.display_name.as_deref().map(Cow::Borrowed),
            "id" => Some(Cow::Borrowed(file.name.id())),
            "state" => file.state.as_deref().map(Cow::Borrowed),
            "kind" => file.source.as_deref().map(Cow::Borrowed),
            "size" => file.size_bytes.map(|bytes| Cow::Owned(bytes.to_string())),
            "mime" => file.mime_type.as_deref().map(Cow::Borrowed),
            "age" => {
                let age = |time| self.now.duration_since(time).as_secs().max(0).to_string();
                file.create_time.map(|time| Cow::Owned(age(time)))
            }
            _ => None,
        }
    }

    fn text(&self, each: &mut dyn FnMut(&str)) {
        let file = self.file;
        each(file.name.id());
        for text in [&file.display_name, &file.mime_type, &file.state, &file.source] {
            text.iter().for_each(|text| each(text));
        }
    }
}
