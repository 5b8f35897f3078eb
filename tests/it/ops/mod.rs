//! The use cases, against a service in memory and against the embedded one.

mod budget;
mod campaign;
mod create;
mod index;
mod jobs;
mod keeping;
mod piping;
mod seek;
mod service;
mod whole;
