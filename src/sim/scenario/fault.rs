//! What goes wrong, per call and per occurrence.

use serde::Deserialize;

use super::Span;
use crate::sim::call::Call;

/// One fault. It applies to the `nth` call of its kind and the `times - 1` after it; without `nth` to all of them.
///
/// The essential one, «the create was accepted and its answer lost»:
/// `Fault { answer: Answer::Close, processed: true, ..Fault::on(Call::Create) }`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The call it happens to.
    pub on: Call,
    /// Counted from 1.
    #[serde(default)]
    pub nth: Option<u64>,
    /// How many calls from the `nth` on; 1 when absent.
    #[serde(default)]
    pub times: Option<u64>,
    /// Wait before anything else, in real time.
    #[serde(default)]
    pub delay: Span,
    /// Whether the service does what was asked before the answer goes wrong.
    #[serde(default)]
    pub processed: bool,
    /// What the caller gets.
    #[serde(default)]
    pub answer: Answer,
    /// For `status`: the HTTP status.
    #[serde(default)]
    pub status: Option<u16>,
    /// For `status`: the message in place of the usual one.
    #[serde(default)]
    pub message: Option<String>,
    /// For `status`: `RetryInfo.retryDelay`, such as `"37s"`.
    #[serde(default)]
    pub retry_delay: Option<String>,
    /// For `status`: a `QuotaFailure` that names a quota per day.
    #[serde(default)]
    pub per_day: bool,
    /// For `redirect`: where to.
    #[serde(default)]
    pub location: Option<String>,
    /// For `cut` and `stall`: after so many bytes of the body; half of it when absent.
    #[serde(default)]
    pub after_bytes: Option<u64>,
}

/// What the caller gets in place of the usual answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The usual one. With a `status` in the fault, an error with that status.
    #[default]
    Usual,
    /// None: the connection is closed.
    Close,
    /// None: the connection stays open, and nothing comes until the service ends.
    Silence,
    /// Status 502 with a page of HTML, as from a proxy.
    Html,
    /// 200 with a page of HTML.
    HtmlOk,
    /// 200 with an empty body.
    Empty,
    /// The error as an array of one element; needs `status`.
    Array,
    /// 307 to `location`.
    Redirect,
    /// The usual one, cut: the body is announced in full and ends early.
    Cut,
    /// The usual one, cut, without any announced length: the end of the connection is all there is.
    CutUnannounced,
    /// The usual one up to a point, then nothing while the connection stays open.
    Stall,
    /// A 200 whose name is no name: `../../x`.
    BadName,
}

impl Fault {
    /// A fault that does nothing yet, on every call of this kind.
    pub fn on(call: Call) -> Self {
        Fault {
            on: call,
            nth: None,
            times: None,
            delay: Span::ZERO,
            processed: false,
            answer: Answer::Usual,
            status: None,
            message: None,
            retry_delay: None,
            per_day: false,
            location: None,
            after_bytes: None,
        }
    }

    /// An error with this HTTP status in place of the usual answer.
    pub fn status(call: Call, status: u16) -> Self {
        Fault { status: Some(status), ..Fault::on(call) }
    }

    /// The service does what was asked, and the answer is lost.
    pub fn lost_answer(call: Call) -> Self {
        Fault { processed: true, answer: Answer::Close, ..Fault::on(call) }
    }

    /// The same fault on the `nth` call alone.
    pub fn nth(self, nth: u64) -> Self {
        Fault { nth: Some(nth), ..self }
    }

    /// Whether it applies to this occurrence, counted from 1.
    pub fn applies(&self, call: Call, occurrence: u64) -> bool {
        if self.on != call {
            return false;
        }
        match (self.nth, self.times) {
            (None, None) => true,
            (nth, times) => {
                let first = nth.unwrap_or(1);
                let behind = first.saturating_add(times.unwrap_or(1));
                (first..behind).contains(&occurrence)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_knows_its_turn() {
        let applies = |fault: &Fault| -> Vec<u64> { (1..=6).filter(|n| fault.applies(Call::Create, *n)).collect() };
        let fault = Fault::lost_answer(Call::Create);
        assert_eq!(applies(&fault), [1, 2, 3, 4, 5, 6]);
        assert_eq!(applies(&fault.clone().nth(2)), [2]);
        assert_eq!(applies(&Fault { times: Some(2), ..fault.clone().nth(4) }), [4, 5]);
        assert_eq!(applies(&Fault { times: Some(3), ..fault.clone() }), [1, 2, 3]);
        assert!(applies(&Fault::status(Call::List, 503)).is_empty());
    }
}
