//! Where in the JSON of a result something stands, and what the values there mean.

use super::lexer::Container;

/// A container that has been entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// The body of a job, or something in it on the way to its inline results.
    Body,
    /// The array of inline results.
    Items,
    /// One result.
    Row,
    Metadata,
    Response,
    Candidates,
    Candidate,
    Content,
    Parts,
    Part,
    InlineData,
    Usage,
    Details,
    Detail,
    Feedback,
    /// `error` or `status` in place of an answer.
    Trouble,
    /// Nothing in it matters.
    Other,
}

/// What the next value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A container with this meaning, if it has the right kind.
    Inside(Node),
    /// `inlinedResponses`: first an object of that name, and in it an array of the same name.
    Items,
    /// The key: `key` of a line, or `metadata.key` of an inline item.
    Key {
        in_metadata: bool,
    },
    /// Base64.
    Data,
    /// Short text.
    Words(Words),
    /// A number, or a string that holds one.
    Count(Count),
    /// Of an answer to another kind of request.
    Embedding,
    Ignored,
}

/// Short texts that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    FinishReason,
    FinishMessage,
    BlockReason,
    Model,
    Text,
    Trouble,
    TroubleText,
    MimeType,
    Modality,
}

/// Numbers that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Prompt,
    Candidates,
    Detail,
    TroubleCode,
}

impl Slot {
    /// What a container that begins here is.
    pub(super) fn node(self, container: Container) -> Node {
        match (self, container) {
            (Slot::Items, Container::Object) => Node::Body,
            (Slot::Items, Container::Array) => Node::Items,
            (Slot::Inside(node), _) if node.container() == container => node,
            (
                Slot::Inside(_)
                | Slot::Key { .. }
                | Slot::Data
                | Slot::Words(_)
                | Slot::Count(_)
                | Slot::Embedding
                | Slot::Ignored,
                _,
            ) => Node::Other,
        }
    }
}

impl Node {
    fn container(self) -> Container {
        match self {
            Node::Items | Node::Candidates | Node::Parts | Node::Details => Container::Array,
            Node::Body
            | Node::Row
            | Node::Metadata
            | Node::Response
            | Node::Candidate
            | Node::Content
            | Node::Part
            | Node::InlineData
            | Node::Usage
            | Node::Detail
            | Node::Feedback
            | Node::Trouble
            | Node::Other => Container::Object,
        }
    }

    /// What the member of this name is, and a bit of its own among the members of the container, by which a second
    /// one is noticed. Spelled as the service answers; snake case is what some of its own clients write into files.
    pub(super) fn member(self, name: &[u8]) -> Option<(Slot, u8)> {
        let inside = |node, bit: u8| (Slot::Inside(node), bit);
        let words = |words, bit: u8| (Slot::Words(words), bit);
        let count = |count, bit: u8| (Slot::Count(count), bit);
        Some(match (self, name) {
            (Node::Body, b"metadata" | b"response" | b"output") => inside(Node::Body, 0),
            (Node::Body, b"inlinedResponses" | b"inlined_responses") => (Slot::Items, 0),
            (Node::Row, b"key") => (Slot::Key { in_metadata: false }, 1),
            (Node::Row, b"response") => inside(Node::Response, 2),
            (Node::Row, b"error") => inside(Node::Trouble, 4),
            (Node::Row, b"status") => inside(Node::Trouble, 8),
            (Node::Row, b"metadata") => inside(Node::Metadata, 16),
            (Node::Metadata, b"key") => (Slot::Key { in_metadata: true }, 1),
            (Node::Response, b"candidates") => inside(Node::Candidates, 1),
            (Node::Response, b"usageMetadata" | b"usage_metadata") => inside(Node::Usage, 2),
            (Node::Response, b"promptFeedback" | b"prompt_feedback") => inside(Node::Feedback, 4),
            (Node::Response, b"modelVersion" | b"model_version") => words(Words::Model, 8),
            (Node::Response, b"embedding") => (Slot::Embedding, 16),
            (Node::Candidate, b"content") => inside(Node::Content, 1),
            (Node::Candidate, b"finishReason" | b"finish_reason") => words(Words::FinishReason, 2),
            (Node::Candidate, b"finishMessage" | b"finish_message") => words(Words::FinishMessage, 4),
            (Node::Content, b"parts") => inside(Node::Parts, 1),
            (Node::Part, b"inlineData" | b"inline_data") => inside(Node::InlineData, 1),
            (Node::Part, b"text") => words(Words::Text, 2),
            (Node::InlineData, b"mimeType" | b"mime_type") => words(Words::MimeType, 1),
            (Node::InlineData, b"data") => (Slot::Data, 2),
            (Node::Usage, b"promptTokenCount" | b"prompt_token_count") => count(Count::Prompt, 1),
            (Node::Usage, b"candidatesTokenCount" | b"candidates_token_count") => count(Count::Candidates, 2),
            (Node::Usage, b"candidatesTokensDetails" | b"candidates_tokens_details") => inside(Node::Details, 4),
            (Node::Detail, b"modality") => words(Words::Modality, 1),
            (Node::Detail, b"tokenCount" | b"token_count") => count(Count::Detail, 2),
            (Node::Feedback, b"blockReason" | b"block_reason") => words(Words::BlockReason, 1),
            (Node::Trouble, b"code") => count(Count::TroubleCode, 1),
            (Node::Trouble, b"message") => words(Words::Trouble, 2),
            _ => return None,
        })
    }

    /// What the element of this number is.
    pub(super) fn element(self, number: u32) -> Slot {
        match self {
            Node::Items => Slot::Inside(Node::Row),
            // One answer is asked for, and only the first would be paid for as such.
            Node::Candidates if number == 0 => Slot::Inside(Node::Candidate),
            Node::Parts => Slot::Inside(Node::Part),
            Node::Details => Slot::Inside(Node::Detail),
            Node::Candidates
            | Node::Body
            | Node::Row
            | Node::Metadata
            | Node::Response
            | Node::Candidate
            | Node::Content
            | Node::Part
            | Node::InlineData
            | Node::Usage
            | Node::Detail
            | Node::Feedback
            | Node::Trouble
            | Node::Other => Slot::Ignored,
        }
    }
}
