//! Verdicts that change when all rows of a job are known: the newer line takes the place of the older one.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::manifest::{Lines, MANIFEST, Record};
use super::{Error, Saver};
use crate::audio::Verdict;
use crate::results::review::{Heard, Review, review, unknown};

impl Saver {
    /// Takes what is known of rows of the job that this run does not save, so that those it saves are held against all.
    pub fn know_others(&mut self, others: Vec<Heard>) {
        self.shared().desk().others = others;
    }

    /// Looks at all rows of the run together, and thinks something else of those that stand out.
    pub(super) fn review(&mut self) -> Result<(), Error> {
        let mut desk = self.shared().desk();
        let (mut heard, others) = (std::mem::take(&mut desk.heard), std::mem::take(&mut desk.others));
        drop(desk);
        let judging = &self.shared().judging;
        let review = if others.is_empty() {
            review(heard, judging)
        } else {
            let lines: HashSet<u64> = heard.iter().map(Heard::line).collect();
            let unknown = unknown(&heard, judging);
            heard.extend(others);
            let mut review = review(heard, judging);
            review.only(&lines);
            Review { unknown, ..review }
        };
        let verdicts = review.changes.iter().map(|change| (change.line, change.verdict)).collect();
        self.amend_verdicts(&verdicts)?;
        let summary = &mut self.shared().desk().summary;
        // Each of them seemed good.
        summary.looks_bad += review.changes.len() as u64;
        summary.review = review;
        Ok(())
    }

    /// Thinks something else of rows that have been dealt with, by their lines. Reads the manifest once; a row of which
    /// it says that already is left alone.
    fn amend_verdicts(&mut self, verdicts: &HashMap<u64, Verdict>) -> Result<(), Error> {
        if verdicts.is_empty() {
            return Ok(());
        }
        self.flush()?;
        let folder = &self.shared().folder;
        let cannot = |source| Error::Read { path: folder.place(MANIFEST), source };
        let mut lines = Lines::new(folder.open_file(MANIFEST).map_err(cannot)?);
        let mut records: BTreeMap<u64, Record> = BTreeMap::new();
        while let Some(line) = lines.next().map_err(cannot)? {
            let Ok(record) = serde_json::from_slice::<Record>(line.text) else { continue };
            let is_ours = record.job.as_deref() == self.shared().job.as_ref().map(|job| job.as_str());
            if is_ours && verdicts.contains_key(&record.line) {
                records.insert(record.line, record);
            }
        }
        for (line, mut record) in records {
            let verdict = verdicts[&line];
            if record.verdict != verdict {
                record.verdict = verdict;
                self.amend(&record)?;
            }
        }
        Ok(())
    }
}
