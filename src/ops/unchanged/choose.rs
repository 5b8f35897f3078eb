//! What of a prepared order is sent: the rest of other jobs, a sample of that, and of the sample what is not on the disk.

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::failure::{Exit, Failure};
use crate::job::JobName;
use crate::ops::{Order, Session, Unchanged};
use crate::request::{Finding, Identity};
use crate::script::{Choosing, Options, Prepared, Sample, each_candidate, rewrite};
use crate::store::Store;

use super::find::{Found, find};
use super::sent::Sent;

/// What may be left out of an order, as far as that is known before its sources are read.
pub(in crate::ops) struct Choice {
    /// With its seed.
    sample: Option<Sample>,
    sent: Sent,
    /// Whether there is any audio of this model on the disk.
    looks_for_audio: bool,
}

impl Choice {
    /// Reads what jobs were sent, and draws a seed. Blocks.
    pub(in crate::ops) fn of(session: &Session, order: &Order, model: &str) -> Result<Choice, Failure> {
        let sample = match order.sample {
            // Seven digits are enough to choose by, and can be typed again.
            Some(sample) => Some(sample.with_seed(u32::from_be_bytes(crate::store::random()?) % 10_000_000)),
            None => None,
        };
        let sent = Sent::of(session, &order.rest_of)?;
        let looks_for_audio = !order.again && !session.store.contents(session.origin(), model)?.is_empty();
        Ok(Choice { sample, sent, looks_for_audio })
    }

    /// The sample, with its seed.
    pub(in crate::ops) fn sample(&self) -> Option<Sample> {
        self.sample
    }

    /// After how many requests no more of the sources need be read.
    pub(in crate::ops) fn enough(&self) -> Option<usize> {
        // The first ones of a rest may come late.
        self.sample.filter(|_| self.sent.is_empty()).and_then(Sample::first)
    }

    /// Whether all requests have to be looked at once more before it is known which of them are sent.
    pub(in crate::ops) fn may_leave_out(&self) -> bool {
        self.looks_for_audio || (self.sample.is_some() && self.enough().is_none()) || !self.sent.is_empty()
    }
}

/// What came of it.
#[derive(Default)]
pub(in crate::ops) struct Chosen {
    pub(in crate::ops) n_sent_before: u64,
    pub(in crate::ops) n_unchanged: u64,
    pub(in crate::ops) unchanged: Vec<Unchanged>,
    pub(in crate::ops) is_all_unchanged: bool,
}

impl Chosen {
    /// The job that made most of the audio, when all of it is on the disk.
    pub(in crate::ops) fn made_by(&self) -> Option<&JobName> {
        self.unchanged.first().filter(|_| self.is_all_unchanged).map(|most| &most.job)
    }
}

/// Prepares anew what is sent, in the place of the whole, and writes down beside it what is not sent because it is on the
/// disk. `options` are those by which the whole was prepared; what is wrong with all that is sent together is reported.
/// Blocks.
pub(in crate::ops) fn choose(
    session: &Session,
    choice: Choice,
    options: &Options,
    path: &Path,
    prepared: Prepared,
    report: &mut dyn FnMut(Finding),
) -> Result<(Prepared, Chosen), Failure> {
    let Choice { sample, mut sent, looks_for_audio } = choice;
    let model = options.settings.model_id().to_owned();
    let mut choosing = Choosing::new(sample);
    let mut before = Marks::default();
    let mut wanted: Vec<(Identity, u32)> = Vec::new();
    each_candidate(path, &model, &options.stop, |candidate| {
        if sent.has(candidate.identity, candidate.key) {
            before.add(candidate.number);
            return;
        }
        choosing.add(candidate.number, candidate.characters);
        if let (true, Ok(number)) = (looks_for_audio, u32::try_from(candidate.number)) {
            wanted.push((candidate.identity, number));
        }
    })
    .map_err(|error| error.failure())?;
    sent.refuse_strangers()?;
    let n_sent_before = before.n;
    // From here on: what is sent unless it is on the disk.
    let taken = match choosing.chosen() {
        Some(numbers) => numbers.into_iter().collect(),
        None => before.others(prepared.n_requests),
    };
    if taken.n == 0 {
        let message = "nothing is left to send: all of these requests were sent before";
        return Err(Failure::new(message).hint("leave --rest-of out to send them, and pay for them, again"));
    }
    wanted.retain(|(_, number)| taken.has(u64::from(*number)));
    let found = match looks_for_audio {
        true => Some(find(session, &model, wanted, &options.stop)?).filter(|found| found.n() > 0),
        false => None,
    };
    let mut chosen = Chosen { n_sent_before, ..Chosen::default() };
    if let Some(found) = &found {
        chosen.n_unchanged = found.n();
        chosen.unchanged.clone_from(&found.unchanged);
        chosen.is_all_unchanged = found.n() == taken.n;
    }
    let left_out = found.filter(|_| !chosen.is_all_unchanged);
    let leaves_out = taken.n < prepared.n_requests || left_out.is_some();
    // Whether what goes inline is too large could not be said of the whole.
    if !leaves_out && !options.inline {
        return Ok((prepared, chosen));
    }
    let prepared = write(session, options, path, prepared, (&taken, left_out), report)?;
    Ok((prepared, chosen))
}

