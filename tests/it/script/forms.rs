//! Sources of every form but JSONL: what is made of them, and what is found in them.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use gemtts_tui::request::{Severity, Speaker, rule};
use gemtts_tui::script::{By, Error, Form, Index, Options, SourceArg, prepare};
use proptest::prelude::*;
use serde_json::Value;
use zip::write::SimpleFileOptions;

use super::{Made, example, for_model, made_of, make, options};

/// A bad source, the rule that finds it, and where.
pub struct Bad {
    pub rule: &'static str,
    pub place: (u64, u64),
    name: &'static str,
    content: Vec<u8>,
    options: Options,
}

/// Bad sources for the rules that only these forms have, and some for the others.
pub fn bad_sources() -> Vec<Bad> {
    let bad = |rule, name, content: &str, place| {
        let content = content.as_bytes().to_vec();
        Bad { rule, place, name, content, options: options() }
    };
    let mut all = vec![
        bad("unclosed-quote", "a.csv", "key,text\na,\"b\nc,d\n", (2, 3)),
        bad("broken-row", "a.csv", "key,text\na,b,c\n", (2, 5)),
        bad("broken-row", "a.tsv", "key\ttext\na\t\"b\"c\n", (2, 6)),
        bad("missing-column", "a.csv", "key,words\na,b\n", (1, 0)),
        bad("unknown-column", "a.csv", "text,mood\na,b\n", (1, 0)),
        bad("empty-text", "a.csv", "key,text\na,\n", (2, 3)),
        bad("empty-text", "a.csv", "text,key\n,a\n", (2, 1)),
        bad("duplicate-key", "a.csv", "key,text\na,b\n\na,c\n", (4, 3)),
        bad("unknown-voice", "a.csv", "text,voice\nHi,Kora\n", (2, 1)),
        bad("unknown-language", "a.csv", "text,lang\nHi,zh-CN\n", (2, 1)),
        bad("unknown-speaker", "a.csv", "text,speaker\nHi,Ann\n", (2, 1)),
        bad("control-character", "a.txt", &format!("{}\na\0b\n", "x".repeat(9_000)), (2, 1)),
        bad("broken-caption", "a.srt", "Hello\n\n1\n00:01 --> 00:02\nHi\n", (1, 0)),
        bad("left-out", "a.md", "Hi\n\n```\ncode\n```\n", (3, 0)),
        bad("no-requests", "a.md", "\n", (0, 0)),
        bad("no-requests", "a.csv", "key,text\n", (0, 0)),
        bad("no-requests", "a.srt", "", (0, 0)),
    ];
    all.push(Bad { content: b"ok\n\na \xff\n".to_vec(), ..bad("invalid-utf8", "a.txt", "", (3, 3)) });
    let mut by_scene = bad("key-template", "a.csv", "text\na\n", (1, 0));
    by_scene.options.reading.keys = Some("{row.scene}".parse().unwrap());
    all.push(by_scene);
    let mut with_ann = bad("unknown-speaker", "a.txt", "Ann: Hi\nBob: Ho\n", (2, 1));
    with_ann.options.reading.speakers = vec![speaker("Ann", "Kore")];
    all.push(with_ann);
    all.push(Bad { content: book(&[("c1.xhtml", "<p>Hi</p")]), ..bad("broken-chapter", "a.epub", "", (1, 0)) });
    all.push(Bad { rule: "unread-file", place: (0, 0), name: "", content: Vec::new(), options: options() });
    all
}

fn speaker(name: &str, voice: &str) -> Speaker {
    Speaker { name: name.into(), voice: voice.into() }
}

