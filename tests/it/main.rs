//! Tests of the whole program: its shape, its service, its client, its commands, its screens.

mod architecture;
