//! The one place where a call is repeated: every class of calls, every fault, one policy, one allowance.
//!
//! Below it a request is sent once; above it nobody sends one again but who polls.

use std::time::Duration;

use super::connection::Connection;
use super::error::Error;
use super::refusal::Failed;
use super::retry::{Attempt, Class};

impl Connection {
    /// Repeats a call as the policy of its class says.
    pub async fn repeat<T, F>(&self, class: Class, mut call: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Failed>>,
    {
        let mut waited = Duration::ZERO;
        let mut failed = 0;
        loop {
            let failure = match call().await {
                Ok(value) => {
                    self.bucket.succeeded();
                    return Ok(value);
                }
                Err(failure) => failure,
            };
            failed += 1;
            let Failed { error, fault } = failure;
            let attempt = Attempt { class, fault, failed, waited, asked: error.retry_after };
            waited += self.pause(attempt, error).await?;
        }
    }

    /// Waits before the next attempt, or gives the error back when there shall be none.
    pub async fn pause(&self, attempt: Attempt, mut error: Error) -> Result<Duration, Error> {
        let Some(wait) = self.timing.policy.wait(attempt, jitter()) else { return Err(error) };
        if !self.bucket.pay_for(attempt.fault) {
            error.message.push_str("; not tried again: too many retries lately");
            return Err(error);
        }
        tracing::debug!(failed = attempt.failed, ms = wait.as_millis(), error = %error, "trying again");
        tokio::time::sleep(wait).await;
        Ok(wait)
    }
}

fn jitter() -> f64 {
    use ring::rand::{SecureRandom, SystemRandom};
    let mut bytes = [0; 4];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::api::client::Timing;
    use crate::api::error::{Certainty, Kind};
    use crate::api::retry::{Bucket, Fault};
    use crate::clock::Stopwatch;
    use crate::config::BaseUrl;
    use crate::secret::ApiKey;

    /// What the service does with one attempt.
    #[derive(Clone, Copy, Debug)]
    enum Do {
        Ok,
        Fail(Fault),
        /// 429, and the wait in seconds that it asks for.
        Ask(u64),
        /// 429 of a quota that is counted by the day.
        UsedUp,
    }

    fn connection(bucket: Bucket) -> Connection {
        let (base, key) = (BaseUrl::parse("http://127.0.0.1:9").unwrap(), ApiKey::parse(&"k".repeat(39)).unwrap());
        Connection::new(&base, &key, Timing::default(), Some(std::sync::Arc::new(bucket))).unwrap()
    }

    fn failed(fault: Fault, retry_after: Option<u64>) -> Failed {
        let certainty = if fault == Fault::NotSent { Certainty::NotSent } else { Certainty::Unknown };
        let failed = Failed::last(Kind::Server, certainty, "no");
        let is_daily = fault == Fault::DailyQuota;
        Failed { error: Error { retry_after: retry_after.map(Duration::from_secs), is_daily, ..failed.error }, fault }
    }

    /// Plays instructions, one for each attempt and the last one for ever: whether it ended well, the attempts, and the
    /// whole seconds that went by.
    async fn play(connection: &Connection, class: Class, instructions: &[Do]) -> (bool, usize, u64) {
        let (attempts, began) = (Cell::new(0), Stopwatch::start());
        let call = || {
            let at = attempts.replace(attempts.get() + 1).min(instructions.len() - 1);
            std::future::ready(match instructions[at] {
                Do::Ok => Ok(()),
                Do::Fail(fault) => Err(failed(fault, None)),
                Do::Ask(seconds) => Err(failed(Fault::Status(429), Some(seconds))),
                Do::UsedUp => Err(failed(Fault::DailyQuota, Some(60))),
            })
        };
        let is_ok = connection.repeat(class, call).await.is_ok();
        (is_ok, attempts.get(), began.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn every_class_of_calls_meets_every_list_of_faults() {
        use Do::{Ask, Fail, Ok, UsedUp};
        use Fault::{Broken, Final, Garbled, NotSent, Status, TimedOut};
        let busy = || Fail(Status(503));
        // The list, and for reads, repeatable changes and creates: whether it ends well, and after how many attempts.
        type Ends = [(bool, usize); 3];
        let table: Vec<(Vec<Do>, Ends)> = vec![
            (vec![Ok], [(true, 1); 3]),
            (vec![busy(), Ok], [(true, 2), (true, 2), (false, 1)]),
            (vec![busy(), busy(), Ok], [(true, 3), (true, 3), (false, 1)]),
            (vec![busy(), busy(), busy(), Ok], [(true, 4), (false, 3), (false, 1)]),
            (vec![busy(), busy(), busy(), busy(), Ok], [(true, 5), (false, 3), (false, 1)]),
            (vec![busy()], [(false, 5), (false, 3), (false, 1)]),
            (vec![Fail(Status(408)), Ok], [(true, 2), (true, 2), (false, 1)]),
            (vec![Fail(Status(429)), Ok], [(true, 2), (true, 2), (false, 1)]),
            (vec![Fail(Status(500)), Ok], [(true, 2), (true, 2), (false, 1)]),
            (vec![Fail(Status(502)), Ok], [(true, 2), (true, 2), (false, 1)]),
            (vec![Fail(Status(504)), Ok], [(true, 2), (true, 2), (false, 1)]),
            (vec![Fail(Broken), Ok], [(true, 2), (true, 2), (false, 1)]),
            (vec![Fail(TimedOut), Ok], [(true, 2), (true, 2), (false, 1)]),
            (vec![Fail(NotSent), Ok], [(true, 2), (true, 2), (false, 1)]),
            (vec![Fail(NotSent)], [(false, 3), (false, 3), (false, 1)]),
            (vec![Fail(Garbled), Ok], [(true, 2), (true, 2), (false, 1)]),
            (vec![Fail(Garbled)], [(false, 2), (false, 2), (false, 1)]),
            // What comes behind another fault counts from the first attempt on.
            (vec![busy(), busy(), Fail(Garbled), Ok], [(false, 3), (false, 3), (false, 1)]),
            (vec![busy(), Fail(Status(404)), Ok], [(false, 2), (false, 2), (false, 1)]),
            (vec![Fail(Broken), busy(), Fail(TimedOut), Ok], [(true, 4), (false, 3), (false, 1)]),
            (vec![Fail(Status(400)), Ok], [(false, 1); 3]),
            (vec![Fail(Status(401)), Ok], [(false, 1); 3]),
            (vec![Fail(Status(403)), Ok], [(false, 1); 3]),
            (vec![Fail(Status(404)), Ok], [(false, 1); 3]),
            (vec![Fail(Status(409)), Ok], [(false, 1); 3]),
            (vec![Fail(Status(501)), Ok], [(false, 1); 3]),
            (vec![Fail(Final), Ok], [(false, 1); 3]),
            (vec![UsedUp, Ok], [(false, 1); 3]),
            (vec![Ask(46), Ok], [(true, 2), (true, 2), (false, 1)]),
            // Together the waits are longer than a person waits for one answer.
            (vec![Ask(46), Ask(46), Ok], [(false, 2), (false, 2), (false, 1)]),
            (vec![Ask(300), Ok], [(false, 1); 3]),
        ];
        for (instructions, expected) in table {
            for (class, expected) in [Class::Read, Class::Repeatable, Class::Once].into_iter().zip(expected) {
                let (is_ok, attempts, seconds) = play(&connection(Bucket::full()), class, &instructions).await;
                assert_eq!((is_ok, attempts), expected, "{class:?} {instructions:?}");
                assert!(seconds <= 61, "{class:?} {instructions:?}: {seconds} s");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_asked_for_is_kept_to_the_second() {
        let (is_ok, attempts, seconds) = play(&connection(Bucket::full()), Class::Read, &[Do::Ask(46), Do::Ok]).await;
        assert_eq!((is_ok, attempts, seconds), (true, 2, 46));
    }

    #[tokio::test(start_paused = true)]
    async fn an_allowance_that_is_spent_fails_at_once_and_success_fills_it_again() {
        let connection = connection(Bucket::full());
        let busy = [Do::Fail(Fault::Status(503))];
        let mut attempts = 0;
        for _ in 0..50 {
            attempts += play(&connection, Class::Read, &busy).await.1;
        }
        assert_eq!(attempts, 50 + 20, "twenty retries, whoever asks");
        let (_, attempts, seconds) = play(&connection, Class::Read, &busy).await;
        assert_eq!((attempts, seconds), (1, 0));
        for _ in 0..10 {
            play(&connection, Class::Read, &[Do::Ok]).await;
        }
        // Ten successes pay for two retries, or for one after a silence.
        assert_eq!(play(&connection, Class::Read, &busy).await.1, 3);
        for _ in 0..10 {
            play(&connection, Class::Read, &[Do::Ok]).await;
        }
        assert_eq!(play(&connection, Class::Read, &[Do::Fail(Fault::TimedOut)]).await.1, 2);
    }
}
