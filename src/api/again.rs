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
