//! The use cases, against a service in memory and against the embedded one.

mod budget;
mod campaign;
mod clocks;
mod create;
mod faults;
mod fetching;
mod index;
mod jobs;
mod keeping;
mod lifeline;
mod matrix;
mod offer;
mod piping;
mod reading;
mod removing;
mod sample;
mod seek;
mod service;
mod site;
mod spending;
mod stopping;
mod storms;
mod unchanged;
mod whole;
