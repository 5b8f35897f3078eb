//! See `tests/fuzz/results.rs`, which `cargo test` runs over the corpus as well.
#![no_main]

#[path = "../../tests/fuzz/results.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check::results(bytes));
