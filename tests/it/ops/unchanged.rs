//! Lines whose audio is on the disk: they are not bought again, and every folder has all keys all the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use gemtts_tui::failure::Failure;
use gemtts_tui::job::Job;
use gemtts_tui::ops::{
    self, Created, Did, KeyChoice, Order, Plan, SaveFrom, SaveOrder, Saved, Saving, SourceArg, Split,
};
use gemtts_tui::save::verify;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::whole::{Bench, wavs};

struct Book {
    bench: Bench,
}

impl Book {
    async fn new() -> Self {
        Book { bench: Bench::new("").await }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.bench.folder.path().join(name)
    }

    /// An order of these keys and texts.
    fn order(&self, lines: &[(&str, &str)]) -> Order {
        let line = |(key, text): &(&str, &str)| {
            let config = json!({ "responseModalities": ["AUDIO"] });
            let request = json!({ "contents": [{ "parts": [{ "text": text }] }], "generationConfig": config });
            format!("{}\n", json!({ "key": key, "request": request }))
        };
        let path = self.path("book.jsonl");
        fs::write(&path, lines.iter().map(line).collect::<String>()).unwrap();
        Order { sources: vec![SourceArg::Path(path)], voice: Some("Kore".into()), ..Order::default() }
    }

    async fn plan(&self, order: &Order) -> Plan {
        let plan = ops::plan(&self.bench.session, order).await.unwrap();
        assert!(!plan.has_errors(), "{:?}", plan.findings);
        plan
    }

    async fn run(&self, lines: &[(&str, &str)]) -> Job {
        let plan = self.plan(&self.order(lines)).await;
        self.bench.run(&plan).await
    }

    async fn save_telling(&self, job: &Job, folder: &str, keys: KeyChoice) -> (Result<Saved, Failure>, Vec<Saving>) {
        let told = Mutex::new(Vec::new());
        let order = SaveOrder { from: SaveFrom::Job(job.clone()), folder: self.path(folder), keys };
        let note = |event| match event {
            Saving::Unchanged { .. } => told.lock().unwrap().push(event),
            Saving::Row { .. } | Saving::Renamed { .. } | Saving::WithoutCopy | Saving::Progress(_) => {}
        };
        let saved = ops::save(&self.bench.session, &order, &note).await;
        (saved, told.into_inner().unwrap())
    }

    async fn save(&self, job: &Job, folder: &str) -> Saved {
        self.save_telling(job, folder, KeyChoice::All).await.0.unwrap()
    }

    /// A job of nine lines that is saved, and one of the same with two of them changed, which is over.
    async fn nine_and_two() -> (Self, Job, Job) {
        let book = Book::new().await;
        let first = book.run(&NINE).await;
        assert_eq!(book.save(&first, "first").await.saved, 9);
        let plan = book.plan(&book.order(&two_changed())).await;
        assert_eq!((plan.n_requests, plan.n_unchanged, plan.is_all_unchanged), (2, 7, false));
        let second = book.bench.run(&plan).await;
        (book, first, second)
    }
}

const NINE: [(&str, &str); 9] = [
    ("k1", "The first line of nine."),
    ("k2", "The second line of nine."),
    ("k3", "The third line of nine."),
    ("k4", "The fourth line of nine."),
    ("k5", "The fifth line of nine."),
    ("k6", "The sixth line of nine."),
    ("k7", "The seventh line of nine."),
    ("k8", "The eighth line of nine."),
    ("k9", "The ninth line of nine."),
];

fn two_changed() -> [(&'static str, &'static str); 9] {
    let mut lines = NINE;
    lines[2].1 = "The third line has changed.";
    lines[6].1 = "The seventh line has changed too.";
    lines
}

/// What a folder holds, byte by byte.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

