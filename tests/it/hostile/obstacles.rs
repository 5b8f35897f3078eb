//! What stands in the way: other things under the names that files want, and a folder that goes away.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use super::case::{good, sha256};
use super::check::{by_line, half_done, hashes, tree};
use super::sound::Sound;
use crate::cli::program::{World, finish};

fn sound(n: u64) -> Sound {
    Sound::of(n, 24_000, 1, 4_000)
}

fn file(keys: &[&str]) -> Vec<u8> {
    let row = |(n, key): (u64, &&str)| format!("{{{},\"key\":\"{key}\"}}\n", good(&sound(n))).into_bytes();
    (0..).zip(keys).flat_map(row).collect()
}

fn fifo(path: PathBuf) {
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn fault_27_nothing_under_a_wanted_name_is_followed_or_replaced() {
    let keys = ["folder", "link", "dangling", "upwards", "pipe", "other", "empty", "same", "free", "sl/ug", "locked"];
    let world = World::alone();
    std::fs::write(world.path("rows.jsonl"), file(&keys)).unwrap();
    let out = world.path("out");
    std::fs::create_dir_all(out.join("folder.wav/in")).unwrap();
    world.file("victim", "not yours");
    symlink("../victim", out.join("link.wav")).unwrap();
    symlink("../created", out.join("dangling.wav")).unwrap();
    symlink("..", out.join("upwards.wav")).unwrap();
    fifo(out.join("pipe.wav"));
    std::fs::write(out.join("other.wav"), "somebody else's").unwrap();
    std::fs::write(out.join("empty.wav"), "").unwrap();
    std::fs::write(out.join("same.wav"), sound(7).file()).unwrap();
    std::fs::write(out.join("locked.wav"), "read-only").unwrap();
    std::fs::set_permissions(out.join("locked.wav"), std::os::unix::fs::PermissionsExt::from_mode(0o444)).unwrap();
    let slug = format!("sl_ug-{}.wav", &sha256(b"sl/ug")[..8]);
    symlink("/dev/full", out.join(&slug)).unwrap();
    let before = tree(world.home.path());
    world.run(&["save", "rows.jsonl", "--out", "out", "--json"]).code(0);
    let after = tree(world.home.path());
    for (name, what) in &before {
        assert!(after.get(name) == Some(what), "{name} is not what it was");
    }
    let records = by_line(&out);
    for (line, key) in (1..).zip(&keys) {
        let name = match *key {
            "same" | "free" => format!("{key}.wav"),
            "sl/ug" => format!("sl_ug-{}.wav", &sha256(b"sl/ug")[..16]),
            key => format!("{key}-{}.wav", &sha256(key.as_bytes())[..8]),
        };
        assert_eq!(records[&line]["file"], name, "{key}");
        assert!(std::fs::read(out.join(name)).unwrap() == sound(line - 1).file(), "{key}");
    }
    world.run(&["verify", "out"]).code(0);
    // Every name that it could have is taken: the row says so, and the others do not suffer.
    let free = format!("free-{}.wav", &sha256(b"free")[..8]);
    let longer = format!("free-{}.wav", &sha256(b"free")[..16]);
    std::fs::create_dir(world.path("taken")).unwrap();
    for name in ["free.wav", &free, &longer] {
        fifo(world.path("taken").join(name));
    }
    world.run(&["save", "rows.jsonl", "--out", "taken"]).code(4);
    let record = by_line(&world.path("taken"))[&9].clone();
    assert_eq!((&record["status"], &record["file"]), (&"failed".into(), &serde_json::Value::Null), "{record}");
    assert!(record["error"].as_str().unwrap().contains("taken"), "{record}");
}

#[test]
fn fault_27_a_manifest_that_is_none_is_neither_followed_nor_replaced() {
    let world = World::alone();
    std::fs::write(world.path("rows.jsonl"), file(&["a", "b"])).unwrap();
    world.file("victim", "not yours");
    for kind in ["folder", "link", "dangling", "pipe", "device"] {
        let out = world.path(kind);
        std::fs::create_dir(&out).unwrap();
        let manifest = out.join("manifest.jsonl");
        match kind {
            "folder" => std::fs::create_dir(&manifest).unwrap(),
            "link" => symlink("../victim", &manifest).unwrap(),
            "dangling" => symlink("../created", &manifest).unwrap(),
            "pipe" => fifo(manifest),
            _ => symlink("/dev/full", &manifest).unwrap(),
        }
        let before = tree(world.home.path());
        world.run(&["save", "rows.jsonl", "--out", kind]).code(6).says("manifest.jsonl");
        let after = tree(world.home.path());
        assert!(before.iter().all(|(name, what)| after.get(name) == Some(what)), "{kind}");
        assert!(!world.path("created").exists() && hashes(&out).is_empty(), "{kind}: audio without a manifest");
        let ran = world.run(&["verify", kind]);
        assert!([1, 4].contains(&ran.code), "{kind}: {ran:?}");
    }
}

/// A manifest that somebody has written leads nowhere: not out of the folder, not into a device.
#[test]
fn a_forged_manifest_leads_nowhere() {
    let world = World::alone();
    std::fs::write(world.path("rows.jsonl"), file(&["a", "b"])).unwrap();
    let victim = sound(0).file();
    std::fs::write(world.path("a.wav"), &victim).unwrap();
    let forged = |name: &str| {
        format!(
            "{{\"key\":\"a\",\"file\":{},\"status\":\"saved\",\"verdict\":\"ok\",\"bytes\":{},\"sha256\":\"{}\",\"line\":1}}\n",
            serde_json::Value::from(name),
            victim.len(),
            sha256(&victim)
        )
    };
    for name in ["../a.wav", "/etc/passwd", "..", ".", "", "x/../../a.wav", "\0", "manifest.jsonl", "/dev/zero"] {
        let out = world.path("out");
        let _ = std::fs::remove_dir_all(&out);
        std::fs::create_dir(&out).unwrap();
        let junk = "\u{0}\n{\"key\":1}\n[]\n{}\n\n";
        std::fs::write(out.join("manifest.jsonl"), format!("{}{junk}{{\"key\":\"to", forged(name))).unwrap();
        let ran = world.run(&["verify", "out"]);
        assert_eq!(ran.code, 4, "{name:?}: {ran:?}");
        world.run(&["save", "rows.jsonl", "--out", "out"]).code(0);
        let named = hashes(&out);
        assert_eq!(named.keys().collect::<Vec<_>>(), ["a.wav", "b.wav"], "{name:?}");
        assert!(std::fs::read(world.path("a.wav")).unwrap() == victim, "{name:?}");
    }
}

/// Runs a command and does something as soon as it begins to write audio into a folder.
#[cfg(target_os = "linux")]
fn at_the_first_audio(
    out: &std::path::Path,
    command: Command,
    act: impl FnOnce() + Send + 'static,
) -> crate::cli::program::Ran {
    use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
    use std::os::unix::ffi::OsStrExt;
    let watch = inotify::init(CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&watch, out, WatchFlags::MOVED_TO | WatchFlags::CREATE).unwrap();
    let acting = std::thread::spawn(move || {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4_096];
        let mut reader = Reader::new(&watch, &mut buffer);
        loop {
            let event = reader.next().unwrap();
            let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()).to_owned());
            // Under its own name or a temporary one: several may get their names at once.
            if name.is_some_and(|name| name.as_bytes().ends_with(b".wav") || name.as_bytes().ends_with(b".part")) {
                return act();
            }
        }
    });
    let ran = finish(command);
    acting.join().unwrap();
    ran
}

