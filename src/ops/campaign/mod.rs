//! Campaigns: requests that are too many for one job, as several jobs that are handled as one.
//!
//! A plan that is too large says where it is cut. [`begin`] divides it and keeps its parts in the state folder; from then
//! on [`advance`] submits one part after the other, each by the create protocol and at most once, whenever there is room
//! for it. A campaign is driven by whoever looks: a dashboard after each listing, `create --wait`, `campaigns run` on a
//! timer. None of them holds anything in memory that the next one would need.
//!
//! What became of a part is read from the journal of creates and from the list of jobs, and stored nowhere else.

mod advance;
mod begin;
mod divide;
mod next;
mod run;
mod sizes;
mod status;
mod wish;
mod words;

pub use advance::{Advance, Did, advance};
pub use begin::begin;
pub use divide::divide;
pub use next::{Next, NoRoom};
pub use run::{Telling, Until, run_campaigns};
pub use status::{CampaignStatus, PartState, PartStatus, campaign, campaigns};
pub use wish::{cancel_campaign, find_campaign, pause_campaign, resume_campaign};

pub(super) use advance::refuse_unless_wanted;
pub(super) use begin::repeats;
pub(super) use divide::measure;
