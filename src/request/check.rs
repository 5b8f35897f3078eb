//! From one line of input to one line that can be sent, with everything that is wrong about it.

use serde_json::{Map, Value};

use super::facts::{Facts, voice_of};
use super::fields::rename;
use super::finding::{Finding, Problem, Severity};
use super::fixes::Fixes;
use super::key::is_portable;
use super::locate::locate;
use super::mend::{mend, settle};
use super::speech::{Cast, Settings, Speaker, SpeechRequest, voice_config};
use super::spelling::closest;
use super::{json, rules, speech_rules, text_rules};
use crate::money::{Batch, Catalog, Date, Generation, Model};
use crate::text::clean_short;

static NOTHING: Fixes = Fixes::nothing();

/// What requests are checked against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Of the job.
    pub settings: &'a Settings,
    /// What is known of models, voices and languages.
    pub catalog: &'a Catalog,
    /// Of the job's model.
    pub generation: Generation,
    /// The job's model, when we know it.
    pub model: Option<&'a Model>,
    /// What is mended; nothing, unless somebody says so.
    pub fixes: &'a Fixes,
}

impl<'a> Context<'a> {
    /// The context of a job.
    pub fn new(settings: &'a Settings, catalog: &'a Catalog) -> Self {
        let generation = settings.generation(catalog);
        Context { settings, catalog, generation, model: catalog.model(&settings.model), fixes: &NOTHING }
    }

    /// The same context, in which these rules mend what they find.
    pub fn with_fixes(self, fixes: &'a Fixes) -> Self {
        Context { fixes, ..self }
    }
}

/// A request after the checks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// As it stands in the input; not cleaned.
    pub key: Option<String>,
    /// `{"key":…,"request":…}` in camelCase, with the settings filled in. `None` when there is no request to speak of.
    pub line: Option<Value>,
    /// What the request says.
    pub facts: Facts,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// The first field that was written in snake_case.
    pub snake_case: Option<String>,
    /// A quick fix leaves it out: it has no key that counts.
    pub is_left_out: bool,
}

impl Checked {
    /// Whether it must not be sent.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity() == Severity::Error)
    }
}

