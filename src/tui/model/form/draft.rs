//! What a person typed into the form, and the order that it makes.
//!
//! It is kept as it was typed, right or wrong, and comes back as it was left: also what an older program kept.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

use crate::failure::Failure;
use crate::job::JobName;
use crate::money::Catalog;
use crate::ops::{Order, SourceArg, SourceOptions, Split};
use crate::request::{Fixes, Speaker};
use crate::script::{By, Column, ColumnName, Form, KeyTemplate};
use crate::tui::model::Field;

/// What a person typed, kept when they leave and come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Paths of files and folders, in the order in which they are read.
    #[serde(alias = "source", deserialize_with = "one_or_several")]
    pub sources: Vec<String>,
    /// Without `models/`; empty takes the default.
    pub model: String,
    /// Empty takes the default.
    pub voice: String,
    /// Empty lets the model detect it.
    pub language: String,
    /// The display name; empty takes the stem of the first source.
    pub name: String,
    /// Only some of the requests, as `--sample` takes it; empty is all of them.
    pub sample: String,
    /// The jobs whose requests are left out: samples that were sent before.
    pub rest_of: Vec<String>,
    /// Also what is on the disk already is bought.
    pub again: bool,
    /// The most requests of one job; empty takes what the service allows.
    pub most_requests: String,
    /// Rules whose findings are mended in what is sent, with commas between them.
    pub fixes: String,
    /// Sends the requests in the create call itself.
    pub inline: bool,
    /// How the sources are read, and who speaks.
    pub reading: ReadingDraft,
    /// The folder in which a source was chosen last; empty before the first time.
    pub folder: String,
    /// The fields for columns are shown.
    pub shows_columns: bool,
    /// All other fields are shown.
    pub shows_more: bool,
}

/// How sources are read, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadingDraft {
    /// The word of a form; empty takes it from the sources.
    pub from: String,
    /// Plain text is read by paragraphs rather than by lines.
    pub by_paragraph: bool,
    /// Headers by the word of the column that they stand for.
    pub columns: BTreeMap<String, String>,
    /// Empty takes what suits the form.
    pub key_template: String,
    /// Those without a name do not speak.
    pub speakers: [SpeakerDraft; 2],
    /// How to speak.
    pub style: String,
    /// The path of a list of pronunciations.
    pub pronounce: String,
    /// Headings name keys and are not spoken.
    pub skip_headings: bool,
}

/// A speaker of dialogues, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpeakerDraft {
    /// As texts name them; empty is nobody.
    pub name: String,
    /// Empty takes a voice that differs from the other speaker's.
    pub voice: String,
}

/// What forbids making an order of a draft: in which field, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// Where it was typed.
    pub field: Field,
    /// Why it cannot be taken.
    pub failure: Failure,
}

impl Draft {
    /// The order, or the first field that cannot be taken. `None` without a source: then there is nothing to check.
    pub fn order(&self, catalog: &Catalog) -> Option<Result<Order, Mistake>> {
        let sources: Vec<SourceArg> = self.sources.iter().map(|path| SourceArg::Path(PathBuf::from(path))).collect();
        if sources.is_empty() {
            return None;
        }
        Some(self.reading.options(catalog).map(|reading| Order {
            sources,
            model: some(&self.model),
            voice: some(&self.voice),
            language: some(&self.language),
            name: some(&self.name),
            inline: self.inline,
            sample: self.sample.trim().parse().ok(),
            rest_of: self.rest_of.iter().filter_map(|job| JobName::parse(job)).collect(),
            again: self.again,
            split: Split { max_requests: self.most_requests.trim().parse().ok(), ..Split::default() },
            fixes: self.fixes(),
            reading,
        }))
    }

    /// The rules that are mended. Those of an older program that this one does not know are left alone.
    pub fn fixes(&self) -> Fixes {
        let mut fixes = Fixes::default();
        self.fixes.split(',').filter_map(|word| word.parse().ok()).for_each(|known| fixes.add(known));
        fixes
    }

    /// The draft of the rest, once a sample of it was sent as that job.
    pub fn rest_after(&self, sample: &JobName) -> Draft {
        let mut rest = Draft { sample: String::new(), ..self.clone() };
        rest.rest_of.push(sample.to_string());
        rest
    }

    /// The same for the next job: what was chosen for good stays, what belonged to this job alone goes.
    pub fn for_the_next(&self) -> Draft {
        let (model, voice, language) = (self.model.clone(), self.voice.clone(), self.language.clone());
        let (folder, shows_more) = (self.folder.clone(), self.shows_more);
        Draft { model, voice, language, folder, shows_more, ..Draft::default() }
    }
}

impl ReadingDraft {
    fn options(&self, catalog: &Catalog) -> Result<SourceOptions, Mistake> {
        let mistake = |field, reason: String| Mistake { field, failure: Failure::new(reason) };
        let from = some(&self.from).map(|word| word.parse::<Form>()).transpose();
        let keys = some(&self.key_template).map(|template| template.parse::<KeyTemplate>()).transpose();
        let named = |column: Column| some(self.columns.get(column.word())?).map(|header| ColumnName(column, header));
        Ok(SourceOptions {
            from: from.map_err(|error| mistake(Field::From, error.to_string()))?,
            by: if self.by_paragraph { By::Paragraph } else { By::Line },
            columns: Column::ALL.into_iter().filter_map(named).collect(),
            keys: keys.map_err(|error| mistake(Field::KeyTemplate, error.to_string()))?,
            speakers: self.speakers(catalog),
            style: some(&self.style),
            pronounce: some(&self.pronounce).map(PathBuf::from),
            skip_headings: self.skip_headings,
        })
    }

