//! Journals: whatever stands in one, it opens, every record that is whole is there, damage is counted, and what is
//! appended afterwards is read back.

use std::fs;
use std::path::Path;

use gemtts_tui::job::{JobName, JobState, Transition};
use gemtts_tui::store::{Error, Intent, JournalLines, SavedTo, Store, Uploaded, Verdict, Wished};
use jiff::Timestamp;
use serde_json::Value;

const JOURNALS: [&str; 6] =
    ["intents.jsonl", "transitions.jsonl", "cancels.jsonl", "saves.jsonl", "campaigns.jsonl", "ledger.jsonl"];
const TORN: u8 = 0x18;
const ORIGIN: &str = "https://generativelanguage.googleapis.com";

/// The first byte says which journal it is; the rest are its bytes, but that a line of JSON behind a `+` becomes a record
/// with its checksum, which no chance would find.
pub fn journal(bytes: &[u8]) {
    let Some((which, lines)) = bytes.split_first() else { return };
    let (mut file, mut whole) = (Vec::new(), Vec::new());
    for (at, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        if at > 0 && !file.ends_with(b"\n") {
            file.push(b'\n');
        }
        match line.strip_prefix(b"+").and_then(|json| serde_json::from_slice::<Value>(json).ok()) {
            Some(record) => {
                file.extend(JournalLines::line(&record));
                whole.push(record);
            }
            None => file.extend_from_slice(line),
        }
    }
    let read = match JournalLines::read(&file) {
        Ok(read) => read,
        // Only a record with a checksum that is right says so, and only of a version that is not ours.
        Err(version) => return assert!(version > 1),
    };
    alone(&file, &whole, &read);
    in_its_folder(JOURNALS[usize::from(*which) % JOURNALS.len()], &file, &read);
}

/// The lines by themselves.
fn alone(file: &[u8], whole: &[Value], read: &JournalLines) {
    let mut there = read.records.iter();
    for record in whole {
        assert!(there.any(|found| found == record), "{record} is lost");
    }
    // What a crash has left of a line is marked by whoever came next, and is no damage.
    let counts = |line: &&[u8]| !matches!(line.trim_ascii().last(), None | Some(&TORN));
    let n_lines = file.split(|byte| *byte == b'\n').filter(counts).count() as u64;
    let n_read = file[..read.bytes as usize].split(|byte| *byte == b'\n').filter(counts).count() as u64;
    assert!(read.damaged + read.records.len() as u64 >= n_read, "a line was neither read nor counted");
    assert!(read.damaged <= n_lines && n_lines - n_read <= 1);
    // Whoever appends writes a line end first when the last line has none.
    let mut longer = file.to_vec();
    if !longer.is_empty() && !longer.ends_with(b"\n") {
        longer.push(b'\n');
    }
    let last = Value::from("the last one");
    longer.extend(JournalLines::line(&last));
    let again = JournalLines::read(&longer).expect("the same versions");
    assert_eq!(again.records.split_last(), Some((&last, &*read.records)));
    assert_eq!(again.bytes, longer.len() as u64);
    assert!(again.damaged - read.damaged <= 1);
}

/// The same as a file, with all that its records mean.
fn in_its_folder(name: &str, file: &[u8], read: &JournalLines) {
    // What is kept here must be on the disk before it counts, and a disk in memory does not wait for that.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, file).expect("a file");
    // As the program makes them: nobody else reads a journal.
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its own file");
    let store = Store::open(folder.path()).expect("whatever stands in a journal, it opens");
    assert!(store.troubles().is_empty(), "{:?}", store.troubles());
    let damage = damaged(&store);
    assert!(damage >= read.damaged, "{damage} of {}", read.damaged);
    let before = seen(&store).expect("a journal can be looked at");

    // Nothing that was there is changed by what comes behind it.
    let at = Timestamp::UNIX_EPOCH;
    let job = JobName::parse("batches/of-the-fuzzer").expect("a name");
    let token = "01JD0000000000000000FUZZED";
    store.intend(&intent(token, at)).expect("an append");
    store.settle(token, &Verdict::Confirmed { job: job.to_string() }).expect("an append");
    let uploaded = Uploaded {
        sha256: "ab".repeat(32),
        origin: ORIGIN.into(),
        key_fingerprint: None,
        file: "files/of-the-fuzzer".into(),
        at,
    };
    store.uploaded(&uploaded).expect("an append");
    let wished = Wished { job: job.clone(), at, origin: ORIGIN.into(), key_fingerprint: None };
    store.wish_cancelled(std::slice::from_ref(&wished)).expect("an append");
    let saved = SavedTo {
        job: job.to_string(),
        folder: "/of/the/fuzzer".into(),
        n_files: 1,
        of: Some(1),
        is_whole: true,
        at,
        origin: Some(ORIGIN.into()),
    };
    store.saved(&saved).expect("an append");
    let transition = Transition { job: job.clone(), from: None, to: JobState::Running, at };
    store.record_transitions(ORIGIN, |_| vec![transition.clone()]).expect("an append");

    let again = Store::open(folder.path()).expect("it opens again");
    assert!(damaged(&again) <= damage + 1);
    let tracked = again.intent(token).expect("a look").expect("the intent is there");
    assert_eq!(
        (tracked.intent, tracked.verdict),
        (intent(token, at), Some(Verdict::Confirmed { job: job.to_string() }))
    );
    assert_eq!(again.upload_of(&uploaded.sha256).expect("a look"), Some(uploaded));
    assert!(again.wishes().expect("a look").contains(&wished));
    assert_eq!(again.saves_of(ORIGIN, &job).expect("a look").last(), Some(&saved));
    assert_eq!(again.transitions_of(ORIGIN, &job).expect("a look").last(), Some(&transition));
    let after = seen(&again).expect("a journal can be looked at");
    assert!(after.iter().zip(&before).all(|(after, before)| after >= before), "{before:?} and then {after:?}");
    assert_eq!(fs::read(&path).expect("a file")[..file.len()], *file, "what stood there was rewritten");
}

fn damaged(store: &Store) -> u64 {
    store.damage().iter().map(|damage| damage.lines).sum()
}

/// How much the journals come to.
fn seen(store: &Store) -> Result<[usize; 3], Error> {
    Ok([store.intents()?.len(), store.campaigns()?.len(), store.wishes()?.len()])
}

fn intent(token: &str, at: Timestamp) -> Intent {
    Intent {
        token: token.into(),
        sha256: "cd".repeat(32),
        n_requests: 1,
        characters: 2,
        model: "m".into(),
        dollars: None,
        origin: ORIGIN.into(),
        key_fingerprint: None,
        display_name: format!("name ~gt-{token}"),
        input_file: None,
        at,
        retake_of: None,
        part_of: None,
        text_tokens: None,
        n_unchanged: 0,
    }
}
