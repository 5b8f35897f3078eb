//! Keys that want to be somewhere else, somebody else, or nobody.

use super::case::{Case, Expect, Line, Name, good};
use super::sound::Sound;

/// A key as JSON, as text, and the slug of its file; no slug for keys that are file names as they are.
type Row<'a> = (&'a str, &'a str, Option<&'a str>);

pub fn cases() -> Vec<Case> {
    let fives = ("x".repeat(5_000), "x".repeat(60));
    let longest = "y".repeat(116);
    let too_long = ("z".repeat(117), "z".repeat(60));
    let letters = ("語".repeat(41), "語".repeat(20));
    let table: Vec<Row<'_>> = vec![
        ("../x", "../x", Some("_x")),
        ("../../etc/passwd", "../../etc/passwd", Some("_.._etc_passwd")),
        ("..\\\\..\\\\x", "..\\..\\x", Some("_.._x")),
        ("/etc/passwd", "/etc/passwd", Some("_etc_passwd")),
        ("\\/etc\\/shadow", "/etc/shadow", Some("_etc_shadow")),
        ("a/b", "a/b", Some("a_b")),
        ("a\\\\b", "a\\b", Some("a_b")),
        ("C:\\\\x", "C:\\x", Some("C_x")),
        ("C:x", "C:x", Some("C_x")),
        ("x:ads", "x:ads", Some("x_ads")),
        ("\\\\\\\\srv\\\\s", "\\\\srv\\s", Some("_srv_s")),
        ("..", "..", Some("key")),
        (".", ".", Some("key")),
        ("", "", Some("key")),
        (" ", " ", Some("_")),
        ("~", "~", Some("_")),
        ("~root", "~root", Some("_root")),
        ("$(id)", "$(id)", Some("_id_")),
        ("`id`", "`id`", Some("_id_")),
        ("%2e%2e%2fx", "%2e%2e%2fx", Some("_2e_2e_2fx")),
        ("*", "*", Some("_")),
        ("?", "?", Some("_")),
        ("CON", "CON", Some("_CON")),
        ("con.txt", "con.txt", Some("_con.txt")),
        ("nul.wav", "nul.wav", Some("_nul.wav")),
        ("LPT1", "LPT1", Some("_LPT1")),
        ("com1.", "com1.", Some("_com1")),
        ("aux ", "aux ", Some("aux_")),
        ("Prn", "Prn", Some("_Prn")),
        ("conx", "conx", None),
        ("-rf", "-rf", Some("rf")),
        ("--help", "--help", Some("help")),
        (".hidden", ".hidden", Some("hidden")),
        ("...dots", "...dots", Some("dots")),
        ("end.", "end.", Some("end")),
        ("end ", "end ", Some("end_")),
        (" start", " start", Some("_start")),
        ("👩‍👧😀", "👩‍👧😀", Some("_")),
        ("\\ud83d\\ude00", "😀", Some("_")),
        ("abc\\u202edef", "abc\u{202e}def", Some("abc_def")),
        ("zero\\u200bwidth", "zero\u{200b}width", Some("zero_width")),
        ("caf\\u00e9", "café", Some("café")),
        ("cafe\\u0301", "cafe\u{301}", Some("café")),
        ("\\u212aelvin", "\u{212a}elvin", Some("Kelvin")),
        ("kelvin", "kelvin", None),
        ("a\\nb", "a\nb", Some("a_b")),
        ("a\\u0000b", "a\0b", Some("a_b")),
        ("\\u0000", "\0", Some("_")),
        ("a\\u001b[31mb", "a\u{1b}[31mb", Some("a_31mb")),
        ("quo\\\"te", "quo\"te", Some("quo_te")),
        (&fives.0, &fives.0, Some(&fives.1)),
        (&longest, &longest, None),
        (&too_long.0, &too_long.0, Some(&too_long.1)),
        (&letters.0, &letters.0, Some(&letters.1)),
        ("Twin", "Twin", Some("Twin")),
        ("twin", "twin", Some("twin")),
        ("TWIN", "TWIN", Some("TWIN")),
        ("manifest", "manifest", None),
        ("manifest.jsonl", "manifest.jsonl", None),
        (".manifest.jsonl", ".manifest.jsonl", Some("manifest.jsonl")),
        (".x.deadbeef.part", ".x.deadbeef.part", Some("x.deadbeef.part")),
        ("x.deadbeef.part", "x.deadbeef.part", None),
        ("x.wav", "x.wav", None),
        ("unmatched", "unmatched", None),
        ("null", "null", None),
        ("\\u006eumber-7", "number-7", None),
    ];
    let mut cases: Vec<Case> = (0..).zip(table).map(|(n, row)| named(n, row)).collect();
    cases.extend(not_strings());
    cases.extend(impostors());
    cases
}

