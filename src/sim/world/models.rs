//! The models that the service offers, and what each of them is like.

use serde_json::{Value, json};

use super::page;
use super::refusal::Refusal;

/// What a model makes and by which rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Speech of the 2.5 models.
    Speech25,
    /// Speech of the 3.1 model.
    Speech31,
    /// Speech of the 3.8 models.
    Speech38,
    /// Text.
    Text,
    /// Embeddings.
    Embedding,
}

/// A model.
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    /// Without `models/`.
    pub id: &'static str,
    /// What it makes.
    pub family: Family,
    version: &'static str,
    display_name: &'static str,
    input_limit: u64,
    output_limit: u64,
    methods: &'static [&'static str],
    thinking: bool,
}

const SPEECH_WITH_BATCH: &[&str] = &["generateContent", "countTokens", "batchGenerateContent"];

/// All of them, in the order of the list.
pub static MODELS: [Model; 8] = [
    Model {
        id: "gemini-2.5-flash-preview-tts",
        family: Family::Speech25,
        version: "gemini-2.5-flash-exp-tts-2025-05-19",
        display_name: "Gemini 2.5 Flash Preview TTS",
        input_limit: 8_192,
        output_limit: 16_384,
        // No published list since November 2025 offers batches for it.
        methods: &["countTokens", "generateContent"],
        thinking: false,
    },
    Model {
        id: "gemini-2.5-pro-preview-tts",
        family: Family::Speech25,
        version: "gemini-2.5-pro-preview-tts-2025-05-19",
        display_name: "Gemini 2.5 Pro Preview TTS",
        input_limit: 8_192,
        output_limit: 16_384,
        methods: &["countTokens", "generateContent", "batchGenerateContent"],
        thinking: false,
    },
    Model {
        id: "gemini-3.1-flash-tts-preview",
        family: Family::Speech31,
        version: "3.1-flash-tts-preview",
        display_name: "Gemini 3.1 Flash TTS Preview",
        input_limit: 8_192,
        output_limit: 16_384,
        methods: SPEECH_WITH_BATCH,
        thinking: true,
    },
    Model {
        id: "gemini-3.8-flash-tts",
        family: Family::Speech38,
        version: "3.8-flash-tts",
        display_name: "Gemini 3.8 Flash TTS",
        input_limit: 8_192,
        output_limit: 16_384,
        methods: SPEECH_WITH_BATCH,
        thinking: false,
    },
    Model {
        id: "gemini-3.8-flash-lite-tts",
        family: Family::Speech38,
        version: "3.8-flash-lite-tts",
        display_name: "Gemini 3.8 Flash-Lite TTS",
        input_limit: 8_192,
        output_limit: 16_384,
        methods: SPEECH_WITH_BATCH,
        thinking: false,
    },
    Model {
        id: "gemini-2.5-flash",
        family: Family::Text,
        version: "001",
        display_name: "Gemini 2.5 Flash",
        input_limit: 1_048_576,
        output_limit: 65_536,
        methods: &["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"],
        thinking: true,
    },
    Model {
        id: "gemini-3.5-flash",
        family: Family::Text,
        version: "3.5-flash",
        display_name: "Gemini 3.5 Flash",
        input_limit: 1_048_576,
        output_limit: 65_536,
        methods: &["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"],
        thinking: true,
    },
    Model {
        id: "gemini-embedding-001",
        family: Family::Embedding,
        version: "001",
        display_name: "Gemini Embedding 001",
        input_limit: 2_048,
        output_limit: 1,
        methods: &["embedContent", "countTextTokens", "countTokens", "asyncBatchEmbedContent"],
        thinking: false,
    },
];

impl Family {
    /// Whether it speaks.
    pub fn is_speech(self) -> bool {
        match self {
            Family::Speech25 | Family::Speech31 | Family::Speech38 => true,
            Family::Text | Family::Embedding => false,
        }
    }
}

impl Model {
    /// How many tokens it reads at the most.
    pub fn input_limit(&self) -> u64 {
        self.input_limit
    }

    /// How many tokens it writes at the most.
    pub fn output_limit(&self) -> u64 {
        self.output_limit
    }

    fn to_json(&self) -> Value {
        let mut json = json!({
            "name": format!("models/{}", self.id),
            "version": self.version,
            "displayName": self.display_name,
            "inputTokenLimit": self.input_limit,
            "outputTokenLimit": self.output_limit,
            "supportedGenerationMethods": self.methods,
        });
        if self.family != Family::Embedding {
            json["temperature"] = json!(1);
            json["topP"] = json!(0.95);
            json["topK"] = json!(64);
            json["maxTemperature"] = json!(2);
        }
        if self.thinking {
            json["thinking"] = json!(true);
        }
        json
    }
}

/// The model with this id if it has this method.
pub fn find(id: &str, version: &str, method: &str) -> Result<&'static Model, Refusal> {
    MODELS
        .iter()
        .find(|model| model.id == id && model.methods.contains(&method))
        .ok_or_else(|| Refusal::no_model(id, version, method))
}

/// `GET models/…`.
pub fn get(id: &str, version: &str) -> Result<Value, Refusal> {
    let model = MODELS.iter().find(|model| model.id == id);
    model.map(Model::to_json).ok_or_else(|| {
        Refusal::new(
            404,
            format!(
                "models/{id} is not found for API version {version}. Call ListModels to see the list of \
                 available models and their supported methods."
            ),
        )
    })
}

/// `GET models`: 50 a page unless asked otherwise, 1000 at the most.
pub fn list(size: Option<usize>, token: Option<&str>) -> Result<Value, Refusal> {
    let size = size.unwrap_or(50).clamp(1, 1_000);
    let after = token.map(page::read_token).transpose()?;
    let first = match &after {
        None => 0,
        Some(name) => {
            let last = MODELS.iter().position(|model| name.strip_prefix("models/") == Some(model.id));
            last.ok_or_else(page::bad_token)? + 1
        }
    };
    let rows: Vec<Value> = MODELS.iter().skip(first).take(size).map(Model::to_json).collect();
    let mut answer = json!({});
    if first + rows.len() < MODELS.len()
        && let Some(last) = rows.last().and_then(|row| row["name"].as_str())
    {
        answer["nextPageToken"] = json!(page::token(last));
    }
    if !rows.is_empty() {
        answer["models"] = Value::Array(rows);
    }
    Ok(answer)
}
