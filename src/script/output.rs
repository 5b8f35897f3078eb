//! The JSONL that is made: written line by line, measured and hashed on the way, or only measured.

use std::io::{self, Write};

use ring::digest::{Context, SHA256};
use serde_json::Value;

use crate::request::Glance;

/// A writer of JSONL that knows how much it wrote.
pub(super) struct Output<'o> {
    /// Where it goes, and its checksum; `None` when nobody wants more than its size.
    out: Option<(&'o mut dyn Write, Context)>,
    line: Vec<u8>,
    /// Bytes, line ends included.
    pub bytes: u64,
}

impl<'o> Output<'o> {
    pub(super) fn new(out: Option<&'o mut dyn Write>) -> Self {
        Output { out: out.map(|out| (out, Context::new(&SHA256))), line: Vec::new(), bytes: 0 }
    }

    /// Writes one object on a line, and says how many bytes it is with its end.
    pub(super) fn write(&mut self, line: &Value) -> io::Result<u64> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line)?;
        self.end_line()
    }

    /// Writes a line that was good at a glance, and says how many bytes it is with its end.
    pub(super) fn write_glance(&mut self, glance: &Glance) -> io::Result<u64> {
        if self.out.is_none() {
            let length = glance.length() + 1;
            self.bytes += length;
            return Ok(length);
        }
        self.line.clear();
        glance.write(&mut self.line);
        self.end_line()
    }

    fn end_line(&mut self) -> io::Result<u64> {
        self.line.push(b'\n');
        self.bytes += self.line.len() as u64;
        if let Some((out, digest)) = &mut self.out {
            digest.update(&self.line);
            out.write_all(&self.line)?;
        }
        Ok(self.line.len() as u64)
    }

    /// Flushes, and gives the SHA-256 in lower-case hex; nothing when it was only measured.
    pub(super) fn finish(self) -> io::Result<String> {
        let Some((out, digest)) = self.out else { return Ok(String::new()) };
        out.flush()?;
        Ok(digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
