//! Snapshots of every designed screen, with its styles.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};

use super::samples::*;
use super::sizes::every_screen;
use crate::failure::{Exit, Failure};
use crate::job::{Doubt, JobName, JobState};
use crate::money::OverCap;
use crate::ops::{Loss, Transition};
use crate::tui::layout;
use crate::tui::model::*;
use crate::tui::theme::{Charset, Palette, Theme};

pub(super) fn drawn(model: &Model, theme: Theme) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(model.size.width, model.size.height)).unwrap();
    terminal.draw(|frame| super::draw(model, &theme, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// The text of a screen, without the blanks at the ends of its lines.
fn text_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut covered = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if covered > 0 {
                covered -= 1;
                continue;
            }
            covered = crate::text::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The text of a model's screen.
pub(super) fn text_of_screen(model: &Model) -> String {
    text_of(&drawn(model, Theme::default()))
}

/// The text of a screen, and below it the runs of cells that look different from plain text.
fn dump(buffer: &Buffer) -> String {
    let mut dump = text_of(buffer);
    dump.push_str("-- styles\n");
    for y in 0..buffer.area.height {
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        for x in 0..buffer.area.width {
            let look = look(buffer[(x, y)].style());
            match runs.last_mut() {
                Some((_, end, last)) if *last == look && *end == x => *end = x + 1,
                Some(_) | None => runs.push((x, x + 1, look)),
            }
        }
        let runs: Vec<String> = runs
            .iter()
            .filter(|(_, _, look)| !look.is_empty())
            .map(|(start, end, look)| format!("{start}-{} {look}", end - 1))
            .collect();
        if !runs.is_empty() {
            dump.push_str(&format!("{y}: {}\n", runs.join(", ")));
        }
    }
    dump
}

fn look(style: Style) -> String {
    let mut parts = Vec::new();
    for (name, color) in [("", style.fg), ("on ", style.bg)] {
        match color {
            Some(Color::Reset) | None => {}
            Some(color) => parts.push(format!("{name}{color}").to_lowercase()),
        }
    }
    if !style.add_modifier.is_empty() {
        parts.push(format!("{:?}", style.add_modifier).to_lowercase());
    }
    parts.join(" ")
}

pub(super) fn snapshot(name: &str, model: &Model) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, dump(&drawn(model, Theme::default())));
    });
}

pub(super) fn plain_snapshot(name: &str, model: &Model, charset: Charset) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, dump(&drawn(model, Theme::new(Palette::None, charset))));
    });
}

#[test]
fn the_list_of_jobs() {
    snapshot("jobs_120x32", &busy(120, 32));
    snapshot("jobs_100x24", &busy(100, 24));
    snapshot("jobs_80x24", &busy(80, 24));
    snapshot("jobs_60x15", &busy(60, 15));
    snapshot("jobs_40x10", &busy(40, 10));
    snapshot("jobs_30x8", &busy(30, 8));
    snapshot("jobs_10x3", &busy(10, 3));
    snapshot("jobs_portrait_70x50", &busy(70, 50));
    snapshot("jobs_priced_130x30", &priced(130, 30));
    snapshot("jobs_spent_130x30", &spent(130, 30, 11.8));
    snapshot("jobs_spent_over_80x24", &spent(80, 24, 25.2));
    plain_snapshot("jobs_spent_ascii_120x32", &spent(120, 32, 11.8), Charset::Ascii);
    plain_snapshot("jobs_without_colours_120x32", &busy(120, 32), Charset::Unicode);
    plain_snapshot("jobs_ascii_120x32", &busy(120, 32), Charset::Ascii);
    plain_snapshot("jobs_ascii_30x8", &busy(30, 8), Charset::Ascii);
}

#[test]
fn a_create_that_was_doubled_or_stays_lost() {
    snapshot("jobs_duplicate_120x32", &doubled(busy(120, 32)));
    snapshot("jobs_duplicate_80x24", &doubled(busy(80, 24)));
    plain_snapshot("jobs_duplicate_ascii_120x32", &doubled(busy(120, 32)), Charset::Ascii);
    let mut lost = busy(120, 32);
    if let Some(Entry::Lost(lost)) = lost.jobs.entries.first_mut() {
        lost.at = ago(12);
    }
    (lost.jobs.cursor.selected, lost.jobs.cursor.row) = (lost.jobs.entries.first().map(Entry::id), 0);
    snapshot("jobs_unresolved_120x32", &lost);
}

