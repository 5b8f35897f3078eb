//! The progress line: how far one or several things are together, how fast they go, and how that reads. Pure: the time
//! comes in.

use std::collections::VecDeque;
use std::time::Duration;

use crate::ops::Progress;
use crate::text;

/// The rate is that of the last so many seconds: long enough to stand still, short enough to be true.
const WINDOW: Duration = Duration::from_secs(5);

/// Nothing is said about a rate before so much time has passed.
const SHORTEST: Duration = Duration::from_millis(500);

/// Cells of a bar.
const CELLS: usize = 10;

/// How fast bytes come.
#[derive(Debug, Default)]
pub struct Speed(VecDeque<(Duration, u64)>);

impl Speed {
    /// So many bytes are done at that time; gives bytes a second, once there is something to tell.
    pub fn at(&mut self, now: Duration, bytes: u64) -> Option<u64> {
        // The first sample that is older than the window stays: what came since is the rate.
        while self.0.len() > 1 && self.0.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= WINDOW) {
            self.0.pop_front();
        }
        let is_news = self.0.back().is_none_or(|(at, _)| now.saturating_sub(*at) >= WINDOW / 20);
        if is_news {
            self.0.push_back((now, bytes));
        }
        let (since, before) = *self.0.front()?;
        let time = now.saturating_sub(since);
        (time >= SHORTEST).then(|| (bytes.saturating_sub(before) as f64 / time.as_secs_f64()) as u64)
    }
}

/// A line that changes all the time is drawn no more often than this, whatever the transfer does.
const DRAWN_EVERY: Duration = Duration::from_millis(100);

/// Several things that are on their way at the same time.
#[derive(Debug, Default)]
pub struct Together {
    each: Vec<One>,
    speed: Speed,
    drawn: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Default)]
struct One {
    progress: Progress,
    is_over: bool,
}

impl Together {
    /// So many of them.
    pub fn new(number: usize) -> Self {
        Together { each: vec![One::default(); number], ..Together::default() }
    }

    /// One of them is that far.
    pub fn moved(&mut self, which: usize, progress: Progress) {
        if let Some(one) = self.each.get_mut(which) {
            one.progress = progress;
        }
    }

    /// One of them came to its end, good or bad.
    pub fn over(&mut self, which: usize) {
        if let Some(one) = self.each.get_mut(which) {
            one.is_over = true;
            one.progress.is_waiting = false;
        }
    }

    /// Whether it is time to draw the line; taken for drawn then.
    pub fn is_due(&mut self, now: Duration) -> bool {
        let is_due = self.drawn.is_none_or(|drawn| now.saturating_sub(drawn) >= DRAWN_EVERY);
        if is_due {
            self.drawn = Some(now);
        }
        is_due
    }

    /// All of them as one line of at most that many cells.
    pub fn line(&mut self, now: Duration, cells: usize) -> String {
        let n_over = self.each.iter().filter(|one| one.is_over).count();
        let what = match self.each.len() {
            1 => "saving".to_owned(),
            number => format!("saving {number}, {n_over} done"),
        };
        let sum = self.sum();
        let rate = self.speed.at(now, sum.bytes);
        line(&what, sum, rate, cells)
    }

    /// How much there is in all is known once it is known of each.
    fn sum(&self) -> Progress {
        let open = || self.each.iter().filter(|one| !one.is_over);
        let is_waiting = open().next().is_some() && open().all(|one| one.progress.is_waiting);
        let of = |one: &One| if one.is_over { Some(one.progress.bytes) } else { one.progress.of };
        self.each.iter().fold(Progress { of: Some(0), is_waiting, ..Progress::default() }, |sum, one| Progress {
            bytes: sum.bytes + one.progress.bytes,
            of: sum.of.zip(of(one)).map(|(sum, of)| sum + of),
            keys: sum.keys + one.progress.keys,
            seconds: sum.seconds + one.progress.seconds,
            is_waiting,
            ..Progress::default()
        })
    }
}

