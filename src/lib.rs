//! A terminal dashboard for batches of the Gemini Batch API that turn text into speech.
//!
//! The modules stand in the order in which a newcomer should read them, which is also the order of the floors:
//! values first, then what touches one part of the world, then the use cases, then the front ends.
//! `ARCHITECTURE.md` tells the whole story; `tests/it/architecture.rs` holds it true.
//!
//! For a fuzzer, which reads bytes of others and shows nothing, the floors above the stores are left out: its build takes
//! long enough.

// Values and pure rules: no world at all.
pub mod audio;
pub mod exchange;
pub mod failure;
pub mod filter;
pub mod job;
pub mod money;
pub mod request;
pub mod results;
pub mod secret;
pub mod text;

// The only readers of time and of the environment.
pub mod clock;
pub mod config;

// Each touches one part of the world.
pub mod api;
#[cfg(not(fuzzing))]
pub mod save;
#[cfg(not(fuzzing))]
pub mod script;
pub mod store;

// What create, cancel, delete, fetch and watch mean, written once for both front ends.
#[cfg(not(fuzzing))]
pub mod ops;

// A service like any other, on loopback: for the demo, the tests and the recording.
#[cfg(not(fuzzing))]
pub mod sim;

// Front ends.
#[cfg(not(fuzzing))]
pub mod cli;
#[cfg(not(fuzzing))]
pub mod tui;
