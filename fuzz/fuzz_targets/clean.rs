//! See `tests/fuzz/clean.rs`, which `cargo test` runs over the corpus as well.
#![no_main]

#[path = "../../tests/fuzz/clean.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check::clean(bytes));
