//! One job opened: its rows arrive as a stream, and stop arriving when nobody looks any more.

use crate::audio::Verdict;
use crate::failure::Failure;
use crate::job::{Dest, Job, JobName};
use crate::ops::Progress;
use crate::results::review::Review;
use crate::results::{PackedRows, Row, RowView};
use crate::text::clean_short;
use crate::tui::effect::Effect;
use crate::tui::event::{TextHead, Texts};
use crate::tui::layout;
use crate::tui::model::{
    Entry, EntryId, JobScreen, KeyScreen, Level, Model, Opening, Outlines, Overlay, Pane, Screen, Seq, Tally, TextPage,
};
use crate::tui::update::cursor::AnyList;
use crate::tui::update::{campaigns, describe, jobs, lists, notices, saving, screens};

/// Opens the selected job.
pub fn open_selected(model: &mut Model) -> Vec<Effect> {
    match model.jobs.cursor.selected.clone() {
        None => Vec::new(),
        Some(EntryId::Lost(_)) => describe::show(model),
        Some(EntryId::Campaign(id)) => campaigns::open(model, &id),
        Some(EntryId::Job(name)) => {
            let mut effects = screens::close_to(model, 0);
            model.screens.push(Screen::Job(Box::new(JobScreen::new(name.clone(), Opening::NoOutput))));
            effects.extend(open_when_ready(model));
            effects.extend(saving::look_for_files(model, &name));
            // A list does not say whether an inline job has results, so a job that is over is asked itself, one that
            // was stopped too: it may have left some.
            let tracked = model.jobs.get(&name);
            let is_silent =
                tracked.is_some_and(|tracked| tracked.job.state.is_terminal() && tracked.job.dest.is_none());
            if is_silent {
                effects.push(Effect::FetchJob(model.next_seq(), name));
            }
            effects
        }
    }
}

/// Asks for the results of the opened job as soon as it has any.
pub fn open_when_ready(model: &mut Model) -> Vec<Effect> {
    let Some(screen) = model.job_screen() else { return Vec::new() };
    if screen.opening != Opening::NoOutput {
        return Vec::new();
    }
    let name = screen.name.clone();
    let Some(job) = with_output(model, &name) else { return Vec::new() };
    let seq = model.next_seq();
    if let Some(screen) = model.job_screen_mut() {
        screen.opening = Opening::InFlight(seq, Progress::default());
    }
    vec![Effect::OpenJob(seq, Box::new(job))]
}

/// The job, if it says where its results are.
pub fn with_output(model: &Model, name: &JobName) -> Option<Job> {
    let job = &model.jobs.get(name)?.job;
    match &job.dest {
        Some(Dest::File(_) | Dest::Inline) => Some(job.clone()),
        None => None,
    }
}

/// Fetches what the job screen shows again.
pub fn refresh(model: &mut Model) -> Vec<Effect> {
    let Some(screen) = model.job_screen_mut() else { return Vec::new() };
    let name = screen.name.clone();
    if let Opening::Failed(_) = screen.opening {
        screen.rows.clear();
        screen.tally = Tally::default();
        screen.review = Review::default();
        look_through(screen);
        screen.outlines = Outlines::default();
        screen.opening = Opening::NoOutput;
        lists::keys(screen, 1).rebuild();
    }
    let mut effects = vec![Effect::FetchJob(model.next_seq(), name)];
    effects.extend(open_when_ready(model));
    effects
}

/// Stops the stream of a screen that is being left.
pub fn leave(screen: &JobScreen) -> Vec<Effect> {
    match &screen.opening {
        Opening::InFlight(seq, _) => vec![Effect::StopOpening(*seq)],
        Opening::NoOutput | Opening::Complete | Opening::Failed(_) => Vec::new(),
    }
}

/// The screen that waits for the answers of that number.
fn awaiting(model: &mut Model, seq: Seq) -> Option<&mut JobScreen> {
    model.job_screen_mut().filter(|screen| matches!(&screen.opening, Opening::InFlight(waiting, _) if *waiting == seq))
}

/// More results.
pub fn rows_arrived(model: &mut Model, seq: Seq, rows: PackedRows) -> Vec<Effect> {
    let page = layout::page(model);
    let Some(screen) = awaiting(model, seq) else { return Vec::new() };
    let from = screen.rows.len();
    rows.views().for_each(|row| screen.tally.add(&row));
    screen.rows.append(&rows);
    take_in(screen);
    lists::keys(screen, page).extend(from);
    Vec::new()
}

