//! Models as a person would see them, for tests of the screens.

use jiff::{SignedDuration, Timestamp};

use crate::api::StoredFile;
use crate::audio::{Format, Peak, Peaks, Sound, Texture, Verdict};
use crate::failure::{Exit, Failure};
use crate::job::{Counts, Dest, FileName, Job, JobError, JobKind, JobName, JobState, Source};
use crate::money::OverCap;
use crate::ops::{Change, Glance, Loss, Paid, Plan, Progress, Retake, Take, Transition, Unconfirmed, What, Wrong};
use crate::request::{Finding, Preview, Severity};
use crate::results::{Outcome, PackedRows, Row, Tokens};
use crate::tui::event::{FolderEntry, TextHead};
use crate::tui::model::*;

/// The moment of all samples.
pub fn now() -> Timestamp {
    "2026-11-21T14:02:30Z".parse().unwrap()
}

/// So many minutes before that.
pub fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

fn setting() -> Setting {
    Setting {
        profile: "default".into(),
        key_tail: "7Qa2".into(),
        host: "generativelanguage.googleapis.com".into(),
        is_google: true,
        read_only: false,
        kept_back: None,
        demo: false,
        refresh: None,
        low_bandwidth: false,
        folder: "/home/ada/books".into(),
        limits: crate::audio::Limits::default(),
        catalog: crate::money::Catalog::built_in(),
    }
}

/// A dashboard that has asked for the list and has no answer yet.
pub fn loading(width: u16, height: u16) -> Model {
    let mut model = Model::new(setting(), now(), Size { width, height });
    model.link.listing = Listing::InFlight(Seq(1));
    model
}

/// A dashboard of an account without jobs.
pub fn empty(width: u16, height: u16) -> Model {
    let mut model = loading(width, height);
    model.link.listing = Listing::Idle;
    model.link.listed_at = Some(ago(0));
    model
}

/// A job that began some minutes ago.
pub fn job(id: &str, title: &str, state: JobState, minutes: i64) -> Job {
    Job {
        name: JobName::parse(&format!("batches/{id}")).unwrap(),
        display_name: Some(title.into()),
        kind: JobKind::GenerateContent,
        model: Some("models/gemini-3.1-flash-tts-preview".into()),
        state,
        counts: None,
        create_time: Some(ago(minutes)),
        update_time: None,
        end_time: None,
        source: Some(Source::File(FileName::parse("files/85nave4ld71j").unwrap())),
        dest: None,
        error: None,
    }
}

/// The same with counts: requests, succeeded, failed.
pub fn counted(mut job: Job, requests: u64, succeeded: u64, failed: u64) -> Job {
    job.counts = Some(Counts { requests, succeeded, failed, pending: requests - succeeded - failed });
    job
}

/// A job that is over and has results.
pub fn over(mut job: Job, minutes: i64) -> Job {
    job.end_time = Some(ago(minutes));
    job.dest = Some(Dest::File(FileName::parse(&format!("files/batch-{}", job.name.id())).unwrap()));
    job
}

/// A row of the list that moved evenly so far.
pub fn entry(job: Job) -> Entry {
    let mut samples = Samples::default();
    if job.state == JobState::Running
        && let Some(counts) = job.counts
    {
        for step in 0..=60u64 {
            // Ten minutes of polls, faster in the middle.
            let done = counts.done() * (60 + step + step.min(30)) / 150;
            samples.push(ago(10) + SignedDuration::from_secs(10 * step as i64), done);
        }
    }
    Entry::Job(Box::new(Tracked { job, cancelling: false, samples }))
}

/// Shows all entries and selects the first.
pub fn with_entries(mut model: Model, entries: Vec<Entry>) -> Model {
    model.jobs.cursor.visible = (0..entries.len() as u32).collect();
    model.jobs.cursor.selected = entries.first().map(Entry::id);
    model.jobs.entries = entries;
    model
}

