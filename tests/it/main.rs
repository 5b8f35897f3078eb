//! Tests that run servers, folders or the program itself: one binary, so that linking happens once.

mod ops;
mod store;
