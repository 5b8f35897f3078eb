//! Deleting jobs and stored files: what would be lost is found out first, and said in the question.

use crate::api::StoredFile;
use crate::failure::Failure;
use crate::job::{Dest, FileName, Job, JobName, JobState, Source};
use crate::ops::{Loss, can_be_deleted};
use crate::text::{clean_short, count};
use crate::tui::effect::Effect;
use crate::tui::model::{Entry, Level, Model, Screen, Target, Verb};
use crate::tui::update::{dialog, files, give_up, job, jobs, notices, polling, screens};

/// Asks whether to delete what is marked, or what is selected.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    if model.setting.read_only {
        notices::forbid(model, "nothing can be deleted");
        return Vec::new();
    }
    match model.screens.last() {
        None | Some(Screen::Job(_) | Screen::Key(_)) => ask_about_jobs(model),
        Some(Screen::Files(_)) => ask_about_files(model),
        Some(Screen::Create(_) | Screen::Messages { .. } | Screen::Help { .. }) => Vec::new(),
    }
}

fn ask_about_jobs(model: &mut Model) -> Vec<Effect> {
    if give_up::ask(model) {
        return Vec::new();
    }
    let (over, active): (Vec<Job>, Vec<Job>) = job::meant(model).into_iter().partition(|job| jobs::is_over(model, job));
    match active.as_slice() {
        [] => {}
        [job] => {
            let text = format!("{} is {}: cancel it first, then delete it", jobs::title(job), job.state.word());
            notices::say(model, Level::Info, text);
        }
        several => {
            let text = format!("{} left out that are not over: cancel them first", count(several.len() as u64, "job"));
            notices::say(model, Level::Info, text);
        }
    }
    if over.is_empty() {
        return Vec::new();
    }
    let doubtful: Vec<Job> = over.iter().filter(|job| may_hold_results(job)).cloned().collect();
    // The loss of one is found out first; more than one is always a count that has to be typed.
    let typed = over.len() > 1;
    let targets = over
        .into_iter()
        .map(|job| {
            let loss = (!may_hold_results(&job)).then_some(Loss::Nothing);
            Target::Job(Box::new(job), loss)
        })
        .collect();
    let seq = (!doubtful.is_empty()).then(|| model.next_seq());
    dialog::ask(model, Verb::DeleteJobs, targets, seq, typed);
    seq.map(|seq| Effect::CheckLoss(seq, doubtful)).into_iter().collect()
}

/// A job that ended badly and names no results has none; one that succeeded may only not have named them yet.
fn may_hold_results(job: &Job) -> bool {
    job.dest.is_some() || job.state == JobState::Succeeded
}

/// The service's answer to the deletion of a job.
pub fn job_deleted(model: &mut Model, name: &JobName, answer: Result<(), Failure>) -> Vec<Effect> {
    let title = model.jobs.get(name).map_or_else(|| name.id().to_owned(), |tracked| jobs::title(&tracked.job));
    model.jobs.deleting.remove(name);
    match answer {
        Ok(()) => {
            model.jobs.deleted.insert(name.clone());
            jobs::remove(model, name);
            notices::say(model, Level::Good, format!("{title} deleted"));
            let is_open = model.job_screen().is_some_and(|screen| screen.name == *name);
            if is_open { screens::close_to(model, 0) } else { Vec::new() }
        }
        Err(failure) => {
            notices::fail(model, &format!("cannot delete {title}"), &failure);
            // It may not be what the list says of it any more.
            polling::hurry(model);
            Vec::new()
        }
    }
}

fn ask_about_files(model: &mut Model) -> Vec<Effect> {
    let (targets, kept): (Vec<StoredFile>, Vec<StoredFile>) =
        files::meant(model).into_iter().partition(|file| can_be_deleted(&file.name));
    if !kept.is_empty() {
        let what = match kept.as_slice() {
            [file] => format!("{} holds results", clean_short(file.name.as_str(), 30)),
            several => format!("{} hold results", count(several.len() as u64, "file")),
        };
        let said = format!("{what}: the service drops them itself, 48 hours after the job ended");
        notices::say(model, Level::Info, said);
    }
    if targets.is_empty() {
        return Vec::new();
    }
    let matters = |file: &StoredFile| holds_unsaved_results(model, &file.name) || is_still_read(model, &file.name);
    let typed = targets.len() > 1 || targets.iter().any(matters);
    let targets = targets.into_iter().map(|file| Target::File(Box::new(file))).collect();
    dialog::ask(model, Verb::DeleteFiles, targets, None, typed);
    Vec::new()
}

