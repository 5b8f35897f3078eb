//! One rate for all downloads: a token bucket, and a queue in which whoever had least goes first. Pure: time comes in.
//!
//! Fair by bytes and not by pieces, so that a connection that delivers in large pieces gets no more than one that
//! delivers in small ones; and what one download leaves unused the others take.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// How far ahead of its time a piece may pass. Evens out the steps of timers without letting a burst be felt.
const AHEAD: Duration = Duration::from_millis(100);

/// What was left unused for no longer than this is made good: a timer that fires late, as it does where both cores are
/// busy, costs nothing of the rate.
const MADE_GOOD: Duration = Duration::from_secs(1);

/// Which download; numbers are given out by [`Rate::join`].
pub(super) type Flow = u64;

/// When a piece may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It has passed, and was paid for.
    Now,
    /// Not before then, and only if nobody who had less asks meanwhile.
    At(Duration),
    /// After somebody else.
    Behind,
}

/// The bucket and the queue before it. All times are counted from one moment that the caller chooses.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: u64,
    /// When all that passed is paid for.
    paid_at: Duration,
    joined: Flow,
    /// What the one that passed last had before: nobody who comes later may catch up on more than that.
    level: u64,
    had: HashMap<Flow, u64>,
    /// What was had before, and by whom; how many bytes are asked for.
    waiting: BTreeMap<(u64, Flow), u64>,
}

