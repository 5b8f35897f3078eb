//! A disk that is full: a file system of 4 MiB where the kernel lets us make one, and a limit for the size of files
//! everywhere.
//!
//! A quota of a user cannot be made without rights that no test has; the system reports it in the same way as a full
//! disk, with another number.

use std::path::Path;
use std::process::Command;

use super::case::good;
use super::check::{half_done, hashes, same_as};
use super::sound::Sound;
use crate::cli::program::{Ran, World, finish};

/// So many rows of 100 kB of audio each, with a bad one among them.
fn rows(n: u64) -> Vec<u8> {
    let row = |n: u64| {
        let rest = if n == 5 { r#""error":{"code":13}"#.to_owned() } else { good(&Sound::of(n, 24_000, 1, 51_000)) };
        format!("{{{rest},\"key\":\"row-{n:03}\"}}\n").into_bytes()
    };
    (0..n).flat_map(row).collect()
}

/// Runs a shell script in the home with the environment of a command, `$BIN` being the program; in a name space of
/// mounts of its own if it has to mount something.
fn script(world: &World, text: &str, mounts: bool) -> Ran {
    let program = world.command(&[]);
    let mut command = if mounts { Command::new("unshare") } else { Command::new("sh") };
    if mounts {
        command.args(["-rm", "sh"]);
    }
    command.args(["-c", text]).current_dir(world.home.path()).env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("BIN", program.get_program());
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    finish(command)
}

/// Whether a file system can be mounted here. Where it cannot, the test says why it proves less.
fn can_mount() -> bool {
    let tried = Command::new("unshare").args(["-rm", "sh", "-c", "mount -t tmpfs -o size=4m none /mnt"]).output();
    match tried {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            println!("no file system can be mounted here: {}", String::from_utf8_lossy(&output.stderr));
            false
        }
        Err(error) => {
            println!("no file system can be mounted here: unshare: {error}");
            false
        }
    }
}

fn read(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.path(name)).unwrap().trim().to_owned()
}

/// What a run on a full disk must have said.
fn told_well(where_: &str, told: &str) {
    assert!(told.contains("hint: ") && told.contains("run the same command again"), "{where_}: {told}");
    assert!(!told.contains("panicked"), "{where_}: {told}");
}

#[test]
fn a_full_disk_keeps_what_is_whole_and_the_same_command_goes_on_once_there_is_room() {
    if !can_mount() {
        return;
    }
    let world = World::alone();
    std::fs::write(world.path("rows.jsonl"), rows(70)).unwrap();
    world.run(&["save", "rows.jsonl", "--out", "undisturbed"]).code(4);
    let right = hashes(&world.path("undisturbed"));
    // First the disk grows, then another one is cleared: a file of somebody else has filled three quarters of it. Of keys
    // that are chosen by a pattern nobody knows beforehand how much audio they have, so saving begins all the same.
    let text = r#"
        mkdir disk && mount -t tmpfs -o size=4m,mode=755 none disk || exit 99
        "$BIN" save rows.jsonl --key 'row-*' --out disk/out >told1 2>&1; echo $? >code1; cp -a disk/out stage1
        "$BIN" verify disk/out >told2 2>&1; echo $? >code2
        "$BIN" save rows.jsonl --key 'row-*' --out disk/out >told3 2>&1; echo $? >code3; cp -a disk/out stage3
        mount -o remount,size=32m disk || exit 98
        "$BIN" save rows.jsonl --out disk/out >told4 2>&1; echo $? >code4; cp -a disk/out stage4
        mkdir other && mount -t tmpfs -o size=10m,mode=755 none other || exit 97
        head -c 8000000 /dev/zero >other/filler
        "$BIN" save rows.jsonl --key 'row-*' --out other/out >told5 2>&1; echo $? >code5; cp -a other/out stage5
        rm other/filler
        "$BIN" save rows.jsonl --out other/out >told6 2>&1; echo $? >code6; cp -a other/out stage6
        mount -o remount,ro other || exit 96
        "$BIN" save rows.jsonl --out other/out >told7 2>&1; echo $? >code7
        "$BIN" save rows.jsonl --out other/new >told8 2>&1; echo $? >code8
    "#;
    script(&world, text, true).code(0);
    for (stage, exit) in [("1", "6"), ("3", "6"), ("5", "6")] {
        let told = read(&world, &format!("told{stage}"));
        assert_eq!(read(&world, &format!("code{stage}")), exit, "stage {stage}: {told}");
        told_well(stage, &told);
        assert!(told.contains("no room to save rows.jsonl: need at least 102 kB, have "), "stage {stage}: {told}");
        assert!(
            told.contains(if stage == "5" { " in other/out: " } else { " in disk/out: " }),
            "stage {stage}: {told}"
        );
        let out = world.path(&format!("stage{stage}"));
        let there = half_done(stage, &out, &right);
        // As much as fits is there: four fifths of the disk hold audio, and no half of a file takes room.
        let least = if stage == "5" { 12 } else { 28 };
        assert!((least..right.len()).contains(&there.len()), "stage {stage}: {} files", there.len());
        let names: Vec<_> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".part")), "stage {stage}: {names:?}");
    }
    assert_eq!(read(&world, "code2"), "0", "{}", read(&world, "told2"));
    for stage in ["4", "6"] {
        assert_eq!(read(&world, &format!("code{stage}")), "4", "{}", read(&world, &format!("told{stage}")));
        same_as(stage, &world.path(&format!("stage{stage}")), &world.path("undisturbed"));
    }
    for stage in ["7", "8"] {
        let told = read(&world, &format!("told{stage}"));
        assert_eq!(read(&world, &format!("code{stage}")), "6", "a folder that is read-only: {told}");
        assert!(told.contains("other/"), "{told}");
    }
}

