//! `lint`: the checks of `create`. No key, no network, no state folder; nothing is sent or written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::args::Lint;
use super::console::Console;
use super::create::changes;
use super::json;
use crate::clock::Clock;
use crate::failure::{Exit, Failure};
use crate::money::Catalog;
use crate::ops::Progress;
use crate::request::{Finding, Settings};
use crate::script::{self, Options, Sample};
use crate::text;

/// How often the line that tells how far it is may change.
const REDRAW: Duration = Duration::from_millis(200);

/// Reads the sources on a thread of its own and tells each finding as it comes.
pub async fn run(
    console: &Arc<Console>,
    arguments: &Lint,
    catalog: Arc<Catalog>,
    clock: &Clock,
) -> Result<Exit, Failure> {
    let chosen = &arguments.sources;
    let mut settings = Settings::for_catalog(&catalog);
    settings.model = chosen.model.clone().unwrap_or(settings.model);
    settings.voice = chosen.voice.clone();
    settings.language = chosen.language.clone();
    settings.style = chosen.reading.style.clone();
    let today = clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut options = Options::new(settings, catalog, today);
    options.reading = chosen.reading.options();
    options.sample = chosen.sample.and_then(Sample::first);
    options.fixes = chosen.fixes.clone().unwrap_or_default();

    let _stop = StopOnDrop(options.stop.clone());
    let (sources, as_json, teller) = (chosen.sources.clone(), arguments.json, console.clone());
    let mut tell = move |finding: Finding| match as_json {
        true => teller.json(&json::finding(&finding)),
        false => teller.result(&finding.to_string()),
    };
    let progress = options.progress.clone();
    let mut reading = tokio::task::spawn_blocking(move || script::lint(&sources, &options, &mut tell));
    let mut redraw = tokio::time::interval(REDRAW);
    let read = loop {
        tokio::select! {
            read = &mut reading => break read,
            _ = redraw.tick() => {
                let progress = Progress { bytes: progress.read(), of: progress.total(), ..Progress::default() };
                console.progress("checking", progress);
            }
        }
    };
    console.end_progress();
    let prepared = match read {
        Ok(prepared) => prepared.map_err(|error| error.failure())?,
        Err(_) => return Err(Failure::new("internal error: the check came to a sudden end")),
    };
    console.talk(&format!(
        "{}{}: {}, {}",
        text::count(prepared.n_requests, "good request"),
        changes(prepared.n_split, prepared.n_pronounced, prepared.n_fixed),
        text::count(prepared.n_errors, "error"),
        text::count(prepared.n_warnings, "warning")
    ));
    if !prepared.fixable.is_empty() {
        console.talk(&format!("what is found by these rules can be fixed in what is sent: --fix {}", prepared.fixable));
    }
    Ok(if prepared.has_errors() { Exit::Failed } else { Exit::Ok })
}

/// Ends the reading when nobody waits for it any more, so that Ctrl-C ends the check of a pipe that never ends.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
