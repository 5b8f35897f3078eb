//! How many bytes go to the terminal while minutes pass, drawn as the loop draws them but without waiting for them.

use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;

use jiff::SignedDuration;

use super::samples::{self, counted, over};
use crate::job::{Job, JobState};
use crate::tui::effect::Effect;
use crate::tui::event::Event;
use crate::tui::keys::Chord;
use crate::tui::model::Model;
use crate::tui::screen::Screen;
use crate::tui::theme::{Palette, Theme};
use crate::tui::update::testing::listed;
use crate::tui::update::update;

/// A wire that only counts.
#[derive(Clone, Default)]
struct Wire(Rc<Cell<usize>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A dashboard and the wire to its terminal.
struct Line {
    model: Model,
    wire: Wire,
    canvas: ratatui::Terminal<Screen<Wire>>,
    theme: Theme,
}

impl Line {
    /// A dashboard that has listed these jobs and drawn them.
    fn of(width: u16, height: u16, jobs: Vec<Job>) -> Self {
        let wire = Wire::default();
        let canvas = ratatui::Terminal::new(Screen::new(wire.clone(), width, height)).unwrap();
        let mut model = samples::loading(width, height);
        model.offer_asked = Some(model.now);
        model.link.listing = crate::tui::model::Listing::Idle;
        let theme = Theme { palette: Palette::TrueColor, ..Theme::default() };
        let mut line = Line { model, wire, canvas, theme };
        line.second(&mut |_| jobs.clone(), 0);
        line
    }

    /// What was written since this was asked the last time.
    fn written(&mut self) -> usize {
        self.canvas.draw(|frame| super::draw(&self.model, &self.theme, frame)).unwrap();
        self.wire.0.take()
    }

    /// One beat of the clock; a listing that is wanted is answered.
    fn second(&mut self, jobs: &mut impl FnMut(i64) -> Vec<Job>, at: i64) {
        let now = samples::now() + SignedDuration::from_secs(at);
        for effect in update(&mut self.model, Event::Tick(now)) {
            if let Effect::ListJobs(seq) = effect {
                update(&mut self.model, Event::JobsListed(seq, Ok(Box::new(listed(jobs(at))))));
            }
        }
        self.canvas.draw(|frame| super::draw(&self.model, &self.theme, frame)).unwrap();
    }

    /// Bytes of ten minutes.
    fn ten_minutes(&mut self, mut jobs: impl FnMut(i64) -> Vec<Job>) -> usize {
        // The first listings also bring the sort, the selection and the sparkline to rest.
        for at in 1..=60 {
            self.second(&mut jobs, at);
        }
        self.wire.0.take();
        for at in 61..=660 {
            self.second(&mut jobs, at);
        }
        self.wire.0.take()
    }
}

fn finished() -> Vec<Job> {
    (0..30)
        .map(|at| {
            over(
                counted(
                    samples::job(&format!("f{at}"), &format!("chapter-{at:02}"), JobState::Succeeded, 40 + at),
                    400,
                    398,
                    2,
                ),
                20,
            )
        })
        .collect()
}

/// That many jobs which get through one of their requests in so many seconds.
fn running(n: u64, at: i64, seconds: u64) -> Vec<Job> {
    let run = |number: u64| {
        let done = 200 + number + at as u64 / seconds;
        counted(
            samples::job(&format!("r{number}"), &format!("audiobook-ch{number:02}"), JobState::Running, 90),
            1_268,
            done,
            3,
        )
    };
    (0..n).map(run).collect()
}

#[test]
fn fault_75_ten_idle_minutes_cost_nothing_and_a_running_job_little() {
    let mut idle = Line::of(80, 24, finished());
    let idle = idle.ten_minutes(|_| finished());
    let one = |at| running(1, at, 2).into_iter().chain(finished()).collect::<Vec<_>>();
    let one = Line::of(80, 24, one(0)).ten_minutes(one);
    let fifty = Line::of(80, 24, running(50, 0, 2)).ten_minutes(|at| running(50, at, 2));
    println!("bytes in ten idle minutes: {idle}");
    println!("bytes in ten minutes with one running job at 80x24: {one}");
    println!("bytes a second with fifty running jobs at 80x24: {}", fifty / 600);
    assert_eq!(idle, 0);
    assert!(one <= 12_000, "{one}");
    assert!(one > 0 && fifty / 600 <= 200, "{fifty}");
}

#[test]
fn a_thin_line_is_spared() {
    let usual = Line::of(80, 24, running(50, 0, 2)).ten_minutes(|at| running(50, at, 2));
    let mut thin = Line::of(80, 24, running(50, 0, 2));
    thin.model.setting.low_bandwidth = true;
    let thin = thin.ten_minutes(|at| running(50, at, 2));
    assert!(thin * 3 < usual * 2, "{thin} and {usual} bytes");
}

#[test]
fn a_moved_selection_costs_at_most_seven_hundred_bytes() {
    for (width, height) in [(80, 24), (120, 32)] {
        let mut line = Line::of(width, height, running(100, 0, 2));
        line.written();
        for key in ['j', 'j', 'k'] {
            let chord =
                Chord { code: crossterm::event::KeyCode::Char(key), modifiers: crossterm::event::KeyModifiers::NONE };
            update(&mut line.model, Event::Key(chord));
            let bytes = line.written();
            println!("bytes of a moved selection at {width}x{height}: {bytes}");
            assert!(bytes > 0 && bytes <= 700, "{bytes} at {width}x{height}");
        }
    }
}
