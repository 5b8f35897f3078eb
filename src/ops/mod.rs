//! The use cases: what list, create, cancel, delete, fetch, save and watch mean, written once for both front ends.
//!
//! A front end gives a [`Session`] and gets plain data back; progress is reported through callbacks. Rules about
//! jobs and money live here or below, never in a command or a screen.

mod auto_save;
mod budget;
mod campaign;
mod cancel;
mod copies;
mod create;
mod delete;
mod files;
mod find;
mod glance;
mod ledger;
mod list;
mod lost;
mod offer;
mod plan;
mod quota;
mod results;
mod retake;
mod session;
mod texts;
mod token;
mod unchanged;
mod unsent;
mod upload;
mod vocabulary;
mod wait;

pub use auto_save::{AutoSaved, auto_save, screen_folder, to_save};
pub use budget::{Budget, Disk, free_bytes};
pub use campaign::{
    Advance, CampaignStatus, Did, Next, NoRoom, PartState, PartStatus, Telling, Until, advance, begin, campaign,
    campaigns, cancel_campaign, divide, find_campaign, pause_campaign, resume_campaign, run_campaigns,
};
pub use cancel::{Stopped, cancel, cancel_or_wait, follow, intend_to_cancel, stop};
pub use copies::{Copies, SharedCopies};
pub use create::{reconcile, submit};
pub use delete::{delete, delete_as_agreed};
pub use files::{can_be_deleted, delete_file, delete_seen_file, list_files, stored_file};
pub use find::{find, get, get_if_there, get_whole};
pub use glance::{Glance, glance};
pub use ledger::{Outlay, Paid, Spending, outlays, spending};
pub use list::{Cancels, asked_to_cancel, cancels, costs, damage, duplicates, list, transitions_of, unconfirmed};
pub use lost::{find_lost, give_up, plan_resend};
pub use offer::{OfferPart, listed_in, refresh_catalog, refresh_old_catalog};
pub use plan::{plan, plan_watched};
pub use quota::next_reset;
pub use results::{
    Kept, KeyChoice, Opening, SaveFrom, SaveOrder, Saving, default_folder, each_saved, loss, open, outline, raw_line,
    save, with_results,
};
pub use retake::{Change, Retake, RetakeOrder, Take, What, Wrong, retake};
pub use session::{Pace, Session};
pub use texts::{TextHead, Texts};
pub use unchanged::unchanged_keys;
pub use unsent::Unsent;
pub use vocabulary::{
    BytesRead, CancelAnswer, Created, Listing, Loss, Order, Plan, PlannedPart, Progress, Sample, Saved, SourceArg,
    SourceOptions, Split, Transition, Unchanged, Unconfirmed,
};
pub use wait::wait;
