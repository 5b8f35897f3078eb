//! Campaigns on the screen: the row above its jobs, the details below the list, and what a cancel of it means.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::ops::{CampaignStatus, Next};
use crate::text;
use crate::tui::model::{Confirm, Model, Target};
use crate::tui::theme::Theme;
use crate::tui::view::pen::{Pen, Piece, piece};
use crate::tui::view::table::Columns;
use crate::tui::view::{job_facts, times};

/// Everything behind the state: the name, and how its parts stand in the place of numbers.
pub fn cells(pen: &mut Pen<'_>, model: &Model, columns: &Columns, place: Rect, status: &CampaignStatus) {
    let theme = *pen.theme;
    columns.write(pen, place, 2, &status.name, theme.title());
    columns.write(pen, place, 3, &job_facts::short_model(Some(&status.model)), theme.muted());
    if let Some(rest) = columns.from(place, 4) {
        pen.text(rest, &told(model, status), style(&theme, status));
    }
}

/// `2 of 5 submitted · 1 running · 3 waiting`, or `2 of 5 ─ waits for quota: …`: why it stands still says more than how its
/// parts stand, which the details tell.
fn told(model: &Model, status: &CampaignStatus) -> String {
    match status.reason(model.now) {
        Some(reason) => format!("{} of {} ─ {reason}", status.n_submitted(), status.parts.len()),
        None => status.counts().join(" · "),
    }
}

fn style(theme: &Theme, status: &CampaignStatus) -> Style {
    match status.next {
        Next::Paused => theme.warn(),
        Next::Submit(_) | Next::Cancel(_) | Next::Waits(_) | Next::Cancelled | Next::Submitted | Next::Over => {
            theme.text()
        }
    }
}

/// What is known about the selected campaign, below the list.
pub fn lines(pen: &Pen<'_>, model: &Model, status: &CampaignStatus) -> Vec<Vec<Piece>> {
    let theme = *pen.theme;
    let began = times::day_and_clock(&model.zone, status.at);
    let jobs = text::count(status.parts.len() as u64, "job");
    let size = text::count(status.n_requests(), "request");
    let mut lines = vec![
        vec![piece(format!("campaign {} · began {began}", status.id), theme.muted())],
        vec![piece(format!("{jobs} · {size} · {}", status.because), theme.text())],
        vec![piece(status.counts().join(" · "), theme.text())],
    ];
    lines.extend(status.reason(model.now).map(|reason| vec![piece(reason, style(&theme, status))]));
    let keys = match status.next {
        Next::Paused => "Enter shows its jobs; P goes on; x cancels all of it.",
        Next::Submit(_) | Next::Waits(_) => "Enter shows its jobs; P pauses; x cancels all of it.",
        Next::Submitted => "Enter shows its jobs; x cancels all of it.",
        Next::Cancel(_) | Next::Cancelled | Next::Over => "Enter shows its jobs.",
    };
    lines.push(vec![piece(keys, theme.muted())]);
    lines
}

/// What the cancel of a campaign does to its jobs and to what waits.
pub fn consequences(pen: &Pen<'_>, confirm: &Confirm) -> Vec<(String, Style)> {
    let theme = *pen.theme;
    let mut said = Vec::new();
    for target in &confirm.targets {
        let Target::Campaign(status) = target else { continue };
        let waiting = text::count(status.n_waiting() as u64, "part");
        if status.n_waiting() > 0 {
            said.push((format!("{waiting} will never be submitted."), theme.text()));
        }
        if status.n_live() > 0 {
            let live = text::count(status.n_live() as u64, "job");
            said.push((format!("{live} will be asked to stop; what is done by then is billed."), theme.warn()));
        }
    }
    said
}

