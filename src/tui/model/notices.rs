//! What was said: one line at the bottom, and all of it on the messages screen.

use std::collections::VecDeque;

use jiff::Timestamp;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something went well.
    Good,
    /// Worth knowing.
    Info,
    /// Something failed or needs a look. Stays until Esc.
    Bad,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// When.
    pub at: Timestamp,
    /// How bad it is.
    pub level: Level,
    /// One line, clean.
    pub text: String,
    /// What a person can do about it.
    pub hint: Option<String>,
}

/// What was said so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notices {
    /// At most [`Notices::MOST`], oldest first.
    pub log: VecDeque<Notice>,
    /// The line at the bottom, until it is old or dismissed.
    pub flash: Option<Notice>,
    /// The last bad one that nobody dismissed; it comes back when a later line is old.
    pub standing: Option<Notice>,
    /// Bad ones since the messages were last looked at.
    pub unseen: usize,
}

impl Notices {
    /// How many are kept.
    pub const MOST: usize = 200;
}