/// Checks one line of a JSONL file and fills in what the settings have and the line has not. Where a quick fix has to
/// make a key up, it is the spare one.
pub fn check_line(text: &str, context: &Context, spare_key: &dyn Fn() -> String) -> Checked {
    let parsed = match json::parse(text) {
        Ok(parsed) => parsed,
        Err(broken) => {
            let problem = Problem::new(&rules::BROKEN_JSON, format!("broken JSON: {}", broken.message));
            let problem = problem.at(broken.column);
            let problem = match broken.is_cut {
                true => {
                    problem.fix(format!("write each request on one line of its own; {} does that", one_a_line(text)))
                }
                false => problem,
            };
            return Checked { problems: vec![problem], ..Checked::default() };
        }
    };
    let Value::Object(mut line) = parsed.value else {
        let problem = Problem::new(&rules::NOT_AN_OBJECT, "the line is no JSON object");
        let problem = problem.fix(format!(
            "write {{\"key\": …, \"request\": …}}, one object a line; {} takes a list apart",
            one_a_line("[")
        ));
        return Checked { problems: vec![problem], ..Checked::default() };
    };
    let twice = |name: &String| {
        let message = format!("{} stands twice in one object", clean_short(name, 60));
        Problem::new(&rules::DUPLICATE_FIELD, message).fix("remove one of them").near(name)
    };
    let mut problems: Vec<Problem> = parsed.twice.iter().map(twice).collect();
    if context.fixes.has(&rules::MISSING_REQUEST) {
        problems.extend(mend_bare(&mut line));
    }
    let renamed = rename(&mut line, context.fixes);
    problems.extend(renamed.problems);

    // Requests of a create call carry their key in their metadata.
    let in_metadata = || line.get("metadata").and_then(|metadata| metadata.get("key")).cloned();
    let key = match line.get("key").cloned().or_else(in_metadata) {
        Some(Value::String(key)) if key.trim().is_empty() && context.fixes.has(&rules::EMPTY_KEY) => {
            let spare = spare_key();
            problems.push(empty_key().fixed(format!("the key is {spare} now")));
            Some(spare)
        }
        Some(Value::String(key)) => Some(key),
        Some(Value::Null) | None => {
            let problem = Problem::new(&rules::MISSING_KEY, "the line has no key");
            let spare = context.fixes.has(&rules::MISSING_KEY).then(spare_key);
            problems.push(match &spare {
                Some(spare) => problem.fixed(format!("the key is {spare} now")),
                None => problem.fix("add \"key\": \"…\", another one on every line"),
            });
            spare
        }
        Some(other) => {
            let shown = clean_short(&other.to_string(), 40);
            let problem = Problem::new(&rules::KEY_NOT_TEXT, format!("the key {shown} is no text"));
            let quoted = (other.is_number() && context.fixes.has(&rules::KEY_NOT_TEXT)).then(|| other.to_string());
            problems.push(match (&quoted, other.is_number()) {
                (Some(_), _) => problem.fixed(format!("the key is \"{shown}\" now")),
                (None, true) => problem.fix(format!("write \"{shown}\"")),
                (None, false) => problem,
            });
            quoted
        }
    };
    if let Some(key) = &key {
        problems.extend(check_key(key));
        line.insert("key".into(), key.as_str().into());
        line.remove("metadata");
    }

    let facts = match line.get_mut("request") {
        Some(request) => {
            problems.extend(settle(request, context, &mut |request| speech_rules::check(request, context)));
            fill(request, context);
            let (facts, found) = check_text(request, context);
            problems.extend(found);
            facts
        }
        None => {
            // A request of the wrong type was complained about already.
            if problems.iter().all(|problem| problem.rule != &rules::WRONG_TYPE) {
                let bare = line.contains_key("contents");
                let problem = Problem::new(&rules::MISSING_REQUEST, "the line has no request");
                problems.push(problem.fix(if bare {
                    "put it around the fields: {\"key\": …, \"request\": {\"contents\": …}}"
                } else {
                    "add \"request\": {\"contents\": …, \"generationConfig\": …}"
                }));
            }
            Facts::default()
        }
    };
    let is_left_out = leave_out(&mut problems, context);
    locate(text, &mut problems);
    let line = (line.contains_key("request") && !is_left_out).then(|| in_order(Value::Object(line)));
    Checked { key, line, facts, problems, snake_case: renamed.snake_case, is_left_out }
}

/// Checks what is spoken, and mends it where a fix is on.
fn check_text(request: &mut Value, context: &Context) -> (Facts, Vec<Problem>) {
    let mut facts = Facts::default();
    let problems = settle(request, context, &mut |request| {
        facts = Facts::of(request);
        text_rules::check(&facts.text, &facts.characters, context)
    });
    (facts, problems)
}

/// Turns the finding of an empty text into the news that its request is left out.
fn leave_out(problems: &mut [Problem], context: &Context) -> bool {
    let is_empty = |problem: &&mut Problem| problem.rule == &rules::EMPTY_TEXT && !problem.fixed;
    let Some(problem) = problems.iter_mut().find(is_empty).filter(|_| context.fixes.has(&rules::EMPTY_TEXT)) else {
        return false;
    };
    *problem = problem.clone().fixed("it is left out");
    true
}

/// Puts a request around fields that stand beside the key, as some documents have it.
fn mend_bare(line: &mut Map<String, Value>) -> Option<Problem> {
    if line.contains_key("request") || !line.contains_key("contents") {
        return None;
    }
    let (outside, inside) =
        std::mem::take(line).into_iter().partition(|(name, _)| matches!(name.as_str(), "key" | "metadata"));
    *line = outside;
    line.insert("request".into(), Value::Object(inside));
    Some(Problem::new(&rules::MISSING_REQUEST, "the line has no request").fixed("its fields are in one now"))
}

fn empty_key() -> Problem {
    Problem::new(&rules::EMPTY_KEY, "the key is empty").fix("give every request a key of its own")
}