/// Whether a file holds the results of a job that were never saved as a whole.
pub fn holds_unsaved_results(model: &Model, file: &FileName) -> bool {
    model.jobs.entries.iter().any(|entry| match entry {
        Entry::Job(tracked) => {
            let is_dest = matches!(&tracked.job.dest, Some(Dest::File(dest)) if dest == file);
            is_dest && !model.jobs.saved.contains_key(&tracked.job.name)
        }
        Entry::Lost(_) | Entry::Campaign(_) => false,
    })
}

/// Whether a job that is not over reads its requests from a file.
pub fn is_still_read(model: &Model, file: &FileName) -> bool {
    model.jobs.entries.iter().any(|entry| match entry {
        Entry::Job(tracked) => {
            tracked.is_active() && matches!(&tracked.job.source, Some(Source::File(source)) if source == file)
        }
        Entry::Lost(_) | Entry::Campaign(_) => false,
    })
}

/// The service's answer to the deletion of a file.
pub fn file_deleted(model: &mut Model, name: &FileName, answer: Result<(), Failure>) -> Vec<Effect> {
    match answer {
        Ok(()) => {
            files::remove(model, name);
            notices::say(model, Level::Good, format!("{} deleted", name.as_str()));
        }
        Err(failure) => {
            notices::fail(model, &format!("cannot delete {}", clean_short(name.as_str(), 60)), &failure);
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::event::Event;
    use crate::tui::update::testing::{
        dialog, done, job, list, name, press, said, seq_of, shown, stored_file, three_jobs, with_jobs,
    };
    use crate::tui::update::update;

    fn unsaved() -> Loss {
        Loss::Unsaved { saved: 3, of: Some(40) }
    }

    #[test]
    fn a_job_without_results_is_deleted_after_y() {
        for state in [JobState::Failed, JobState::Cancelled, JobState::Expired] {
            let mut model = with_jobs(vec![job("a", state.clone())]);
            let agreed = Effect::DeleteJob(Box::new(job("a", state.clone())), Loss::Nothing);
            assert_eq!(press(&mut model, "D y"), [agreed], "{state:?}");
        }
    }

    #[test]
    fn nothing_is_deleted_before_its_loss_is_known() {
        let mut model = with_jobs(vec![done("a")]);
        let asked = press(&mut model, "D");
        assert_eq!(asked, [Effect::CheckLoss(seq_of(&asked), vec![done("a")])]);
        assert_eq!(press(&mut model, "y <Tab><Enter> 1<Enter>"), []);
        update(&mut model, Event::LossKnown(seq_of(&asked), vec![(name("a"), Loss::Saved)]));
        assert_eq!(press(&mut model, "y"), [Effect::DeleteJob(Box::new(done("a")), Loss::Saved)]);
        assert!(model.jobs.deleting.contains(&name("a")));
    }

    #[test]
    fn unsaved_results_want_the_count_typed() {
        let unknown = Loss::Unsaved { saved: 0, of: None };
        for (losses, agreed) in [(vec![(name("a"), unsaved())], unsaved()), (vec![], unknown)] {
            let mut model = with_jobs(vec![done("a")]);
            let asked = press(&mut model, "D");
            update(&mut model, Event::LossKnown(seq_of(&asked), losses));
            assert_eq!(press(&mut model, "y"), []);
            assert_eq!(press(&mut model, "1<Enter>"), [Effect::DeleteJob(Box::new(done("a")), agreed)]);
        }
    }

    #[test]
    fn more_than_one_is_a_count_to_be_typed_even_if_nothing_is_lost() {
        let empty = || vec![job("a", JobState::Failed), job("b", JobState::Expired)];
        let mut model = with_jobs(empty());
        assert_eq!(press(&mut model, "a D y"), []);
        assert_eq!(press(&mut model, "2<Enter>").len(), 2);
        let mut model = with_jobs(empty().into_iter().chain([done("c")]).collect());
        let asked = press(&mut model, "a D");
        update(&mut model, Event::LossKnown(seq_of(&asked), vec![(name("c"), Loss::Saved)]));
        assert_eq!(press(&mut model, "y 2<Enter>"), []);
        assert_eq!(press(&mut model, "<Back>3<Enter>").len(), 3);
    }

    #[test]
    fn a_late_answer_about_losses_opens_nothing() {
        let mut model = with_jobs(vec![done("a")]);
        let asked = press(&mut model, "D <Esc>");
        update(&mut model, Event::LossKnown(seq_of(&asked), vec![(name("a"), Loss::Saved)]));
        assert_eq!(press(&mut model, "y").len(), 1, "y copies the name again");
        assert_eq!(dialog(&model), None);
    }

    #[test]
    fn a_running_job_must_be_cancelled_first() {
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "D"), []);
        assert_eq!((dialog(&model), said(&model)), (None, "intro is RUNNING: cancel it first, then delete it"));
        press(&mut model, "a D");
        assert_eq!(dialog(&model).map(|confirm| confirm.targets.len()), Some(1));
        assert_eq!(said(&model), "2 jobs left out that are not over: cancel them first");
    }

    #[test]
    fn a_deleted_job_does_not_come_back_by_a_late_listing() {
        let mut model = with_jobs(vec![job("a", JobState::Failed), done("b")]);
        press(&mut model, "D y");
        update(&mut model, Event::JobDeleted(name("a"), Ok(())));
        assert_eq!((shown(&model), said(&model)), (vec!["b".to_owned()], "a deleted"));
        list(&mut model, vec![job("a", JobState::Failed), done("b")]);
        assert_eq!(shown(&model), ["b"]);
    }

    #[test]
    fn a_refused_deletion_keeps_the_row() {
        let mut model = with_jobs(vec![job("a", JobState::Failed)]);
        press(&mut model, "D y");
        update(&mut model, Event::JobDeleted(name("a"), Err(Failure::new("it is still running"))));
        assert_eq!((shown(&model).len(), said(&model)), (1, "cannot delete a: it is still running"));
    }

    #[test]
    fn the_screen_of_a_deleted_job_is_left() {
        let mut model = with_jobs(vec![job("a", JobState::Failed)]);
        press(&mut model, "<Enter> D y");
        update(&mut model, Event::JobDeleted(name("a"), Ok(())));
        assert!(model.screens.is_empty());
    }

    #[test]
    fn files_are_deleted_after_y_but_unsaved_results_want_the_count() {
        let mut model = with_jobs(vec![done("a")]);
        let asked = press(&mut model, "F");
        assert_eq!(asked, [Effect::ListFiles(seq_of(&asked))]);
        let files = vec![stored_file("input"), stored_file("batch-a")];
        update(&mut model, Event::FilesListed(seq_of(&asked), Ok(files)));
        let file = |id| FileName::parse_loose(id).unwrap();
        let delete = |id| Effect::DeleteFile(Box::new(stored_file(id)));
        assert_eq!(press(&mut model, "D y"), [delete("input")]);
        update(&mut model, Event::FileDeleted(file("input"), Ok(())));
        assert_eq!(press(&mut model, "D y"), []);
        assert_eq!(press(&mut model, "1<Enter>"), [delete("batch-a")]);
        update(&mut model, Event::FileDeleted(file("batch-a"), Err(Failure::new("it is not yours"))));
        assert_eq!(said(&model), "cannot delete files/batch-a: it is not yours");
    }

    #[test]
    fn a_file_that_a_live_job_reads_wants_the_count_typed() {
        let source = FileName::parse_loose("input").map(crate::job::Source::File);
        for (state, expected) in [(JobState::Running, 0), (JobState::Succeeded, 1)] {
            let mut model = with_jobs(vec![Job { source: source.clone(), ..job("a", state) }]);
            let asked = press(&mut model, "F");
            update(&mut model, Event::FilesListed(seq_of(&asked), Ok(vec![stored_file("input")])));
            assert_eq!(press(&mut model, "D y").len(), expected);
        }
    }

    #[test]
    fn a_file_of_results_is_not_offered_for_deletion() {
        let long = format!("batch-{}", "x".repeat(36));
        let mut model = with_jobs(vec![done("a")]);
        let asked = press(&mut model, "F");
        let files = vec![stored_file("input"), stored_file(&long)];
        update(&mut model, Event::FilesListed(seq_of(&asked), Ok(files)));
        assert_eq!(press(&mut model, "G D"), []);
        assert_eq!(dialog(&model), None);
        assert!(said(&model).ends_with("the service drops them itself, 48 hours after the job ended"));
        press(&mut model, "a D");
        assert_eq!(dialog(&model).map(|confirm| confirm.targets.len()), Some(1));
    }
}
