//! Everything known about what is selected: as a page, and for the clipboard.

use serde_json::{Value, json};

use crate::api::StoredFile;
use crate::job::{Dest, Job, Source};
use crate::ops::{CampaignStatus, PartState, Unconfirmed};
use crate::results::Row;
use crate::text::{bytes, clean, count, dollars, span, thousands};
use crate::tui::effect::Effect;
use crate::tui::model::{Entry, EntryId, JobScreen, Level, Model, Overlay, Screen, TextPage};
use crate::tui::update::record::reason;
use crate::tui::update::{campaigns, files, job, jobs, notices};

/// Shows everything known about what is selected.
pub fn show(model: &mut Model) -> Vec<Effect> {
    let described = match model.screens.last() {
        Some(Screen::Files(_)) => files::current(model).map(|file| (file.name.to_string(), of_file(file))),
        Some(Screen::Job(_) | Screen::Key(_)) => job::current_row(model)
            .map(|row| (row_title(&row), of_row(&row, model.job_screen())))
            .or_else(|| job::current(model).map(|job| (jobs::title(job), of_job(model, job)))),
        None => match (selected_lost(model), campaigns::selected(model)) {
            (Some(lost), _) => Some((clean(&lost.display_name), of_lost(lost))),
            (None, Some(status)) => Some((campaigns::title(status), of_campaign(model, status))),
            (None, None) => job::current(model).map(|job| (jobs::title(job), of_job(model, job))),
        },
        Some(Screen::Create(_) | Screen::Messages { .. } | Screen::Help { .. }) => None,
    };
    if let Some((title, lines)) = described {
        model.overlays.push(Overlay::Page(TextPage { title, lines, scroll: 0, awaited: None }));
    }
    Vec::new()
}

fn selected_lost(model: &Model) -> Option<&Unconfirmed> {
    let Some(EntryId::Lost(token)) = &model.jobs.cursor.selected else { return None };
    model.jobs.entries.iter().find_map(|entry| match entry {
        Entry::Lost(lost) if lost.token == *token => Some(lost),
        Entry::Lost(_) | Entry::Job(_) | Entry::Campaign(_) => None,
    })
}

fn of_campaign(model: &Model, status: &CampaignStatus) -> Vec<String> {
    let mut facts = Facts::default();
    facts.add("Campaign", Some(&status.id));
    facts.add("Display name", Some(&status.name));
    facts.add("Model", Some(&status.model));
    facts.add("State", Some(status.word()));
    facts.add("Reason", status.reason(model.now));
    facts.add("Parts", Some(status.counts().join(", ")));
    facts.add("Several for", Some(&status.because));
    facts.add("Requests", Some(thousands(status.n_requests())));
    facts.add("Began", Some(status.at));
    let mut lines = facts.0;
    lines.push(String::new());
    for part in &status.parts {
        let named = match &part.state {
            PartState::Submitted { jobs, .. } => jobs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            PartState::Unknown { token } | PartState::GivenUp { token } => format!("~gt-{token}"),
            PartState::Waiting => String::new(),
        };
        let line = format!(
            "part {:>3}  {:<10} {}, {}  {named}",
            part.number,
            part.state.word(),
            count(part.n_requests, "request"),
            count(part.text_tokens, "token"),
        );
        lines.push(clean(line.trim_end()));
    }
    lines
}

fn row_title(row: &Row) -> String {
    row.key.as_deref().map_or_else(|| format!("line {}", row.line), clean)
}

/// Facts under one another; those without a value are left out.
#[derive(Default)]
struct Facts(Vec<String>);

impl Facts {
    fn add(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.0.push(clean(&format!("{name:<14}{value}")));
        }
    }
}

fn of_job(model: &Model, job: &Job) -> Vec<String> {
    let mut facts = Facts::default();
    facts.add("Name", Some(&job.name));
    facts.add("Display name", job.display_name.as_ref());
    facts.add("Kind", Some(job.kind.as_str()));
    facts.add("Model", job.model.as_ref());
    facts.add("State", model.jobs.get(&job.name).map(|tracked| tracked.word()));
    facts.add("Requests", job.counts.map(|counts| thousands(counts.requests)));
    facts.add("Succeeded", job.counts.map(|counts| thousands(counts.succeeded)));
    facts.add("Failed", job.counts.map(|counts| thousands(counts.failed)));
    facts.add("Pending", job.counts.map(|counts| thousands(counts.pending)));
    facts.add(
        "Estimate",
        model.jobs.costs.get(&job.name).map(|(low, high)| format!("{} to {}", dollars(*low), dollars(*high))),
    );
    let paid = model.jobs.paid(&job.name);
    facts.add("Useful", paid.map(|paid| dollars(paid.useful)));
    facts
        .add("Unusable", paid.map(|paid| format!("{} for {}", dollars(paid.unusable), count(paid.n_unusable, "clip"))));
    facts.add("Created", job.create_time);
    facts.add("Updated", job.update_time);
    facts.add("Ended", job.end_time);
    facts.add(
        "Source",
        job.source.as_ref().map(|source| match source {
            Source::File(name) => name.to_string(),
            Source::Inline => "inline".to_owned(),
        }),
    );
    facts.add(
        "Results",
        job.dest.as_ref().map(|dest| match dest {
            Dest::File(name) => name.to_string(),
            Dest::Inline => "inline".to_owned(),
        }),
    );
    facts.add("Error", job.error.as_ref().map(|error| format!("{} (code {})", error.message, error.code)));
    facts.add("Saved to", model.jobs.saved.get(&job.name).map(|folder| folder.display()));
    let timeline = model.jobs.timelines.get(&job.name).map(Vec::as_slice).unwrap_or_default();
    if !timeline.is_empty() {
        facts.0.push(String::new());
    }
    for transition in timeline {
        facts.add(transition.to.word(), Some(transition.at));
    }
    facts.0
}

