//! A job: an Operation as the service sends it, and the flatter shapes that SDKs and gateways make of it.

use serde_json::Value;

use super::Object;
use crate::job::{Counts, Dest, FileName, Job, JobError, JobKind, JobName, JobState, Source};
use crate::text::clean_short;

/// How much of a job the answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// One element of a list, which may leave things out.
    Listed,
    /// The answer to a get or a create: what is absent there is absent.
    Whole,
}

/// Reads a job; `None` when it has no name that could be asked for again.
pub fn job(value: &Value, seen: Seen) -> Option<Job> {
    let operation = Object::of(value)?;
    let metadata = operation.object("metadata").unwrap_or(operation);
    let name = [operation, metadata].iter().find_map(|place| JobName::parse(place.raw_text("name")?))?;
    let dest = dest(operation, metadata);
    let error = operation.get("error").or_else(|| metadata.get("error")).and_then(job_error);
    Some(Job {
        name,
        display_name: metadata.text("displayName"),
        kind: kind(operation, metadata),
        model: metadata.text("model"),
        state: state(operation, metadata, error.as_ref()),
        counts: metadata.object("batchStats").and_then(counts),
        create_time: metadata.time("createTime"),
        update_time: metadata.time("updateTime"),
        end_time: metadata.time("endTime"),
        source: source(metadata, dest.as_ref(), seen),
        dest,
        error,
    })
}

/// The package in the type's name is `v1main` today; only its last word is sure.
fn kind(operation: Object<'_>, metadata: Object<'_>) -> JobKind {
    let response = operation.object("response");
    let types = [metadata.raw_text("@type"), response.and_then(|response| response.raw_text("@type"))];
    let is_embedding = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name);
        last.starts_with("EmbedContentBatch") || last.starts_with("AsyncBatchEmbedContent")
    };
    match types.into_iter().flatten().any(is_embedding) {
        true => JobKind::EmbedContent,
        false => JobKind::GenerateContent,
    }
}

fn state(operation: Object<'_>, metadata: Object<'_>, error: Option<&JobError>) -> JobState {
    if let Some(state) = metadata.raw_text("state").or_else(|| operation.raw_text("state")) {
        return JobState::from_wire(&clean_short(state, 64));
    }
    // Without a state, an operation still says whether it is over. Code 1 of gRPC is CANCELLED.
    let is_done = operation.get("done").and_then(Value::as_bool).unwrap_or(false);
    match (is_done, error) {
        (true, Some(error)) if error.code == 1 => JobState::Cancelled,
        (true, Some(_)) => JobState::Failed,
        (true, None) if operation.get("response").is_some() => JobState::Succeeded,
        (true, None) | (false, _) => JobState::from_wire("BATCH_STATE_UNSPECIFIED"),
    }
}

/// Zero counts are left out by the service, so an absent one is zero; but a job without requests does not exist.
fn counts(stats: Object<'_>) -> Option<Counts> {
    let count = |name| stats.number(name).unwrap_or(0);
    let requests = stats.number("requestCount").filter(|count| *count > 0)?;
    Some(Counts {
        requests,
        succeeded: count("successfulRequestCount"),
        failed: count("failedRequestCount"),
        pending: count("pendingRequestCount"),
    })
}

/// Real answers hold the output twice, in `metadata.output` and directly in `response`; the schema has it in
/// `response.output`, SDKs in `dest`.
fn dest(operation: Object<'_>, metadata: Object<'_>) -> Option<Dest> {
    let response = operation.object("response");
    let places = [
        metadata.object("output"),
        response,
        response.and_then(|response| response.object("output")),
        operation.object("dest"),
        metadata.object("dest"),
    ];
    let in_place = |place: Object<'_>| {
        let file = ["responsesFile", "fileName"].iter().find_map(|name| FileName::parse(place.raw_text(name)?));
        let is_inline = ["inlinedResponses", "inlinedEmbedContentResponses"]
            .iter()
            .any(|name| place.get(name).is_some_and(|inline| inline.is_object() || inline.is_array()));
        file.map(Dest::File).or(is_inline.then_some(Dest::Inline))
    };
    places.into_iter().flatten().find_map(in_place)
}

/// `inputConfig` is echoed for file jobs alone. A list may leave it out for other reasons, so there its absence says
/// nothing.
fn source(metadata: Object<'_>, dest: Option<&Dest>, seen: Seen) -> Option<Source> {
    let input = ["inputConfig", "src"].iter().find_map(|name| metadata.object(name));
    if let Some(input) = input {
        if let Some(file) = input.raw_text("fileName").and_then(FileName::parse) {
            return Some(Source::File(file));
        }
        if input.get("requests").is_some() || input.get("inlinedRequests").is_some() {
            return Some(Source::Inline);
        }
    }
    match (dest, seen) {
        (Some(Dest::Inline), _) => Some(Source::Inline),
        (_, Seen::Whole) if input.is_none() => Some(Source::Inline),
        (Some(Dest::File(_)) | None, Seen::Whole | Seen::Listed) => None,
    }
}

