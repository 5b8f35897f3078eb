//! The hostile set as a whole: as a file in several dresses, from a service as a file and inline, and by key.

use std::collections::BTreeMap;

use super::case::{Case, Expect, sha256};
use super::check::{check, hashes, some_bad, tree};
use super::server::{JOB, Results, Server};
use super::{encoding, formats, keys, shapes};
use crate::cli::program::{World, finish};

/// All cases, in the order of the lines.
pub fn cases() -> Vec<Case> {
    [encoding::cases(), formats::cases(), shapes::cases(), keys::cases()].concat()
}

/// How the same lines are written into a file.
#[derive(Clone, Copy, Default)]
pub struct Dress {
    pub key_first: bool,
    pub mark: bool,
    pub carriage_returns: bool,
    /// Blank lines and lines of blanks between the others. They are no rows.
    pub blanks: bool,
    pub no_last_newline: bool,
}

/// The lines as a results file.
pub fn dressed(cases: &[&Case], dress: Dress) -> Vec<u8> {
    let mut file = if dress.mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
    let newline: &[u8] = if dress.carriage_returns { b"\r\n" } else { b"\n" };
    for (n, case) in cases.iter().enumerate() {
        if dress.blanks && n % 3 == 1 {
            for blank in [&b""[..], b"   ", b"\t", b" \t "] {
                file.extend_from_slice(blank);
                file.extend_from_slice(newline);
            }
        }
        file.extend_from_slice(&case.bytes(dress.key_first));
        file.extend_from_slice(newline);
    }
    if dress.no_last_newline {
        file.truncate(file.len() - newline.len());
    }
    file
}

/// A world in which everything around the output folder is known.
fn nested() -> World {
    let world = World::alone();
    for folder in ["nest/inner", "nest/etc"] {
        std::fs::create_dir_all(world.path(folder)).unwrap();
    }
    for name in ["x", "x.wav", "nest/x.wav", "nest/etc/passwd", "nest/etc/passwd.wav", "nest/inner/twin.wav"] {
        world.file(name, "not yours");
    }
    world
}

#[test]
fn every_line_has_its_row_its_verdict_and_its_file_or_its_reason() {
    let cases = cases();
    let cases: Vec<&Case> = cases.iter().collect();
    let plain = Dress::default();
    let mut all_names = Vec::new();
    for (what, dress) in [
        ("key behind the audio", plain),
        ("key in front of the audio", Dress { key_first: true, ..plain }),
        (
            "a byte order mark, CRLF, blank lines, no last line end",
            Dress { mark: true, carriage_returns: true, blanks: true, no_last_newline: true, ..plain },
        ),
    ] {
        let world = nested();
        std::fs::write(world.path("nest/inner/set.jsonl"), dressed(&cases, dress)).unwrap();
        let before = tree(world.home.path());
        let save = || world.run(&["save", "nest/inner/set.jsonl", "--out", "nest/inner/out", "--json"]);
        let told = some_bad(save());
        let out = world.path("nest/inner/out");
        check(what, &out, &cases, &told);

        let after = tree(world.home.path());
        let outside = |tree: &super::check::Tree| -> super::check::Tree {
            let is_ours = |name: &str| name.starts_with("nest/inner/out") || name.starts_with(".");
            tree.iter().filter(|(name, _)| !is_ours(name)).map(|(name, what)| (name.clone(), what.clone())).collect()
        };
        assert!(outside(&after) == outside(&before), "{what}: something outside of the folder has changed");
        let checked = world.run(&["verify", "nest/inner/out", "--json"]).code(0).only();
        assert_eq!(checked["right"], hashes(&out).len(), "{what}");

        some_bad(save());
        let again = tree(&out);
        assert!(again == tree_below(&after, "nest/inner/out/"), "{what}: a second save has changed something");
        all_names.push(hashes(&out));
    }
    // The dress decides nothing: not a name, not a byte.
    assert!(all_names.windows(2).all(|two| two[0] == two[1]));
}

fn tree_below(tree: &super::check::Tree, folder: &str) -> super::check::Tree {
    let below = tree.iter().filter_map(|(name, what)| Some((name.strip_prefix(folder)?.to_owned(), what.clone())));
    below.collect()
}

