//! Lines that need not be bought: those that another job was sent, and those whose audio is on this disk already.
//!
//! When a job is saved, the folder that it went to is remembered with the requests that its clips are of. When a job is
//! planned, lines whose clip is still there are left out and written down beside the plan; and when that job is saved,
//! their audio goes into its folder as well, so that the folder has all keys whoever made them.

mod choose;
mod find;
mod line;
mod sent;

pub(super) use choose::{Choice, Chosen, choose};
pub(super) use find::digest;
pub(super) use line::{Line, each_line};
