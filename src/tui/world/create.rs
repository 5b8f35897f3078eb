//! Plans and submissions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::failure::Failure;
use crate::job::Job;
use crate::ops;
use crate::ops::{BytesRead, Created, Order, Plan, Progress, RetakeOrder, Unsent};
use crate::tui::event::Event;
use crate::tui::model::Seq;
use crate::tui::world::{Here, spending};

/// How often it is shown how far a check is.
const BEAT: Duration = Duration::from_millis(250);

/// The plan that can be submitted: the latest that was made, until it is dropped or taken.
#[derive(Default)]
pub(super) struct Newest {
    /// What was decided last; anything older comes too late.
    number: Seq,
    /// With what removes its prepared requests should it not be submitted.
    plan: Option<(Plan, Unsent)>,
}

impl Newest {
    /// Keeps what is newer than all before; what is older is dropped, and so is what was there.
    fn keep(&mut self, number: Seq, plan: Option<(Plan, Unsent)>) {
        if number > self.number {
            (self.number, self.plan) = (number, plan);
        }
    }

    fn take(&mut self, number: Seq) -> Option<(Plan, Unsent)> {
        if number == self.number { self.plan.take() } else { None }
    }
}

fn newest(here: &Here) -> MutexGuard<'_, Newest> {
    here.plan.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checks a draft, and keeps the plan for its submission. The plan before is of no use any more, even if this one fails.
pub(super) async fn plan(here: Here, seq: Seq, order: Order) {
    // A large source is checked for a while, and what can be seen at once should not wait for that.
    let glance = async {
        if let Ok(glance) = ops::glance(&here.session, &order).await {
            here.mailbox.tell(Event::Glanced(seq, Box::new(glance)));
        }
    };
    let read = Arc::new(BytesRead::default());
    let plan = ops::plan_watched(&here.session, &order, Arc::clone(&read));
    let work = async { tokio::join!(glance, plan).1 };
    tokio::pin!(work);
    // The reader counts on another thread and tells nobody; a look at its counter costs it nothing.
    let mut beat = tokio::time::interval(BEAT);
    beat.tick().await;
    let planned = loop {
        tokio::select! {
            planned = &mut work => break planned,
            _ = beat.tick() => {
                let progress = Progress { bytes: read.read(), of: read.total(), ..Progress::default() };
                here.mailbox.tell(Event::PlanProgressed(seq, progress));
            }
        }
    };
    let made = planned.as_ref().ok().map(|plan| (plan.clone(), Unsent::of(&here.session, plan)));
    newest(&here).keep(seq, made);
    here.mailbox.tell(Event::Planned(seq, planned.map(Box::new)));
}

/// Prepares a retake, and keeps its plan for its submission.
pub(super) async fn plan_retake(here: Here, seq: Seq, job: Job, order: RetakeOrder) {
    let progress = |progress: Progress| here.mailbox.tell(Event::SubmitProgressed(seq, progress));
    let made = ops::retake(&here.session, &job, &order, &progress).await;
    let plan = made.as_ref().ok().and_then(|retake| retake.plan.as_ref());
    newest(&here).keep(seq, plan.map(|plan| (plan.clone(), Unsent::of(&here.session, plan))));
    here.mailbox.tell(Event::RetakePlanned(seq, made.map(Box::new)));
}

/// Prepares a lost create to be sent once more, and keeps its plan for that.
pub(super) async fn plan_resend(here: Here, seq: Seq, token: String) {
    let made = ops::plan_resend(&here.session, &token).await;
    newest(&here).keep(seq, made.as_ref().ok().map(|plan| (plan.clone(), Unsent::of(&here.session, plan))));
    here.mailbox.tell(Event::ResendPlanned(seq, made.map(Box::new)));
}

/// Drops the plan up to that number, and those that may still come.
pub(super) fn drop_up_to(here: &Here, number: Seq) {
    newest(here).keep(number, None);
}

/// A person has agreed that the plan of that number passes the caps that it names, and no others.
pub(super) fn agree(here: &Here, number: Seq) {
    let mut newest = newest(here);
    if newest.number == number
        && let Some((plan, _)) = &mut newest.plan
    {
        plan.agreed = plan.over_cap;
    }
}

