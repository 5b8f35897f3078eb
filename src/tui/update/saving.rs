//! Saving results: what is asked for, what is under way, and what was left on disk.

use std::collections::HashSet;
use std::path::Path;

use crate::failure::{Exit, Failure};
use crate::job::{Job, JobName, JobState};
use crate::ops::{Progress, Saved};
use crate::results::review::{KEY_UNKNOWN, ORDER_UNVERIFIED};
use crate::results::{Outcome, Row};
use crate::text::{clean_short, count, span, thousands};
use crate::tui::effect::{Effect, SaveWhat};
use crate::tui::model::{Entry, EntryId, JobScreen, Level, Model, Opening, Save, SavedFiles, Screen, Seq, Work};
use crate::tui::update::record::reason;
use crate::tui::update::{auto_save, job, jobs, notices, work};

/// Saves the selected key, or the selected job.
pub fn save_selected(model: &mut Model) -> Vec<Effect> {
    let Some(job) = job::current(model).cloned() else { return Vec::new() };
    if model.screens.is_empty() {
        return save_jobs(model, vec![job]);
    }
    let Some(row) = job::current_row(model) else { return Vec::new() };
    if row.outcome != Outcome::Audio {
        let said = without_audio(&row);
        notices::say(model, Level::Info, said);
        return Vec::new();
    }
    let what = SaveWhat::Lines(vec![row.line]);
    start(model, job, what)
}

/// Saves what is marked; without marks what the filter or the search for bad ones leaves on the screen; else all keys of
/// the job, or the selected job.
pub fn save_all(model: &mut Model) -> Vec<Effect> {
    if model.screens.is_empty() {
        let jobs = marked_jobs(model);
        return save_jobs(model, jobs);
    }
    let Some(job) = job::current(model).cloned() else { return Vec::new() };
    let screen = match model.screens.last() {
        Some(Screen::Job(screen)) => screen,
        Some(Screen::Key(_) | Screen::Create(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. })
        | None => return save_jobs(model, vec![job]),
    };
    match chosen(screen) {
        Chosen::All => save_jobs(model, vec![job]),
        Chosen::Marked => {
            let lines = screen.cursor.marks.iter().copied().collect();
            start(model, job, SaveWhat::Lines(lines))
        }
        Chosen::Visible => {
            let (n, is_filtered, only_bad) =
                (screen.cursor.visible.len(), !screen.cursor.filter.is_empty(), screen.cursor.only_bad);
            let mut lines: Vec<u64> = screen.visible_lines().collect();
            lines.sort_unstable();
            if lines.is_empty() {
                notices::say(model, Level::Info, "nothing to save: no key of this job is on the screen");
                return Vec::new();
            }
            let bad = if only_bad { "bad " } else { "" };
            let that_match = if is_filtered { " that match" } else { "" };
            let said = format!("saving {} of {}{that_match}", count(n as u64, &format!("{bad}key")), jobs::title(&job));
            let effects = start(model, job, SaveWhat::Lines(lines));
            if let [Effect::Save(seq, ..)] = effects[..]
                && let Some(work) = model.work.iter_mut().find(|work| work.seq == seq)
            {
                work.what = said;
            }
            effects
        }
    }
}

/// Which keys of a job "save all" means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// All of them.
    All,
    /// The marked ones.
    Marked,
    /// Those on the screen, because there are others that are not.
    Visible,
}

/// What "save all" would save on the screen of a job.
pub fn chosen(screen: &JobScreen) -> Chosen {
    let cursor = &screen.cursor;
    let is_narrowed = cursor.only_bad || !cursor.filter.is_empty();
    // Rows that are still to come may not pass, even if all of them have so far.
    let hides_some = cursor.visible.len() < screen.rows.len() || screen.opening != Opening::Complete;
    match cursor.marks.is_empty() {
        false => Chosen::Marked,
        true if is_narrowed && hides_some => Chosen::Visible,
        true => Chosen::All,
    }
}