/// The list of the design: every state once.
pub fn busy(width: u16, height: u16) -> Model {
    let mut cancelling = entry(counted(job("c3", "nightly-prompts-de", JobState::Running, 12), 500, 44, 0));
    if let Entry::Job(tracked) = &mut cancelling {
        tracked.cancelling = true;
        tracked.samples = Samples::default();
    }
    let mut failed = job("f6", "voice-test", JobState::Failed, 300);
    failed.error = Some(JobError { code: 3, message: "Developer instruction is not enabled for this model".into() });
    let entries = vec![
        Entry::Lost(Unconfirmed {
            token: "gt-41c2".into(),
            display_name: "audiobook-ch09".into(),
            model: "gemini-3.1-flash-tts-preview".into(),
            n_requests: 1_268,
            characters: 96_400,
            at: ago(2),
        }),
        entry(counted(
            job("7h9w4gzuqot3bb3fpd1e2nqcp980iwnmjs7n", "audiobook-ch07", JobState::Running, 124),
            1_268,
            812,
            3,
        )),
        entry(counted(job("b2", "audiobook-ch08", JobState::Running, 72), 1_268, 394, 0)),
        cancelling,
        entry(job("d4", "nightly-prompts-fr", JobState::Pending, 26 * 60)),
        entry(counted(job("d5", "nightly-prompts-it", JobState::Pending, 42 * 60), 90, 0, 0)),
        entry(over(counted(job("e5", "audiobook-ch06", JobState::Succeeded, 30 * 60), 1_268, 1_266, 2), 27 * 60)),
        entry(over(counted(job("e6", "audiobook-ch05", JobState::Succeeded, 50 * 60), 1_268, 1_268, 0), 40 * 60)),
        entry(failed),
        entry(job("g7", "old-test", JobState::Cancelled, 5 * 1_440)),
        entry(counted(job("h8", "too-large", JobState::Expired, 6 * 1_440), 100_000, 41_000, 12)),
        entry(job("i9", "of-tomorrow", JobState::Other("JOB_STATE_PAUSED".into()), 7)),
    ];
    let mut model = with_entries(empty(width, height), entries);
    let ids: Vec<EntryId> = model.jobs.entries.iter().map(Entry::id).collect();
    let cursor = &mut model.jobs.cursor;
    cursor.selected = Some(ids[1].clone());
    cursor.row = 1;
    cursor.marks.insert(ids[3].clone());
    let name = |at: usize| match &ids[at] {
        EntryId::Job(name) => name.clone(),
        EntryId::Lost(_) | EntryId::Campaign(_) => unreachable!("only the first entry is a lost one"),
    };
    model.jobs.saved.insert(name(6), "/home/ada/books/audiobook-ch06".into());
    let step = |from: Option<JobState>, to: JobState, at: Timestamp| Transition { job: name(1), from, to, at };
    model.jobs.timelines.insert(
        name(1),
        vec![step(None, JobState::Pending, ago(124)), step(Some(JobState::Pending), JobState::Running, ago(121))],
    );
    model.notices.flash = Some(Notice {
        at: ago(1),
        level: Level::Good,
        text: "audiobook-ch06 saved to ./audiobook-ch06 (1 266 of 1 268, 2 h 41 of audio)".into(),
        hint: None,
    });
    model.notices.unseen = 2;
    model
}

/// The same, with what the jobs may cost.
pub fn priced(width: u16, height: u16) -> Model {
    let mut model = busy(width, height);
    let names = model.jobs.entries.iter().filter_map(|entry| match entry {
        Entry::Job(tracked) => Some(tracked.job.name.clone()),
        Entry::Lost(_) | Entry::Campaign(_) => None,
    });
    model.jobs.costs = names.take(5).enumerate().map(|(at, name)| (name, (1.5 + at as f64, 2.3 + at as f64))).collect();
    model
}

