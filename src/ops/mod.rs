//! The use cases: what list, create, cancel, delete, fetch, save and watch mean, written once for both front ends.
//!
//! A front end gives a [`Session`] and gets plain data back; progress is reported through callbacks. Rules about
//! jobs and money live here or below, never in a command or a screen.

mod vocabulary;

pub use vocabulary::{
    CancelAnswer, Created, Listing, Loss, Order, Plan, Progress, Saved, SourceArg, Transition, Unconfirmed,
};
