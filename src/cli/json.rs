//! The JSON that scripts read: one object a line, fields in the order of the contract, numbers as numbers.
//!
//! | command | one object for every | fields |
//! |---|---|---|
//! | `list`, `get` | job | those of a job |
//! | `create` | job | those of a job, `outcome` (`confirmed`, `adopted`) |
//! | `create`, answer lost | create | [`unconfirmed`] |
//! | `create --dry-run` | plan | [`plan`] |
//! | `create` of several jobs | job, then campaign | what `create` has, `campaign`, `part`; then those of `campaigns` |
//! | `campaigns`, its verbs | campaign | `campaign`, `state`, `reason`, `submitted`, `waiting`, `parts`, and more |
//! | `retake` | key | [`take`]; then, unless `--dry-run`, what `create` has |
//! | `lint` | finding | [`finding`] |
//! | `cancel` | job | those of a job, `outcome` (`cancelled`, `already-over`, `ended-otherwise`) |
//! | `delete` | job | those of a job as it was, `outcome` (`deleted`) |
//! | `delete TOKEN` | create | [`unconfirmed`], `outcome` (`given-up`) |
//! | `wait` | transition | those of a job, `previousState`, `transitionTime` |
//! | `save` | result | `key`, `file`, `status`, `verdict`, `job`, `line`, as in the manifest, which has the rest |
//! | `verify` | folder | `folder`, `right`, `bytes`, `different` (`key`, `file`, `line`, `difference`), `withoutFile`, `unreadableLines` |
//! | `files list` | file | [`file`] |
//! | `files delete` | file | `name`, `outcome` (`deleted`) |
//! | `doctor` | check | `check`, `status` (`ok`, `note`, `problem`), `detail` |
//! | `doctor` | create whose outcome is open | `token`, `state` (`UNKNOWN`), `displayName`, `createTime` |
//! | `spend` | day and model; then the sum | [`outlay`] |
//! | `models`, `voices` | model, voice | what is known of it |
//!
//! What fails has no object: the message is on standard error, and the exit code tells.
//!
//! Pure.

use serde_json::{Value, json};

use crate::api::StoredFile;
use crate::job::{Job, split_token};
use crate::money::{Date, OverCap};
use crate::ops::{Outlay, Plan, PlannedPart, Take, Transition, Unconfirmed};
use crate::request::Finding;

/// The only backend so far, as the contract spells it.
const BACKEND: &str = "gemini";

/// A job, and the profile through which it was seen.
pub fn job(job: &Job, profile: &str) -> Value {
    let mut value = job.to_json();
    // The token at the end of a name is ours, for finding a lost create again; the name is what its creator called it.
    value["displayName"] = json!(job.display_name.as_deref().map(|name| split_token(name).0));
    ours(value, profile)
}

/// A job, and how the command came out for it.
pub fn outcome(job: &Job, profile: &str, outcome: &str) -> Value {
    let mut value = self::job(job, profile);
    value["outcome"] = json!(outcome);
    value
}

/// A job that has just gone from one state to another.
pub fn transition(transition: &Transition, job: &Job, profile: &str) -> Value {
    let mut value = self::job(job, profile);
    value["previousState"] = json!(transition.from.as_ref().map(|state| state.as_str()));
    value["transitionTime"] = json!(transition.at.to_string());
    value
}

/// A create whose answer was lost. `UNKNOWN` is a word of ours; the service knows no such state.
pub fn unconfirmed(unconfirmed: &Unconfirmed, profile: &str) -> Value {
    json!({
        "name": null,
        "displayName": unconfirmed.display_name,
        "model": format!("models/{}", unconfirmed.model),
        "state": "UNKNOWN",
        "requestCount": unconfirmed.n_requests,
        "characters": unconfirmed.characters,
        "createTime": unconfirmed.at.to_string(),
        "token": unconfirmed.token,
        "backend": BACKEND,
        "profile": profile,
    })
}

/// What would be sent.
pub fn plan(plan: &Plan, profile: &str) -> Value {
    json!({
        "displayName": plan.display_name,
        "model": format!("models/{}", plan.model),
        "inline": plan.inline,
        "requestCount": plan.n_requests,
        "characters": plan.characters,
        "bytes": plan.bytes,
        "sha256": plan.sha256,
        "splitTexts": plan.n_split,
        "replacedWords": plan.n_pronounced,
        "fixedFindings": plan.n_fixed,
        "sample": plan.sample.map(|sample| sample.to_string()),
        "restOf": plan.rest_of.iter().map(|job| job.as_str()).collect::<Vec<_>>(),
        "sentBefore": plan.n_sent_before,
        "unchanged": {
            "requestCount": plan.n_unchanged,
            "isAll": plan.is_all_unchanged,
            "since": plan.unchanged.iter().map(|place| json!({
                "job": place.job.as_str(),
                "folder": place.folder.display().to_string(),
                "requestCount": place.n,
            })).collect::<Vec<_>>(),
        },
        "estimate": plan.estimate.as_ref().map(|estimate| json!({
            "seconds": [estimate.seconds.0, estimate.seconds.1],
            "dollars": estimate.dollars.map(|(low, high)| [low, high]),
            "basis": estimate.basis,
        })),
        "overCap": plan.over_cap.as_ref().map(over_cap),
        "jobs": plan.n_jobs(),
        "jobsBecause": (!plan.jobs_because.is_empty()).then_some(plan.jobs_because.as_str()),
        "parts": plan.parts.iter().zip(1..).map(|(part, number)| planned_part(part, number)).collect::<Vec<_>>(),
        "repeatOf": plan.repeat_of.as_ref().map(|name| name.as_str()),
        "repeatOfUnconfirmed": plan.repeat_unconfirmed.as_ref().map(|lost| lost.token.as_str()),
        "findings": plan.findings.iter().map(finding).collect::<Vec<_>>(),
        "backend": BACKEND,
        "profile": profile,
    })
}

