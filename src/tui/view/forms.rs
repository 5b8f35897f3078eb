//! Snapshots of the form for a new job, in every state that was designed.

use super::samples::{self, *};
use super::tests::{plain_snapshot, snapshot};
use crate::failure::Failure;
use crate::job::JobName;
use crate::money::OverCap;
use crate::ops::{Glance, Plan, PlannedPart, Progress, Unchanged};
use crate::request::{Finding, Preview, Problem, rules};
use crate::script::{Column, Form as Written};
use crate::tui::model::*;
use crate::tui::theme::Charset;

fn seen(forms: &[Written], headers: &[&str], guessed: &[(Column, usize)]) -> Option<Box<Glance>> {
    let headers = headers.iter().map(|header| (*header).to_owned()).collect();
    let sources =
        crate::script::Glance { n_files: 1, bytes: 1_000, forms: forms.to_vec(), headers, guessed: guessed.to_vec() };
    Some(Box::new(Glance { sources, first: Vec::new() }))
}

fn ready(plan: Plan) -> PlanState {
    PlanState::Ready(Seq(2), Box::new(plan))
}

/// A table with a column for the language, whose text has another header.
fn table(form: &mut Form) {
    form.seen = seen(
        &[Written::Csv],
        &["ID", "Prompt", "voice", "Lang", "Notes"],
        &[(Column::Key, 0), (Column::Voice, 2), (Column::Language, 3)],
    );
    form.draft.reading.columns.insert("text".into(), "Prompt".into());
    form.draft.shows_columns = true;
    form.plan = ready(good());
}

/// A checked draft without any problem.
fn good() -> Plan {
    Plan { findings: Vec::new(), repeat_of: None, n_split: 2, n_pronounced: 17, ..plan() }
}

/// Problems of lines that are sent and of lines that are not, of which one was fixed.
fn troubled(form: &mut Form) {
    let found = |problem: Problem, line, key| problem.found("prompts.csv", line, key);
    let findings: Vec<Finding> = vec![
        found(
            Problem::new(&rules::DUPLICATE_KEY, "key is used twice (line 1)").fix("give it another key"),
            4,
            Some("welcome"),
        ),
        found(
            Problem::new(&rules::DUPLICATE_KEY, "key is used twice (line 2)").fixed("the key is goodbye-2 now"),
            3,
            Some("goodbye-2"),
        ),
        found(Problem::new(&rules::LEFT_OUT, "9 120 tokens: over the model's limit of 8 192"), 7, Some("menu/long")),
        found(Problem::new(&rules::EMPTY_TEXT, "there is no text to speak"), 1_207, Some("end")),
    ];
    let mut plan = Plan { findings, ..good() };
    plan.preview[2].key = "goodbye-2".into();
    plan.n_fixed = 1;
    form.draft.fixes = "duplicate-key".into();
    form.plan = ready(plan);
    form.focus = Field::Problems;
    form.problem = 1;
}

/// A book with everything that can be said about it.
fn book(form: &mut Form) {
    form.draft.sources = vec!["tides.epub".into()];
    form.seen = seen(&[Written::Book], &[], &[]);
    form.draft.shows_more = true;
    form.draft.reading.key_template = "{stem}-{section}-{n:03}".into();
    form.draft.reading.speakers[0].name = "Ann".into();
    form.draft.reading.style = "calm and slow".into();
    form.draft.reading.skip_headings = true;
    form.plan = ready(good());
}

/// Most of it is on the disk already, and the rest is more than one job takes.
fn unchanged(form: &mut Form) {
    let part = PlannedPart::default();
    let unchanged =
        Unchanged { job: JobName::parse("batches/o6k1").unwrap(), folder: "/home/ada/books/prompts".into(), n: 96 };
    form.plan = ready(Plan {
        n_requests: 316,
        n_unchanged: 96,
        unchanged: vec![unchanged],
        parts: vec![part.clone(), part],
        jobs_because: "25 000 enqueued tokens of tier 1".into(),
        ..good()
    });
}

fn over_cap(form: &mut Form) {
    let over = OverCap { per_job: Some(5.0), per_day: Some(25.0), spent_today: 21.4, adds: Some(6.02) };
    form.plan = ready(Plan { over_cap: Some(over), ..good() });
}

fn uploading(form: &mut Form) {
    form.plan = ready(good());
    form.focus = Field::SubmitButton;
    form.submit = SubmitState::InFlight(Seq(5), progress());
}