/// Finds the texts of rows that have come, and makes them what a plain word is looked for in.
fn take_in(screen: &mut JobScreen) {
    let JobScreen { rows, texts, heads, haystack, .. } = screen;
    for index in heads.len()..rows.len() {
        let Some(row) = rows.view(index) else { continue };
        // Rows mostly come in the order of the requests.
        let likely = heads.last().map_or(0, |before| before.wrapping_add(1));
        let head = row.key.and_then(|key| texts.find(key, likely as usize));
        heads.push(head.map_or(u32::MAX, |head| head as u32));
        haystack.push(texts_of(&row, head.and_then(|head| texts.head(head))));
    }
}

fn texts_of<'a>(row: &RowView<'a>, head: Option<TextHead<'a>>) -> impl Iterator<Item = &'a str> {
    let voice = head.and_then(|head| head.voice);
    let text = head.map(|head| head.text);
    let all = [row.key, Some(row.verdict.as_str()), row.finish_reason, row.reason(), voice, text];
    all.into_iter().flatten()
}

/// More bytes.
pub fn progressed(model: &mut Model, seq: Seq, progress: Progress) -> Vec<Effect> {
    if let Some(screen) = awaiting(model, seq) {
        screen.opening = Opening::InFlight(seq, progress);
    }
    Vec::new()
}

/// What all rows together have shown: some of them are thought of otherwise now, or their audio may not be theirs.
pub fn reviewed(model: &mut Model, seq: Seq, review: Review) -> Vec<Effect> {
    let page = layout::page(model);
    let Some(screen) = awaiting(model, seq) else { return Vec::new() };
    for change in &review.changes {
        let Some(index) = screen.rows.index_of(change.line) else { continue };
        screen.tally.bad += u64::from(screen.rows.verdict(index) == Some(Verdict::Ok));
        screen.rows.set_verdict(index, change.verdict);
    }
    if !review.changes.is_empty() {
        look_through(screen);
        lists::keys(screen, page).rebuild();
    }
    let key = |line: u64| {
        let key = screen.rows.index_of(line).and_then(|index| screen.rows.key(index));
        key.map_or_else(|| format!("line {line}"), |key| clean_short(key, 60))
    };
    let findings = review.findings.iter().map(|finding| finding.tell(&key));
    let findings: Vec<String> = review.unknown_line().into_iter().chain(findings).collect();
    screen.review = review;
    findings.into_iter().for_each(|finding| notices::say(model, Level::Bad, finding));
    Vec::new()
}

/// The results are complete, or will not come.
pub fn opened(model: &mut Model, seq: Seq, result: Result<(), Failure>) -> Vec<Effect> {
    let Some(screen) = awaiting(model, seq) else { return Vec::new() };
    match result {
        Ok(()) => {
            screen.opening = Opening::Complete;
            screen.outlines.forget_missing();
            let (name, bad) = (screen.name.clone(), screen.tally.bad);
            model.jobs.bad.insert(name, bad);
        }
        Err(failure) => {
            screen.opening = Opening::Failed(failure.clone());
            notices::fail(model, "cannot open the results", &failure);
        }
    }
    Vec::new()
}

/// Makes what a plain word is looked for in anew.
fn look_through(screen: &mut JobScreen) {
    screen.heads.clear();
    screen.haystack.clear();
    take_in(screen);
}

/// The beginnings of the texts.
pub fn texts_loaded(model: &mut Model, name: &JobName, texts: Texts) -> Vec<Effect> {
    let page = layout::page(model);
    let Some(screen) = model.job_screen_mut().filter(|screen| screen.name == *name) else { return Vec::new() };
    screen.texts = texts;
    look_through(screen);
    lists::keys(screen, page).rebuild();
    Vec::new()
}

/// So many of its keys were not sent.
pub fn unchanged_known(model: &mut Model, name: &JobName, n: u64) -> Vec<Effect> {
    if let Some(screen) = model.job_screen_mut().filter(|screen| screen.name == *name) {
        screen.unchanged = n;
    }
    Vec::new()
}

