//! Long texts: pages above a screen, messages, help, one key. They scroll, and never beyond their last page.

use crate::failure::Failure;
use crate::text::clean_short;
use crate::tui::action::Motion;
use crate::tui::effect::Effect;
use crate::tui::layout;
use crate::tui::model::{Model, Overlay, Screen, Seq, TextPage};
use crate::tui::update::{describe, job};
use crate::tui::view;

/// Scrolls the text that is visible.
pub fn go(model: &mut Model, motion: Motion) -> Vec<Effect> {
    let page = layout::page(model);
    // Only who breaks the lines knows how many there are.
    let furthest = view::scroll_limit(model);
    let Some(scroll) = scroll(model) else { return Vec::new() };
    *scroll = match motion {
        Motion::Up => scroll.saturating_sub(1),
        Motion::Down => *scroll + 1,
        Motion::First => 0,
        Motion::Last => furthest,
        Motion::HalfUp => scroll.saturating_sub((page / 2).max(1)),
        Motion::HalfDown => *scroll + (page / 2).max(1),
        Motion::PageUp => scroll.saturating_sub(page),
        Motion::PageDown => *scroll + page,
    }
    .min(furthest);
    Vec::new()
}

fn scroll(model: &mut Model) -> Option<&mut usize> {
    match model.overlays.last_mut() {
        Some(Overlay::Page(page)) => return Some(&mut page.scroll),
        Some(Overlay::Confirm(_) | Overlay::Prompt(_)) => return None,
        None => {}
    }
    match model.screens.last_mut()? {
        Screen::Key(key) => Some(&mut key.scroll),
        Screen::Messages { scroll } | Screen::Help { scroll } => Some(scroll),
        Screen::Job(_) | Screen::Create(_) | Screen::Files(_) => None,
    }
}

/// The service's own JSON of what is selected: fetched, and shown when it comes.
pub fn raw(model: &mut Model) -> Vec<Effect> {
    if let Some(Screen::Key(_) | Screen::Job(_)) = model.screens.last()
        && job::current_row(model).is_some()
    {
        return raw_line(model);
    }
    let Some(job) = job::current(model) else { return describe::show(model) };
    let (name, title) = (job.name.clone(), super::jobs::title(job));
    let seq = model.next_seq();
    model.overlays.push(Overlay::Page(TextPage {
        title: format!("{title} · raw JSON"),
        lines: Vec::new(),
        scroll: 0,
        awaited: Some(seq),
    }));
    vec![Effect::FetchJob(seq, name)]
}

/// One result line as the service sent it: on its own screen below the facts, elsewhere as a page.
fn raw_line(model: &mut Model) -> Vec<Effect> {
    let Some(row) = job::current_row(model) else { return Vec::new() };
    let line = row.line;
    let name = row.key.as_deref().map_or_else(|| format!("line {line}"), |key| clean_short(key, 60));
    let Some(job) = job::current(model).cloned() else { return Vec::new() };
    let seq = model.next_seq();
    if let Some(Screen::Key(key)) = model.screens.last_mut() {
        if key.raw_seq.is_some() {
            return Vec::new();
        }
        key.raw_seq = Some(seq);
    } else {
        model.overlays.push(Overlay::Page(TextPage {
            title: format!("{name} · raw JSON"),
            lines: Vec::new(),
            scroll: 0,
            awaited: Some(seq),
        }));
    }
    vec![Effect::ReadRawLine(seq, Box::new(job), line)]
}

/// The result line was read.
pub fn raw_line_read(model: &mut Model, seq: Seq, result: Result<String, Failure>) -> Vec<Effect> {
    if let Some(page) = job::page_awaiting(model, seq) {
        page.awaited = None;
        page.lines = match result {
            Ok(raw) => raw.lines().map(str::to_owned).collect(),
            Err(failure) => std::iter::once(failure.message).chain(failure.hint).collect(),
        };
        return Vec::new();
    }
    for screen in &mut model.screens {
        if let Screen::Key(key) = screen
            && key.raw_seq == Some(seq)
        {
            key.raw_seq = None;
            key.raw = Some(result);
            break;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Verdict;
    use crate::tui::event::Event;
    use crate::tui::update::testing::{done, job as some_job, name, press, row, seq_of, three_jobs, with_jobs};
    use crate::tui::update::update;

    fn page(model: &Model) -> &TextPage {
        match model.overlays.last() {
            Some(Overlay::Page(page)) => page,
            other => panic!("no page is open, but {other:?}"),
        }
    }

    #[test]
    fn raw_json_is_fetched_and_fills_its_page() {
        let mut model = three_jobs();
        let effects = press(&mut model, "J");
        assert_eq!(effects, [Effect::FetchJob(seq_of(&effects), name("intro"))]);
        assert!(page(&model).awaited.is_some() && page(&model).lines.is_empty());
        let running = some_job("intro", crate::job::JobState::Running);
        let answer = Ok(Box::new((running, "{\n  \"name\": 1\n}".to_owned())));
        update(&mut model, Event::JobFetched(seq_of(&effects), name("intro"), answer));
        assert_eq!((page(&model).awaited, page(&model).lines.len()), (None, 3));
        assert_eq!(press(&mut model, "<Esc>"), []);
        assert!(model.overlays.is_empty());
    }

    #[test]
    fn raw_json_that_did_not_come_says_why_in_its_place() {
        let mut model = three_jobs();
        let effects = press(&mut model, "J");
        let failure = Failure::new("no route").hint("look at the cable");
        update(&mut model, Event::JobFetched(seq_of(&effects), name("intro"), Err(failure)));
        assert_eq!(page(&model).lines, ["no route", "look at the cable"]);
    }

    #[test]
    fn the_raw_line_of_a_key_is_read_once() {
        let mut model = with_jobs(vec![done("a")]);
        let seq = seq_of(&press(&mut model, "<Enter>"));
        update(&mut model, Event::RowsArrived(seq, vec![row(1, Verdict::Ok)].into()));
        let effects = press(&mut model, "<Enter> J J");
        assert_eq!(effects, [Effect::ReadRawLine(seq_of(&effects), Box::new(done("a")), 1)]);
        update(&mut model, Event::RawLine(Seq(999), Ok("late".into())));
        update(&mut model, Event::RawLine(seq_of(&effects), Ok("{}".into())));
        assert!(matches!(model.screens.last(), Some(Screen::Key(key)) if key.raw == Some(Ok("{}".into()))));
        press(&mut model, "<Esc>");
        assert!(matches!(press(&mut model, "J")[..], [Effect::ReadRawLine(..)]));
    }

    #[test]
    fn a_text_scrolls_to_its_last_page_and_not_further() {
        let mut model = three_jobs();
        let empty = TextPage { title: String::new(), lines: Vec::new(), scroll: 0, awaited: None };
        model.overlays.push(Overlay::Page(empty.clone()));
        let lines = (0..layout::page(&model) + 5).map(|line| line.to_string()).collect();
        model.overlays = vec![Overlay::Page(TextPage { lines, ..empty })];
        for (keys, expected) in [("k", 0), ("jj", 2), ("G", 5), ("j", 5), ("k", 4), ("g", 0), ("<C-d>", 5)] {
            press(&mut model, keys);
            assert_eq!(page(&model).scroll, expected, "{keys}");
        }
    }
}
