//! `files`: what the Files API stores, and deleting it.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use super::args::Report;
use super::choose::{self, AT_ONCE};
use super::consent::{self, Answer};
use super::console::Console;
use super::json;
use super::table::{Column, Fit, table};
use crate::api::StoredFile;
use crate::clock::{Timestamp, since};
use crate::failure::{Exit, Failure};
use crate::job::FileName;
use crate::ops::{self, Session};
use crate::text;

const COLUMNS: [Column; 6] = [
    Column { title: "FILE", fit: Fit::Cut(24) },
    Column { title: "NAME", fit: Fit::Cut(12) },
    Column { title: "SIZE", fit: Fit::Right },
    Column { title: "STATE", fit: Fit::Whole },
    Column { title: "AGE", fit: Fit::Right },
    Column { title: "EXPIRES", fit: Fit::Whole },
];

/// Lists every page.
pub async fn list(session: &Session, console: &Console, report: Report) -> Result<Exit, Failure> {
    let files = ops::list_files(session).await?;
    if report.json {
        files.iter().for_each(|file| console.json(&json::file(file, &session.profile)));
        return Ok(Exit::Ok);
    }
    if files.is_empty() {
        console.talk("no files");
        return Ok(Exit::Ok);
    }
    let now = session.clock.now();
    let rows: Vec<Vec<String>> = files.iter().map(|file| row(file, now)).collect();
    console.result(&table(&COLUMNS, &rows, console.width()));
    let size = StoredFile::total_size(&files);
    console.talk(&format!("{}, {}", text::count(files.len() as u64, "file"), text::bytes(size)));
    Ok(Exit::Ok)
}

/// Deletes. A failure of one file does not keep the others from being deleted.
pub async fn delete(
    session: &Session,
    console: &Console,
    words: &[String],
    yes: bool,
    as_json: bool,
) -> Result<Exit, Failure> {
    if !yes {
        consent::must_be_able_to_ask(console, "files delete")?;
    }
    let mut names: Vec<FileName> = Vec::with_capacity(words.len());
    for word in words {
        let name = FileName::parse_loose(word).ok_or_else(|| {
            Failure::with_exit(Exit::Usage, format!("{} is no file name", text::clean_short(word, 80)))
        })?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let look = |name: FileName| async move { ops::stored_file(session, &name).await.map(|file| (name, file)) };
    let seen: Vec<(FileName, Option<StoredFile>)> = match yes {
        // Nobody was shown anything.
        true => names.into_iter().map(|name| (name, None)).collect(),
        false => stream::iter(names).map(look).buffered(AT_ONCE).try_collect().await?,
    };
    if !yes && !agreed(console, &seen).await? {
        return Err(Failure::new("nothing was deleted"));
    }
    let delete = |(name, shown): (FileName, Option<StoredFile>)| async move {
        let deleted = match &shown {
            Some(shown) => ops::delete_seen_file(session, shown).await,
            None => ops::delete_file(session, &name).await,
        };
        deleted.map(|()| name)
    };
    let mut outcomes = stream::iter(seen).map(delete).buffer_unordered(AT_ONCE);
    let mut failures = Vec::new();
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok(name) if as_json => console.json(&json!({ "name": name.as_str(), "outcome": "deleted" })),
            Ok(name) => console.result(&format!("deleted {name}")),
            Err(failure) => {
                console.failure(&failure);
                failures.push(failure);
            }
        }
    }
    Ok(choose::first_failure(failures))
}

async fn agreed(console: &Console, seen: &[(FileName, Option<StoredFile>)]) -> Result<bool, Failure> {
    for (name, file) in seen {
        let facts = file.as_ref().map_or_else(|| "is gone already".to_owned(), facts);
        console.talk(&format!("  {name}  {facts}"));
    }
    match seen.len() {
        1 => consent::ask(console, "Delete this file?", Answer::Yes).await,
        n_files => {
            let question = format!("Delete these {}?", text::count(n_files as u64, "file"));
            consent::ask(console, &question, Answer::Count(n_files)).await
        }
    }
}

/// What tells a file from others: its display name, its state, its size.
fn facts(file: &StoredFile) -> String {
    let name = file.display_name.as_deref().map(|name| text::clean_short(name, 60));
    let state = file.state.as_deref().map(|state| text::clean_short(state, 16));
    [name, state, file.size_bytes.map(text::bytes)].into_iter().flatten().collect::<Vec<_>>().join("  ")
}

fn row(file: &StoredFile, now: Timestamp) -> Vec<String> {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let expires = file.expiration_time.map(|time| match time > now {
        true => format!("in {}", text::age(since(now, time))),
        false => text::ago(since(time, now)),
    });
    vec![
        file.name.to_string(),
        or_dash(file.display_name.as_deref().map(text::clean)),
        or_dash(file.size_bytes.map(text::bytes)),
        or_dash(file.state.as_deref().map(text::clean)),
        or_dash(file.create_time.map(|time| text::age(since(time, now)))),
        or_dash(expires),
    ]
}
