//! What is left of each journal when its file was cut, damaged, emptied, blown up, or is something else altogether.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use jiff::Timestamp;

use super::campaigns::Campaigns;
use super::history::{Saves, Timelines, Wishes};
use super::intents::Intents;
use super::journal::{Journal, View};
use super::ledger::Ledger;
use super::*;
use crate::job::{JobState, Transition};

const ORIGIN: &str = "https://h";

fn job(n: u8) -> JobName {
    JobName::parse(&format!("batches/j{n}")).unwrap()
}

/// Three records of everything, written as the program writes them.
fn written(folder: &Path) -> Store {
    let store = Store::open(folder).unwrap();
    let at = Timestamp::UNIX_EPOCH;
    for n in 1..=3 {
        let token = format!("t{n}");
        let intent = Intent {
            token,
            sha256: "ab".repeat(32),
            n_requests: 2,
            characters: 20,
            model: "m".into(),
            dollars: None,
            origin: ORIGIN.into(),
            key_fingerprint: None,
            display_name: "x".into(),
            input_file: None,
            at,
            retake_of: None,
            n_unchanged: 0,
            part_of: None,
            text_tokens: None,
        };
        store.intend(&intent).unwrap();
        let seen = Transition { job: job(n), from: None, to: JobState::Running, at };
        store.record_transitions(ORIGIN, |_| vec![seen]).unwrap();
        store.wish_cancelled(&[Wished { job: job(n), at, origin: ORIGIN.into(), key_fingerprint: None }]).unwrap();
        let name = job(n).as_str().to_owned();
        let saved = SavedTo {
            job: name.clone(),
            folder: "/x".into(),
            n_files: 1,
            of: None,
            is_whole: true,
            at,
            origin: Some(ORIGIN.into()),
        };
        store.saved(&saved).unwrap();
        let accounted = Accounted {
            job: name,
            origin: ORIGIN.into(),
            key_fingerprint: None,
            model: None,
            created: None,
            read_at: at,
            n_results: 1,
            is_whole: true,
            priced_on: "2026-07-02".parse().unwrap(),
            price: None,
            shares: Vec::new(),
        };
        store.account(&accounted).unwrap();
        begin_campaign(&store, &format!("C{n}"));
    }
    store
}

fn begin_campaign(store: &Store, id: &str) {
    let campaign = Campaign {
        id: id.into(),
        name: "book".into(),
        model: "m".into(),
        inline: false,
        sha256: "ab".repeat(32),
        n_parts: 1,
        because: "a test".into(),
        origin: ORIGIN.into(),
        key_fingerprint: None,
        repeat_agreed: false,
        cap_agreed: None,
        retake_of: None,
        at: Timestamp::UNIX_EPOCH,
    };
    let part = CampaignPart {
        campaign: id.into(),
        number: 1,
        sha256: "cd".repeat(32),
        bytes: 3,
        n_requests: 1,
        characters: 2,
        text_tokens: 1,
        seconds: (0.1, 0.2),
        audio_tokens: (2.0, 5.0),
        dollars: None,
        n_unchanged: 0,
    };
    let prepared = store.prepared_folder().join("p.jsonl");
    fs::write(&prepared, "{}\n").unwrap();
    store.begin_campaign(&campaign, &[part], &[prepared]).unwrap();
}

/// A journal of three things, and how to count what is left of them.
struct Case<V> {
    folder: tempfile::TempDir,
    whole: Vec<u8>,
    count: fn(&V) -> usize,
}

impl<V: View + std::fmt::Debug> Case<V> {
    fn of(written: &Store, count: fn(&V) -> usize) -> Self {
        let whole = fs::read(written.folder().join(V::FILE)).unwrap();
        let case = Case { folder: tempfile::tempdir().unwrap(), whole, count };
        // Made by the journal itself, for its owner alone; what is written to it later keeps that.
        open::<V>(case.folder.path()).0.append(|_| Vec::new()).unwrap();
        let (left, damaged) = case.left_of(&case.whole);
        assert_eq!((left, damaged), (3, 0), "{}", V::FILE);
        case
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(V::FILE)
    }

    /// How many things are left, and how many lines are told as damaged; nothing of the file is rewritten.
    fn left_of(&self, bytes: &[u8]) -> (usize, u64) {
        fs::write(self.path(), bytes).unwrap();
        let (journal, troubles) = open::<V>(self.folder.path());
        assert!(troubles.is_empty(), "{troubles:?}");
        let left = journal.look(self.count).unwrap();
        assert!(fs::read(self.path()).unwrap() == bytes, "{}: looking changed it", V::FILE);
        (left, journal.damage().map_or(0, |damage| damage.lines))
    }