/// A book of these chapters, in this order.
fn book(chapters: &[(&str, &str)]) -> Vec<u8> {
    let items: String =
        chapters.iter().map(|(name, _)| format!("<item id='{name}' href='text/{name}'/>")).collect::<Vec<_>>().concat();
    let order: String = chapters.iter().map(|(name, _)| format!("<itemref idref='{name}'/>")).collect();
    let package = format!("<package><manifest>{items}</manifest><spine>{order}</spine></package>");
    let container = "<container><rootfiles><rootfile full-path='o/p.opf'/></rootfiles></container>";
    let mut files = vec![("META-INF/container.xml".to_owned(), container.to_owned()), ("o/p.opf".to_owned(), package)];
    files.extend(chapters.iter().map(|(name, text)| (format!("o/text/{name}"), (*text).to_owned())));
    archive(&files)
}

pub fn archive(files: &[(String, String)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Keys and texts of what was made.
pub fn spoken(made: &Made) -> Vec<(String, String)> {
    let request = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let parts = line["request"]["contents"][0]["parts"].as_array().unwrap();
        let text: Vec<&str> = parts.iter().map(|part| part["text"].as_str().unwrap()).collect();
        (line["key"].as_str().unwrap().to_owned(), text.join("|"))
    };
    made.out.lines().map(request).collect()
}

fn keys(made: &Made) -> Vec<String> {
    spoken(made).into_iter().map(|(key, _)| key).collect()
}

fn requests(made: &Made) -> Vec<Value> {
    made.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["request"].take()).collect()
}

#[test]
fn every_rule_finds_what_it_is_for_in_every_form() {
    for bad in bad_sources().into_iter().filter(|bad| !bad.name.is_empty()) {
        let made = made_of(bad.name, &bad.content, &bad.options);
        let found = made.findings.iter().find(|finding| finding.rule == bad.rule);
        let found = found.unwrap_or_else(|| panic!("{} is not in {:?}", bad.rule, made.findings));
        assert_eq!((found.line, found.column), bad.place, "{}: {found}", bad.rule);
        assert_eq!(Some(found.severity), rule(bad.rule).map(|rule| rule.severity), "{}", bad.rule);
        assert!(!found.message.is_empty() && !found.message.ends_with('.'), "{}", found.message);
        assert_eq!(made.prepared.has_errors(), found.severity == Severity::Error, "{}: {:?}", bad.rule, made.findings);
    }
}

#[test]
fn findings_stand_where_their_text_begins() {
    let mut narrow = options();
    for model in &mut std::sync::Arc::make_mut(&mut narrow.catalog).models {
        (model.input_token_limit, model.output_token_limit) = (Some(40), Some(160));
    }
    let table: [(&str, &str, &[(&str, u64, u64)]); 6] = [
        ("a.csv", "key,text\na,\"ä\nb\",c\n", &[("broken-row", 3, 4)]),
        ("a.csv", "key,text\na,\"one\n\n[sigh] two\"\nb,[sigh]\n", &[("tag-form", 2, 3), ("tag-form", 5, 3)]),
        ("a.csv", "text,key\n\"\n\nSay so: hi\",a\n", &[("spoken-instruction", 4, 1)]),
        ("a.md", "# One\n\nfine\n\n## Two [sigh]\n\ntext\n", &[("tag-form", 5, 1)]),
        ("a.md", "# One\n\n*Well*\n\n    code\n\n| a |\n|---|\n", &[("left-out", 5, 0), ("left-out", 7, 0)]),
        (
            "a.srt",
            "1\n00:01 --> 00:02\nfine\n\n2\n00:02 --> 00:03\nSay so: [sigh]\n",
            &[("spoken-instruction", 7, 1), ("tag-form", 7, 1)],
        ),
    ];
    for (name, content, expected) in table {
        let made = made_of(name, content, &options());
        let found: Vec<_> = made.findings.iter().map(|finding| (finding.rule, finding.line, finding.column)).collect();
        assert_eq!(found, expected, "{content}");
    }
    // The pieces of a long cell stand in the lines where they begin.
    let cell = "It was a long day at sea, and nobody spoke.\n".repeat(6);
    let made = made_of("a.csv", format!("key,text\na,\"{cell}\"\n"), &narrow);
    let lines: Vec<u64> = made.prepared.preview.iter().map(|preview| preview.line).collect();
    assert!(lines.len() > 2 && lines[0] == 2 && lines.windows(2).all(|two| two[0] < two[1]), "{lines:?}");
}