#[test]
fn the_form() {
    let both = |form: &mut Form| form.plan = ready(plan());
    snapshot("create_120x32", &form(busy(120, 32), both));
    snapshot("create_80x24", &form(busy(80, 24), both));
    snapshot("create_40x10", &form(busy(40, 10), both));
    snapshot("create_30x8", &form(busy(30, 8), |form| form.focus = Field::CancelButton));
    let empty = |form: &mut Form| form.draft = Draft::default();
    snapshot("create_empty_120x32", &form(busy(120, 32), empty));
    snapshot("create_empty_80x24", &form(busy(80, 24), empty));
    let editing = |form: &mut Form| {
        form.focus = Field::Name;
        form.editing = Some(Line::new("prompts-de 日本"));
        form.plan = PlanState::InFlight(Seq(3));
    };
    snapshot("create_editing_80x24", &form(busy(80, 24), editing));
    let choosing = |form: &mut Form| {
        form.focus = Field::Voice;
        form.chooser = Some((Line::new("firm"), 1));
    };
    snapshot("create_choosing_120x32", &form(busy(120, 32), choosing));
    snapshot("create_picking_80x24", &form(busy(80, 24), |form| form.picker = Some(samples::picker())));
}

#[test]
fn every_kind_of_source() {
    snapshot("create_table_120x32", &form(busy(120, 32), table));
    snapshot("create_book_120x32", &form(busy(120, 32), book));
    let to_the_end = |form: &mut Form| {
        book(form);
        form.focus = Field::Inline;
    };
    snapshot("create_scrolled_80x24", &form(busy(80, 24), to_the_end));
    let choosing = |form: &mut Form| {
        table(form);
        form.focus = Field::Column(Column::Style);
        form.chooser = Some((Line::default(), 5));
    };
    snapshot("create_choosing_a_column_80x24", &form(busy(80, 24), choosing));
}

#[test]
fn problems_at_their_lines() {
    snapshot("create_problems_120x32", &form(busy(120, 32), troubled));
    snapshot("create_problems_80x24", &form(busy(80, 24), troubled));
    plain_snapshot("create_problems_without_colours_120x32", &form(busy(120, 32), troubled), Charset::Unicode);
    plain_snapshot("create_problems_ascii_80x24", &form(busy(80, 24), troubled), Charset::Ascii);
    let mistaken = |form: &mut Form| {
        book(form);
        form.focus = Field::KeyTemplate;
        form.draft.reading.key_template = "chapter".into();
        form.mistake = Some(Field::KeyTemplate);
        form.plan = PlanState::Failed(Failure::new("the key template needs {n}, {line}, {id} or {row.COLUMN}"));
    };
    snapshot("create_mistaken_80x24", &form(busy(80, 24), mistaken));
}

#[test]
fn what_it_comes_to() {
    snapshot("create_unchanged_120x32", &form(busy(120, 32), unchanged));
    snapshot("create_unchanged_80x24", &form(busy(80, 24), unchanged));
    snapshot("create_over_cap_120x32", &form(busy(120, 32), over_cap));
    snapshot("create_over_cap_80x24", &form(busy(80, 24), over_cap));
    let rest = |form: &mut Form| {
        form.draft.rest_of = vec!["batches/o6k1".into()];
        let rest_of = vec![JobName::parse("batches/o6k1").unwrap()];
        form.plan = ready(Plan { rest_of, n_sent_before: 5, n_requests: 407, ..good() });
    };
    snapshot("create_rest_80x24", &form(busy(80, 24), rest));
    let checking = |form: &mut Form| {
        form.plan = PlanState::InFlight(Seq(3));
        form.checking.progress = Progress { bytes: 312_000_000, of: Some(2_000_000_000), ..Progress::default() };
        form.checking.first = plan().preview;
    };
    snapshot("create_checking_80x24", &form(busy(80, 24), checking));
}

#[test]
fn sending() {
    plain_snapshot("create_sending_ascii_80x24", &form(busy(80, 24), uploading), Charset::Ascii);
    snapshot("create_uploading_120x32", &form(busy(120, 32), uploading));
    let creating = |form: &mut Form| {
        uploading(form);
        form.submit = SubmitState::InFlight(Seq(5), Progress { is_creating: true, ..Progress::default() });
    };
    snapshot("create_creating_80x24", &form(busy(80, 24), creating));
    let refused = |form: &mut Form| {
        form.plan = ready(good());
        form.retry_at = Some(now() + jiff::SignedDuration::from_secs(42));
        form.submit =
            SubmitState::Failed(Failure::new("the quota of requests is used up").hint("wait, or take another model"));
    };
    snapshot("create_refused_80x24", &form(busy(80, 24), refused));
}

#[test]
fn a_preview_keeps_its_columns_with_any_keys() {
    let strange = |form: &mut Form| {
        let mut plan = plan();
        let key = "k\u{301}".repeat(40);
        plan.preview.push(Preview { key, voice: None, ..plan.preview[0].clone() });
        form.plan = ready(plan);
    };
    for (width, height) in [(120, 32), (80, 24), (60, 15), (41, 11), (40, 10)] {
        let text = super::tests::text_of_screen(&form(busy(width, height), strange));
        assert!(text.lines().all(|line| crate::text::width(line) <= usize::from(width)), "{width}x{height}\n{text}");
    }
}
