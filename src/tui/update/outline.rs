//! The outline of the key that is looked at: read when it is wanted, one at a time, the latest wish first.

use crate::audio::Peaks;
use crate::failure::Failure;
use crate::tui::effect::Effect;
use crate::tui::model::{Model, Screen, Seq};
use crate::tui::update::job;

/// Asks for the outline of the line that is looked at, unless it is known or another one is under way.
pub fn wanted(model: &mut Model) -> Option<Effect> {
    let line = match model.screens.last()? {
        Screen::Key(key) => key.line,
        Screen::Job(screen) => screen.cursor.selected?,
        Screen::Create(_) | Screen::Files(_) | Screen::Messages { .. } | Screen::Help { .. } => return None,
    };
    let screen = model.job_screen()?;
    if screen.outlines.awaited.is_some() || screen.outlines.knows(line) {
        return None;
    }
    // Nothing is measured where there is no audio.
    screen.rows.seconds(screen.rows.index_of(line)?)?;
    let job = job::with_output(model, &screen.name.clone())?;
    let seq = model.next_seq();
    model.job_screen_mut()?.outlines.awaited = Some(seq);
    Some(Effect::ReadOutline(seq, Box::new(job), line))
}

/// It came, or there is none. What cannot be read is not drawn, and that is all: the log says why.
pub fn read(model: &mut Model, seq: Seq, line: u64, result: Result<Option<Peaks>, Failure>) -> Vec<Effect> {
    let Some(screen) = model.job_screen_mut() else { return Vec::new() };
    if screen.outlines.awaited == Some(seq) {
        screen.outlines.awaited = None;
        screen.outlines.keep(line, result.unwrap_or_default());
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{Peak, Verdict};
    use crate::results::PackedRows;
    use crate::tui::event::Event;
    use crate::tui::update::testing::{done, press, row, seq_of, with_jobs};
    use crate::tui::update::update;

    fn peaks(level: i8) -> Peaks {
        Peaks([Peak { lowest: -1, highest: 1, level }].into())
    }

    /// `a` opened with good rows and a bad one at the end, and what that asked for.
    fn opened() -> (Model, Seq, Vec<Effect>) {
        let mut model = with_jobs(vec![done("a")]);
        let seq = seq_of(&press(&mut model, "<Enter>"));
        let rows: PackedRows = (1..=5).map(|line| row(line, Verdict::Ok)).collect();
        let effects = update(&mut model, Event::RowsArrived(seq, rows));
        (model, seq, effects)
    }

    fn asked(effects: &[Effect]) -> Vec<u64> {
        let line = |effect: &Effect| if let Effect::ReadOutline(_, _, line) = effect { Some(*line) } else { None };
        effects.iter().filter_map(line).collect()
    }

    fn outline_seq(effects: &[Effect]) -> Seq {
        let seq = |effect: &Effect| if let Effect::ReadOutline(seq, ..) = effect { Some(*seq) } else { None };
        effects.iter().find_map(seq).unwrap()
    }

    #[test]
    fn one_is_under_way_and_the_latest_wish_is_the_next() {
        let (mut model, _, effects) = opened();
        assert_eq!(asked(&effects), [1]);
        let first = outline_seq(&effects);
        assert_eq!(press(&mut model, "jjj"), [], "no more than one at a time");
        let effects = update(&mut model, Event::OutlineRead(first, 1, Ok(Some(peaks(1)))));
        assert_eq!(asked(&effects), [4], "what was passed on the way is of no interest any more");
        update(&mut model, Event::OutlineRead(outline_seq(&effects), 4, Ok(Some(peaks(4)))));
        assert_eq!(asked(&press(&mut model, "g")), [0; 0], "it is still known");
        assert_eq!(asked(&press(&mut model, "G<Enter>")), [5], "for the screen of a key as well");
        let screen = model.job_screen().unwrap();
        assert_eq!((screen.peaks(1), screen.peaks(4), screen.peaks(5)), (Some(&peaks(1)), Some(&peaks(4)), None));
    }

    #[test]
    fn an_answer_that_nobody_waits_for_is_dropped() {
        let (mut model, _, effects) = opened();
        let first = outline_seq(&effects);
        update(&mut model, Event::OutlineRead(Seq(first.0 + 99), 2, Ok(Some(peaks(2)))));
        assert_eq!(model.job_screen().unwrap().peaks(2), None);
        press(&mut model, "<Esc>");
        assert_eq!(update(&mut model, Event::OutlineRead(first, 1, Ok(Some(peaks(1))))), []);
    }

    #[test]
    fn what_was_not_there_yet_is_asked_for_again_when_the_results_are_complete() {
        let (mut model, seq, effects) = opened();
        assert_eq!(asked(&update(&mut model, Event::OutlineRead(outline_seq(&effects), 1, Ok(None)))), [0; 0]);
        assert_eq!(asked(&update(&mut model, Event::Opened(seq, Ok(())))), [1]);
    }

    #[test]
    fn as_many_are_kept_as_a_person_goes_up_and_down_in() {
        let mut outlines = crate::tui::model::Outlines::default();
        (1..=1_000).for_each(|line| outlines.keep(line, None));
        let known = (1..=1_000).filter(|line| outlines.knows(*line)).count();
        assert_eq!((known, outlines.knows(1_000), outlines.knows(900)), (64, true, false));
    }
}
