//! Rows on their way into the ledger: kept small while they go by, and added up once the last one is there.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::audio::Verdict;
use crate::failure::Failure;
use crate::job::{Job, JobKind};
use crate::money::{Account, Billed, Characters, Clip, Share};
use crate::ops::Session;
use crate::ops::session::on_disk;
use crate::results::Tokens;
use crate::results::review::Review;
use crate::script::each_spoken;
use crate::store::Accounted;

/// So many tokens are none: what the service did not say.
const UNTOLD: u32 = u32::MAX;

/// What the ledger wants to know of the results of a job while they are read.
#[derive(Debug, Default)]
pub struct Taking(Mutex<Vec<Seen>>);

/// One result, in 32 bytes: there may be very many.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Stands for its key; `None` without one.
    key: u64,
    line: u32,
    prompt_tokens: u32,
    audio_tokens: u32,
    seconds: f32,
    has_key: bool,
    is_useful: bool,
}

impl Seen {
    fn clip(&self, characters: Option<Characters>) -> Clip {
        let told = |tokens: u32| (tokens != UNTOLD).then_some(u64::from(tokens));
        Clip {
            is_useful: self.is_useful,
            prompt_tokens: told(self.prompt_tokens),
            audio_tokens: told(self.audio_tokens),
            seconds: f64::from(self.seconds),
            characters,
        }
    }
}

impl Taking {
    /// Takes the next result. Each line comes once.
    pub fn row(&self, line: u64, key: Option<&str>, tokens: Tokens, seconds: f64, verdict: Verdict) {
        let told = |tokens: Option<u64>| tokens.map_or(UNTOLD, |tokens| tokens.min(u64::from(UNTOLD) - 1) as u32);
        self.rows().push(Seen {
            key: key.map_or(0, hash),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            prompt_tokens: told(tokens.prompt),
            audio_tokens: told(tokens.audio),
            seconds: seconds as f32,
            has_key: key.is_some(),
            is_useful: verdict == Verdict::Ok,
        });
    }

    /// How many have come.
    pub fn n_rows(&self) -> u64 {
        self.rows().len() as u64
    }

    /// Writes down what they came to. That the ledger cannot be written spoils nothing that was read for.
    pub async fn finish(&self, session: &Session, job: &Job, review: &Review, is_whole: bool) {
        let mut rows = std::mem::take(&mut *self.rows());
        if rows.is_empty() || job.kind == JobKind::EmbedContent {
            return;
        }
        // What stands out among all results is known only now.
        let changed: HashSet<u64> = review.changes.iter().map(|change| change.line).collect();
        for row in rows.iter_mut().filter(|row| changed.contains(&u64::from(row.line))) {
            row.is_useful = false;
        }
        let (session, job) = (session.clone(), job.clone());
        let written = on_disk(move || account(&session, &job, rows, is_whole));
        if let Err(failure) = written.await {
            tracing::warn!(%failure, "what a job came to could not be written down");
        }
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

fn account(session: &Session, job: &Job, rows: Vec<Seen>, is_whole: bool) -> Result<(), Failure> {
    let intent = job.token().map(|token| session.store.intent(token)).transpose()?.flatten().map(|made| made.intent);
    let of_job = job.model.as_deref().map(|model| model.strip_prefix("models/").unwrap_or(model).to_owned());
    let model = of_job.or_else(|| intent.as_ref().map(|intent| intent.model.clone()));
    let created = job.create_time.or(intent.map(|intent| intent.at));
    let read_at = session.clock.now();
    let priced_on = created.unwrap_or(read_at).to_zoned(jiff::tz::TimeZone::UTC).date();
    let known = model.as_deref().and_then(|model| session.catalog.model(model));
    let mut accounted = Accounted {
        job: job.name.to_string(),
        origin: session.origin().to_owned(),
        key_fingerprint: session.key_fingerprint.clone(),
        price: known.and_then(|model| model.price_at(priced_on)),
        model,
        created,
        read_at,
        n_results: rows.len() as u64,
        is_whole,
        priced_on,
        shares: without_texts(session, &rows),
    };
    let requests = job.token().map(|token| session.store.requests_path(token)).filter(|path| path.is_file());
    if let Some(path) = requests
        && !is_known(session, job, &accounted)?
    {
        accounted.shares = with_texts(session, rows, &path)?;
    }
    session.store.account(&accounted)?;
    Ok(())
}

/// Whether a record says the same already and its texts were known: then they need not be read once more.
fn is_known(session: &Session, job: &Job, accounted: &Accounted) -> Result<bool, Failure> {
    let figures = |of: &Accounted| (of.n_results, of.is_whole, of.created, of.useful(), of.unusable());
    let is_measured = |known: &Accounted| known.shares.iter().any(|share| share.measured.clips > 0);
    let known = session.store.accounted(session.origin(), &job.name)?;
    Ok(known.is_some_and(|known| figures(&known) == figures(accounted) && is_measured(&known)))
}

fn without_texts(session: &Session, rows: &[Seen]) -> Vec<Share> {
    let mut account = Account::new(session.catalog.audio_tokens_per_second);
    rows.iter().for_each(|row| account.take(None, None, &row.clip(None)));
    account.shares()
}

fn with_texts(session: &Session, mut rows: Vec<Seen>, requests: &std::path::Path) -> Result<Vec<Share>, Failure> {
    let mut account = Account::new(session.catalog.audio_tokens_per_second);
    rows.sort_unstable_by_key(|row| (!row.has_key, row.key, row.line));
    let n_with_key = rows.partition_point(|row| row.has_key);
    let (with_key, without) = rows.split_at(n_with_key);
    let mut is_told = vec![false; with_key.len()];
    each_spoken(requests, |spoken| {
        let wanted = hash(&spoken.key);
        let first = with_key.partition_point(|row| row.key < wanted);
        let (voice, language) = spoken.voice_and_language();
        for (at, row) in with_key.iter().enumerate().skip(first).take_while(|(_, row)| row.key == wanted) {
            if !std::mem::replace(&mut is_told[at], true) {
                account.take(voice, language, &row.clip(Some(spoken.characters())));
            }
        }
    })
    .map_err(|error| error.failure())?;
    let untold = with_key.iter().zip(&is_told).filter(|(_, is_told)| !**is_told).map(|(row, _)| row);
    untold.chain(without).for_each(|row| account.take(None, None, &row.clip(None)));
    let shares = account.shares();
    debug_assert_eq!(billed(&shares), billed(&without_texts(session, &rows)));
    Ok(shares)
}

fn billed(shares: &[Share]) -> Billed {
    shares.iter().map(Share::billed).sum()
}
