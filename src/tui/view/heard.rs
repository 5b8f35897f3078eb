//! Snapshots of what a person sees of results: good and bad ones, those without keys, those under the wrong ones.

use super::samples::*;
use super::tests::{plain_snapshot, snapshot, text_of_screen};
use crate::audio::{Peak, Peaks, Verdict};
use crate::job::JobName;
use crate::results::Row;
use crate::results::review::{Finding, Review};
use crate::tui::model::*;
use crate::tui::theme::Charset;

/// Nine seconds with a clipped spot and a long silence, measured as they would be.
fn clipped() -> Row {
    let mut row = spoken(42, "ch06-0042", 9.0);
    let sound = row.sound.as_mut().expect("it is audio");
    let n = sound.peaks.0.len();
    let peak = |at: usize| match at * 100 / n {
        0..3 | 95..100 => Peak { lowest: 0, highest: 0, level: -80 },
        20..24 => Peak { lowest: -127, highest: 127, level: -2 },
        50..70 => Peak { lowest: -1, highest: 1, level: Peak::SILENT },
        at => Peak { lowest: -(at as i8), highest: at as i8, level: -28 + (at % 11) as i8 },
    };
    sound.peaks = Peaks((0..n).map(peak).collect());
    sound.clipped = 1_204;
    sound.longest_gap = 1.8;
    sound.peak_db = 0.0;
    row.verdict = Verdict::Clipped;
    row
}

fn complete(width: u16, height: u16, rows: Vec<Row>) -> Model {
    opened(busy(width, height), Opening::Complete, rows)
}

fn job(model: &mut Model) -> &mut JobScreen {
    model.job_screen_mut().expect("a job is open")
}

#[test]
fn a_map_shows_silence_and_clipping_at_every_size() {
    let on_key = |width, height| key(complete(width, height, vec![clipped()]), 42, None);
    plain_snapshot("heard_clipped_120x32", &on_key(120, 32), Charset::Unicode);
    plain_snapshot("heard_clipped_ascii_80x24", &on_key(80, 24), Charset::Ascii);
    snapshot("heard_clipped_40x10", &on_key(40, 10));
    snapshot("heard_clipped_30x8", &on_key(30, 8));
    plain_snapshot("heard_clipped_in_its_job_120x32", &complete(120, 32, vec![clipped()]), Charset::Unicode);
}

#[test]
fn an_outline_is_awaited_calmly_and_missed_in_words() {
    let mut model = key(complete(80, 24, vec![clipped()]), 42, None);
    job(&mut model).outlines = Outlines::default();
    snapshot("heard_awaited_80x24", &model);
    job(&mut model).outlines.keep(42, None);
    assert!(text_of_screen(&model).contains("no outline of its sound is kept"));
}

#[test]
fn results_without_keys_are_of_an_order_that_nobody_verified() {
    let keyless = |line| Row { key: None, ..spoken(line, "", 2.0 + line as f64) };
    snapshot("heard_without_keys_120x32", &complete(120, 32, (1..=4).map(keyless).collect()));
    snapshot("heard_without_keys_40x10", &complete(40, 10, (1..=4).map(keyless).collect()));
}

#[test]
fn audio_under_the_wrong_keys_is_told_on_the_screen() {
    let mut model = complete(120, 32, results());
    job(&mut model).review = Review {
        findings: vec![Finding::Shifted { by: -1, from: 42, to: None }, Finding::Exchanged { one: 41, other: 47 }],
        ..Review::default()
    };
    plain_snapshot("heard_shifted_120x32", &model, Charset::Unicode);
}

#[test]
fn a_narrowed_list_says_what_it_would_save() {
    let mut model = complete(120, 32, results());
    let screen = job(&mut model);
    screen.cursor.only_bad = true;
    screen.cursor.visible = vec![2, 3, 4];
    screen.cursor.selected = Some(43);
    screen.cursor.row = 0;
    snapshot("heard_only_bad_120x32", &model);
    job(&mut model).cursor.marks = [41, 42].into();
    assert!(text_of_screen(&model).contains("S save 2 marked"));
}

#[test]
fn the_list_of_jobs_knows_what_was_seen_of_their_results() {
    let mut model = busy(120, 32);
    model.jobs.bad.insert(JobName::parse("batches/e5").expect("a name"), 3);
    assert!(text_of_screen(&model).contains("saved · 3 bad"), "{}", text_of_screen(&model));
}