impl Rate {
    /// So many bytes a second; at least one.
    pub(super) fn new(per_second: u64) -> Self {
        Rate {
            per_second: per_second.max(1),
            paid_at: Duration::ZERO,
            joined: 0,
            level: 0,
            had: HashMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// A new download.
    pub(super) fn join(&mut self) -> Flow {
        self.joined += 1;
        self.had.insert(self.joined, 0);
        self.joined
    }

    /// A download is over.
    pub(super) fn leave(&mut self, flow: Flow) {
        self.withdraw(flow);
        self.had.remove(&flow);
    }

    /// The largest piece that should pass at once: a twentieth of a second, so that nobody waits long for another one.
    pub(super) fn most_at_once(&self) -> usize {
        usize::try_from(self.per_second / 20).unwrap_or(usize::MAX).clamp(1 << 10, 1 << 16)
    }

    /// A download wants so many bytes to pass. It asks for one piece at a time.
    pub(super) fn ask(&mut self, flow: Flow, bytes: u64) {
        let had = self.had.entry(flow).or_default();
        *had = (*had).max(self.level);
        self.waiting.insert((*had, flow), bytes);
    }

    /// What was asked for is not wanted any more.
    pub(super) fn withdraw(&mut self, flow: Flow) {
        self.waiting.retain(|(_, waiting), _| *waiting != flow);
    }

    /// Whether the piece that a download asked for may pass now; when it may, it has.
    pub(super) fn turn(&mut self, flow: Flow, now: Duration) -> Turn {
        let Some((&(had, first), &bytes)) = self.waiting.first_key_value() else { return Turn::Now };
        if first != flow {
            return Turn::Behind;
        }
        if self.paid_at > now.saturating_add(AHEAD) {
            return Turn::At(self.paid_at - AHEAD);
        }
        self.waiting.pop_first();
        self.level = had;
        self.had.insert(flow, had.saturating_add(bytes));
        let since = now.saturating_sub(MADE_GOOD);
        self.paid_at = self.paid_at.max(since).saturating_add(self.cost(bytes));
        Turn::Now
    }

    fn cost(&self, bytes: u64) -> Duration {
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(self.per_second);
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Lets downloads ask for pieces of their size as long as the time lasts, one that rests in the given stretch not
    /// asking meanwhile, and tells how many bytes each had.
    fn had(per_second: u64, pieces: &[u64], rests: Option<(usize, Duration, Duration)>, lasts: Duration) -> Vec<u64> {
        had_late(per_second, pieces, rests, lasts, Duration::ZERO)
    }

    /// The same with timers that fire late by so much.
    fn had_late(
        per_second: u64,
        pieces: &[u64],
        rests: Option<(usize, Duration, Duration)>,
        lasts: Duration,
        late: Duration,
    ) -> Vec<u64> {
        let mut rate = Rate::new(per_second);
        let flows: Vec<Flow> = pieces.iter().map(|_| rate.join()).collect();
        let mut had = vec![0; pieces.len()];
        let mut asks = vec![false; pieces.len()];
        let mut now = Duration::ZERO;
        while now < lasts {
            for at in 0..flows.len() {
                let is_resting = rests.is_some_and(|(who, from, to)| who == at && (from..to).contains(&now));
                if !asks[at] && !is_resting {
                    rate.ask(flows[at], pieces[at]);
                    asks[at] = true;
                }
            }
            let mut next = None;
            for at in (0..flows.len()).filter(|at| asks[*at]) {
                match rate.turn(flows[at], now) {
                    Turn::Now => {
                        (had[at], asks[at]) = (had[at] + pieces[at], false);
                        next = Some(now);
                        break;
                    }
                    Turn::At(at) => next = Some(at + late),
                    Turn::Behind => {}
                }
            }
            now = next.expect("somebody is first whenever somebody waits");
        }
        had
    }

    #[test]
    fn the_rate_is_kept_and_shared_by_bytes() {
        let lasts = 10 * SECOND;
        let table: [(u64, &[u64]); 5] = [
            (1_000_000, &[16_384]),
            (1_000_000, &[16_384, 16_384]),
            // Pieces of very different sizes make no difference.
            (1_000_000, &[60_000, 1_000]),
            (20_000_000, &[65_536, 10_000, 100]),
            // A piece that is worth more than the time that may be gone ahead is paid for afterwards.
            (10_000, &[50_000]),
        ];
        for (per_second, pieces) in table {
            let had = had(per_second, pieces, None, lasts);
            let all: u64 = had.iter().sum();
            let largest = pieces.iter().max().unwrap();
            let most = per_second * 10 + per_second / 10 + largest;
            assert!(all <= most && all >= per_second * 10 - largest, "{per_second} {pieces:?}: {all} of {most}");
            for bytes in &had {
                let share = all / pieces.len() as u64;
                assert!(bytes.abs_diff(share) <= 2 * largest, "{per_second} {pieces:?}: {had:?}");
            }
        }
    }

    #[test]
    fn timers_that_fire_late_cost_nothing_of_the_rate_and_add_nothing_to_it() {
        let table: [(u64, &[u64]); 4] =
            [(1_000_000, &[50_000]), (1_000_000, &[50_000, 50_000]), (20_000_000, &[65_536, 100]), (1_000, &[1_024])];
        for (per_second, pieces) in table {
            for late in [0, 1, 20, 99, 101, 250, 600, 900] {
                let had = had_late(per_second, pieces, None, 20 * SECOND, Duration::from_millis(late));
                let all: u64 = had.iter().sum();
                let largest = pieces.iter().max().unwrap();
                // What the last timer holds back has not come yet.
                let least = per_second * 19 - largest;
                let most = per_second * 20 + per_second / 10 + largest;
                assert!((least..=most).contains(&all), "{per_second} {pieces:?}, {late} ms late: {all}");
            }
        }
    }

    #[test]
    fn a_rest_of_any_length_is_worth_a_second_at_most() {
        for (rest, worth) in [(0, 0), (300, 300), (1_000, 1_000), (100_000, 1_000)] {
            let mut rate = Rate::new(1_000_000);
            let one = rate.join();
            // From a minute on, when all is paid for up to then.
            let begin = Duration::from_secs(60);
            rate.paid_at = begin;
            let now = begin + Duration::from_millis(rest);
            let mut passed = 0;
            loop {
                rate.ask(one, 1_000);
                if rate.turn(one, now) != Turn::Now {
                    break;
                }
                passed += 1;
            }
            // A piece of a millisecond each, and as many as may go ahead of their time.
            assert_eq!(passed, worth + 101, "{rest} ms");
        }
    }

    #[test]
    fn what_one_leaves_unused_the_others_take_and_it_cannot_be_claimed_later() {
        let had = had(1_000_000, &[10_000, 10_000], Some((1, SECOND, 9 * SECOND)), 10 * SECOND);
        // A second of two halves, eight alone, a second of two halves: nine and one.
        assert!(had[0].abs_diff(9_000_000) <= 200_000 && had[1].abs_diff(1_000_000) <= 200_000, "{had:?}");
    }

    #[test]
    fn whoever_leaves_or_gives_up_holds_nobody_up() {
        let mut rate = Rate::new(1_000);
        let (one, two) = (rate.join(), rate.join());
        rate.ask(one, 500);
        rate.ask(two, 500);
        assert_eq!((rate.turn(two, Duration::ZERO), rate.turn(one, Duration::ZERO)), (Turn::Behind, Turn::Now));
        rate.ask(one, 500);
        assert_eq!(rate.turn(two, Duration::ZERO), Turn::At(Duration::from_millis(400)));
        rate.leave(two);
        assert_eq!(rate.turn(one, Duration::from_millis(399)), Turn::At(Duration::from_millis(400)));
        assert_eq!(rate.turn(one, Duration::from_millis(400)), Turn::Now);
    }

    #[test]
    fn pieces_are_small_enough_for_others_and_large_enough_to_be_worth_it() {
        let sizes = [1_000, 1_000_000, 20_000_000, u64::MAX].map(|per_second| Rate::new(per_second).most_at_once());
        assert_eq!(sizes, [1_024, 50_000, 65_536, 65_536]);
    }
}