#[test]
fn the_form_names_another_host_beside_its_buttons() {
    for (width, height) in [(120, 32), (80, 24)] {
        let mut elsewhere = form(empty(width, height), |_| ());
        assert!(!text_of_screen(&elsewhere).contains("] to "));
        elsewhere.setting.is_google = false;
        elsewhere.setting.host = "proxy.example.org:8443".into();
        let shown = text_of_screen(&elsewhere);
        let line = shown.lines().find(|line| line.contains("[ Submit")).unwrap_or_else(|| panic!("{shown}"));
        assert!(line.contains(" to proxy.example.org:8443"), "{shown}");
        elsewhere.setting.demo = true;
        assert!(!text_of_screen(&elsewhere).contains(" to proxy"), "a demo goes nowhere");
    }
}

#[test]
fn designed_states_of_the_list() {
    snapshot("jobs_empty_80x24", &empty(80, 24));
    snapshot("jobs_loading_80x24", &loading(80, 24));
    snapshot("jobs_offline_80x24", &offline(busy(80, 24), Exit::Failed));
    snapshot("jobs_offline_120x32", &offline(busy(120, 32), Exit::Failed));
    snapshot("jobs_offline_from_the_start_80x24", &offline(loading(80, 24), Exit::Failed));
    snapshot("jobs_asked_to_wait_80x24", &paced(busy(80, 24), false));
    plain_snapshot("jobs_asked_to_wait_ascii_120x32", &paced(busy(120, 32), false), Charset::Ascii);
    snapshot("jobs_out_of_quota_80x24", &paced(busy(80, 24), true));
    snapshot("job_asked_to_wait_80x24", &paced(opened(busy(80, 24), Opening::Complete, results()), false));
    let mut slowed = offline(busy(80, 24), Exit::Failed);
    if let Some(trouble) = &mut slowed.link.trouble {
        trouble.failure.retry_after = Some(std::time::Duration::from_secs(46));
    }
    snapshot("jobs_slowed_down_80x24", &slowed);
    snapshot("jobs_key_refused_80x24", &offline(loading(80, 24), Exit::Key));
    let mut read_only = empty(80, 24);
    read_only.setting.read_only = true;
    snapshot("jobs_empty_read_only_80x24", &read_only);
    let mut read_only = busy(80, 24);
    read_only.setting.read_only = true;
    snapshot("jobs_read_only_80x24", &read_only);
    let mut elsewhere = busy(80, 24);
    elsewhere.setting.is_google = false;
    elsewhere.setting.host = "proxy.example.org:8443".into();
    elsewhere.link.frozen = true;
    elsewhere.link.complete = false;
    snapshot("jobs_elsewhere_frozen_80x24", &elsewhere);
    let mut demo = busy(120, 32);
    demo.setting.is_google = false;
    demo.setting.demo = true;
    demo.setting.host = "127.0.0.1:38123".into();
    snapshot("jobs_demo_120x32", &demo);

    let mut braking = busy(120, 32);
    let names: Vec<_> = braking
        .jobs
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Job(tracked) => Some(tracked.job.name.clone()),
            Entry::Lost(_) | Entry::Campaign(_) => None,
        })
        .collect();
    braking.jobs.asking = names.iter().take(1).cloned().collect();
    braking.jobs.doubts = [(names[1].clone(), Doubt::Twin(names[0].clone()))].into();
    braking.jobs.brake = Some(Brake { jobs: names.into_iter().take(5).collect(), ..Brake::default() });
    braking.notices.flash = None;
    braking.notices.standing = None;
    snapshot("jobs_braking_120x32", &braking);
    let mut filtered = busy(80, 24);
    filtered.jobs.cursor.filter = "state:running".into();
    filtered.jobs.cursor.visible = vec![1, 2];
    filtered.jobs.cursor.sort = Some(Sort { column: 2, reversed: true });
    let input = Line::new("state:running");
    filtered.overlays.push(Overlay::Prompt(Prompt {
        kind: PromptKind::Filter,
        input,
        problem: None,
        before: String::new(),
    }));
    snapshot("jobs_filter_80x24", &filtered);
    if let Some(Overlay::Prompt(prompt)) = filtered.overlays.last_mut() {
        *prompt = Prompt { kind: PromptKind::Palette, input: Line::new("mark"), ..prompt.clone() };
    }
    snapshot("jobs_palette_80x24", &filtered);
    filtered.jobs.cursor.visible.clear();
    filtered.overlays.clear();
    snapshot("jobs_nothing_matches_80x24", &filtered);
    snapshot("jobs_strange_names_80x24", &strange(80, 24));
    plain_snapshot("jobs_strange_names_ascii_80x24", &strange(80, 24), Charset::Ascii);
}

