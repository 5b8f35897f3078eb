//! One job opened: a row per key, and one key of it.

use std::collections::BTreeMap;

use crate::audio::Peaks;
use crate::failure::Failure;
use crate::job::JobName;
use crate::ops::Progress;
use crate::results::Row;
use crate::tui::event::TextHead;
use crate::tui::model::{Cursor, Haystack, Seq};

/// One job: a row per key.
#[derive(Clone, Debug, PartialEq)]
pub struct JobScreen {
    /// Which job; its state is looked up in the list.
    pub name: JobName,
    /// Whether its results are here.
    pub opening: Opening,
    /// In the order of the results file.
    pub rows: Vec<Row>,
    /// Where the person is; a row is known by its line.
    pub cursor: Cursor<u64>,
    /// Files written in this session, by line.
    pub files: BTreeMap<u64, String>,
    /// Beginnings of the texts, by key, for jobs that we made.
    pub texts: BTreeMap<String, TextHead>,
    /// Which pane the motions move in.
    pub pane: Pane,
    /// What a plain word of the filter is looked for in. Kept by `update`.
    pub haystack: Haystack,
    /// What all rows come to. Kept by `update`, so that a frame need not look at a hundred thousand of them.
    pub tally: Tally,
}

/// What the rows of a job come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Rows that a person should look at.
    pub bad: u64,
    /// Audio in all.
    pub seconds: f64,
    /// Rows that say nothing about which request they answer.
    pub keyless: u64,
}

impl Tally {
    /// Counts one more row.
    pub fn add(&mut self, row: &Row) {
        self.bad += u64::from(row.is_bad());
        self.seconds += row.sound.as_ref().map_or(0.0, |sound| sound.seconds);
        self.keyless += u64::from(row.key.as_ref().is_none_or(String::is_empty));
    }
}

impl JobScreen {
    /// A screen that has nothing to show yet.
    pub fn new(name: JobName, opening: Opening) -> Self {
        JobScreen {
            name,
            opening,
            rows: Vec::new(),
            cursor: Cursor::default(),
            files: BTreeMap::new(),
            texts: BTreeMap::new(),
            pane: Pane::default(),
            haystack: Haystack::default(),
            tally: Tally::default(),
        }
    }
}

impl JobScreen {
    /// The row of a result line.
    pub fn row(&self, line: u64) -> Option<&Row> {
        // Rows come in the order of the file, so that a line is nearly always where its number says.
        let likely = usize::try_from(line).ok()?.checked_sub(1).and_then(|at| self.rows.get(at));
        likely.filter(|row| row.line == line).or_else(|| self.rows.iter().find(|row| row.line == line))
    }

    /// The rows that pass the filter, in the order of the screen.
    pub fn visible_rows(&self) -> impl Iterator<Item = &Row> {
        self.cursor.visible.iter().filter_map(|at| self.rows.get(*at as usize))
    }

    /// The outline of the audio of a result line; `None` while it is not here, and where there is no audio.
    pub fn peaks(&self, line: u64) -> Option<&Peaks> {
        let peaks = &self.row(line)?.sound.as_ref()?.peaks;
        (!peaks.0.is_empty()).then_some(peaks)
    }
}

/// Whether the results of a job are here.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// The job is not over, or reports no output yet.
    NoOutput,
    /// On their way.
    InFlight(Seq, Progress),
    /// All of them.
    Complete,
    /// They did not come, or not all of them.
    Failed(Failure),
}

/// A pane of the job screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The table of keys.
    #[default]
    Keys,
    /// The waveform and the facts of the selected key.
    Detail,
}

/// One key of the job below.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyScreen {
    /// Its line in the results.
    pub line: u64,
    /// The line as the service sent it, audio cut short, once it was asked for.
    pub raw: Option<Result<String, Failure>>,
    /// The request for that line, while it is under way.
    pub raw_seq: Option<Seq>,
    /// Lines scrolled off at the top.
    pub scroll: usize,
}
