//! What a campaign does next, decided from how its parts stand.
//!
//! Pure.

use jiff::Timestamp;

use super::status::{PartState, PartStatus};
use crate::job::JobName;
use crate::store::{Hold, Waits};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Submit the part of this number.
    Submit(u32),
    /// It was cancelled, and this job of it has not been asked to stop.
    Cancel(JobName),
    /// Nothing for now: there is no room for the next part.
    Waits(NoRoom),
    /// Nothing until a person says so.
    Paused,
    /// Nothing is sent any more; its jobs were asked to stop and are not over.
    Cancelled,
    /// Every part is at the service, and not all of them are over.
    Submitted,
    /// Nothing, ever.
    Over,
}

/// Why there is no room for the next part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// The tokens of our own live jobs of the model, and the most that the tier takes.
    Tokens {
        /// In live jobs.
        enqueued: u64,
        /// Of the tier.
        most: u64,
        /// In the next part.
        wanted: u64,
    },
    /// As many jobs are live as the service takes.
    Jobs {
        /// Live ones.
        live: u64,
        /// The most.
        most: u64,
    },
    /// The service said so.
    Refused(Waits),
}

/// How much room there is at the service, as far as we know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    /// Tokens of text in our own jobs of the model that are live or may be.
    pub enqueued: u64,
    /// The most of them; `None` where nothing is known.
    pub most_enqueued: Option<u64>,
    /// Jobs that are live, of all models.
    pub n_live: u64,
    /// The most of them.
    pub most_live: u64,
    /// Our own jobs of the model that are live or may be.
    pub n_live_of_model: u64,
}