#[test]
fn a_job_and_its_keys() {
    let complete = |width, height| opened(busy(width, height), Opening::Complete, results());
    snapshot("job_120x32", &complete(120, 32));
    snapshot("job_80x24", &complete(80, 24));
    let mut unchanged = complete(80, 24);
    unchanged.job_screen_mut().unwrap().unchanged = 1_412;
    snapshot("job_unchanged_80x24", &unchanged);
    plain_snapshot("job_unchanged_ascii_80x24", &unchanged, Charset::Ascii);
    snapshot("job_portrait_70x50", &complete(70, 50));
    snapshot("job_30x8", &complete(30, 8));
    plain_snapshot("job_ascii_120x32", &complete(120, 32), Charset::Ascii);
    snapshot("job_downloading_100x24", &opened(busy(100, 24), Opening::InFlight(Seq(3), progress()), results()));
    snapshot("job_fetching_80x24", &opened(busy(80, 24), Opening::InFlight(Seq(3), Default::default()), Vec::new()));
    snapshot("job_no_output_80x24", &opened(busy(80, 24), Opening::NoOutput, Vec::new()));
    let failure =
        Failure::new("cannot download files/batch-e5: the service says 404").hint("results are kept for 48 hours");
    snapshot("job_failed_80x24", &opened(busy(80, 24), Opening::Failed(failure), Vec::new()));
}

#[test]
fn one_key() {
    let raw = "{\n  \"key\": \"ch06-0042\",\n  \"response\": { \"candidates\": [ … ] }\n}";
    let job = |width, height| opened(busy(width, height), Opening::Complete, results());
    snapshot("key_120x32", &key(job(120, 32), 42, Some(Ok(raw.into()))));
    snapshot("key_80x24", &key(job(80, 24), 43, None));
    snapshot("key_without_audio_80x24", &key(job(80, 24), 45, None));
    snapshot("key_30x8", &key(job(30, 8), 44, None));
    plain_snapshot("key_ascii_80x24", &key(job(80, 24), 47, None), Charset::Ascii);
}

#[test]
fn files_and_texts() {
    snapshot("files_120x32", &files(busy(120, 32), None));
    snapshot("files_80x24", &files(busy(80, 24), None));
    snapshot(
        "files_failed_40x10",
        &files(busy(40, 10), Some(Failure::new("the service says 503").hint("r tries again"))),
    );
    let mut messages = busy(80, 24);
    for at in 0..3 {
        let text =
            format!("could not save key {at}: no space left on the device that holds the home folders of this machine");
        messages.notices.log.push_back(Notice {
            at: ago(9 - at),
            level: Level::Bad,
            text,
            hint: Some("free some".into()),
        });
    }
    messages.screens.push(Screen::Messages { scroll: 0 });
    snapshot("messages_80x24", &messages);
    let mut help = busy(80, 24);
    help.screens.push(Screen::Help { scroll: 0 });
    snapshot("help_80x24", &help);
    plain_snapshot(
        "help_ascii_120x32",
        &{
            let mut help = busy(120, 32);
            help.screens.push(Screen::Help { scroll: 6 });
            help
        },
        Charset::Ascii,
    );
    let mut page = busy(80, 24);
    let lines = vec!["name   batches/e5".to_owned(), "a long line of words ".repeat(8), "日本語の長い文".repeat(9)];
    page.overlays.push(Overlay::Page(TextPage {
        title: "audiobook-ch06".into(),
        lines,
        scroll: 0,
        awaited: Some(Seq(9)),
    }));
    snapshot("page_80x24", &page);
}