/// The same, with what the ledger says: the cap for the day, and a job that was paid for.
pub fn spent(width: u16, height: u16, today: f64) -> Model {
    let mut model = priced(width, height);
    let paid = Paid { useful: 2.95, unusable: 0.06, n_unusable: 2, is_whole: true };
    let is_chapter = |entry: &Entry| matches!(entry, Entry::Job(tracked) if tracked.job.title() == "audiobook-ch06");
    let row = model.jobs.entries.iter().position(is_chapter).unwrap();
    let id = model.jobs.entries[row].id();
    (model.jobs.cursor.row, model.jobs.cursor.selected) = (row, Some(id.clone()));
    if let EntryId::Job(name) = id {
        model.jobs.spending.paid.insert(name, paid);
    }
    model.jobs.spending.today = today;
    model.jobs.spending.per_day = Some(25.0);
    model
}

/// The dialog before a job that would pass caps.
pub fn over_cap(mut model: Model, over: OverCap, typed: &str) -> Model {
    model.notices.flash = None;
    model.overlays.push(Overlay::Confirm(Box::new(Confirm {
        verb: Verb::PassCap,
        targets: vec![Target::Cap(Seq(2), "audiobook-ch09".into(), over)],
        checking: None,
        guard: Guard::Over,
        typed: over.to_type().map(|dollars| (dollars, Line::new(typed))),
        focus: Button::Keep,
    })));
    model
}

/// The service answered that it wants to be left alone for a while, or until tomorrow.
pub fn paced(mut model: Model, is_daily: bool) -> Model {
    let (asked, left) = if is_daily { (80_000, 65_000) } else { (46, 38) };
    let until = now() + SignedDuration::from_secs(left);
    model.link.paced = Some(Paced { asked: std::time::Duration::from_secs(asked), until, is_daily });
    model
}

/// The service does not answer since a quarter of an hour.
pub fn offline(mut model: Model, exit: Exit) -> Model {
    let failure = if exit == Exit::Key {
        Failure::with_exit(exit, "the service refused the key of profile default")
            .hint("check GEMINI_API_KEY, or ask gemtts-tui doctor where the key comes from")
    } else {
        Failure::with_exit(exit, "cannot connect to generativelanguage.googleapis.com: connection refused")
    };
    model.link.trouble = Some(Trouble { since: ago(15), attempts: 4, failure });
    model.link.listed_at = model.link.listed_at.map(|_| ago(24));
    model.link.next_poll = Some(now() + SignedDuration::from_secs(20));
    model
}

/// Names that are wide, long, made of several characters, or were hostile before they were cleaned.
pub fn strange(width: u16, height: u16) -> Model {
    let names = [
        "夜間プロンプト日本語版第三章その一夜間プロンプト",
        "👩‍👩‍👧‍👦 family 🎧 stories 🌞🌞🌞🌞🌞🌞🌞🌞🌞🌞🌞🌞🌞🌞🌞🌞",
        "␛]52;c;QUFBQQ==␇ pwned ⟨U+202E⟩gpj.exe",
        "Ünïcödé — “quoted” · naïve",
        "a\u{308}\u{308}\u{308}\u{308}b ﷽ ｆｕｌｌ",
        "x",
    ];
    let states = [JobState::Running, JobState::Succeeded, JobState::Pending, JobState::Failed];
    let entries = names.iter().enumerate().map(|(at, name)| {
        let mut job = counted(job(&format!("s{at}"), name, states[at % 4].clone(), 90), 40, 11, 2);
        if job.state == JobState::Failed {
            job.error = Some(JobError { code: 13, message: "内部エラー 🌞 internal".into() });
        }
        entry(job)
    });
    let entries = entries.collect();
    let mut model = with_entries(empty(width, height), entries);
    model.jobs.cursor.filter = "日本 🌞".into();
    model.notices.flash =
        Some(Notice {
            at: now(), level: Level::Bad, text: "保存できません 🌞".into(), hint: Some("もう一度".into())
        });
    model
}

