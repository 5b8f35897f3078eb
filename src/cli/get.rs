//! `get`: one job, for people, for scripts, or as the service sends it.

use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;

use super::args::Get;
use super::console::Console;
use super::json;
use crate::clock::since;
use crate::failure::{Exit, Failure};
use crate::job::{Dest, Job, JobKind, JobName, Source};
use crate::ops::{self, Session, Transition};
use crate::text;

/// Output files live so long at the service.
const FILE_LIFE: Duration = Duration::from_secs(48 * 3600);

/// Shows one job.
pub async fn run(session: &Session, console: &Console, arguments: &Get) -> Result<Exit, Failure> {
    let name = ops::find(session, &arguments.job).await?;
    let fetched = ops::get(session, &name).await?;
    let job = &fetched.value;
    if arguments.raw && job.dest == Some(Dest::Inline) && console.width().is_none() {
        // A script gets all of it; on a terminal, audio in base64 would only push the rest off the screen.
        pass_on(session, console, &name).await?;
    } else if arguments.raw {
        console.json_pretty(&fetched.raw);
    } else if arguments.json {
        console.json(&json::job(job, &session.profile));
    } else {
        let now = fetched.server_time.unwrap_or_else(|| session.clock.now());
        let is_cancelling = !job.state.is_terminal() && ops::asked_to_cancel(session).contains(&name);
        let state = if is_cancelling { "CANCELLING" } else { job.state.word() };
        console.result(&describe(job, state, &ops::transitions_of(session, &name), now));
    }
    Ok(Exit::Ok)
}

/// Passes the service's answer on piece by piece; a character may be cut between two of them.
async fn pass_on(session: &Session, console: &Console, name: &JobName) -> Result<(), Failure> {
    let mut body = ops::get_whole(session, name).await?.body;
    let mut rest: Vec<u8> = Vec::new();
    while let Some(piece) = body.next().await {
        rest.extend_from_slice(&piece?);
        let (text, cut) = match std::str::from_utf8(&rest) {
            Ok(text) => (text, Vec::new()),
            Err(error) if error.error_len().is_none() => {
                let (whole, cut) = rest.split_at(error.valid_up_to());
                (std::str::from_utf8(whole).expect("valid up to here"), cut.to_vec())
            }
            Err(_) => return Err(Failure::new(format!("{name}: the answer is not UTF-8"))),
        };
        console.json_piece(text);
        rest = cut;
    }
    console.json_piece("\n");
    Ok(())
}

/// Every field that is known, one a line, and the recorded timeline.
fn describe(job: &Job, state: &str, timeline: &[Transition], now: Timestamp) -> String {
    let at = |time: Option<Timestamp>| time.map(|time| moment(time, now));
    let source = job.source.as_ref().map(|source| match source {
        Source::File(file) => file.to_string(),
        Source::Inline => "inline".to_owned(),
    });
    let dest = job.dest.as_ref().map(|dest| match dest {
        Dest::File(file) => file.to_string(),
        Dest::Inline => "inline".to_owned(),
    });
    let kind = match job.kind {
        JobKind::GenerateContent => "generateContent",
        JobKind::EmbedContent => "embedContent",
    };
    let requests = job.counts.map(|counts| {
        let [requests, ok, failed, pending] =
            [counts.requests, counts.succeeded, counts.failed, counts.pending].map(text::thousands);
        format!("{requests}: {ok} ok, {failed} failed, {pending} pending")
    });
    let fields = [
        ("Job", Some(job.name.to_string())),
        ("Name", job.display_name.as_ref().map(|_| text::clean(job.title()))),
        ("State", Some(text::clean(state))),
        ("Error", job.error.as_ref().map(|error| format!("{} (code {})", text::clean(&error.message), error.code))),
        ("Requests", Some(requests.unwrap_or_else(|| "unknown: the service sent no counts".to_owned()))),
        ("Model", job.model.as_deref().map(text::clean)),
        ("Kind", Some(kind.to_owned())),
        ("Created", at(job.create_time)),
        ("Updated", at(job.update_time)),
        ("Ended", at(job.end_time)),
        ("Took", job.create_time.zip(job.end_time).map(|(created, ended)| text::age(since(created, ended)))),
        ("Input", source),
        ("Results", dest),
        ("Kept until", kept_until(job).map(|until| format!("{} at the latest", minutes(until)))),
    ];
    let mut lines: Vec<String> =
        fields.iter().filter_map(|(title, value)| Some(format!("{title:<12}{}", value.as_ref()?))).collect();
    for (at, transition) in timeline.iter().enumerate() {
        let title = if at == 0 { "Timeline" } else { "" };
        lines.push(format!("{title:<12}{}  {}", minutes(transition.at), text::clean(transition.to.word())));
    }
    lines.join("\n")
}

/// When the service drops the results. An estimate: it does not say it for output files.
fn kept_until(job: &Job) -> Option<Timestamp> {
    match job.dest.as_ref()? {
        Dest::File(_) => job.end_time?.checked_add(FILE_LIFE).ok(),
        Dest::Inline => None,
    }
}

fn moment(time: Timestamp, now: Timestamp) -> String {
    format!("{}  ({})", minutes(time), text::ago(since(time, now)))
}

/// By the clock of the service, which is UTC.
fn minutes(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Counts, FileName, JobState};

    #[test]
    fn a_description_has_every_field_that_is_known_and_no_other() {
        let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let mut job = Job {
            name: JobName::parse("batches/abc").unwrap(),
            display_name: Some("ch\u{1b}[31m01".into()),
            kind: JobKind::GenerateContent,
            model: Some("models/gemini-2.5-pro-preview-tts".into()),
            state: JobState::Succeeded,
            counts: Some(Counts { requests: 1268, succeeded: 1266, failed: 2, pending: 0 }),
            create_time: time("2026-07-02T14:40:59.019821594Z"),
            update_time: None,
            end_time: time("2026-07-02T16:41:31Z"),
            source: FileName::parse("files/in").map(Source::File),
            dest: FileName::parse("files/batch-abc").map(Dest::File),
            error: None,
        };
        let now = time("2026-07-02T17:41:31Z").unwrap();
        let seen = |to: JobState, at| Transition { job: job.name.clone(), from: None, to, at };
        let timeline = [seen(JobState::Pending, job.create_time.unwrap()), seen(JobState::Succeeded, now)];
        assert_eq!(
            describe(&job, "SUCCEEDED", &timeline, now),
            "Job         batches/abc\n\
             Name        ch␛[31m01\n\
             State       SUCCEEDED\n\
             Requests    1 268: 1 266 ok, 2 failed, 0 pending\n\
             Model       models/gemini-2.5-pro-preview-tts\n\
             Kind        generateContent\n\
             Created     2026-07-02 14:40:59 UTC  (3 h 00 ago)\n\
             Ended       2026-07-02 16:41:31 UTC  (1 h 00 ago)\n\
             Took        2 h 00\n\
             Input       files/in\n\
             Results     files/batch-abc\n\
             Kept until  2026-07-04 16:41:31 UTC at the latest\n\
             Timeline    2026-07-02 14:40:59 UTC  PENDING\n\
             \u{20}           2026-07-02 17:41:31 UTC  SUCCEEDED"
        );
        job.counts = None;
        job.dest = Some(Dest::Inline);
        let text = describe(&job, "RUNNING", &[], now);
        assert!(text.contains("Requests    unknown: the service sent no counts"), "{text}");
        assert!(!text.contains("Kept until") && !text.contains("Timeline"), "{text}");
    }
}
