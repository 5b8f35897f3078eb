//! Tests that run servers, folders or the binary.

mod results;
mod save;
