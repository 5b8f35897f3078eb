//! Where results go.

use super::Row;

/// Takes what a [`Parser`](super::Parser) finds, in the order of the bytes: the audio of a row, then the row.
pub trait Sink {
    /// Why parsing must stop, such as a full disk.
    type Error;

    /// Whether the audio that begins now is of use; without it the row carries no sound and no verdict on it.
    /// The key is `None` when it stands behind the audio in its line, as it does in most real lines. Rows are counted
    /// from 1.
    fn wants_audio(&mut self, key: Option<&str>, line: u64) -> bool {
        let _ = (key, line);
        true
    }

    /// Samples of the row that follows: 16-bit little-endian PCM, without any header, in pieces of any size, which may
    /// cut a sample in two. They count only if the row says [`Outcome::Audio`](super::Outcome::Audio).
    fn audio(&mut self, samples: &[u8]) -> Result<(), Self::Error>;

    /// A row has ended.
    fn row(&mut self, row: Row) -> Result<(), Self::Error>;
}

/// Keeps the rows and drops the audio, which is measured all the same: what a table shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows(pub Vec<Row>);

impl Sink for Rows {
    type Error = std::convert::Infallible;

    fn audio(&mut self, _samples: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }

    fn row(&mut self, row: Row) -> Result<(), Self::Error> {
        self.0.push(row);
        Ok(())
    }
}
