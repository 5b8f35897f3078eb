//! See `tests/fuzz/wire.rs`, which `cargo test` runs over the corpus as well.
#![no_main]

#[path = "../../tests/fuzz/wire.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check::wire(bytes));