#[test]
fn a_row_has_its_own_key_voice_language_and_style() {
    let table = "Style;Text;KEY;Voice;Language\nglad;\"Hi;\nyou\";a;Puck;de-DE\n;Ho;;;\n";
    let mut options = options();
    options.settings.voice = Some("Kore".into());
    options.settings.style = Some("calm".into());
    let made = made_of("t.csv", table, &options);
    assert_eq!(made.findings, []);
    assert_eq!(spoken(&made), [("a".into(), "Hi;\nyou".into()), ("t-0002".into(), "Ho".into())]);
    let requests = requests(&made);
    let speech = |at: usize| requests[at]["generationConfig"]["speechConfig"].to_string();
    assert_eq!(speech(0), r#"{"languageCode":"de-DE","voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Puck"}}}"#);
    assert_eq!(speech(1), r#"{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}"#);
    let style = |at: usize| requests[at]["contents"][0]["parts"][0]["speechMetadata"]["style"].clone();
    assert_eq!((style(0), style(1)), ("glad".into(), "calm".into()));

    options.settings.model = "gemini-2.5-pro-preview-tts".into();
    let made = made_of("t.csv", table, &options);
    assert_eq!(spoken(&made)[0].1, "glad: Hi;\nyou");
    assert!(!made.out.contains("speechMetadata"));
}

#[test]
fn columns_are_mapped_and_templates_name_cells() {
    let mut options = options();
    options.reading.columns = ["text=The Prompt", "voice=Who"].map(|word| word.parse().unwrap()).into_iter().collect();
    options.reading.keys = Some("{row.scene}/{id}_{n:02}".parse().unwrap());
    let made = made_of("t.csv", "id,Scene,The Prompt,Who\n7,one,Hi,Puck\n", &options);
    assert_eq!(made.rules(), ["unsafe-key"]);
    assert_eq!(spoken(&made), [("one/7_01".into(), "Hi".into())]);
    assert!(made.out.contains("Puck"));
}

#[test]
fn paragraphs_sections_captions_and_chapters_become_requests() {
    let mut by_paragraph = options();
    by_paragraph.reading.by = By::Paragraph;
    let text = made_of("t.txt", "One,\r\ntwo.\r\n\r\n\r\nThree.\r", &by_paragraph);
    assert_eq!(spoken(&text), [("t-0001".into(), "One,\ntwo.".into()), ("t-0002".into(), "Three.".into())]);

    let markdown = make(&[example("lighthouse.md")], &options()).unwrap();
    assert_eq!(markdown.findings, []);
    let told = spoken(&markdown);
    let expected =
        ["01-the-lighthouse-clock", "02-the-lighthouse-clock.the-stairs", "03-the-lighthouse-clock.the-lamp"];
    assert_eq!(keys(&markdown), expected);
    assert!(told[1].1.ends_with("One more than yesterday, she wrote, and underlined it."), "{told:?}");
    assert!(told[2].1.contains("a chart of the harbour,\na clock"), "{told:?}");

    let captions = make(&[example("harbour.srt")], &options()).unwrap();
    assert_eq!(spoken(&captions)[0], ("harbour-0001".into(), "Welcome aboard. Please mind the wet steps.".into()));
    let again = made_of(
        "f.vtt",
        "WEBVTT\n\n1\n00:01 --> 00:02\na\n\n1\n00:02 --> 00:03\nb\n\nx\n00:03 --> 00:04\nc\n\n\
                                  00:04 --> 00:05\nd\n",
        &options(),
    );
    assert_eq!(keys(&again), ["f-0001", "f-0001-2", "x", "f-0004"]);
    assert_eq!(again.findings, []);

    let book = make(&[example("tides.epub")], &options()).unwrap();
    assert_eq!(book.findings, []);
    let told = spoken(&book);
    assert_eq!(keys(&book), ["01-low-water-0001", "02-high-water-0001"]);
    assert_eq!(told[1].1, "High Water\n\nAt noon they floated.\n\nAll but one, which had somewhere else to be.");
    let mut unspoken = options();
    unspoken.reading.skip_headings = true;
    assert!(spoken(&make(&[example("tides.epub")], &unspoken).unwrap())[1].1.starts_with("At noon"));
}

#[test]
fn several_sources_have_keys_that_tell_them() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("b10.md", "# A\nx\n"), ("b2.md", "# A\ny\n"), ("part/c.txt", "z\n"), ("cover.png", "x")] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let made = make(&[folder.path().to_path_buf()], &options()).unwrap();
    assert_eq!(keys(&made), ["b2-01-a", "b10-01-a", "c-0001"]);
    assert_eq!(made.rules(), ["unread-file"]);
    assert!(made.findings[0].message.contains("cover.png"), "{}", made.findings[0].message);
    let all: Vec<PathBuf> = ["harbour.srt", "nights.csv", "tides.epub"].map(example).into();
    let made = make(&all, &options()).unwrap();
    assert_eq!((made.prepared.n_requests, made.findings.len()), (14, 0));
}

