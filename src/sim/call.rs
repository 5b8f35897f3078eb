//! The calls of the service, by the names that scenarios, counters and logs use.

use serde::Deserialize;

/// One method of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `models/…:batchGenerateContent`.
    Create,
    /// `models/…:asyncBatchEmbedContent`.
    CreateEmbed,
    /// `GET batches`.
    List,
    /// `GET batches/…`.
    Get,
    /// `POST batches/…:cancel`.
    Cancel,
    /// `DELETE batches/…`.
    Delete,
    /// `PATCH batches/…:update…Batch`.
    Update,
    /// `POST upload/files`, command `start`.
    UploadStart,
    /// A chunk of an upload, the last one included.
    UploadChunk,
    /// `query` of an upload session.
    UploadQuery,
    /// `cancel` of an upload session.
    UploadCancel,
    /// `GET files`.
    FilesList,
    /// `GET files/…`.
    FilesGet,
    /// `DELETE files/…`.
    FilesDelete,
    /// `GET files/…:download`.
    Download,
    /// `GET models`.
    ModelsList,
    /// `GET models/…`.
    ModelsGet,
    /// `GET voices`.
    VoicesList,
    /// `models/…:countTokens`.
    CountTokens,
    /// `models/…:generateContent`.
    Generate,
    /// Anything else.
    Unknown,
}
