//! See `tests/fuzz/journal.rs`, which `cargo test` runs over the corpus as well.
#![no_main]

#[path = "../../tests/fuzz/journal.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check::journal(bytes));