/// Writes a request that was made of a text, and checks what the text, its voices and its language can have wrong.
/// What the settings of the job say is checked once, by [`check_settings`].
pub fn check_speech(request: &SpeechRequest, context: &Context) -> Checked {
    let mut line = request.to_line(context.generation, context.catalog);
    let mut problems: Vec<Problem> = check_key(&request.key).into_iter().collect();
    if let Cast::One(voice) = &request.cast
        && context.settings.voice.as_ref() != Some(voice)
    {
        problems.extend(speech_rules::check_voice(voice, context).map(|problem| {
            let done = context.fixes.has(problem.rule).then(|| mend(problem.rule, &mut line["request"], context));
            match done.flatten() {
                Some(done) => problem.fixed(done),
                None => problem,
            }
        }));
    }
    if request.language != context.settings.language {
        let code = request.language.as_deref();
        problems.extend(code.and_then(|code| speech_rules::check_language(code, context.catalog, context.generation)));
    }
    let (facts, found) = check_text(&mut line["request"], context);
    problems.extend(found);
    let is_left_out = leave_out(&mut problems, context);
    let line = (!is_left_out).then(|| in_order(line));
    Checked { key: Some(request.key.clone()), line, facts, problems, snake_case: None, is_left_out }
}

/// What is doubtful about the voices of speakers.
pub fn check_speakers(speakers: &[Speaker], context: &Context) -> Vec<Finding> {
    let doubts = speakers.iter().filter_map(|speaker| speech_rules::check_voice(&speaker.voice, context));
    doubts.map(|problem| problem.found("--speaker", 0, None)).collect()
}

/// What is doubtful about the settings of a job, whatever its requests. The source of a finding is the option.
pub fn check_settings(context: &Context, today: Date) -> Vec<Finding> {
    let Context { settings, catalog, generation, .. } = *context;
    let mut findings: Vec<Finding> =
        check_model(context, today).into_iter().map(|problem| problem.found("--model", 0, None)).collect();
    let voice = settings.voice.as_deref().and_then(|voice| speech_rules::check_voice(voice, context));
    findings.extend(voice.map(|problem| problem.found("--voice", 0, None)));
    let language = settings.language.as_deref();
    let language = language.and_then(|code| speech_rules::check_language(code, catalog, generation));
    findings.extend(language.map(|problem| problem.found("--language", 0, None)));
    findings
}

fn check_model(context: &Context, today: Date) -> Vec<Problem> {
    let Context { settings, catalog, .. } = *context;
    let id = clean_short(settings.model_id(), 60);
    let Some(model) = context.model else {
        let problem = Problem::new(&rules::UNKNOWN_MODEL, format!("unknown model {id}"));
        let ids = catalog.models.iter().map(|model| model.id.as_str());
        return vec![match closest(settings.model_id(), ids) {
            Some(meant) => problem.fix(format!("--model {meant}")),
            None => problem.fix("see the names with `gemtts-tui models`"),
        }];
    };
    let replace = |problem: Problem| match &model.replacement {
        Some(replacement) => problem.fix(format!("--model {replacement}")),
        None => problem,
    };
    let mut problems = Vec::new();
    match model.batch {
        Batch::Yes => {}
        Batch::No | Batch::Disputed => {
            let note = model.batch_note.as_deref().unwrap_or("nobody has seen one");
            let message = format!("{id} may not take batches: {note}");
            problems.push(replace(Problem::new(&rules::BATCH_DISPUTED, message)));
        }
    }
    if let Some(end) = model.ends().filter(|end| (*end - today).get_days() <= 30) {
        let message = match end < today {
            true => format!("{id} is said to have ended on {end}"),
            false => format!("{id} is said to end on {end}"),
        };
        problems.push(replace(Problem::new(&rules::MODEL_ENDING, message)));
    }
    problems
}

/// The command that turns the JSON of other programs into lines.
fn one_a_line(text: &str) -> &'static str {
    if text.trim_start().starts_with('[') { "`jq -c '.[]'`" } else { "`jq -c .`" }
}

/// Fields in alphabetical order at every depth, so that equal requests are equal bytes and have equal checksums.
fn in_order(mut line: Value) -> Value {
    line.sort_all_objects();
    line
}

fn check_key(key: &str) -> Option<Problem> {
    if key.trim().is_empty() {
        return Some(empty_key());
    }
    (!is_portable(key)).then(|| {
        let message = "the key is no portable file name; its audio gets a cleaned name and a hash";
        Problem::new(&rules::UNSAFE_KEY, message).fix("use only A–Z a–z 0–9 . _ -")
    })
}

