//! Lines that are far from each other, far from their own end, or cut.

use std::io::Write;

use super::case::{Case, L16, Name, answer, good, part, sha256};
use super::check::{by_line, half_done, hashes, manifest, same_as, some_bad, tree};
use super::server::{JOB, Results, Server};
use super::sound::Sound;
use crate::cli::program::{World, finish};

fn line(key: &str, sound: &Sound) -> Vec<u8> {
    format!("{{{},\"key\":\"{key}\"}}\n", good(sound)).into_bytes()
}

/// Rows without audio that fill more than one piece of a file which threads share out.
fn filler(bytes: usize) -> Vec<u8> {
    let row =
        |n: usize| format!("{{\"key\":\"filler-{n}\",\"x\":\"{}\",\"error\":{{\"code\":13}}}}\n", "A".repeat(1 << 20));
    (0..bytes >> 20).flat_map(|n| row(n).into_bytes()).collect()
}

/// Twins, the same key again, and the same bytes again, near each other and twenty megabytes apart: what they are called
/// and who comes first does not depend on where they stand.
#[test]
fn twins_and_repeated_keys_are_told_apart_however_far_they_are() {
    let sound = |n: u64| Sound::of(n, 24_000, 1, 3_000 + n as usize);
    let first =
        [line("Twin", &sound(1)), line("again", &sound(2)), line("caf\\u00e9", &sound(3)), line("near", &sound(4))];
    let near = [line("near", &sound(5)), line("near", &sound(4))];
    let last =
        [line("twin", &sound(6)), line("again", &sound(2)), line("again", &sound(7)), line("cafe\\u0301", &sound(8))];
    let file = [&first.concat(), &near.concat(), &filler(20 << 20), &last.concat()].map(Vec::as_slice).concat();
    let hashed = |slug: &str, key: &str| format!("{slug}-{}.wav", &sha256(key.as_bytes())[..8]);
    let expected: Vec<(u64, &str, Option<String>, u64)> = vec![
        (1, "saved", Some(hashed("Twin", "Twin")), 1),
        (2, "saved", Some("again.wav".into()), 2),
        (3, "saved", Some(hashed("café", "café")), 3),
        (4, "saved", Some("near.wav".into()), 4),
        (5, "duplicate", None, 0),
        (6, "duplicate", None, 0),
        (27, "saved", Some(hashed("twin", "twin")), 6),
        (28, "duplicate", None, 0),
        (29, "duplicate", None, 0),
        (30, "saved", Some(hashed("café", "cafe\u{301}")), 8),
    ];
    let world = World::alone();
    std::fs::write(world.path("far.jsonl"), &file).unwrap();
    let server = Server::start(Results::File { bytes: file, requests: 30 });
    some_bad(world.run(&["save", "far.jsonl", "--out", "file", "--json"]));
    some_bad(finish(server.command(&world, &["save", JOB, "--out", "service", "--json"])));
    for out in ["file", "service"] {
        let records = by_line(&world.path(out));
        assert_eq!(records.len(), 30, "{out}");
        for (line, status, name, n) in &expected {
            let record = &records[line];
            assert_eq!(record["status"], *status, "{out}: {record}");
            assert_eq!(record["file"].as_str(), name.as_deref(), "{out}: {record}");
            if let Some(name) = name {
                let bytes = std::fs::read(world.path(out).join(name)).unwrap();
                assert!(bytes == sound(*n).file(), "{out}: {name} is the audio of another row");
            }
        }
        assert_eq!(hashes(&world.path(out)).len(), 6, "{out}");
        world.run(&["verify", out]).code(0);
        let before = tree(&world.path(out));
        match out {
            "file" => world.run(&["save", "far.jsonl", "--out", out]).code(4),
            _ => finish(server.command(&world, &["save", JOB, "--out", out])).code(4),
        };
        assert!(tree(&world.path(out)) == before, "{out}: a second save has changed something");
    }
}

/// A line of the longest audio that a model makes, in one part and with escapes, between two short ones.
#[test]
fn a_line_of_42_megabytes_is_a_line_like_any_other() {
    let long = Sound::of(9, 24_000, 1, 24_000);
    let long = Sound { pcm: long.pcm.repeat(655), ..long };
    let mut text = long.base64();
    assert!(text.len() > 41_900_000);
    if let Some(at) = text.rfind('/') {
        text.replace_range(at..=at, "\\/");
    }
    let rest = answer(&part(L16, &text));
    let world = World::alone();
    let mut file = std::fs::File::create(world.path("long.jsonl")).unwrap();
    file.write_all(&line("before", &Sound::usual(1))).unwrap();
    file.write_all(format!("{{{rest},\"key\":\"lo/ng\"}}\n").as_bytes()).unwrap();
    file.write_all(&line("behind", &Sound::usual(2))).unwrap();
    drop(file);
    world.run(&["save", "long.jsonl", "--out", "out", "--json"]).code(0);
    let case = Case::new("lo/ng", "a long line", "", super::case::file(long.clone()));
    let records = by_line(&world.path("out"));
    let name = records[&2]["file"].as_str().unwrap();
    assert!(case.fits_name(&Name::Slug("lo_ng".into()), name, 2), "{name}");
    assert!(std::fs::read(world.path("out").join(name)).unwrap() == long.file());
    assert_eq!(hashes(&world.path("out")).len(), 3);
    world.run(&["verify", "out"]).code(0);
}

