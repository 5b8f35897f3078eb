//! Lines that need not be bought: those that another job was sent, and those whose audio is on this disk already.
//!
//! When a job is saved, the folder that it went to is remembered with the requests that its clips are of. When a job is
//! planned, lines whose clip is still there are left out and written down beside the plan; and when that job is saved,
//! their audio goes into its folder as well, so that the folder has all keys whoever made them.

mod choose;
mod find;
mod line;
mod sent;

pub(super) use choose::{Choice, Chosen, choose};
pub(super) use find::digest;
pub(super) use line::{Line, each_line};

use crate::job::Job;
use crate::ops::Session;

use super::session::on_disk;

/// How many keys a job that was created on this machine has beside those that it was sent.
pub async fn unchanged_keys(session: &Session, job: &Job) -> u64 {
    let Some(token) = job.token().map(str::to_owned) else { return 0 };
    let store = session.store.clone();
    // Without an answer it is as of a job of another machine: nothing is said.
    on_disk(move || store.intent(&token)).await.ok().flatten().map_or(0, |made| made.intent.n_unchanged)
}