fn fill(request: &mut Value, context: &Context) {
    let Settings { voice, language, .. } = context.settings;
    if voice.is_none() && language.is_none() {
        return;
    }
    // Objects that are missing on the way come into being.
    let speech = &mut request["generationConfig"]["speechConfig"];
    if let Some(voice) = voice
        && speech.get("multiSpeakerVoiceConfig").is_none()
        && voice_of(&speech["voiceConfig"]).is_none()
    {
        speech["voiceConfig"] = voice_config(voice, context.generation, context.catalog);
    }
    if let Some(language) = language
        && speech["languageCode"].as_str().is_none_or(str::is_empty)
    {
        speech["languageCode"] = language.as_str().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::SpeechPart;
    use proptest::prelude::*;
    use serde_json::json;

    /// JSON of every kind whose fields are mostly ours, so that most of it gets past the first checks.
    fn any_json() -> impl Strategy<Value = Value> {
        let names = prop::sample::select(vec![
            "key",
            "request",
            "metadata",
            "contents",
            "parts",
            "text",
            "role",
            "generationConfig",
            "generation_config",
            "speechConfig",
            "speech_config",
            "voiceConfig",
            "prebuiltVoiceConfig",
            "voiceName",
            "voice",
            "multiSpeakerVoiceConfig",
            "speakerVoiceConfigs",
            "speaker",
            "speechMetadata",
            "languageCode",
            "responseModalities",
            "temperature",
            "model",
            "systemInstruction",
            "_",
            "strange",
        ]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
            prop::sample::select(vec!["AUDIO", "audio", "Kore", "de-DE", "models/x"]).prop_map(Value::from),
        ];
        leaf.prop_recursive(7, 60, 5, move |inner| {
            let fields = prop::collection::vec((names.clone(), inner.clone()), 0..5);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                fields.prop_map(|fields| {
                    Value::Object(
                        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>(),
                    )
                }),
            ]
        })
    }

    fn all_settings() -> [Settings; 2] {
        let plain = Settings::for_catalog(&Catalog::built_in());
        let model = "gemini-3.1-flash-tts-preview".to_owned();
        [plain, Settings { model, voice: Some("Puck".into()), language: Some("fr-FR".into()), style: None }]
    }

    proptest! {
        #[test]
        fn no_line_breaks_the_checks(line in any::<String>(), request in any_json(), config in any_json(), key in any_json()) {
            let catalog = Catalog::built_in();
            let spare = || "spare".to_owned();
            let all = Fixes::all();
            for (settings, fixes) in all_settings().iter().flat_map(|it| [(it, &NOTHING), (it, &all)]) {
                let context = Context::new(settings, &catalog).with_fixes(fixes);
                check_line(&line, &context, &spare);
                let parts = vec![SpeechPart { text: line.clone(), speaker: None }];
                let cast = Cast::One(line.clone());
                let speech = SpeechRequest { key: line.clone(), parts, cast, language: None, style: None };
                check_speech(&speech, &context);
                check_line(&json!({ "key": key, "request": request }).to_string(), &context, &spare);
                let whole = json!({ "key": "k", "request": { "contents": [{ "parts": request }], "generationConfig": config } });
                let once = check_line(&whole.to_string(), &context, &spare);
                // What was checked once is in its final form.
                if let (Some(line), false) = (&once.line, once.has_errors()) {
                    let twice = check_line(&line.to_string(), &context, &spare);
                    prop_assert_eq!(twice.line.as_ref(), Some(line));
                    prop_assert!(!twice.has_errors());
                }
            }
        }
    }

    #[test]
    fn settings_are_checked_once_for_all_requests() {
        let catalog = Catalog::built_in();
        let settings = Settings {
            model: "gemini-3.8-flash-tss".into(),
            voice: Some("kore".into()),
            language: Some("zh-CN".into()),
            style: None,
        };
        let found: Vec<_> = check_settings(&Context::new(&settings, &catalog), Date::constant(2026, 11, 20))
            .into_iter()
            .map(|finding| (finding.source, finding.rule, finding.fix.unwrap_or_default()))
            .collect();
        let expected = [
            ("--model", "unknown-model", "--model gemini-3.8-flash-tts"),
            ("--voice", "unknown-voice", "write Kore"),
            ("--language", "unknown-language", "write cmn-CN, or leave it out"),
        ];
        assert_eq!(found, expected.map(|(source, rule, fix)| (source.to_owned(), rule, fix.to_owned())));
    }
}
