//! The use cases, against a service in memory and against the embedded one.

mod budget;
mod create;
mod index;
mod jobs;
mod keeping;
mod piping;
mod seek;
mod service;
mod spending;
mod whole;