/// `saving  ████████░░  84 %  312 of 371 MB  38 MB/s · 1 021 keys · 1 h 42 of audio`, as much of it as there is and as
/// fits: what comes last is left out first.
pub fn line(what: &str, progress: Progress, rate: Option<u64>, cells: usize) -> String {
    if progress.is_waiting {
        return text::fit(&format!("{what}  waiting for a download to end"), cells);
    }
    if progress.is_processing {
        return text::fit("uploaded; waiting for the service to process the file", cells);
    }
    let mut line = match progress.of.filter(|of| *of > 0) {
        None => format!("{what}  {}", text::bytes(progress.bytes)),
        Some(of) => {
            let done = (progress.bytes as f64 / of as f64).clamp(0.0, 1.0);
            let full = (done * CELLS as f64) as usize;
            let percent = (done * 100.0) as u64;
            let (full, rest) = ("█".repeat(full), "░".repeat(CELLS - full));
            format!("{what}  {full}{rest} {percent:>3} %  {}", part(progress.bytes, of))
        }
    };
    let mut more = Vec::new();
    more.extend(rate.map(|rate| format!("  {}/s", text::bytes(rate))));
    if progress.keys > 0 {
        more.push(format!(" · {}", text::count(progress.keys, "key")));
        more.push(format!(" · {} of audio", text::span(progress.seconds)));
    }
    for more in more {
        if text::width(&line) + text::width(&more) > cells {
            break;
        }
        line.push_str(&more);
    }
    text::fit(&line, cells)
}

/// `312 of 371 MB`, or `900 kB of 1.2 MB` where the units differ.
fn part(bytes: u64, of: u64) -> String {
    let (bytes, of) = (text::bytes(bytes), text::bytes(of));
    match (bytes.split_once(' '), of.split_once(' ')) {
        (Some((number, unit)), Some((_, whole))) if unit == whole => format!("{number} of {of}"),
        (Some(_) | None, Some(_) | None) => format!("{bytes} of {of}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(bytes: u64, of: Option<u64>) -> Progress {
        Progress { bytes, of, ..Progress::default() }
    }

    #[test]
    fn progress_says_what_is_known_and_what_fits() {
        let half = progress(5_000_000, Some(10_000_000));
        assert_eq!(line("uploading", half, None, 79), "uploading  █████░░░░░  50 %  5.0 of 10 MB");
        assert_eq!(line("downloading", progress(900, None), None, 79), "downloading  900 B");
        assert!(line("x", progress(30, Some(10)), None, 79).contains("100 %"));
        assert!(line("x", progress(900_000, Some(1_200_000)), None, 79).ends_with("900 kB of 1.2 MB"));
        let all = Progress { keys: 1_021, seconds: 6_120.0, ..progress(312_000_000, Some(371_000_000)) };
        let whole = "saving  ████████░░  84 %  312 of 371 MB  38 MB/s · 1 021 keys · 1 h 42 of audio";
        let rate = Some(38_000_000);
        assert_eq!(line("saving", all, rate, 79), whole);
        assert_eq!(line("saving", all, rate, 78), whole.strip_suffix(" · 1 h 42 of audio").unwrap());
        assert_eq!(line("saving", all, rate, 20), "saving  ████████░░ …");
        let waiting = Progress { is_waiting: true, ..Progress::default() };
        assert_eq!(line("saving", waiting, None, 79), "saving  waiting for a download to end");
    }

    #[test]
    fn a_rate_is_that_of_the_last_seconds() {
        let mut speed = Speed::default();
        let told: Vec<Option<u64>> =
            [(0, 0), (250, 500), (1_000, 2_000), (2_000, 4_000), (7_000, 104_000), (12_000, 104_000)]
                .map(|(at, bytes)| speed.at(Duration::from_millis(at), bytes))
                .to_vec();
        assert_eq!(told, [None, None, Some(2_000), Some(2_000), Some(20_000), Some(0)]);
    }

    #[test]
    fn a_line_is_drawn_ten_times_a_second_at_most() {
        let mut together = Together::new(1);
        let due = [0, 50, 100, 150, 199, 200].map(|at| together.is_due(Duration::from_millis(at)));
        assert_eq!(due, [true, false, true, false, false, true]);
    }

    #[test]
    fn several_are_told_as_one() {
        let mut together = Together::new(3);
        assert_eq!(together.line(Duration::ZERO, 79), "saving 3, 0 done  0 B");
        let waiting = Progress { is_waiting: true, ..Progress::default() };
        (0..3).for_each(|which| together.moved(which, waiting));
        assert_eq!(together.line(Duration::ZERO, 79), "saving 3, 0 done  waiting for a download to end");
        together.moved(0, Progress { keys: 2, seconds: 3.0, ..progress(40, Some(100)) });
        assert_eq!(together.line(Duration::ZERO, 79), "saving 3, 0 done  40 B · 2 keys · 3.0 s of audio");
        together.moved(1, progress(10, Some(100)));
        together.over(1);
        together.moved(2, Progress { keys: 1, seconds: 1.5, ..progress(100, Some(100)) });
        assert_eq!(
            together.line(Duration::ZERO, 79),
            "saving 3, 1 done  ███████░░░  71 %  150 of 210 B · 3 keys · 4.5 s of audio"
        );
        (0..3).for_each(|which| together.over(which));
        assert!(together.line(Duration::ZERO, 79).starts_with("saving 3, 3 done  ██████████ 100 %"));
    }
}
