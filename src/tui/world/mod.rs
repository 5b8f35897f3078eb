//! Carries effects out, on the threads of the runtime, and answers with events.
//!
//! No rule lives here: an arm calls a use case and wraps its answer. Whatever a task does, it can be dropped at any
//! point; the journals and the saved files stay right.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};
use tokio::task::{AbortHandle, JoinHandle};

use crate::failure::Failure;
use crate::job::{JobName, JobState};
use crate::ops::{Session, Spending};
use crate::tui::effect::Effect;
use crate::tui::event::Event;
use crate::tui::mailbox::Mailbox;
use crate::tui::model::Seq;

mod campaigns;
mod create;
mod desk;
mod jobs;
mod pace;
mod results;
mod spending;

/// So many cancels are under way at the same time.
const CANCELS_AT_ONCE: usize = 8;

/// How long the keys of a dialog that has just opened do not count.
const GUARD: Duration = Duration::from_millis(300);

/// How long leaving may wait for the disk.
const LEAVING: Duration = Duration::from_secs(1);

/// What carries effects out.
pub struct World {
    here: Here,
    runtime: Handle,
    over_ssh: bool,
    /// The results that are on their way to a screen, by the number of the request.
    openings: HashMap<Seq, AbortHandle>,
    /// The latest check of a draft; a newer one takes its place.
    planning: Option<AbortHandle>,
    /// The latest submission, and what stops its upload.
    submitting: Option<(Seq, Arc<Notify>)>,
    /// Documents on their way to the disk: a person who leaves counts on them.
    keeping: Vec<JoinHandle<()>>,
}

/// What every task is given.
#[derive(Clone)]
struct Here {
    session: Arc<Session>,
    mailbox: Arc<Mailbox>,
    /// The plan that can be submitted.
    plan: Arc<Mutex<create::Newest>>,
    /// The states of the listing before, to tell what changed since.
    states: Arc<Mutex<HashMap<JobName, JobState>>>,
    /// What was told of the ledger last.
    spending: Arc<tokio::sync::Mutex<Option<Spending>>>,
    /// The turns of cancels; more of them than there are turns wait.
    asking: Arc<Semaphore>,
}

impl World {
    /// A world that answers into that mailbox.
    pub fn new(session: Arc<Session>, mailbox: Arc<Mailbox>, runtime: Handle, over_ssh: bool) -> Self {
        let asking = Arc::new(Semaphore::new(CANCELS_AT_ONCE));
        let here =
            Here { session, mailbox, plan: Arc::default(), states: Arc::default(), spending: Arc::default(), asking };
        World {
            here,
            runtime,
            over_ssh,
            openings: HashMap::new(),
            planning: None,
            submitting: None,
            keeping: Vec::new(),
        }
    }

    /// Tells the loop something from the shell.
    pub fn tell(&self, event: Event) {
        self.here.mailbox.tell(event);
    }

    /// Reads what the last session knew.
    pub fn restore_into_mailbox(&self) {
        let here = self.here.clone();
        self.spawn(async move { jobs::restore(here).await });
    }

    /// Tells from now on what the service asks of us.
    pub fn tell_the_pace(&self) {
        let here = self.here.clone();
        self.spawn(async move { pace::tell(here).await });
    }

