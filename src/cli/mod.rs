//! x
mod args;
mod console;
mod json;
mod table;