/// A list of that many jobs.
pub fn many(width: u16, height: u16, n: usize) -> Model {
    let entries = (0..n).map(|at| {
        let state = if at % 3 == 0 { JobState::Running } else { JobState::Succeeded };
        Entry::Job(Box::new(Tracked {
            job: counted(job(&format!("many{at}"), &format!("audiobook-ch{at:06}"), state, at as i64), 1_268, 800, 3),
            cancelling: false,
            samples: Samples::default(),
        }))
    });
    let entries = entries.collect();
    with_entries(empty(width, height), entries)
}

/// A result with good audio of so many seconds.
pub fn spoken(line: u64, key: &str, seconds: f64) -> Row {
    let n = Peaks::stretches((seconds * 24_000.0) as u64).ceil() as usize;
    let peaks = (0..n).map(|at| {
        // Syllables: loud and soft by turns, with silence at both ends and a pause behind the middle.
        let at = at as f64 / n as f64;
        let sounds = (0.03..0.95).contains(&at) && !(0.55..0.6).contains(&at);
        let loud = if sounds { (at * 25.0).sin().abs() * 100.0 + 8.0 } else { 0.0 };
        let level = if sounds { (20.0 * (loud / 300.0).log10()) as i8 } else { -70 };
        Peak { lowest: -(loud * 0.8) as i8, highest: loud as i8, level }
    });
    Row {
        line,
        offset: line * 300_000,
        length: 300_000,
        key: Some(key.into()),
        outcome: Outcome::Audio,
        finish_reason: Some("STOP".into()),
        tokens: Tokens { prompt: Some(8), audio: Some((seconds * 25.0).round() as u64) },
        sound: Some(Sound {
            format: Format { sample_rate: 24_000, channels: 1 },
            pcm_bytes: (seconds * 48_000.0) as u64,
            seconds,
            peak_db: -1.9,
            rms_db: -18.2,
            clipped: 0,
            leading_silence: seconds * 0.03,
            trailing_silence: seconds * 0.05,
            longest_gap: seconds * 0.05,
            noise: 0.1,
            texture: Texture::default(),
            peaks: Peaks(peaks.collect()),
        }),
        verdict: Verdict::Ok,
    }
}

/// The results of audiobook-ch06.
pub fn results() -> Vec<Row> {
    let mut short = spoken(43, "ch06-0043", 0.4);
    short.verdict = Verdict::Truncated;
    short.tokens.audio = Some(140);
    let mut refused = spoken(44, "ch06-0044", 0.0);
    refused.sound = None;
    refused.verdict = Verdict::Refused;
    refused.finish_reason = Some("OTHER".into());
    refused.outcome = Outcome::NoAudio { reason: "no audio in the answer: finish reason OTHER".into() };
    let mut error = refused.clone();
    error.line = 45;
    error.key = Some("ch06-0045".into());
    error.verdict = Verdict::Error;
    error.finish_reason = None;
    error.outcome = Outcome::Error { code: Some(13), message: "Internal error encountered.".into() };
    let mut nameless = spoken(46, "", 3.0);
    nameless.key = None;
    vec![
        spoken(41, "ch06-0041", 5.94),
        spoken(42, "ch06-0042", 6.2),
        short,
        refused,
        error,
        nameless,
        spoken(47, "kapitel/日本語/その一 🌞", 71.3),
        spoken(48, "\u{1b}]0;owned\u{7}\u{202e}gpj", 2.0),
    ]
}

