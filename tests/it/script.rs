//! Sources as files: what is made of them, what is found in them, and that every lint rule finds what it is for.

#[path = "script/books.rs"]
mod books;
#[path = "script/fixes.rs"]
mod fixes;
#[path = "script/forms.rs"]
mod forms;
#[path = "script/properties.rs"]
mod properties;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gemtts_tui::money::{Catalog, Date};
use gemtts_tui::request::{Finding, RULES, Settings, Severity, rule};
use gemtts_tui::script::{Error, Index, Options, Prepared, SourceArg, lint, prepare, read_requests};

const TODAY: Date = Date::constant(2026, 10, 1);

struct Made {
    prepared: Prepared,
    findings: Vec<Finding>,
    out: String,
}

impl Made {
    fn rules(&self) -> Vec<&'static str> {
        self.findings.iter().map(|finding| finding.rule).collect()
    }
}

fn options() -> Options {
    let catalog = Catalog::built_in();
    Options::new(Settings::for_catalog(&catalog), catalog, TODAY)
}

fn for_model(model: &str) -> Options {
    let mut options = options();
    options.settings.model = model.to_owned();
    options
}

fn make(sources: &[PathBuf], options: &Options) -> Result<Made, Error> {
    let sources: Vec<SourceArg> = sources.iter().cloned().map(SourceArg::Path).collect();
    let (mut out, mut findings) = (Vec::new(), Vec::new());
    let prepared = prepare(&sources, options, &mut out, None, &mut |finding| findings.push(finding))?;
    Ok(Made { prepared, findings, out: String::from_utf8(out).expect("UTF-8") })
}

