//! Results as they should never come: what becomes of each line, and what is left on the disk when a save is killed,
//! runs out of room, or finds something in its way.
//!
//! All of it is checked from outside, through the commands, so that it holds whatever the inside looks like.

mod case;
mod check;
mod encoding;
mod examples;
mod far;
mod faults;
mod formats;
mod full;
#[cfg(target_os = "linux")]
mod injected;
mod keys;
#[cfg(target_os = "linux")]
mod kill;
#[cfg(target_os = "linux")]
mod memory;
mod obstacles;
mod renamed;
#[cfg(target_os = "linux")]
mod scale;
mod server;
mod set;
mod shapes;
mod sound;
mod ways;
