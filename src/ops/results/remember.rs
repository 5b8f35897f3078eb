//! Remembers what was saved, so that the same lines are not bought again.
//!
//! Only audio of jobs that were created on this machine: of others nobody knows what was asked for.

use std::collections::HashMap;
use std::path::Path;

use crate::audio::Verdict;
use crate::failure::Failure;
use crate::job::Job;
use crate::ops::Session;
use crate::ops::session::on_disk;
use crate::ops::unchanged::{digest, each_line};
use crate::request::Identity;
use crate::save::{Record, Records, Status};
use crate::script::each_request;
use crate::store::{Clip, Contents, Store};

use super::bring::absolute;

/// What a save has to say about its audio.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    /// Something was written.
    pub(super) is_news: bool,
    /// All rows together make one doubt whose audio is whose.
    pub(super) is_odd: bool,
}

/// Remembers the good clips of a job in a folder, as its manifest tells. What cannot be remembered is only logged: the
/// audio is there, and would be bought again at worst.
pub(super) async fn remember(session: &Session, job: &Job, folder: &Path, heard: Heard) {
    let Some(token) = job.token().map(str::to_owned) else { return };
    let (ours, name, folder) = (session.clone(), job.name.to_string(), absolute(folder));
    let remembered = on_disk(move || {
        let requests = ours.store.requests_path(&token);
        let Some(made) = ours.store.intent(&token)?.filter(|_| requests.is_file()) else { return Ok(()) };
        let model = made.intent.model;
        let contents = Contents::new(ours.origin(), &model, &name, folder, ours.clock.now());
        if !heard.is_news && ours.store.remembers_clips(&contents) {
            return Ok(());
        }
        let mut clips = Vec::new();
        if !heard.is_odd {
            let asked = Asked::of(&requests, &model, &name)?;
            Records::open(&contents.folder)?.each(|_, record| clips.extend(asked.clip(&record)))?;
        }
        Ok::<_, Failure>(ours.store.remember_clips(&contents, clips.into_iter())?)
    });
    if let Err(failure) = remembered.await {
        tracing::warn!(%failure, "what was saved could not be remembered");
    }
}

/// What was asked for, by whatever tells a record of it: the job and the key, and for audio of another job its SHA-256.
struct Asked(HashMap<Identity, Identity>);

impl Asked {
    fn of(requests: &Path, model: &str, job: &str) -> Result<Asked, Failure> {
        let mut asked = HashMap::new();
        each_request(requests, |key, request| {
            asked.insert(Identity::of_texts([job, key]), Identity::of(model, request));
        })
        .map_err(|error| error.failure())?;
        let unchanged = Store::unchanged_path(requests);
        if unchanged.is_file() {
            each_line(&unchanged, |line| {
                if let Some(name) = of_other(&line.record) {
                    asked.insert(name, line.identity);
                }
                Ok::<_, std::io::Error>(())
            })
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", unchanged.display())))?;
        }
        Ok(Asked(asked))
    }

    fn clip(&self, record: &Record) -> Option<Clip> {
        if (record.status, record.verdict) != (Status::Saved, Verdict::Ok) {
            return None;
        }
        let (job, key) = (record.job.as_deref()?, record.key.as_deref()?);
        let asked = self.0.get(&Identity::of_texts([job, key])).or_else(|| self.0.get(&of_other(record)?))?;
        Some((*asked, digest(record.sha256.as_deref()?)?))
    }
}

/// Audio that another job made. Its job may have had another text under the same key.
fn of_other(record: &Record) -> Option<Identity> {
    let (job, key, sha256) = (record.job.as_deref()?, record.key.as_deref()?, record.sha256.as_deref()?);
    Some(Identity::of_texts([job, key, sha256]))
}
