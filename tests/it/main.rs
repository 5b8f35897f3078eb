//! Tests of the whole program: its shape, its service, its client, its commands, its screens.

// Everything below is a test or serves one; a failed unwrap is a failed test, with its line.
#![allow(clippy::unwrap_used)]

mod api;
mod architecture;
#[cfg(unix)]
mod cli;
mod corpus;
#[cfg(unix)]
mod dashboard;
mod examples;
#[cfg(unix)]
mod hostile;
mod ops;
mod papers;
mod pipeline;
#[cfg(unix)]
mod pty;
mod results;
mod save;
mod script;
mod sim;
mod store;
#[cfg(unix)]
mod tape;
mod trust;
mod verdicts;