fn records(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn is_whole(folder: &Path, n: u64) {
    let check = verify(folder).unwrap();
    assert_eq!((check.right, check.different.len(), check.without_file), (n, 0, 0), "{check:?}");
    assert_eq!(wavs(folder).len() as u64, n);
}

#[tokio::test]
async fn two_changed_lines_of_nine_are_sent_and_the_folder_has_all_nine() {
    let (book, first, second) = Book::nine_and_two().await;
    assert_eq!(second.counts.unwrap().requests, 2);
    let saved = book.save(&second, "second").await;
    assert_eq!((saved.saved, saved.skipped, saved.failed, saved.unchanged), (9, 0, 0, 7));
    assert_eq!((saved.expected, saved.suspect), (Some(9), 0));
    let [one, two] = ["first", "second"].map(|folder| book.path(folder));
    is_whole(&two, 9);
    assert_eq!(wavs(&two), wavs(&one));
    let (before, after) = (content(&one), content(&two));
    for (name, bytes) in before.iter().filter(|(name, _)| name.ends_with(".wav")) {
        let is_changed = matches!(name.as_str(), "k3.wav" | "k7.wav");
        assert_eq!(after[name] != *bytes, is_changed, "{name}");
    }
    for record in records(&two) {
        let is_changed = matches!(record["key"].as_str(), Some("k3" | "k7"));
        let job = if is_changed { &second.name } else { &first.name };
        assert_eq!((&record["job"], &record["verdict"]), (&job.as_str().into(), &"ok".into()), "{record}");
    }

    let again = book.save(&second, "second").await;
    assert_eq!((again.saved, again.skipped, again.unchanged, again.expected), (0, 9, 7, Some(9)));
    assert_eq!(content(&two), after, "nothing is rewritten");
    assert!((again.seconds - saved.seconds).abs() < 0.01 && saved.seconds > 9.0, "{saved:?} {again:?}");
}

#[tokio::test]
async fn the_folder_of_the_first_job_may_be_the_folder_of_the_second() {
    let (book, _, second) = Book::nine_and_two().await;
    let saved = book.save(&second, "first").await;
    assert_eq!((saved.saved, saved.skipped, saved.unchanged), (2, 7, 7));
    let check = verify(&book.path("first")).unwrap();
    assert_eq!((check.right, check.different.len()), (11, 0), "the two old takes stay: {check:?}");
    let whole = content(&book.path("first"));
    assert_eq!(book.save(&second, "first").await.saved, 0);
    assert_eq!(content(&book.path("first")), whole);
}

#[tokio::test]
async fn a_run_that_ended_anywhere_is_finished_by_the_next() {
    let (book, _, second) = Book::nine_and_two().await;
    book.save(&second, "second").await;
    let folder = book.path("second");
    let manifest = fs::read(folder.join("manifest.jsonl")).unwrap();
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', &manifest).map(|at| at + 1).collect();
    let whole = content(&folder);
    for end in std::iter::once(0).chain(ends.iter().copied()).flat_map(|end| [end, end + 20]) {
        let end = end.min(manifest.len());
        // As after a kill: files whose lines are not noted yet, and then files that are not there either.
        for keeps_files in [true, false] {
            fs::write(folder.join("manifest.jsonl"), &manifest[..end]).unwrap();
            let noted: Vec<String> = String::from_utf8_lossy(&manifest[..end])
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .map(|record| record["file"].as_str().unwrap().to_owned())
                .collect();
            if !keeps_files {
                wavs(&folder).iter().filter(|name| !noted.contains(name)).for_each(|name| {
                    fs::remove_file(folder.join(name)).unwrap();
                });
            }
            fs::write(folder.join(".line-3.0123abcd.part"), b"half a file").unwrap();
            let saved = book.save(&second, "second").await;
            assert_eq!((saved.saved + saved.skipped, saved.failed, saved.unchanged), (9, 0, 7), "cut at {end}");
            is_whole(&folder, 9);
            let now = content(&folder);
            assert_eq!(now.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>(), "cut at {end}");
        }
    }
}

#[tokio::test]
async fn what_has_vanished_or_changed_meanwhile_is_said_and_comes_when_it_is_back() {
    let (book, _, second) = Book::nine_and_two().await;
    let [gone, other] = ["k1.wav", "k2.wav"].map(|name| book.path("first").join(name));
    let kept = [&gone, &other].map(|path| fs::read(path).unwrap());
    fs::remove_file(&gone).unwrap();
    let mut changed = kept[1].clone();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(&other, &changed).unwrap();
    let (saved, told) = book.save_telling(&second, "second", KeyChoice::All).await;
    let saved = saved.unwrap();
    assert_eq!((saved.saved, saved.failed, saved.unchanged, saved.expected), (7, 2, 5, Some(9)));
    let missing: Vec<(&str, &str)> = told
        .iter()
        .filter_map(|event| match event {
            Saving::Unchanged { key: Some(key), file: None, error: Some(error), .. } => Some((&**key, &**error)),
            _ => None,
        })
        .collect();
    assert_eq!(missing.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["k1", "k2"]);
    assert!(missing[0].1.contains("it is gone") && missing[1].1.contains("something else"), "{missing:?}");
    assert!(missing[0].1.contains("k1.wav"), "{missing:?}");
    let failed = records(&book.path("second")).into_iter().filter(|record| record["status"] == "failed");
    assert_eq!(failed.map(|record| record["key"].clone()).collect::<Vec<_>>(), ["k1", "k2"]);

    fs::write(&gone, &kept[0]).unwrap();
    fs::write(&other, &kept[1]).unwrap();
    let saved = book.save(&second, "second").await;
    assert_eq!((saved.saved, saved.skipped, saved.failed), (2, 7, 0));
    assert_eq!(wavs(&book.path("second")).len(), 9);
}

#[tokio::test]
async fn a_list_of_unchanged_keys_that_is_lost_is_no_secret() {
    let (book, _, second) = Book::nine_and_two().await;
    let list = book.path("state/requests").join(format!("{}.unchanged", second.token().unwrap()));
    fs::remove_file(&list).unwrap();
    let (saved, told) = book.save_telling(&second, "second", KeyChoice::All).await;
    assert_eq!((saved.unwrap().failed, told.len()), (7, 1));
    assert!(matches!(&told[0], Saving::Unchanged { error: Some(error), .. } if error.contains("7 keys")), "{told:?}");

    fs::write(&list, "{\"identity\":\n").unwrap();
    let (saved, _) = book.save_telling(&second, "second", KeyChoice::All).await;
    assert!(saved.unwrap_err().message.contains("cannot read"));
}

#[tokio::test]
async fn nothing_is_sent_when_nobody_would_know_the_other_keys() {
    let book = Book::new().await;
    let first = book.run(&NINE).await;
    book.save(&first, "first").await;
    let plan = book.plan(&book.order(&two_changed())).await;
    fs::remove_file(plan.prepared.with_extension("unchanged")).unwrap();
    let refused = ops::submit(&book.bench.session, &plan, &|_| ()).await.unwrap_err();
    assert!(refused.message.contains("the list of what is unchanged is gone"), "{refused:?}");
    assert_eq!(book.bench.control().n_created(), 1);
}

#[tokio::test]
async fn of_several_jobs_the_first_has_what_is_unchanged() {
    let book = Book::new().await;
    let first = book.run(&NINE).await;
    book.save(&first, "first").await;
    let split = Split { max_requests: Some(1), ..Split::default() };
    let plan = book.plan(&Order { split, ..book.order(&two_changed()) }).await;
    assert_eq!((plan.n_jobs(), plan.n_unchanged), (2, 7));
    let session = &book.bench.session;
    let unsent = ops::Unsent::of(session, &plan);
    let campaign = ops::begin(session, &plan, false).await.unwrap().id;
    drop(unsent);
    let mut parts = Vec::new();
    while let Did::Submitted(_, created) = ops::advance(session, &campaign, &|_| ()).await.unwrap().did {
        let Created::Confirmed(job) = *created else { panic!("{created:?}") };
        parts.push(ops::wait(session, &[job.name], None, &|_, _| ()).await.unwrap().remove(0));
    }
    let mut unchanged = Vec::new();
    for part in &parts {
        assert_eq!(part.counts.unwrap().requests, 1);
        let saved = book.save(part, "all").await;
        assert_eq!(saved.failed, 0);
        unchanged.push(saved.unchanged);
    }
    assert_eq!(unchanged, [7, 0]);
    is_whole(&book.path("all"), 9);
    assert_eq!(fs::read_dir(session.store.prepared_folder()).unwrap().count(), 0, "nothing is left behind");
}

#[tokio::test]
async fn chosen_keys_are_brought_and_others_are_not() {
    let (book, _, second) = Book::nine_and_two().await;
    let globs = |glob: &str| KeyChoice::Globs(vec![glob.to_owned()]);
    let (saved, _) = book.save_telling(&second, "second", globs("k[12]")).await;
    assert!(saved.unwrap_err().message.contains("no key matches"));
    let (saved, told) = book.save_telling(&second, "second", globs("k1")).await;
    assert_eq!((saved.unwrap().saved, told.len()), (1, 1));
    let (saved, told) = book.save_telling(&second, "second", KeyChoice::Lines(vec![1])).await;
    assert_eq!((saved.unwrap().saved, told.len()), (1, 0));
    assert_eq!(wavs(&book.path("second")).len(), 2);
}

#[tokio::test]
async fn unchanged_lines_of_unchanged_lines_are_found_where_they_are() {
    let (book, first, second) = Book::nine_and_two().await;
    book.save(&second, "second").await;
    fs::remove_dir_all(book.path("first")).unwrap();
    let mut lines = two_changed();
    lines[0].1 = "The first line has changed now.";
    let plan = book.plan(&book.order(&lines)).await;
    assert_eq!((plan.n_requests, plan.n_unchanged), (1, 8));
    let since: Vec<_> = plan.unchanged.iter().map(|place| (&place.job, place.n)).collect();
    assert_eq!(since, [(&first.name, 6), (&second.name, 2)]);
    assert!(plan.unchanged.iter().all(|place| place.folder == book.path("second")), "{:?}", plan.unchanged);
    let third = book.bench.run(&plan).await;
    assert_eq!(book.save(&third, "third").await.unchanged, 8);
    is_whole(&book.path("third"), 9);

    fs::remove_dir_all(book.path("second")).unwrap();
    fs::remove_dir_all(book.path("third")).unwrap();
    assert_eq!(book.plan(&book.order(&NINE)).await.n_unchanged, 0);
}

#[tokio::test]
async fn the_same_text_under_another_key_is_not_bought_again() {
    let book = Book::new().await;
    let first = book.run(&[("a", "A text that moves."), ("b", "A text that stays.")]).await;
    book.save(&first, "first").await;
    let [moved, stays] = ["a.wav", "b.wav"].map(|name| fs::read(book.path("first").join(name)).unwrap());
    // Keys are exchanged; one of them differs from a new one in case alone; and one text is wanted twice.
    let lines =
        [("b", "A text that moves."), ("a", "A text that stays."), ("A", "A new text."), ("c", "A text that stays.")];
    let plan = book.plan(&book.order(&lines)).await;
    assert_eq!((plan.n_requests, plan.n_unchanged), (1, 3));
    let second = book.bench.run(&plan).await;
    for folder in ["second", "first"] {
        let saved = book.save(&second, folder).await;
        assert_eq!((saved.failed, saved.duplicates, saved.unchanged), (0, 0, 3), "{folder}: {saved:?}");
        let again = content(&book.path(folder));
        assert_eq!(book.save(&second, folder).await.saved, 0, "{folder}");
        assert_eq!(content(&book.path(folder)), again, "{folder}");
    }
    let folder = book.path("second");
    is_whole(&folder, 4);
    let names = wavs(&folder);
    assert!(names.contains(&"b.wav".to_owned()) && !names.contains(&"a.wav".to_owned()), "{names:?}");
    assert!(!names.contains(&"A.wav".to_owned()), "{names:?}");
    let sound_of = |key: &str| {
        let record = records(&folder).into_iter().find(|record| record["key"] == key).unwrap();
        fs::read(folder.join(record["file"].as_str().unwrap())).unwrap()
    };
    assert!(sound_of("b") == moved && sound_of("a") == stays && sound_of("c") == stays);
    assert_eq!(book.plan(&book.order(&lines)).await.n_unchanged, 4);
}

#[tokio::test]
async fn only_good_audio_of_the_same_request_counts() {
    let book = Book { bench: Bench::new("[[result]]\nkind = \"silent\"\nlines = [2]\n").await };
    let lines = [("k1", "One that is good."), ("k2", "One that is silent.")];
    let job = book.run(&lines).await;
    assert_eq!(book.save(&job, "first").await.suspect, 1);
    assert_eq!(book.plan(&book.order(&lines)).await.n_unchanged, 1);
    for other in [
        Order { voice: Some("Puck".into()), ..book.order(&lines) },
        Order { language: Some("de-DE".into()), ..book.order(&lines) },
        Order { model: Some("gemini-2.5-flash-preview-tts".into()), ..book.order(&lines) },
        Order { again: true, ..book.order(&lines) },
    ] {
        let plan = book.plan(&other).await;
        assert_eq!((plan.n_unchanged, plan.n_requests), (0, 2), "{other:?}");
    }
    // A file of another size is not looked at closer.
    fs::write(book.path("first/k1.wav"), b"RIFF").unwrap();
    assert_eq!(book.plan(&book.order(&lines)).await.n_unchanged, 0);
}

#[tokio::test]
async fn when_nothing_has_changed_all_of_it_is_planned_and_said() {
    let book = Book::new().await;
    let first = book.run(&NINE).await;
    book.save(&first, "first").await;
    let plan = book.plan(&book.order(&NINE)).await;
    assert_eq!((plan.n_requests, plan.n_unchanged, plan.is_all_unchanged), (9, 9, true));
    assert_eq!(plan.repeat_of, Some(first.name.clone()));
    let parts = ["k1", "k2"].map(|key| NINE.into_iter().filter(|(own, _)| *own == key).collect::<Vec<_>>());
    for part in parts {
        // Never sent as it is, and still to be asked about.
        let plan = book.plan(&book.order(&part)).await;
        assert_eq!((plan.is_all_unchanged, plan.repeat_of), (true, None));
    }
    let plan = book.plan(&book.order(&NINE)).await;
    assert_eq!((&plan.unchanged[0].job, plan.unchanged[0].n), (&first.name, 9));
    let second = book.bench.run(&plan).await;
    assert_eq!(second.counts.unwrap().requests, 9);
    let saved = book.save(&second, "second").await;
    assert_eq!((saved.saved, saved.unchanged), (9, 0));
}

#[tokio::test]
async fn a_save_that_found_what_an_earlier_one_wrote_remembers_it() {
    let book = Book::new().await;
    let first = book.run(&NINE).await;
    book.save(&first, "first").await;
    fs::remove_dir_all(book.path("state/contents")).unwrap();
    assert_eq!(book.plan(&book.order(&two_changed())).await.n_unchanged, 0, "as of folders of earlier versions");
    assert_eq!(book.save(&first, "first").await.saved, 0);
    assert_eq!(book.plan(&book.order(&two_changed())).await.n_unchanged, 7);
}

#[tokio::test]
async fn a_preview_shows_what_is_sent_where_it_stands() {
    let book = Book::new().await;
    let first = book.run(&NINE).await;
    book.save(&first, "first").await;
    let plan = book.plan(&book.order(&two_changed())).await;
    let shown: Vec<_> = plan.preview.iter().map(|line| (line.line, line.key.as_str(), line.text.as_str())).collect();
    assert_eq!(shown, [(3, "k3", "The third line has changed."), (7, "k7", "The seventh line has changed too.")]);
    let whole = book.plan(&Order { again: true, ..book.order(&two_changed()) }).await;
    let (low, high) = plan.estimate.as_ref().unwrap().seconds;
    let (low_of_all, high_of_all) = whole.estimate.as_ref().unwrap().seconds;
    assert!(low < low_of_all / 2.0 && high < high_of_all / 2.0);
}

#[test]
fn what_is_unchanged_and_what_is_bought_are_all_and_nothing_twice() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let book = runtime.block_on(async {
        let book = Book::new().await;
        let job = book.run(&NINE).await;
        book.save(&job, "first").await;
        book
    });
    let whole = runtime.block_on(async {
        let order = book.order(&NINE);
        book.plan(&Order { again: true, ..order }).await
    });
    assert_eq!(whole.n_unchanged, 0);
    // For each key of a source: which text it has, of those that were sent and of others.
    let cases = prop::collection::vec(0..14_usize, 1..20);
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&cases, |texts| {
        runtime.block_on(async {
            let keys: Vec<String> = (0..texts.len()).map(|n| format!("key-{n}")).collect();
            let others: Vec<String> = (0..14).map(|n| format!("Another text, number {n}.")).collect();
            let text = |of: usize| NINE.get(of).map_or(others[of].as_str(), |(_, text)| *text);
            let lines: Vec<(&str, &str)> = keys.iter().zip(&texts).map(|(key, of)| (key.as_str(), text(*of))).collect();
            let order = book.order(&lines);
            let (plan, whole) = (book.plan(&order).await, book.plan(&Order { again: true, ..order }).await);
            let n_known = texts.iter().filter(|of| **of < NINE.len()).count() as u64;
            prop_assert_eq!(plan.n_unchanged, n_known);
            prop_assert_eq!(plan.unchanged.iter().map(|place| place.n).sum::<u64>(), n_known);
            prop_assert_eq!(plan.is_all_unchanged, n_known == whole.n_requests);
            let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
            let key_of = |line: &str, at: &str| {
                let line: Value = serde_json::from_str(line).unwrap();
                line.pointer(at).unwrap().as_str().unwrap().to_owned()
            };
            let bought: Vec<String> = read(&plan.prepared).lines().map(|line| key_of(line, "/key")).collect();
            let list = read(&plan.prepared.with_extension("unchanged"));
            let kept: Vec<String> = list.lines().map(|line| key_of(line, "/record/key")).collect();
            prop_assert_eq!(bought.len() as u64, plan.n_requests);
            if plan.is_all_unchanged {
                prop_assert_eq!((bought, kept, &plan.sha256), (keys, Vec::new(), &whole.sha256));
            } else {
                prop_assert_eq!(bought.len() + kept.len(), keys.len());
                let all: std::collections::BTreeSet<_> = bought.into_iter().chain(kept).collect();
                prop_assert_eq!(all, keys.into_iter().collect());
            }
            for plan in [&plan, &whole] {
                for ending in ["jsonl", "unchanged"] {
                    let _ = fs::remove_file(plan.prepared.with_extension(ending));
                }
            }
            Ok(())
        })
    });
    ran.unwrap();
}