fn made_of(name: &str, content: impl AsRef<[u8]>, options: &Options) -> Made {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, content).expect("a source");
    make(&[path], options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// A good line with this text and voice, and one of its pieces replaced.
fn line(from: &str, to: &str) -> String {
    const GOOD: &str = r#"{"key":"k","request":{"contents":[{"parts":[{"text":"Hello!"}],"role":"user"}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}}}}"#;
    assert!(GOOD.contains(from), "{from}");
    format!("{}\n", GOOD.replacen(from, to, 1))
}

const VOICE: &str = r#""voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}"#;

fn dialogue(names: &[&str], text: &str) -> String {
    let speaker = |name: &&str| format!(r#"{{"speaker":"{name}",{VOICE}}}"#);
    let speakers: Vec<String> = names.iter().map(speaker).collect();
    let multi = format!(r#""multiSpeakerVoiceConfig":{{"speakerVoiceConfigs":[{}]}}"#, speakers.join(","));
    line(VOICE, &multi).replace(r#""text":"Hello!""#, text)
}

/// A bad source: the rule that finds it, the model of the job, and the line and column of what is found.
struct Bad {
    rule: String,
    model: String,
    name: String,
    content: Vec<u8>,
    place: (u64, u64),
}

/// Bad lines of JSONL: those of `tests/fixtures/lint`, and those that are too long to be kept.
fn bad_sources() -> Vec<Bad> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint");
    let expected = fs::read_to_string(folder.join("expected.tsv")).expect("what is expected");
    let row = |row: &str| {
        let [name, rule, model, line, column] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        Bad {
            rule: rule.to_owned(),
            model: model.to_owned(),
            name: name.to_owned(),
            content: fs::read(folder.join(name)).expect(name),
            place: (line.parse().unwrap(), column.parse().unwrap()),
        }
    };
    let mut all: Vec<Bad> = expected.lines().skip(1).map(row).collect();
    let files = fs::read_dir(&folder)
        .unwrap()
        .filter(|it| it.as_ref().unwrap().path().extension().is_some_and(|it| it == "jsonl"));
    assert_eq!(files.count(), all.len(), "every file is expected to show something");
    let good = line("k", "k");
    let long = |words: &str, n: usize| line("Hello!", &words.repeat(n));
    let at_text = good.find("\"text\"").unwrap() as u64 + 1;
    let made = [
        ("line-too-long", format!("{good}{}\n", "x".repeat(5_000_000)), (2, 0)),
        ("token-limit", long("word ", 8_000), (1, at_text)),
        ("near-token-limit", long("word ", 6_600), (1, at_text)),
        ("token-limit", long("字", 9_120), (1, at_text)),
        ("audio-limit", long("word ", 3_000), (1, at_text)),
        ("long-audio", long("word ", 2_000), (1, at_text)),
    ];
    all.extend(made.into_iter().map(|(rule, content, place)| Bad {
        rule: rule.to_owned(),
        model: "gemini-3.8-flash-tts".to_owned(),
        name: rule.to_owned(),
        content: content.into_bytes(),
        place,
    }));
    all
}

impl Bad {
    fn options(&self) -> Options {
        let mut options = for_model(&self.model);
        if self.rule == "model-ending" {
            options.today = Date::constant(2026, 11, 10);
        }
        options
    }
}

#[test]
fn every_rule_finds_what_it_is_for() {
    for bad in bad_sources() {
        let Bad { rule: id, name, .. } = &bad;
        let made = made_of("bad.jsonl", &bad.content, &bad.options());
        let found = made.findings.iter().find(|finding| finding.rule == id);
        let found = found.unwrap_or_else(|| panic!("{id} is not in {:?} of {name}", made.findings));
        assert_eq!((found.line, found.column), bad.place, "{name}: {found}");
        assert_eq!(Some(found.severity), rule(id).map(|rule| rule.severity), "{name}");
        assert!(!found.message.is_empty() && !found.message.ends_with('.'), "{name}: {}", found.message);
        let stops = found.severity == Severity::Error;
        assert!(!stops || made.prepared.has_errors(), "{name} is an error");
        // One mistake is one error: what follows from it is not told again.
        let n_errors = made.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        let others =
            matches!(id.as_str(), "wrong-type" | "flat-config" | "broken-json" | "both-voice-configs" | "no-requests");
        assert!(others || n_errors <= 1, "{name}: {:?}", made.findings);
    }
}

#[test]
fn every_rule_has_a_bad_source() {
    // One that is too large for any job is made where the limits are made small.
    let elsewhere = ["file-too-large", "inline-too-large", "request-too-large"];
    let table = bad_sources();
    let other_forms = forms::bad_sources();
    for rule in RULES {
        let in_other_forms = other_forms.iter().any(|bad| bad.rule == rule.id);
        let here = in_other_forms || table.iter().any(|bad| bad.rule == rule.id);
        assert!(here != elsewhere.contains(&rule.id), "{} needs one bad source in a test", rule.id);
    }
}

#[test]
fn a_good_line_has_no_findings_on_any_model() {
    for model in ["gemini-3.8-flash-tts", "gemini-3.8-flash-lite-tts", "models/gemini-3.1-flash-tts-preview"] {
        let made = made_of("good.jsonl", line("k", "k"), &for_model(model));
        assert_eq!(made.findings, [], "{model}");
        assert_eq!(made.out, line("k", "k"), "{model}: the line goes through as it is");
    }
    let joe = dialogue(&["Joe", "Jane"], r#""text":"Joe: Hi!\nJane: Ho!""#);
    assert_eq!(made_of("d.jsonl", joe, &for_model("gemini-3.1-flash-tts-preview")).findings, []);
}

#[test]
fn a_request_that_no_job_can_hold_is_found_before_it_is_sent() {
    let mut catalog = (*Catalog::built_in()).clone();
    catalog.limits.input_file_bytes = 500;
    catalog.limits.inline_request_bytes = 1_000;
    let mut options = options();
    options.catalog = Arc::new(catalog);
    let long = line("\"k\"", "\"d\"").replace("Hello", &"Hello ".repeat(100));
    assert!(long.len() > 500, "{long}");
    let four: String = ["a", "b", "c"].map(|key| line("\"k\"", &format!("\"{key}\""))).concat() + &long;
    assert!(four.len() > 1_000, "many requests that fit are no problem: they become several jobs");
    let places = |made: &Made| -> Vec<_> { made.findings.iter().map(|finding| (finding.rule, finding.line)).collect() };
    assert_eq!(places(&made_of("large.jsonl", &four, &options)), [("file-too-large", 4)]);
    options.inline = true;
    assert_eq!(places(&made_of("large.jsonl", &four, &options)), [("inline-too-large", 4)]);
    Arc::make_mut(&mut options.catalog).limits.inline_request_bytes = 10_000;
    assert_eq!(made_of("large.jsonl", &four, &options).rules(), [""; 0]);
}

#[test]
fn a_model_that_ends_soon_is_told_by_its_date() {
    let table = [((2026, 10, 10), false), ((2026, 10, 20), true), ((2026, 11, 17), true), ((2027, 5, 1), true)];
    for ((year, month, day), told) in table {
        let mut options = for_model("gemini-3.1-flash-tts-preview");
        options.today = Date::constant(year, month, day);
        let made = made_of("a.jsonl", line("k", "k"), &options);
        assert_eq!(made.rules().contains(&"model-ending"), told, "{year}-{month}-{day}");
        assert!(!made.prepared.has_errors(), "a date of others stops nobody");
    }
}

#[test]
fn places_are_told_by_line_column_and_first_line() {
    let made = made_of("a.jsonl", format!("{}\n{{\"key\": }}\n{}", line("k", "k"), line("k", "k")), &options());
    let found: Vec<_> =
        made.findings.iter().map(|found| (found.line, found.column, found.rule, found.message.as_str())).collect();
    assert_eq!(
        found,
        [
            (2, 0, "blank-line", "the line is empty; it is left out"),
            (3, 9, "broken-json", "broken JSON: expected value"),
            (4, 0, "duplicate-key", "key is used twice (line 1)"),
        ]
    );
    assert_eq!(made.findings[2].key.as_deref(), Some("k"));
    assert!(made.findings[0].source.ends_with("a.jsonl"));
    let made = made_of("a.jsonl", "{\"ü\":\"ä\u{301}\",\"b\":\"".to_owned() + "\u{fffd}\"x}\n", &options());
    assert_eq!((made.findings[0].rule, made.findings[0].column), ("broken-json", 18));
    let made = made_of("a.jsonl", b"{\"\xc3\xbc\":\"\xc3\x28\"}\n", &options());
    let found = &made.findings[0];
    assert_eq!((found.rule, found.column), ("invalid-utf8", 7));
    assert_eq!(found.message, "byte 8 of the line, 0xc3, is no UTF-8");
}

#[test]
fn json_that_is_spread_over_many_lines_is_told_once() {
    let spread = serde_json::to_string_pretty(&serde_json::json!([{ "key": "a" }, { "key": "b" }])).unwrap();
    let made = made_of("a.json", spread, &options());
    assert_eq!(made.rules(), ["broken-json"]);
    assert!(made.findings[0].fix.as_deref().is_some_and(|fix| fix.contains("jq -c '.[]'")), "{:?}", made.findings);
}

#[test]
fn a_duplicate_key_names_the_other_source() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["a.jsonl", "b.jsonl"].map(|name| folder.path().join(name));
    for path in &paths {
        fs::write(path, line("k", "k")).unwrap();
    }
    let made = make(&paths, &options()).unwrap();
    assert_eq!(made.rules(), ["duplicate-key"]);
    assert!(made.findings[0].message.ends_with("a.jsonl, line 1)"), "{}", made.findings[0].message);
    assert!(made.findings[0].source.ends_with("b.jsonl"));
}

#[test]
fn lines_of_text_become_requests_with_keys_and_the_settings_of_the_job() {
    let mut options = options();
    options.settings.voice = Some("Puck".into());
    options.settings.language = Some("de-DE".into());
    let made = made_of("Kapitel 1.txt", "\u{feff}Guten Tag.\r\n\r\n  Auf Wiedersehen.  ", &options);
    assert_eq!(made.findings, []);
    assert_eq!(
        made.out,
        concat!(
            r#"{"key":"Kapitel_1-0001","request":{"contents":[{"parts":[{"text":"Guten Tag."}],"role":"user"}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"languageCode":"de-DE","voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Puck"}}}}}}"#,
            "\n",
            r#"{"key":"Kapitel_1-0002","request":{"contents":[{"parts":[{"text":"Auf Wiedersehen."}],"role":"user"}],"generationConfig":{"responseModalities":["AUDIO"],"speechConfig":{"languageCode":"de-DE","voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Puck"}}}}}}"#,
            "\n",
        )
    );
    let lines: Vec<_> = made.prepared.preview.iter().map(|preview| (preview.line, preview.text.as_str())).collect();
    assert_eq!(lines, [(1, "Guten Tag."), (3, "Auf Wiedersehen.")]);
    assert_eq!((made.prepared.n_requests, made.prepared.characters), (2, 26));
    assert_eq!(made.prepared.bytes, made.out.len() as u64);
}

#[test]
fn settings_fill_only_what_a_line_leaves_out() {
    let mut options = options();
    options.settings.voice = Some("Puck".into());
    options.settings.language = Some("fr-FR".into());
    let kore = made_of("a.jsonl", line("k", "k"), &options);
    assert!(kore.out.contains(r#""languageCode":"fr-FR""#) && kore.out.contains("Kore"), "{}", kore.out);
    let own = made_of("a.jsonl", line(VOICE, r#""languageCode":"de-DE""#), &options);
    assert!(own.out.contains(r#""languageCode":"de-DE""#) && own.out.contains("Puck"), "{}", own.out);
    assert_eq!(own.findings, []);
    let joe = dialogue(&["Joe"], r#""text":"Hi!","speechMetadata":{"speaker":"Joe"}"#);
    assert!(!made_of("a.jsonl", joe, &options).out.contains("Puck"), "a dialogue has its voices");
    let bare = line(r#","speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}"#, "");
    let bare = made_of("a.jsonl", bare, &options);
    assert!(bare.findings.is_empty() && bare.out.contains("Puck"), "{:?}", bare.findings);
}

#[test]
fn what_is_legal_and_unknown_goes_through_in_meaning() {
    let own = line(r#""role""#, r#""brandNew":{"snake_inside":[1,2.5,null]},"role""#)
        .replace(r#""key""#, r#""note":"mine","key""#)
        .replace(r#""contents""#, r#""safety_settings":[{"category":"X"}],"cachedContent":null,"contents""#);
    let made = made_of("a.jsonl", own, &options());
    assert_eq!(made.rules(), ["snake-case", "unknown-field", "unknown-field"]);
    let out: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    assert_eq!(out["note"], "mine");
    assert_eq!(out["request"]["contents"][0]["brandNew"].to_string(), r#"{"snake_inside":[1,2.5,null]}"#);
    assert_eq!(out["request"]["safetySettings"][0]["category"], "X");
    assert_eq!(out["request"].get("cachedContent"), None);
}

#[test]
fn requests_of_a_create_call_are_read_with_the_key_of_their_metadata() {
    let inline = line(r#""key":"k","#, "").replace("}}}}}\n", "}}}},\"metadata\":{\"key\":\"m\"}}\n");
    let made = made_of("a.jsonl", inline, &options());
    assert_eq!(made.findings, []);
    assert_eq!(made.out, line("\"k\"", "\"m\""));
}

#[test]
fn preparing_what_was_prepared_changes_nothing() {
    for name in ["chapter.jsonl", "snake.jsonl", "dialogue.jsonl", "greetings.jsonl", "prompts.txt"] {
        let once = make(&[example(name)], &options()).unwrap();
        let again = made_of("again.jsonl", &once.out, &options());
        assert_eq!(again.out, once.out, "{name}");
        assert_eq!(again.prepared.sha256, once.prepared.sha256, "{name}");
        assert_eq!(again.findings, [], "{name}");
    }
}

#[test]
fn byte_order_marks_line_ends_and_snake_case_do_not_change_what_is_sent() {
    let plain = made_of("a.jsonl", line("k", "k"), &options());
    let odd = format!("\u{feff}{}\r\n", line("voiceName", "voice_name").trim_end());
    let odd =
        made_of("a.jsonl", odd.replace("\"key\":\"k\",", "").replace("}}}}}\r", "}}}},\"key\":\"k\"}\r"), &options());
    assert_eq!(odd.rules(), ["carriage-return", "snake-case", "byte-order-mark"]);
    assert_eq!(odd.prepared.sha256, plain.prepared.sha256);
    assert_eq!(plain.prepared.sha256.len(), 64);
}

#[test]
fn a_sample_stops_after_its_requests_and_a_retake_keeps_its_keys() {
    let mut options = options();
    options.sample = Some(2);
    let made = make(&[example("chapter.jsonl"), example("bad.jsonl")], &options).unwrap();
    assert_eq!((made.prepared.n_requests, made.findings.len()), (2, 0));
    options.sample = None;
    options.only = Some(["ferry-0003".to_owned(), "ferry-0001".to_owned()].into());
    let made = make(&[example("chapter.jsonl")], &options).unwrap();
    let keys: Vec<_> = made.prepared.preview.iter().map(|preview| preview.key.as_str()).collect();
    assert_eq!(keys, ["ferry-0001", "ferry-0003"]);
}

#[test]
fn whoever_wants_no_more_can_stop_it() {
    let options = options();
    options.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(matches!(make(&[example("chapter.jsonl")], &options), Err(Error::Stopped)));
}

#[test]
fn the_estimate_has_the_price_of_the_day() {
    let dollars = |year| {
        let mut options = options();
        options.today = Date::constant(year, 1, 2);
        make(&[example("chapter.jsonl")], &options).unwrap().prepared.estimate.dollars
    };
    assert_eq!(dollars(2026), None, "before the model came out");
    let mut launch = options();
    launch.today = Date::constant(2026, 12, 1);
    let launch = make(&[example("chapter.jsonl")], &launch).unwrap().prepared.estimate.dollars.unwrap();
    let later = dollars(2027).unwrap();
    assert!((later.0 / launch.0 - 2.0).abs() < 1e-6, "{launch:?} {later:?}");
    assert!(launch.0 < launch.1);
}

#[test]
fn sources_that_cannot_be_read_are_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    fs::create_dir(folder.path().join("empty")).unwrap();
    let table = [
        (folder.path().join("none.jsonl"), "cannot open", true),
        (folder.path().join("empty"), "holds no file that can be read", true),
        (file("a.bin", b"a\0b"), "is no text", true),
        (file("a.epub", b"no book"), "is no e-book that can be read", true),
        (file("under", b"x").join("file.txt"), "cannot open", false),
    ];
    for (path, part, has_hint) in table {
        let Err(error) = make(std::slice::from_ref(&path), &options()) else { panic!("{} is read", path.display()) };
        let failure = error.failure();
        assert!(failure.message.contains(part), "{}", failure.message);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(failure.message.contains(&name), "{}", failure.message);
        assert!(!has_hint || failure.hint.is_some(), "{}", failure.message);
    }
    let twice = lint(&[SourceArg::Stdin, SourceArg::Stdin], &options(), &mut |_| {});
    assert!(matches!(twice, Err(Error::StdinTwice)));
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_a_source() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
    let writer = {
        let path = path.clone();
        std::thread::spawn(move || {
            let mut pipe = fs::OpenOptions::new().write(true).open(path).unwrap();
            for n in 0..1_000 {
                writeln!(pipe, "Text {n}.").unwrap();
            }
        })
    };
    let made = make(&[path], &options()).unwrap();
    writer.join().unwrap();
    assert_eq!((made.prepared.n_requests, made.findings.len()), (1_000, 0));
}

#[test]
fn the_examples_are_good_and_the_bad_one_is_bad() {
    let mut n_seen = 0;
    for entry in fs::read_dir(example("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "README.md" || name == "bad.jsonl" {
            continue;
        }
        n_seen += 1;
        let made = make(std::slice::from_ref(&path), &options()).unwrap();
        let expected: &[&str] = match name.as_str() {
            "snake.jsonl" => &["snake-case"],
            // A table, a program and two notes, which nobody can speak.
            "island" => &["left-out"; 4],
            _ => &[],
        };
        assert_eq!(made.rules(), expected, "{name}: {:?}", made.findings);
        assert!(fs::read_to_string(example("README.md")).unwrap().contains(&name), "{name} is not in the README");
    }
    assert_eq!(n_seen, 10);
    let made = make(&[example("bad.jsonl")], &options()).unwrap();
    assert_eq!(made.prepared.n_requests, 4, "one good line, and three with warnings alone");
    assert_eq!(
        made.rules(),
        [
            "duplicate-key",
            "missing-key",
            "empty-text",
            "lower-case-modality",
            "flat-config",
            "missing-modality",
            "default-voice",
            "broken-json",
            "system-instruction",
            "sampling-not-allowed",
            "unknown-voice",
            "unknown-language",
            "unsafe-key",
            "too-many-speakers",
            "blank-line",
            "not-an-object",
            "missing-final-newline",
        ]
    );
    let all: Vec<PathBuf> = ["chapter.jsonl", "prompts.txt", "greetings.jsonl"].map(example).into();
    assert_eq!(make(&all, &options()).unwrap().prepared.n_requests, 33);
}

#[test]
fn a_prepared_file_tells_what_each_key_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prepared.jsonl");
    let made = make(&[example("dialogue.jsonl"), example("greetings.jsonl")], &options()).unwrap();
    fs::write(&path, &made.out).unwrap();

    let index = Index::read(&path).unwrap();
    assert_eq!(index.len(), 12);
    let entry = index.get("morning-de").unwrap();
    assert_eq!((entry.voice.as_deref(), entry.language.as_deref(), entry.line), (Some("Kore"), Some("de-DE"), 5));
    assert_eq!(
        (entry.text.as_str(), entry.characters),
        ("Guten Morgen! Der Kaffee ist fertig, und die Sonne auch.", 56)
    );
    assert_eq!(index.get("kiosk-en").and_then(|entry| entry.voice.as_deref()), Some("Leda + Algenib"));
    assert_eq!(index.get("nobody"), None);

    let requests = read_requests(&path, 20_000_000).unwrap();
    assert_eq!(requests.len(), 12);
    assert_eq!(requests[3].0, "morning-en");
    assert_eq!(requests[3].1["generationConfig"]["responseModalities"][0], "AUDIO");
    assert!(matches!(read_requests(&path, 100), Err(Error::TooLarge { .. })));

    fs::write(&path, "{\"key\":\"k\"}\n").unwrap();
    let error = Index::read(&path).unwrap_err();
    assert!(error.to_string().contains("line 1"), "{error}");
}
