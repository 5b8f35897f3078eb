//! JSON of every shape: rows that are none, members twice, unknown members, depth, numbers, broken text, and every way
//! in which the service says that there is no audio.

use super::case::{Case, Expect, L16, answer, candidate, file, good, part, reason};
use super::sound::Sound;

pub fn cases() -> Vec<Case> {
    let mut cases = failures();
    cases.extend(good_shapes());
    cases.extend(twice());
    cases.extend(broken());
    cases.extend(no_rows());
    cases
}

fn numbered(prefix: &'static str) -> impl FnMut((usize, (&str, String, Expect))) -> Case {
    move |(n, (what, rest, expect))| Case::new(&format!("{prefix}-{n:03}"), what, rest, expect)
}

/// Every form of an answer without audio.
fn failures() -> Vec<Case> {
    let internal = "An internal error has occurred. Please retry or report in \
                    https://developers.generativeai.google/guide/troubleshooting";
    let finished = |reason: &str| candidate(&format!(r#""content":{{}},"finishReason":"{reason}","index":0"#));
    let mut table: Vec<(&str, String, Expect)> = vec![
        ("code 13", format!(r#""error":{{"code":13,"message":"{internal}"}}"#), reason("error", "An internal error")),
        ("message first", r#""error":{"message":"Deadline expired.","code":4}"#.into(), reason("error", "Deadline")),
        ("status", r#""status":{"code":8,"message":"Resource exhausted."}"#.into(), reason("error", "exhausted")),
        ("a code as text", r#""error":{"code":"8","message":"no"}"#.into(), reason("error", "(code 8)")),
        ("an error as text", r#""error":"it broke""#.into(), reason("error", "it broke")),
        ("an error without words", r#""error":{}"#.into(), reason("error", "no reason")),
        (
            "an error with details",
            r#""error":{"code":3,"message":"bad","details":[{"@type":"x","message":"worse"}]}"#.into(),
            reason("error", "bad (code 3)"),
        ),
        (
            "an error with escape sequences",
            r#""error":{"code":13,"message":"\u001b[31m\u0007\u202egone\n\r\u0000"}"#.into(),
            reason("error", "␛[31m␇⟨U+202E⟩gone"),
        ),
        (
            "an error of 5,000 letters",
            format!(r#""error":{{"code":13,"message":"{}"}}"#, "x".repeat(5_000)),
            reason("error", "xxx…"),
        ),
        (
            "an error beside audio",
            format!(r#"{},"error":{{"code":13,"message":"no"}}"#, good(&Sound::usual(80))),
            reason("error", "no (code 13)"),
        ),
        (
            "blocked",
            r#""response":{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":31}}"#
                .into(),
            reason("refused", "blocked: PROHIBITED_CONTENT"),
        ),
        (
            "blocked, in snake case",
            r#""response":{"prompt_feedback":{"block_reason":"SAFETY"}}"#.into(),
            reason("refused", "blocked: SAFETY"),
        ),
        ("OTHER with empty content", finished("OTHER"), reason("empty", "OTHER")),
        ("OTHER without content", candidate(r#""finishReason":"OTHER","index":0"#), reason("empty", "OTHER")),
        ("content that is null", candidate(r#""content":null,"finishReason":"OTHER""#), reason("empty", "OTHER")),
        ("MAX_TOKENS without audio", finished("MAX_TOKENS"), reason("empty", "MAX_TOKENS")),
        ("a reason of tomorrow", finished("BORED"), reason("empty", "BORED")),
        (
            "a reason with words",
            candidate(r#""finishReason":"SAFETY","finishMessage":"not this""#),
            reason("refused", "not this"),
        ),
        ("STOP and nothing", finished("STOP"), reason("empty", "no audio")),
        ("text", answer(r#"{"text":"I can only speak text."}"#), reason("empty", "text instead of audio")),
        ("no candidates", r#""response":{"candidates":[]}"#.into(), reason("empty", "without candidates")),
        ("an empty answer", r#""response":{}"#.into(), reason("empty", "without candidates")),
        (
            "an embedding",
            r#""response":{"tokenCount":"1","embedding":{"values":[-0.03,1e-9]}}"#.into(),
            reason("empty", "embedding"),
        ),
    ];
    for (what, refusal) in [
        ("SAFETY", "SAFETY"),
        ("RECITATION", "RECITATION"),
        ("LANGUAGE", "LANGUAGE"),
        ("BLOCKLIST", "BLOCKLIST"),
        ("PROHIBITED_CONTENT", "PROHIBITED_CONTENT"),
        ("SPII", "SPII"),
    ] {
        table.push((what, finished(refusal), reason("refused", refusal)));
    }
    table.into_iter().enumerate().map(numbered("failure")).collect()
}

/// Good audio in an unusual line.
fn good_shapes() -> Vec<Case> {
    let tone = Sound::usual(81);
    let plain = good(&tone);
    let with = |member: &str| format!("{plain},{member}");
    let numbers = format!(r#""x":[0,-0,1e308,-1e-400,12345678901234567890123456789,{}]"#, "9".repeat(300));
    let table: Vec<(&str, String)> = vec![
        ("unknown members", with(r#""status":"draft","tags":[],"note":null,"deep":{"key":"no","response":{}}"#)),
        ("an echoed status", with(r#""status":{}"#)),
        ("an error of code 0", with(r#""error":{"code":0}"#)),
        ("an error that is null", with(r#""error":null"#)),
        ("metadata beside the key", with(r#""metadata":{"key":"another"}"#)),
        ("large numbers", with(&numbers)),
        ("depth of 127", with(&format!("\"x\":{}{}", "[".repeat(126), "]".repeat(126)))),
        ("an object in depth", with(&format!("\"x\":{}1{}", "{\"a\":".repeat(126), "}".repeat(126)))),
        ("a name of 5,000 letters", with(&format!("\"{}\":1", "n".repeat(5_000)))),
        ("a name that begins like one of ours", with(r#""keyhole":"x","respons":{}"#)),
        ("a megabyte of nothing", with(&format!("\"x\":\"{}\"", "A".repeat(1 << 20)))),
        ("blanks everywhere", format!(" \t {} \r ", plain.replace("\":", "\" :\t ").replace("\",\"", "\" , \""))),
        ("emoji and NUL elsewhere", with(r#""x":"\ud83d\ude00\u0000\uffff😀""#)),
        ("counts of any kind", with(r#""response2":{"usageMetadata":{"promptTokenCount":"many"}}"#)),
        (
            "absurd counts",
            format!(
                r#"{},"usageMetadata":{{"promptTokenCount":1e99,"candidatesTokenCount":-5,"candidatesTokensDetails":null}}}}"#,
                plain.strip_suffix('}').unwrap()
            ),
        ),
    ];
    let row = |(what, rest)| (what, rest, file(tone.clone()));
    let mut cases: Vec<Case> = table.into_iter().map(row).enumerate().map(numbered("shape")).collect();
    let mut rest = with("\"x\":\"").into_bytes();
    rest.extend_from_slice(b"\xff\xfe\xc3\x28\xed\xa0\x80\"");
    cases.push(Case::new("shape-200", "bytes that are no text in a member nobody reads", rest, file(tone)));
    cases
}

/// A member that stands twice contradicts itself, even where both say the same.
pub fn twice() -> Vec<Case> {
    let tone = Sound::usual(82);
    let plain = good(&tone);
    let data = tone.base64();
    let one = part(L16, &data);
    let table: Vec<(&str, String, &'static str)> = vec![
        ("response", format!("{plain},{plain}"), "“response” stands twice"),
        ("response, empty first", format!("\"response\":{{}},{plain}"), "“response” stands twice"),
        (
            "candidates",
            format!("{},\"candidates\":[]}}", plain.strip_suffix('}').unwrap()),
            "“candidates” stands twice",
        ),
        ("content", candidate(&format!(r#""content":{{"parts":[{one}]}},"content":{{}}"#)), "“content” stands twice"),
        ("parts", candidate(&format!(r#""content":{{"parts":[{one}],"parts":[]}}"#)), "“parts” stands twice"),
        (
            "data",
            answer(&format!(r#"{{"inlineData":{{"mimeType":"{L16}","data":"{data}","data":"{data}"}}}}"#)),
            "“data” stands twice",
        ),
        (
            "inlineData in two spellings",
            answer(&format!(
                "{},{}",
                one.strip_suffix('}').unwrap(),
                one.replace("inlineData", "inline_data").strip_prefix('{').unwrap()
            )),
            "“inline_data” stands twice",
        ),
        (
            "error",
            r#""error":{"code":13,"message":"a"},"error":{"code":4,"message":"b"}"#.into(),
            "“error” stands twice",
        ),
    ];
    let row = |(what, rest, says): (&'static str, String, &'static str)| (what, rest, reason("error", says));
    table.into_iter().map(row).enumerate().map(numbered("twice")).collect()
}

/// Lines that are no JSON. What was read before the fault counts as far as it goes: a key.
fn broken() -> Vec<Case> {
    let plain = good(&Sound::usual(83));
    let first = |n: usize, rest: &str| format!("{{\"key\":\"broken-{n:03}\",{rest}}}");
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let table: Vec<(&str, String, &'static str)> = vec![
        ("depth of 128", format!("{plain},\"x\":{}", deep(127)), "nested deeper"),
        ("depth of 10,000", format!("{plain},\"x\":{}", deep(10_000)), "nested deeper"),
        ("10,000 open objects", format!("{plain},\"x\":{}", "{\"a\":".repeat(10_000)), "nested deeper"),
        ("a number out of range", format!("{plain},\"x\":1e999"), "out of range"),
        ("a number of 400 digits", format!("{plain},\"x\":{}", "9".repeat(400)), "out of range"),
        ("a number of 5,000 digits", format!("{plain},\"x\":0.{}", "9".repeat(5_000)), "number"),
        ("NaN", format!("{plain},\"x\":NaN"), "value was expected"),
        ("-Infinity", format!("{plain},\"x\":-Infinity"), "digit was expected"),
        ("a plus", format!("{plain},\"x\":+1"), "value was expected"),
        ("a leading zero", format!("{plain},\"x\":01"), "at byte"),
        ("a comment", format!("{plain},/* */\"x\":1"), "at byte"),
        ("single quotes", format!("{plain},'x':1"), "at byte"),
        ("a trailing comma", format!("{plain},"), "at byte"),
        ("no colon", format!("{plain},\"x\" 1"), "at byte"),
        ("an unknown escape", format!("{plain},\"x\":\"\\x41\""), "unknown escape"),
        ("three hex digits", format!("{plain},\"x\":\"\\u004\""), "hex digits"),
        ("half a surrogate pair", format!("{plain},\"x\":\"\\ud800\""), "surrogate"),
        ("the second half alone", format!("{plain},\"x\":\"\\udc00x\""), "surrogate"),
        ("a tab in a text", format!("{plain},\"x\":\"a\tb\""), "control character"),
        ("a NUL in a text", format!("{plain},\"x\":\"a\0b\""), "control character"),
        ("a NUL between members", format!("{plain},\0\"x\":1"), "at byte"),
        ("a tab in the audio", answer(&part(L16, "AAAA\tAAA")), "at byte"),
        ("a second value behind", format!("{plain}}} {{\"x\":1"), "text behind the value"),
    ];
    let row = |(n, (what, rest, says)): (usize, (&str, String, &'static str))| {
        Case::raw(what, first(n, &rest), Some(&format!("broken-{n:03}")), reason("error", says))
    };
    let mut cases: Vec<Case> = table.into_iter().enumerate().map(row).collect();
    let cut = first(100, &plain);
    // Up to the key, within the response, within the audio, and without the last brace.
    for (n, at) in [30, 60, cut.len() / 2, cut.len() - 1].into_iter().enumerate() {
        let what = format!("cut at {at} of {}", cut.len());
        let line = cut[..at].replace("broken-100", &format!("broken-{:03}", 100 + n));
        cases.push(Case::raw(what, line, Some(&format!("broken-{:03}", 100 + n)), reason("error", "at byte")));
    }
    cases
}

/// Rows that are no results, and rows whose key cannot be read.
fn no_rows() -> Vec<Case> {
    let plain = good(&Sound::usual(84));
    let table: Vec<(&str, String, Option<&str>, &'static str)> = vec![
        ("an empty list", "[]".into(), None, "not a JSON object"),
        ("a list of a row", format!("[{{{plain}}}]"), None, "not a JSON object"),
        ("a text", "\"x\"".into(), None, "not a JSON object"),
        ("a number", "7".into(), None, "not a JSON object"),
        ("null", "null".into(), None, "not a JSON object"),
        ("an empty object", "{}".into(), None, "neither an answer nor an error"),
        ("only a key", "{\"key\":\"lonely\"}".into(), Some("lonely"), "neither an answer nor an error"),
        ("an answer that is null", "{\"key\":\"nullish\",\"response\":null}".into(), Some("nullish"), "neither"),
        ("an answer that is a list", "{\"key\":\"listed\",\"response\":[]}".into(), Some("listed"), "neither"),
        ("no JSON", "Traceback (most recent call last):".into(), None, "value was expected"),
        ("a page", "<html><body>502 Bad Gateway</body></html>".into(), None, "value was expected"),
        ("only a NUL", "\0".into(), None, "value was expected"),
        ("an open brace", "{".into(), None, "at byte"),
        ("an open quote", "{\"".into(), None, "at byte"),
        ("two keys", format!("{{\"key\":\"one\",\"key\":\"two\",{plain}}}"), Some("two"), "“key” stands twice"),
        ("half a surrogate pair as a key", format!("{{\"key\":\"\\ud800\",{plain}}}"), None, "surrogate"),
        ("10,000 lists", "[".repeat(10_000), None, "nested deeper"),
        ("half an escape", "{\"key\":\"\\u00".into(), None, "at byte"),
        ("half a word", "{\"key\":tru".into(), None, "at byte"),
        ("half a number", "{\"key\":-".into(), None, "at byte"),
        (
            "a mark of byte order in the middle",
            format!("\u{feff}{{\"key\":\"marked\",{plain}}}"),
            None,
            "value was expected",
        ),
    ];
    let row = |(what, line, key, says): (&str, String, Option<&str>, &'static str)| {
        Case::raw(what, line, key, reason("error", says))
    };
    table.into_iter().map(row).collect()
}