/// A folder that is moved away keeps what it gets, and the command says that it is not there any more; one that is
/// replaced by a link leads nobody astray; one that is deleted is an error, and not a folder again.
#[test]
#[cfg(target_os = "linux")]
fn fault_53_a_folder_that_goes_away_meanwhile_takes_nothing_elsewhere() {
    let keys: Vec<String> = (0..400).map(|n| format!("row-{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let world = World::alone();
    std::fs::write(world.path("rows.jsonl"), file(&keys)).unwrap();
    world.run(&["save", "rows.jsonl", "--out", "undisturbed"]).code(0);
    let right = hashes(&world.path("undisturbed"));

    let (out, moved, elsewhere) = (world.path("out"), world.path("moved"), world.path("elsewhere"));
    std::fs::create_dir(&out).unwrap();
    std::fs::create_dir(&elsewhere).unwrap();
    let act = {
        let (out, moved, elsewhere) = (out.clone(), moved.clone(), elsewhere.clone());
        move || {
            std::fs::rename(&out, &moved).unwrap();
            symlink(&elsewhere, &out).unwrap();
        }
    };
    let ran = at_the_first_audio(&out, world.command(&["save", "rows.jsonl", "--out", "out"]), act);
    assert!(ran.code == 6 && ran.err.contains("out is not the folder any more"), "{ran:?}");
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0, "something was written behind the link");
    let there = half_done("moved", &moved, &right);
    assert_eq!(there.len(), right.len(), "what was begun is ended where the folder went");
    assert!(world.run(&["save", "rows.jsonl", "--out", "moved"]).code(0).out.contains("400 there already"));

    let gone = world.path("gone");
    std::fs::create_dir(&gone).unwrap();
    let act = {
        let gone = gone.clone();
        // New files come while the old ones go.
        move || while std::fs::remove_dir_all(&gone).is_err() && gone.exists() {}
    };
    let ran = at_the_first_audio(&gone, world.command(&["save", "rows.jsonl", "--out", "gone"]), act);
    assert!(!gone.exists(), "the folder came back");
    assert!(ran.code == 6 && ran.err.contains("gone"), "{ran:?}");
}
