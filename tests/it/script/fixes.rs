//! Quick fixes: what was found is gone from what is sent, and nothing else was changed.

use gemtts_tui::request::{Fixes, RULES, Severity, rule};
use gemtts_tui::script::Options;
use serde_json::Value;

use super::{Bad, Made, VOICE, bad_sources, dialogue, for_model, line, made_of, options};

fn with(fixes: &str, mut options: Options) -> Options {
    options.fixes = fixes.parse().unwrap();
    options
}

/// What each fixture becomes with the fix of its rule; `None` where nobody can know what is meant.
fn mended(name: &str) -> Option<String> {
    let good = line("k", "k");
    let part = |part: &str| line(r#"{"text":"Hello!"}"#, part);
    Some(match name {
        "missing-key.jsonl" | "missing-key-2.jsonl" | "empty-key.jsonl" => line("\"k\"", "\"bad-0001\""),
        "key-not-text.jsonl" => line("\"k\"", "\"5\""),
        "duplicate-key.jsonl" => format!("{good}{}", line("\"k\"", "\"k-2\"")),
        "missing-request-2.jsonl" => line(r#","role":"user""#, ""),
        "empty-text.jsonl" | "empty-text-2.jsonl" => String::new(),
        "flat-config.jsonl" => line(r#"["AUDIO"],"#, r#"["AUDIO"],"seed":1,"#),
        "no-such-field-2.jsonl" => line(VOICE, &format!(r#""languageCode":"de-DE",{VOICE}"#)),
        "system-instruction.jsonl" => part(r#"{"speechMetadata":{"style":"Speak slowly."},"text":"Hello!"}"#),
        "spoken-instruction.jsonl" => part(r#"{"speechMetadata":{"style":"Say cheerfully"},"text":"hello!"}"#),
        "tag-form.jsonl" => part(r#"{"text":"Well <sigh> no."}"#),
        "tag-form-2.jsonl" => part(r#"{"text":"Well [sigh] no."}"#),
        "speaker-missing.jsonl" => dialogue(
            &["Joe", "Jane"],
            r#""speechMetadata":{"speaker":"Joe"},"text":"Hi!"},{"speechMetadata":{"speaker":"Jane"},"text":"Ho!""#,
        ),
        "wrong-type.jsonl"
        | "flat-config-2.jsonl"
        | "no-such-field.jsonl"
        | "system-instruction-2.jsonl"
        | "missing-modality.jsonl"
        | "missing-modality-2.jsonl"
        | "wrong-modality.jsonl"
        | "lower-case-modality.jsonl"
        | "missing-voice.jsonl"
        | "default-voice.jsonl"
        | "default-voice-2.jsonl"
        | "unknown-voice.jsonl"
        | "both-voice-configs.jsonl"
        | "sampling-not-allowed.jsonl"
        | "low-temperature.jsonl" => good,
        // No fields to put into a request; a speaker who is not there.
        "missing-request.jsonl" | "speaker-missing-2.jsonl" => return None,
        other => panic!("what does {other} become?"),
    })
}

/// The findings that are still there.
fn left(made: &Made) -> Vec<&'static str> {
    made.findings.iter().filter(|finding| !finding.fixed).map(|finding| finding.rule).collect()
}

#[test]
fn each_fix_mends_what_its_rule_finds() {
    let with_fix = |bad: &Bad| rule(&bad.rule).is_some_and(|rule| rule.fix.is_some());
    let in_files = |bad: &Bad| bad.name.ends_with(".jsonl");
    for bad in bad_sources().into_iter().filter(with_fix).filter(in_files) {
        let made = made_of("bad.jsonl", &bad.content, &with(&bad.rule, bad.options()));
        let Some(expected) = mended(&bad.name) else {
            assert_eq!((left(&made), made.prepared.n_fixed), (vec![bad.rule.as_str()], 0), "{}", bad.name);
            continue;
        };
        assert_eq!(made.out, expected, "{}", bad.name);
        assert!(!left(&made).contains(&bad.rule.as_str()), "{}: {:?}", bad.name, made.findings);
        assert!(!made.prepared.has_errors(), "{}: {:?}", bad.name, made.findings);
        let told = made.findings.iter().find(|finding| finding.fixed && finding.rule == bad.rule);
        let told = told.unwrap_or_else(|| panic!("{} tells nothing: {:?}", bad.name, made.findings));
        assert_eq!(
            (told.line, told.column, told.severity),
            (bad.place.0, bad.place.1, Severity::Warning),
            "{}",
            bad.name
        );
        assert!(told.message.starts_with("fixed: ") && told.fix.is_some(), "{told}");
        assert_eq!(made.prepared.n_fixed, 1, "{}: {:?}", bad.name, made.findings);
        if !expected.is_empty() {
            let again = made_of("again.jsonl", &made.out, &bad.options());
            assert!(!again.rules().contains(&bad.rule.as_str()), "{}: {:?}", bad.name, again.findings);
            assert_eq!(again.out, made.out, "{}", bad.name);
        }
    }
}

#[test]
fn every_fix_has_a_bad_source() {
    let all = bad_sources();
    for rule in RULES.iter().filter(|rule| rule.fix.is_some()) {
        assert!(all.iter().any(|bad| bad.rule == rule.id), "{} has no bad source to mend", rule.id);
    }
}

#[test]
fn a_long_text_of_jsonl_is_split_with_ordered_keys() {
    for bad in bad_sources().into_iter().filter(|bad| bad.name == bad.rule && bad.rule != "line-too-long") {
        let made = made_of("bad.jsonl", &bad.content, &with(&bad.rule, bad.options()));
        assert_eq!(left(&made), [""; 0], "{}", bad.name);
        assert_eq!((made.prepared.n_fixed, made.prepared.n_split), (1, 1), "{}", bad.name);
        let spoken = super::forms::spoken(&made);
        assert!(spoken.len() > 1 && spoken[1].0 == "k-0002", "{}", bad.name);
        let joined: String = spoken.iter().map(|(_, text)| text.as_str()).collect();
        let source: Value = serde_json::from_slice(&bad.content).unwrap();
        assert_eq!(joined, source["request"]["contents"][0]["parts"][0]["text"].as_str().unwrap(), "{}", bad.name);
    }
    // Older models take the beginning for an instruction, which every piece needs.
    let long = line("Hello!", &format!("Read slowly: {}", "A word. ".repeat(4_000)));
    let made = made_of("long.jsonl", long, &with("all", for_model("gemini-2.5-pro-preview-tts")));
    let spoken = super::forms::spoken(&made);
    assert!(spoken.len() > 1 && spoken.iter().all(|(_, text)| text.starts_with("Read slowly: A word.")), "{spoken:?}");
}

#[test]
fn what_is_not_asked_for_is_not_mended() {
    for bad in bad_sources() {
        let plain = made_of("bad.jsonl", &bad.content, &bad.options());
        assert_eq!(plain.prepared.n_fixed, 0, "{}", bad.name);
        let others: Vec<&str> = Fixes::all()
            .rules()
            .map(|rule| rule.id)
            .filter(|id| *id != bad.rule && !id.contains("token") && !id.contains("audio"))
            .collect();
        let made = made_of("bad.jsonl", &bad.content, &with(&others.join(","), bad.options()));
        let still = |made: &Made| made.findings.iter().any(|finding| finding.rule == bad.rule && !finding.fixed);
        assert!(still(&made), "{} is gone: {:?}", bad.name, made.findings);
    }
}

#[test]
fn fixes_hold_for_every_form() {
    let table = "key,text,voice\na,Hi,kore\na,Ho,\nb,,\na,[sigh] Hm,\n";
    let made = made_of("t.csv", table, &with("all", options()));
    assert_eq!(left(&made), [""; 0], "{:?}", made.findings);
    let spoken = super::forms::spoken(&made);
    let expected = [("a", "Hi"), ("a-2", "Ho"), ("a-3", "<sigh> Hm")];
    assert_eq!(spoken, expected.map(|(key, text)| (key.to_owned(), text.to_owned())));
    assert!(made.out.contains("\"Kore\"") && !made.out.contains("kore"));
    let told: Vec<_> = made.findings.iter().map(|finding| (finding.rule, finding.line, finding.column)).collect();
    let expected = [
        ("unknown-voice", 2, 3),
        ("duplicate-key", 3, 3),
        ("empty-text", 4, 3),
        ("tag-form", 5, 3),
        ("duplicate-key", 5, 3),
    ];
    assert_eq!(told, expected);

    let long = format!("Read this slowly:\n{}", "A good word. ".repeat(4_000));
    let mut by_paragraph = with("spoken-instruction", options());
    by_paragraph.reading.by = gemtts_tui::script::By::Paragraph;
    let made = made_of("t.txt", long, &by_paragraph);
    assert_eq!(left(&made), [""; 0]);
    assert!(made.prepared.n_requests > 1);
    for line in made.out.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["request"]["contents"][0]["parts"][0]["speechMetadata"]["style"], "Read this slowly");
    }
    let lines: Vec<u64> = made.prepared.preview.iter().map(|preview| preview.line).collect();
    assert_eq!(lines[0], 2, "the text begins below its instruction");
}

#[test]
fn a_number_behind_a_key_is_free() {
    let keys = ["k", "k-2", "k", "K", "k"];
    let lines: String = keys.map(|key| line("\"k\"", &format!("\"{key}\""))).concat();
    let made = made_of("a.jsonl", lines, &with("duplicate-key", options()));
    let keys: Vec<String> = super::forms::spoken(&made).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["k", "k-2", "k-3", "K", "k-4"]);
    assert_eq!(left(&made), ["key-differs-in-case"]);
}