/// Decides.
///
/// A part whose create was not answered does not keep the next one from being sent: its answer may never come, and one lost
/// answer should not stop a night's work. Its tokens count as enqueued until it is found or given up, so nothing is sent
/// for which it may have taken the room, and it is never sent again itself.
pub(super) fn next(
    parts: &[PartStatus],
    hold: &Hold,
    room: &Room,
    asked_to_cancel: &[JobName],
    now: Timestamp,
) -> Next {
    let is_live = parts.iter().any(|part| part.state.is_live());
    if let Hold::Cancelled { .. } = hold {
        let live = parts.iter().filter(|part| part.state.is_live());
        let unasked = live.flat_map(|part| match &part.state {
            PartState::Submitted { jobs, .. } => jobs.as_slice(),
            PartState::Waiting | PartState::Unknown { .. } | PartState::GivenUp { .. } => &[],
        });
        let unasked = unasked.into_iter().find(|job| !asked_to_cancel.contains(job));
        return match (unasked, is_live) {
            (Some(job), _) => Next::Cancel(job.clone()),
            (None, true) => Next::Cancelled,
            (None, false) => Next::Over,
        };
    }
    let Some(part) = parts.iter().find(|part| part.state == PartState::Waiting) else {
        return if is_live { Next::Submitted } else { Next::Over };
    };
    match hold {
        Hold::Paused { .. } => return Next::Paused,
        // It is tried again in time, or as soon as a job is over that may have taken the room.
        Hold::Waits(waits) if now < waits.until && room.n_live_of_model >= waits.n_live => {
            return Next::Waits(NoRoom::Refused(waits.clone()));
        }
        Hold::Free | Hold::Waits(_) | Hold::Cancelled { .. } => {}
    }
    if room.n_live >= room.most_live {
        return Next::Waits(NoRoom::Jobs { live: room.n_live, most: room.most_live });
    }
    match room.most_enqueued {
        // With nothing before it a part goes whatever we think of its size: only the service can say no to it.
        Some(most) if room.enqueued > 0 && room.enqueued.saturating_add(part.text_tokens) > most => {
            Next::Waits(NoRoom::Tokens { enqueued: room.enqueued, most, wanted: part.text_tokens })
        }
        Some(_) | None => Next::Submit(part.number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobState;
    use jiff::SignedDuration;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn job(id: &str) -> JobName {
        JobName::parse(&format!("batches/{id}")).unwrap()
    }

    /// One letter for each part: waiting, unknown, running, done, lost from the list, given up.
    fn parts(states: &str) -> Vec<PartStatus> {
        let submitted = |number, state| PartState::Submitted { jobs: vec![job(&format!("j{number}"))], state };
        let part = |(state, number): (char, u32)| PartStatus {
            number,
            n_requests: 1,
            characters: 40,
            bytes: 100,
            text_tokens: 10,
            dollars: None,
            state: match state {
                'w' => PartState::Waiting,
                'u' => PartState::Unknown { token: "T".into() },
                'r' => submitted(number, Some(JobState::Running)),
                'd' => submitted(number, Some(JobState::Succeeded)),
                'l' => submitted(number, None),
                'g' => PartState::GivenUp { token: "G".into() },
                other => panic!("{other}"),
            },
        };
        states.chars().zip(1..).map(part).collect()
    }

    #[test]
    fn the_next_part_goes_when_there_is_room_for_it() {
        let free = Room { most_live: 100, ..Room::default() };
        let tokens = |enqueued, most| Room { enqueued, most_enqueued: Some(most), ..free };
        let full = |enqueued, most| Next::Waits(NoRoom::Tokens { enqueued, most, wanted: 10 });
        let table = [
            ("www", free, Next::Submit(1)),
            ("rww", free, Next::Submit(2)),
            ("rww", tokens(10, 20), Next::Submit(2)),
            ("rww", tokens(11, 20), full(11, 20)),
            ("www", tokens(0, 5), Next::Submit(1)),
            ("rw", Room { n_live: 100, ..free }, Next::Waits(NoRoom::Jobs { live: 100, most: 100 })),
            // An answer that was lost keeps its room and nobody else.
            ("uww", tokens(10, 20), Next::Submit(2)),
            ("uww", tokens(10, 15), full(10, 15)),
            ("ugl", free, Next::Submitted),
            ("dr", free, Next::Submitted),
            ("ddlg", free, Next::Over),
            ("dgw", free, Next::Submit(3)),
        ];
        for (states, room, expected) in table {
            assert_eq!(next(&parts(states), &Hold::Free, &room, &[], at(0)), expected, "{states} {room:?}");
        }
    }

    #[test]
    fn a_refusal_is_waited_for_until_its_time_or_until_a_job_is_over() {
        let waits = Waits { until: at(60), because: "no quota".into(), times: 1, n_live: 2 };
        let hold = Hold::Waits(waits.clone());
        let room = |n_live_of_model| Room { most_live: 100, n_live_of_model, ..Room::default() };
        let table = [
            (59, 2, Next::Waits(NoRoom::Refused(waits.clone()))),
            (59, 3, Next::Waits(NoRoom::Refused(waits))),
            (59, 1, Next::Submit(2)),
            (60, 2, Next::Submit(2)),
        ];
        for (now, n_live, expected) in table {
            assert_eq!(next(&parts("rw"), &hold, &room(n_live), &[], at(now)), expected, "{now} {n_live}");
        }
    }

    #[test]
    fn a_pause_keeps_what_waits_and_a_cancel_asks_every_job_once() {
        let room = Room { most_live: 100, ..Room::default() };
        let paused = Hold::Paused { because: None, at: at(0) };
        assert_eq!(next(&parts("rw"), &paused, &room, &[], at(9)), Next::Paused);
        assert_eq!(next(&parts("rd"), &paused, &room, &[], at(9)), Next::Submitted, "there is nothing to pause");
        let cancelled = Hold::Cancelled { at: at(0) };
        let decide = |states, asked: &[JobName]| next(&parts(states), &cancelled, &room, asked, at(9));
        assert_eq!(decide("drrw", &[]), Next::Cancel(job("j2")));
        assert_eq!(decide("drrw", &[job("j2")]), Next::Cancel(job("j3")));
        assert_eq!(decide("drrw", &[job("j2"), job("j3")]), Next::Cancelled);
        assert_eq!(decide("uw", &[]), Next::Cancelled, "it may turn up, and is asked to stop then");
        assert_eq!(decide("ddww", &[]), Next::Over);
    }
}
