//! The use cases: what list, create, cancel, delete, fetch, save and watch mean, written once for both front ends.
//!
//! A front end gives a [`Session`] and gets plain data back; progress is reported through callbacks. Rules about
//! jobs and money live here or below, never in a command or a screen.

mod cancel;
mod create;
mod delete;
mod find;
mod list;
mod session;
mod token;
mod vocabulary;
mod wait;

pub use cancel::{cancel, follow};
pub use create::{discard, give_up, reconcile, submit};
pub use delete::delete;
pub use find::{find, get};
pub use list::{asked_to_cancel, duplicates, list, transitions_of, unconfirmed};
pub use session::{Pace, Session};
pub use vocabulary::{
    CancelAnswer, Created, Listing, Loss, Order, Plan, Progress, Saved, SourceArg, Transition, Unconfirmed,
};
pub use wait::wait;