/// The caps that a job would pass, in US dollars. `adds` is `null` when nobody knows the price.
fn over_cap(over: &OverCap) -> Value {
    json!({ "perJob": over.per_job, "perDay": over.per_day, "spentToday": over.spent_today, "adds": over.adds })
}

/// One of the jobs that a plan becomes.
fn planned_part(part: &PlannedPart, number: u32) -> Value {
    json!({
        "number": number,
        "requestCount": part.n_requests,
        "characters": part.characters,
        "bytes": part.bytes,
        "textTokens": part.estimate.text_tokens,
        "dollars": part.estimate.dollars.map(|(low, high)| [low, high]),
    })
}

/// A key that is taken again. `before` and `after` are `null` when its request is sent as it was.
pub fn take(take: &Take) -> Value {
    json!({
        "key": take.key,
        "verdict": take.wrong.word(),
        "change": take.change.what.word(),
        "before": take.change.before,
        "after": take.change.after,
        "reason": take.change.reason,
    })
}

/// What a day and model came to; the sum has neither. Amounts are US dollars, estimates have a low and a high end.
pub fn outlay(day_and_model: Option<(Date, Option<&str>)>, outlay: &Outlay, profile: &str) -> Value {
    // Beyond a millionth of a dollar there is nothing but the arithmetic.
    let round = |dollars: f64| (dollars * 1e6).round() / 1e6;
    let ends = |(low, high): (f64, f64)| [round(low), round(high)];
    ours(
        json!({
            "day": day_and_model.map(|(day, _)| day.to_string()),
            "model": day_and_model.and_then(|(_, model)| model).map(|model| format!("models/{model}")),
            "jobCount": outlay.jobs,
            "unpricedJobCount": outlay.unpriced,
            "promptTokens": outlay.billed.prompt_tokens,
            "audioTokens": outlay.billed.audio_tokens,
            "useful": round(outlay.useful),
            "unusable": round(outlay.unusable),
            "inFlight": ends(outlay.in_flight),
            "estimateOnly": ends(outlay.estimate_only),
        }),
        profile,
    )
}

/// A stored file, with the service's own field names.
pub fn file(file: &StoredFile, profile: &str) -> Value {
    ours(file.to_json(), profile)
}

fn ours(mut value: Value, profile: &str) -> Value {
    value["backend"] = json!(BACKEND);
    value["profile"] = json!(profile);
    value
}

/// A finding of the linter.
pub fn finding(finding: &Finding) -> Value {
    json!({
        "source": finding.source,
        "line": finding.line,
        "column": finding.column,
        "key": finding.key,
        "severity": finding.severity.as_str(),
        "rule": finding.rule,
        "message": finding.message,
        "fix": finding.fix,
        "fixed": finding.fixed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Counts, Dest, FileName, JobKind, JobName, JobState, Source};
    use crate::request::Severity;

    #[test]
    fn a_job_is_written_as_the_contract_has_it() {
        let it = Job {
            name: JobName::parse("batches/abc").unwrap(),
            display_name: Some("ch01".into()),
            kind: JobKind::GenerateContent,
            model: Some("models/gemini-3.1-flash-tts-preview".into()),
            state: JobState::Succeeded,
            counts: Some(Counts { requests: 4, succeeded: 3, failed: 1, pending: 0 }),
            create_time: Some("2026-07-02T14:40:59.019821594Z".parse().unwrap()),
            update_time: None,
            end_time: None,
            source: FileName::parse("files/9ipl31k7go00").map(Source::File),
            dest: Some(Dest::Inline),
            error: None,
        };
        assert_eq!(
            job(&it, "default").to_string(),
            r#"{"name":"batches/abc","displayName":"ch01","kind":"generateContent","model":"models/gemini-3.1-flash-tts-preview","state":"JOB_STATE_SUCCEEDED","batchStats":{"requestCount":4,"successfulRequestCount":3,"failedRequestCount":1,"pendingRequestCount":0},"createTime":"2026-07-02T14:40:59.019821594Z","updateTime":null,"endTime":null,"source":{"fileName":"files/9ipl31k7go00"},"dest":{"inline":true},"error":null,"backend":"gemini","profile":"default"}"#
        );
    }

    #[test]
    fn a_finding_has_the_fields_of_the_contract_in_their_order() {
        let it = Finding {
            source: "a.csv".into(),
            line: 9,
            column: 0,
            key: Some("welcome".into()),
            severity: Severity::Error,
            rule: "duplicate-key",
            message: "key is used twice".into(),
            fix: None,
            fixed: false,
        };
        assert_eq!(
            finding(&it).to_string(),
            r#"{"source":"a.csv","line":9,"column":0,"key":"welcome","severity":"error","rule":"duplicate-key","message":"key is used twice","fix":null,"fixed":false}"#
        );
    }
}
