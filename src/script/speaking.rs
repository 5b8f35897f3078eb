//! From the texts of a source to requests: who speaks them, in how many pieces, under which keys.

use std::io;
use std::sync::atomic::Ordering;

use super::error::Error;
use super::keys::{KeyParts, KeyTemplate};
use super::passage::{Passage, Passages, Place, Told};
use super::reading::{Preparation, Reading};
use super::source::Form;
use crate::money::{Characters, Generation};
use crate::request::{
    Cast, Problem, Severity, Speaker, SpeechPart, SpeechRequest, Turn, groups, instruction, is_same, rules, split,
    spoken_instruction, stranger, turns,
};
use crate::text::clean_short;

/// So many speakers without a voice are told of one source.
const MOST_STRANGERS: usize = 10;

impl Preparation<'_> {
    /// Takes all texts of a source, or as many as are wanted.
    pub(super) fn take_texts(
        &mut self,
        mut reading: Reading,
        source: &mut dyn Passages,
        cannot: &dyn Fn(io::Error) -> Error,
    ) -> Result<(), Error> {
        while !self.has_enough() {
            if self.options.stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            match source.next().map_err(cannot)? {
                Some(Told::Text(passage)) => self.take_text(&mut reading, &passage)?,
                Some(Told::Problem(place, problem)) => {
                    // It stands where a text should stand: the next one keeps its number.
                    reading.n_texts += u64::from(problem.rule.severity == Severity::Error);
                    self.problem(&reading, &place, None, problem);
                }
                None => break,
            }
        }
        if reading.n_texts == 0 && !self.has_enough() {
            self.tell_nothing(&reading);
        }
        Ok(())
    }

    fn take_text(&mut self, reading: &mut Reading, passage: &Passage) -> Result<(), Error> {
        reading.n_texts += 1;
        let mended = self.without_instruction(reading, passage);
        let passage = mended.as_ref().unwrap_or(passage);
        let key = self.key(reading, passage);
        let style = passage.style.as_ref().or(self.options.settings.style.as_ref());
        let voice = self.voice(reading, passage);
        let pieces = self.pieces(passage, style.map_or("", String::as_str));
        self.tell_stranger(reading, passage);
        let is_numbered = pieces.len() > 1 || reading.form == Form::Book;
        self.n_split += u64::from(pieces.len() > 1);
        for (at, piece) in pieces.iter().enumerate() {
            if self.has_enough() {
                break;
            }
            let mut source_text = String::new();
            let request = SpeechRequest {
                key: if is_numbered { format!("{key}-{:04}", at + 1) } else { key.clone() },
                parts: self.parts(piece, &mut source_text),
                cast: self.cast(piece, &voice),
                language: passage.language.clone().or_else(|| self.options.settings.language.clone()),
                style: style.cloned(),
            };
            let start = piece.first().map_or(0, |turn| turn.start);
            let column = if at == 0 { passage.place.column } else { 0 };
            let place = Place { line: passage.line_of(start), column, file: passage.place.file.clone() };
            self.speech(reading, &place, &request, &source_text)?;
        }
        Ok(())
    }

    /// The text with its instruction as its style, where that would be spoken and the fix for it is on. It is done for
    /// the whole text, so that every piece of a long one has the style.
    fn without_instruction(&mut self, reading: &Reading, passage: &Passage) -> Option<Passage> {
        let problem = spoken_instruction(&passage.text, &self.context)?;
        let (style, rest) = instruction(&passage.text)?;
        if passage.style.is_some() || !self.options.fixes.has(problem.rule) {
            return None;
        }
        let cut = passage.text.len() - rest.len();
        let lines = passage.lines.iter().map(|(at, line)| (at.saturating_sub(cut), *line)).collect();
        let problem = problem.fixed(format!("the style is «{}» now", clean_short(style, 40)));
        self.problem(reading, &passage.place, None, problem);
        Some(Passage { text: rest.to_owned(), lines, style: Some(style.to_owned()), ..passage.clone() })
    }

    /// What the source says, unless a template was chosen, and else the template that suits the form.
    fn key(&mut self, reading: &mut Reading, passage: &Passage) -> String {
        let parts = KeyParts {
            stem: &reading.stem,
            n: reading.n_texts,
            line: passage.place.line,
            section: passage.section.as_deref(),
            id: passage.id.as_deref(),
        };
        let cell = |name: &str| passage.row.as_ref().and_then(|row| row.get(name));
        let key = match (&self.options.reading.keys, &passage.key) {
            (Some(template), _) => template.key(&parts, &cell),
            (None, Some(key)) => key.clone(),
            (None, None) => usual(reading).key(&parts, &cell),
        };
        match reading.form {
            // The numbers of captions are written by hand, and often twice.
            Form::Captions => reading.once(key),
            Form::Jsonl | Form::Text | Form::Markdown | Form::Csv | Form::Tsv | Form::Book => key,
        }
    }

    /// The voice of words that no name in the text stands before.
    fn voice(&mut self, reading: &mut Reading, passage: &Passage) -> String {
        if let Some(voice) = &passage.voice {
            return voice.clone();
        }
        if let Some(name) = &passage.speaker {
            match self.options.reading.speakers.iter().find(|speaker| is_same(&speaker.name, name)) {
                Some(speaker) => return speaker.voice.clone(),
                None => self.tell_of_speaker(reading, passage, name, "is spoken with the voice of the job"),
            }
        }
        let default = &self.options.catalog.voices.default;
        self.options.settings.voice.as_ref().unwrap_or(default).clone()
    }

    fn tell_stranger(&mut self, reading: &mut Reading, passage: &Passage) {
        let speakers = &self.options.reading.speakers;
        if passage.speaker.is_some() || speakers.is_empty() {
            return;
        }
        if let Some(name) = stranger(&passage.text, speakers) {
            self.tell_of_speaker(reading, passage, name, "looks like a speaker; the name is read aloud");
        }
    }

    fn tell_of_speaker(&mut self, reading: &mut Reading, passage: &Passage, name: &str, what: &str) {
        let is_known = reading.strangers.iter().any(|known| is_same(known, name));
        if is_known || reading.strangers.len() >= MOST_STRANGERS {
            return;
        }
        reading.strangers.push(name.to_owned());
        let shown = clean_short(name, 40);
        let problem = Problem::new(&rules::UNKNOWN_SPEAKER, format!("«{shown}» {what}"));
        let fix = format!("--speaker {shown}={}", self.options.catalog.voices.default);
        self.problem(reading, &passage.place, None, problem.fix(fix));
    }

    /// The pieces that the model can speak, each of turns of at most two speakers.
    fn pieces<'t>(&self, passage: &'t Passage, style: &str) -> Vec<Vec<Turn<'t>>> {
        let room = self.room(style);
        let load = |text: &str| match self.pronunciations.is_empty() {
            true => room.load(&Characters::of(text)),
            false => room.load(&Characters::of(&self.pronunciations.apply(text).0)),
        };
        let alone = |text: &'t str, start: usize, speaker: Option<usize>| {
            let mut at = start;
            let turn = move |text: &'t str| {
                at += text.len();
                Turn { speaker, text, start: at - text.len() }
            };
            split(text, &load).into_iter().map(turn).collect::<Vec<_>>()
        };
        let speakers = &self.options.reading.speakers;
        let whole = || alone(&passage.text, 0, None).into_iter().map(|turn| vec![turn]).collect();
        if speakers.is_empty() || passage.speaker.is_some() {
            return whole();
        }
        let said = turns(&passage.text, speakers);
        if said.iter().all(|turn| turn.speaker.is_none()) {
            return whole();
        }
        let said = said.into_iter().flat_map(|turn| alone(turn.text, turn.start, turn.speaker)).collect();
        groups(said, &|turn| {
            let name = turn.speaker.map_or("", |speaker| speakers[speaker].name.as_str());
            load(turn.text) + room.load(&Characters::of(name))
        })
    }

    /// The pieces of a text of one voice that the model can speak, when each begins with the style.
    pub(super) fn cut(&self, text: &str, style: &str) -> Vec<String> {
        let room = self.room(style);
        split(text, &|text| room.load(&Characters::of(text))).into_iter().map(str::to_owned).collect()
    }

    /// The parts of a request, as they are spoken; beside them, the text as it is written.
    fn parts(&mut self, piece: &[Turn], source_text: &mut String) -> Vec<SpeechPart> {
        let is_dialogue = voices_of(piece).len() > 1;
        let mut parts: Vec<SpeechPart> = Vec::new();
        for turn in piece {
            let (text, n_words) = self.pronunciations.apply(turn.text);
            self.n_pronounced += n_words;
            if !source_text.is_empty() {
                source_text.push('\n');
            }
            source_text.push_str(turn.text);
            match parts.last_mut() {
                // One voice says it all, so that it is one text.
                Some(part) if !is_dialogue => {
                    part.text.push('\n');
                    part.text.push_str(&text);
                }
                Some(_) | None => {
                    let name = turn.speaker.filter(|_| is_dialogue);
                    let name = name.map(|speaker| self.options.reading.speakers[speaker].name.clone());
                    parts.push(SpeechPart { text, speaker: name });
                }
            }
        }
        parts
    }

    fn cast(&self, piece: &[Turn], voice: &str) -> Cast {
        let named: Vec<&Speaker> =
            voices_of(piece).into_iter().flatten().map(|at| &self.options.reading.speakers[at]).collect();
        match named.as_slice() {
            [] => Cast::One(voice.to_owned()),
            [one] => Cast::One(one.voice.clone()),
            [..] => Cast::Dialogue(named.into_iter().cloned().collect()),
        }
    }

    fn room(&self, style: &str) -> Room {
        let catalog = &self.options.catalog;
        // A model of tomorrow will hardly take less than the one that we would choose.
        let model = self.context.model.or_else(|| catalog.model(&catalog.default_model));
        let limit = |limit: Option<u64>| limit.map_or(f64::INFINITY, |limit| limit as f64);
        let pace = |characters: &Characters| {
            let length = catalog.length(characters);
            (length.text_tokens as f64, length.audio_tokens.1)
        };
        // Older models get the style in the text, where every piece has it again.
        let beside = match self.context.generation {
            Generation::V2_5 | Generation::V3_1 => pace(&Characters::of(style)),
            Generation::V3_8 | Generation::Unknown => (0.0, 0.0),
        };
        // What is left free is for what is rounded, and for names and signs that we put in between. A style that fills
        // the room by itself is found by the check of the requests.
        let input = 0.85 * model.map_or(f64::INFINITY, |model| limit(model.input_token_limit));
        let output = 0.95 * model.map_or(f64::INFINITY, |model| limit(model.output_token_limit));
        let catalog = catalog.clone();
        Room { catalog, input: (input - beside.0).max(0.2 * input), output: (output - beside.1).max(0.2 * output) }
    }
}

/// What one request may hold, in tokens.
struct Room {
    catalog: std::sync::Arc<crate::money::Catalog>,
    input: f64,
    output: f64,
}

impl Room {
    /// Which part of the room these characters take.
    fn load(&self, characters: &Characters) -> f64 {
        let length = self.catalog.length(characters);
        (length.text_tokens as f64 / self.input).max(length.audio_tokens.1 / self.output)
    }
}

/// The speakers of a piece, each once.
fn voices_of(piece: &[Turn]) -> Vec<Option<usize>> {
    let mut voices: Vec<Option<usize>> = piece.iter().map(|turn| turn.speaker).collect();
    voices.sort_unstable();
    voices.dedup();
    voices
}

/// The template of people who chose none.
fn usual(reading: &Reading) -> KeyTemplate {
    let template = match (reading.form, reading.is_alone) {
        (Form::Captions, _) => "{stem}-{id:04}",
        (Form::Markdown | Form::Book, true) => "{n:02}-{section}",
        (Form::Markdown | Form::Book, false) => "{stem}-{n:02}-{section}",
        (Form::Jsonl | Form::Text | Form::Csv | Form::Tsv, _) => "{stem}-{n:04}",
    };
    template.parse().expect("our templates are good")
}