    /// Carries an effect out.
    pub fn perform(&mut self, effect: Effect) {
        let here = self.here.clone();
        match effect {
            Effect::ListJobs(seq) => drop(self.spawn(jobs::list(here, seq))),
            Effect::FetchJob(seq, name) => drop(self.spawn(jobs::fetch(here, seq, name))),
            Effect::Guard(seq) => drop(self.spawn(async move {
                tokio::time::sleep(GUARD).await;
                here.mailbox.tell(Event::Unguarded(seq));
            })),
            Effect::CheckLoss(seq, jobs) => drop(self.spawn(jobs::check_loss(here, seq, jobs))),
            Effect::CancelJob(name) => drop(self.spawn(jobs::cancel(here, name))),
            Effect::DeleteJob(job, agreed) => drop(self.spawn(jobs::delete(here, *job, agreed))),
            Effect::GiveUp(token) => drop(self.spawn(jobs::give_up(here, token))),
            Effect::AdvanceCampaign(seq, id) => drop(self.spawn(campaigns::advance(here, seq, id))),
            Effect::PauseCampaign(id) => drop(self.spawn(campaigns::pause(here, id))),
            Effect::ResumeCampaign(id) => drop(self.spawn(campaigns::resume(here, id))),
            Effect::CancelCampaign(id) => drop(self.spawn(campaigns::cancel(here, id))),
            Effect::ListFiles(seq) => drop(self.spawn(jobs::list_files(here, seq))),
            Effect::DeleteFile(file) => drop(self.spawn(jobs::delete_file(here, *file))),
            Effect::OpenJob(seq, job) => {
                let task = self.spawn(results::open(here, seq, *job));
                self.openings.insert(seq, task);
            }
            Effect::StopOpening(seq) => {
                if let Some(task) = self.openings.remove(&seq) {
                    task.abort();
                }
            }
            Effect::ReadSaved(name, folder) => drop(self.spawn(results::saved(here, name, folder))),
            Effect::Save(seq, job, what) => drop(self.spawn(results::save(here, seq, *job, what))),
            Effect::AutoSave(seq, job) => drop(self.spawn(results::auto_save(here, seq, *job))),
            Effect::ReadOutline(seq, job, line) => drop(self.spawn(results::outline(here, seq, *job, line))),
            Effect::ReadRawLine(seq, job, line) => drop(self.spawn(results::raw_line(here, seq, *job, line))),
            Effect::Plan(seq, order) => {
                let task = self.spawn(create::plan(here, seq, order));
                if let Some(older) = self.planning.replace(task) {
                    older.abort();
                }
            }
            Effect::PlanRetake(seq, job, order) => {
                let task = self.spawn(create::plan_retake(here, seq, *job, order));
                if let Some(older) = self.planning.replace(task) {
                    older.abort();
                }
            }
            Effect::PlanResend(seq, token) => {
                let task = self.spawn(create::plan_resend(here, seq, token));
                if let Some(older) = self.planning.replace(task) {
                    older.abort();
                }
            }
            Effect::AgreeToCap(plan) => create::agree(&here, plan),
            Effect::Submit { seq, plan } => {
                // Taken before any other effect can have it dropped.
                let plan = create::take(&here, plan);
                let stop = Arc::new(Notify::new());
                self.submitting = Some((seq, Arc::clone(&stop)));
                drop(self.spawn(create::submit(here, seq, plan, stop)));
            }
            Effect::StopSubmit(seq) => {
                if let Some((_, stop)) = self.submitting.as_ref().filter(|(submitting, _)| *submitting == seq) {
                    stop.notify_one();
                }
            }
            Effect::DropPlan(number) => {
                if let Some(planning) = self.planning.take() {
                    planning.abort();
                }
                create::drop_up_to(&here, number);
            }
            Effect::AskForOffer => drop(self.spawn(create::ask_for_offer(here))),
            Effect::UseCatalog(catalog) => {
                // Tasks that are under way end with what they began with.
                self.here.session = Arc::new(Session { catalog, ..(*self.here.session).clone() });
            }
            Effect::ListFolder(seq, folder) => drop(self.spawn(desk::list_folder(here, seq, folder))),
            Effect::Play(path) => drop(self.spawn(desk::play(here, path, self.over_ssh))),
            Effect::KeepDraft(draft) => self.keep(desk::keep(here, "draft", serde_json::to_value(draft))),
            Effect::KeepView(view) => self.keep(desk::keep(here, "view", serde_json::to_value(view))),
            // These belong to the terminal, and the loop keeps them to itself.
            Effect::Copy(_) | Effect::SetMouse(_) | Effect::Repaint | Effect::Suspend | Effect::Quit => {}
        }
    }

    fn keep(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.keeping.retain(|task| !task.is_finished());
        let (_, watched) = self.watched(work);
        self.keeping.push(watched);
    }

    /// Waits until what a person counts on is on the disk; not for ever, since they want to leave.
    pub fn finish(&mut self) {
        let keeping = std::mem::take(&mut self.keeping);
        let all = futures_util::future::join_all(keeping);
        let _ = self.runtime.block_on(async { tokio::time::timeout(LEAVING, all).await });
    }

    /// Runs a task. A panic in it becomes a notice; the dashboard goes on.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.watched(work).0
    }

    /// What calls the task off, and a task that ends after it.
    fn watched(&self, work: impl Future<Output = ()> + Send + 'static) -> (AbortHandle, JoinHandle<()>) {
        let task = self.runtime.spawn(work);
        let abort = task.abort_handle();
        let mailbox = self.here.mailbox.clone();
        let watched = self.runtime.spawn(async move {
            if task.await.is_err_and(|error| error.is_panic()) {
                let failure = Failure::new("an internal error ended a task").hint("`--log FILE` keeps the details");
                mailbox.tell(Event::Noticed(Err(failure)));
            }
        });
        (abort, watched)
    }
}

impl Drop for World {
    /// Leaves nothing prepared behind, also when a signal ends the dashboard.
    fn drop(&mut self) {
        create::drop_up_to(&self.here, Seq(u64::MAX));
    }
}

impl Here {
    /// Runs work that waits for the disk where it holds nobody up.
    async fn blocking<T: Send + 'static>(
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(_) => Err(Failure::new("an internal error ended a task")),
        }
    }
}
