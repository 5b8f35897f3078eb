//! The use cases: what list, create, cancel, delete, fetch, save and watch mean, written once for both front ends.
//!
//! A front end gives a [`Session`] and gets plain data back; progress is reported through callbacks. Rules about
//! jobs and money live here or below, never in a command or a screen.

mod cancel;
mod create;
mod delete;
mod files;
mod find;
mod list;
mod lost;
mod plan;
mod results;
mod session;
mod token;
mod unsent;
mod vocabulary;
mod wait;

pub use cancel::{cancel, follow};
pub use create::{reconcile, submit};
pub use delete::delete;
pub use files::{delete_file, list_files};
pub use find::{find, get, get_whole};
pub use list::{asked_to_cancel, costs, duplicates, list, transitions_of, unconfirmed};
pub use lost::{find_lost, give_up};
pub use plan::{TextHead, plan, texts};
pub use results::{Kept, KeyChoice, Opening, SaveFrom, SaveOrder, Saving, default_folder, loss, open, raw_line, save};
pub use session::{Pace, Session};
pub use unsent::Unsent;
pub use vocabulary::{
    CancelAnswer, Created, Listing, Loss, Order, Plan, Progress, Saved, SourceArg, SourceOptions, Transition,
    Unconfirmed,
};
pub use wait::wait;
