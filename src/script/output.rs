//! The JSONL that is made: written line by line, measured and hashed on the way.

use std::io::{self, Write};

use ring::digest::{Context, SHA256};
use serde_json::Value;

/// A writer of JSONL that knows how much it wrote.
pub(super) struct Output<'o> {
    out: &'o mut dyn Write,
    digest: Context,
    line: Vec<u8>,
    /// Bytes, line ends included.
    pub bytes: u64,
}

impl<'o> Output<'o> {
    pub(super) fn new(out: &'o mut dyn Write) -> Self {
        Output { out, digest: Context::new(&SHA256), line: Vec::new(), bytes: 0 }
    }

    /// Writes one object on a line, and says how many bytes it is with its end.
    pub(super) fn write(&mut self, line: &Value) -> io::Result<u64> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line)?;
        self.line.push(b'\n');
        self.bytes += self.line.len() as u64;
        self.digest.update(&self.line);
        self.out.write_all(&self.line)?;
        Ok(self.line.len() as u64)
    }

    /// Flushes, and gives the SHA-256 in lower-case hex.
    pub(super) fn finish(self) -> io::Result<String> {
        self.out.flush()?;
        let digest = self.digest.finish();
        Ok(digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