#[test]
fn dialogs() {
    snapshot("dialog_cancel_one_80x24", &asked(busy(80, 24), Verb::CancelJobs, &[None], None));
    snapshot("dialog_cancel_many_120x32", &asked(priced(120, 32), Verb::CancelJobs, &[None; 3], Some((3, "3"))));
    let unsaved = Some(Loss::Unsaved { saved: 31, of: Some(1_268) });
    snapshot(
        "dialog_delete_many_80x24",
        &asked(
            busy(80, 24),
            Verb::DeleteJobs,
            &[unsaved, Some(Loss::Saved), Some(Loss::Nothing), unsaved, None, None, None],
            Some((7, "")),
        ),
    );
    snapshot(
        "dialog_delete_40x10",
        &asked(busy(40, 10), Verb::DeleteJobs, &[unsaved, None, None, None, None, None, None], Some((7, ""))),
    );
    snapshot("dialog_delete_30x8", &asked(busy(30, 8), Verb::DeleteJobs, &[None, None], Some((2, ""))));
    snapshot("dialog_cancel_10x3", &asked(busy(10, 3), Verb::CancelJobs, &[None], None));
    let mut hidden = busy(120, 32);
    hidden.jobs.cursor.visible = vec![1];
    snapshot("dialog_cancel_unknown_120x32", &asked(hidden, Verb::CancelJobs, &[None; 1], None));
    snapshot("dialog_give_up_80x24", &lost(busy(80, 24)));
    snapshot("dialog_give_up_30x8", &lost(busy(30, 8)));
    snapshot("dialog_unresolved_120x32", &unresolved(busy(120, 32), Button::Keep));
    snapshot("dialog_unresolved_80x24", &unresolved(busy(80, 24), Button::Other));
    plain_snapshot("dialog_unresolved_ascii_80x24", &unresolved(busy(80, 24), Button::Do), Charset::Ascii);
    snapshot("dialog_unresolved_40x10", &unresolved(busy(40, 10), Button::Do));
    snapshot("dialog_unresolved_30x8", &unresolved(busy(30, 8), Button::Keep));
    let cap = OverCap { per_job: None, per_day: Some(25.0), spent_today: 24.0, adds: Some(2.3) };
    snapshot("dialog_send_again_120x32", &sent_again(busy(120, 32), Some(cap), true));
    snapshot("dialog_send_again_80x24", &sent_again(busy(80, 24), None, true));
    plain_snapshot("dialog_send_again_ascii_80x24", &sent_again(busy(80, 24), Some(cap), true), Charset::Ascii);
    snapshot("dialog_send_again_30x8", &sent_again(busy(30, 8), None, true));
    snapshot("dialog_send_again_checking_80x24", &sent_again(busy(80, 24), None, false));
    snapshot("dialog_retake_120x32", &retaken(busy(120, 32), true));
    snapshot("dialog_retake_80x24", &retaken(busy(80, 24), true));
    snapshot("dialog_retake_40x10", &retaken(busy(40, 10), true));
    snapshot("dialog_retake_30x8", &retaken(busy(30, 8), true));
    snapshot("dialog_retake_checking_80x24", &retaken(busy(80, 24), false));
    let over = OverCap { per_job: Some(5.0), per_day: Some(25.0), spent_today: 21.5, adds: Some(13.42) };
    snapshot("dialog_cap_120x32", &over_cap(busy(120, 32), over, "1"));
    snapshot("dialog_cap_40x10", &over_cap(busy(40, 10), OverCap { per_job: None, ..over }, ""));
    snapshot("dialog_cap_30x8", &over_cap(busy(30, 8), OverCap { per_day: None, ..over }, ""));
    let unpriced = OverCap { per_job: None, adds: None, ..over };
    plain_snapshot("dialog_cap_unpriced_80x24", &over_cap(busy(80, 24), unpriced, ""), Charset::Ascii);
    let mut checking = asked(strange(80, 24), Verb::DeleteJobs, &[None], None);
    if let Some(Overlay::Confirm(confirm)) = checking.overlays.last_mut() {
        confirm.checking = Some(Seq(8));
        confirm.focus = Button::Do;
    }
    snapshot("dialog_checking_over_wide_names_80x24", &checking);
    plain_snapshot("dialog_ascii_80x24", &asked(strange(80, 24), Verb::CancelJobs, &[None; 2], None), Charset::Ascii);
}

#[test]
fn a_page_is_what_is_drawn() {
    for (width, height) in [(120, 32), (100, 24), (80, 24), (60, 15), (40, 10), (70, 50), (39, 24), (30, 8), (10, 3)] {
        let model = many(width, height, 200);
        let text = text_of(&drawn(&model, Theme::default()));
        // Narrow rows keep the beginning of the name.
        let shown = text.lines().filter(|line| line.contains("audio") && !line.starts_with('╭')).count();
        assert_eq!(shown, layout::page(&model), "{width}x{height}\n{text}");

        let rows: Vec<_> = (0..200).map(|line| spoken(line, "zz-key", 1.0)).collect();
        let model = opened(model, Opening::Complete, rows);
        let text = text_of(&drawn(&model, Theme::default()));
        let shown = text
            .lines()
            .filter(|line| line.split('│').nth(1).unwrap_or(line).contains("zz-") && !line.starts_with('╭'))
            .count();
        assert_eq!(shown, layout::page(&model), "keys at {width}x{height}\n{text}");
    }
}

