//! The use cases, against a service in memory and against the embedded one.

mod budget;
mod campaign;
mod create;
mod faults;
mod index;
mod jobs;
mod keeping;
mod matrix;
mod offer;
mod piping;
mod sample;
mod seek;
mod service;
mod site;
mod spending;
mod unchanged;
mod whole;
