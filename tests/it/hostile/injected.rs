//! A kernel that fails at a call: `strace -e inject=…`. Where there is no strace the test says so and proves less;
//! `tests/crash/inject` tries every call and every error.

use std::collections::BTreeMap;
use std::process::Command;

use super::case::good;
use super::check::{half_done, hashes, same_as};
use super::sound::Sound;
use crate::cli::program::{Ran, World, finish};

fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            println!("calls cannot be made to fail here: {}", String::from_utf8_lossy(&output.stderr));
            false
        }
        Err(error) => {
            println!("calls cannot be made to fail here: strace: {error}");
            false
        }
    }
}

/// Short rows, one that needs a temporary file while it comes, a bad one, and twins.
fn rows(world: &World) {
    let row = |key: &str, n: u64, samples: usize| {
        format!("{{{},\"key\":\"{key}\"}}\n", good(&Sound::of(n, 24_000, 1, samples)))
    };
    let mut file: String = (0..12).map(|n| row(&format!("row-{n}"), n, 1_500 + n as usize)).collect();
    file.push_str(&row("long", 20, 600_000));
    file.push_str("{\"key\":\"bad\",\"error\":{\"code\":13}}\n");
    file.push_str(&row("Twin", 21, 2_000));
    file.push_str(&row("twin", 22, 2_001));
    std::fs::write(world.path("rows.jsonl"), file).unwrap();
}

/// Runs the save with these calls failing.
fn traced(world: &World, out: &str, calls: &str, fault: &str) -> Ran {
    let program = world.command(&[]);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e"]).arg(format!("trace={calls}"));
    command.arg("-e").arg(format!("inject={calls}:{fault}"));
    command.arg(program.get_program()).args(["save", "rows.jsonl", "--out", out]);
    command.current_dir(world.home.path()).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    finish(command)
}

fn undisturbed(world: &World) -> BTreeMap<String, String> {
    rows(world);
    world.run(&["save", "rows.jsonl", "--out", "undisturbed"]).code(4);
    hashes(&world.path("undisturbed"))
}

#[test]
fn a_disk_that_cannot_bring_bytes_to_safety_gives_no_file_its_name() {
    if !can_trace() {
        return;
    }
    let world = World::alone();
    undisturbed(&world);
    let ran = traced(&world, "out", "fsync,fdatasync,syncfs", "error=EIO").code(6);
    assert!(ran.err.contains("Input/output error") && ran.err.contains("hint: "), "{ran:?}");
    assert_eq!(hashes(&world.path("out")).len(), 0, "a file that is not safe has a name");
    world.run(&["save", "rows.jsonl", "--out", "out"]).code(4);
    same_as("once the disk works", &world.path("out"), &world.path("undisturbed"));
}

#[test]
fn fault_52_a_call_that_fails_at_any_time_leaves_only_what_is_whole() {
    if !can_trace() {
        return;
    }
    let world = World::alone();
    let right = undisturbed(&world);
    let errors = ["ENOSPC", "EIO", "EDQUOT", "EROFS", "EFBIG"];
    // From the call of that number on, or that one alone; numbers are counted for each thread.
    let table: [(&str, &[&str]); 4] = [
        ("write", &["4+", "9+", "14"]),
        ("fsync,fdatasync,syncfs", &["1", "2+"]),
        ("renameat2", &["1", "2+", "5"]),
        ("ftruncate,linkat", &["1+"]),
    ];
    let mut n = 0;
    let mut stopped = 0;
    for (calls, whens) in table {
        for when in whens {
            // Each call meets two of the errors, all together every one of them several times.
            for error in [errors[n % 5], errors[(n + 2) % 5]] {
                let where_ = format!("{calls} {error} from {when}");
                let _ = std::fs::remove_dir_all(world.path("out"));
                let ran = traced(&world, "out", calls, &format!("error={error}:when={when}"));
                half_done(&where_, &world.path("out"), &right);
                if ran.code == 6 {
                    stopped += 1;
                    let is_mute = calls == "write" && ran.err.is_empty();
                    assert!(is_mute || ran.err.contains("hint: "), "{where_}: {ran:?}");
                } else {
                    // Made good by another call; or it was the talk that could not be written.
                    let is_harmless = ran.code == 4 || calls == "write";
                    assert!(is_harmless, "{where_}: {ran:?}");
                }
                if world.path("out/manifest.jsonl").exists() {
                    world.run(&["verify", "out"]).code(0);
                }
                world.run(&["save", "rows.jsonl", "--out", "out"]).code(4);
                same_as(&where_, &world.path("out"), &world.path("undisturbed"));
            }
            n += 1;
        }
    }
    assert!(stopped >= 8, "only {stopped} runs met their error");
}
