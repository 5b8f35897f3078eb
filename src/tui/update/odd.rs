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

/// What this thread has had of a processor, in seconds.
#[cfg(target_os = "linux")]
fn processor() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    told.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

#[cfg(target_os = "linux")]
fn drawn(model: &Model) {
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(120, 40)).unwrap();
    terminal.draw(|frame| crate::tui::view::draw(model, &crate::tui::theme::Theme::default(), frame)).unwrap();
}

/// A poll comes every ten seconds, and a twentieth of a processor is half a second of it. The screen's thread may have
/// all of that here, where nothing is optimised.
#[cfg(target_os = "linux")]
#[test]
fn fault_50_ten_thousand_jobs_that_all_change_at_every_poll_leave_the_screen_time() {
    let mut model = with_jobs(moved(0));
    model.size = Size { width: 120, height: 40 };
    drawn(&model);
    let mut least = f64::MAX;
    for poll in 1..4 {
        tick(&mut model, 10);
        let Listing::InFlight(_) = model.link.listing else { panic!("the list is due") };
        let jobs = moved(poll);
        let before = processor();
        answer(&mut model, jobs);
        drawn(&model);
        // The nine ticks until the next poll cost as good as nothing.
        for _ in 0..9 {
            let now = model.now;
            update(&mut model, Event::Tick(now));
            drawn(&model);
        }
        least = least.min(processor() - before);
    }
    assert_eq!(model.jobs.entries.len(), 10_001);
    assert!(least < 0.5, "a poll of 10 000 changed jobs costs {least:.2} s of a processor");
}