/// Takes the plan of that number, so that it can be neither submitted twice nor dropped on its way.
pub(super) fn take(here: &Here, number: Seq) -> Option<(Plan, Unsent)> {
    newest(here).take(number)
}

/// Asks what the service offers, if that was not done for a day.
pub(super) async fn ask_for_offer(here: Here) {
    if let Some(catalog) = ops::refresh_old_catalog(&here.session).await {
        here.mailbox.tell(Event::OfferCame(catalog));
    }
}

/// Submits a plan, unless it is stopped while it is uploading.
pub(super) async fn submit(here: Here, seq: Seq, plan: Option<(Plan, Unsent)>, stop: Arc<Notify>) {
    let submitted = match plan {
        // What is left of it is removed before the answer is told.
        Some((plan, _unsent)) => send(&here, seq, &plan, &stop).await.map(Box::new),
        None => Err(Failure::new("this draft was submitted already, or changed since it was checked")),
    };
    let is_created = submitted.is_ok();
    here.mailbox.tell(Event::Submitted(seq, submitted));
    if is_created {
        spending::tell(&here).await;
    }
}

async fn send(here: &Here, seq: Seq, plan: &Plan, stop: &Notify) -> Result<Created, Failure> {
    if plan.n_jobs() > 1 {
        // Nothing is sent yet; whoever sends a repeat was asked before.
        let status = ops::begin(&here.session, plan, plan.repeats().is_some()).await?;
        return Ok(Created::Begun(Box::new(status)));
    }
    let is_creating = AtomicBool::new(false);
    let progress = |progress: Progress| {
        is_creating.fetch_or(progress.is_creating, Ordering::Relaxed);
        here.mailbox.tell(Event::SubmitProgressed(seq, progress));
    };
    let sending = ops::submit(&here.session, plan, &progress);
    tokio::pin!(sending);
    loop {
        tokio::select! {
            biased;
            created = &mut sending => return created,
            // Both are polled on one task, so nothing can begin between this look and the end of the sending.
            () = stop.notified() => {
                if !is_creating.load(Ordering::Relaxed) {
                    return Err(Failure::new("the upload was stopped"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Handle;

    use super::*;
    use crate::api::gemini;
    use crate::clock::Clock;
    use crate::config::BaseUrl;
    use crate::ops::{Session, SourceArg};
    use crate::secret::ApiKey;
    use crate::store::Store;
    use crate::tui::effect::Effect;
    use crate::tui::mailbox::{Letter, Mailbox};
    use crate::tui::world::World;

    /// A world whose service answers nothing, and its folder.
    struct Bench {
        folder: tempfile::TempDir,
        session: Arc<Session>,
        mailbox: Arc<Mailbox>,
        world: World,
    }

    impl Bench {
        fn new() -> Self {
            Bench::at("http://127.0.0.1:9", true)
        }

        fn at(base: &str, read_only: bool) -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("a.txt"), "One.\nTwo.\n").unwrap();
            let base = BaseUrl::parse(base).unwrap();
            let endpoint = gemini::Endpoint { base, key: ApiKey::parse(&"k".repeat(39)).unwrap() };
            let options = gemini::Options { read_only, ..gemini::Options::default() };
            let service = gemini::connect(&endpoint, &options).unwrap();
            let store = Store::open(&folder.path().join("state")).unwrap();
            let session = Session::new(service, store, Clock::system(), "p".into(), folder.path().join("cache"));
            let (session, mailbox) = (Arc::new(session), Arc::new(Mailbox::default()));
            let world = World::new(session.clone(), mailbox.clone(), Handle::current(), false);
            Bench { folder, session, mailbox, world }
        }

        fn ask_for_plan(&mut self, number: u64, file: &str) {
            let order = Order { sources: vec![SourceArg::Path(self.folder.path().join(file))], ..Order::default() };
            self.world.perform(Effect::Plan(Seq(number), order));
        }

        /// What the next letter says: whether a plan was made, or a submission went well.
        async fn went_well(&self) -> bool {
            loop {
                let mailbox = self.mailbox.clone();
                let take = move || mailbox.take(Duration::from_secs(60));
                for letter in tokio::task::spawn_blocking(take).await.unwrap() {
                    match letter {
                        Letter::Event(Event::Planned(_, planned)) => return planned.is_ok(),
                        Letter::Event(Event::Submitted(_, submitted)) => return submitted.is_ok(),
                        Letter::Event(Event::Glanced(..) | Event::PlanProgressed(..)) => {}
                        other => panic!("{other:?}"),
                    }
                }
            }
        }

        fn n_prepared(&self) -> usize {
            std::fs::read_dir(self.session.store.prepared_folder()).unwrap().count()
        }
    }

    #[tokio::test]
    async fn only_the_newest_plan_stays_on_the_disk_and_nothing_when_the_form_is_left() {
        let mut bench = Bench::new();
        for number in [1, 2] {
            bench.ask_for_plan(number, "a.txt");
            assert!(bench.went_well().await);
            assert_eq!(bench.n_prepared(), 1);
        }
        bench.world.perform(Effect::DropPlan(Seq(3)));
        assert_eq!(bench.n_prepared(), 0);
        bench.world.perform(Effect::Submit { seq: Seq(4), plan: Seq(2) });
        assert!(!bench.went_well().await, "what was dropped cannot be submitted");
    }

    #[tokio::test]
    async fn a_failed_plan_takes_the_one_before_with_it() {
        let mut bench = Bench::new();
        bench.ask_for_plan(1, "a.txt");
        assert!(bench.went_well().await);
        bench.ask_for_plan(2, "nosuch.txt");
        assert!(!bench.went_well().await);
        assert_eq!(bench.n_prepared(), 0);
    }

    #[tokio::test]
    async fn a_failed_submission_and_the_end_of_the_dashboard_leave_nothing() {
        let mut bench = Bench::new();
        bench.ask_for_plan(1, "a.txt");
        assert!(bench.went_well().await);
        bench.world.perform(Effect::Submit { seq: Seq(2), plan: Seq(1) });
        bench.world.perform(Effect::DropPlan(Seq(3)));
        assert!(!bench.went_well().await, "nothing can be created here");
        assert_eq!(bench.n_prepared(), 0);
        bench.ask_for_plan(4, "a.txt");
        assert!(bench.went_well().await);
        let Bench { folder: _folder, session, world, .. } = bench;
        drop(world);
        assert_eq!(std::fs::read_dir(session.store.prepared_folder()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn an_upload_is_stopped_and_nothing_was_created() {
        // Takes connections and never answers.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut bench = Bench::at(&format!("http://{}", listener.local_addr().unwrap()), false);
        bench.ask_for_plan(1, "a.txt");
        assert!(bench.went_well().await);
        bench.world.perform(Effect::Submit { seq: Seq(2), plan: Seq(1) });
        bench.world.perform(Effect::StopSubmit(Seq(2)));
        assert!(!bench.went_well().await);
        assert_eq!((bench.session.store.intents().unwrap().len(), bench.n_prepared()), (0, 0));
    }

    #[tokio::test]
    async fn fault_61_a_panic_in_any_task_is_a_notice() {
        let mut bench = Bench::new();
        let noticed = |mailbox: Arc<Mailbox>| async move {
            let take = move || mailbox.take(Duration::from_secs(60));
            tokio::task::spawn_blocking(take).await.unwrap().pop_front()
        };
        let is_told = |letter: Option<Letter>| match letter {
            Some(Letter::Event(Event::Noticed(Err(failure)))) => failure.message == "an internal error ended a task",
            _ => false,
        };
        drop(bench.world.spawn(async { panic!("on purpose") }));
        assert!(is_told(noticed(bench.mailbox.clone()).await));
        bench.world.keep(async { panic!("on purpose") });
        assert!(is_told(noticed(bench.mailbox.clone()).await));
        let blocked = super::Here::blocking::<()>(|| panic!("on purpose")).await;
        assert_eq!(blocked.unwrap_err().message, "an internal error ended a task");
    }
}
