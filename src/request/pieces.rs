//! A request that is too long for the model, as several that are not.

use serde_json::Value;

use super::check::{Checked, Context};
use super::facts::{Facts, speaker_configs};
use super::finding::Problem;
use super::rules;
use super::text_rules::{check_length, instruction};
use crate::money::Generation;

/// Whether a problem is one that splitting the text solves.
fn is_about_length(problem: &Problem) -> bool {
    [&rules::TOKEN_LIMIT, &rules::NEAR_TOKEN_LIMIT, &rules::AUDIO_LIMIT, &rules::LONG_AUDIO].contains(&problem.rule)
}

/// A checked line whose text is too long, taken apart.
pub struct LongText {
    line: Value,
    key: String,
    /// What stands in front of every piece, because the models take it for an instruction.
    style: String,
    text: String,
    problems: Vec<Problem>,
    snake_case: Option<String>,
}

impl LongText {
    /// Takes a line apart if its text is too long, a quick fix is on for that, and it is one text of one voice: where a
    /// dialogue or a list of parts may be cut, only its author knows.
    pub fn of(checked: &mut Checked, context: &Context) -> Option<LongText> {
        let is_ours = |problem: &&Problem| is_about_length(problem) && context.fixes.has(problem.rule);
        if !checked.problems.iter().any(|problem| is_ours(&problem)) {
            return None;
        }
        let is_good = checked.problems.iter().all(|it| is_ours(&it) || it.severity() == super::Severity::Warning);
        let (Some(line), Some(key), true) = (&mut checked.line, &checked.key, is_good) else { return None };
        let is_dialogue = speaker_configs(&line["request"]).is_some();
        let text = only_text(line).filter(|_| !is_dialogue)?;
        let text = std::mem::take(text);
        let (style, text) = match (context.generation, instruction(&text)) {
            (Generation::V2_5 | Generation::V3_1, Some((style, rest))) => (format!("{style}: "), rest.to_owned()),
            (Generation::V2_5 | Generation::V3_1 | Generation::V3_8 | Generation::Unknown, _) => (String::new(), text),
        };
        let line = checked.line.take().unwrap_or_default();
        let (problems, snake_case) = (std::mem::take(&mut checked.problems), checked.snake_case.take());
        Some(LongText { line, key: key.clone(), style, text, problems, snake_case })
    }

    /// What is to be cut.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What every piece begins with.
    pub fn style(&self) -> &str {
        &self.style
    }

    /// One request for each piece, with an ordered key. What was found in the whole stands with the first one.
    pub fn into_requests(self, pieces: &[String], context: &Context) -> Vec<Checked> {
        let LongText { mut line, key, style, mut problems, mut snake_case, .. } = self;
        let mut requests = Vec::with_capacity(pieces.len());
        for (at, piece) in pieces.iter().enumerate() {
            let key = format!("{key}-{:04}", at + 1);
            let mut line = if at + 1 == pieces.len() { std::mem::take(&mut line) } else { line.clone() };
            line["key"] = key.as_str().into();
            if let Some(text) = only_text(&mut line) {
                *text = format!("{style}{piece}");
            }
            let facts = Facts::of(&line["request"]);
            let mut own: Vec<Problem> = std::mem::take(&mut problems)
                .into_iter()
                .map(|problem| match is_about_length(&problem) {
                    true => problem.fixed(format!("split into {} requests", pieces.len())),
                    false => problem,
                })
                .collect();
            own.extend(check_length(&facts.characters, context));
            let snake_case = snake_case.take();
            requests.push(Checked {
                key: Some(key),
                line: Some(line),
                facts,
                problems: own,
                snake_case,
                is_left_out: false,
            });
        }
        requests
    }
}

/// The text of a request that has one part and nothing else to say.
fn only_text(line: &mut Value) -> Option<&mut String> {
    let [content] = line["request"]["contents"].as_array_mut()?.as_mut_slice() else { return None };
    let [part] = content["parts"].as_array_mut()?.as_mut_slice() else { return None };
    match &mut part["text"] {
        Value::String(text) => Some(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