    /// The end of each line, and of how many things the lines up to there tell.
    fn all_of_it(&self) {
        let lines_each = self.whole.iter().filter(|byte| **byte == b'\n').count() / 3;
        for cut in 0..=self.whole.len() {
            let (left, damaged) = self.left_of(&self.whole[..cut]);
            let ends = self.whole[..cut].iter().filter(|byte| **byte == b'\n').count();
            let possible = [ends / lines_each, (ends + 1) / lines_each];
            assert!(possible.contains(&left), "{} cut at {cut}: {left} of {possible:?}", V::FILE);
            assert_eq!(damaged, 0, "{} cut at {cut}: what was torn was never relied on", V::FILE);
        }
        for at in 0..self.whole.len() {
            let mut flipped = self.whole.clone();
            flipped[at] ^= 1 << (at % 8);
            let (left, damaged) = self.left_of(&flipped);
            assert!(left >= 2, "{} flipped at {at}: {left} left", V::FILE);
            assert!(left == 3 || damaged == 1, "{} flipped at {at}: nobody is told", V::FILE);
        }
        assert_eq!(self.left_of(b""), (0, 0));
        self.blown_up();
        self.of_the_future();
        self.something_else();
    }

    /// A hundred megabytes of nothing before the records, as a disk may leave them.
    fn blown_up(&self) {
        let mut file = fs::OpenOptions::new().write(true).truncate(true).open(self.path()).unwrap();
        file.seek(SeekFrom::Start(100 << 20)).unwrap();
        file.write_all(b"\n").unwrap();
        file.write_all(&self.whole).unwrap();
        let (journal, troubles) = open::<V>(self.folder.path());
        assert!(troubles.is_empty(), "{troubles:?}");
        assert_eq!(journal.look(self.count).unwrap(), 3);
        let damage = journal.damage().unwrap();
        assert_eq!((damage.lines, damage.first), (1, 1));
        assert_eq!(fs::metadata(self.path()).unwrap().len(), (100 << 20) + 1 + self.whole.len() as u64);
    }

    fn of_the_future(&self) {
        let record = "{\"step\":\"of the future\"}";
        let sum = &hex(&sha256(format!("2 {record}").as_bytes()))[..16];
        let mut later = self.whole.clone();
        later.extend(format!("{{\"v\":2,\"sum\":\"{sum}\",\"record\":{record}}}\n").as_bytes());
        fs::write(self.path(), &later).unwrap();
        let (journal, troubles) = open::<V>(self.folder.path());
        assert!(matches!(troubles[..], [Error::Newer { version: 2, .. }]), "{troubles:?}");
        assert!(journal.look(self.count).is_err());
        assert!(journal.append(|_| unreachable!("nothing is decided by half of a journal")).is_err());
        assert!(fs::read(self.path()).unwrap() == later);
    }

    /// A folder, a pipe, a file that others may read, one that we may not read.
    fn something_else(&self) {
        let path = self.path();
        let refuses = |what: &str| {
            let (journal, troubles) = open::<V>(self.folder.path());
            let [trouble] = &troubles[..] else { panic!("{what}: {troubles:?}") };
            assert!(trouble.to_string().contains(V::FILE), "{what}: {trouble}");
            assert!(journal.append(|_| unreachable!("{what}")).is_err());
            trouble.hint().unwrap_or_default()
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::write(&path, &self.whole).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert_eq!(refuses("a file that others may read"), format!("run: chmod 600 {}", path.display()));
            if !rustix::process::geteuid().is_root() {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
                refuses("a file that we may not read");
            }
            fs::remove_file(&path).unwrap();
            rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
            refuses("a pipe that nobody writes to");
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        refuses("a folder");
        fs::remove_dir(&path).unwrap();
    }
}

fn open<V: View>(folder: &Path) -> (Journal<V>, Vec<Error>) {
    let mut troubles = Vec::new();
    let journal = Journal::open(folder, Locking::Needed, &mut troubles);
    (journal, troubles)
}

#[test]
fn fault_54_each_journal_keeps_every_good_record_and_drops_none_of_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let store = written(folder.path());
    Case::<Intents>::of(&store, |intents| intents.all().len()).all_of_it();
    Case::<Timelines>::of(&store, |seen| (1..=3).map(|n| seen.of(ORIGIN, &job(n)).len()).sum()).all_of_it();
    Case::<Wishes>::of(&store, |wishes| wishes.open.len()).all_of_it();
    Case::<Saves>::of(&store, |saves| (1..=3).map(|n| saves.of(ORIGIN, &job(n)).len()).sum()).all_of_it();
    Case::<Ledger>::of(&store, |ledger| (1..=3).filter(|n| ledger.of(ORIGIN, &job(*n)).is_some()).count()).all_of_it();
    Case::<Campaigns>::of(&store, |campaigns| campaigns.all().len()).all_of_it();
    let journals = fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.path());
    let journals = journals.filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    assert_eq!(journals.count(), 6, "a journal that is new is tried here too");
}
