//! What can be used: built in, the person's own files, and what the service lists.

use serde_json::Value;

use super::program::{Ran, World};

/// The service offers little at a time, so that every list has several pages.
const SMALL_PAGES: &str = "[service]\nlargest_offer = 7\n";

/// A file in the configuration folder of the world.
fn configure(world: &World, name: &str, text: &str) {
    let folder = world.path(".config/gemtts-tui");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
}

#[track_caller]
fn named<'a>(lines: &'a [Value], name: &str) -> &'a Value {
    lines.iter().find(|line| line["name"] == name).unwrap_or_else(|| panic!("{name} is missing: {lines:#?}"))
}

/// How many findings have this rule; all of them are warnings.
#[track_caller]
fn warnings(ran: &Ran, rule: &str) -> usize {
    let found: Vec<Value> = ran.json().into_iter().filter(|finding| finding["rule"] == rule).collect();
    assert!(found.iter().all(|finding| finding["severity"] == "warning"), "{found:?}");
    found.len()
}

#[test]
fn the_persons_own_files_win_and_every_figure_tells_its_source() {
    let world = World::alone();
    configure(&world, "config.toml", "[catalog]\ntier = 2\nvoices = \"casting/ours.toml\"\n");
    configure(
        &world,
        "models.toml",
        "default = \"gemini-9-tts\"\n[model.\"gemini-3.8-flash-tts\"]\nprice = [{ text_in = 1, audio_out = 7.5 }]\n\
         [model.\"gemini-9-tts\"]\nbatch = \"yes\"\ninput_token_limit = 9000\n",
    );
    std::fs::create_dir_all(world.path(".config/gemtts-tui/casting")).unwrap();
    configure(
        &world,
        "casting/ours.toml",
        "[voice]\nKore = { character = \"Stern\" }\nNova = { gender = \"female\" }\n",
    );
    configure(&world, "languages.toml", "[language]\nde-AT = { name = \"German (Austria)\" }\n");

    let models = world.run(&["models", "--json"]).code(0).json();
    let flash = named(&models, "models/gemini-3.8-flash-tts");
    assert_eq!(flash["dollarsPerMillionTokens"]["audioOut"], 7.5);
    assert_eq!(flash["inputTokenLimit"], 8_192, "what is not named stays");
    assert_eq!(flash["sources"]["dollarsPerMillionTokens"], "your models.toml");
    assert_eq!(flash["sources"]["inputTokenLimit"], "built in, 2026-11-20");
    let new = named(&models, "models/gemini-9-tts");
    assert_eq!((&new["default"], &new["inputTokenLimit"]), (&Value::Bool(true), &Value::from(9_000)));
    assert_eq!(named(&models, "models/gemini-2.5-pro-preview-tts")["enqueuedTokens"], 100_000, "in tier 2");
    let text = world.run(&["models"]).code(0).says("tier 2").out;
    assert!(text.contains("built in, 2026-11-20; price: your models.toml"), "{text}");

    let voices = world.run(&["voices", "--json"]).code(0).json();
    assert_eq!(voices.len(), 31);
    let kore = named(&voices, "Kore");
    assert_eq!((&kore["character"], &kore["gender"]), (&Value::from("Stern"), &Value::from("female")));
    assert_eq!(kore["sources"]["character"], "your ours.toml");

    // What a person added is known everywhere.
    world.file("a.txt", "Hello.\n");
    let lint = ["lint", "a.txt", "--json", "--voice", "Nova", "--language", "de-AT"];
    assert_eq!(world.run(&lint).code(0).out, "");
    let plan = world.run(&["create", "a.txt", "--dry-run", "--json", "--voice", "Nova", "--language", "de-AT"]).code(0);
    assert!(!plan.err.contains("warning"), "{plan:?}");
    assert!(plan.out.contains("gemini-9-tts"), "{plan:?}");
}

#[test]
fn a_mistake_in_a_persons_file_is_named_with_its_file_line_and_word() {
    let table = [
        ("models.toml", "[model.x]\nbatch = \"yes\"\nprise = 3\n", "models.toml, line 3", "prise"),
        ("voices.toml", "[voice]\n\nKore = { tone = \"Firm\" }\n", "voices.toml, line 3", "tone"),
        ("languages.toml", "[language]\nde-AT = { lists = [\"mine\"] }\n", "languages.toml, line 2", "mine"),
        ("config.toml", "[catalog]\ntier = 4\n", "config.toml, line 2", "tier is 1, 2 or 3"),
        ("config.toml", "[catalog]\nmodels = \"gone.toml\"\n", "gone.toml", "cannot read"),
    ];
    for (file, text, place, word) in table {
        let world = World::alone();
        configure(&world, file, text);
        for command in ["models", "voices", "list"] {
            let ran = world.run(&[command]).code(2).says(place).says(word);
            assert_eq!(ran.out, "", "{command} with {file}");
        }
    }
}