/// Five mebibytes of results and one of room.
#[test]
fn fault_51_a_disk_of_one_mebibyte_keeps_what_fits_and_one_of_sixteen_has_all_of_it() {
    if !can_mount() {
        return;
    }
    let world = World::alone();
    let results = rows(41);
    assert!(results.len() > 5 << 20);
    std::fs::write(world.path("rows.jsonl"), results).unwrap();
    world.run(&["save", "rows.jsonl", "--out", "undisturbed"]).code(4);
    let right = hashes(&world.path("undisturbed"));
    let text = r#"
        mkdir disk && mount -t tmpfs -o size=1m,mode=755 none disk || exit 99
        "$BIN" save rows.jsonl --key 'row-*' --out disk/out >told1 2>&1; echo $? >code1; cp -a disk/out stage1
        "$BIN" verify disk/out >told2 2>&1; echo $? >code2
        "$BIN" save rows.jsonl --out disk/out >told3 2>&1; echo $? >code3
        mount -o remount,size=16m disk || exit 98
        "$BIN" save rows.jsonl --out disk/out >told4 2>&1; echo $? >code4; cp -a disk/out stage4
    "#;
    script(&world, text, true).code(0);
    for stage in ["1", "3"] {
        let told = read(&world, &format!("told{stage}"));
        assert_eq!(read(&world, &format!("code{stage}")), "6", "{told}");
        told_well(stage, &told);
        assert!(told.contains("no room to save rows.jsonl: need ") && told.contains(", have "), "{told}");
    }
    let there = half_done("1 MiB", &world.path("stage1"), &right);
    assert!((7..right.len()).contains(&there.len()), "{} files", there.len());
    let names: Vec<_> =
        std::fs::read_dir(world.path("stage1")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{names:?}");
    assert_eq!(read(&world, "code2"), "0", "{}", read(&world, "told2"));
    assert_eq!(read(&world, "code4"), "4", "{}", read(&world, "told4"));
    same_as("16 MiB", &world.path("stage4"), &world.path("undisturbed"));
}

#[test]
fn on_a_full_disk_the_message_says_how_much_is_needed_and_how_much_there_is() {
    if !can_mount() {
        return;
    }
    let world = World::alone();
    std::fs::write(world.path("rows.jsonl"), rows(70)).unwrap();
    // It is known beforehand, and told before anything is written.
    let text = r#"
        mkdir disk && mount -t tmpfs -o size=4m,mode=755 none disk || exit 99
        "$BIN" save rows.jsonl --out disk/out >told1 2>&1; echo $? >code1; cp -a disk/out stage1
    "#;
    script(&world, text, true).code(0);
    let told = read(&world, "told1");
    assert_eq!(read(&world, "code1"), "6", "{told}");
    assert!(told.contains("no room to save rows.jsonl: need 7.1 MB, have 4.2 MB in disk/out"), "{told}");
    assert!(hashes(&world.path("stage1")).is_empty(), "nothing was begun");
}

/// The kept copy is a convenience: no room for it is no reason to fail, and it does not take the room of the audio.
#[test]
fn a_disk_without_room_for_a_copy_keeps_no_copy_and_the_audio_is_saved() {
    if !can_mount() {
        return;
    }
    // With an announced length it is known beforehand that a copy will not fit; without one it turns out on the way.
    for announced in [true, false] {
        let world = World::of(&format!(
            "[service]\ncontent_length = {announced}\n[[job]]\nage = \"3h\"\nid = \"large1\"\nname = \"large\"\n\
             requests = 30\nseconds = 2.0\ntexts = [\"Two seconds are spoken.\"]\n"
        ));
        world.run(&["save", "large1", "--out", "undisturbed"]).code(0);
        let right = hashes(&world.path("undisturbed"));
        assert_eq!(right.len(), 30);
        let text = r#"
            mkdir cache one && mount -t tmpfs -o size=2m,mode=755 none cache || exit 99
            export XDG_CACHE_HOME="$PWD/cache"
            "$BIN" save large1 --out out >told1 2>&1; echo $? >code1
            find cache -type f -size +100k >left1
            mount -t tmpfs -o size=2m,mode=755 none one || exit 98
            export XDG_CACHE_HOME="$PWD/one/cache"
            "$BIN" save large1 --out one/out >told2 2>&1; echo $? >code2; cp -a one/out stage2
            mount -o remount,size=64m one || exit 97
            "$BIN" save large1 --out one/out >told3 2>&1; echo $? >code3; cp -a one/out stage3
        "#;
        script(&world, text, true).code(0);
        let where_ = format!("announced length {announced}");
        assert_eq!(read(&world, "code1"), "0", "{where_}: {}", read(&world, "told1"));
        same_as(&where_, &world.path("out"), &world.path("undisturbed"));
        assert_eq!(read(&world, "left1"), "", "{where_}: a copy is left that nobody can use");
        assert_eq!(read(&world, "code2"), "6", "{where_}: {}", read(&world, "told2"));
        told_well(&where_, &read(&world, "told2"));
        let there = half_done(&where_, &world.path("stage2"), &right);
        if announced {
            // All of it was known to be too much before anything was fetched.
            assert_eq!(there.len(), 0, "{where_}");
        } else {
            assert!(there.len() > 8, "{where_}: {} files beside a copy that should have made room", there.len());
        }
        let told = read(&world, "told2");
        assert!(told.contains("no room to save large: need ") && told.contains(" in one/out"), "{where_}: {told}");
        assert_eq!(read(&world, "code3"), "0", "{where_}: {}", read(&world, "told3"));
        same_as(&where_, &world.path("stage3"), &world.path("undisturbed"));
    }
}

/// The same without any rights: files may not grow past a limit, first 4 KiB, then 32, then as large as they like.
#[test]
fn a_limit_for_the_size_of_files_is_a_full_disk_too() {
    let world = World::alone();
    let mut file = Vec::new();
    for n in 0..40_u64 {
        let samples = if n % 8 == 7 { 40_000 } else { 1_400 + n as usize };
        file.extend_from_slice(
            format!("{{{},\"key\":\"row-{n}\"}}\n", good(&Sound::of(n, 24_000, 1, samples))).as_bytes(),
        );
    }
    std::fs::write(world.path("rows.jsonl"), file).unwrap();
    world.run(&["save", "rows.jsonl", "--out", "undisturbed"]).code(0);
    let right = hashes(&world.path("undisturbed"));
    let mut before = 0;
    for blocks in [8, 64] {
        let text = format!("ulimit -f {blocks}; exec \"$BIN\" save rows.jsonl --out out");
        let ran = script(&world, &text, false).code(6);
        told_well("limit", &ran.err);
        let there = half_done("limit", &world.path("out"), &right).len();
        assert!(there >= before && there < right.len(), "{there} files");
        before = there;
        verified(&world, "out");
    }
    assert!(before > 0, "what is small enough is there");
    world.run(&["save", "rows.jsonl", "--out", "out"]).code(0);
    same_as("without a limit", &world.path("out"), &world.path("undisturbed"));
}

fn verified(world: &World, out: &str) {
    if Path::new(&world.path(out)).join("manifest.jsonl").exists() {
        world.run(&["verify", out]).code(0);
    }
}
