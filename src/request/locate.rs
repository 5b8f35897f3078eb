//! Where in its line a problem stands: the column of the field or name that it is about.
//!
//! Only lines with problems are looked at again, as they were written: the checks work on values that know no places.

use super::finding::Problem;
use super::rules::Rule;

/// Gives problems of a line their columns, as far as something in the line can be pointed at.
pub(super) fn locate(line: &str, problems: &mut [Problem]) {
    for problem in problems.iter_mut().filter(|problem| problem.column == 0) {
        let again = usize::from(problem.rule.id == "duplicate-field");
        let wants_name = problem.rule.id != "unknown-voice";
        let find = |name: &str| {
            let mut found = strings(line).filter(|string| string.is_name == wants_name && is_named(string.text, name));
            found.nth(again).map(|string| string.start)
        };
        let byte = match &problem.near {
            Some(near) => find(near),
            None => fields_of(problem.rule).iter().find_map(|field| find(field)),
        };
        if let Some(byte) = byte {
            problem.column = line[..byte].chars().count() as u64 + 1;
        }
    }
}

/// The fields that a rule is about, the best one first.
fn fields_of(rule: &Rule) -> &'static [&'static str] {
    match rule.id {
        "key-not-text" | "empty-key" | "unsafe-key" => &["key"],
        "missing-request" => &["contents"],
        "system-instruction" => &["systemInstruction"],
        "model-mismatch" => &["model"],
        "missing-modality" | "wrong-modality" | "lower-case-modality" => {
            &["responseModalities", "generationConfig", "request"]
        }
        "sampling-not-allowed" => &["temperature", "topP", "topK"],
        "low-temperature" => &["temperature"],
        "both-voice-configs" => &["multiSpeakerVoiceConfig"],
        "too-many-speakers" | "speaker-not-in-text" => &["speakerVoiceConfigs", "multiSpeakerVoiceConfig"],
        "missing-voice" | "default-voice" => {
            &["speakerVoiceConfigs", "voiceConfig", "speechConfig", "generationConfig", "request"]
        }
        "unknown-language" => &["languageCode"],
        "empty-text" => &["text", "parts", "contents", "request"],
        "control-character" | "token-limit" | "near-token-limit" | "audio-limit" | "long-audio"
        | "spoken-instruction" | "tag-form" | "speaker-missing" => &["text"],
        _ => &[],
    }
}

/// Whether a text of the line is this name, in camelCase or in snake_case.
fn is_named(text: &str, name: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| *c != '_').collect::<String>();
    text == name || (text.contains('_') && letters(text).eq_ignore_ascii_case(&letters(name)))
}

/// A string of JSON, as it is written.
struct Written<'l> {
    /// The byte of the quote before it.
    start: usize,
    /// Without its quotes.
    text: &'l str,
    /// Whether a colon follows.
    is_name: bool,
}

/// The strings of a line of JSON, in order.
fn strings(line: &str) -> impl Iterator<Item = Written<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + memchr::memchr(b'"', &line.as_bytes()[at..])?;
        let mut end = start + 1;
        loop {
            end += memchr::memchr2(b'"', b'\\', &line.as_bytes()[end..])?;
            if line.as_bytes()[end] == b'"' {
                break;
            }
            end = (end + 2).min(line.len());
        }
        at = end + 1;
        let text = line.get(start + 1..end).unwrap_or_default();
        Some(Written { start, text, is_name: line[at..].trim_start().starts_with(':') })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::rules;

    #[test]
    fn problems_point_at_their_fields() {
        let line = r#"{"ü\"key":"key","key":1,"top_p":2,"top_p":3,"x":"\\"}"#;
        let mut problems = [
            Problem::new(&rules::KEY_NOT_TEXT, "x"),
            Problem::new(&rules::DUPLICATE_FIELD, "x").near("top_p"),
            Problem::new(&rules::SAMPLING_NOT_ALLOWED, "x"),
            Problem::new(&rules::NO_SUCH_FIELD, "x").near("nowhere"),
            Problem::new(&rules::BROKEN_JSON, "x").at(3),
            Problem::new(&rules::UNKNOWN_FIELD, "x").near("x"),
        ];
        locate(line, &mut problems);
        assert_eq!(problems.map(|problem| problem.column), [17, 35, 25, 0, 3, 45]);
    }
}
