//! One test for each kind of bad row, named after its number in `docs/trust.md`: what stands in the manifest, which file
//! is there and which is not, and how the command ends, whether rows come from a file, from the service or inline.

use std::collections::BTreeMap;

use serde_json::Value;

use super::case::{Case, Expect, L16, Line, Name, answer, candidate, file, good, part, reason};
use super::check::{by_line, check, hashes};
use super::server::{JOB, Results, Server};
use super::set::{Dress, can_be_inline, dressed};
use super::sound::{Sound, base64};
use super::{encoding, keys, shapes};
use crate::cli::program::{Ran, World, finish};

/// Saves rows in every way, and checks each of them; gives the records of the way from a file, by their lines.
#[track_caller]
fn proves(code: i32, cases: &[Case]) -> BTreeMap<u64, Value> {
    let all: Vec<&Case> = cases.iter().collect();
    let inline: Vec<&Case> = all.iter().copied().filter(|case| can_be_inline(case)).collect();
    let bytes = dressed(&all, Dress { key_first: true, ..Dress::default() });
    let world = World::alone();
    std::fs::write(world.path("rows.jsonl"), &bytes).unwrap();
    let looks_right = |way: &str, cases: &[&Case], ran: Ran| {
        // Of rows that cannot stand in an array none may be left that is bad.
        let is_told = |key: &String| !key.contains(char::REPLACEMENT_CHARACTER);
        let is_good = |case: &&Case| {
            matches!(case.expect, Expect::File { verdict: "ok", .. }) && case.key.as_ref().is_some_and(is_told)
        };
        let code = if way == "inline" && cases.iter().all(is_good) { 0 } else { code };
        let told = ran.code(code).json();
        check(way, &world.path(way), cases, &told);
        world.run(&["verify", way]).code(0);
    };
    looks_right("file", &all, world.run(&["save", "rows.jsonl", "--out", "file", "--json"]));
    let server = Server::start(Results::File { bytes, requests: all.len() });
    looks_right("service", &all, finish(server.command(&world, &["save", JOB, "--out", "service", "--json"])));
    if !inline.is_empty() {
        let server =
            Server::start(Results::Inline { items: inline.iter().filter_map(|case| case.item(true)).collect() });
        looks_right("inline", &inline, finish(server.command(&world, &["save", JOB, "--out", "inline", "--json"])));
    }
    by_line(&world.path("file"))
}

/// A good row beside the bad ones: it must not suffer.
fn neighbour() -> Case {
    Case::new("neighbour", "a good row", good(&Sound::usual(70)), file(Sound::usual(70)))
}

fn error(record: &Value) -> &str {
    record["error"].as_str().unwrap()
}