fn named(n: u64, (json, key, slug): Row<'_>) -> Case {
    let name = slug.map_or(Name::Plain, |slug| Name::Slug(slug.to_owned()));
    spelled(&format!("\"key\":\"{json}\""), Some(key), name, n)
}

fn spelled(member: &str, key: Option<&str>, name: Name, n: u64) -> Case {
    let sound = Sound::of(60 + n, 24_000, 1, 2_400 + n as usize);
    let line = Line::Members { key: member.as_bytes().to_vec(), rest: good(&sound).into_bytes() };
    let what = format!("the key {:.60}", format!("{key:?}"));
    Case { what, line, key: key.map(str::to_owned), expect: Expect::File { verdict: "ok", name, sound } }
}

/// Keys of other kinds, escaped names, no keys, bytes that are no text.
fn not_strings() -> Vec<Case> {
    let unmatched = || Name::Slug("unmatched".to_owned());
    let slug = |slug: &str| Name::Slug(slug.to_owned());
    let table: Vec<(&str, Option<&str>, Name)> = vec![
        (r#""key":42"#, Some("42"), Name::Plain),
        (r#""key":-1.50e3"#, Some("-1.50e3"), slug("1.50e3")),
        (r#""key":true"#, Some("true"), Name::Plain),
        (r#""key":{"id": 1}"#, Some(r#"{"id": 1}"#), slug("_id_1_")),
        (r#""key":["a","b"]"#, Some(r#"["a","b"]"#), slug("_a_b_")),
        (r#""key":null"#, None, unmatched()),
        ("", None, unmatched()),
        (r#""\u006b\u0065y":"escaped-name""#, Some("escaped-name"), Name::Plain),
        (r#""KEY":"shouted""#, None, unmatched()),
        (r#""key ":"padded""#, None, unmatched()),
    ];
    let mut cases: Vec<Case> =
        (200..).zip(table).map(|(n, (member, key, name))| spelled(member, key, name, n)).collect();
    let mut invalid = spelled("", Some("in\u{fffd}ffvalid"), slug("in_ffvalid"), 220);
    if let Line::Members { key, .. } = &mut invalid.line {
        *key = b"\"key\":\"in\xffvalid\"".to_vec();
    }
    cases.push(invalid);
    cases
}

/// Keys that read like the name that another key gets, and keys that come again.
fn impostors() -> Vec<Case> {
    let mut cases = vec![
        spelled(r#""key":"mi/ne""#, Some("mi/ne"), Name::Begins("mi_ne-"), 300),
        spelled(r#""key":"again""#, Some("again"), Name::Plain, 302),
        // The same bytes, other bytes, and no audio at all: the first one has the key.
        spelled(r#""key":"again""#, Some("again"), Name::Plain, 302),
        spelled(r#""key":"again""#, Some("again"), Name::Plain, 303),
        spelled(r#""key":"\u0061gain""#, Some("again"), Name::Plain, 304),
    ];
    for case in &mut cases[2..] {
        case.expect = Expect::Duplicate;
        case.what.push_str(" again");
    }
    let taken = format!("mi_ne-{}", &super::case::sha256(b"mi/ne")[..8]);
    cases.push(spelled(&format!("\"key\":\"{taken}\""), Some(&taken), Name::Begins("mi_ne-"), 305));
    cases
}