/// The screen of audiobook-ch06 above the list.
pub fn opened(mut model: Model, opening: Opening, rows: Vec<Row>) -> Model {
    let text = |text| TextHead { text, voice: Some("Kore") };
    let cursor = Cursor {
        selected: rows.get(1).or(rows.first()).map(|row| row.line),
        row: usize::from(rows.len() > 1),
        visible: (0..rows.len() as u32).collect(),
        ..Cursor::default()
    };
    let mut outlines = Outlines::default();
    for row in &rows {
        outlines.keep(row.line, row.sound.as_ref().map(|sound| sound.peaks.clone()));
    }
    let rows = PackedRows::from(rows);
    let mut tally = Tally::default();
    rows.views().for_each(|row| tally.add(&row));
    model.notices.flash = None;
    model.screens.push(Screen::Job(Box::new(JobScreen {
        name: JobName::parse("batches/e5").unwrap(),
        opening,
        rows,
        cursor,
        files: [(42, "ch06-0042.wav", Some("9f2c41ab77"))].into_iter().collect(),
        texts: [
            ("ch06-0041", text("“And then she said that nobody had ever told her about the corridor.”")),
            ("ch06-0042", text("The corridor was longer than it had looked from the door, and much colder.")),
            ("ch06-0043", text("Nobody had told them, of course.")),
        ]
        .into_iter()
        .collect(),
        tally,
        outlines,
        ..JobScreen::new(JobName::parse("batches/e5").unwrap(), Opening::Complete)
    })));
    model
}

/// The screen of one key above that.
pub fn key(mut model: Model, line: u64, raw: Option<Result<String, Failure>>) -> Model {
    model.screens.push(Screen::Key(KeyScreen { line, raw, raw_seq: None, scroll: 0 }));
    model
}

/// Results on their way.
pub fn progress() -> Progress {
    Progress { bytes: 312_000_000, of: Some(371_000_000), ..Progress::default() }
}

/// The form above the list.
pub fn form(mut model: Model, change: impl FnOnce(&mut Form)) -> Model {
    let mut form = Form::new(
        Draft {
            sources: vec!["prompts.csv".into()],
            voice: "Kore".into(),
            language: "de-DE".into(),
            ..Draft::default()
        },
        model.setting.catalog.clone(),
    );
    change(&mut form);
    model.notices.flash = None;
    model.screens.push(Screen::Create(Box::new(form)));
    model
}

/// What a table looks like whose text has no header of its own.
pub fn glance() -> Box<Glance> {
    let sources = crate::script::Glance {
        n_files: 1,
        bytes: 1_000,
        forms: vec![crate::script::Form::Csv],
        headers: ["ID", "Prompt", "voice"].map(str::to_owned).to_vec(),
        guessed: vec![(crate::script::Column::Key, 0), (crate::script::Column::Voice, 2)],
    };
    Box::new(Glance { sources, first: Vec::new() })
}

/// A checked draft with an error and a warning.
pub fn plan() -> Plan {
    let finding = |line, key: &str, severity, message: &str, fix: Option<&str>| Finding {
        source: "prompts.csv".into(),
        line,
        column: 0,
        key: Some(key.into()),
        severity,
        rule: "duplicate-key",
        message: message.into(),
        fix: fix.map(str::to_owned),
        fixed: false,
    };
    let preview = |line, key: &str, voice: &str, text: &str| Preview {
        source: "prompts.csv".into(),
        line,
        key: key.into(),
        voice: Some(voice.into()),
        language: Some("de-DE".into()),
        text: text.into(),
    };
    let catalog = crate::money::Catalog::built_in();
    let characters = crate::money::Characters::of(&"Willkommen bei uns. ".repeat(2_000));
    Plan {
        model: "gemini-3.1-flash-tts-preview".into(),
        display_name: "prompts".into(),
        prepared: "/tmp/p.jsonl".into(),
        n_requests: 412,
        characters: 40_000,
        bytes: 1_240_000,
        sha256: "9f2c".into(),
        findings: vec![
            finding(
                9,
                "welcome",
                Severity::Error,
                "the key is used twice (first in line 1)",
                Some("give one of them another key"),
            ),
            finding(7, "menu/long", Severity::Warning, "9 120 tokens: over the model's limit of 8 192", None),
        ],
        preview: vec![
            preview(1, "welcome", "Kore", "Willkommen bei der Bahn. Bitte bleiben Sie in der Leitung."),
            preview(2, "goodbye", "Puck", "Auf Wiederhören und danke für Ihren Anruf"),
            preview(3, "日本語", "Kore", "いらっしゃいませ 🌞"),
        ],
        estimate: Some(catalog.estimate(&characters, None)),
        repeat_of: Some(JobName::parse("batches/o6k1").unwrap()),
        ..Plan::default()
    }
}

