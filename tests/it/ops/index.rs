//! The index beside a kept copy: believed when it fits, made anew when it does not, and never the cause of a failure.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::SystemTime;

use gemtts_tui::audio::Peaks;
use gemtts_tui::job::Job;
use gemtts_tui::ops::{self, KeyChoice, Opening};
use gemtts_tui::results::{Form, Outcome, Parser, Row, Rows};
use gemtts_tui::sim::{Answer, Call, Fault};

use super::whole::Bench;

/// A file of the index or the copy itself, by its ending.
pub(super) fn file(bench: &Bench, ending: &str) -> Option<PathBuf> {
    let files = fs::read_dir(bench.session.cache.join("results")).ok()?.map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = files.filter(|path| path.extension().is_some_and(|there| there == ending)).collect();
    assert!(found.len() <= 1, "{found:?}");
    found.pop()
}

fn modified(path: &PathBuf) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

/// Changes a file without a trace in its times.
pub(super) fn change_unseen(path: &PathBuf, change: impl FnOnce(&mut Vec<u8>)) {
    let before = modified(path);
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
    File::options().append(true).open(path).unwrap().set_modified(before).unwrap();
}

/// What a parser makes of the kept copy: the rows without their outlines, and the outlines.
fn parsed(bench: &Bench) -> (Vec<Row>, Vec<Option<Peaks>>) {
    let mut rows = Rows::default();
    let mut parser = Parser::new(Form::Lines);
    let Ok(()) = parser.push(&fs::read(file(bench, "jsonl").unwrap()).unwrap(), &mut rows);
    let Ok(_) = parser.finish(&mut rows);
    let outlines =
        rows.0.iter_mut().map(|row| row.sound.as_mut().map(|sound| std::mem::take(&mut sound.peaks))).collect();
    (rows.0, outlines)
}

pub(super) async fn opened(bench: &Bench, job: &Job) -> Vec<Row> {
    let (rows, kept) = bench.open(job).await;
    kept.unwrap();
    rows
}

/// A bench with a job that was opened once: some keys are bad.
async fn once_opened() -> (Bench, Job, Vec<Row>) {
    let bench =
        Bench::new("[[result]]\nkind = \"error\"\nlines = [2]\n[[result]]\nkind = \"silent\"\nlines = [3]\n").await;
    let job = bench.job(5).await;
    let rows = opened(&bench, &job).await;
    (bench, job, rows)
}

#[tokio::test]
async fn the_second_opening_reads_no_byte_of_the_results() {
    let (bench, job, first) = once_opened().await;
    assert_eq!(first, parsed(&bench).0);
    change_unseen(&file(&bench, "jsonl").unwrap(), |bytes| bytes.fill(b'x'));
    assert_eq!(opened(&bench, &job).await, first);
    assert_eq!(bench.control().count(Call::Download), 1);
}

#[tokio::test]
async fn an_index_of_another_copy_is_made_anew() {
    let (bench, job, first) = once_opened().await;
    let copy = file(&bench, "jsonl").unwrap();
    let mut bytes = fs::read(&copy).unwrap();
    let key = first[0].key.clone().unwrap();
    let at = memchr::memmem::find(&bytes, key.as_bytes()).unwrap();
    bytes[at] = b'Z';
    fs::write(&copy, &bytes).unwrap();
    File::options().append(true).open(&copy).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let second = opened(&bench, &job).await;
    assert_eq!((&second, second[0].key.as_deref()), (&parsed(&bench).0, Some(&*format!("Z{}", &key[1..]))));
    change_unseen(&copy, |bytes| bytes.fill(b'x'));
    assert_eq!(opened(&bench, &job).await, second, "the new index is as good as the old one was");
}

#[tokio::test]
async fn an_index_that_is_changed_or_cut_at_any_place_is_made_anew() {
    let (bench, job, first) = once_opened().await;
    let rows = file(&bench, "rows").unwrap();
    let whole = fs::read(&rows).unwrap();
    for at in (0..whole.len()).step_by(97) {
        for is_cut in [false, true] {
            let mut bytes = whole.clone();
            if is_cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= 4;
            }
            fs::write(&rows, bytes).unwrap();
            assert_eq!(opened(&bench, &job).await, first, "byte {at}, cut: {is_cut}");
            assert_eq!(fs::read(&rows).unwrap(), whole, "byte {at}, cut: {is_cut}");
        }
    }
    fs::remove_file(&rows).unwrap();
    assert_eq!(opened(&bench, &job).await, first);
    assert!(rows.exists());
    assert_eq!(bench.control().count(Call::Download), 1);
}

#[tokio::test]
async fn outlines_are_read_by_their_line_and_only_for_what_sounds() {
    let (bench, job, first) = once_opened().await;
    let outlines = parsed(&bench).1;
    for (row, outline) in first.iter().zip(&outlines) {
        assert_eq!(&ops::outline(&bench.session, &job, row.line).await.unwrap(), outline, "line {}", row.line);
    }
    assert!(outlines[0].as_ref().is_some_and(|peaks| !peaks.0.is_empty()) && outlines[1].is_none());
    for line in [0, 6, u64::MAX] {
        assert_eq!(ops::outline(&bench.session, &job, line).await.unwrap(), None, "line {line}");
    }
    change_unseen(&file(&bench, "places").unwrap(), |bytes| bytes.truncate(bytes.len() - 1));
    assert_eq!(ops::outline(&bench.session, &job, 1).await.unwrap(), None, "a torn file tells nothing");
}

