//! The dashboard: a pure core (`update`, `draw`) in a thin shell (`run`, `term`, `world`).
//!
//! An [`action::Action`] is what a key means, an [`event::Event`] is what happened, an [`effect::Effect`] is what to do.
//! All three are plain data that compare, so that a session is a list that a test can write down.

pub mod action;
mod cells;
pub mod effect;
pub mod event;
pub mod input;
pub mod keys;
pub mod layout;
pub mod mailbox;
pub mod model;
pub mod rate;
pub mod run;
pub mod screen;
mod signals;
pub mod term;
pub mod theme;
pub mod update;
pub mod view;
mod world;
