//! What the tests of the dashboard's core share: small models, and keys as people write them down.

use crossterm::event::{KeyCode, KeyModifiers};
use jiff::Timestamp;

use crate::api::StoredFile;
use crate::audio::{Format, Peaks, Sound, Texture, Verdict};
use crate::job::{Counts, Dest, FileName, Job, JobKind, JobName, JobState};
use crate::ops::{Change, Plan, Retake, Take, Unconfirmed, What, Wrong};
use crate::results::{Outcome, Row, Tokens};
use crate::tui::effect::Effect;
use crate::tui::event::{Event, Listed};
use crate::tui::keys::Chord;
use crate::tui::model::{Listing, Model, Overlay, Screen, Seq, Setting, Size};
use crate::tui::update::update;

/// The time at which every test begins.
pub fn noon() -> Timestamp {
    "2026-07-02T12:00:00Z".parse().unwrap()
}

/// A dashboard that has not asked for anything yet.
pub fn empty() -> Model {
    let setting = Setting {
        profile: "default".into(),
        key_tail: "7Qa2".into(),
        host: "generativelanguage.googleapis.com".into(),
        is_google: true,
        read_only: false,
        kept_back: None,
        demo: false,
        refresh: None,
        low_bandwidth: false,
        folder: "/home/ann/book".into(),
        limits: crate::audio::Limits::default(),
        catalog: crate::money::Catalog::built_in(),
    };
    let mut model = Model::new(setting, noon(), Size { width: 120, height: 40 });
    // Most tests are not about what the service offers.
    model.offer_asked = Some(noon());
    model
}

/// Lets so many seconds pass.
pub fn tick(model: &mut Model, seconds: i64) -> Vec<Effect> {
    let now = model.now.saturating_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
    update(model, Event::Tick(now))
}

/// Presses keys. Names stand in angle brackets: `<Enter>`, `<C-s>`, `<Space>`; blanks only part keys.
pub fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let chord = match named {
            Some((name, behind)) => {
                rest = behind;
                named_key(name)
            }
            None => {
                rest = &rest[c.len_utf8()..];
                Chord { code: KeyCode::Char(c), modifiers: KeyModifiers::NONE }
            }
        };
        if named.is_some() || c != ' ' {
            for effect in update(model, Event::Key(chord)) {
                match effect {
                    // Nobody types as fast as a test.
                    Effect::Guard(seq) => drop(update(model, Event::Unguarded(seq))),
                    effect => effects.push(effect),
                }
            }
        }
    }
    effects
}

fn named_key(name: &str) -> Chord {
    let plain = |code| Chord { code, modifiers: KeyModifiers::NONE };
    match name {
        "Enter" => plain(KeyCode::Enter),
        "Esc" => plain(KeyCode::Esc),
        "Tab" => plain(KeyCode::Tab),
        "S-Tab" => plain(KeyCode::BackTab),
        "Space" => plain(KeyCode::Char(' ')),
        "Back" => plain(KeyCode::Backspace),
        "Up" => plain(KeyCode::Up),
        "Down" => plain(KeyCode::Down),
        "Left" => plain(KeyCode::Left),
        "Right" => plain(KeyCode::Right),
        "PgDn" => plain(KeyCode::PageDown),
        _ => {
            let c = name.strip_prefix("C-").and_then(|name| name.chars().next()).expect("a key that is known here");
            Chord { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL }
        }
    }
}

pub fn name(id: &str) -> JobName {
    JobName::parse_loose(id).unwrap()
}

/// A job without output; running ones have done 12 of 40.
pub fn job(id: &str, state: JobState) -> Job {
    Job {
        name: name(id),
        display_name: Some(id.to_owned()),
        kind: JobKind::GenerateContent,
        model: Some("models/gemini-3.1-flash-tts-preview".into()),
        state,
        counts: Some(Counts { requests: 40, succeeded: 12, failed: 0, pending: 28 }),
        create_time: Some(noon()),
        update_time: None,
        end_time: None,
        source: None,
        dest: None,
        error: None,
    }
}

/// A job that succeeded and has a results file.
pub fn done(id: &str) -> Job {
    let counts = Some(Counts { requests: 40, succeeded: 40, failed: 0, pending: 0 });
    let dest = FileName::parse(&format!("files/batch-{id}")).map(Dest::File);
    Job { counts, dest, ..job(id, JobState::Succeeded) }
}

/// `intro` runs, `ch01` waits, `ch02` is done; in that order, the first one selected.
pub fn three_jobs() -> Model {
    with_jobs(vec![job("intro", JobState::Running), job("ch01", JobState::Pending), done("ch02")])
}

/// A dashboard that has listed these jobs.
pub fn with_jobs(jobs: Vec<Job>) -> Model {
    let mut model = empty();
    tick(&mut model, 0);
    answer(&mut model, jobs);
    model
}

/// The answer to the listing that is under way.
pub fn answer(model: &mut Model, jobs: Vec<Job>) -> Vec<Effect> {
    let Listing::InFlight(seq) = model.link.listing else { panic!("no listing is under way") };
    update(model, Event::JobsListed(seq, Ok(Box::new(listed(jobs)))))
}

/// A complete listing.
pub fn listed(jobs: Vec<Job>) -> Listed {
    Listed {
        unanswered: Vec::new(),
        listing: crate::ops::Listing { jobs, complete: true, server_time: None },
        transitions: Vec::new(),
        cancelling: Vec::new(),
        unconfirmed: Vec::new(),
        campaigns: Vec::new(),
        to_save: Vec::new(),
    }
}

