//! What a save owes the index beside a kept copy, and what it takes from it.

use std::fs;
use std::sync::Mutex;

use gemtts_tui::job::Job;
use gemtts_tui::ops::{self, KeyChoice, Order, SaveFrom, SaveOrder, Saving};
use gemtts_tui::results::Row;

use super::index::{change_unseen, file, opened};
use super::whole::{Bench, wavs};

fn globs(glob: &str) -> KeyChoice {
    KeyChoice::Globs(vec![glob.to_owned()])
}

/// A job with some bad keys, its rows, and all of its files, saved into a folder that is there no more.
async fn known(inline: bool) -> (Bench, Job, Vec<Row>, Vec<(String, Vec<u8>)>) {
    let more = "[[result]]\nkind = \"error\"\nlines = [2]\n[[result]]\nkind = \"silent\"\nlines = [3]\n";
    let bench = Bench::new(more).await;
    let plan = ops::plan(&bench.session, &Order { inline, ..bench.order(7) }).await.unwrap();
    let job = bench.run(&plan).await;
    let rows = opened(&bench, &job).await;
    bench.save(&job, KeyChoice::All).await.unwrap();
    let files = files(&bench);
    fs::remove_dir_all(bench.out()).unwrap();
    (bench, job, rows, files)
}

fn files(bench: &Bench) -> Vec<(String, Vec<u8>)> {
    let read = |name: String| (name.clone(), fs::read(bench.out().join(&name)).unwrap());
    wavs(&bench.out()).into_iter().map(read).collect()
}

/// Makes everything unreadable but the bytes of these rows.
fn spoil_all_but(bench: &Bench, ending: &str, rows: &[&Row]) {
    change_unseen(&file(bench, ending).unwrap(), |bytes| {
        let whole = std::mem::take(bytes);
        bytes.resize(whole.len(), b'x');
        for row in rows {
            let place = row.offset as usize..(row.offset + row.length) as usize;
            bytes[place.clone()].copy_from_slice(&whole[place]);
        }
    });
}

#[tokio::test]
async fn a_job_that_was_saved_is_opened_without_a_look_at_its_bytes() {
    for inline in [false, true] {
        let ending = if inline { "json" } else { "jsonl" };
        let (bench, job, first, _) = known(inline).await;
        for is_kept in [false, true] {
            // Once from the service, once from the copy.
            fs::remove_file(file(&bench, "rows").unwrap()).unwrap();
            if !is_kept {
                fs::remove_file(file(&bench, ending).unwrap()).unwrap();
            }
            bench.save(&job, globs("*1")).await.unwrap();
            assert_eq!(file(&bench, "rows"), None, "a choice of keys has seen too little");
            if !is_kept {
                fs::remove_file(file(&bench, ending).unwrap()).unwrap();
            }
            bench.save(&job, KeyChoice::All).await.unwrap();
            let copy = file(&bench, ending).unwrap();
            let whole = fs::read(&copy).unwrap();
            change_unseen(&copy, |bytes| bytes.fill(b'x'));
            assert_eq!(opened(&bench, &job).await, first, "inline: {inline}, kept: {is_kept}");
            assert!(ops::outline(&bench.session, &job, 1).await.unwrap().is_some());
            change_unseen(&copy, |bytes| *bytes = whole);
        }
    }
}

#[tokio::test]
async fn a_file_of_the_user_gets_nothing_beside_it_and_an_index_that_fits_is_left_alone() {
    let (bench, job, ..) = known(false).await;
    let rows = file(&bench, "rows").unwrap();
    change_unseen(&rows, |bytes| bytes.push(0));
    bench.save(&job, KeyChoice::All).await.unwrap();
    let made = fs::metadata(&rows).unwrap().modified().unwrap();
    bench.save(&job, KeyChoice::All).await.unwrap();
    assert_eq!(fs::metadata(&rows).unwrap().modified().unwrap(), made);
    let mine = bench.folder.path().join("mine");
    fs::create_dir(&mine).unwrap();
    fs::copy(file(&bench, "jsonl").unwrap(), mine.join("out.jsonl")).unwrap();
    let order =
        SaveOrder { from: SaveFrom::File(mine.join("out.jsonl")), folder: mine.join("wavs"), keys: KeyChoice::All };
    ops::save(&bench.session, &order, &|_| ()).await.unwrap();
    assert_eq!(fs::read_dir(&mine).unwrap().count(), 2);
}