#[tokio::test]
async fn the_outline_of_a_key_is_there_while_the_others_are_on_their_way() {
    let bench = Bench::new("").await;
    let job = bench.job(6).await;
    let stall = Fault { answer: Answer::Stall, after_bytes: Some(300_000), ..Fault::on(Call::Download) };
    bench.control().add_fault(stall);
    let (session, stopped) = (bench.session.clone(), job.clone());
    let (some, mut came) = tokio::sync::mpsc::unbounded_channel();
    let opening = tokio::spawn(async move {
        let note = |event: Opening| {
            if let Opening::Rows(rows) = event {
                some.send(rows.line(0)).unwrap();
            }
        };
        ops::open(&session, &stopped, &note).await
    });
    let line = came.recv().await.unwrap();
    assert!(ops::outline(&bench.session, &job, line).await.unwrap().is_some_and(|peaks| !peaks.0.is_empty()));
    opening.abort();
    assert!(opening.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_line_that_is_not_what_it_was_is_said_and_the_next_opening_shows_what_is_left() {
    let (bench, job, first) = once_opened().await;
    let copy = file(&bench, "jsonl").unwrap();
    let whole = ops::raw_line(&bench.session, &job, 4).await.unwrap();
    assert!(whole.contains(first[3].key.as_deref().unwrap()), "{whole:.200}");
    let middle = (first[3].offset + first[3].length / 2) as usize;
    change_unseen(&copy, |bytes| bytes[middle..middle + 40].fill(0));
    let failure = ops::raw_line(&bench.session, &job, 4).await.unwrap_err();
    assert!(failure.message.contains("line 4") && failure.message.contains("not what it was"), "{failure}");
    let again = opened(&bench, &job).await;
    assert!(matches!(again[3].outcome, Outcome::Malformed { .. }), "{:?}", again[3].outcome);
    assert_eq!((&again[..3], &again[4..]), (&first[..3], &first[4..]));
    assert!(ops::raw_line(&bench.session, &job, 4).await.is_ok(), "what is broken is shown as it is");
}

#[tokio::test]
async fn copies_that_are_not_kept_go_with_the_session() {
    let mut bench = Bench::new("").await;
    bench.session.copies.keep = false;
    let job = bench.job(3).await;
    let (rows, kept) = bench.open(&job).await;
    let path = kept.unwrap().path;
    assert!(path.exists() && !bench.session.cache.join("results").exists(), "{path:?}");
    assert_eq!(opened(&bench, &job).await, rows);
    assert!(ops::outline(&bench.session, &job, 1).await.unwrap().is_some());
    assert!(ops::raw_line(&bench.session, &job, 1).await.is_ok());
    assert_eq!(bench.save(&job, KeyChoice::All).await.unwrap().saved, 3);
    assert_eq!(bench.control().count(Call::Download), 1, "while the session lasts it is as good as a kept one");
    bench.session.shared = ops::SharedCopies::default();
    assert!(!path.exists());
    fs::remove_dir_all(bench.out()).unwrap();
    assert_eq!(bench.save(&job, KeyChoice::All).await.unwrap().saved, 3);
    let made: Vec<_> = fs::read_dir(bench.session.cache.join("sessions")).unwrap().collect();
    for folder in made {
        let files = fs::read_dir(folder.unwrap().path()).unwrap().map(|entry| entry.unwrap().path());
        assert!(files.into_iter().all(|path| path.extension().is_none_or(|ending| ending != "jsonl")));
    }
}

#[tokio::test]
async fn the_copy_that_was_not_used_for_longest_makes_room() {
    let mut bench = Bench::new("").await;
    let (one, two) = (bench.job(3).await, bench.job(7).await);
    let paths = [bench.open(&one).await.1.unwrap().path, bench.open(&two).await.1.unwrap().path];
    let taken = |path: &PathBuf| fs::metadata(path).unwrap().len();
    // Both lay there for a week. The first one is used again, and so it is the second one that has to go.
    let long_ago = SystemTime::from(bench.session.clock.now()) - std::time::Duration::from_secs(7 * 86_400);
    for entry in fs::read_dir(bench.session.cache.join("results")).unwrap() {
        let touched = File::options().append(true).open(entry.unwrap().path()).unwrap();
        touched.set_modified(long_ago).unwrap();
    }
    bench.open(&one).await.1.unwrap();
    bench.session.copies.max_bytes = taken(&paths[0]) + taken(&paths[1]) + 100_000;
    let three = bench.job(4).await;
    bench.open(&three).await.1.unwrap();
    assert_eq!(paths.map(|path| (path.exists(), path.with_extension("rows").exists())), [(true, true), (false, false)]);
}