fn write(
    session: &Session,
    options: &Options,
    path: &Path,
    prepared: Prepared,
    (taken, mut left_out): (&Marks, Option<Found>),
    report: &mut dyn FnMut(Finding),
) -> Result<Prepared, Failure> {
    let folder = session.store.prepared_folder();
    let cannot = |error: std::io::Error| {
        Failure::with_exit(Exit::Disk, format!("cannot write prepared requests in {}: {error}", folder.display()))
    };
    let part = || tempfile::Builder::new().suffix(".part").tempfile_in(&folder).map_err(cannot);
    let (mut file, mut unchanged) = (part()?, part()?);
    let beside = Store::texts_path(path);
    let mut texts = if beside.is_file() { Some(part()?) } else { None };
    let mut writer = BufWriter::with_capacity(256 * 1024, file.as_file_mut());
    let mut unchanged_writer = BufWriter::with_capacity(64 * 1024, unchanged.as_file_mut());
    let mut texts_writer = texts.as_mut().map(|texts| BufWriter::new(texts.as_file_mut()));
    let mut take = |number: u64, key: &str| {
        if !taken.has(number) {
            return Ok(false);
        }
        let Some(mut line) = left_out.as_mut().map(|found| found.line(number)).transpose()?.flatten() else {
            return Ok(true);
        };
        line.record.key = Some(key.to_owned());
        line.write(&mut unchanged_writer)?;
        Ok(false)
    };
    let with_texts = texts_writer.as_mut().map(|writer| (beside.as_path(), writer as &mut dyn Write));
    let prepared = rewrite(path, options, prepared, &mut take, &mut writer, with_texts, report)
        .map_err(|error| error.failure())?;
    writer.flush().map_err(cannot)?;
    drop(writer);
    unchanged_writer.flush().map_err(cannot)?;
    drop(unchanged_writer);
    if let Some(writer) = &mut texts_writer {
        writer.flush().map_err(cannot)?;
    }
    drop(texts_writer);
    if left_out.is_some() {
        // What is written here is all that tells which keys a job has beside its own.
        unchanged.as_file().sync_all().map_err(cannot)?;
        unchanged.persist(Store::unchanged_path(path)).map_err(|error| cannot(error.error))?;
    }
    if let Some(texts) = texts {
        texts.persist(beside).map_err(|error| cannot(error.error))?;
    }
    file.persist(path).map_err(|error| cannot(error.error))?;
    Ok(prepared)
}

/// Numbers of requests: a bit for each.
#[derive(Debug, Default)]
struct Marks {
    words: Vec<u64>,
    n: u64,
}

impl Marks {
    fn add(&mut self, number: u64) {
        let (word, bit) = place(number);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.n += u64::from(self.words[word] & bit == 0);
        self.words[word] |= bit;
    }

    fn has(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Those of so many that are not marked.
    fn others(&self, of: u64) -> Marks {
        (0..of).filter(|number| !self.has(*number)).collect()
    }
}

impl FromIterator<u64> for Marks {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut marks = Marks::default();
        numbers.into_iter().for_each(|number| marks.add(number));
        marks
    }
}

fn place(number: u64) -> (usize, u64) {
    (usize::try_from(number / 64).expect("requests are counted one by one"), 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_the_others_are_all() {
        let marks: Marks = [0, 5, 64, 5].into_iter().collect();
        assert_eq!((marks.n, marks.has(5), marks.has(6), marks.has(1_000)), (3, true, false, false));
        let others = marks.others(70);
        assert_eq!(others.n, 67);
        assert!((0..70).all(|number| marks.has(number) != others.has(number)));
    }
}
