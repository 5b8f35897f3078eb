//! Tests of lists as no honest service sends them: states that nobody knows, and everything changed at every poll.

use super::testing::{answer, done, job, press, said, tick, with_jobs, word};
use super::update;
use crate::job::{Counts, Job, JobState};
use crate::tui::effect::Effect;
use crate::tui::event::Event;
use crate::tui::model::{Listing, Model, Size};

#[test]
fn an_unknown_state_is_shown_and_offers_only_refresh_and_cancel() {
    let mut model = with_jobs(vec![job("odd", JobState::Other("JOB_STATE_PAUSED_BY_TIDE".into()))]);
    assert_eq!(word(&model, "odd"), "PAUSED_BY_TIDE");
    assert_eq!(press(&mut model, "D"), []);
    assert!(model.overlays.is_empty() && said(&model).contains("cancel it first"), "{}", said(&model));
    assert_eq!(press(&mut model, "s"), []);
    assert!(matches!(press(&mut model, "x y")[..], [Effect::CancelJob(_)]));
    assert!(matches!(press(&mut model, "R")[..], [Effect::ListJobs(_)]));
}

/// Ten thousand jobs, all of which moved since the last poll.
fn moved(poll: u64) -> Vec<Job> {
    let moved = |n: u64| {
        let state = match (n + poll) % 3 {
            0 => JobState::Pending,
            1 => JobState::Running,
            _ => JobState::Other(format!("JOB_STATE_STEP_{poll}")),
        };
        let succeeded = (n + poll * 7) % 40;
        let counts = Some(Counts { requests: 40, succeeded, failed: 0, pending: 40 - succeeded });
        Job { counts, ..job(&format!("j{n:05}"), state) }
    };
    (0..10_000).map(moved).chain([done("done")]).collect()
}

fn drawn(model: &Model) -> ratatui::buffer::Buffer {
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(120, 40)).unwrap();
    terminal.draw(|frame| crate::tui::view::draw(model, &crate::tui::theme::Theme::default(), frame)).unwrap();
    terminal.backend().buffer().clone()
}

#[test]
fn fault_50_ten_thousand_jobs_that_all_change_at_every_poll_are_all_there_and_nothing_moves_in_between() {
    let mut model = with_jobs(moved(0));
    model.size = Size { width: 120, height: 40 };
    for poll in 1..3 {
        tick(&mut model, 10);
        let Listing::InFlight(_) = model.link.listing else { panic!("the list is due") };
        let before = drawn(&model);
        answer(&mut model, moved(poll));
        let after = drawn(&model);
        assert!(before != after, "what changed is seen");
        assert_eq!(model.jobs.entries.len(), 10_001);
        for _ in 0..9 {
            let now = model.now;
            assert_eq!(update(&mut model, Event::Tick(now)), []);
        }
        assert!(drawn(&model) == after, "no tick changes the screen");
    }
}
