//! `sim`: the embedded service alone, for other programs and for tests of scripts.

use std::net::SocketAddr;