#[cfg(test)]
pub(super) mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;
    use crate::job::{JobName, JobState};
    use crate::ops::{NoRoom, PartState, PartStatus};
    use crate::store::{Hold, Waits};
    use crate::tui::effect::Effect;
    use crate::tui::event::Event;
    use crate::tui::keys::Chord;
    use crate::tui::model::EntryId;
    use crate::tui::theme::Charset;
    use crate::tui::update::{put_campaign, update};
    use crate::tui::view::samples::{ago, busy};
    use crate::tui::view::tests::{plain_snapshot, snapshot};

    /// A campaign of five parts, so many of which run and so many are done, above the jobs of the list and selected.
    pub fn campaign(mut model: Model, n_done: u32, n_running: u32, hold: Hold, next: Next) -> Model {
        let part = |number: u32| {
            let state = match number {
                _ if number <= n_done => Some(JobState::Succeeded),
                _ if number <= n_done + n_running => Some(JobState::Running),
                _ => None,
            };
            let jobs = vec![JobName::parse(&format!("batches/part{number}")).expect("a name")];
            PartStatus {
                number,
                n_requests: 412,
                characters: 99_000,
                bytes: 412_000,
                text_tokens: 24_750,
                dollars: Some((0.58, 0.69)),
                state: state.map_or(PartState::Waiting, |state| PartState::Submitted { jobs, state: Some(state) }),
            }
        };
        let status = CampaignStatus {
            id: "01KAJX3V9Q8N5T7D2M4C6B0R1S".into(),
            name: "prompts-de".into(),
            model: "gemini-2.5-pro-preview-tts".into(),
            because: "25 000 enqueued tokens of tier 1".into(),
            at: ago(95),
            parts: (1..=5).map(part).collect(),
            hold,
            next,
            n_live_of_model: u64::from(n_running),
        };
        model.jobs.cursor.selected = Some(EntryId::Campaign(status.id.clone()));
        model.jobs.cursor.marks.clear();
        put_campaign(&mut model, status);
        model
    }

    #[test]
    fn campaigns_stand_above_their_jobs_and_say_why_they_wait() {
        snapshot("campaign_running_120x32", &campaign(busy(120, 32), 1, 1, Hold::Free, Next::Submit(3)));
        let full = Next::Waits(NoRoom::Tokens { enqueued: 24_750, most: 25_000, wanted: 24_750 });
        snapshot("campaign_waits_120x32", &campaign(busy(120, 32), 1, 1, Hold::Free, full.clone()));
        snapshot("campaign_waits_80x24", &campaign(busy(80, 24), 1, 1, Hold::Free, full));
        let waits =
            Waits { until: ago(-4), because: "429 RESOURCE_EXHAUSTED: quota exceeded".into(), times: 2, n_live: 1 };
        let refused = Next::Waits(NoRoom::Refused(waits.clone()));
        snapshot("campaign_refused_120x32", &campaign(busy(120, 32), 1, 1, Hold::Waits(waits), refused));
        let because = Some("the service refused the job: 400 INVALID_ARGUMENT: no such model".to_owned());
        let paused = Hold::Paused { because, at: ago(3) };
        snapshot("campaign_paused_120x32", &campaign(busy(120, 32), 2, 0, paused.clone(), Next::Paused));
        plain_snapshot(
            "campaign_paused_ascii_80x24",
            &campaign(busy(80, 24), 2, 0, paused.clone(), Next::Paused),
            Charset::Ascii,
        );
        snapshot("campaign_paused_30x8", &campaign(busy(30, 8), 2, 0, paused, Next::Paused));
        snapshot("campaign_submitted_120x32", &campaign(busy(120, 32), 3, 2, Hold::Free, Next::Submitted));
        let mut asked = campaign(busy(80, 24), 1, 2, Hold::Free, Next::Submit(4));
        let x = Chord { code: KeyCode::Char('x'), modifiers: KeyModifiers::NONE };
        let effects = update(&mut asked, Event::Key(x));
        let guard = effects.iter().find_map(|effect| match effect {
            Effect::Guard(seq) => Some(*seq),
            _ => None,
        });
        update(&mut asked, Event::Unguarded(guard.expect("a question was asked")));
        snapshot("dialog_cancel_campaign_80x24", &asked);
    }
}
