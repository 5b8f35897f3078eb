//! What is wrong with a take, and what to change before its request is sent again. Pure.
//!
//! A change needs a reason that is known of the service; without one the same request is sent again, which is another
//! draw. One thing is changed at a time, so that it can be told what helped.

use serde_json::{Value, json};

use crate::audio::Verdict;
use crate::money::Generation;

/// At and below this temperature the older models are known to give no audio.
const FAILING_TEMPERATURE: f64 = 0.4;

/// The default of these models.
const USUAL_TEMPERATURE: u64 = 1;

/// Audio is known to be cut more often beyond so many seconds.
const LONG_SECONDS: f64 = 60.0;

/// Why a key is taken again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The results say nothing about it.
    Missing,
    /// What is thought of its result; `ok` when a person chose it all the same.
    Verdict(Verdict),
}

impl Wrong {
    /// `missing`, or the word of the verdict.
    pub fn word(self) -> &'static str {
        match self {
            Wrong::Missing => "missing",
            Wrong::Verdict(verdict) => verdict.as_str(),
        }
    }
}

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Nothing: the same request is drawn again.
    Again,
    /// The temperature leaves the range that fails.
    Temperature,
    /// Nothing, though splitting the text would help more.
    Split,
}

impl What {
    /// `again`, `temperature`, `split`.
    pub fn word(self) -> &'static str {
        match self {
            What::Again => "again",
            What::Temperature => "temperature",
            What::Split => "split",
        }
    }
}

/// What is changed in a request before it is sent again, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What.
    pub what: What,
    /// The setting as it was; `None` when nothing is changed.
    pub before: Option<String>,
    /// The setting as it is sent.
    pub after: Option<String>,
    /// One sentence.
    pub reason: &'static str,
}

/// What is known about a take that went wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    pub(super) wrong: Wrong,
    /// As the service spells it.
    pub(super) finish_reason: Option<&'a str>,
    pub(super) generation: Generation,
    /// How long its text is expected to be, at the most.
    pub(super) seconds: f64,
}

/// Changes a request as far as there is a reason to, and says what was done.
pub(super) fn change(case: Case<'_>, request: &mut Value) -> Change {
    if may_be_too_cold(case)
        && let Some(temperature) = temperature(request).filter(|temperature| *temperature <= FAILING_TEMPERATURE)
    {
        request["generationConfig"]["temperature"] = json!(USUAL_TEMPERATURE);
        return Change {
            what: What::Temperature,
            before: Some(format!("temperature {temperature}")),
            after: Some(format!("temperature {USUAL_TEMPERATURE}")),
            reason: "At 0.4 and below these models often fail; 1 is their default.",
        };
    }
    let unchanged = |what, reason| Change { what, before: None, after: None, reason };
    if let Some(reason) = should_be_split(case) {
        return unchanged(What::Split, reason);
    }
    unchanged(What::Again, why_again(case.wrong))
}

fn may_be_too_cold(case: Case<'_>) -> bool {
    let is_older = match case.generation {
        Generation::V2_5 | Generation::V3_1 => true,
        Generation::V3_8 | Generation::Unknown => false,
    };
    let fits = match case.wrong {
        Wrong::Verdict(Verdict::Empty | Verdict::Silent | Verdict::Runaway | Verdict::Noise) => true,
        Wrong::Missing
        | Wrong::Verdict(
            Verdict::Ok
            | Verdict::Quiet
            | Verdict::Clipped
            | Verdict::Truncated
            | Verdict::WrongFormat
            | Verdict::Refused
            | Verdict::Error,
        ) => false,
    };
    is_older && fits
}

/// The temperature of a request. A number may come as text, as everywhere in this JSON.
fn temperature(request: &Value) -> Option<f64> {
    let temperature = request.get("generationConfig")?.get("temperature")?;
    temperature.as_f64().or_else(|| temperature.as_str()?.parse().ok())
}