    fn speakers(&self, catalog: &Catalog) -> Vec<Speaker> {
        let speakers = self.speakers.iter().enumerate().filter_map(|(at, speaker)| {
            let voice = some(&speaker.voice).unwrap_or_else(|| self.voice_of_speaker(at, catalog));
            some(&speaker.name).map(|name| Speaker { name, voice })
        });
        speakers.collect()
    }

    /// The voice of a speaker for whom none was chosen: two people should not sound like one.
    pub fn voice_of_speaker(&self, at: usize, catalog: &Catalog) -> String {
        let default = &catalog.voices.default;
        let other = match self.speakers.get(1 - at.min(1)) {
            Some(other) if !other.voice.trim().is_empty() => other.voice.trim(),
            Some(_) | None if at == 0 => "",
            Some(_) | None => default,
        };
        let names = std::iter::once(default).chain(catalog.voices.all.iter().map(|voice| &voice.name));
        names.into_iter().find(|name| *name != other).unwrap_or(default).clone()
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Older programs kept one path; empty when there was none.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        One(String),
        Several(Vec<String>),
    }
    let paths = match Kept::deserialize(deserializer)? {
        Kept::One(path) => vec![path],
        Kept::Several(paths) => paths,
    };
    Ok(paths.into_iter().filter(|path| !path.trim().is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn draft(path: &str) -> Draft {
        Draft { sources: vec![path.to_owned()], ..Draft::default() }
    }

    #[test]
    fn what_an_older_program_kept_comes_back() {
        let old = json!({ "source": "a.csv", "model": "", "voice": "Kore", "language": "", "name": "", "sample": "5",
                          "inline": true });
        let kept: Draft = serde_json::from_value(old).unwrap();
        assert_eq!(kept, Draft { voice: "Kore".into(), sample: "5".into(), inline: true, ..draft("a.csv") });
        let empty: Draft = serde_json::from_value(json!({ "source": "" })).unwrap();
        assert_eq!(empty, Draft::default());
        let future: Draft = serde_json::from_value(json!({ "sources": ["a", "b"], "tomorrow": 1 })).unwrap();
        assert_eq!(future.sources, ["a", "b"]);
        assert_eq!(serde_json::from_value::<Draft>(serde_json::to_value(&kept).unwrap()).unwrap(), kept);
    }

    #[test]
    fn everything_that_was_typed_is_in_the_order() {
        let catalog = Catalog::built_in();
        assert_eq!(Draft::default().order(&catalog), None);
        let mut full = draft("a.csv");
        full.sources.push("b".into());
        full.reading = ReadingDraft {
            from: "csv".into(),
            by_paragraph: true,
            columns: [("text".to_owned(), "Prompt".to_owned()), ("key".to_owned(), " ".to_owned())].into(),
            key_template: "{stem}-{n:03}".into(),
            speakers: [
                SpeakerDraft { name: "Ann".into(), voice: String::new() },
                SpeakerDraft { name: "Ben".into(), voice: "Puck".into() },
            ],
            style: "calm".into(),
            pronounce: "words.tsv".into(),
            skip_headings: true,
        };
        let order = full.order(&catalog).unwrap().unwrap();
        let reading = SourceOptions {
            from: Some(Form::Csv),
            by: By::Paragraph,
            columns: [ColumnName(Column::Text, "Prompt".into())].into_iter().collect(),
            keys: Some("{stem}-{n:03}".parse().unwrap()),
            speakers: vec![
                Speaker { name: "Ann".into(), voice: catalog.voices.default.clone() },
                Speaker { name: "Ben".into(), voice: "Puck".into() },
            ],
            style: Some("calm".into()),
            pronounce: Some("words.tsv".into()),
            skip_headings: true,
        };
        assert_eq!((order.sources.len(), order.reading), (2, reading));
    }

    #[test]
    fn a_field_that_cannot_be_taken_is_named() {
        let catalog = Catalog::built_in();
        let mut wrong = draft("a.txt");
        wrong.reading.key_template = "chapter".into();
        assert_eq!(wrong.order(&catalog).unwrap().unwrap_err().field, Field::KeyTemplate);
        wrong.reading.from = "docx".into();
        assert_eq!(wrong.order(&catalog).unwrap().unwrap_err().field, Field::From);
    }

    #[test]
    fn two_speakers_never_sound_like_one_by_default() {
        let catalog = Catalog::built_in();
        for voices in [["", ""], ["Puck", ""], ["", "Puck"], ["", &catalog.voices.default]] {
            let mut reading = ReadingDraft::default();
            for (speaker, voice) in reading.speakers.iter_mut().zip(voices) {
                *speaker = SpeakerDraft { name: "X".into(), voice: voice.to_owned() };
            }
            let speakers = reading.speakers(&catalog);
            assert_ne!(speakers[0].voice, speakers[1].voice, "{voices:?}");
        }
    }
}
