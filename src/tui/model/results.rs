//! One job opened: a row per key, and one key of it.

use std::collections::VecDeque;

use crate::audio::Peaks;
use crate::failure::Failure;
use crate::job::JobName;
use crate::ops::Progress;
use crate::results::review::Review;
use crate::results::{PackedRows, Row, RowView};
use crate::tui::event::Texts;
use crate::tui::model::{Cursor, Haystack, SavedFiles, Seq};

/// One job: a row per key.
#[derive(Clone, Debug, PartialEq)]
pub struct JobScreen {
    /// Which job; its state is looked up in the list.
    pub name: JobName,
    /// Whether its results are here.
    pub opening: Opening,
    /// In the order of the results file; without their outlines.
    pub rows: PackedRows,
    /// Where the person is; a row is known by its line.
    pub cursor: Cursor<u64>,
    /// Files that this session has written, or an earlier one.
    pub files: SavedFiles,
    /// Beginnings of the texts, by key, for jobs that we made.
    pub texts: Texts,
    /// Where the text of each row is found among them, so that no key is looked for while a person types. Kept by
    /// `update`.
    pub heads: Vec<u32>,
    /// Which pane the motions move in.
    pub pane: Pane,
    /// What a plain word of the filter is looked for in. Kept by `update`.
    pub haystack: Haystack,
    /// What all rows come to. Kept by `update`, so that a frame need not look at a hundred thousand of them.
    pub tally: Tally,
    /// Keys that were not sent, as their audio was on this disk: they have no rows, and are saved with the others.
    pub unchanged: u64,
    /// What all rows together have shown.
    pub review: Review,
    /// The outlines of keys that were looked at lately.
    pub outlines: Outlines,
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
    pub fn add(&mut self, row: &RowView<'_>) {
        self.bad += u64::from(row.is_bad());
        self.seconds += row.sound.as_ref().map_or(0.0, |sound| sound.seconds);
        self.keyless += u64::from(row.key.is_none_or(str::is_empty));
    }
}

impl JobScreen {
    /// A screen that has nothing to show yet.
    pub fn new(name: JobName, opening: Opening) -> Self {
        JobScreen {
            name,
            opening,
            rows: PackedRows::new(),
            cursor: Cursor::default(),
            files: SavedFiles::default(),
            texts: Texts::default(),
            heads: Vec::new(),
            pane: Pane::default(),
            haystack: Haystack::default(),
            tally: Tally::default(),
            unchanged: 0,
            review: Review::default(),
            outlines: Outlines::default(),
        }
    }
}

impl JobScreen {
    /// The row of a result line, without its outline.
    pub fn row(&self, line: u64) -> Option<Row> {
        self.rows.get(self.rows.index_of(line)?)
    }

    /// The lines of the rows that pass the filter, in the order of the screen.
    pub fn visible_lines(&self) -> impl Iterator<Item = u64> {
        self.cursor.visible.iter().map(|at| self.rows.line(*at as usize))
    }

    /// The outline of the sound on a result line; `None` while it is on its way, and when there is none.
    pub fn peaks(&self, line: u64) -> Option<&Peaks> {
        self.outlines.get(line)
    }
}

/// The outlines of the keys that were looked at lately, as they are too large to be kept for all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlines {
    /// The latest one last; `None` for a line that has none.
    known: VecDeque<(u64, Option<Peaks>)>,
    /// The one that was asked for. There is one request at a time, and the line that is wanted when its answer comes is
    /// the next, so that a held-down key costs no more than the disk can do.
    pub awaited: Option<Seq>,
}

impl Outlines {
    /// So many are kept: a screen of keys, to go up and down in.
    const MOST: usize = 64;

    fn get(&self, line: u64) -> Option<&Peaks> {
        self.known.iter().rev().find(|(known, _)| *known == line)?.1.as_ref()
    }

    /// Whether it is known what the outline of a line is, if there is one at all.
    pub fn knows(&self, line: u64) -> bool {
        self.known.iter().any(|(known, _)| *known == line)
    }

    /// Keeps what was found for a line.
    pub fn keep(&mut self, line: u64, peaks: Option<Peaks>) {
        self.known.retain(|(known, _)| *known != line);
        if self.known.len() == Self::MOST {
            self.known.pop_front();
        }
        self.known.push_back((line, peaks));
    }

    /// Forgets the lines for which nothing was found: by now there may be something.
    pub fn forget_missing(&mut self) {
        self.known.retain(|(_, peaks)| peaks.is_some());
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
