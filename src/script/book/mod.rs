//! E-books in EPUB: the chapters in the order of reading, one at a time.

mod archive;
mod chapter;
mod package;
mod xml;

use std::collections::VecDeque;
use std::fs::File;
use std::io;

use super::keys::slug;
use super::passage::{Passage, Passages, Place, Told};
use crate::request::{Problem, rules};
use crate::text::count;
use archive::Archive;
use package::Item;

/// A reader of an e-book. Holds one chapter at a time.
pub(super) struct Book {
    archive: Archive,
    items: VecDeque<Item>,
    skip_headings: bool,
    waiting: VecDeque<Told>,
    /// Kinds of things that were told to be left out, and whether it was told what is protected.
    left_out: Vec<&'static str>,
    has_told_of_protection: bool,
}

impl Book {
    /// Opens a book; says why it is none.
    pub(super) fn open(file: File, skip_headings: bool) -> Result<Book, String> {
        let mut archive = Archive::open(file)?;
        let items = package::items(&mut archive)?.into();
        let (waiting, left_out, has_told_of_protection) = (VecDeque::new(), Vec::new(), false);
        Ok(Book { archive, items, skip_headings, waiting, left_out, has_told_of_protection })
    }

    fn take(&mut self, item: Item) {
        let place = |line| Place { line, column: 0, file: Some(item.path.as_str().into()) };
        let mut tell = |line, problem| self.waiting.push_back(Told::Problem(place(line), problem));
        if item.is_protected {
            // Usually it is the whole book; that is said once.
            if !std::mem::replace(&mut self.has_told_of_protection, true) {
                let others = self.items.iter().filter(|item| item.is_protected).count() as u64;
                let what = match others {
                    0 => "the chapter is protected against copying".to_owned(),
                    others => format!("the chapter and {} are protected against copying", count(others, "other")),
                };
                let problem = Problem::new(&rules::BROKEN_CHAPTER, what);
                tell(0, problem.fix("get the book without protection"));
            }
            return;
        }
        let text = match self.archive.text(&item.path) {
            Ok(text) => text,
            Err(reason) => {
                let problem = Problem::new(&rules::BROKEN_CHAPTER, format!("the chapter cannot be read: {reason}"));
                tell(0, problem.fix("see whether a reader of e-books opens it"));
                return;
            }
        };
        let chapter = chapter::read(&text, self.skip_headings);
        if let Some((line, reason)) = &chapter.broken {
            let problem = Problem::new(&rules::BROKEN_CHAPTER, format!("the chapter breaks off: {reason}"));
            tell(*line, problem.fix("mend the file in the book"));
        }
        for (what, line) in chapter.left_out {
            if !self.left_out.contains(&what) {
                self.left_out.push(what);
                tell(line, Problem::new(&rules::LEFT_OUT, format!("{what} cannot be spoken; it is left out")));
            }
        }
        if chapter.text.is_empty() {
            // A cover or a page with a picture.
            return;
        }
        let title = item.title.as_ref().or(chapter.heading.as_ref());
        let named = title.map(|title| slug(title)).filter(|slug| !slug.is_empty());
        let first = chapter.lines.first().map_or(1, |(_, line)| *line);
        let mut passage = Passage::new(place(first), chapter.text);
        passage.lines = chapter.lines;
        passage.section = named.or_else(|| Some("chapter".to_owned()));
        self.waiting.push_back(Told::Text(passage));
    }
}

impl Passages for Book {
    fn next(&mut self) -> io::Result<Option<Told>> {
        loop {
            if let Some(told) = self.waiting.pop_front() {
                return Ok(Some(told));
            }
            match self.items.pop_front() {
                Some(item) => self.take(item),
                None => return Ok(None),
            }
        }
    }
}