fn job_error(value: &Value) -> Option<JobError> {
    let unknown = 2;
    if let Some(text) = value.as_str() {
        return Some(JobError { code: unknown, message: clean_short(text.trim(), 1024) });
    }
    let error = Object::of(value)?;
    let code = error.get("code").and_then(Value::as_i64).and_then(|code| i32::try_from(code).ok());
    Some(JobError { code: code.unwrap_or(unknown), message: error.text("message").unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn whole(value: Value) -> Job {
        job(&value, Seen::Whole).unwrap()
    }

    #[test]
    fn output_is_found_in_every_place_it_was_seen() {
        let file = Some(Dest::File(FileName::parse("files/batch-x").unwrap()));
        let table = [
            (json!({"metadata": {"output": {"responsesFile": "files/batch-x"}}}), file.clone()),
            (json!({"response": {"responsesFile": "files/batch-x"}}), file.clone()),
            (json!({"response": {"output": {"responses_file": "files/batch-x"}}}), file.clone()),
            (json!({"state": "JOB_STATE_SUCCEEDED", "dest": {"fileName": "files/batch-x"}}), file.clone()),
            (json!({"state": "JOB_STATE_SUCCEEDED", "dest": {"file_name": "files/batch-x"}}), file),
            (json!({"response": {"inlinedResponses": {"inlinedResponses": []}}}), Some(Dest::Inline)),
            (json!({"dest": {"inlined_responses": []}}), Some(Dest::Inline)),
            (json!({"response": {"responsesFile": "files/../../etc/passwd"}}), None),
            (json!({"response": {}}), None),
        ];
        for (mut value, expected) in table {
            value["name"] = json!("batches/x");
            assert_eq!(whole(value.clone()).dest, expected, "{value}");
        }
    }

    #[test]
    fn an_unknown_source_stays_unknown_until_the_job_was_asked_for() {
        let bare = json!({"name": "batches/x", "metadata": {"state": "BATCH_STATE_RUNNING"}});
        assert_eq!(job(&bare, Seen::Listed).unwrap().source, None);
        assert_eq!(job(&bare, Seen::Whole).unwrap().source, Some(Source::Inline));
        let odd = json!({"name": "batches/x", "metadata": {"inputConfig": {"gcsUri": "gs://x"}}});
        assert_eq!(whole(odd).source, None);
        let listed = json!({"name": "batches/x", "metadata": {"output": {"inlinedResponses": {}}}});
        assert_eq!(job(&listed, Seen::Listed).unwrap().source, Some(Source::Inline));
    }

    #[test]
    fn unknown_counts_are_not_zero() {
        let counts = |stats: Value| whole(json!({"name": "batches/x", "metadata": {"batchStats": stats}})).counts;
        assert_eq!(counts(json!({})), None);
        assert_eq!(counts(json!({"requestCount": "0", "successfulRequestCount": "0"})), None);
        assert_eq!(counts(json!({"failedRequestCount": "1"})), None);
        assert_eq!(
            counts(json!({"request_count": 5, "failedRequestCount": "2"})),
            Some(Counts { requests: 5, succeeded: 0, failed: 2, pending: 0 })
        );
    }

    #[test]
    fn a_job_without_a_state_is_judged_by_how_the_operation_ended() {
        let word = |value: Value| whole(value).state.word().to_owned();
        let name = "batches/x";
        assert_eq!(word(json!({"name": name, "done": true, "response": {}})), "SUCCEEDED");
        assert_eq!(word(json!({"name": name, "done": true, "error": {"code": 1}})), "CANCELLED");
        assert_eq!(word(json!({"name": name, "done": true, "error": "boom"})), "FAILED");
        assert_eq!(word(json!({"name": name})), "UNSPECIFIED");
        assert_eq!(word(json!({"name": name, "state": "ODD\u{1b}[2J"})), "ODD␛[2J");
    }

    proptest::proptest! {
        #[test]
        fn any_text_may_be_a_state(text in "\\PC*|(BATCH|JOB)_STATE_[A-Z]{0,12}") {
            let seen = whole(json!({"name": "batches/x", "metadata": {"state": text.clone()}}));
            let bare = whole(json!({"name": "batches/x", "state": text.clone()}));
            // Absent and empty are the same, and both say nothing.
            let (word, prefixes) = (seen.state.word(), ["BATCH_STATE_", "JOB_STATE_"]);
            let short = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(&text);
            let known = ["SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"].contains(&short) && short != text;
            proptest::prop_assert_eq!(seen.state.is_terminal(), known);
            proptest::prop_assert_eq!(&seen.state, &bare.state);
            let shown = clean_short(short, 64);
            proptest::prop_assert!(text.is_empty() || word.starts_with(shown.trim_end_matches('…').get(..8).unwrap_or("")), "{}", word);
        }
    }

    #[test]
    fn a_name_that_is_no_name_makes_no_job() {
        for name in ["../../x", "batches/../x", "", "operations/x", "batches/a?key=b"] {
            assert_eq!(job(&json!({"name": name, "metadata": {}}), Seen::Whole), None, "{name}");
        }
        let inner = json!({"name": "operations/1", "metadata": {"name": "batches/x"}});
        assert_eq!(whole(inner).name.as_str(), "batches/x");
    }

    #[test]
    fn text_of_others_is_cleaned_when_it_enters() {
        let hostile = "a\u{1b}]0;x\u{7}\u{202e}b";
        let value = json!({"name": "batches/x", "error": {"code": 13, "message": hostile},
            "metadata": {"displayName": hostile, "model": hostile}});
        let job = whole(value);
        let texts = [job.display_name.unwrap(), job.model.unwrap(), job.error.unwrap().message];
        for text in texts {
            assert_eq!(text, "a␛]0;x␇⟨U+202E⟩b");
        }
    }
}
