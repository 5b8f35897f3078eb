//! The only function that changes the model.
//!
//! Pure: no clock, no disk, no network, no tasks. It never waits and never fails; what must happen comes back as
//! effects. One file for each screen and subject.

use crate::tui::effect::Effect;
use crate::tui::event::Event;
use crate::tui::model::{Model, Size};

mod auto_save;
mod brake;
mod campaigns;
mod cancel;
mod catalog;
mod chooser;
mod create;
mod cursor;
mod delete;
mod describe;
mod dialog;
mod fields;
mod files;
mod give_up;
mod job;
mod jobs;
mod lists;
mod notices;
mod outline;
mod palette;
mod picker;
mod polling;
mod press;
mod problems;
mod prompt;
mod record;
mod resend;
mod retake;
mod rows;
mod saving;
mod screens;
mod sorting;
mod spending;
mod submit;
mod text;
mod typing;
mod work;

#[cfg(test)]
mod odd;
#[cfg(test)]
pub(super) mod testing;

pub use auto_save::standing as auto_save_standing;
pub use brake::said as braking_said;
#[cfg(test)]
pub use campaigns::put as put_campaign;
pub use create::unkept as unkept_draft;
pub use delete::{holds_unsaved_results, is_still_read};
pub use notices::tell_what_keeps_back;
pub use palette::fitting as commands_fitting;
pub use polling::pace;
pub use resend::is_unresolved;
pub use saving::{Chosen, chosen, has_results};
#[cfg(test)]
pub use testing::stored_file;

/// Takes in what happened, and says what is to be done.
pub fn update(model: &mut Model, event: Event) -> Vec<Effect> {
    let mut effects = happened(model, event);
    brake::settle(model);
    lists::fit(model);
    effects.extend(outline::wanted(model));
    effects.extend(dialog::guard(model));
    effects
}

