//! Rules on what is spoken: nothing, too much, or words that are meant for the model and not for the ear.

use super::check::Context;
use super::finding::Problem;
use super::rules;
use crate::money::{Characters, Generation};
use crate::text::{clean_short, span, thousands};

/// Checks the text of a request, of so many characters.
pub(super) fn check(text: &str, characters: &Characters, context: &Context) -> Vec<Problem> {
    if text.trim().is_empty() {
        let problem = Problem::new(&rules::EMPTY_TEXT, "there is no text to speak");
        return vec![problem.fix("write it in request.contents[].parts[].text, or remove the line")];
    }
    let mut problems = Vec::new();
    if text.contains('\0') {
        let problem = Problem::new(&rules::CONTROL_CHARACTER, "the text holds a character of zero");
        problems.push(problem.fix("take it out; see whether the file is damaged"));
    }
    problems.extend(check_length(characters, context));
    match context.generation {
        Generation::V3_8 => {
            problems.extend(spoken_instruction(text, context));
            problems.extend(tag(text, '[', ']').map(|tag| {
                Problem::new(&rules::TAG_FORM, format!("[{tag}] may be read aloud")).fix(format!("write <{tag}>"))
            }));
        }
        Generation::V2_5 | Generation::V3_1 => problems.extend(tag(text, '<', '>').map(|tag| {
            Problem::new(&rules::TAG_FORM, format!("<{tag}> may be read aloud")).fix(format!("write [{tag}]"))
        })),
        Generation::Unknown => {}
    }
    problems
}

/// Limits of tokens, of text and of audio. The counts are estimates, so only what is clearly over is an error.
pub(super) fn check_length(characters: &Characters, context: &Context) -> Option<Problem> {
    let model = context.model?;
    let length = context.catalog.length(characters);
    let over = |value: f64, limit: u64, share: f64| value > limit as f64 * share;
    if let Some(limit) = model.input_token_limit {
        let tokens = thousands(length.text_tokens);
        let (text, limit_text) = (length.text_tokens as f64, thousands(limit));
        if over(text, limit, 1.1) {
            let message = format!("{tokens} tokens: over the model's limit {limit_text}");
            return Some(Problem::new(&rules::TOKEN_LIMIT, message).fix("split the text"));
        }
        if over(text, limit, 0.9) {
            let message = format!("{tokens} tokens: close to the model's limit {limit_text}");
            return Some(Problem::new(&rules::NEAR_TOKEN_LIMIT, message).fix("split the text"));
        }
    }
    let limit = model.output_token_limit?;
    let longest = span(limit as f64 / context.catalog.audio_tokens_per_second);
    let spoken = format!("{}–{}", span(length.seconds.0), span(length.seconds.1));
    if over(length.audio_tokens.0, limit, 1.25) {
        let message = format!("about {spoken} of audio: one answer holds {longest}");
        return Some(Problem::new(&rules::AUDIO_LIMIT, message).fix("split the text"));
    }
    if over(length.audio_tokens.1, limit, 1.0) {
        let message = format!("about {spoken} of audio: one answer holds {longest}, the rest may be cut off");
        return Some(Problem::new(&rules::LONG_AUDIO, message).fix("split the text"));
    }
    None
}

/// `Say cheerfully: …` and its like, in English, at the start of a text.
pub fn spoken_instruction(text: &str, context: &Context) -> Option<Problem> {
    match context.generation {
        Generation::V3_8 => {}
        Generation::V2_5 | Generation::V3_1 | Generation::Unknown => return None,
    }
    let (instruction, _) = leading_instruction(text)?;
    let shown = clean_short(instruction, 40);
    let problem = Problem::new(&rules::SPOKEN_INSTRUCTION, format!("«{shown}:» will be read aloud"));
    Some(problem.fix("put it into speechMetadata.style"))
}

/// `Say cheerfully` and what is to be said so, when a text begins with an instruction and goes on after it.
pub fn instruction(text: &str) -> Option<(&str, &str)> {
    let (instruction, colon) = leading_instruction(text)?;
    let rest = text[colon + 1..].trim_start();
    (!rest.trim().is_empty()).then_some((instruction, rest))
}

/// The instruction at the start of a text, and the byte of the colon behind it.
fn leading_instruction(text: &str) -> Option<(&str, usize)> {
    const VERBS: [&str; 6] = ["say", "read", "speak", "narrate", "tts", "whisper"];
    let indent = text.len() - text.trim_start().len();
    let line = text[indent..].lines().next()?;
    let (instruction, rest) = line.split_once(':')?;
    let mut words = instruction.split_whitespace();
    let verb = words.next()?.to_lowercase();
    let is_instruction = VERBS.contains(&verb.as_str())
        && words.take(12).count() <= 11
        && !instruction.contains(['.', '!', '?', '"', '“', '„', '«'])
        && (rest.starts_with(' ') || rest.is_empty());
    is_instruction.then_some((instruction, indent + instruction.len()))
}

/// The first tag of a text, when it is one that nobody writes as anything else.
pub(super) fn known_tag(text: &str, open: char, close: char) -> Option<&str> {
    const KNOWN: [&str; 20] = [
        "sigh",
        "sighs",
        "laugh",
        "laughs",
        "laughing",
        "giggles",
        "chuckles",
        "cough",
        "coughs",
        "gasp",
        "gasps",
        "yawn",
        "uhm",
        "whispers",
        "whispering",
        "shouting",
        "pause",
        "short pause",
        "medium pause",
        "long pause",
    ];
    tag(text, open, close).filter(|tag| KNOWN.contains(tag))
}

/// The first `[sigh]`, `<short pause>` or the like: small letters and spaces between brackets.
fn tag(text: &str, open: char, close: char) -> Option<&str> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(open) {
        let (inside, _) = after.split_once(close)?;
        let is_tag = (3..=24).contains(&inside.len())
            && inside.bytes().all(|b| b.is_ascii_lowercase() || b == b' ')
            && !inside.starts_with(' ')
            && !inside.ends_with(' ');
        if is_tag {
            return Some(inside);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_told_from_speech() {
        let table = [
            ("Say cheerfully: Have a wonderful day!", true),
            ("  Read this in a calm, low voice: Once upon a time", true),
            ("Say it. Now: go", false),
            ("Saying: no", false),
            ("Time: 12:30", false),
            ("Say “hello”: it helps", false),
            ("Read chapter 3:16", false),
            ("Hello", false),
        ];
        for (text, is_instruction) in table {
            assert_eq!(leading_instruction(text).is_some(), is_instruction, "{text}");
        }
    }

    #[test]
    fn tags_are_small_words_in_brackets() {
        let table = [
            ("Well [sigh] then", Some("sigh")),
            ("Well [1] and [short pause]", Some("short pause")),
            ("see [Smith 2020] and [a", None),
            ("no tag", None),
            ("[b]", None),
            ("[ a b ]", None),
        ];
        for (text, found) in table {
            assert_eq!(tag(text, '[', ']'), found, "{text}");
        }
    }
}