#[test]
fn a_refresh_walks_every_page_and_is_remembered() {
    let world = World::of(SMALL_PAGES);
    assert_eq!(world.run(&["voices", "--json"]).code(0).json().len(), 30, "nothing is asked unasked");
    let voices = world.run(&["voices", "--refresh", "--json"]).code(0).json();
    assert_eq!(voices.len(), 120);
    assert!(named(&voices, "Kore")["sources"]["gender"].as_str().unwrap().starts_with("listed "), "{voices:?}");
    let models = world.run(&["models", "--refresh", "--json"]).code(0).json();
    assert_eq!(models.len(), 5, "models that do not speak are left out");
    let flash = named(&models, "models/gemini-2.5-flash-preview-tts");
    assert!(flash["sources"]["inputTokenLimit"].as_str().unwrap().starts_with("listed "), "{flash:?}");
    assert_eq!((&flash["batch"], &flash["source"]), (&Value::Null, &Value::from("built in, 2026-11-20")));

    // The next commands know it, without asking and without a key.
    let mut command = world.command(&["voices", "--json"]);
    command.env_remove("GEMINI_API_KEY");
    assert_eq!(super::program::finish(command).code(0).json(), voices);
    let library = voices.iter().find(|voice| voice["kind"] == "library").unwrap();
    let (id, title) = (library["name"].as_str().unwrap(), library["displayName"].as_str().unwrap());
    world.file("a.txt", "Hello.\n");
    let lint = |voice: &str, model: &str| world.run(&["lint", "a.txt", "--json", "--voice", voice, "--model", model]);
    assert_eq!(warnings(&lint(id, "gemini-3.8-flash-tts").code(0), "unknown-voice"), 0);
    assert_eq!(
        warnings(&lint(id, "gemini-3.1-flash-tts-preview").code(0), "unknown-voice"),
        1,
        "only 3.8 has a library"
    );
    let findings = lint(title, "gemini-3.8-flash-tts").code(0).json();
    assert_eq!(findings[0]["fix"], format!("write {id}"));
    // Another profile has not asked.
    configure(&world, "config.toml", "[profile.other]\nrefresh = 60\n");
    assert_eq!(world.run(&["voices", "--json", "--profile", "other"]).code(0).json().len(), 30);
}

#[test]
fn a_refresh_that_fails_keeps_what_was_known() {
    for answer in ["answer = \"empty\"", "answer = \"html_ok\"", "status = 403", "answer = \"cut\""] {
        let fault = format!("[[fault]]\non = \"voices_list\"\nnth = 4\ntimes = 99\n{answer}\n");
        let world = World::of(&format!("[service]\nlargest_offer = 50\n{fault}"));
        let known = world.run(&["voices", "--refresh", "--json"]).code(0).json();
        assert_eq!(known.len(), 120, "three pages");
        let failed = world.run(&["voices", "--refresh"]);
        assert_ne!(failed.code, 0, "{answer}: {failed:?}");
        assert!(failed.err.contains("cannot list voices"), "{answer}: {failed:?}");
        assert_eq!(world.run(&["voices", "--json"]).code(0).json(), known, "{answer}");
    }
}

#[test]
fn a_service_without_a_list_of_voices_is_no_failure() {
    let world = World::of("[service]\nvoices = false\n");
    let ran = world.run(&["voices", "--refresh", "--json"]).code(0).says("lists no voices");
    assert_eq!(ran.json().len(), 30);
}

#[test]
fn a_refresh_needs_a_key_and_may_be_read_only() {
    let world = World::of("");
    let mut command = world.command(&["models", "--refresh"]);
    command.env_remove("GEMINI_API_KEY");
    super::program::finish(command).code(3);
    world.run(&["models", "--refresh", "--read-only"]).code(0);
    assert_eq!(world.run(&["--demo", "voices", "--refresh", "--json"]).code(0).json().len(), 120);
}