fn happened(model: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        Event::Key(chord) => press::key(model, chord),
        Event::Pasted(text) => press::pasted(model, &text),
        Event::Resized(width, height) => {
            model.size = Size { width, height };
            Vec::new()
        }
        Event::Tick(now) => polling::tick(model, now),
        Event::Clicked(column, line) => press::clicked(model, column, line),
        Event::Scrolled(by) => press::scrolled(model, by),
        Event::Restored(restored) => jobs::restored(model, *restored),
        Event::Spent(spending) => spending::told(model, *spending),
        Event::JobsPaged(seq, page) => jobs::paged(model, seq, page),
        Event::JobsListed(seq, result) => polling::listed(model, seq, result),
        Event::JobFetched(seq, name, result) => job::fetched(model, seq, &name, result),
        Event::JobMissing(seq, name) => job::missing(model, seq, &name),
        Event::Unguarded(seq) => dialog::unguarded(model, seq),
        Event::LossKnown(seq, losses) => dialog::loss_known(model, seq, &losses),
        Event::CancelAnswered(name, answer) => cancel::answered(model, &name, answer),
        Event::JobDeleted(name, answer) => delete::job_deleted(model, &name, answer),
        Event::GaveUp(token, answer) => give_up::given_up(model, &token, answer),
        Event::CampaignAdvanced(seq, result) => campaigns::advanced(model, seq, result),
        Event::CampaignChanged(result) => campaigns::changed(model, result),
        Event::RowsArrived(seq, rows) => job::rows_arrived(model, seq, rows),
        Event::OpeningProgressed(seq, progress) => job::progressed(model, seq, progress),
        Event::Reviewed(seq, review) => job::reviewed(model, seq, *review),
        Event::Opened(seq, result) => job::opened(model, seq, result),
        Event::TextsLoaded(name, texts) => job::texts_loaded(model, &name, texts),
        Event::UnchangedKnown(name, n) => job::unchanged_known(model, &name, n),
        Event::FilesKnown(name, files) => saving::files_known(model, &name, files),
        Event::SaveProgressed(seq, progress) => {
            work::progressed(model, seq, progress);
            Vec::new()
        }
        Event::RowSaved(seq, line, file) => saving::row_saved(model, seq, line, file),
        Event::SaveEnded(seq, result) => saving::ended(model, seq, result),
        Event::AutoSaved(seq, result) => auto_save::ended(model, seq, result.map(|saved| *saved)),
        Event::Glanced(seq, glance) => create::glanced(model, seq, glance),
        Event::PlanProgressed(seq, progress) => create::progressed(model, seq, progress),
        Event::Planned(seq, result) => create::planned(model, seq, result),
        Event::RetakePlanned(seq, result) => retake::planned(model, seq, result),
        Event::ResendPlanned(seq, result) => resend::planned(model, seq, result),
        Event::SubmitProgressed(seq, progress) => submit::progressed(model, seq, progress),
        Event::Submitted(seq, result) => submit::submitted(model, seq, result),
        Event::OfferCame(catalog) => catalog::completed(model, &catalog),
        Event::FolderListed(seq, folder, result) => picker::listed(model, seq, folder, result),
        Event::FilesListed(seq, result) => files::listed(model, seq, result),
        Event::FileDeleted(name, answer) => delete::file_deleted(model, &name, answer),
        Event::OutlineRead(seq, line, result) => outline::read(model, seq, line, result),
        Event::RawLine(seq, result) => text::raw_line_read(model, seq, result),
        Event::Paced(paced) => {
            model.link.paced = Some(paced);
            Vec::new()
        }
        Event::Noticed(result) => {
            notices::noticed(model, result);
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audio::Verdict;
    use crate::failure::Failure;
    use crate::job::{Job, JobState};
    use crate::ops::{Created, Loss, Progress};
    use crate::tui::event::{FolderEntry, TextHead};
    use crate::tui::layout;
    use crate::tui::model::{Cursor, Screen, Seq};
    use crate::tui::update::testing::{done, job, listed, lost, name, noon, plan, press, row, stored_file, three_jobs};

    const KEYS: [&str; 52] = [
        "j", "k", "g", "G", "h", "l", "n", "x", "D", "s", "S", "<Space>", "V", "a", "A", "*", "e", "/", ":", "d", "J",
        "p", "y", "Y", "r", "R", "f", "L", "F", "z", "m", "?", "1", "2", "8", "0", "<Enter>", "<Enter>", "<Esc>",
        "<Tab>", "<S-Tab>", "<C-n>", "<C-p>", "<C-f>", "<PgDn>", "<C-s>", "<C-d>", "<C-u>", "<Back>", "<Up>", "<Down>",
        "q",
    ];

    fn jobs(which: u8) -> Vec<Job> {
        let states = [JobState::Running, JobState::Pending, JobState::Failed, JobState::Other("ODD".into())];
        let some = |at: u8| which & (1 << at) != 0;
        let mut jobs: Vec<Job> =
            (0..4).filter(|at| some(*at)).map(|at| job(&format!("j{at}"), states[usize::from(at)].clone())).collect();
        jobs.extend((4..8).filter(|at| some(*at)).map(|at| done(&format!("j{at}"))));
        jobs
    }

    /// Something that happens: a key mostly, else an answer to some request, late, early or never asked for.
    fn some_event(kind: u8, which: u8, seq: u64) -> Event {
        let seq = Seq(seq);
        let some_job = name(&format!("j{}", which % 8));
        let bad = || Failure::new("broken");
        match kind {
            0 => Event::JobsListed(seq, Ok(Box::new(listed(jobs(which))))),
            1 => Event::JobsListed(seq, Err(bad())),
            2 => Event::JobsPaged(seq, jobs(which)),
            3 => Event::RowsArrived(seq, (1..=u64::from(which % 9)).map(|line| row(line, Verdict::Ok)).collect()),
            4 => Event::Opened(seq, if which < 128 { Ok(()) } else { Err(bad()) }),
            5 => Event::JobDeleted(some_job, if which < 200 { Ok(()) } else { Err(bad()) }),
            6 => Event::Planned(seq, if which < 200 { Ok(Box::new(plan("p"))) } else { Err(bad()) }),
            7 => Event::Submitted(seq, Ok(Box::new(Created::Unknown(lost("T"))))),
            8 => Event::Submitted(seq, Ok(Box::new(Created::Confirmed(job("new", JobState::Pending))))),
            9 => Event::FilesListed(seq, Ok((0..which % 7).map(|at| stored_file(&format!("f{at}"))).collect())),
            10 => Event::LossKnown(seq, vec![(some_job, Loss::Saved)]),
            11 => Event::Tick(noon().saturating_add(jiff::SignedDuration::from_secs(seq.0 as i64 * 40)).unwrap()),
            12 => Event::Resized(u16::from(which), u16::from(which / 3)),
            13 => Event::Pasted("y\n1/x".into()),
            14 => Event::Clicked(u16::from(which), u16::from(which / 4)),
            15 => Event::Scrolled(i16::from(which) - 128),
            16 => Event::FolderListed(
                seq,
                "/".into(),
                Ok(vec![FolderEntry { name: "x".into(), path: "/x".into(), is_folder: which > 99, bytes: 0 }]),
            ),
            17 => Event::SaveEnded(seq, Err(bad())),
            18 => Event::OpeningProgressed(seq, Progress::default()),
            19 => Event::TextsLoaded(some_job, [("k1", TextHead { text: "t", voice: None })].into_iter().collect()),
            20 => Event::JobFetched(seq, some_job, Err(bad())),
            _ => Event::JobFetched(seq, some_job.clone(), Ok(Box::new((done(some_job.id()), "{}".into())))),
        }
    }

    fn is_sound<Id: Ord + std::fmt::Debug>(cursor: &Cursor<Id>, count: usize, page: Option<usize>) -> bool {
        let in_range = cursor.visible.iter().all(|at| (*at as usize) < count);
        let selected = cursor.selected.is_none() == cursor.visible.is_empty();
        let row = cursor.visible.is_empty() || cursor.row < cursor.visible.len();
        let on_screen = page.is_none_or(|page| cursor.row >= cursor.top && cursor.row < cursor.top + page);
        in_range && selected && row && on_screen
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn whatever_happens_the_lists_are_sound_and_a_read_only_session_changes_nothing(
            read_only in any::<bool>(),
            steps in prop::collection::vec((0usize..70, 0u8..22, any::<u8>(), 0u64..40), 1..120),
        ) {
            let mut model = three_jobs();
            model.setting.read_only = read_only;
            for (key, kind, which, seq) in steps {
                // Mostly an answer to one of the last requests.
                let event = some_event(kind, which, model.last_seq.0.saturating_sub(seq % 4));
                let effects = match KEYS.get(key) {
                    Some(key) => press(&mut model, key),
                    None => update(&mut model, event),
                };
                for effect in &effects {
                    let changes = matches!(effect, Effect::CancelJob(_) | Effect::DeleteJob(..) | Effect::DeleteFile(_) | Effect::GiveUp(_) | Effect::Submit { .. });
                    prop_assert!(!(read_only && changes), "{effect:?}");
                }
                let covered = !model.overlays.is_empty();
                let page = (model.screens.is_empty() && !covered).then(|| layout::page(&model));
                prop_assert!(is_sound(&model.jobs.cursor, model.jobs.entries.len(), page), "{:?}", model.jobs.cursor);
                if let Some(Screen::Job(screen)) = model.screens.last() {
                    let page = (!covered).then(|| layout::page(&model));
                    prop_assert!(is_sound(&screen.cursor, screen.rows.len(), page), "{:?}", screen.cursor);
                    prop_assert_eq!(screen.haystack.rows(), screen.rows.len());
                }
                prop_assert!(model.screens.len() <= 8, "{:?}", model.screens.len());
            }
        }
    }
}