/// One job was fetched: for the page that waits for its JSON, for the list, or for both.
pub fn fetched(
    model: &mut Model,
    seq: Seq,
    name: &JobName,
    result: Result<Box<(Job, String)>, Failure>,
) -> Vec<Effect> {
    match result {
        Ok(answer) => {
            let (job, raw) = *answer;
            if let Some(page) = page_awaiting(model, seq) {
                page.lines = raw.lines().map(str::to_owned).collect();
                page.awaited = None;
            }
            jobs::upsert_known(model, job)
        }
        Err(failure) => {
            if let Some(page) = page_awaiting(model, seq) {
                page.lines = std::iter::once(failure.message.clone()).chain(failure.hint.clone()).collect();
                page.awaited = None;
            } else {
                notices::fail(model, &format!("cannot fetch {}", name.id()), &failure);
            }
            Vec::new()
        }
    }
}

/// The service has no such job with this key. What is known of one that was not over is kept, and nothing is sent again
/// for it.
pub fn missing(model: &mut Model, seq: Seq, name: &JobName) -> Vec<Effect> {
    if let Some(page) = page_awaiting(model, seq) {
        page.lines = vec![format!("{name} is not found with this key"), MAY_BE_DELETED.to_owned()];
        page.awaited = None;
    }
    if jobs::mark_missing(model, name) {
        let title = model.jobs.get(name).map_or_else(|| name.to_string(), |tracked| jobs::title(&tracked.job));
        let failure = Failure::new(format!("{title} is not found with this key any more")).hint(MAY_BE_DELETED);
        notices::fail(model, "", &failure);
    }
    Vec::new()
}

const MAY_BE_DELETED: &str = "it may be deleted, or belong to another key; D takes it off the list";

/// The text page that waits for the answer of that number.
pub fn page_awaiting(model: &mut Model, seq: Seq) -> Option<&mut TextPage> {
    model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Page(page) if page.awaited == Some(seq) => Some(page),
        Overlay::Page(_) | Overlay::Confirm(_) | Overlay::Prompt(_) => None,
    })
}

/// Moves the focus between the panes of the job screen.
pub fn next_pane(model: &mut Model) -> Vec<Effect> {
    if let Some(Screen::Job(screen)) = model.screens.last_mut() {
        screen.pane = match screen.pane {
            Pane::Keys => Pane::Detail,
            Pane::Detail => Pane::Keys,
        };
    }
    Vec::new()
}

/// Opens the selected key.
pub fn open_key(model: &mut Model) -> Vec<Effect> {
    if let Some(line) = model.job_screen().and_then(|screen| screen.cursor.selected) {
        model.screens.push(Screen::Key(KeyScreen { line, raw: None, raw_seq: None, scroll: 0 }));
    }
    Vec::new()
}

/// The job whose screen is open, or that is selected in the list of jobs.
pub fn current(model: &Model) -> Option<&Job> {
    let name = match model.screens.last() {
        Some(Screen::Job(_) | Screen::Key(_)) => model.job_screen().map(|screen| &screen.name),
        None => match model.jobs.cursor.selected.as_ref() {
            Some(EntryId::Job(name)) => Some(name),
            Some(EntryId::Lost(_) | EntryId::Campaign(_)) | None => None,
        },
        Some(Screen::Create(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. }) => None,
    };
    model.jobs.get(name?).map(|tracked| &tracked.job)
}

/// The row that is selected on the job screen, or that the key screen shows.
pub fn current_row(model: &Model) -> Option<Row> {
    let line = match model.screens.last() {
        Some(Screen::Key(key)) => Some(key.line),
        Some(Screen::Job(screen)) => screen.cursor.selected,
        None | Some(Screen::Create(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. }) => None,
    }?;
    model.job_screen()?.row(line)
}