fn of_lost(lost: &Unconfirmed) -> Vec<String> {
    let mut facts = Facts::default();
    facts.add("State", Some("UNKNOWN"));
    facts.add("Display name", Some(&lost.display_name));
    facts.add("Model", Some(&lost.model));
    facts.add("Requests", Some(thousands(lost.n_requests)));
    facts.add("Characters", Some(thousands(lost.characters)));
    facts.add("Sent", Some(lost.at));
    facts.add("Token", Some(&lost.token));
    facts.0.push(String::new());
    facts.0.push("The answer to this create was lost: the job may exist and may cost money.".to_owned());
    facts.0.push("Every listing looks for its token and shows the job in its place once it is there.".to_owned());
    facts.0.push("Until then the same texts are not submitted again.".to_owned());
    facts.0.push(String::new());
    facts.0.push("D gives it up, when it never turns up: the same texts may be submitted again then.".to_owned());
    facts.0.push("If it exists all the same, both are billed, and it is shown as soon as it is listed.".to_owned());
    facts.0
}

fn of_row(row: &Row, screen: Option<&JobScreen>) -> Vec<String> {
    let mut facts = Facts::default();
    let head = row.key.as_ref().and_then(|key| screen?.texts.get(key));
    facts.add("Key", row.key.as_ref());
    facts.add("Line", Some(thousands(row.line)));
    facts.add("Verdict", Some(row.verdict.as_str()));
    facts.add("Reason", reason(row));
    facts.add("Finish", row.finish_reason.as_ref());
    facts.add("Voice", head.and_then(|head| head.voice));
    facts.add("Text", head.map(|head| head.text));
    facts.add("Prompt", row.tokens.prompt.map(|tokens| count(tokens, "token")));
    facts.add("Audio", row.tokens.audio.map(|tokens| count(tokens, "token")));
    if let Some(sound) = &row.sound {
        facts.add("Length", Some(span(sound.seconds)));
        facts.add(
            "Samples",
            Some(format!("{} Hz, {}", sound.format.sample_rate, count(u64::from(sound.format.channels), "channel"))),
        );
        facts.add("Size", Some(bytes(sound.pcm_bytes)));
        facts.add("Peak", Some(level(sound.peak_db)));
        facts.add("Level", Some(level(sound.rms_db)));
        facts.add("Clipped", Some(count(sound.clipped, "sample")));
        facts.add("Silence", Some(sound.silences()));
    }
    let file = screen.and_then(|screen| screen.files.get(row.line));
    facts.add("File", file.as_ref().map(|file| file.name));
    facts.add("SHA-256", file.and_then(|file| file.sha256).map(|digits| format!("{digits}…")));
    facts.0
}

/// A level in decibels; silence has none.
fn level(db: f64) -> String {
    if db.is_finite() { format!("{db:.1} dB") } else { "none".to_owned() }
}

fn of_file(file: &StoredFile) -> Vec<String> {
    let mut facts = Facts::default();
    facts.add("Name", Some(&file.name));
    facts.add("Display name", file.display_name.as_ref());
    facts.add("Type", file.mime_type.as_ref());
    facts.add("Size", file.size_bytes.map(bytes));
    facts.add("State", file.state.as_ref());
    facts.add("Source", file.source.as_ref());
    facts.add("Created", file.create_time);
    facts.add("Expires", file.expiration_time);
    facts.add("SHA-256", file.sha256.as_ref());
    facts.0
}

/// Copies the name of what is selected.
pub fn copy_name(model: &mut Model) -> Vec<Effect> {
    let name = match model.screens.last() {
        Some(Screen::Files(_)) => files::current(model).map(|file| file.name.to_string()),
        Some(Screen::Job(_) | Screen::Key(_)) => {
            let key = job::current_row(model).and_then(|row| row.key.clone());
            key.or_else(|| job::current(model).map(|job| job.name.to_string()))
        }
        None => match selected_lost(model) {
            Some(lost) => Some(lost.display_name.clone()),
            None => job::current(model).map(|job| job.name.to_string()),
        },
        Some(Screen::Create(_) | Screen::Messages { .. } | Screen::Help { .. }) => None,
    };
    copy(model, name.map(|name| clean(&name)))
}

