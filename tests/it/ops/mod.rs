//! The use cases, against a service in memory and against the embedded one.

mod budget;
mod create;
mod jobs;
mod keeping;
mod service;
mod whole;