#[test]
fn what_is_said_about_the_form_counts_more_than_the_name() {
    let mut as_table = options();
    as_table.reading.from = Some(Form::Csv);
    assert_eq!(spoken(&made_of("a.txt", "key,text\nk,Hi\n", &as_table)), [("k".into(), "Hi".into())]);
    assert_eq!(spoken(&made_of("notes", "key,text\nk,Hi\n", &options())), [("k".into(), "Hi".into())]);
}

fn two_speakers(model: &str) -> Options {
    let mut options = for_model(model);
    options.reading.by = By::Paragraph;
    options.reading.speakers = vec![speaker("Ann", "Kore"), speaker("Bob", "Puck"), speaker("Cy", "Leda")];
    options
}

#[test]
fn a_dialogue_has_two_voices_the_way_each_generation_wants_them() {
    let text = "Ann: Hello.\nBOB: Hi,\nyou.\n\nJust words.\n\nCy: Alone.\n";
    let new = made_of("d.txt", text, &two_speakers("gemini-3.8-flash-tts"));
    assert_eq!(new.findings, []);
    let all = requests(&new);
    assert_eq!(
        all[0]["contents"][0]["parts"].to_string(),
        r#"[{"speechMetadata":{"speaker":"Ann"},"text":"Hello."},{"speechMetadata":{"speaker":"Bob"},"text":"Hi,\nyou."}]"#
    );
    let voices =
        all[0]["generationConfig"]["speechConfig"]["multiSpeakerVoiceConfig"]["speakerVoiceConfigs"].to_string();
    assert!(
        voices.contains(r#""speaker":"Ann","voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}"#),
        "{voices}"
    );
    assert!(all[1]["generationConfig"]["speechConfig"].get("voiceConfig").is_some());
    assert!(all[2].to_string().contains("Leda") && !all[2].to_string().contains("Cy"), "{}", all[2]);

    let old = made_of("d.txt", text, &two_speakers("gemini-3.1-flash-tts-preview"));
    assert_eq!(spoken(&old)[0].1, "Ann: Hello.\nBob: Hi,\nyou.");
    assert_eq!(spoken(&old)[2].1, "Alone.");
    // What was made is good input too.
    for (made, model) in [(new, "gemini-3.8-flash-tts"), (old, "gemini-3.1-flash-tts-preview")] {
        let again = made_of("again.jsonl", &made.out, &for_model(model));
        assert_eq!((again.findings.len(), again.out == made.out), (0, true), "{model}");
    }
}

#[test]
fn three_speakers_become_requests_of_two() {
    let text = "It rains.\nAnn: 1\nBob: 2\nCy: 3\nBob: 4\nAnn: 5\n";
    let made = made_of("d.txt", text, &two_speakers("gemini-3.8-flash-tts"));
    let expected = [("d-0001-0001", "It rains."), ("d-0001-0002", "1|2"), ("d-0001-0003", "3|4"), ("d-0001-0004", "5")];
    assert_eq!(spoken(&made), expected.map(|(key, text)| (key.to_owned(), text.to_owned())));
    let lines: Vec<u64> = made.prepared.preview.iter().map(|preview| preview.line).collect();
    assert_eq!(lines, [1, 2, 4, 6]);
}

#[test]
fn speakers_of_tables_and_captions_have_their_voices() {
    let mut options = options();
    options.reading.speakers = vec![speaker("Ann", "Leda")];
    let table = made_of("t.csv", "speaker,text,voice\nann,Hi,\nAnn,Ho,Puck\n", &options);
    let vtt = made_of("t.vtt", "WEBVTT\n\n00:01 --> 00:02\n<v Ann>Hi\n", &options);
    for (made, voices) in [(table, vec!["Leda", "Puck"]), (vtt, vec!["Leda"])] {
        assert_eq!(made.findings, []);
        let said: Vec<&str> = made.prepared.preview.iter().filter_map(|preview| preview.voice.as_deref()).collect();
        assert_eq!(said, voices);
    }
}

#[test]
fn long_texts_are_split_below_the_limits_of_the_model() {
    let sentence = "The ferry had been late every day that week, so nobody looked up when the bell rang twice. ";
    let text = sentence.repeat(400);
    for model in ["gemini-3.8-flash-tts", "gemini-2.5-pro-preview-tts", "gemini-9-tts"] {
        let mut options = for_model(model);
        options.settings.style = Some("Read it slowly".into());
        let made = made_of("long.txt", &text, &options);
        let doubts: Vec<&str> = made.rules().into_iter().filter(|rule| *rule != "unknown-model").collect();
        assert_eq!(doubts, [""; 0], "{model}");
        assert_eq!(made.prepared.n_split, 1);
        let told = spoken(&made);
        assert!(told.len() > 2, "{model}: {}", told.len());
        assert_eq!(told[1].0, "long-0001-0002");
        let joined: String =
            told.iter().map(|(_, text)| text.trim_start_matches("Read it slowly: ").to_owned()).collect();
        assert_eq!(joined, text.trim(), "{model}");
        assert!(told.iter().all(|(_, text)| text.trim_end().ends_with("twice.")), "{model}");
    }
    let line = format!(r#"{{"key":"k","request":{{"contents":[{{"parts":[{{"text":"{text}"}}]}}]}}}}"#);
    let jsonl = made_of("long.jsonl", line, &options());
    assert!(jsonl.prepared.has_errors() && jsonl.out.is_empty(), "JSONL is never rewritten");
}

#[test]
fn words_are_spoken_as_the_list_says_and_kept_as_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("words.tsv"), "sql\tsequel\nferry\tfairy\n").unwrap();
    fs::write(path("words.toml"), "sql = 'sequel'\nferry = 'fairy'\n").unwrap();
    fs::write(path("a.txt"), "The SQL ferry.\nNothing here.\n").unwrap();
    fs::write(path("b.jsonl"), super::line("k", "k")).unwrap();
    for list in ["words.tsv", "words.toml"] {
        let mut options = options();
        options.reading.pronounce = Some(path(list));
        let (mut out, mut texts, mut findings) = (Vec::new(), Vec::new(), Vec::new());
        let sources = ["a.txt", "b.jsonl"].map(|name| SourceArg::Path(path(name)));
        let prepared =
            prepare(&sources, &options, &mut out, Some(&mut texts), &mut |finding| findings.push(finding.rule))
                .unwrap();
        assert_eq!((prepared.n_pronounced, findings), (2, vec!["left-out"]));
        assert!(String::from_utf8_lossy(&out).contains("The sequel fairy."));
        assert_eq!(prepared.preview[0].text, "The SQL ferry.");

        fs::write(path("p.jsonl"), &out).unwrap();
        fs::write(path("p.texts"), &texts).unwrap();
        let mut index = Index::read(&path("p.jsonl")).unwrap();
        assert_eq!(index.get("a-0001").map(|entry| entry.text.as_str()), Some("The sequel fairy."));
        index.read_texts(&path("p.texts")).unwrap();
        assert_eq!(index.get("a-0001").map(|entry| entry.text.as_str()), Some("The SQL ferry."));
    }
    fs::write(path("bad.tsv"), "sql sequel\n").unwrap();
    let mut options = options();
    options.reading.pronounce = Some(path("bad.tsv"));
    let Err(error) = make(&[path("a.txt")], &options) else { panic!("a bad list is taken") };
    let failure = error.failure();
    assert!(failure.message.contains("line 1 is not") && failure.hint.is_some(), "{}", failure.message);
}