/// The jobs that a verb means: the marked ones, else the selected one. On a job's own screen that job.
pub fn meant(model: &mut Model) -> Vec<Job> {
    if !model.screens.is_empty() {
        return current(model).cloned().into_iter().collect();
    }
    let cursor = &model.jobs.cursor;
    let is_meant = |id: &EntryId| match cursor.marks.is_empty() {
        true => cursor.selected.as_ref() == Some(id),
        false => cursor.marks.contains(id),
    };
    let mut jobs = Vec::new();
    let (mut n_lost, mut n_campaigns) = (0, 0);
    for entry in &model.jobs.entries {
        match entry {
            Entry::Job(tracked) if is_meant(&entry.id()) => jobs.push(tracked.job.clone()),
            Entry::Lost(_) if is_meant(&entry.id()) => n_lost += 1,
            Entry::Campaign(_) if is_meant(&entry.id()) => n_campaigns += 1,
            Entry::Job(_) | Entry::Lost(_) | Entry::Campaign(_) => {}
        }
    }
    if n_lost > 0 {
        notices::say(model, Level::Info, "UNKNOWN: the answer was lost, and every listing looks for it; D gives it up");
    }
    if n_campaigns > 0 {
        notices::say(model, Level::Info, "a campaign: Enter shows its jobs, P pauses it, x cancels it");
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{JobError, JobState};
    use crate::results::review::{Change, Finding};
    use crate::tui::event::Event;
    use crate::tui::update::testing::{done, job, list, name, press, row, said, seq_of, three_jobs, with_jobs};
    use crate::tui::update::update;

    /// `a` opened, with so many good rows.
    fn opened(rows: u64) -> (Model, Seq) {
        let mut model = with_jobs(vec![done("a")]);
        let seq = seq_of(&press(&mut model, "<Enter>"));
        let rows = (1..=rows).map(|line| row(line, Verdict::Ok)).collect();
        update(&mut model, Event::RowsArrived(seq, rows));
        (model, seq)
    }

    fn lines(model: &Model) -> Vec<u64> {
        let screen = model.job_screen().unwrap();
        screen.cursor.visible.iter().map(|at| screen.rows.line(*at as usize)).collect()
    }

    #[test]
    fn a_job_with_output_is_opened_and_its_rows_stream_in() {
        let (mut model, seq) = opened(2);
        update(&mut model, Event::RowsArrived(seq, vec![row(3, Verdict::Silent)].into()));
        update(&mut model, Event::OpeningProgressed(seq, Progress { bytes: 7, of: Some(9), ..Progress::default() }));
        assert_eq!((lines(&model), model.job_screen().unwrap().cursor.selected), (vec![1, 2, 3], Some(1)));
        update(&mut model, Event::Opened(seq, Ok(())));
        assert_eq!(model.job_screen().unwrap().opening, Opening::Complete);
        assert_eq!(model.jobs.bad, [(name("a"), 1)].into(), "the list can tell it from then on");
        assert_eq!(press(&mut model, "<Esc>"), [], "what is complete need not be stopped");
    }

    #[test]
    fn rows_of_a_job_that_was_left_are_dropped() {
        let (mut model, old) = opened(2);
        press(&mut model, "<Esc>");
        let new = seq_of(&press(&mut model, "<Enter>"));
        update(&mut model, Event::RowsArrived(old, vec![row(9, Verdict::Ok)].into()));
        update(&mut model, Event::Opened(old, Ok(())));
        assert_eq!(lines(&model), [0; 0]);
        update(&mut model, Event::RowsArrived(new, vec![row(1, Verdict::Ok)].into()));
        assert_eq!(lines(&model), [1]);
    }

    #[test]
    fn a_running_job_opens_by_itself_when_its_output_appears() {
        let mut model = three_jobs();
        assert_eq!(press(&mut model, "<Enter>"), []);
        assert_eq!(model.job_screen().map(|screen| &screen.opening), Some(&Opening::NoOutput));
        let effects = list(&mut model, vec![done("intro"), job("ch01", JobState::Running)]);
        assert_eq!(effects, [Effect::OpenJob(seq_of(&effects), Box::new(done("intro")))]);
    }

    #[test]
    fn a_job_that_is_over_without_a_word_about_results_is_asked_itself() {
        let mut model = with_jobs(vec![job("inline", JobState::Succeeded)]);
        let effects = press(&mut model, "<Enter>");
        assert_eq!(effects, [Effect::FetchJob(seq_of(&effects), name("inline"))]);
        let fetched = Job { dest: Some(Dest::Inline), ..job("inline", JobState::Succeeded) };
        let answer = Ok(Box::new((fetched.clone(), "{}".to_owned())));
        let effects = update(&mut model, Event::JobFetched(seq_of(&effects), name("inline"), answer));
        assert_eq!(effects, [Effect::OpenJob(seq_of(&effects), Box::new(fetched))]);
    }

    #[test]
    fn a_cancelled_job_is_asked_for_what_it_left() {
        let error = Some(JobError { code: 1, message: "cancelled".to_owned() });
        let mut model = with_jobs(vec![Job { error, ..job("half", JobState::Cancelled) }]);
        let effects = press(&mut model, "<Enter>");
        assert_eq!(effects, [Effect::FetchJob(seq_of(&effects), name("half"))]);
    }

    #[test]
    fn results_that_did_not_come_are_asked_for_again_by_a_person() {
        let (mut model, seq) = opened(2);
        update(&mut model, Event::Opened(seq, Err(Failure::new("the connection ended"))));
        assert_eq!((lines(&model).len(), said(&model)), (2, "cannot open the results: the connection ended"));
        let effects = press(&mut model, "r");
        assert!(matches!(effects[..], [Effect::FetchJob(..), Effect::OpenJob(..)]), "{effects:?}");
        assert_eq!(lines(&model), [0; 0]);
    }

    #[test]
    fn keys_are_filtered_sorted_and_cleared_of_good_ones() {
        let (mut model, seq) = opened(12);
        let bad = vec![row(13, Verdict::Silent), row(14, Verdict::Error)];
        update(&mut model, Event::RowsArrived(seq, bad.into()));
        let heads =
            [("k2", "Corridors"), ("k3", "other")].map(|(key, text)| (key, TextHead { text, voice: Some("Kore") }));
        update(&mut model, Event::TextsLoaded(name("a"), heads.into_iter().collect()));
        let table: [(&str, &[u64]); 7] = [
            ("e", &[13, 14]),
            ("/k1<Enter>", &[1, 10, 11, 12, 13, 14]),
            ("/corrid<Enter>", &[2]),
            ("/KORE<Enter>", &[2, 3]),
            ("/voice:kore<Space>!corr<Enter>", &[3]),
            ("/audio:>11<Enter>", &[12]),
            ("/verdict:sil,err<Enter> 1 1", &[14, 13]),
        ];
        for (keys, expected) in table {
            press(&mut model, keys);
            assert_eq!(lines(&model), expected, "{keys}");
            press(&mut model, "<Esc>0");
        }
        assert_eq!(lines(&model).len(), 14);
    }

    #[test]
    fn what_all_rows_together_show_changes_their_verdicts_and_what_is_found() {
        let (mut model, seq) = opened(12);
        let review = Review {
            changes: vec![Change { line: 3, verdict: Verdict::Runaway, times: 3.0 }],
            findings: vec![Finding::Exchanged { one: 4, other: 9 }],
            ..Review::default()
        };
        update(&mut model, Event::Reviewed(seq, Box::new(review)));
        assert_eq!(model.job_screen().unwrap().tally.bad, 1);
        assert_eq!(said(&model), "audio may belong to other keys: durations fit better when k4 and k9 are exchanged");
        update(&mut model, Event::Reviewed(seq, Box::new(Review { unknown: 2, ..Review::default() })));
        assert_eq!(said(&model), "key unknown: 2 results come with a key that no request has");
        press(&mut model, "/runaway<Enter>");
        assert_eq!(lines(&model), [3]);
        press(&mut model, "<Esc>e");
        assert_eq!(lines(&model), [3]);
    }

    #[test]
    fn rows_that_arrive_below_a_filter_and_a_sort_find_their_place() {
        let (mut model, seq) = opened(3);
        press(&mut model, "/k<Enter> 2 2 k");
        assert_eq!((lines(&model), model.job_screen().unwrap().cursor.selected), (vec![3, 2, 1], Some(2)));
        update(&mut model, Event::RowsArrived(seq, vec![row(5, Verdict::Ok), row(4, Verdict::Ok)].into()));
        let cursor = &model.job_screen().unwrap().cursor;
        assert_eq!((lines(&model), cursor.selected, cursor.row), (vec![5, 4, 3, 2, 1], Some(2), 3));
    }

    #[test]
    fn enter_on_a_key_opens_it_and_esc_comes_back_to_it() {
        let (mut model, _) = opened(3);
        press(&mut model, "jj<Enter>");
        assert!(matches!(model.screens.last(), Some(Screen::Key(key)) if key.line == 3));
        press(&mut model, "<Esc>");
        assert_eq!(current_row(&model).map(|row| row.line), Some(3));
    }

    #[test]
    fn a_hundred_thousand_rows_stream_in_without_being_sorted_again() {
        let (mut model, seq) = opened(0);
        for batch in 0..400_u64 {
            let rows = (1..=250).map(|line| row(batch * 250 + line, Verdict::Ok)).collect();
            update(&mut model, Event::RowsArrived(seq, rows));
        }
        let cursor = &model.job_screen().unwrap().cursor;
        assert_eq!((cursor.visible.len(), cursor.selected), (100_000, Some(1)));
        press(&mut model, "G /k99999<Enter>");
        assert_eq!(lines(&model), [99_999]);
    }
}
