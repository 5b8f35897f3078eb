//! x
mod args;
