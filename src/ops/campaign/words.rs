//! How a campaign is told, the same on the screen and on the command line.
//!
//! Pure.

use jiff::Timestamp;

use super::next::{Next, NoRoom};
use super::status::{CampaignStatus, PartState};
use crate::clock::since;
use crate::job::JobState;
use crate::store::Hold;
use crate::text::{age, clean_short, thousands};

impl PartState {
    /// `WAITING`, `UNKNOWN`, `GIVEN UP`, `GONE`, or the word for the state of its job.
    pub fn word(&self) -> &str {
        match self {
            PartState::Waiting => "WAITING",
            PartState::Unknown { .. } => "UNKNOWN",
            PartState::Submitted { state: Some(state), .. } => state.word(),
            PartState::Submitted { state: None, .. } => "GONE",
            PartState::GivenUp { .. } => "GIVEN UP",
        }
    }
}

impl CampaignStatus {
    /// How its parts stand: `2 of 5 submitted`, `1 running`, `3 waiting`.
    pub fn counts(&self) -> Vec<String> {
        let mut counts = vec![format!("{} of {} submitted", self.n_submitted(), self.parts.len())];
        let mut add = |word: &str, is_it: &dyn Fn(&PartState) -> bool| {
            let n = self.parts.iter().filter(|part| is_it(&part.state)).count();
            if n > 0 {
                counts.push(format!("{n} {word}"));
            }
        };
        let in_state = |state: &PartState, wanted: JobState| matches!(state, PartState::Submitted { state: Some(state), .. } if *state == wanted);
        add("pending", &|state| in_state(state, JobState::Pending));
        add("running", &|state| in_state(state, JobState::Running));
        add("done", &|state| in_state(state, JobState::Succeeded));
        add("failed", &|state| in_state(state, JobState::Failed) || in_state(state, JobState::Expired));
        add("cancelled", &|state| in_state(state, JobState::Cancelled));
        add("unknown", &|state| matches!(state, PartState::Unknown { .. }));
        add("given up", &|state| matches!(state, PartState::GivenUp { .. }));
        match self.hold {
            Hold::Cancelled { .. } => add("not sent", &|state| *state == PartState::Waiting),
            Hold::Free | Hold::Waits(_) | Hold::Paused { .. } => add("waiting", &|state| *state == PartState::Waiting),
        }
        counts
    }

    /// One word for where it stands: `running`, `waiting`, `paused`, `cancelled`, `submitted`, `over`.
    pub fn word(&self) -> &'static str {
        match (&self.next, &self.hold) {
            (Next::Cancel(_) | Next::Cancelled, _) | (Next::Over, Hold::Cancelled { .. }) => "cancelled",
            (Next::Paused, _) => "paused",
            (Next::Waits(_), _) => "waiting",
            (Next::Submit(_), _) => "running",
            (Next::Submitted, _) => "submitted",
            (Next::Over, _) => "over",
        }
    }

    /// Why nothing is sent just now, when parts wait; times are told as seen from `now`.
    pub fn reason(&self, now: Timestamp) -> Option<String> {
        match (&self.next, &self.hold) {
            (Next::Paused, Hold::Paused { because: Some(because), .. }) => Some(format!("paused: {because}")),
            (Next::Paused, _) => Some("paused".to_owned()),
            (Next::Waits(NoRoom::Tokens { enqueued, most, .. }), _) => {
                Some(format!("waits for quota: {} of {} tokens", thousands(*enqueued), thousands(*most)))
            }
            (Next::Waits(NoRoom::Jobs { live, most }), _) => {
                Some(format!("waits for quota: {} of {} jobs", thousands(*live), thousands(*most)))
            }
            (Next::Waits(NoRoom::Refused(waits)), _) => {
                let left = age(since(now, waits.until));
                Some(format!("waits, next try in {left} or when a job ends: {}", clean_short(&waits.because, 200)))
            }
            (Next::Cancel(_) | Next::Cancelled, _) => Some("cancelled: its jobs were asked to stop".to_owned()),
            (Next::Submit(_) | Next::Submitted | Next::Over, _) => None,
        }
    }

    /// When it should be looked at again without any news from the service.
    pub fn due(&self) -> Option<Timestamp> {
        match &self.next {
            Next::Waits(NoRoom::Refused(waits)) => Some(waits.until),
            Next::Waits(NoRoom::Tokens { .. } | NoRoom::Jobs { .. })
            | Next::Submit(_)
            | Next::Cancel(_)
            | Next::Paused
            | Next::Cancelled
            | Next::Submitted
            | Next::Over => None,
        }
    }

    /// Whether [`super::advance`] has something to do at this moment.
    pub fn is_ready(&self, now: Timestamp) -> bool {
        matches!(self.next, Next::Submit(_) | Next::Cancel(_)) || self.due().is_some_and(|due| due <= now)
    }
}
