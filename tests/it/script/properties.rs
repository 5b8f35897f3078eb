//! What holds for every source: no character is lost, amounts add up, the service takes what the linter lets through,
//! and the same source gives the same bytes.

use std::sync::Arc;

use gemtts_tui::request::Speaker;
use gemtts_tui::script::{By, Options};
use gemtts_tui::sim;
use proptest::prelude::*;
use serde_json::Value;

use super::{Made, for_model, line, made_of};

/// A job whose model takes so little that every text of some sentences is split.
fn narrow(model: &str) -> Options {
    let mut options = for_model(model);
    let catalog = Arc::make_mut(&mut options.catalog);
    for model in &mut catalog.models {
        (model.input_token_limit, model.output_token_limit) = (Some(40), Some(160));
    }
    options
}

fn with_speakers(mut options: Options) -> Options {
    let speaker = |name: &str, voice: &str| Speaker { name: name.into(), voice: voice.into() };
    options.reading.speakers = vec![speaker("Ann", "Kore"), speaker("Bob", "Puck"), speaker("Cy", "Leda")];
    options
}

/// Everything that is spoken, without what stands between words.
fn letters(made: &Made) -> String {
    let mut all = String::new();
    for line in made.out.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        for part in line["request"]["contents"][0]["parts"].as_array().unwrap() {
            all.push_str(part["text"].as_str().unwrap());
        }
    }
    without_space(&all)
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Sentences of several scripts, with signs that are none of the names and markup of any form.
fn sentence() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "over",
        "the",
        "sea",
        "größer",
        "明日も",
        "नमस्ते",
        "كيف",
        "3.14",
        "e\u{301}",
        "👩🏽",
        "ok",
    ]);
    (prop::collection::vec(words, 1..14), prop::sample::select(vec![".", "!", "。", "…", ""]))
        .prop_map(|(words, end)| format!("{}{end}", words.join(" ")))
}

fn models() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["gemini-3.8-flash-tts", "gemini-2.5-pro-preview-tts", "gemini-3.1-flash-tts-preview"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_split_dialogue_says_every_word_once_and_in_order(
        turns in prop::collection::vec((0_usize..3, prop::collection::vec(sentence(), 1..5)), 1..8),
        model in models(),
    ) {
        let names = ["Ann", "Bob", "Cy"];
        let source: String =
            turns.iter().map(|(who, said)| format!("{}: {}\n", names[*who], said.join(" "))).collect();
        let mut options = with_speakers(narrow(model));
        options.reading.by = By::Paragraph;
        let made = made_of("d.txt", &source, &options);
        prop_assert!(!made.prepared.has_errors(), "{:?}", made.findings);
        // Older models have the names in the text of a dialogue, as the source has them.
        let said = without_space(&turns.iter().map(|(_, said)| said.concat()).collect::<String>());
        let spoken = names.iter().fold(letters(&made), |text, name| text.replace(&format!("{name}:"), ""));
        prop_assert_eq!(spoken, said);
    }

    #[test]
    fn split_captions_and_paragraphs_say_every_word_once_and_in_order(
        texts in prop::collection::vec(prop::collection::vec(sentence(), 1..9), 1..6), model in models(),
    ) {
        let cue = |(at, said): (usize, &Vec<String>)| format!("{}\n00:00:0{at},000 --> 00:00:0{at},900\n{}\n\n", at + 1, said.join("\n"));
        let captions: String = texts.iter().enumerate().map(cue).collect();
        let paragraphs: String = texts.iter().map(|said| format!("{}\n\n", said.join(" "))).collect();
        let said = without_space(&texts.concat().concat());
        let mut options = narrow(model);
        options.reading.by = By::Paragraph;
        for (name, source) in [("c.srt", captions), ("p.txt", paragraphs)] {
            let made = made_of(name, &source, &options);
            prop_assert!(!made.prepared.has_errors(), "{name}: {:?}", made.findings);
            prop_assert_eq!(letters(&made), said.clone(), "{}", name);
        }
    }

    #[test]
    fn amounts_add_up(texts in prop::collection::vec(sentence(), 1..20), cut in 0_usize..20, model in models()) {
        let lines: Vec<String> = texts.iter().enumerate().map(|(at, text)| {
            line("\"k\"", &format!("\"k{at}\"")).replace("Hello!", text)
        }).collect();
        let (one, other) = lines.split_at(cut.min(lines.len() - 1));
        let made = |lines: &[String]| made_of("a.jsonl", lines.concat(), &for_model(model)).prepared;
        let (whole, one, other) = (made(&lines), made(one), made(other));
        prop_assert_eq!(whole.n_requests, one.n_requests + other.n_requests);
        prop_assert_eq!(whole.characters, one.characters + other.characters);
        prop_assert_eq!(whole.bytes, one.bytes + other.bytes);
        prop_assert_eq!(whole.n_requests, texts.len() as u64);
        prop_assert_eq!(whole.characters, texts.iter().map(|text| text.chars().count() as u64).sum::<u64>());
        prop_assert_eq!(whole.bytes, lines.concat().len() as u64);
        let sums = one.estimate.seconds.1 + other.estimate.seconds.1;
        prop_assert!((whole.estimate.seconds.1 - sums).abs() < 1e-6);
        prop_assert_eq!(whole.estimate.characters, whole.characters);
    }

    #[test]
    fn the_service_takes_what_the_linter_lets_through(
        rows in prop::collection::vec(
            (prop::collection::vec(sentence(), 1..6), "\\PC{0,20}", prop::sample::select(vec!["", "Puck", "Zephyr"]),
             prop::sample::select(vec!["", "de-DE", "en-US"]), prop::sample::select(vec!["", "calm, and slow", "Say it (softly)"]),
             prop::sample::select(vec!["", "Ann", "Bob"])),
            1..8,
        ),
        model in models(), is_narrow in any::<bool>(), mends in any::<bool>(),
    ) {
        let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
        let row = |(said, odd, voice, language, style, speaker): &(Vec<String>, String, &str, &str, &str, &str)| {
            let text = format!("{} {odd}", said.join(" "));
            [text.as_str(), voice, language, style, speaker].map(quoted).join(",")
        };
        let table = format!("text,voice,language,style,speaker\n{}\n", rows.iter().map(row).collect::<Vec<_>>().join("\n"));
        let said = |(at, (said, odd, ..)): (usize, &(Vec<String>, String, &str, &str, &str, &str))| {
            format!("{}: {} {odd}\n", ["Ann", "Bob", "Cy"][at % 3], said.join(" "))
        };
        let dialogue: String = rows.iter().enumerate().map(said).collect();
        let mut options = with_speakers(if is_narrow { narrow(model) } else { for_model(model) });
        options.reading.by = By::Paragraph;
        if mends {
            options.fixes = "all".parse().unwrap();
        }
        for (name, source) in [("t.csv", &table), ("d.txt", &dialogue)] {
            let made = made_of(name, source, &options);
            prop_assume!(!made.prepared.has_errors());
            for line in made.out.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                prop_assert_eq!(sim::refusal_of(model, &line["request"]), None, "{}", line);
            }
            let again = made_of(name, source, &options);
            prop_assert_eq!((&made.out, &made.prepared.sha256), (&again.out, &again.prepared.sha256));
        }
    }
}
