//! Tests of the whole program: its shape, its service, its client, its commands, its screens.

mod api;
mod architecture;
mod ops;
mod results;
mod save;
mod script;
mod store;