fn marked_jobs(model: &Model) -> Vec<Job> {
    let cursor = &model.jobs.cursor;
    let is_meant = |id: &EntryId| match cursor.marks.is_empty() {
        true => cursor.selected.as_ref() == Some(id),
        false => cursor.marks.contains(id),
    };
    let jobs = model.jobs.entries.iter().filter_map(|entry| match entry {
        Entry::Job(tracked) if is_meant(&entry.id()) => Some(tracked.job.clone()),
        Entry::Job(_) | Entry::Lost(_) | Entry::Campaign(_) => None,
    });
    jobs.collect()
}

fn save_jobs(model: &mut Model, jobs: Vec<Job>) -> Vec<Effect> {
    let (ready, without): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(has_results);
    match without.as_slice() {
        [] => {}
        [job] => {
            let text = format!("{} is {} and has no results yet", jobs::title(job), job.state.word());
            notices::say(model, Level::Info, text);
        }
        several => {
            notices::say(
                model,
                Level::Info,
                format!("{} left out that have no results", count(several.len() as u64, "job")),
            );
        }
    }
    ready.into_iter().flat_map(|job| start(model, job, SaveWhat::All)).collect()
}

/// Whether a save can find something: a job that SUCCEEDED has results even while the list does not say where, as it
/// never does for inline ones; the save asks, and waits for them.
pub fn has_results(job: &Job) -> bool {
    job.dest.is_some() || job.state == JobState::Succeeded
}

/// Begins a save, or lets it wait for the one of the same job. Whoever saves has made room on the disk, or will be told.
fn start(model: &mut Model, job: Job, what: SaveWhat) -> Vec<Effect> {
    model.auto_saves.is_paused = false;
    let running = model.saves.running.values().find(|save| save.job.name == job.name);
    match running.map(|save| &save.what) {
        None => begin(model, Save { job: Box::new(job), what, is_unasked: false }),
        Some(SaveWhat::All) => {
            notices::say(model, Level::Info, format!("{} is being saved already", jobs::title(&job)));
            Vec::new()
        }
        Some(SaveWhat::Lines(_)) => {
            match model.saves.waiting.iter_mut().find(|save| save.job.name == job.name) {
                Some(waiting) => join(&mut waiting.what, what),
                None => model.saves.waiting.push(Save { job: Box::new(job), what, is_unasked: false }),
            }
            Vec::new()
        }
    }
}

fn join(waiting: &mut SaveWhat, more: SaveWhat) {
    match (&mut *waiting, more) {
        (SaveWhat::Lines(lines), SaveWhat::Lines(more)) => {
            let known: HashSet<u64> = lines.iter().copied().collect();
            lines.extend(more.into_iter().filter(|line| !known.contains(line)));
        }
        (SaveWhat::All, _) => {}
        (SaveWhat::Lines(_), SaveWhat::All) => *waiting = SaveWhat::All,
    }
}

/// Begins a save, without a look at what else is under way.
pub(super) fn begin(model: &mut Model, save: Save) -> Vec<Effect> {
    let seq = model.next_seq();
    let what = match &save.what {
        SaveWhat::All => format!("saving {}", jobs::title(&save.job)),
        SaveWhat::Lines(lines) => format!("saving {} of {}", count(lines.len() as u64, "key"), jobs::title(&save.job)),
    };
    model.work.push(Work { seq, what, progress: Progress::default(), job: Some(save.job.name.clone()) });
    let effect = match save.is_unasked {
        true => Effect::AutoSave(seq, save.job.clone()),
        false => Effect::Save(seq, save.job.clone(), save.what.clone()),
    };
    model.saves.running.insert(seq, save);
    vec![effect]
}

/// A result line was saved, or could not be.
pub fn row_saved(model: &mut Model, seq: Seq, line: u64, file: Option<(String, Option<String>)>) -> Vec<Effect> {
    let Some(save) = model.saves.running.get(&seq) else { return Vec::new() };
    let name = save.job.name.clone();
    if let (Some((file, sha256)), Some(screen)) = (file, model.job_screen_mut())
        && screen.name == name
    {
        screen.files.insert(line, &file, sha256.as_deref());
    }
    Vec::new()
}