#[test]
fn a_book_that_is_made_to_do_harm_does_none() {
    let bomb = format!("<p>{}</p>", " ".repeat(40_000_000));
    let files = [("c1.xhtml", "<p>Fine.</p>"), ("c2.xhtml", bomb.as_str()), ("../../c3.xhtml", "<p>no</p>")];
    let made = made_of("bomb.epub", book(&files), &options());
    assert_eq!(made.rules(), ["broken-chapter", "broken-chapter"]);
    assert!(made.findings[0].message.contains("unpacks to more than"), "{}", made.findings[0].message);
    assert!(made.findings[0].source.ends_with("bomb.epub/o/text/c2.xhtml"), "{}", made.findings[0].source);
    let truncated = &book(&[("c1.xhtml", "<p>Fine.</p>")])[..200];
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("cut.epub", truncated), ("other.epub", archive(&[("a".into(), "b".into())]).as_slice())] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        assert!(matches!(make(&[path], &options()), Err(Error::Book { .. })), "{name}");
    }
}

#[test]
fn a_protected_chapter_is_told() {
    let encryption = "<encryption><CipherReference URI='o/text/c1.xhtml'/></encryption>";
    let container = "<container><rootfile full-path='o/p.opf'/></container>";
    let package = "<package><item id='a' href='text/c1.xhtml'/><itemref idref='a'/></package>";
    let files = [
        ("META-INF/container.xml", container),
        ("META-INF/encryption.xml", encryption),
        ("o/p.opf", package),
        ("o/text/c1.xhtml", "xx"),
    ];
    let made = made_of("b.epub", archive(&files.map(|(name, text)| (name.to_owned(), text.to_owned()))), &options());
    assert_eq!(made.rules(), ["broken-chapter"]);
    assert!(made.findings[0].message.contains("protected"), "{}", made.findings[0].message);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_break_a_source_of_any_form(
        name in prop::sample::select(vec!["a.csv", "a.tsv", "a.md", "a.srt", "a.vtt", "a.txt"]),
        content in "(key|text|\"|,|\t|\n|\r|# |-->|<v Ann>|Ann: |```|1|WEBVTT|[|]|\\PC){0,60}",
    ) {
        let mut options = two_speakers("gemini-3.8-flash-tts");
        options.reading.columns = ["text=text"].map(|word| word.parse().unwrap()).into_iter().collect();
        let made = made_of(name, content.as_bytes(), &options);
        // What is good is good input again.
        if !made.prepared.has_errors() && !made.out.is_empty() {
            let again = made_of("again.jsonl", &made.out, &options);
            prop_assert!(!again.prepared.has_errors(), "{:?}", again.findings);
        }
    }
}