#[test]
fn a_click_finds_the_row_that_is_drawn_there() {
    for (width, height) in [(120, 32), (80, 24), (30, 8)] {
        let mut model = many(width, height, 200);
        model.jobs.cursor.top = 7;
        let buffer = drawn(&model, Theme::default());
        let text = text_of(&buffer);
        for (y, line) in text.lines().enumerate() {
            let Some(at) = layout::row_at(&model, 5, y as u16) else { continue };
            assert!(line.contains(&format!("audiobook-ch{at:06}")[..15]), "row {y}: {at} is not in {line:?}");
        }
        assert!((0..height).filter(|y| layout::row_at(&model, 5, *y).is_some()).count() == layout::page(&model));
    }
}

#[test]
fn without_the_colours_no_letter_changes() {
    for (width, height) in [(120, 32), (80, 24), (30, 8)] {
        for model in every_screen(width, height) {
            let colours = drawn(&model, Theme::default());
            let none = drawn(&model, Theme::new(Palette::None, Charset::Unicode));
            assert_eq!(text_of(&colours), text_of(&none));
            assert!(none.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
        }
    }
}

#[test]
fn nothing_ticks_while_the_list_is_the_same() {
    let model = busy(120, 32);
    let before = drawn(&model, Theme::default());
    let mut later = model;
    later.now += jiff::SignedDuration::from_secs(9);
    assert_eq!(drawn(&later, Theme::default()), before);
}

#[test]
fn the_way_out_is_always_shown_whole() {
    for width in 40..130 {
        let text = text_of(&drawn(&busy(width, 24), Theme::default()));
        let last = text.lines().last().unwrap();
        assert!(last.contains("? help") && last.ends_with("q quit"), "{width}: {last:?}");
    }
}

#[test]
fn an_unknown_count_is_never_zero() {
    let mut model = with_entries(empty(120, 24), vec![entry(job("p1", "fresh", crate::job::JobState::Pending, 1))]);
    model.jobs.cursor.selected = None;
    let text = text_of(&drawn(&model, Theme::default()));
    let line = text.lines().find(|line| line.contains("fresh")).unwrap();
    assert!(line.matches('–').count() == 3 && !line.contains('0'), "{line}");
}

#[test]
fn a_frame_does_not_depend_on_the_number_of_rows() {
    let time = |model: &Model| {
        let mut terminal = Terminal::new(TestBackend::new(200, 50)).unwrap();
        let mut draw = || {
            let start = std::time::Instant::now();
            terminal.draw(|frame| super::draw(model, &Theme::default(), frame)).unwrap();
            start.elapsed()
        };
        (0..20).map(|_| draw()).min().unwrap()
    };
    let keys = |n| opened(busy(200, 50), Opening::Complete, (1..=n).map(|line| spoken(line, "key", 1.0)).collect());
    let (few, lots) = (time(&keys(200)), time(&keys(100_000)));
    let jobs = time(&many(200, 50, 5_000));
    println!("200x50: {few:?} with 200 keys, {lots:?} with 100 000; {jobs:?} with 5 000 jobs");
    // A frame that looked at every row would take some hundred times as long.
    assert!(lots < few * 10, "{few:?} with 200 keys, {lots:?} with 100 000");
}

#[test]
fn a_text_scrolls_to_its_last_line_and_not_beyond() {
    use crate::tui::event::Event;
    use crate::tui::keys::Chord;
    use crossterm::event::{KeyCode, KeyModifiers};
    for (width, height) in [(120, 32), (80, 24), (40, 10), (30, 8), (10, 3)] {
        let mut model = busy(width, height);
        let lines = (0..40).map(|at| format!("line {at} of a long text that may have to be broken")).collect();
        model.overlays.push(Overlay::Page(TextPage { title: "a text".into(), lines, scroll: 0, awaited: None }));
        let press = |model: &mut Model, c| {
            let chord = Chord { code: KeyCode::Char(c), modifiers: KeyModifiers::NONE };
            crate::tui::update::update(model, Event::Key(chord));
            text_of(&drawn(model, Theme::default()))
        };
        let end = press(&mut model, 'G');
        assert!(end.contains("broken"), "{end}");
        assert_eq!(press(&mut model, 'j'), end, "there is nothing beyond the end");
        assert_ne!(press(&mut model, 'k'), end, "one key leads back from the end");
    }
}

/// One job, as the list and its details tell it.
fn told(job: crate::job::Job, change: impl FnOnce(&mut Model)) -> String {
    let mut model = with_entries(empty(120, 32), vec![entry(job)]);
    model.jobs.cursor.selected = model.jobs.entries.first().map(Entry::id);
    change(&mut model);
    text_of(&drawn(&model, Theme::default()))
}

fn first_seen(model: &mut Model, steps: &[(JobState, i64)]) {
    let job = JobName::parse("batches/a").unwrap();
    let mut from = None;
    let steps = steps.iter().map(|(to, minutes)| {
        let step = Transition { job: job.clone(), from: from.clone(), to: to.clone(), at: ago(*minutes) };
        from = Some(to.clone());
        step
    });
    model.jobs.timelines.insert(job.clone(), steps.collect());
}

#[test]
fn nobody_is_told_that_a_job_began_to_run_when_it_was_first_seen() {
    let running = told(job("a", "book", JobState::Running, 124), |model| {
        first_seen(model, &[(JobState::Running, 1)]);
    });
    assert!(running.contains("created 11:58 ─ 2 h 04 … RUNNING when first seen, 14:01"), "{running}");
    let cancelled = told(over(job("a", "book", JobState::Cancelled, 124), 1), |model| {
        first_seen(model, &[(JobState::Running, 3), (JobState::Cancelled, 1)]);
    });
    assert!(cancelled.contains("created 11:58 ─ 2 h 03 ─▸ CANCELLED 14:01"), "{cancelled}");
}

#[test]
fn the_list_says_no_more_than_is_known() {
    let cancelling = told(counted(job("a", "book", JobState::Running, 60), 96, 60, 0), |model| {
        let Entry::Job(tracked) = &mut model.jobs.entries[0] else { unreachable!("a job") };
        tracked.samples.push(ago(2), 30);
        tracked.samples.push(ago(1), 60);
        tracked.cancelling = true;
    });
    assert!(cancelling.contains("CANCELLING") && !cancelling.contains('~'), "{cancelling}");
    let cheap = told(counted(job("a", "book", JobState::Pending, 1), 12, 0, 0), |model| {
        model.jobs.costs.insert(JobName::parse("batches/a").unwrap(), (0.0056, 0.0073));
    });
    assert!(cheap.contains("≈ $0.0065 │"), "a price is whole: {cheap}");
    let expired = told(over(counted(job("a", "book", JobState::Expired, 60), 96, 0, 0), 1), |_| {});
    assert!(expired.contains("nothing was done") && !expired.contains("0.0 a minute"), "{expired}");
    let mut inline = over(counted(job("a", "book", JobState::Succeeded, 60), 4, 4, 0), 1);
    inline.dest = None;
    assert!(told(inline, |_| {}).contains("not saved"));
    let old = told(over(counted(job("a", "book", JobState::Succeeded, 6_000), 4, 4, 0), 5_000), |_| {});
    assert!(!old.contains("0.0 a minute"), "{old}");
    assert!(old.contains("results are probably gone since Nov 20 02:42"), "{old}");
}

#[test]
fn a_long_name_hides_neither_the_state_nor_the_keys_of_a_job() {
    for width in [60, 80, 100] {
        let long = "the-very-long-title-of-a-novel-which-nobody-ever-finished-reading-chapter-0007-take-three";
        let job = over(counted(job("a", long, JobState::Succeeded, 60), 1, 1, 0), 1);
        let model = with_entries(empty(width, 24), vec![entry(job)]);
        let key = "a-very-long-key-with-its-number-0001";
        let mut model = opened(model, Opening::Complete, vec![spoken(1, key, 2.0)]);
        let Some(Screen::Job(screen)) = model.screens.last_mut() else { unreachable!("a job is open") };
        screen.name = JobName::parse("batches/a").unwrap();
        screen.texts.clear();
        let text = text_of(&drawn(&model, Theme::default()));
        assert!(text.lines().next().unwrap().contains("✓ SUCCEEDED"), "{text}");
        assert!(text.contains("a-very-long-key-with-its"), "{text}");
    }
}

#[test]
fn a_narrow_dialog_cuts_no_button() {
    let text = text_of(&drawn(&asked(busy(40, 10), Verb::CancelJobs, &[None], None), Theme::default()));
    assert!(text.contains("[ Cancel ]    Yes"), "{text}");
    assert!(!text.contains("the job…"), "{text}");
}