#[test]
fn what_nobody_knows_is_a_warning_on_every_path() {
    let world = World::alone();
    world.file("a.txt", "Hello.\n");
    world.file("dialogue.txt", "Ann: Hello.\nBob: Well, hello.\n");
    world.file("lines.csv", "key,text,voice,language\na,Hello.,Alloy,xx-XX\n");
    let request = |voice: &str, config: &str| {
        format!(
            r#"{{"key":"a","request":{{"contents":[{{"parts":[{{"text":"Ann: Hello. Bob: Hello."}}]}}],"generationConfig":{{"responseModalities":["AUDIO"],"speechConfig":{{{config}{voice}}}}}}}}}"#
        )
    };
    let one = r#""voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Alloy"}}"#;
    let speaker = |name: &str| format!(r#"{{"speaker":"{name}",{one}}}"#);
    let two = format!(r#""multiSpeakerVoiceConfig":{{"speakerVoiceConfigs":[{},{}]}}"#, speaker("Ann"), speaker("Bob"));
    world.file("one.jsonl", &format!("{}\n", request(one, r#""languageCode":"xx-XX","#)));
    world.file("two.jsonl", &format!("{}\n", request(&two, "")));
    let table: [(&[&str], &str, usize); 8] = [
        (&["a.txt", "--model", "gemini-9-tts"], "unknown-model", 1),
        (&["a.txt", "--voice", "Alloy"], "unknown-voice", 1),
        (&["a.txt", "--language", "xx-XX"], "unknown-language", 1),
        (&["dialogue.txt", "--by", "paragraph", "--speaker", "Ann=Alloy", "--speaker", "Bob=Kore"], "unknown-voice", 1),
        (&["lines.csv"], "unknown-voice", 1),
        (&["lines.csv"], "unknown-language", 1),
        (&["one.jsonl", "--model", "gemini-2.5-pro-preview-tts"], "unknown-voice", 1),
        (&["two.jsonl", "--model", "gemini-2.5-pro-preview-tts"], "unknown-voice", 2),
    ];
    for (arguments, rule, n_expected) in table {
        let lint = world.run(&[&["lint", "--json"], arguments].concat()).code(0);
        assert_eq!(warnings(&lint, rule), n_expected, "{arguments:?}: {lint:?}");
        world.run(&[&["create", "--dry-run"], arguments].concat()).code(0);
    }
}

#[test]
fn style_two_speakers_and_language_are_spoken_by_every_generation() {
    let mut rows = String::from("key,text,style,language\n");
    for (n, text) in ["Have a wonderful day.", "\"Ann: How are you?\nBob: Very well.\""].iter().enumerate() {
        for style in ["", "calm and slow"] {
            for language in ["", "de-DE"] {
                rows.push_str(&format!("r{n}{}{},{text},{style},{language}\n", style.len(), language.len()));
            }
        }
    }
    for model in ["gemini-2.5-pro-preview-tts", "gemini-3.1-flash-tts-preview", "gemini-3.8-flash-tts"] {
        let world = World::of("");
        world.file("rows.csv", &rows);
        let speakers = ["--speaker", "Ann=Kore", "--speaker", "Bob=Puck", "--model", model];
        let findings = world.run(&[&["lint", "rows.csv", "--json"][..], &speakers].concat()).code(0).json();
        let others: Vec<&Value> = findings.iter().filter(|finding| finding["rule"] != "model-ending").collect();
        assert!(others.is_empty(), "{model}: {others:#?}");
        let create = ["create", "rows.csv", "--wait", "--json", "--yes"];
        let ran = world.run(&[&create[..], &speakers].concat()).code(0);
        let job = ran.json().pop().unwrap();
        assert_eq!(job["batchStats"]["successfulRequestCount"], 8, "{model}: {ran:?}");
    }
}

#[test]
fn the_files_that_the_readme_shows_are_right() {
    let readme = include_str!("../../../README.md");
    let world = World::alone();
    for name in ["models.toml", "voices.toml", "languages.toml"] {
        let begin = format!("```toml\n# {name}\n");
        let (_, block) = readme.split_once(&begin).unwrap_or_else(|| panic!("the README shows no {name}"));
        configure(&world, name, block.split_once("```").unwrap().0);
    }
    let models = world.run(&["models", "--json"]).code(0).json();
    assert_eq!(named(&models, "models/gemini-3.8-flash-lite-tts")["default"], true);
    assert_eq!(named(&models, "models/gemini-3.8-flash-tts")["enqueuedTokens"], 500_000);
    let voices = world.run(&["voices", "--json"]).code(0).json();
    assert_eq!(named(&voices, "voice_5eed03d1")["displayName"], "our narrator");
    world.file("a.txt", "Hello.\n");
    assert_eq!(
        world.run(&["lint", "a.txt", "--json", "--language", "de-AT", "--voice", "voice_5eed03d1"]).code(0).out,
        ""
    );
}