fn should_be_split(case: Case<'_>) -> Option<&'static str> {
    match (case.wrong, case.finish_reason) {
        (Wrong::Verdict(Verdict::Truncated), Some("MAX_TOKENS")) => {
            Some("It was cut at the model's limit, as the same text may be again; two shorter texts would not be.")
        }
        (Wrong::Verdict(Verdict::Truncated | Verdict::Empty), _) if case.seconds > LONG_SECONDS => {
            Some("Audio beyond about a minute is cut or left out more often; two shorter texts would be safer.")
        }
        _ => None,
    }
}

fn why_again(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Missing => "The results have no line for it.",
        Wrong::Verdict(Verdict::Ok) => "You chose it.",
        Wrong::Verdict(Verdict::Error) => "The service failed, as it does now and then; another try mostly succeeds.",
        Wrong::Verdict(Verdict::Refused) => "The service refused it, and may refuse the same words again.",
        Wrong::Verdict(Verdict::WrongFormat) => "It came in a format that cannot be saved; another try may not.",
        Wrong::Verdict(
            Verdict::Empty
            | Verdict::Silent
            | Verdict::Quiet
            | Verdict::Clipped
            | Verdict::Truncated
            | Verdict::Runaway
            | Verdict::Noise,
        ) => "The same request sounds different each time it is drawn.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_follows_from_the_verdict_and_the_request() {
        use Generation::{Unknown, V2_5, V3_1, V3_8};
        let warmer = "temperature: temperature 0.2 → temperature 1";
        let table = [
            (Wrong::Verdict(Verdict::Empty), Some("OTHER"), V3_1, json!(0.2), 5.0, warmer),
            (Wrong::Verdict(Verdict::Empty), Some("OTHER"), V2_5, json!("0.2"), 5.0, warmer),
            (Wrong::Verdict(Verdict::Silent), None, V3_1, json!(0.2), 5.0, warmer),
            (Wrong::Verdict(Verdict::Runaway), None, V3_1, json!(0.2), 90.0, warmer),
            (
                Wrong::Verdict(Verdict::Noise),
                None,
                V3_1,
                json!(0.4),
                5.0,
                "temperature: temperature 0.4 → temperature 1",
            ),
            (Wrong::Verdict(Verdict::Noise), None, V3_1, json!(0.41), 5.0, "again"),
            (Wrong::Verdict(Verdict::Empty), None, V3_1, json!(null), 5.0, "again"),
            (Wrong::Verdict(Verdict::Empty), None, V3_8, json!(0.2), 5.0, "again"),
            (Wrong::Verdict(Verdict::Empty), None, Unknown, json!(0.2), 5.0, "again"),
            (Wrong::Verdict(Verdict::Error), None, V3_1, json!(0.2), 90.0, "again"),
            (Wrong::Verdict(Verdict::Quiet), None, V3_1, json!(0.2), 5.0, "again"),
            (Wrong::Verdict(Verdict::Clipped), None, V3_1, json!(0.2), 5.0, "again"),
            (Wrong::Verdict(Verdict::Refused), None, V3_1, json!(0.2), 5.0, "again"),
            (Wrong::Verdict(Verdict::WrongFormat), None, V3_1, json!(0.2), 5.0, "again"),
            (Wrong::Verdict(Verdict::Ok), None, V3_1, json!(0.2), 90.0, "again"),
            (Wrong::Verdict(Verdict::Truncated), Some("MAX_TOKENS"), V3_1, json!(0.2), 5.0, "split"),
            (Wrong::Verdict(Verdict::Truncated), Some("STOP"), V3_1, json!(0.2), 61.0, "split"),
            (Wrong::Verdict(Verdict::Truncated), Some("STOP"), V3_1, json!(0.2), 5.0, "again"),
            (Wrong::Verdict(Verdict::Empty), Some("OTHER"), V3_1, json!(1), 61.0, "split"),
            (Wrong::Missing, None, V3_1, json!(0.2), 90.0, "again"),
        ];
        for (wrong, finish_reason, generation, temperature, seconds, expected) in table {
            let before = json!({ "generationConfig": { "temperature": temperature, "topP": 0.9 } });
            let mut request = before.clone();
            let case = Case { wrong, finish_reason, generation, seconds };
            let Change { what, before: was, after: is, reason } = change(case, &mut request);
            let told = match (was, is) {
                (Some(was), Some(is)) => format!("{}: {was} → {is}", what.word()),
                _ => what.word().to_owned(),
            };
            assert_eq!(told, expected, "{case:?}");
            assert_eq!(request == before, what != What::Temperature, "{request}");
            assert!(reason.ends_with('.'), "{reason}");
        }
    }

    #[test]
    fn a_request_without_settings_is_left_alone() {
        let mut request = json!({ "contents": [] });
        let wrong = Wrong::Verdict(Verdict::Empty);
        let case = Case { wrong, finish_reason: None, generation: Generation::V3_1, seconds: 1.0 };
        assert_eq!(change(case, &mut request).what, What::Again);
        assert_eq!(request, json!({ "contents": [] }));
    }
}
