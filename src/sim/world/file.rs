//! Files of the Files API: uploaded by a caller, or made by a job.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use serde_json::{Value, json};

use super::blob::Blob;
use super::refusal::Refusal;

/// How long a file is kept.
pub const LIFE: Duration = Duration::from_secs(48 * 3_600);

/// The longest id that GET and DELETE accept.
const LONGEST_ID: usize = 40;

/// An uploaded file.
#[derive(Clone, Debug)]
pub struct File {
    /// Without `files/`.
    pub id: String,
    /// As its owner gave it.
    pub display_name: String,
    /// As its owner gave it.
    pub mime_type: String,
    /// When the upload was complete.
    pub created: Timestamp,
    /// From then on it can be used.
    pub active_from: Timestamp,
    /// Lowercase hex.
    pub sha256: String,
    /// What it holds.
    pub content: Blob,
}

impl File {
    /// Whether its 48 hours are over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.created + LIFE <= now
    }

    /// Whether a batch may use it.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.active_from <= now
    }

    /// The file as the service shows it. `origin` is `http://host`, `version` is `v1beta` or `v1`.
    pub fn to_json(&self, now: Timestamp, origin: &str, version: &str) -> Value {
        let created = micros(self.created);
        // The file expires a little less than 48 hours after the upload: the clock of its life starts earlier.
        let expires = self.created + LIFE - Duration::from_nanos(755_000_321);
        let mut json = json!({ "name": format!("files/{}", self.id) });
        if !self.display_name.is_empty() {
            json["displayName"] = json!(self.display_name);
        }
        json["mimeType"] = json!(self.mime_type);
        if self.content.len() > 0 {
            json["sizeBytes"] = json!(self.content.len().to_string());
        }
        json["createTime"] = json!(created);
        json["updateTime"] = json!(created);
        json["expirationTime"] = json!(format!("{expires:.9}"));
        // The service sends base64 of the hexadecimal text, not of the bytes.
        json["sha256Hash"] = json!(STANDARD.encode(&self.sha256));
        json["uri"] = json!(format!("{origin}/{version}/files/{}", self.id));
        json["state"] = json!(if self.is_active(now) { "ACTIVE" } else { "PROCESSING" });
        json["source"] = json!("UPLOADED");
        json
    }
}

/// A results file as the list of files shows it.
pub fn generated(id: &str, made: Timestamp, length: u64, origin: &str, version: &str) -> Value {
    json!({
        "name": format!("files/{id}"),
        "mimeType": "application/jsonl",
        "sizeBytes": length.to_string(),
        "createTime": micros(made),
        "updateTime": micros(made),
        "expirationTime": micros(made + LIFE),
        "uri": format!("{origin}/{version}/files/{id}"),
        "downloadUri": format!("{origin}/download/{version}/files/{id}:download?alt=media"),
        "state": "ACTIVE",
        "source": "GENERATED",
    })
}

/// Whether GET and DELETE take this id: output files have 42 characters, and only download knows them.
pub fn check_length(id: &str) -> Result<(), Refusal> {
    if id.len() > LONGEST_ID { Err(Refusal::long_file_id()) } else { Ok(()) }
}

/// Checks an id that a caller chose.
pub fn check_id(id: &str) -> Result<(), Refusal> {
    check_length(id)?;
    let is_plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if id.is_empty() || !is_plain || id.starts_with('-') || id.ends_with('-') {
        return Err(Refusal::invalid(
            "* CreateFileRequest.file.name: File ID can only contain lowercase alphanumeric characters or dashes (-), \
             and cannot begin or end with a dash.\n",
        ));
    }
    Ok(())
}

/// A time as files have it: six digits.
fn micros(time: Timestamp) -> String {
    let options = TimestampRound::new().smallest(Unit::Microsecond).mode(RoundMode::Trunc);
    let time = time.round(options).unwrap_or(time);
    format!("{time:.6}")
}
