//! The one table of lint rules: what each is called, how much it matters, and why.
//!
//! An error is what would fail or cost money for nothing. What we put right while we write the file that is sent,
//! such as line ends and snake_case, is a warning. Names that change from month to month, such as those of models,
//! voices and languages, are warnings too: the service may know more than we do.

use super::finding::Severity::{self, Error, Warning};

/// One rule. Its id and severity are a contract with scripts.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// In kebab-case.
    pub id: &'static str,
    /// The same for every finding of this rule.
    pub severity: Severity,
    /// Why it matters and what to do, in one or two sentences.
    pub explanation: &'static str,
    /// What its quick fix does, in a few words; `None` when no program can know what is meant.
    pub fix: Option<&'static str>,
}

/// The rule of this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

const fn first(fix: &[&'static str]) -> Option<&'static str> {
    match fix {
        [] => None,
        [fix, ..] => Some(*fix),
    }
}

macro_rules! rules {
    ($($name:ident $id:literal $severity:ident $explanation:literal $(fix $fix:literal)?;)*) => {
        $(pub(crate) static $name: Rule =
            Rule { id: $id, severity: $severity, explanation: $explanation, fix: first(&[$($fix)?]) };)*
        /// Every rule, from the file as a whole to the finer points of speech.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    NO_REQUESTS "no-requests" Error
        "The source holds no request. A job without requests is refused by the service.";
    FILE_TOO_LARGE "file-too-large" Error
        "One request alone is over the 2 GB of an input file. More requests than fit into a file become several jobs.";
    INLINE_TOO_LARGE "inline-too-large" Error
        "One request alone is over the 20 MB of a create call with its requests inside. Leave --inline out to upload a \
         file instead.";
    REQUEST_TOO_LARGE "request-too-large" Error
        "One request alone is over the size that was chosen for a job. Choose a larger one, or split its text.";
    LINE_TOO_LONG "line-too-long" Error
        "A line over 4 MiB cannot be a speech request: the models take some tens of kilobytes of text.";
    INVALID_UTF8 "invalid-utf8" Error
        "The service reads UTF-8 only. Save the file as UTF-8.";
    BYTE_ORDER_MARK "byte-order-mark" Warning
        "The file begins with a byte order mark, which many JSON readers refuse. It is left out of what is sent.";
    CARRIAGE_RETURN "carriage-return" Warning
        "The lines end as on Windows. What is sent has plain line feeds. Reported once for a source.";
    MISSING_FINAL_NEWLINE "missing-final-newline" Warning
        "The last line has no line end: perhaps the file was cut off. What is sent has one.";
    BLANK_LINE "blank-line" Warning
        "A line of a JSONL file is empty. It is left out of what is sent.";
    CONTROL_CHARACTER "control-character" Error
        "The text holds a character of zero, which no program means to be spoken. The file may be damaged.";
    UNCLOSED_QUOTE "unclosed-quote" Error
        "A quote in a table opens a cell and is never closed, so that all rows after it would be one text. Nothing \
         behind it is read.";
    BROKEN_ROW "broken-row" Error
        "A row of a table has more cells than the first row, or characters behind a closing quote: part of the text \
         would be lost.";
    MISSING_COLUMN "missing-column" Error
        "The first row of a table names the columns, and one of them holds the text. Name it with --column.";
    UNKNOWN_COLUMN "unknown-column" Warning
        "A column of a table means nothing to us, or stands twice. It is not read.";
    BROKEN_CAPTION "broken-caption" Warning
        "A block of a file of captions has no line of times, so nobody knows what it is. It is not spoken.";
    BROKEN_CHAPTER "broken-chapter" Error
        "A chapter of an e-book is missing, damaged, protected or too large.";
    LEFT_OUT "left-out" Warning
        "Something in the source cannot be spoken as it is, such as a table or program code, or an option does not \
         apply to it. It is left out. Reported once for each kind and source.";
    UNREAD_FILE "unread-file" Warning
        "Files in a folder are of no form that can be read. They are left out.";
    KEY_TEMPLATE "key-template" Error
        "The key template names something that the source does not have.";
    UNKNOWN_SPEAKER "unknown-speaker" Warning
        "A speaker is named who has no voice. Give one with --speaker.";
    BROKEN_JSON "broken-json" Error
        "The line is not JSON. Each request stands on one line of its own.";
    NOT_AN_OBJECT "not-an-object" Error
        "A line of a JSONL file is one object with a key and a request, not a list, text or number.";
    DUPLICATE_FIELD "duplicate-field" Error
        "A field stands twice in one object, perhaps once in camelCase and once in snake_case. Readers disagree on \
         which one counts.";
    WRONG_TYPE "wrong-type" Error
        "A field holds something else than the service expects there, such as a text in place of a list."
        fix "put a single value into a list";
    SNAKE_CASE "snake-case" Warning
        "Fields are written in snake_case. What is sent has camelCase. Reported once for a source.";
    MISSING_KEY "missing-key" Error
        "Without a key a result cannot be matched with its request."
        fix "number it by its line";
    KEY_NOT_TEXT "key-not-text" Error
        "A key is a text. Put numbers in quotes."
        fix "put the number in quotes";
    EMPTY_KEY "empty-key" Error
        "An empty key matches nothing."
        fix "number it by its line";
    DUPLICATE_KEY "duplicate-key" Error
        "Two requests of a job with the same key give two results that cannot be told apart, both billed."
        fix "put -2 behind it";
    UNSAFE_KEY "unsafe-key" Warning
        "The key is no portable file name, so the audio is saved under a cleaned name with a hash. Keys of A–Z a–z \
         0–9 . _ - and at most 116 characters keep their name.";
    KEY_DIFFERS_IN_CASE "key-differs-in-case" Warning
        "Two keys differ only in upper and lower case. As file names they collide on some systems, so both are saved \
         with a hash.";
    MISSING_REQUEST "missing-request" Error
        "Each line holds its request in the field «request»."
        fix "put a request around the fields";
    EMPTY_TEXT "empty-text" Error
        "There is nothing to speak. Such requests fail or give silence, and may be billed."
        fix "leave it out";
    FLAT_CONFIG "flat-config" Error
        "A generation setting stands beside «contents» instead of inside «generationConfig». The service answers \
         «no such field»."
        fix "move it to where it belongs";
    NO_SUCH_FIELD "no-such-field" Error
        "The service does not know this field in this place; it belongs elsewhere or is misspelt."
        fix "write the field that is meant";
    UNKNOWN_FIELD "unknown-field" Warning
        "We do not know this field. It is sent as it is; the service may answer «no such field».";
    NEWER_FIELD "newer-field" Warning
        "This field belongs to the 3.8 models. Older ones may answer «no such field».";
    AUDIO_FORMAT "audio-format" Warning
        "The 3.8 models are known to give AUDIO_WAV, AUDIO_L16, AUDIO_MULAW and AUDIO_ALAW at 24000, 16000 or 8000 samples \
         a second. Others may be refused.";
    MODEL_MISMATCH "model-mismatch" Error
        "The request names another model than the job. The job's model would speak it, at another price, \
         so that nobody but you can choose.";
    SYSTEM_INSTRUCTION "system-instruction" Error
        "Speech models refuse a system instruction, even an empty one: «Developer instruction is not enabled for \
         this model». Put the style into the text, or on 3.8 into speechMetadata."
        fix "make it the style";
    MISSING_MODALITY "missing-modality" Error
        "Speech models refuse requests that do not ask for audio. Write \"responseModalities\": [\"AUDIO\"]."
        fix "ask for AUDIO";
    WRONG_MODALITY "wrong-modality" Error
        "Speech models answer with audio alone. Other modalities are refused."
        fix "ask for AUDIO alone";
    LOWER_CASE_MODALITY "lower-case-modality" Error
        "Modalities are written in capitals: \"AUDIO\"."
        fix "write AUDIO";
    MISSING_VOICE "missing-voice" Error
        "The 3.1 speech model refuses a request without a voice."
        fix "name the voice of the job";
    DEFAULT_VOICE "default-voice" Warning
        "The request names no voice, so the service picks one. Name a voice to hear the same one everywhere."
        fix "name the voice of the job";
    UNKNOWN_VOICE "unknown-voice" Warning
        "The voice is none of the thirty prebuilt ones. The service refuses voices that it does not know."
        fix "write it as in the list";
    LIBRARY_VOICE "library-voice" Warning
        "A dialogue is said to take the thirty prebuilt voices alone.";
    BOTH_VOICE_CONFIGS "both-voice-configs" Error
        "A request has either one voice or several speakers, not both."
        fix "keep the one that fits";
    TOO_MANY_SPEAKERS "too-many-speakers" Error
        "Speech models take at most two speakers. Split the dialogue into several requests.";
    SPEAKER_NOT_IN_TEXT "speaker-not-in-text" Error
        "On 2.5 and 3.1 the text names who speaks, as «Joe: …». A speaker whom the text does not name is never heard.";
    SPEAKER_MISSING "speaker-missing" Error
        "On 3.8 every part of a dialogue names one of its speakers in speechMetadata."
        fix "give the lines to their speakers";
    UNKNOWN_LANGUAGE "unknown-language" Warning
        "No published list for this model has this language code. The models hear the language in the text, so the \
         code may be left out.";
    SAMPLING_NOT_ALLOWED "sampling-not-allowed" Error
        "The 3.8 models refuse temperature, topP and topK."
        fix "take them out";
    LOW_TEMPERATURE "low-temperature" Warning
        "At a temperature of 0.4 and below these models often give no audio, which is billed all the same."
        fix "take it out";
    TOKEN_LIMIT "token-limit" Error
        "The text is clearly over the number of tokens that the model takes in one request. Split it."
        fix "split the text";
    NEAR_TOKEN_LIMIT "near-token-limit" Warning
        "The text is close to the number of tokens that the model takes in one request; the count is an estimate."
        fix "split the text";
    AUDIO_LIMIT "audio-limit" Error
        "Even read fast, the text gives more audio than one answer can hold; the rest is cut off, and the audio is \
         billed. Split it."
        fix "split the text";
    LONG_AUDIO "long-audio" Warning
        "Read slowly, the text gives more audio than one answer can hold; the rest would be cut off."
        fix "split the text";
    SPOKEN_INSTRUCTION "spoken-instruction" Warning
        "The 3.8 models read the text verbatim, instructions such as «Say cheerfully:» included. Style belongs into \
         speechMetadata."
        fix "make it the style";
    TAG_FORM "tag-form" Warning
        "Tags for sounds are written <sigh> for 3.8 and [sigh] for older models; the other form may be read aloud."
        fix "write it the other way";
    UNKNOWN_MODEL "unknown-model" Warning
        "The model is not in our data. The service decides; prices and limits cannot be told.";
    BATCH_DISPUTED "batch-disputed" Warning
        "It is not certain that the model takes batches; the service may answer with 404.";
    MODEL_ENDING "model-ending" Warning
        "The model is said to end soon or to have ended.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_kebab_case_and_explained() {
        for (at, rule) in RULES.iter().enumerate() {
            assert!(rule.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", rule.id);
            assert!(RULES[..at].iter().all(|other| other.id != rule.id), "{} stands twice", rule.id);
            assert!(rule.explanation.ends_with('.') && !rule.explanation.contains("  "), "{}", rule.id);
        }
        assert_eq!(super::rule("empty-text").map(|rule| rule.severity), Some(Error));
        assert_eq!(super::rule("none"), None);
    }
}