/// What earlier saves have left is known. What has been saved since then is newer.
pub fn files_known(model: &mut Model, name: &JobName, mut files: SavedFiles) -> Vec<Effect> {
    if let Some(screen) = model.job_screen_mut().filter(|screen| screen.name == *name) {
        files.update(&screen.files);
        screen.files = files;
    }
    Vec::new()
}

/// Asks for the files that earlier saves of a job have left.
pub fn look_for_files(model: &Model, name: &JobName) -> Option<Effect> {
    let folder = model.jobs.folders.get(name)?;
    Some(Effect::ReadSaved(name.clone(), model.setting.folder.join(folder)))
}

/// A save came to its end.
pub fn ended(model: &mut Model, seq: Seq, result: Result<Saved, Failure>) -> Vec<Effect> {
    let Some(save) = model.saves.running.remove(&seq) else { return Vec::new() };
    work::ended(model, seq);
    let name = save.job.name.clone();
    let title = jobs::title(&save.job);
    match result {
        Ok(saved) => {
            remember(model, &save, &saved);
            let (level, text) = told(model, &title, &save.what, &saved);
            notices::say(model, level, text);
        }
        Err(failure) => {
            model.auto_saves.is_paused |= failure.exit == Exit::Disk;
            notices::fail(model, &format!("cannot save {title}"), &failure);
        }
    }
    let mut effects = next(model, &name);
    effects.extend(auto_save::go_on(model));
    effects
}

/// Remembers where the results of a job lie, and whether all of them do.
pub(super) fn remember(model: &mut Model, save: &Save, saved: &Saved) {
    let name = save.job.name.clone();
    model.jobs.folders.insert(name.clone(), saved.folder.clone());
    let rows = saved.saved + saved.skipped + saved.failed + saved.duplicates;
    let is_whole = saved.expected.is_none_or(|expected| rows >= expected);
    if save.what == SaveWhat::All && is_whole {
        model.jobs.saved.insert(name, saved.folder.clone());
    }
}

/// The save that waited for this job.
pub(super) fn next(model: &mut Model, name: &JobName) -> Vec<Effect> {
    match model.saves.waiting.iter().position(|save| save.job.name == *name) {
        Some(at) => {
            let save = model.saves.waiting.remove(at);
            begin(model, save)
        }
        None => Vec::new(),
    }
}

/// What a save has come to, in words.
pub(super) fn told(model: &Model, title: &str, what: &SaveWhat, saved: &Saved) -> (Level, String) {
    let folder = short(&saved.folder, &model.setting.folder);
    let good = saved.saved + saved.skipped;
    let audio = span(saved.seconds);
    // Audio that nobody can match to its text sounds as it should.
    let (unordered, unknown) = (saved.review.unordered, saved.review.unknown);
    let mut suspect = match saved.suspect.saturating_sub(unordered + unknown) {
        0 => String::new(),
        number => format!(", {} sound wrong", thousands(number)),
    };
    if unordered > 0 {
        suspect = format!("{suspect}, {ORDER_UNVERIFIED}");
    }
    if unknown > 0 {
        suspect = format!("{suspect}, {KEY_UNKNOWN}");
    }
    let level = if good == 0 { Level::Bad } else { Level::Good };
    let text = match what {
        SaveWhat::All => {
            let of = thousands(saved.expected.unwrap_or(good + saved.failed));
            let unchanged = match saved.unchanged {
                0 => String::new(),
                n => format!(", {} unchanged", thousands(n)),
            };
            format!("{title} saved to {folder} ({} of {of}{unchanged}, {audio} of audio{suspect})", thousands(good))
        }
        SaveWhat::Lines(lines) => {
            let asked = lines.len() as u64;
            let keys = if good == asked { count(asked, "key") } else { format!("{good} of {}", count(asked, "key")) };
            format!("{keys} of {title} saved to {folder} ({audio} of audio{suspect})")
        }
    };
    (level, text)
}

fn without_audio(row: &Row) -> String {
    let name = clean_short(row.key.as_deref().unwrap_or("this line"), 60);
    format!("{name} has no audio: {}", clean_short(reason(row).unwrap_or("none came"), 120))
}