/// The file picker, open.
pub fn picker() -> Picker {
    let entry = |name: &str, is_folder, bytes| FolderEntry { name: name.into(), path: name.into(), is_folder, bytes };
    Picker {
        folder: "/home/ada/books".into(),
        input: Line::new("ch"),
        entries: Some(Ok(vec![
            entry("chapters", true, 0),
            entry("ch01.txt", false, 12_400),
            entry("ch02 日本語.csv", false, 2_400_000),
            entry("notes.md", false, 40),
        ])),
        row: 1,
        marks: vec!["chapters".into(), "notes.md".into()],
        seq: Seq(4),
    }
}

/// The stored files above the list.
pub fn files(mut model: Model, failure: Option<Failure>) -> Model {
    let file = |id: &str, name: Option<&str>, bytes, minutes| StoredFile {
        name: FileName::parse(&format!("files/{id}")).unwrap(),
        display_name: name.map(str::to_owned),
        mime_type: Some("application/jsonl".into()),
        size_bytes: bytes,
        create_time: Some(ago(minutes)),
        expiration_time: Some(ago(minutes - 48 * 60)),
        state: Some("ACTIVE".into()),
        source: Some("UPLOADED".into()),
        sha256: None,
        error: None,
    };
    let files = vec![
        file("85nave4ld71j", Some("ch07.jsonl"), Some(1_240_000), 124),
        file("9ipl31k7go00", Some("夜間プロンプト.jsonl"), Some(371_000_000), 1_900),
        file("batch-7h9w4gzuqot3bb3fpd1e2nqcp980iwnmjs7n", None, None, 60),
    ];
    let files = if failure.is_some() { None } else { Some(files) };
    let n = files.as_ref().map_or(0, Vec::len) as u32;
    let selected = files.as_ref().and_then(|files| files.first()).map(|file| file.name.clone());
    let cursor = Cursor { selected, visible: (0..n).collect(), ..Cursor::default() };
    model.notices.flash = None;
    model.screens.push(Screen::Files(FilesScreen { listing: None, files, failure, cursor }));
    model
}

/// A dialog above everything.
pub fn asked(mut model: Model, verb: Verb, losses: &[Option<Loss>], typed: Option<(u64, &str)>) -> Model {
    let jobs = model.jobs.entries.iter().filter_map(|entry| match entry {
        Entry::Job(tracked) => Some(tracked.job.clone()),
        Entry::Lost(_) | Entry::Campaign(_) => None,
    });
    let targets = jobs.zip(losses).map(|(job, loss)| Target::Job(Box::new(job), *loss)).collect();
    model.notices.flash = None;
    model.overlays.push(Overlay::Confirm(Box::new(Confirm {
        verb,
        targets,
        checking: None,
        typed: typed.map(|(count, text)| (count, Line::new(text))),
        focus: Button::Keep,
        guard: Guard::Over,
    })));
    model
}

/// The dialog that gives up the create whose answer was lost.
pub fn lost(mut model: Model) -> Model {
    let lost = model.jobs.entries.iter().find_map(|entry| match entry {
        Entry::Lost(lost) => Some(lost.clone()),
        Entry::Job(_) | Entry::Campaign(_) => None,
    });
    let lost = lost.expect("one of the samples has no answer");
    model.notices.flash = None;
    model.overlays.push(Overlay::Confirm(Box::new(Confirm {
        verb: Verb::GiveUp,
        checking: None,
        typed: Some((lost.n_requests, Line::new("12"))),
        targets: vec![Target::Lost(lost)],
        focus: Button::Keep,
        guard: Guard::Over,
    })));
    model
}

