//! Lists, cancels and deletions.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::api::StoredFile;
use crate::job::{Job, JobName};
use crate::ops;
use crate::ops::{Listing, Loss, Transition};
use crate::tui::event::{Event, Listed, Restored};
use crate::tui::model::Seq;
use crate::tui::world::{Here, spending};

/// Reads what the last session knew: the list, the timelines, the form.
pub(super) async fn restore(here: Here) {
    let ours = here.clone();
    let restored = Here::blocking(move || {
        let session = &ours.session;
        let store = &session.store;
        let origin = session.service.reader.origin();
        let known = store.known_jobs(&session.profile, origin)?;
        let (mut saved, mut folders) = (BTreeMap::new(), BTreeMap::new());
        let transitions = store.timelines_of(origin, known.jobs.iter().map(|job| &job.name))?.concat();
        let saves = store.saves_of_all(origin, known.jobs.iter().map(|job| &job.name))?;
        for (job, saves) in known.jobs.iter().zip(saves) {
            // One key in a folder is not the job: only a whole save lets a person forget about the results.
            for save in saves {
                if save.is_whole {
                    saved.insert(job.name.clone(), save.folder.clone());
                }
                folders.insert(job.name.clone(), save.folder);
            }
        }
        remember_states(&ours, &known.jobs);
        Ok(Restored {
            listed_at: known.at,
            transitions,
            cancelling: ops::asked_to_cancel(session),
            unconfirmed: ops::unconfirmed(session),
            campaigns: ops::campaigns(session)?,
            saved,
            folders,
            costs: ops::costs(session),
            draft: store.document("draft")?.and_then(|draft| serde_json::from_value(draft).ok()),
            view: store.document("view")?.and_then(|view| serde_json::from_value(view).ok()),
            jobs: known.jobs,
        })
    });
    match restored.await {
        Ok(restored) => here.mailbox.tell(Event::Restored(Box::new(restored))),
        Err(failure) => here.mailbox.tell(Event::Noticed(Err(failure))),
    }
    if let Some(failure) = ops::damage(&here.session) {
        here.mailbox.tell(Event::Noticed(Err(failure)));
    }
    spending::tell(&here).await;
}

/// Walks the whole list; the first page is told at once.
pub(super) async fn list(here: Here, seq: Seq) {
    let first = AtomicBool::new(true);
    let on_page = |page: &[Job]| {
        if first.swap(false, Ordering::Relaxed) {
            here.mailbox.tell(Event::JobsPaged(seq, page.to_vec()));
        }
    };
    let listed = match ops::list(&here.session, &on_page).await {
        Ok(listing) => {
            // The journals are read where nobody is held up: a first listing may look up five thousand jobs.
            let ours = here.clone();
            Here::blocking(move || Ok(Box::new(listed(&ours, listing)))).await
        }
        Err(failure) => Err(failure),
    };
    here.mailbox.tell(Event::JobsListed(seq, listed));
    spending::tell(&here).await;
}

fn listed(here: &Here, listing: Listing) -> Listed {
    let transitions = remember_states(here, &listing.jobs);
    let ops::Cancels { asked: cancelling, unanswered } = ops::cancels(&here.session);
    let now = listing.server_time.unwrap_or_else(|| here.session.clock.now());
    Listed {
        to_save: ops::to_save(&here.session, &listing.jobs, now),
        transitions,
        cancelling,
        unanswered,
        unconfirmed: ops::unconfirmed(&here.session),
        // As in the rest of a listing, a journal that cannot be read does not keep the list from the screen.
        campaigns: ops::campaigns(&here.session).unwrap_or_default(),
        listing,
    }
}

/// The latest recorded transitions of the jobs that changed since the listing before, from one look at the journal.
fn remember_states(here: &Here, jobs: &[Job]) -> Vec<Transition> {
    let mut states = here.states.lock().unwrap_or_else(PoisonError::into_inner);
    let changed: Vec<_> = jobs.iter().filter(|job| states.get(&job.name) != Some(&job.state)).collect();
    // As in the rest of a listing, a journal that cannot be read does not keep the list from the screen.
    let (store, origin) = (&here.session.store, here.session.service.reader.origin());
    let timelines = store.timelines_of(origin, changed.iter().map(|job| &job.name)).unwrap_or_default();
    let transitions = timelines.into_iter().filter_map(|mut timeline| timeline.pop()).collect();
    states.extend(changed.into_iter().map(|job| (job.name.clone(), job.state.clone())));
    transitions
}

/// Fetches one job and the service's own JSON of it.
pub(super) async fn fetch(here: Here, seq: Seq, name: JobName) {
    let told = match ops::get_if_there(&here.session, &name).await {
        Ok(Some(fetched)) => {
            let raw = serde_json::to_string_pretty(&fetched.raw).unwrap_or_default();
            Event::JobFetched(seq, name, Ok(Box::new((fetched.value, raw))))
        }
        Ok(None) => Event::JobMissing(seq, name),
        Err(failure) => Event::JobFetched(seq, name, Err(failure)),
    };
    here.mailbox.tell(told);
}

/// Finds out what deletions would lose.
pub(super) async fn check_loss(here: Here, seq: Seq, jobs: Vec<Job>) {
    let mut losses = Vec::with_capacity(jobs.len());
    for job in jobs {
        let loss = ops::loss(&here.session, &job).await;
        losses.push((job.name, loss));
    }
    here.mailbox.tell(Event::LossKnown(seq, losses));
}

/// Asks for a job to be stopped.
pub(super) async fn cancel(here: Here, name: JobName) {
    // All wishes stand in the journal before the first few are told: whatever happens then, the others are not forgotten.
    if let Err(failure) = ops::intend_to_cancel(&here.session, std::slice::from_ref(&name)).await {
        return here.mailbox.tell(Event::CancelAnswered(name, Err(failure)));
    }
    // A hundred jobs are asked for a few at a time: enough to hide the way to the service, too few to annoy it.
    let _turn = here.asking.acquire().await;
    let answer = ops::cancel_or_wait(&here.session, &name).await;
    here.mailbox.tell(Event::CancelAnswered(name, answer.map(Box::new)));
}

/// Deletes a job.
pub(super) async fn delete(here: Here, job: Job, agreed: Loss) {
    let answer = ops::delete_as_agreed(&here.session, &job, agreed).await;
    here.mailbox.tell(Event::JobDeleted(job.name, answer));
}

/// Lists the stored files.
pub(super) async fn list_files(here: Here, seq: Seq) {
    let files = ops::list_files(&here.session).await;
    here.mailbox.tell(Event::FilesListed(seq, files));
}

/// Deletes one of them.
pub(super) async fn delete_file(here: Here, file: StoredFile) {
    let answer = ops::delete_seen_file(&here.session, &file).await;
    here.mailbox.tell(Event::FileDeleted(file.name, answer));
}

/// Gives a create up whose answer was lost.
pub(super) async fn give_up(here: Here, token: String) {
    let answer = ops::give_up(&here.session, &token).await;
    here.mailbox.tell(Event::GaveUp(token, answer));
}