/// Wherever a file ends, what stands in front of the end is saved and the rest has a reason; and once the whole file is
/// there, the same command makes everything as if nothing had been.
#[test]
fn a_file_that_is_cut_anywhere_gives_what_it_has_and_then_the_rest() {
    let whole: Vec<u8> = [
        line("one", &Sound::of(1, 24_000, 1, 1_500)),
        line("tw/o", &Sound::of(2, 24_000, 1, 1_500)),
        b"{\"key\":\"three\",\"error\":{\"code\":4,\"message\":\"late\"}}\r\n".to_vec(),
        line("four", &Sound::of(4, 24_000, 1, 1_500)),
    ]
    .concat();
    let world = World::alone();
    std::fs::write(world.path("whole.jsonl"), &whole).unwrap();
    world.run(&["save", "whole.jsonl", "--out", "whole"]).code(4);
    let right = hashes(&world.path("whole"));
    let last = whole.len() - line("four", &Sound::of(4, 24_000, 1, 1_500)).len();
    // Around every border of a line and of a member, and here and there within the audio.
    let mut cuts: Vec<usize> =
        vec![1, 2, 30, last - 2, last - 1, last, last + 1, last + 12, whole.len() - 2, whole.len() - 1];
    let mut state = 7_u64;
    cuts.extend(
        std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % whole.len()
        })
        .take(20),
    );
    for cut in cuts.into_iter().filter(|cut| *cut > 0) {
        let where_ = format!("cut at {cut} of {}", whole.len());
        let out = world.path("out");
        let _ = std::fs::remove_dir_all(&out);
        std::fs::write(world.path("cut.jsonl"), &whole[..cut]).unwrap();
        let rows = whole[..cut].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
        let told = world.run(&["save", "cut.jsonl", "--out", "out", "--json"]);
        assert_eq!(told.json().len(), rows, "{where_}");
        // The last row is whole only when all but its line end is there.
        let ended = whole[..cut].ends_with(b"}") || whole[..cut].ends_with(b"\n") || whole[..cut].ends_with(b"\r");
        assert_eq!(told.code, if ended && cut < last - 60 { 0 } else { 4 }, "{where_}: {told:?}");
        half_done(&where_, &out, &right);
        let torn =
            manifest(&out).into_iter().filter(|record| record["error"].as_str().is_some_and(|e| e.contains("ends")));
        assert_eq!(torn.count(), usize::from(!ended), "{where_}");
        world.run(&["verify", "out"]).code(0);
        world.run(&["save", "whole.jsonl", "--out", "out"]).code(4);
        assert_eq!(hashes(&out), right, "{where_}");
        half_done(&where_, &out, &right);
    }
    // A whole file that only lacks the last line end lacks nothing.
    std::fs::write(world.path("unended.jsonl"), &whole[..whole.len() - 1]).unwrap();
    world.run(&["save", "unended.jsonl", "--out", "unended"]).code(4);
    same_as("no last line end", &world.path("unended"), &world.path("whole"));
}

/// An item that is no JSON ends the reading of an inline body: what came before it is saved, and the command says where
/// it stopped.
#[test]
fn an_inline_body_that_cannot_be_read_to_its_end_says_so_and_keeps_what_came() {
    let item =
        |key: &str, n: u64| format!("{{{},\"metadata\":{{\"key\":\"{key}\"}}}}", good(&Sound::usual(n))).into_bytes();
    let broken = b"{\"x\":NaN}".to_vec();
    let server = Server::start(Results::Inline { items: vec![item("a", 1), broken, item("c", 3)] });
    let world = World::alone();
    let ran = finish(server.command(&world, &["save", JOB, "--out", "out", "--json"]));
    assert!([1, 4].contains(&ran.code), "{ran:?}");
    let records = by_line(&world.path("out"));
    assert_eq!(records[&1]["status"], "saved");
    assert!(records[&2]["error"].as_str().unwrap().contains("a value was expected"));
    world.run(&["verify", "out"]).code(0);
}