/// The question what to do about that create, so many minutes after it.
pub fn unresolved(mut model: Model, focus: Button) -> Model {
    model = lost(model);
    let Some(Overlay::Confirm(confirm)) = model.overlays.last_mut() else { unreachable!("it was just opened") };
    (confirm.verb, confirm.typed, confirm.focus) = (Verb::Unresolved, None, focus);
    if let Some(Target::Lost(lost)) = confirm.targets.first_mut() {
        lost.at = ago(12);
    }
    model
}

/// The question whether to send it once more, before and after it is known what that is.
pub fn sent_again(mut model: Model, over_cap: Option<OverCap>, is_known: bool) -> Model {
    model = lost(model);
    let Some(Overlay::Confirm(confirm)) = model.overlays.last_mut() else { unreachable!("it was just opened") };
    confirm.verb = Verb::SendAgain;
    confirm.checking = (!is_known).then_some(Seq(7));
    confirm.typed = is_known.then(|| (1_268, Line::new("12")));
    let Some(Target::Lost(lost)) = confirm.targets.pop() else { unreachable!("it is about one create") };
    let made = is_known.then(|| Box::new(Plan { n_requests: 1_268, over_cap, ..plan() }));
    confirm.targets = vec![Target::Again(Seq(7), lost, made)];
    model
}

/// The list after a create that was doubled: the later one of two jobs is selected.
pub fn doubled(mut model: Model) -> Model {
    let ids: Vec<EntryId> = model.jobs.entries.iter().skip(1).take(2).map(Entry::id).collect();
    let [EntryId::Job(first), EntryId::Job(later)] = &ids[..] else {
        unreachable!("jobs stand behind the lost create")
    };
    model.jobs.doubts = [(later.clone(), crate::job::Doubt::Duplicate(first.clone()))].into();
    (model.jobs.cursor.selected, model.jobs.cursor.row) = (Some(ids[1].clone()), 2);
    model
}

/// The question about a retake of the first job, before and after its keys are known.
pub fn retaken(mut model: Model, is_known: bool) -> Model {
    let job = model.jobs.entries.iter().find_map(|entry| match entry {
        Entry::Job(tracked) => Some(tracked.job.clone()),
        Entry::Lost(_) | Entry::Campaign(_) => None,
    });
    let job = job.expect("there are jobs among the samples");
    let take = |number: usize| {
        let (wrong, change) = match number % 3 {
            0 => (Wrong::Verdict(Verdict::Empty), ("temperature 0.2", "temperature 1", What::Temperature)),
            1 => (Wrong::Missing, ("", "", What::Again)),
            _ => (Wrong::Verdict(Verdict::Truncated), ("", "", What::Split)),
        };
        let (before, after, what) = change;
        let setting = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let reason = match what {
            What::Temperature => "At 0.4 and below these models often fail; 1 is their default.",
            What::Again => "The results have no line for it.",
            What::Split => "It was cut at the model's limit, as the same text may be again.",
        };
        let change = Change { what, before: setting(before), after: setting(after), reason };
        Take { key: format!("ch06-{number:04}"), text: "Nobody had told them.".into(), wrong, change }
    };
    let made = Retake {
        of: job.name.clone(),
        title: job.title().to_owned(),
        takes: (40..54).map(take).collect(),
        n_requests: 412,
        n_refused: 1,
        n_untold: 0,
        plan: Some(Plan { n_requests: 14, findings: Vec::new(), ..plan() }),
    };
    model.notices.flash = None;
    let target = Target::Retake(Seq(7), Box::new(job), is_known.then(|| Box::new(made)));
    model.overlays.push(Overlay::Confirm(Box::new(Confirm {
        verb: Verb::Retake,
        targets: vec![target],
        checking: (!is_known).then_some(Seq(7)),
        typed: None,
        focus: Button::Keep,
        guard: Guard::Over,
    })));
    model
}