/// Plays the selected key, if it was saved.
pub fn play(model: &mut Model) -> Vec<Effect> {
    let Some(row) = job::current_row(model) else {
        notices::say(model, Level::Info, "there is no key to play");
        return Vec::new();
    };
    if row.outcome != Outcome::Audio {
        let said = without_audio(&row);
        notices::say(model, Level::Info, said);
        return Vec::new();
    }
    let key = clean_short(row.key.as_deref().unwrap_or("this line"), 60);
    let saved = model.job_screen().and_then(|screen| {
        let folder = model.jobs.folders.get(&screen.name)?;
        Some(model.setting.folder.join(folder).join(screen.files.get(row.line)?.name))
    });
    match saved {
        Some(path) => vec![Effect::Play(path)],
        None => {
            notices::say(model, Level::Info, format!("{key} is not saved yet; s saves it, then p plays it"));
            Vec::new()
        }
    }
}

/// A folder as a person would type it.
fn short(folder: &Path, here: &Path) -> String {
    let inside = folder.strip_prefix(here).ok().or_else(|| folder.is_relative().then_some(folder));
    let shown = match inside {
        Some(inside) => format!("./{}", inside.display()),
        None => folder.display().to_string(),
    };
    crate::text::clean(&shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Verdict;
    use crate::tui::event::Event;
    use crate::tui::update::testing::{done, name, press, row, said, seq_of, three_jobs, tick, with_jobs};
    use crate::tui::update::update;

    fn opened() -> Model {
        let mut model = with_jobs(vec![done("ch06")]);
        let seq = seq_of(&press(&mut model, "<Enter>"));
        let rows = vec![row(1, Verdict::Ok), row(2, Verdict::Silent), row(3, Verdict::Ok)];
        update(&mut model, Event::RowsArrived(seq, rows.into()));
        update(&mut model, Event::Opened(seq, Ok(())));
        model
    }

    fn save(effects: &[Effect], what: SaveWhat) -> Vec<Effect> {
        vec![Effect::Save(seq_of(effects), Box::new(done("ch06")), what)]
    }

    fn saved() -> Saved {
        Saved {
            folder: "/home/ann/book/ch06".into(),
            saved: 1_260,
            skipped: 6,
            failed: 2,
            seconds: 9_660.0,
            expected: Some(1_268),
            ..Saved::default()
        }
    }

    #[test]
    fn a_saved_job_is_told_with_what_it_left_on_disk() {
        let mut model = three_jobs();
        let effects = press(&mut model, "G s");
        assert_eq!(model.work.iter().map(|work| work.what.as_str()).collect::<Vec<_>>(), ["saving ch02"]);
        update(&mut model, Event::SaveProgressed(seq_of(&effects), Progress { bytes: 5, ..Progress::default() }));
        assert_eq!(model.work[0].progress.bytes, 5);
        update(&mut model, Event::SaveEnded(seq_of(&effects), Ok(saved())));
        assert_eq!(said(&model), "ch02 saved to ./ch06 (1 266 of 1 268, 2 h 41 of audio)");
        assert!(model.work.is_empty() && model.jobs.saved.contains_key(&name("ch02")));
        update(&mut model, Event::SaveProgressed(seq_of(&effects), Progress::default()));
        assert!(model.work.is_empty(), "a late word begins nothing again");
    }

    #[test]
    fn results_without_keys_are_not_said_to_sound_wrong() {
        let mut model = three_jobs();
        let seq = seq_of(&press(&mut model, "G s"));
        let review = crate::results::review::Review { unordered: 3, ..Default::default() };
        update(&mut model, Event::SaveEnded(seq, Ok(Saved { suspect: 5, review, ..saved() })));
        assert!(said(&model).ends_with("of audio, 2 sound wrong, order unverified)"), "{}", said(&model));
    }

    #[test]
    fn a_save_that_waits_for_a_place_is_told_and_so_is_what_came() {
        let mut model = three_jobs();
        let seq = seq_of(&press(&mut model, "G s"));
        let waiting = Progress { is_waiting: true, ..Progress::default() };
        update(&mut model, Event::SaveProgressed(seq, waiting));
        assert_eq!(model.work[0].progress, waiting);
        let moved = Progress { bytes: 5, of: Some(9), keys: 3, seconds: 1.5, ..Progress::default() };
        update(&mut model, Event::SaveProgressed(seq, moved));
        assert_eq!(model.work[0].progress, moved);
    }

    #[test]
    fn a_folder_cannot_drive_the_terminal() {
        let mut model = three_jobs();
        let seq = seq_of(&press(&mut model, "G s"));
        let folder = "/home/ann/book/evil\u{1b}[2J\u{202e}".into();
        update(&mut model, Event::SaveEnded(seq, Ok(Saved { folder, ..saved() })));
        let shown = said(&model);
        assert!(shown.contains("./evil") && !shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
        press(&mut model, "d");
        let Some(crate::tui::model::Overlay::Page(page)) = model.overlays.last() else { panic!("no page is open") };
        let page = page.lines.join("\n");
        assert!(page.contains("evil") && !page.contains(['\u{1b}', '\u{202e}']), "{page:?}");
    }

    #[test]
    fn a_failed_save_stays_on_the_screen() {
        let mut model = three_jobs();
        let seq = seq_of(&press(&mut model, "G s"));
        update(&mut model, Event::SaveEnded(seq, Err(Failure::new("the disk is full").hint("make room"))));
        tick(&mut model, 60);
        assert_eq!(said(&model), "cannot save ch02: the disk is full");
        assert!(model.jobs.saved.is_empty());
        assert_eq!(press(&mut model, "s").len(), 1, "it can be tried again");
    }

    #[test]
    fn a_job_without_results_is_not_saved() {
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "s"), []);
        assert_eq!(said(&model), "intro is RUNNING and has no results yet");
        assert_eq!(press(&mut model, "a S").len(), 1);
        assert_eq!(said(&model), "2 jobs left out that have no results");
    }

    #[test]
    fn a_save_with_rows_missing_is_not_the_job() {
        let mut model = three_jobs();
        let seq = seq_of(&press(&mut model, "G s"));
        update(&mut model, Event::SaveEnded(seq, Ok(Saved { saved: 400, ..saved() })));
        assert!(!model.jobs.saved.contains_key(&name("ch02")) && model.jobs.folders.contains_key(&name("ch02")));
    }

    #[test]
    fn inline_results_are_saved_although_no_list_shows_them() {
        let mut model = with_jobs(vec![Job { dest: None, ..done("inline") }]);
        let effects = press(&mut model, "s");
        assert!(
            matches!(&effects[..], [Effect::Save(_, job, SaveWhat::All)] if job.name == name("inline")),
            "{effects:?}"
        );
    }

    #[test]
    fn one_key_marked_keys_or_all_keys_are_saved() {
        let table = [
            ("s", SaveWhat::Lines(vec![1])),
            ("G s", SaveWhat::Lines(vec![3])),
            ("S", SaveWhat::All),
            ("<Space> G <Space> S", SaveWhat::Lines(vec![1, 3])),
            ("<Enter> s", SaveWhat::Lines(vec![1])),
            ("<Space> <Enter> S", SaveWhat::All),
            ("e S", SaveWhat::Lines(vec![2])),
            ("1 1 /verdict:ok<Enter> S", SaveWhat::Lines(vec![1, 3])),
            ("/k<Enter> S", SaveWhat::All),
            ("/k1<Enter> j <Space> <Esc> S", SaveWhat::Lines(vec![1])),
        ];
        for (keys, expected) in table {
            let mut model = opened();
            let effects = press(&mut model, keys);
            assert_eq!(effects, save(&effects, expected), "{keys}");
        }
    }

    #[test]
    fn what_the_filter_leaves_is_saved_and_told() {
        for (keys, expected) in [
            ("S", "saving ch06"),
            ("<Space> S", "saving 1 key of ch06"),
            ("/k1<Enter> S", "saving 1 key of ch06 that match"),
            ("e S", "saving 1 bad key of ch06"),
            ("/verdict:ok<Enter> S", "saving 2 keys of ch06 that match"),
        ] {
            let mut model = opened();
            press(&mut model, keys);
            assert_eq!(model.work.iter().map(|work| work.what.as_str()).collect::<Vec<_>>(), [expected], "{keys}");
        }
        let mut model = opened();
        if let Some(screen) = model.job_screen_mut() {
            screen.opening = Opening::Failed(Failure::new("the connection ended"));
        }
        let effects = press(&mut model, "/k<Enter> S");
        assert_eq!(effects, save(&effects, SaveWhat::Lines(vec![1, 2, 3])), "others may not match");
        let mut model = opened();
        assert_eq!(press(&mut model, "/nowhere<Enter> S"), []);
        assert_eq!(said(&model), "nothing to save: no key of this job is on the screen");
    }

    #[test]
    fn a_key_without_audio_is_told_and_not_saved() {
        let mut model = opened();
        assert_eq!(press(&mut model, "j s"), []);
        assert_eq!(said(&model), "k2 has no audio: OTHER");
        assert_eq!(press(&mut model, "k p j p"), []);
        assert_eq!(said(&model), "k2 has no audio: OTHER", "nobody is sent to save what is not there");
    }

    #[test]
    fn saves_of_one_job_follow_one_another() {
        let mut model = opened();
        let first = press(&mut model, "s");
        assert_eq!(press(&mut model, "G s s"), []);
        let next = update(&mut model, Event::SaveEnded(seq_of(&first), Ok(Saved { saved: 1, ..saved() })));
        assert_eq!(next, save(&next, SaveWhat::Lines(vec![3])));
        press(&mut model, "S");
        let all = update(&mut model, Event::SaveEnded(seq_of(&next), Ok(Saved { saved: 1, ..saved() })));
        assert_eq!(all, save(&all, SaveWhat::All));
        assert_eq!(press(&mut model, "s S"), []);
        assert_eq!(said(&model), "ch06 is being saved already");
        assert_eq!(update(&mut model, Event::SaveEnded(seq_of(&all), Ok(saved()))), []);
    }

    #[test]
    fn what_an_earlier_session_has_saved_can_be_played_and_what_is_newer_holds() {
        let mut model = with_jobs(vec![done("ch06")]);
        model.jobs.folders.insert(name("ch06"), "/mnt/ch06".into());
        let effects = press(&mut model, "<Enter>");
        assert!(effects.contains(&Effect::ReadSaved(name("ch06"), "/mnt/ch06".into())), "{effects:?}");
        update(&mut model, Event::RowsArrived(seq_of(&effects), vec![row(1, Verdict::Ok), row(2, Verdict::Ok)].into()));
        let seq = seq_of(&press(&mut model, "s"));
        update(&mut model, Event::RowSaved(seq, 1, Some(("new.wav".into(), Some("0a".repeat(32))))));
        let known = [(1, "old.wav", None), (2, "k2.wav", Some("9f2c41ab"))];
        update(&mut model, Event::FilesKnown(name("other"), known.into_iter().collect()));
        assert_eq!(model.job_screen().unwrap().files.len(), 1, "of another job");
        update(&mut model, Event::FilesKnown(name("ch06"), known.into_iter().collect()));
        assert_eq!(press(&mut model, "p"), [Effect::Play("/mnt/ch06/new.wav".into())]);
        assert_eq!(press(&mut model, "j p"), [Effect::Play("/mnt/ch06/k2.wav".into())]);
    }

    #[test]
    fn a_saved_key_can_be_played() {
        let mut model = opened();
        assert_eq!(press(&mut model, "p"), []);
        assert_eq!(said(&model), "k1 is not saved yet; s saves it, then p plays it");
        let seq = seq_of(&press(&mut model, "s"));
        update(&mut model, Event::RowSaved(seq, 1, Some(("k1.wav".into(), None))));
        update(
            &mut model,
            Event::SaveEnded(seq, Ok(Saved { folder: "ch06".into(), saved: 1, skipped: 0, seconds: 5.1, ..saved() })),
        );
        assert_eq!(said(&model), "1 key of ch06 saved to ./ch06 (5.1 s of audio)");
        assert_eq!(press(&mut model, "p"), [Effect::Play("/home/ann/book/ch06/k1.wav".into())]);
        assert!(!model.jobs.saved.contains_key(&name("ch06")), "one key is not the job");
    }
}