/// Copies everything known about what is selected, as JSON.
pub fn copy_record(model: &mut Model) -> Vec<Effect> {
    let record = match model.screens.last() {
        Some(Screen::Files(_)) => files::current(model).map(StoredFile::to_json),
        Some(Screen::Job(_) | Screen::Key(_)) => {
            job::current_row(model).map(|row| json_of_row(&row)).or_else(|| job::current(model).map(Job::to_json))
        }
        None => job::current(model).map(Job::to_json),
        Some(Screen::Create(_) | Screen::Messages { .. } | Screen::Help { .. }) => None,
    };
    copy(model, record.map(|record| record.to_string()))
}

fn copy(model: &mut Model, text: Option<String>) -> Vec<Effect> {
    match text {
        Some(text) => vec![Effect::Copy(text)],
        None => {
            notices::say(model, Level::Info, "nothing is selected that could be copied");
            Vec::new()
        }
    }
}

fn json_of_row(row: &Row) -> Value {
    json!({
        "key": row.key,
        "line": row.line,
        "verdict": row.verdict.as_str(),
        "durationSeconds": row.sound.as_ref().map(|sound| sound.seconds),
        "sampleRate": row.sound.as_ref().map(|sound| sound.format.sample_rate),
        "channels": row.sound.as_ref().map(|sound| sound.format.channels),
        "finishReason": row.finish_reason,
        "error": reason(row),
        "promptTokens": row.tokens.prompt,
        "audioTokens": row.tokens.audio,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Verdict;
    use crate::tui::event::Event;
    use crate::tui::update::testing::{done, listed, lost, press, row, seq_of, stored_file, with_jobs};
    use crate::tui::update::update;

    fn described(model: &mut Model) -> String {
        press(model, "d");
        match model.overlays.pop() {
            Some(Overlay::Page(page)) => page.lines.join("\n"),
            other => panic!("no page is open, but {other:?}"),
        }
    }

    fn copied(model: &mut Model, keys: &str) -> String {
        match press(model, keys).as_slice() {
            [Effect::Copy(text)] => text.clone(),
            other => panic!("nothing was copied, but {other:?}"),
        }
    }

    #[test]
    fn a_job_is_described_and_copied() {
        let mut model = with_jobs(vec![Job { display_name: Some("evil\x1b[2J".into()), ..done("a") }]);
        let text = described(&mut model);
        assert!(text.contains("batches/a") && text.contains("Succeeded     40"), "{text}");
        assert!(!text.contains('\x1b'), "{text:?}");
        assert_eq!(copied(&mut model, "y"), "batches/a");
        let record: Value = serde_json::from_str(&copied(&mut model, "Y")).unwrap();
        assert_eq!(
            (&record["state"], &record["batchStats"]["requestCount"]),
            (&json!("JOB_STATE_SUCCEEDED"), &json!(40))
        );
    }

    #[test]
    fn a_key_is_described_and_copied() {
        let mut model = with_jobs(vec![done("a")]);
        let seq = seq_of(&press(&mut model, "<Enter>"));
        assert_eq!(copied(&mut model, "y"), "batches/a", "before any row is there the job is meant");
        update(&mut model, Event::RowsArrived(seq, vec![row(1, Verdict::Ok), row(2, Verdict::Silent)].into()));
        assert!(described(&mut model).contains("24000 Hz"));
        assert_eq!(copied(&mut model, "j <Enter> y"), "k2");
        let record: Value = serde_json::from_str(&copied(&mut model, "Y")).unwrap();
        assert_eq!(
            (&record["verdict"], &record["error"], &record["line"]),
            (&json!("silent"), &json!("OTHER"), &json!(2))
        );
    }

    #[test]
    fn a_file_is_described_and_copied() {
        let mut model = with_jobs(vec![]);
        let seq = seq_of(&press(&mut model, "F"));
        update(&mut model, Event::FilesListed(seq, Ok(vec![stored_file("abc")])));
        assert!(described(&mut model).contains("application/jsonl"));
        assert_eq!(copied(&mut model, "y"), "files/abc");
        assert!(copied(&mut model, "Y").contains("\"sizeBytes\":3"));
    }

    #[test]
    fn a_create_without_an_answer_warns_of_a_second_one() {
        let mut model = with_jobs(vec![]);
        press(&mut model, "R");
        let mut answer = listed(vec![]);
        answer.unconfirmed = vec![lost("T")];
        let crate::tui::model::Listing::InFlight(seq) = model.link.listing else { panic!() };
        update(&mut model, Event::JobsListed(seq, Ok(Box::new(answer))));
        for keys in ["x", "S"] {
            assert_eq!(press(&mut model, keys), [], "{keys}");
            assert!(model.overlays.is_empty(), "{keys}");
        }
        let described = described(&mut model);
        assert!(described.contains("both are billed") && described.contains("D gives it up"), "{described}");
        press(&mut model, "<Enter>");
        assert_eq!((model.overlays.len(), model.screens.len()), (1, 0), "there is no job to open");
    }
}