#[test]
fn from_a_service_the_same_lines_become_the_same_files() {
    let cases = cases();
    let cases: Vec<&Case> = cases.iter().collect();
    for key_first in [false, true] {
        let bytes = dressed(&cases, Dress { key_first, ..Dress::default() });
        let server = Server::start(Results::File { bytes, requests: cases.len() });
        let world = World::alone();
        let told = some_bad(finish(server.command(&world, &["save", JOB, "--out", "out", "--json"])));
        check("from a service", &world.path("out"), &cases, &told);
        world.run(&["verify", "out"]).code(0);
        let before = tree(&world.path("out"));
        some_bad(finish(server.command(&world, &["save", JOB, "--out", "out", "--json"])));
        assert!(before == tree(&world.path("out")), "a second save has changed something");
    }
}

#[test]
fn inline_the_same_items_become_the_same_files() {
    let cases = cases();
    let cases: Vec<&Case> = cases.iter().filter(|case| can_be_inline(case)).collect();
    for key_first in [false, true] {
        let items = cases.iter().filter_map(|case| case.item(key_first)).collect();
        let server = Server::start(Results::Inline { items });
        let world = World::alone();
        let told = some_bad(finish(server.command(&world, &["save", JOB, "--out", "out", "--json"])));
        check("inline", &world.path("out"), &cases, &told);
        world.run(&["verify", "out"]).code(0);
        let before = tree(&world.path("out"));
        some_bad(finish(server.command(&world, &["save", JOB, "--out", "out", "--json"])));
        assert!(before == tree(&world.path("out")), "a second save has changed something");
    }
}

/// Whether a case means the same as an inline item: not one that brings a `metadata` of its own, and not one that is
/// nested as deep as a line may be, because an item stands in six containers already.
pub fn can_be_inline(case: &Case) -> bool {
    case.item(false).is_some()
        && !["metadata beside the key", "depth of 127", "an object in depth"].contains(&case.what.as_str())
}

#[test]
fn globs_choose_among_hostile_keys() {
    let cases = cases();
    let all: Vec<&Case> = cases.iter().collect();
    let world = World::alone();
    std::fs::write(world.path("set.jsonl"), dressed(&all, Dress::default())).unwrap();
    world.run(&["save", "set.jsonl", "--out", "all"]).code(4);
    let whole = hashes(&world.path("all"));
    for (globs, fits) in [
        (&["/etc/*"][..], (|key| key.starts_with("/etc/")) as fn(&str) -> bool),
        (&["*passwd*", "[wt]win"], |key| key.contains("passwd")),
        (&["?win"], |key| matches!(key, "Twin" | "twin")),
        (&["", ".", ".."], |key| matches!(key, "" | "." | "..")),
        (&["*\n*"], |key| key.contains('\n')),
        (&["éa*", "caf?"], |key| key == "café"),
        (&["part-*"], |key| key.starts_with("part-")),
    ] {
        let out = format!("chosen-{}", sha256(globs.concat().as_bytes()));
        let mut arguments = vec!["save", "set.jsonl", "--out", &out, "--json"];
        for glob in globs {
            arguments.extend(["--key", glob]);
        }
        let chosen: Vec<&Case> = all.iter().copied().filter(|case| case.key.as_deref().is_some_and(fits)).collect();
        assert!(!chosen.is_empty(), "{globs:?}");
        let is_good = chosen.iter().all(|case| matches!(case.expect, Expect::File { verdict: "ok", .. }));
        let told = world.run(&arguments).code(if is_good { 0 } else { 4 }).json();
        assert_eq!(told.len(), chosen.len(), "{globs:?}: {told:?}");
        // Whatever is chosen has the name and the bytes that it has among all.
        let some: BTreeMap<String, String> = hashes(&world.path(&out));
        let files = chosen.iter().filter(|case| matches!(case.expect, Expect::File { .. })).count();
        assert_eq!(some.len(), files, "{globs:?}");
        assert!(some.iter().all(|(name, hash)| whole.get(name) == Some(hash)), "{globs:?}: {some:?}");
    }
    world.run(&["save", "set.jsonl", "--out", "none", "--key", "no such key"]).code(1).says("no such key");
}