/// Lists again, with that answer.
pub fn list(model: &mut Model, jobs: Vec<Job>) -> Vec<Effect> {
    press(model, "R");
    answer(model, jobs)
}

pub fn lost(token: &str) -> Unconfirmed {
    Unconfirmed {
        token: token.into(),
        display_name: format!("lost {token}"),
        model: "gemini-3.1-flash-tts-preview".into(),
        n_requests: 7,
        characters: 1_200,
        at: noon(),
    }
}

/// The ids of the visible jobs, from top to bottom; creates without an answer by their token.
pub fn shown(model: &Model) -> Vec<String> {
    let id = |at: &u32| match &model.jobs.entries[*at as usize] {
        crate::tui::model::Entry::Job(tracked) => tracked.job.name.id().to_owned(),
        crate::tui::model::Entry::Lost(lost) => lost.token.clone(),
        crate::tui::model::Entry::Campaign(status) => status.id.clone(),
    };
    model.jobs.cursor.visible.iter().map(id).collect()
}

/// The id of the selected job.
pub fn selected(model: &Model) -> &str {
    match model.jobs.cursor.selected.as_ref() {
        Some(crate::tui::model::EntryId::Job(name)) => name.id(),
        Some(crate::tui::model::EntryId::Lost(token) | crate::tui::model::EntryId::Campaign(token)) => token,
        None => "",
    }
}

/// The word in the STATE column of a job.
pub fn word<'a>(model: &'a Model, id: &str) -> &'a str {
    model.jobs.get(&name(id)).map_or("", |tracked| tracked.word())
}

/// The line at the bottom.
pub fn said(model: &Model) -> &str {
    model.notices.flash.as_ref().map_or("", |notice| notice.text.as_str())
}

/// The dialog on top.
pub fn dialog(model: &Model) -> Option<&crate::tui::model::Confirm> {
    match model.overlays.last() {
        Some(Overlay::Confirm(confirm)) => Some(confirm),
        _ => None,
    }
}

/// The form, which must be the visible screen.
pub fn form(model: &Model) -> &crate::tui::model::Form {
    match model.screens.last() {
        Some(Screen::Create(form)) => form,
        other => panic!("the form is not visible, but {other:?}"),
    }
}

/// The number of the last effect that asks for an answer.
pub fn seq_of(effects: &[Effect]) -> Seq {
    let seq = effects.iter().rev().find_map(|effect| match effect {
        Effect::ListJobs(seq)
        | Effect::FetchJob(seq, _)
        | Effect::CheckLoss(seq, _)
        | Effect::OpenJob(seq, _)
        | Effect::Save(seq, ..)
        | Effect::AutoSave(seq, _)
        | Effect::ReadRawLine(seq, ..)
        | Effect::Plan(seq, _)
        | Effect::PlanResend(seq, _)
        | Effect::Submit { seq, .. }
        | Effect::ListFolder(seq, _)
        | Effect::ListFiles(seq) => Some(*seq),
        _ => None,
    });
    seq.unwrap_or_else(|| panic!("none of these waits for an answer: {effects:?}"))
}

/// A row with that verdict; good ones hold as many seconds of audio as their line.
pub fn row(line: u64, verdict: Verdict) -> Row {
    let sound = Sound {
        format: Format { sample_rate: 24_000, channels: 1 },
        pcm_bytes: 48_000 * line,
        seconds: line as f64,
        peak_db: -2.0,
        rms_db: -18.0,
        clipped: 0,
        leading_silence: 0.1,
        trailing_silence: 0.1,
        longest_gap: 0.1,
        noise: 0.1,
        texture: Texture::default(),
        peaks: Peaks::default(),
    };
    let is_ok = verdict == Verdict::Ok;
    Row {
        line,
        offset: 0,
        length: 10,
        key: Some(format!("k{line}")),
        outcome: if is_ok { Outcome::Audio } else { Outcome::NoAudio { reason: "OTHER".into() } },
        finish_reason: Some("STOP".into()),
        tokens: Tokens::default(),
        sound: is_ok.then_some(sound),
        verdict,
    }
}

/// A plan without findings.
pub fn plan(name: &str) -> Plan {
    Plan {
        model: "gemini-3.1-flash-tts-preview".into(),
        display_name: name.into(),
        prepared: "/state/prepared.jsonl".into(),
        n_requests: 40,
        characters: 1_000,
        bytes: 8_000,
        sha256: "00".into(),
        ..Plan::default()
    }
}

/// A retake of one key of a job.
pub fn retaken(id: &str) -> Retake {
    let change = Change { what: What::Again, before: None, after: None, reason: "You chose it." };
    let take = Take { key: "k1".into(), text: "One.".into(), wrong: Wrong::Verdict(Verdict::Silent), change };
    Retake {
        of: name(id),
        title: id.into(),
        takes: vec![take],
        n_requests: 4,
        n_refused: 0,
        n_untold: 0,
        plan: Some(plan(&format!("{id} retake 1"))),
    }
}

/// A file of the service, with that id.
pub fn stored_file(id: &str) -> StoredFile {
    StoredFile {
        name: FileName::parse_loose(id).unwrap(),
        display_name: Some(format!("{id}.jsonl")),
        mime_type: Some("application/jsonl".into()),
        size_bytes: Some(id.len() as u64),
        create_time: Some(noon()),
        expiration_time: None,
        state: Some("ACTIVE".into()),
        source: None,
        sha256: None,
        error: None,
    }
}
