//! Refusals as the service words them.

use serde_json::{Value, json};

/// An error of the service: HTTP status, status word, message and details.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// HTTP status, which is also `error.code`.
    pub code: u16,
    /// `INVALID_ARGUMENT` and the like.
    pub status: &'static str,
    /// For people.
    pub message: String,
    /// `error.details`.
    pub details: Vec<Value>,
}

impl Refusal {
    /// Any error without details.
    pub fn new(code: u16, message: impl Into<String>) -> Self {
        Refusal { code, status: status_word(code), message: message.into(), details: Vec::new() }
    }

    /// 400.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    /// 400 with the status of an operation that does not fit the state of things.
    pub fn precondition(message: impl Into<String>) -> Self {
        Refusal { status: "FAILED_PRECONDITION", ..Self::new(400, message) }
    }

    /// The text for a field that does not exist, as the service's JSON parser words it.
    pub fn unknown_name(name: &str, at: &str) -> Self {
        let at = if at.is_empty() { String::new() } else { format!(" at '{at}'") };
        Self::invalid(format!("Invalid JSON payload received. Unknown name \"{name}\"{at}: Cannot find field."))
    }

    /// 409, for a name that is taken.
    pub fn taken(what: &str) -> Self {
        Refusal { status: "ALREADY_EXISTS", ..Self::new(409, format!("Requested entity already exists: {what}")) }
    }

    /// A batch id that is malformed or unknown.
    pub fn no_batch() -> Self {
        Self::invalid("Could not parse the batch name")
    }

    /// A file that is not there, has expired or belongs to somebody else.
    pub fn no_file(id: &str) -> Self {
        Self::new(403, format!("You do not have permission to access the File {id} or it may not exist."))
    }

    /// An id of a file that GET and DELETE find too long, as output files have it.
    pub fn long_file_id() -> Self {
        Self::invalid("* GetFileRequest.name: File ID (name excluding 'files/') cannot be more than 40 characters.\n")
    }

    /// A thing that a create names and that is not there.
    pub fn not_found() -> Self {
        Self::new(404, "Requested entity was not found.")
    }

    /// A model that is not there, or has not this method.
    pub fn no_model(model: &str, version: &str, method: &str) -> Self {
        Self::new(
            404,
            format!(
                "models/{model} is not found for API version {version}, or is not supported for {method}. \
                 Call ListModels to see the list of available models and their supported methods."
            ),
        )
    }

    /// More than the quota has room for. The service was seen to say this without any delay to wait for.
    pub fn no_quota() -> Self {
        let message = "You exceeded your current quota, please check your plan and billing details. For more \
                       information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To \
                       monitor your current usage, head to: https://ai.dev/rate-limit. ";
        let details = vec![json!({
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{
                "description": "Learn more about Gemini API quotas",
                "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
            }],
        })];
        Refusal { details, ..Self::new(429, message) }
    }

    /// A key that is refused. It is 400, not 401.
    pub fn bad_key() -> Self {
        let message = "API key not valid. Please pass a valid API key.";
        let details = vec![
            json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": { "service": "generativelanguage.googleapis.com" },
            }),
            json!({
                "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
                "locale": "en-US",
                "message": message,
            }),
        ];
        Refusal { details, ..Self::invalid(message) }
    }

    /// No key at all.
    pub fn no_key() -> Self {
        Self::new(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). \
             Please use API Key or other form of API consumer identity to call this API.",
        )
    }

    /// The body of the answer.
    pub fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message, "status": self.status });
        if !self.details.is_empty() {
            error["details"] = Value::Array(self.details.clone());
        }
        json!({ "error": error })
    }
}

/// The status word that goes with an HTTP status.
fn status_word(code: u16) -> &'static str {
    match code {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        412 => "FAILED_PRECONDITION",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "UNKNOWN",
    }
}
