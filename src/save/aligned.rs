//! Memory that begins with a page.
//!
//! Large buffers of the allocator begin 16 bytes into a page, and there the kernel copies files four times slower on
//! some processors (0.45 s instead of 0.10 s for 764 MB on a Zen 3), because `rep movsb` falls back to small steps.

/// A fixed number of bytes that begin with a page.
#[derive(Debug)]
pub(super) struct Aligned {
    memory: Vec<u8>,
    start: usize,
    length: usize,
}

const PAGE: usize = 4096;

impl Aligned {
    pub(super) fn new(length: usize) -> Self {
        let memory = vec![0; length + PAGE];
        // The answer may be «impossible» by its contract; the bytes are usable wherever they begin.
        let start = memory.as_ptr().align_offset(PAGE).min(PAGE);
        Aligned { memory, start, length }
    }
}

impl std::ops::Deref for Aligned {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }
}

impl std::ops::DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.length]
    }
}