#[tokio::test]
async fn chosen_keys_of_a_kept_copy_are_read_alone() {
    for inline in [false, true] {
        let (bench, job, rows, all) = known(inline).await;
        let [four, six] = [&rows[3], &rows[5]];
        spoil_all_but(&bench, if inline { "json" } else { "jsonl" }, &[four, six]);
        let key = six.key.clone().unwrap();
        let table = [
            (KeyChoice::Lines(vec![6, 4, 4, 99]), vec![four, six], (2, 0)),
            (KeyChoice::Lines(vec![6]), vec![six], (0, 1)),
            (globs(&key), vec![six], (0, 1)),
            (globs(&format!("*{}", &key[key.len() - 2..])), vec![six], (0, 1)),
        ];
        for (keys, of, (saved, skipped)) in table {
            let told = Mutex::new(Vec::new());
            let last = Mutex::new(None);
            let note = |event| match event {
                Saving::Row { line, .. } => told.lock().unwrap().push(line),
                Saving::Progress(progress) => *last.lock().unwrap() = progress.of,
                Saving::Renamed { .. } | Saving::Unchanged { .. } | Saving::WithoutCopy => {}
            };
            let order = SaveOrder { from: SaveFrom::Job(job.clone()), folder: bench.out(), keys: keys.clone() };
            let done = ops::save(&bench.session, &order, &note).await.unwrap();
            assert_eq!((done.saved, done.skipped, done.failed), (saved, skipped, 0), "{keys:?}");
            let lines: Vec<u64> = of.iter().map(|row| row.line).collect();
            assert_eq!(told.into_inner().unwrap(), lines, "in their order, {keys:?}");
            let bytes: u64 = of.iter().map(|row| row.length).sum();
            assert!(last.into_inner().unwrap().is_none_or(|of| of == bytes), "{keys:?}");
        }
        let names: Vec<String> = [four, six].map(|row| format!("{}.wav", row.key.as_ref().unwrap())).into();
        let expected: Vec<_> = all.into_iter().filter(|(name, _)| names.contains(name)).collect();
        assert_eq!(files(&bench), expected);
        let manifest = fs::read_to_string(bench.out().join("manifest.jsonl")).unwrap();
        assert_eq!(manifest.lines().count(), 2);
        let failure = bench.save(&job, globs("nobody")).await.unwrap_err();
        assert!(failure.message.contains("no key matches"), "{failure}");
    }
}

#[tokio::test]
async fn a_row_that_is_not_where_it_was_has_the_whole_copy_read_again() {
    let (bench, job, rows, all) = known(false).await;
    let middle = (rows[3].offset + rows[3].length / 2) as usize;
    change_unseen(&file(&bench, "jsonl").unwrap(), |bytes| bytes[middle..middle + 40].fill(0));
    let told = Mutex::new(Vec::new());
    let note = |event| {
        if let Saving::Row { line, status, .. } = event {
            told.lock().unwrap().push((line, status));
        }
    };
    let keys = KeyChoice::Lines(vec![1, 4, 7]);
    let order = SaveOrder { from: SaveFrom::Job(job.clone()), folder: bench.out(), keys };
    let done = ops::save(&bench.session, &order, &note).await.unwrap();
    assert_eq!((done.saved, done.skipped, done.failed), (2, 0, 1));
    assert_eq!(told.into_inner().unwrap(), [(1, "saved"), (4, "failed"), (7, "saved")], "each of them once");
    assert_eq!((file(&bench, "rows"), file(&bench, "places")), (None, None));
    let expected = [all.first().unwrap().clone(), all.last().unwrap().clone()];
    assert_eq!(files(&bench), expected);
    assert!(file(&bench, "jsonl").is_some(), "what is good of it can still be had");
}