#[test]
fn fault_17_an_answer_without_content_is_a_failed_row_and_no_file() {
    let billed = r#""usageMetadata":{"promptTokenCount":31,"candidatesTokenCount":7}"#;
    let other = candidate(r#""content":{},"finishReason":"OTHER","index":0"#);
    let other = format!("{},{billed}}}", other.strip_suffix('}').unwrap());
    let bare = candidate(r#""finishReason":"OTHER""#);
    let records = proves(
        4,
        &[
            Case::new("other", "empty content", other, reason("empty", "no audio: OTHER")),
            Case::new("bare", "no content", bare, reason("empty", "no audio: OTHER")),
            neighbour(),
        ],
    );
    // What was billed is told all the same.
    assert_eq!((&records[&1]["promptTokens"], &records[&1]["finishReason"]), (&31.into(), &"OTHER".into()));
}

#[test]
fn fault_18_empty_data_leaves_no_file_of_a_header_alone() {
    let header = Sound { rate: 24_000, channels: 1, pcm: Vec::new() }.file();
    assert_eq!(header.len(), 44);
    proves(
        4,
        &[
            Case::new("empty", "empty data", answer(&part(L16, "")), reason("empty", "the audio is empty")),
            Case::new(
                "header",
                "a header of 44 bytes",
                answer(&part("audio/wav", &base64(&header))),
                reason("empty", "the audio is empty"),
            ),
            neighbour(),
        ],
    );
}

#[test]
fn fault_19_damaged_base64_is_refused_with_its_place_and_never_shortened() {
    let sound = Sound::of(1, 24_000, 1, 6_000);
    let whole = sound.base64();
    let at = 8_001;
    let damaged: Vec<(&str, String)> =
        [("!", "!"), ("blank", " "), ("minus", "-"), ("underscore", "_"), ("early", "=")]
            .into_iter()
            .map(|(key, foreign)| (key, format!("{}{foreign}{}", &whole[..at], &whole[at + 1..])))
            .collect();
    let key = |key: &str| if key == "!" { "bang".to_owned() } else { key.to_owned() };
    let case = |(name, text): &(&str, String)| {
        Case::new(&key(name), *name, answer(&part(L16, text)), reason("error", "not base64"))
    };
    let cases: Vec<Case> = damaged.iter().map(case).chain([neighbour()]).collect();
    let records = proves(4, &cases);
    for (line, (name, _)) in (1..).zip(&damaged) {
        // The place is that of the byte in its line.
        let bytes = cases[line as usize - 1].bytes(true);
        let start = bytes.windows(8).position(|window| window == &whole.as_bytes()[..8]).unwrap();
        let place = start + at;
        assert!(error(&records[&line]).ends_with(&format!("at byte {place}")), "{name}: {}", records[&line]);
    }
    // Every other kind of damage: missing padding, loose bits, a byte too many, and more, at every place.
    proves(4, &encoding::damaged());
}

#[test]
fn fault_20_half_a_sample_is_refused() {
    let tone = Sound::usual(5);
    let odd = |bytes: &[u8]| answer(&part(L16, &base64(bytes)));
    proves(
        4,
        &[
            Case::new("one", "one byte", odd(&[1]), reason("error", "odd number of bytes")),
            Case::new("long", "a tone less a byte", odd(&tone.pcm[1..]), reason("error", "odd number of bytes")),
            neighbour(),
        ],
    );
}

#[test]
fn fault_21_ten_seconds_of_nothing_are_saved_and_called_silent() {
    let silence = Sound { rate: 24_000, channels: 1, pcm: vec![0; 480_000] };
    let expect = Expect::File { verdict: "silent", name: Name::Plain, sound: silence.clone() };
    let records = proves(4, &[Case::new("silence", "ten seconds", good(&silence), expect), neighbour()]);
    assert_eq!((&records[&1]["durationSeconds"], &records[&1]["bytes"]), (&10.0.into(), &480_044.into()));
}

#[test]
fn fault_22_the_header_has_the_rate_that_was_said_and_other_formats_are_refused_by_name() {
    let fast = Sound::tone(3, 44_100, 1);
    let mime = "audio/L16;codec=pcm;rate=44100";
    let records = proves(
        4,
        &[
            Case::new("fast", "44.1 kHz", answer(&part(mime, &fast.base64())), file(fast)),
            Case::new(
                "mpeg",
                "MP3",
                answer(&part("audio/mpeg", "SUQzBAAA")),
                reason("wrong-format", "cannot write audio/mpeg"),
            ),
            neighbour(),
        ],
    );
    assert_eq!(records[&1]["sampleRate"], 44_100);
}

#[test]
fn fault_23_what_the_service_says_is_told_clean_and_short() {
    let said = |member: &str, message: &str| format!(r#""{member}":{{"code":13,"message":"{message}"}}"#);
    let cases = [
        Case::new("error", "an error", said("error", "it broke"), reason("error", "it broke (code 13)")),
        Case::new("status", "a status", said("status", "so sorry"), reason("error", "so sorry (code 13)")),
        Case::new("long", "5,000 letters", said("error", &"x".repeat(5_000)), reason("error", "xxx…")),
        Case::new("wide", "5,000 signs", said("error", &"語".repeat(5_000)), reason("error", "語語…")),
        Case::new("turned", "5,000 overrides", said("error", &"\\u202e".repeat(5_000)), reason("error", "⟨U+202E⟩")),
        Case::new("driven", "5,000 escapes", said("status", &"\\u001b[2J\\n".repeat(1_000)), reason("error", "␛[2J ")),
        Case::new(
            "refused",
            "a long reason",
            candidate(&format!(r#""finishReason":"SAFETY","finishMessage":"{}""#, "y".repeat(5_000))),
            reason("refused", "no audio: SAFETY: yyy"),
        ),
        neighbour(),
    ];
    for record in proves(4, &cases).values().filter(|record| record["status"] == "failed") {
        let said = error(record).trim_end_matches(" (code 13)").trim_start_matches("no audio: SAFETY: ");
        assert!(said.chars().count() <= 200, "{}: {said}", said.chars().count());
        assert!(!said.chars().any(|c| c.is_control() || c == '\u{202e}'), "{said:?}");
    }
}

#[test]
fn fault_24_of_a_key_that_comes_twice_the_first_audio_stays() {
    let again = |n: u64, expect| Case::new("twice", format!("take {n}"), good(&Sound::usual(n)), expect);
    let records = proves(
        4,
        &[again(1, file(Sound::usual(1))), again(2, Expect::Duplicate), neighbour(), again(3, Expect::Duplicate)],
    );
    for line in [2, 4] {
        assert_eq!((&records[&line]["key"], &records[&line]["status"]), (&"twice".into(), &"duplicate".into()));
    }
}

#[test]
fn fault_25_a_row_without_a_key_is_named_by_its_line_and_flagged() {
    let sound = Sound::usual(4);
    let line = Line::Members { key: Vec::new(), rest: good(&sound).into_bytes() };
    let expect = Expect::File { verdict: "ok", name: Name::Slug("unmatched".to_owned()), sound };
    let keyless = Case { what: "no key".to_owned(), line, key: None, expect };
    proves(4, &[neighbour(), keyless.clone()]);
    let world = World::alone();
    std::fs::write(world.path("rows.jsonl"), dressed(&[&keyless], Dress::default())).unwrap();
    world.run(&["save", "rows.jsonl", "--out", "out"]).code(4).says("1 result comes without a key");
}

#[test]
fn fault_26_keys_that_want_to_be_elsewhere_stay_in_the_folder_and_apart() {
    let cases = keys::cases();
    let wanted = [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        "",
        ".",
        "a/b",
        "a\\b",
        "C:\\x",
        "\\\\srv\\s",
        "CON",
        "nul.wav",
        "com1.",
        "aux ",
        "x:ads",
        "café",
        "cafe\u{301}",
        "\u{212a}elvin",
        "kelvin",
        "abc\u{202e}def",
        "a\nb",
        "a\0b",
        "-rf",
        "~",
        "$(id)",
        "👩‍👧😀",
    ];
    for key in wanted {
        assert!(cases.iter().any(|case| case.key.as_deref() == Some(key)), "{key:?} is not among the cases");
    }
    assert!(cases.iter().any(|case| case.key.as_ref().is_some_and(|key| key.len() == 5_000)));
    for (line, record) in proves(4, &cases) {
        let Some(name) = record["file"].as_str() else { continue };
        let is_safe = |c: char| c.is_alphanumeric() || "._-".contains(c);
        assert!(name.chars().all(is_safe) && !name.starts_with(['.', '-']), "line {line}: {name}");
        assert!(name.len() <= 120, "line {line}: {name}");
    }
    // Half a surrogate pair is no text at all.
    let rest = good(&Sound::usual(9));
    let lone = Case::raw("half", format!("{{\"key\":\"\\ud800\",{rest}}}"), None, reason("error", "surrogate"));
    proves(4, &[lone, neighbour()]);
}

#[test]
fn fault_28_one_line_of_a_thousand_that_is_no_json_is_one_failed_row() {
    let row = |n: u64| {
        let sound = Sound::of(n, 24_000, 1, 1_300);
        Case::new(&format!("row-{n}"), format!("row {n}"), good(&sound), file(sound))
    };
    let mut cases: Vec<Case> = (1..=1_000).map(row).collect();
    let broken = r#"{"key":"row-512","response":{]"#;
    cases[511] =
        Case::raw("no JSON", broken, Some("row-512"), reason("error", "a member name was expected at byte 29"));
    let all: Vec<&Case> = cases.iter().collect();
    let world = World::alone();
    std::fs::write(world.path("rows.jsonl"), dressed(&all, Dress::default())).unwrap();
    let ran = world.run(&["save", "rows.jsonl", "--out", "out", "--json"]).code(4).says("999 good");
    check("a thousand rows", &world.path("out"), &all, &ran.json());
    let failed: Vec<u64> = by_line(&world.path("out"))
        .into_iter()
        .filter(|(_, record)| record["status"] != "saved")
        .map(|(line, _)| line)
        .collect();
    assert_eq!(failed, [512]);
    assert_eq!(hashes(&world.path("out")).len(), 999);
}

#[test]
fn fault_29_two_hundred_thousand_brackets_are_one_failed_row() {
    let plain = good(&Sound::usual(6));
    let deep = "[".repeat(200_000);
    let closed = format!("{deep}{}", "]".repeat(200_000));
    let objects = r#"{"a":"#.repeat(200_000);
    let says = "nested deeper than 127 levels at byte";
    proves(
        4,
        &[
            Case::new("before", "a good row before them", good(&Sound::usual(8)), file(Sound::usual(8))),
            Case::raw("brackets alone", deep.clone(), None, reason("error", says)),
            Case::raw("braces alone", objects, None, reason("error", says)),
            Case::raw(
                "behind audio",
                format!("{{\"key\":\"late\",{plain},\"x\":{deep}"),
                Some("late"),
                reason("error", says),
            ),
            neighbour(),
            // Inline there is no line end behind which to go on: the item is read over, and the next one is read.
            Case::new("closed", "behind audio, closed", format!("{plain},\"x\":{closed}"), reason("error", says)),
            Case::new("behind", "a good row behind it", good(&Sound::usual(7)), file(Sound::usual(7))),
        ],
    );
}

#[test]
fn fault_30_a_member_that_stands_twice_is_refused() {
    proves(4, &[shapes::twice(), vec![neighbour()]].concat());
}

#[test]
fn fault_31_numbers_and_text_that_json_does_not_have_are_refused() {
    let plain = good(&Sound::usual(8));
    let line = |key: &str, x: &str| format!("{{\"key\":\"{key}\",{plain},\"x\":{x}}}");
    let case = |key: &str, x: &str, says| Case::raw(x, line(key, x), Some(key), reason("error", says));
    proves(
        4,
        &[
            case("large", "1e999", "a number out of range at byte"),
            case("nan", "NaN", "a value was expected at byte"),
            case("infinite", "-Infinity", "a digit was expected at byte"),
            case("lone", r#""\ud800""#, "half a surrogate pair at byte"),
            case("reversed", r#""\udc00\ud800""#, "half a surrogate pair at byte"),
            neighbour(),
        ],
    );
}

/// Keys of letters of several bytes that stand across the borders at which files and downloads are cut.
#[test]
fn fault_32_text_that_is_cut_within_a_character_is_read_and_damaged_keys_are_flagged() {
    let mut bytes: Vec<u8> = Vec::new();
    let mut expected = Vec::new();
    for (n, border) in [64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20].into_iter().enumerate() {
        let sound = Sound::of(n as u64, 24_000, 1, 2_000);
        let head = format!("{{{},\"x\":\"", good(&sound));
        // The second byte of the letter, of three, is the first one behind the border.
        let tail = "\",\"key\":\"";
        let filler = border - 1 - bytes.len() - head.len() - tail.len();
        bytes.extend(format!("{head}{}{tail}", "f".repeat(filler)).into_bytes());
        assert_eq!(bytes.len(), border - 1);
        bytes.extend(format!("語{n}\"}}\n").into_bytes());
        expected.push((format!("語{n}"), sound));
    }
    let world = World::alone();
    std::fs::write(world.path("rows.jsonl"), &bytes).unwrap();
    let server = Server::start(Results::File { bytes, requests: expected.len() });
    world.run(&["save", "rows.jsonl", "--out", "file"]).code(0);
    finish(server.command(&world, &["save", JOB, "--out", "service"])).code(0);
    for out in ["file", "service"] {
        let records = by_line(&world.path(out));
        for (line, (key, sound)) in (1..).zip(&expected) {
            assert_eq!(records[&line]["key"], **key, "{out}");
            let name = records[&line]["file"].as_str().unwrap();
            assert!(std::fs::read(world.path(out).join(name)).unwrap() == sound.file(), "{out}: {key}");
        }
    }

    // Bytes that are no text: two keys that differ only there are two, and somebody should look.
    let damaged = |byte: u8, n: u64, key: &str, slug: &str| {
        let sound = Sound::usual(n);
        let line =
            Line::Members { key: [b"\"key\":\"in", &[byte][..], b"valid\""].concat(), rest: good(&sound).into() };
        let expect = Expect::File { verdict: "ok", name: Name::Slug(slug.to_owned()), sound };
        Case { what: key.to_owned(), line, key: Some(key.to_owned()), expect }
    };
    let cases = [
        damaged(0xff, 11, "in\u{fffd}ffvalid", "in_ffvalid"),
        damaged(0xfe, 12, "in\u{fffd}fevalid", "in_fevalid"),
        neighbour(),
    ];
    proves(4, &cases);
    let all: Vec<&Case> = cases.iter().collect();
    std::fs::write(world.path("damaged.jsonl"), dressed(&all, Dress::default())).unwrap();
    let ran = world.run(&["save", "damaged.jsonl", "--out", "damaged"]).code(4);
    ran.says("key unknown: 2 results come with a key that no request has");
}

#[test]
fn fault_33_results_are_found_in_a_file_inline_or_in_both_and_nowhere_is_said() {
    let sound = |n: u64| Sound::of(n, 24_000, 1, 2_000);
    let line = |n: u64| format!("{{{},\"key\":\"k{n}\"}}\n", good(&sound(n))).into_bytes();
    let item = |n: u64| format!("{{{},\"metadata\":{{\"key\":\"k{n}\"}}}}", good(&sound(n))).into_bytes();
    let bytes = [line(1), line(2)].concat();
    let items = || vec![item(1), item(2)];
    for (what, results) in [
        ("file", Results::File { bytes: bytes.clone(), requests: 2 }),
        ("inline", Results::Inline { items: items() }),
        ("both", Results::Both { bytes, items: items() }),
    ] {
        let server = Server::start(results);
        let world = World::alone();
        finish(server.command(&world, &["save", JOB, "--out", "out"])).code(0);
        let records = by_line(&world.path("out"));
        assert_eq!(records.len(), 2, "{what}: each result once");
        for n in [1, 2] {
            let file = std::fs::read(world.path("out").join(format!("k{n}.wav"))).unwrap();
            assert!(file == sound(n).file(), "{what}");
        }
        world.run(&["verify", "out"]).code(0);
    }
    let server = Server::start(Results::Nothing);
    let world = World::alone();
    let ran = finish(server.command(&world, &["save", JOB, "--out", "out"])).code(1);
    ran.says("has no results");
    assert!(!world.path("out").exists(), "nothing is made for nothing");
}
